-- Calls: their life, and what the world is told of it.
--
-- A call's row is locked before anything about it changes; the order of locks is
-- call, transfer, leg, lead. A final status (end_time set) never goes back.

-- How far a call is; a late report never moves it back.
create or replace function vals.call_rank(_status text)
returns integer
language sql immutable parallel safe
as $$
	select case _status
		when 'initiated' then 0
		when 'ringing' then 1
		when 'active' then 2
		when 'in-progress' then 3
		when 'transferring' then 4
		when 'transferred' then 5
		when 'transfer_failed' then 5
		else 9
	end
$$;

-- Whole seconds of conversation so far; 0 before the answer.
create or replace function vals.call_duration_s(_call vals.calls)
returns integer
language sql stable
as $$
	select greatest(floor(extract(epoch from coalesce(_call.end_time, now()) - _call.answered_at)), 0)::int
$$;

-- The latest transfer of a call as the call shows it; null where there was none.
create or replace function vals.call_transfer_shown(_call_id uuid)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
	_transfer vals.transfers := vals.transfer_latest(_call_id);
begin
	return case when _transfer.id is not null then vals.call_transfer_json(_transfer) end;
end
$$;

-- A call as lists show it.
create or replace function vals.call_json(_call vals.calls)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select jsonb_build_object(
			'id', _call.id,
			'callId', _call.id,
			'leadId', _call.lead_id,
			'leadName', vals.lead_name(l),
			'phone', _call.phone_number,
			'phoneNumber', _call.phone_number,
			'direction', _call.direction,
			'status', _call.status,
			'finalStatus', _call.final_status,
			'endReason', _call.end_reason,
			'answeredBy', _call.answered_by,
			'startTime', vals.iso(_call.start_time),
			'answeredAt', vals.iso(_call.answered_at),
			'endTime', vals.iso(_call.end_time),
			'durationSec', vals.call_duration_s(_call),
			'kevinAvailable', _call.kevin_available,
			'phase', _call.phase,
			'phaseName', p.name,
			'score', trim_scale(_call.score),
			'engagementScore', trim_scale(_call.score),
			'transferAttempted', _call.transfer_attempted,
			'transferTime', vals.iso(_call.transfer_time),
			'transferSuccess', _call.transfer_success,
			'transfer', case when _call.transfer_attempted then vals.call_transfer_shown(_call.id) end,
			'agentVersion', _call.agent_version
		)
		from vals.leads l
			cross join vals.phases p
		where l.id = _call.lead_id
			and p.phase = _call.phase
	);
end
$$;

create or replace function vals.call_phases_json(_call vals.calls)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select json_build_object(
			'current', _call.phase,
			'completed', _call.phases_completed,
			'progression', coalesce((
				select json_agg(json_build_object('phase', cp.phase, 'name', p.name, 'enteredAt', vals.iso(cp.entered_at),
					'leftAt', vals.iso(cp.left_at),
					'durationMs', floor(extract(epoch from cp.left_at - cp.entered_at) * 1000)::bigint,
					'outcome', cp.outcome, 'notes', cp.notes) order by cp.id)
				from vals.call_phases cp
					join vals.phases p on p.phase = cp.phase
				where cp.call_id = _call.id), '[]')
		)
	);
end
$$;

create or replace function vals.call_engagement_json(_call vals.calls)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select json_build_object(
			'score', trim_scale(_call.score),
			'peak', trim_scale(_call.score_peak),
			'indicators', coalesce((
				select json_agg(json_build_object('phase', r.phase, 'score', trim_scale(r.score), 'indicators', r.indicators,
					'timestamp', vals.iso(r.reported_at)) order by r.reported_at, r.id)
				from vals.engagement_reports r
				where r.call_id = _call.id), '[]')
		)
	);
end
$$;

-- An entry as the call and the event which brings it show it: its id tells whether two are the same.
create or replace function vals.transcript_entry_json(_entry vals.transcript_entries)
returns jsonb
language sql stable
as $$
	select jsonb_build_object('id', _entry.id::text, 'speaker', _entry.speaker, 'text', _entry.text, 'timestamp', vals.iso(_entry.spoken_at),
		'offsetMs', _entry.offset_ms, 'phase', _entry.phase, 'sentiment', _entry.sentiment, 'confidence', _entry.confidence)
