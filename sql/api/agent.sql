-- The voice agent's reports: start and end of calls, engagement, phases.

-- The zones in which it must be inside the calling hours before a lead may be dialled: his
-- own if known, else every zone of the mainland (the strictest guess).
create or replace function vals.lead_zones(_lead vals.leads)
returns text[]
language sql immutable
as $$
	select case
		when _lead.timezone is not null then array[_lead.timezone]
		else array['America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles']
	end
$$;

-- Whether a moment is inside hours like 08:00-21:00 in all zones; empty hours always are.
create or replace function vals.within_calling_hours(_hours text, _zones text[], _at timestamptz)
returns boolean
language sql stable
as $$
	select case when _hours = '' then true else (
		select bool_and((_at at time zone zone)::time >= split_part(_hours, '-', 1)::time
			and (_at at time zone zone)::time < split_part(_hours, '-', 2)::time)
		from unnest(_zones) as zone)
	end
$$;

-- Refuse a dial that the rules forbid.
--   raises RS403 DO_NOT_CALL; OUTSIDE_CALLING_HOURS with nextAllowedAt
create or replace function vals.dial_check(_lead vals.leads, _hours text)
returns void
language plpgsql stable
set search_path = ''
as $$
declare
	_next timestamptz;
begin
	if _lead.do_not_call then
		perform vals.refuse(403, 'Lead is on the do-not-call list', 'DO_NOT_CALL');
	end if;
	if not vals.within_calling_hours(_hours, vals.lead_zones(_lead), now()) then
		select min(minute) into _next
		from generate_series(date_trunc('minute', now()) + interval '1 minute', now() + interval '2 days', interval '1 minute') as minute
		where vals.within_calling_hours(_hours, vals.lead_zones(_lead), minute);
		perform vals.refuse(403, 'Outside the calling hours of the lead', 'OUTSIDE_CALLING_HOURS',
			json_build_object('nextAllowedAt', vals.iso(_next))::text);
	end if;
end
$$;

-- Start a call: the row, its leg and the command to dial commit together.
--   raises RS404, RS409 when the lead is on a call, RS403 when the lead may not be dialled
--   emits  call.started
create or replace function api.call_start(_who jsonb, _hours text, _body jsonb)
returns table (body json, resource_id uuid)
language plpgsql security definer set search_path = ''
as $$
declare
	_lead vals.leads;
	_call vals.calls;
	_leg vals.legs;
begin
	select l.* into _lead
	from vals.leads l
	where l.id = (_body ->> 'leadId')::uuid
		and l.deleted_at is null
	for no key update;
	if not found then
		perform vals.refuse(404, 'Lead not found', 'NOT_FOUND');
	end if;
	if exists (select from vals.calls c where c.lead_id = _lead.id and c.end_time is null) then
		perform vals.refuse(409, 'Lead is already on a call', 'LEAD_ON_CALL');
	end if;
	perform vals.dial_check(_lead, _hours);

	insert into vals.calls (lead_id, phone_number, kevin_available, agent_version, created_by)
	values (_lead.id, coalesce(_body ->> 'phoneNumber', _lead.phone), vals.kevin_available(), _body ->> 'agentVersion', vals.actor(_who))
	returning * into _call;
	insert into vals.call_phases (call_id, phase, entered_at)
	values (_call.id, 1, _call.start_time);
	insert into vals.legs (call_id, kind)
	values (_call.id, 'lead')
	returning * into _leg;
	perform vals.command_queue('dial', 'dial', _leg, jsonb_build_object('to', _call.phone_number));
	perform vals.emit('call.started', _call.id, _lead.id,
		jsonb_build_object('callId', _call.id, 'leadId', _lead.id, 'leadName', vals.lead_name(_lead), 'phoneNumber', _call.phone_number,
			'kevinAvailable', _call.kevin_available, 'status', _call.status, 'startTime', vals.iso(_call.start_time)), _who);
	return query
		select json_build_object('callId', _call.id, 'telnyxCallId', null, 'status', _call.status,
			'kevinAvailable', _call.kevin_available), _call.id;
end
$$;

-- What became of a dial: no row while it is under way; else the status to answer
-- start-call with and its body.
create or replace function api.call_start_result(_call_id uuid)
returns table (http_status integer, body json)
language plpgsql security definer set search_path = ''
as $$
begin
	return query
		select case when m.state = 'failed' then 502 else 201 end,
			json_build_object('callId', c.id, 'telnyxCallId', g.call_leg_id, 'status', 'initiated', 'kevinAvailable', c.kevin_available)
		from vals.calls c
			join vals.legs g on g.call_id = c.id and g.kind = 'lead'
			join vals.commands m on m.leg_id = g.id and m.kind = 'dial'
		where c.id = _call_id
			and m.state in ('done', 'failed', 'canceled');
end
$$;

create or replace function vals.call_end_json(_call vals.calls)
returns json
language sql stable
as $$
	select json_build_object('callId', _call.id, 'status', _call.status, 'finalStatus', _call.final_status,
		'durationSec', vals.call_duration_s(_call))
$$;

