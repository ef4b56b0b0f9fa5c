-- Leads: list, get, create, update, hide.

create or replace function vals.lead_last_call(_lead_id uuid)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select json_build_object('id', c.id, 'startTime', vals.iso(c.start_time), 'endTime', vals.iso(c.end_time),
			'finalStatus', c.final_status, 'engagementScore', trim_scale(c.score))
		from vals.calls c
		where c.lead_id = _lead_id
		order by c.start_time desc
		limit 1
	);
end
$$;

create or replace function vals.lead_json(_lead vals.leads)
returns json
language sql stable
as $$
	select json_build_object(
		'id', _lead.id,
		'firstName', _lead.first_name,
		'lastName', _lead.last_name,
		'phone', _lead.phone,
		'email', _lead.email,
		'source', _lead.source,
		'initialInterest', _lead.initial_interest,
		'qualificationScore', _lead.qualification_score,
		'status', _lead.status,
		'timezone', _lead.timezone,
		'country', _lead.country,
		'state', _lead.state,
		'city', _lead.city,
		'currentIncomeRange', _lead.current_income_range,
		'desiredIncomeRange', _lead.desired_income_range,
		'timeAvailability', _lead.time_availability,
		'experienceLevel', _lead.experience_level,
		'kevinNotes', _lead.kevin_notes,
		'kevinRating', _lead.kevin_rating,
		'relationshipStrength', _lead.relationship_strength,
		'doNotCall', _lead.do_not_call,
		'consent', _lead.consent,
		'tags', _lead.tags,
		'customFields', _lead.custom_fields,
		'lastContacted', vals.iso(_lead.last_contacted),
		'nextFollowup', vals.iso(_lead.next_followup),
		'version', _lead.version,
		'createdAt', vals.iso(_lead.created_at),
		'updatedAt', vals.iso(_lead.updated_at),
		'createdBy', _lead.created_by,
		'updatedBy', _lead.updated_by,
		'lastCall', vals.lead_last_call(_lead.id)
	)
$$;

-- A lead with the stages it went through, oldest first.
create or replace function vals.lead_json_full(_lead vals.leads)
returns json
language plpgsql stable
set search_path = ''
as $$
declare
	_stages json := (
		select json_build_object('stageHistory', coalesce(json_agg(json_build_object('from', s.from_status, 'to', s.to_status,
			'cause', s.cause, 'changedBy', s.changed_by, 'changedAt', vals.iso(s.changed_at)) order by s.id), '[]'))
		from vals.lead_stages s
		where s.lead_id = _lead.id
	);
begin
	return vals.json_join(vals.lead_json(_lead), _stages);
end
$$;

-- A lead's name as people say it.
create or replace function vals.lead_name(_lead vals.leads)
returns text
language sql immutable
as $$
	select _lead.first_name || ' ' || _lead.last_name
$$;

-- User text as a LIKE pattern in which nothing is special.
create or replace function vals.like_literal(_text text)
returns text
language sql immutable parallel safe
as $$
	select '%' || regexp_replace(_text, '([\\%_])', '\\\1', 'g') || '%'
$$;

-- The LIKE patterns of leads.search_text for a term: the text as it is, and its digits in the number if it may be
-- part of a telephone number written with other signs (else null).
create or replace function vals.search_patterns(_term text, out literal text, out phone text)
language sql immutable parallel safe
as $$
	select vals.like_literal(lower(_term)),
		case when _term ~ '[0-9]' and _term ~ '^[-+0-9 ().]+$' and _term ~ '[^0-9]' then E'%\x1f%' || regexp_replace(_term, '[^0-9]', '', 'g') || '%' end
$$;

-- The condition on leads l which a filter means, put together from what was given; its search is not part of it.
-- $1 in it is the filter.
create or replace function vals.leads_where(_filter jsonb)
returns text
language sql immutable
as $$
	select concat_ws(' and ', 'l.deleted_at is null',
		case when _filter ? 'status' then 'l.status = $1 ->> ''status''' end,
		case when _filter ? 'source' then 'l.source = $1 ->> ''source''' end,
		case when _filter ? 'qualificationScore' then 'l.qualification_score >= ($1 ->> ''qualificationScore'')::int' end,
		case when _filter ? 'createdAfter' then 'l.created_at >= ($1 ->> ''createdAfter'')::timestamptz' end,
		case when _filter ? 'createdBefore' then 'l.created_at <= ($1 ->> ''createdBefore'')::timestamptz' end)