$$;

create or replace function vals.call_transcript_json(_call_id uuid)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select coalesce(json_agg(vals.transcript_entry_json(t) order by t.spoken_at, t.id), '[]')
		from vals.transcript_entries t
		where t.call_id = _call_id
	);
end
$$;

-- The steps of a call's transfers: asked for, answered by Kevin, joined, over. One that was only written down
-- by hand has its beginning alone.
create or replace function vals.transfer_steps(_call vals.calls)
returns table (at timestamptz, place integer, kind text, facts jsonb)
language plpgsql stable
set search_path = ''
as $$
begin
	return query
		select s.at, s.place, s.kind, jsonb_build_object('attempt', t.attempt) || s.facts
		from vals.transfers t
			cross join lateral (
				values (t.initiated_at, 6, 'transfer',
						jsonb_build_object('success', case when t.joined_at is not null then true when t.ended_at is not null then false end)),
					(t.answered_at, 7, 'transfer_answered', '{}'),
					(t.joined_at, 8, 'transfer_joined', '{}'),
					(t.ended_at, 9, 'transfer_ended', jsonb_build_object('state', t.state, 'failureReason', t.failure_reason))
			) as s (at, place, kind, facts)
		where t.call_id = _call.id
		union all
		select _call.transfer_time, 6, 'transfer', jsonb_build_object('success', _call.transfer_success)
		where not exists (select from vals.transfers t where t.call_id = _call.id);
end
$$;

-- What happened in a call, in its order: started, ringing, answered, phase, engagement, the steps of its transfers,
-- ended, each with its time and what belongs to it.
create or replace function vals.call_timeline_json(_call vals.calls)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select coalesce(json_agg(jsonb_build_object('at', vals.iso(t.at), 'kind', t.kind) || t.facts order by t.at, t.place), '[]')
		from (
			values (_call.start_time, 1, 'started', jsonb_build_object('phone', _call.phone_number)),
				(_call.answered_at, 3, 'answered', jsonb_build_object('answeredBy', _call.answered_by)),
				(_call.end_time, 10, 'ended', jsonb_build_object('status', _call.status, 'finalStatus', _call.final_status,
					'endReason', _call.end_reason))
			union all
			select s.at, s.place, s.kind, s.facts
			from vals.transfer_steps(_call) s
			union all
			select g.initiated_at, 2, 'ringing', '{}'
			from vals.legs g
			where g.call_id = _call.id
				and g.kind = 'lead'
			union all
			select cp.entered_at, 4, 'phase', jsonb_build_object('phase', cp.phase, 'name', p.name, 'outcome', cp.outcome)
			from vals.call_phases cp
				join vals.phases p on p.phase = cp.phase
			where cp.call_id = _call.id
			union all
			select r.reported_at, 5, 'engagement', jsonb_build_object('phase', r.phase, 'score', trim_scale(r.score))
			from vals.engagement_reports r
			where r.call_id = _call.id
		) as t (at, place, kind, facts)
		where t.at is not null
	);
end
$$;

-- How the recording of a call stands; its length is that of the files there are. Their addresses are in
-- the list of recordings, signed and short-lived.
create or replace function vals.recording_json(_call vals.calls)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select jsonb_build_object('status', _call.recording_status, 'url', null,
			'durationSec', floor(sum(extract(epoch from r.ended_at - r.started_at)))::int, 'channels', _call.recording_channels)
		from vals.recordings r
		where r.call_id = _call.id
			and r.state = 'stored'
	);
end
$$;