-- End a call and queue the hang-up. A call that is over answers as it did. The agent cannot hang up on
-- Kevin: while the call is with him, outcome and notes are stored and the telephones stay connected.
--   raises RS404
--   emits  call.status, call.ended
create or replace function api.call_end(_who jsonb, _body jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_call vals.calls := vals.call_lock((_body ->> 'callId')::uuid);
	_leg vals.legs;
begin
	if _call.end_time is not null then
		return vals.call_end_json(_call);
	end if;
	if _call.status in ('transferring', 'transferred') and _who ->> 'role' = 'agent' then
		update vals.calls c
		set final_status = coalesce(_body ->> 'finalStatus', c.final_status), notes = coalesce(_body ->> 'notes', c.notes),
			updated_at = clock_timestamp()
		where c.id = _call.id
		returning * into _call;
		return vals.call_end_json(_call);
	end if;

	for _leg in
		select g.*
		from vals.legs g
		where g.call_id = _call.id
		order by g.id
		for update
	loop
		perform vals.leg_release(_leg);
	end loop;
	_call := vals.call_end(_who, _call,
		case when _call.answered_at is null then 'canceled' else 'completed' end,
		_body ->> 'finalStatus',
		case when _who ->> 'role' = 'agent' then coalesce(_body ->> 'reason', 'agent_hangup') else 'operator_ended' end,
		_body ->> 'notes', clock_timestamp());
	return vals.call_end_json(_call);
end
$$;

-- Store an engagement report. One that is older than the newest does not change the current
-- score; one after the end is stored and nothing more.
--   raises RS404
--   emits  call.engagement, call.opportunity, call.status when it is the first report
create or replace function vals.engagement_report(_who jsonb, _body jsonb)
returns json
language plpgsql
set search_path = ''
as $$
declare
	_call vals.calls := vals.call_lock((_body ->> 'callId')::uuid);
	_score numeric(5, 2) := (_body ->> 'engagementScore')::numeric;
	_phase smallint := coalesce((_body ->> 'phase')::smallint, _call.phase);
	_at timestamptz := coalesce((_body ->> 'at')::timestamptz, clock_timestamp());
	_suggest boolean := false;
begin
	insert into vals.engagement_reports (call_id, phase, score, indicators, reported_at)
	values (_call.id, _phase, _score, _body -> 'indicators', _at);

	if _at >= coalesce(_call.score_at, _at) then
		update vals.calls c
		set score = _score, score_peak = greatest(c.score_peak, _score), score_at = _at,
			phase = case when c.end_time is null then _phase else c.phase end, updated_at = clock_timestamp()
		where c.id = _call.id
		returning * into _call;
	end if;
	if _call.end_time is null then
		if _call.answered_at is not null and _call.status = 'active' then
			_call := vals.call_advance(_who, _call, 'in-progress');
		end if;
		_suggest := _score >= 85 and vals.kevin_available();
	end if;

	perform vals.emit('call.engagement', _call.id, _call.lead_id,
		jsonb_build_object('callId', _call.id, 'engagementScore', trim_scale(_score), 'phase', _phase,
			'phaseName', (select p.name from vals.phases p where p.phase = _phase), 'indicators', _body -> 'indicators'), _who);
	if _suggest and not _call.transfer_attempted then
		perform vals.emit('call.opportunity', _call.id, _call.lead_id,
			jsonb_build_object('callId', _call.id, 'engagementScore', trim_scale(_score), 'suggestTransfer', true), _who);
	end if;
	return json_build_object('callId', _call.id, 'engagementScore', trim_scale(_score), 'suggestTransfer', _suggest);
end
$$;

create or replace function api.call_engagement_set(_who jsonb, _body jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	return (
		select vals.engagement_report(_who, _body)
	);
end
$$;

-- Enter a phase: closes the open one with its outcome. Entering the open phase again only
-- notes the outcome.
--   raises RS404, RS409 when the call is over
--   emits  call.phase, call.status when it is the first report
create or replace function api.call_phase_set(_who jsonb, _body jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_call vals.calls := vals.call_lock((_body ->> 'callId')::uuid);
	_phase smallint := (_body ->> 'phase')::smallint;
	_at timestamptz := least(coalesce((_body ->> 'at')::timestamptz, clock_timestamp()), clock_timestamp());
	_previous smallint := _call.phase;
begin
	if _call.end_time is not null then
		perform vals.refuse(409, 'Call is over', 'CALL_OVER');
	end if;

	update vals.call_phases p
	set outcome = coalesce(_body ->> 'outcome', p.outcome), notes = coalesce(_body ->> 'notes', p.notes),
		left_at = case when p.phase <> _phase then greatest(_at, p.entered_at) end
	where p.call_id = _call.id
		and p.left_at is null;
	if not exists (select from vals.call_phases p where p.call_id = _call.id and p.left_at is null) then
		insert into vals.call_phases (call_id, phase, entered_at)
		values (_call.id, _phase, greatest(_at, _call.start_time));
	end if;
	update vals.calls c
	set phase = _phase, updated_at = clock_timestamp(),
		phases_completed = (
			select count(distinct p.phase)
			from vals.call_phases p
			where p.call_id = _call.id
				and p.left_at is not null
				and p.outcome in ('advanced', 'positive'))
	where c.id = _call.id
	returning * into _call;
	if _call.status = 'active' then
		_call := vals.call_advance(_who, _call, 'in-progress');
	end if;

	perform vals.emit('call.phase', _call.id, _call.lead_id,
		jsonb_build_object('callId', _call.id, 'phase', _phase,
			'phaseName', (select p.name from vals.phases p where p.phase = _phase),
			'previous', _previous, 'outcome', _body ->> 'outcome'), _who);
	return json_build_object('callId', _call.id, 'phases', vals.call_phases_json(_call));
end
$$;