$$;

-- The exact total of a filter without search. Of all leads, and by status alone, it is the sum of the
-- counters; anything else is counted.
create or replace function vals.leads_total(_filter jsonb)
returns bigint
language plpgsql stable
set search_path = ''
as $$
declare
	_total bigint;
begin
	if not _filter ?| array['source', 'qualificationScore', 'createdAfter', 'createdBefore'] then
		return (
			select coalesce(sum(c.leads), 0)
			from vals.lead_counts c
			where c.status = coalesce(_filter ->> 'status', c.status)
		);
	end if;
	execute 'select count(*) from vals.leads l where ' || vals.leads_where(_filter)
	into _total
	using _filter;
	return _total;
end
$$;

-- A page of what a search finds, with its total, in one pass over the hits: all of them have to be looked at
-- anyway, and a plan made for the first page alone could walk through the whole table for it. Terms of
-- three characters and more are looked up in the trigram index before any other condition (offset 0 keeps the planner from
-- mixing them); reading another index whole beside it, as it likes to, costs more than it saves.
create or replace function vals.leads_search(_filter jsonb, _order text, _size bigint, _offset bigint, out total bigint, out rows json)
language plpgsql stable
set search_path = ''
as $$
declare
	_patterns record;
begin
	_patterns := vals.search_patterns(_filter ->> 'search');
	execute format('with hits as materialized ('
			'select l.id, l.created_at, l.updated_at, l.first_name, l.last_name, l.qualification_score '
			'from (select l.* from vals.leads l where l.search_text like $2 or l.search_text like $3 %1$s) l where %2$s), '
		'places as (select l.id from hits l order by %3$s limit $4 offset $5) '
		'select (select count(*) from hits), '
			'(select coalesce(json_agg(vals.lead_json(l) order by %3$s), ''[]'') from vals.leads l where l.id in (select p.id from places p))',
		case when length(_filter ->> 'search') >= 3 then 'offset 0' end, vals.leads_where(_filter), _order)
	into total, rows
	using _filter, _patterns.literal, _patterns.phone, _size, _offset;
end
$$;

-- A page of leads, newest first.
-- Without filters the plan of the first pages is fixed: to make one for each page and size costs more than the page's rows. The
-- inner limit, which no such page reaches, tells the planner that there are few of them. With filters a plan
-- is made for those that were given.
create or replace function api.leads_list(_who jsonb, _filter jsonb)
returns json
language plpgsql security definer set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
	_p record := vals.paging(_filter);
	_total bigint;
	_rows json;
	_order text := case _filter ->> 'sort'
		when 'oldest' then 'l.created_at, l.id'
		when 'name' then 'l.last_name, l.first_name, l.id'
		when 'score' then 'l.qualification_score desc, l.created_at desc, l.id desc'
		when 'updated' then 'l.updated_at desc, l.id desc'
		else 'l.created_at desc, l.id desc'
	end;
begin
	if _filter ? 'search' then
		select s.total, s.rows into _total, _rows
		from vals.leads_search(_filter, _order, _p.size, _p.skipped) s;
		return vals.page(_rows, _total, _p.page, _p.size);
	end if;

	if _p.skipped < 1000 and not _filter ?| array['status', 'source', 'qualificationScore', 'createdAfter', 'createdBefore', 'sort'] then
		select coalesce(json_agg(vals.lead_json(l)), '[]') into _rows
		from (
			select n.*
			from (
				select l.*
				from vals.leads l
				where l.deleted_at is null
				order by l.created_at desc, l.id desc
				limit 1200
			) n
			limit _p.size offset _p.skipped
		) l;
	else
		execute format('select coalesce(json_agg(vals.lead_json(l)), ''[]'') from (%s) l',
			vals.page_query('vals.leads', 'l', vals.leads_where(_filter), _order, _p.size, _p.skipped))
		into _rows
		using _filter;
	end if;
	return vals.page(_rows, vals.leads_total(_filter), _p.page, _p.size);