-- A call with everything known about it.
create or replace function vals.call_json_full(_call vals.calls)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select (vals.call_json(_call) || jsonb_build_object(
			'phases', vals.call_phases_json(_call),
			'engagement', vals.call_engagement_json(_call),
			'transcript', vals.call_transcript_json(_call.id),
			'telnyxCallId', g.call_leg_id,
			'telnyxCallControlId', g.call_control_id,
			'timeline', vals.call_timeline_json(_call),
			'recording', vals.recording_json(_call),
			'objections', _call.objections,
			'strategies', _call.strategies,
			'notes', _call.notes,
			'createdAt', vals.iso(_call.created_at),
			'updatedAt', vals.iso(_call.updated_at)
		))::json
		from (select) one
			left join vals.legs g on g.call_id = _call.id and g.kind = 'lead'
	);
end
$$;

-- A call as it stands.
--   raises RS404 when there is no such call
create or replace function vals.call_by_id(_id uuid)
returns vals.calls
language plpgsql stable
set search_path = ''
as $$
declare
	_call vals.calls;
begin
	select c.* into _call
	from vals.calls c
	where c.id = _id;
	if not found then
		perform vals.refuse(404, 'Call not found', 'NOT_FOUND');
	end if;
	return _call;
end
$$;

-- One call.
--   raises RS404
create or replace function api.calls_get(_who jsonb, _id uuid)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	return vals.call_json_full(vals.call_by_id(_id));
end
$$;

-- The condition on calls c which a filter means, put together from what was given. In it $1 is the filter, $2 the
-- pattern of a name and $3 of a number.
create or replace function vals.calls_where(_filter jsonb)
returns text
language sql immutable
as $$
	select concat_ws(' and ', 'true',
		case when _filter ? 'leadId' then 'c.lead_id = ($1 ->> ''leadId'')::uuid' end,
		case when _filter ? 'status' then 'c.status = $1 ->> ''status''' end,
		case when _filter ? 'finalStatus' then 'c.final_status = $1 ->> ''finalStatus''' end,
		case when _filter ? 'from' then 'c.start_time >= ($1 ->> ''from'')::timestamptz' end,
		case when _filter ? 'to' then 'c.start_time <= ($1 ->> ''to'')::timestamptz' end,
		case when _filter ? 'minScore' then 'c.score >= ($1 ->> ''minScore'')::numeric' end,
		case when _filter ? 'transferred' then 'coalesce(c.transfer_success, false) = ($1 ->> ''transferred'')::boolean' end,
		case when _filter ? 'answeredBy' then 'c.answered_by = $1 ->> ''answeredBy''' end,
		case when _filter ? 'agentVersion' then 'c.agent_version = $1 ->> ''agentVersion''' end,
		-- The first of the two conditions on the name is the one with an index.
		case when _filter ? 'search' then 'c.id in ('
			'select s.id from vals.leads l join vals.calls s on s.lead_id = l.id '
				'where l.search_text like $2 and lower(l.first_name || '' '' || l.last_name) like $2 '
			'union all select s.id from vals.calls s where s.phone_number like $3)' end)
$$;

-- The exact total of a filter. Of all calls, and by status alone, it is the sum of the counters; anything
-- else is counted. _name and _number are the patterns of the filter's search.
create or replace function vals.calls_total(_filter jsonb, _name text, _number text)
returns bigint
language plpgsql stable
set search_path = ''
as $$
declare
	_total bigint;
begin
	if _filter - array['page', 'limit', 'sort', 'status'] = '{}' then
		return (
			select coalesce(sum(c.calls), 0)
			from vals.call_counts c
			where c.status = coalesce(_filter ->> 'status', c.status)
		);
	end if;
	execute 'select count(*) from vals.calls c where ' || vals.calls_where(_filter)
	into _total
	using _filter, _name, _number;
	return _total;
end
$$;

-- The patterns vals.calls_where wants for a term: of a name, and of a number, which stands alone in a call's row.
create or replace function vals.call_patterns(_term text, out name text, out number text)
language plpgsql immutable
set search_path = ''
as $$
begin
	select p.literal, coalesce(replace(p.phone, E'%\x1f', ''), p.literal) into name, number
	from vals.search_patterns(_term) p;
end
$$;

