-- The audit log: written by every function that changes something, read by admins.

-- Note a change. Where both sides are given only the members that differ are kept; without a difference there was none.
create or replace function vals.audit(_who jsonb, _action text, _subject text, _subject_id uuid, _before jsonb, _after jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _before = _after then
		return;
	end if;
	insert into vals.audit_log (actor_id, actor_role, address, request_id, action, subject, subject_id, before, after)
	values (vals.actor(_who), _who ->> 'role', _who ->> 'address', _who ->> 'requestId', _action, _subject, _subject_id,
		case when _after is null then _before else vals.changes(_after, _before) end,
		case when _before is null then _after else vals.changes(_before, _after) end);
end
$$;

create or replace function vals.audit_json(_row vals.audit_log)
returns json
language sql stable
as $$
	select json_build_object('id', _row.id::text, 'at', vals.iso(_row.at), 'actorId', _row.actor_id, 'actorRole', _row.actor_role,
		'address', _row.address, 'requestId', _row.request_id, 'action', _row.action, 'subject', _row.subject, 'subjectId', _row.subject_id,
		'before', _row.before, 'after', _row.after)
$$;

-- The condition on rows a of the audit log which a filter means; in it $1 is the filter.
create or replace function vals.audit_where(_filter jsonb)
returns text
language sql immutable
as $$
	select concat_ws(' and ', 'true',
		case when _filter ? 'action' then 'a.action = $1 ->> ''action''' end,
		case when _filter ? 'actorId' then 'a.actor_id = ($1 ->> ''actorId'')::uuid' end,
		case when _filter ? 'subjectId' then 'a.subject_id = ($1 ->> ''subjectId'')::uuid' end,
		case when _filter ? 'from' then 'a.at >= ($1 ->> ''from'')::timestamptz' end,
		case when _filter ? 'to' then 'a.at <= ($1 ->> ''to'')::timestamptz' end)
$$;

-- A page of the audit log, newest first.
create or replace function api.audit_list(_who jsonb, _filter jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_p record := vals.paging(_filter);
	_total bigint;
	_rows json;
begin
	execute 'select count(*) from vals.audit_log a where ' || vals.audit_where(_filter)
	into _total
	using _filter;
	execute format('select coalesce(json_agg(vals.audit_json(a)), ''[]'') from (%s) a',
		vals.page_query('vals.audit_log', 'a', vals.audit_where(_filter), 'a.at desc, a.id desc', _p.size, _p.skipped))
	into _rows
	using _filter;
	return vals.page(_rows, _total, _p.page, _p.size);
end
$$;