end
$$;

-- A consent as it is kept: its time written as all others.
create or replace function vals.consent_kept(_consent jsonb)
returns jsonb
language sql stable
as $$
	select case when _consent ->> 'at' is not null
		then _consent || jsonb_build_object('at', vals.iso((_consent ->> 'at')::timestamptz)) else _consent end
$$;

-- One lead with its stage history.
--   raises RS404 when there is no such lead
create or replace function api.leads_get(_who jsonb, _id uuid)
returns table (body json, etag text)
language plpgsql security definer set search_path = ''
as $$
begin
	return query
		select vals.lead_json_full(l), '"' || l.version || '"'
		from vals.leads l
		where l.id = _id
			and l.deleted_at is null;
	if not found then
		perform vals.refuse(404, 'Lead not found', 'NOT_FOUND');
	end if;
end
$$;

-- Whether somebody with this number, a hidden lead too, asked for no calls.
create or replace function vals.is_unwilling(_phone text)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
	return exists (select from vals.leads l where l.phone = _phone and l.do_not_call);
end
$$;

-- Create a lead; status and score begin at new and 0 whatever was sent. One whose number asked for no calls before
-- keeps that.
--   raises 23505 leads_phone_unique, leads_email_unique
--   emits  lead.created
create or replace function api.leads_create(_who jsonb, _body jsonb)
returns table (body json, etag text, resource_id uuid)
language plpgsql security definer set search_path = ''
as $$
declare
	_lead vals.leads;
begin
	perform vals.zone_check(_body ->> 'timezone');
	insert into vals.leads (first_name, last_name, phone, email, source, initial_interest, timezone, country, state, city,
		current_income_range, desired_income_range, time_availability, experience_level, kevin_notes, kevin_rating,
		relationship_strength, do_not_call, consent, tags, custom_fields, last_contacted, next_followup, created_by, updated_by)
	select r.first_name, r.last_name, r.phone, lower(r.email), r.source, r.initial_interest, r.timezone, coalesce(r.country, 'US'), r.state,
		r.city, r.current_income_range, r.desired_income_range, r.time_availability, r.experience_level, r.kevin_notes, r.kevin_rating,
		r.relationship_strength, coalesce(r.do_not_call, false) or vals.is_unwilling(r.phone), vals.consent_kept(r.consent), coalesce(r.tags, '[]'),
		coalesce(r.custom_fields, '{}'), r.last_contacted, r.next_followup, vals.actor(_who), vals.actor(_who)
	from jsonb_populate_record(null::vals.leads, vals.columns(_body)) r
	returning * into _lead;

	insert into vals.lead_stages (lead_id, from_status, to_status, cause, changed_by)
	values (_lead.id, null, 'new', 'created', vals.actor(_who));
	perform vals.emit('lead.created', null, _lead.id,
		jsonb_build_object('leadId', _lead.id, 'name', vals.lead_name(_lead), 'source', _lead.source), _who);
	perform vals.audit(_who, 'lead.create', 'lead', _lead.id, null, vals.lead_json(_lead)::jsonb);
	return query select vals.lead_json_full(_lead), '"' || _lead.version || '"', _lead.id;
end
$$;

-- Move a lead to another stage if that is legal. The caller holds the row's lock.
--   raises RS400 when it is not
create or replace function vals.lead_stage_move(_who jsonb, _lead_id uuid, _from text, _to text, _cause text)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_move vals.lead_transitions;
begin
	if _from = _to then
		return;
	end if;
	select t.* into _move
	from vals.lead_transitions t
	where t.from_status = _from
		and t.to_status = _to;
	if not found or (_move.is_reopening and coalesce(_who ->> 'role', '') not in ('admin', 'kevin')) then
		perform vals.refuse(400, format('Invalid transition from %s to %s', _from, _to), 'INVALID_TRANSITION',
			'[{"field":"status","message":"this move is not allowed"}]');
	end if;
	insert into vals.lead_stages (lead_id, from_status, to_status, cause, changed_by)
	values (_lead_id, _from, _to, _cause, vals.actor(_who));
end
$$;