-- A page of calls, newest first unless the filter names another order, with its exact total.
create or replace function vals.calls_page(_filter jsonb)
returns json
language plpgsql stable
set search_path = ''
as $$
declare
	_p record := vals.paging(_filter);
	_rows json;
	_patterns record := vals.call_patterns(_filter ->> 'search');
	_order text := case _filter ->> 'sort'
		when 'oldest' then 'c.start_time, c.id'
		when 'score' then 'c.score desc nulls last, c.start_time desc, c.id desc'
		else 'c.start_time desc, c.id desc'
	end;
begin
	execute format('select coalesce(json_agg(vals.call_json(c)), ''[]'') from (%s) c',
		vals.page_query('vals.calls', 'c', vals.calls_where(_filter), _order, _p.size, _p.skipped))
	into _rows
	using _filter, _patterns.name, _patterns.number;
	return vals.page(_rows, vals.calls_total(_filter, _patterns.name, _patterns.number), _p.page, _p.size);
end
$$;

create or replace function api.calls_list(_who jsonb, _filter jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	return vals.calls_page(_filter);
end
$$;

-- The calls of a lead.
--   raises RS404 when there is no such lead
create or replace function api.lead_calls_list(_who jsonb, _id uuid, _filter jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	if not exists (select from vals.leads l where l.id = _id and l.deleted_at is null) then
		perform vals.refuse(404, 'Lead not found', 'NOT_FOUND');
	end if;
	return vals.calls_page(_filter || jsonb_build_object('leadId', _id));
end
$$;

-- The calls that are alive, newest first.
create or replace function vals.calls_active_json()
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select coalesce(json_agg(vals.call_json(c) order by c.start_time desc), '[]')
		from vals.calls c
		where c.end_time is null
	);
end
$$;

create or replace function api.calls_active(_who jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	return (
		select vals.calls_active_json()
	);
end
$$;

-- Lock a call.
--   raises RS404 when there is no such call
create or replace function vals.call_lock(_id uuid)
returns vals.calls
language plpgsql
set search_path = ''
as $$
declare
	_call vals.calls;
begin
	select c.* into _call
	from vals.calls c
	where c.id = _id
	for no key update;
	if not found then
		perform vals.refuse(404, 'Call not found', 'NOT_FOUND');
	end if;
	return _call;
end
$$;

create or replace function vals.call_emit_status(_who jsonb, _call vals.calls)
returns void
language sql
as $$
	select vals.emit('call.status', _call.id, _call.lead_id,
		jsonb_build_object('callId', _call.id, 'leadId', _call.lead_id, 'status', _call.status, 'finalStatus', _call.final_status,
			'answeredAt', vals.iso(_call.answered_at)), _who)
$$;

-- A person is on the line: a new lead becomes contacted, and the time of contact is kept. Saying so
-- again changes nothing.
--   emits lead.updated
create or replace function vals.lead_contacted(_who jsonb, _call vals.calls)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_lead vals.leads;
	_new vals.leads;
	_is_new boolean;
begin
	select l.* into _lead
	from vals.leads l
	where l.id = _call.lead_id
	for no key update;
	_is_new := _lead.status = 'new';
	if _lead.last_contacted >= _call.answered_at and not _is_new then
		return;
	end if;
	if _is_new then
		perform vals.lead_stage_move(_who, _lead.id, 'new', 'contacted', 'call');
	end if;
	update vals.leads l
	set status = case when l.status = 'new' then 'contacted' else l.status end,
		last_contacted = greatest(l.last_contacted, _call.answered_at), version = l.version + 1, updated_at = clock_timestamp()
	where l.id = _lead.id
	returning * into _new;
	perform vals.emit('lead.updated', null, _lead.id, jsonb_build_object('leadId', _lead.id, 'changes',
		jsonb_build_object('lastContacted', vals.iso(_new.last_contacted))
		|| case when _is_new then jsonb_build_object('status', _new.status) else '{}' end), _who);
	perform vals.audit(_who, 'lead.update', 'lead', _lead.id, vals.lead_json(_lead)::jsonb, vals.lead_json(_new)::jsonb);
end
$$;

-- Move a live call forward; a move that is not forward is nothing. In progress means that a person is talking.
--   emits call.status, lead.updated
create or replace function vals.call_advance(_who jsonb, _call vals.calls, _to text)
returns vals.calls
language plpgsql
set search_path = ''
as $$
begin
	if vals.call_rank(_to) <= vals.call_rank(_call.status) then
		return _call;
	end if;
	update vals.calls c
	set status = _to, updated_at = clock_timestamp()
	where c.id = _call.id
	returning * into _call;
	perform vals.call_emit_status(_who, _call);
	if _to = 'in-progress' then
		perform vals.lead_contacted(_who, _call);
	end if;
	return _call;
end
$$;

-- The business result of a call moves its lead where that is a legal move.
--   emits lead.updated
create or replace function vals.call_outcome_to_lead(_who jsonb, _call vals.calls)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_lead vals.leads;
	_new vals.leads;
	_status text;
begin
	select l.* into _lead
	from vals.leads l
	where l.id = _call.lead_id
	for no key update;
	select t.to_status into _status
	from vals.lead_transitions t
	where t.from_status = _lead.status
		and t.to_status = _call.final_status
		and not t.is_reopening;
	if _status is not null then
		perform vals.lead_stage_move(_who, _lead.id, _lead.status, _status, 'call');
	end if;
	if _status is null and (_call.final_status <> 'do_not_call' or _lead.do_not_call) then
		return;
	end if;

	update vals.leads l
	set status = coalesce(_status, l.status), do_not_call = l.do_not_call or _call.final_status = 'do_not_call',
		version = l.version + 1, updated_at = clock_timestamp()
	where l.id = _lead.id
	returning * into _new;
	perform vals.emit('lead.updated', null, _lead.id, jsonb_build_object('leadId', _lead.id, 'changes',
		case when _status is not null then jsonb_build_object('status', _status) else '{}' end
		|| case when _call.final_status = 'do_not_call' then jsonb_build_object('doNotCall', true) else '{}' end), _who);
	perform vals.audit(_who, 'lead.update', 'lead', _lead.id, vals.lead_json(_lead)::jsonb, vals.lead_json(_new)::jsonb);
end
$$;

-- End a live call, and with it what it has of a transfer. Notes are kept if none come with the end; a call Kevin
-- joined was a hot transfer unless somebody says more.
--   emits call.status, call.ended, call.transfer where one ends, lead.updated where the outcome moves the lead
create or replace function vals.call_end(_who jsonb, _call vals.calls, _status text, _final_status text, _end_reason text,
	_notes text, _at timestamptz)
returns vals.calls
language plpgsql
set search_path = ''
as $$
begin
	update vals.calls c
	set status = _status, end_reason = _end_reason,
		final_status = coalesce(_final_status, c.final_status, case when c.transfer_success then 'hot_transfer' end),
		end_time = greatest(_at, c.start_time, c.answered_at), notes = coalesce(_notes, c.notes), updated_at = clock_timestamp(),
		recording_status = case
			when c.recording_status <> 'recording' then c.recording_status
			-- The provider stops by itself and hands over what it has.
			when exists (
				select
				from vals.commands m
				where m.call_id = c.id
					and m.kind = 'record_start'
					and (m.state <> 'canceled' or m.first_sent_at is not null))
				then 'processing'
			else 'none'
		end
	where c.id = _call.id
	returning * into _call;
	update vals.call_phases p
	set left_at = greatest(_call.end_time, p.entered_at)
	where p.call_id = _call.id
		and p.left_at is null;

	perform vals.call_emit_status(_who, _call);
	perform vals.emit('call.ended', _call.id, _call.lead_id,
		jsonb_build_object('callId', _call.id, 'leadId', _call.lead_id, 'status', _call.status, 'finalStatus', _call.final_status,
			'endReason', _call.end_reason, 'durationSec', vals.call_duration_s(_call)), _who);
	-- No verdict of the machine detection counts as a person.
	if _call.answered_at is not null and _call.answered_by is distinct from 'machine' then
		perform vals.lead_contacted(_who, _call);
	end if;
	if _call.final_status is not null then
		perform vals.call_outcome_to_lead(_who, _call);
	end if;
	perform vals.transfer_close(_who, _call);
	return _call;
end
$$;
