-- What all resources share: times, refusals, events, paging.
--
-- _who is the caller as vals-api saw him: {"id", "role", "address", "requestId"};
-- id is null for the provider.

-- A time as the API writes it.
create or replace function vals.iso(_at timestamptz)
returns text
language sql stable parallel safe
as $$
	select pg_catalog.to_char(_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- Refuse a request.
--   raises RS<status> with the message; the hint is the error code, the detail JSON
--          (an array: details of fields; an object: further facts)
create or replace function vals.refuse(_status integer, _message text, _code text default null, _detail text default null)
returns void
language plpgsql
set search_path = ''
as $$
begin
	raise exception using
		errcode = 'RS' || _status,
		message = _message,
		hint = coalesce(_code, ''),
		detail = coalesce(_detail, '');
end
$$;

-- The caller's id; null for the provider.
create or replace function vals.actor(_who jsonb)
returns uuid
language sql immutable parallel safe
as $$
	select (_who ->> 'id')::uuid
$$;

-- Log what the world should hear. The aggregate's row must be locked before, so
-- that the order of the ids is the order of its commits.
create or replace function vals.emit(_kind text, _call_id uuid, _lead_id uuid, _payload jsonb, _who jsonb default null)
returns void
language plpgsql
set search_path = ''
as $$
begin
	insert into vals.event_log (kind, call_id, lead_id, payload, request_id)
	values (_kind, _call_id, _lead_id, _payload || jsonb_build_object('timestamp', vals.iso(clock_timestamp())),
		_who ->> 'requestId');
end
$$;

-- The members that differ between two objects, with their new values.
create or replace function vals.changes(_old jsonb, _new jsonb)
returns jsonb
language plpgsql immutable
set search_path = ''
as $$
begin
	return (
		select coalesce(jsonb_object_agg(key, value), '{}')
		from jsonb_each(_new)
		where value is distinct from _old -> key
	);
end
$$;

-- The members of two objects, neither of them empty, in one. Much cheaper than by way of jsonb.
create or replace function vals.json_join(_left json, _right json)
returns json
language sql immutable parallel safe
as $$
	select (left(_left::text, -1) || ',' || substr(_right::text, 2))::json
$$;

-- The keys of an API object as column names: firstName becomes first_name.
create or replace function vals.columns(_body jsonb)
returns jsonb
language plpgsql immutable
set search_path = ''
as $$
begin
	return (
		select coalesce(jsonb_object_agg(lower(regexp_replace(key, '([A-Z])', '_\1', 'g')), value), '{}')
		from jsonb_each(_body)
	);
end
$$;

-- A page's envelope: the rows and where they stand.
create or replace function vals.page(_data json, _total bigint, _page bigint, _limit bigint)
returns json
language sql immutable parallel safe
as $$
	select json_build_object(
		'data', _data,
		'pagination', json_build_object(
			'total', _total,
			'page', _page,
			'pages', greatest(1, ceil(_total::numeric / _limit)::bigint),
			'limit', _limit,
			'hasNext', _page * _limit < _total,
			'hasPrev', _page > 1
		)
	)
$$;

-- The page and limit a list was asked for, clamped, and how many rows lie before that page.
--   raises RS400 beyond the millionth row
create or replace function vals.paging(_filter jsonb, out page bigint, out size bigint, out skipped bigint)
language plpgsql immutable
set search_path = ''
as $$
begin
	page := greatest(1, coalesce((_filter ->> 'page')::bigint, 1));
	size := least(200, greatest(1, coalesce((_filter ->> 'limit')::bigint, 50)));
	skipped := (page - 1) * size;
	if skipped > 1000000 then
		perform vals.refuse(400, 'Validation failed', 'VALIDATION',
			'[{"field":"page","message":"reaches beyond the first 1000000 rows; narrow the filters"}]');
	end if;
end
$$;

-- The query of a page's rows. Deep in a list only ids are read on the way to the page, from the index alone where it
-- has all that is asked, and whole rows for the page itself; near its beginning that would be a detour. The
-- texts are ours; _row is the name of a row of the table in _where and _order.
create or replace function vals.page_query(_table text, _row text, _where text, _order text, _size bigint, _offset bigint)
returns text
language sql immutable
as $$
	select case
		when _offset < 1000 then format('select %s.* %s', _row, _page)
		else format('select %2$s.* from %1$s %2$s where %2$s.id = any (array(select %2$s.id %3$s)) order by %4$s', _table, _row, _page, _order)
	end
	from format('from %s %s where %s order by %s limit %s offset %s', _table, _row, _where, _order, _size, _offset) as _page
$$;

-- Refuse what is not the name of a time zone. Postgres also takes abbreviations and rules of the
-- kind of ABC5, which mean something else to everybody else, so a name that may be one is looked up (that
-- takes a while); a path without digits can only be a name, and is just tried.
--   raises RS400
create or replace function vals.zone_check(_zone text)
returns void
language plpgsql stable
set search_path = ''
as $$
begin
	perform now() at time zone _zone;
	if _zone is null or _zone = 'UTC' or _zone ~ '^[A-Za-z_]+(/[A-Za-z_-]+)+$'
		or exists (select from pg_catalog.pg_timezone_names z where z.name = _zone) then
		return;
	end if;
	raise invalid_parameter_value;
exception when invalid_parameter_value then
	perform vals.refuse(400, 'Validation failed', 'VALIDATION', '[{"field":"timezone","message":"is not a known time zone"}]');
end
$$;