-- Change the members of a lead that were sent. _if_match are the versions it may have, with commas between; null or * is any.
--   raises RS404, RS409 when the version is stale, RS400 on an illegal stage, 23505 as create
--   emits  lead.updated, unless nothing changed
create or replace function api.leads_update(_who jsonb, _id uuid, _if_match text, _body jsonb)
returns table (body json, etag text)
language plpgsql security definer set search_path = ''
as $$
declare
	_old vals.leads;
	_new vals.leads;
	_changes jsonb;
begin
	select l.* into _old
	from vals.leads l
	where l.id = _id
		and l.deleted_at is null
	for no key update;
	if not found then
		perform vals.refuse(404, 'Lead not found', 'NOT_FOUND');
	end if;
	if coalesce((_body ->> 'version')::int, _old.version) <> _old.version
		or not string_to_array(_if_match, ',') && array['*', _old.version::text] then
		perform vals.refuse(409, 'Lead was changed meanwhile', 'VERSION_CONFLICT',
			json_build_object('version', _old.version)::text);
	end if;

	perform vals.zone_check(_body ->> 'timezone');
	_new := jsonb_populate_record(_old, vals.columns(_body - 'version'));
	_new.consent := vals.consent_kept(_new.consent);
	if _new.phone <> _old.phone then
		_new.do_not_call := _new.do_not_call or vals.is_unwilling(_new.phone);
	end if;
	_changes := vals.changes(vals.lead_json(_old)::jsonb, vals.lead_json(_new)::jsonb);
	if _changes = '{}' then
		return query select vals.lead_json_full(_old), '"' || _old.version || '"';
		return;
	end if;
	perform vals.lead_stage_move(_who, _id, _old.status, _new.status, 'manual');

	update vals.leads l
	set first_name = _new.first_name, last_name = _new.last_name, phone = _new.phone, email = lower(_new.email), source = _new.source,
		initial_interest = _new.initial_interest, qualification_score = _new.qualification_score, status = _new.status,
		timezone = _new.timezone, country = _new.country, state = _new.state, city = _new.city,
		current_income_range = _new.current_income_range, desired_income_range = _new.desired_income_range,
		time_availability = _new.time_availability, experience_level = _new.experience_level, kevin_notes = _new.kevin_notes,
		kevin_rating = _new.kevin_rating, relationship_strength = _new.relationship_strength, do_not_call = _new.do_not_call,
		consent = _new.consent, tags = coalesce(_new.tags, '[]'), custom_fields = coalesce(_new.custom_fields, '{}'),
		last_contacted = _new.last_contacted, next_followup = _new.next_followup,
		version = _old.version + 1, updated_at = clock_timestamp(), updated_by = vals.actor(_who)
	where l.id = _id
	returning * into _new;
	perform vals.emit('lead.updated', null, _id, jsonb_build_object('leadId', _id, 'changes', _changes), _who);
	perform vals.audit(_who, 'lead.update', 'lead', _id, vals.lead_json(_old)::jsonb, vals.lead_json(_new)::jsonb);
	return query select vals.lead_json_full(_new), '"' || _new.version || '"';
end
$$;

-- Hide a lead; its calls stay.
--   raises RS404, RS409 while it is on a call
--   emits  lead.deleted
create or replace function api.leads_delete(_who jsonb, _id uuid)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_deleted_at timestamptz;
begin
	perform from vals.leads l
	where l.id = _id
		and l.deleted_at is null
	for update;
	if not found then
		perform vals.refuse(404, 'Lead not found', 'NOT_FOUND');
	end if;
	if exists (select from vals.calls c where c.lead_id = _id and c.end_time is null) then
		perform vals.refuse(409, 'Lead is on a call', 'LEAD_ON_CALL');
	end if;

	update vals.leads l
	set deleted_at = clock_timestamp(), version = l.version + 1, updated_by = vals.actor(_who)
	where l.id = _id
	returning l.deleted_at into _deleted_at;
	perform vals.emit('lead.deleted', null, _id, jsonb_build_object('leadId', _id), _who);
	perform vals.audit(_who, 'lead.delete', 'lead', _id, null, jsonb_build_object('deletedAt', vals.iso(_deleted_at)));
	return json_build_object('id', _id, 'deletedAt', vals.iso(_deleted_at));
end
$$;
