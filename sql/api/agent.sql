-- The voice agent's reports: start and end of calls, engagement, phases.

-- Start a call: the row, its leg and the command to dial commit together.
--   raises RS404, RS409 when the lead is on a call, RS403 when the lead may not be dialled
--   emits  call.started
create or replace function api.call_start(_who jsonb, _rules jsonb, _body jsonb)
returns table (body json, resource_id uuid)
language plpgsql security definer set search_path = ''
as $$
declare
	_lead vals.leads;
	_call vals.calls;
	_leg vals.legs;
	_number text;
	_check jsonb;
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
	_number := coalesce(_body ->> 'phoneNumber', _lead.phone);
	_check := vals.dial_check(_lead, _number, _rules);

	insert into vals.calls (lead_id, phone_number, kevin_available, agent_version, created_by, dial_check, is_recorded, is_transcribed)
	values (_lead.id, _number, vals.kevin_available(), _body ->> 'agentVersion', vals.actor(_who), _check,
		coalesce((_rules ->> 'record')::boolean, false), coalesce((_rules ->> 'transcribe')::boolean, false))
	returning * into _call;
	insert into vals.call_phases (call_id, phase, entered_at)
	values (_call.id, 1, _call.start_time);
	insert into vals.legs (call_id, kind, deadline_at)
	values (_call.id, 'lead', vals.dial_until(_check, clock_timestamp()))
	returning * into _leg;
	perform vals.command_queue('dial', 'dial', _leg, jsonb_build_object('to', _call.phone_number, 'leg', 'lead'));
	perform vals.emit('call.started', _call.id, _lead.id,
		jsonb_build_object('callId', _call.id, 'leadId', _lead.id, 'leadName', vals.lead_name(_lead), 'phoneNumber', _call.phone_number,
			'kevinAvailable', _call.kevin_available, 'status', _call.status, 'startTime', vals.iso(_call.start_time)), _who);
	perform vals.audit(_who, 'call.start', 'call', _call.id, null,
		jsonb_build_object('leadId', _lead.id, 'agentVersion', _call.agent_version));
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
	_old vals.calls := vals.call_lock((_body ->> 'callId')::uuid);
	_call vals.calls := _old;
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
		perform vals.audit(_who, 'call.update', 'call', _call.id, vals.call_facts(_old), vals.call_facts(_call));
		return vals.call_end_json(_call);
	end if;

	perform vals.transfers_lock(_call.id);
	perform vals.legs_release(_call.id);
	_call := vals.call_end(_who, _call,
		case when _call.answered_at is null then 'canceled' else 'completed' end,
		_body ->> 'finalStatus',
		case when _who ->> 'role' = 'agent' then coalesce(_body ->> 'reason', 'agent_hangup') else 'operator_ended' end,
		_body ->> 'notes', clock_timestamp());
	perform vals.audit(_who, 'call.end', 'call', _call.id, null,
		jsonb_build_object('status', _call.status, 'finalStatus', _call.final_status, 'endReason', _call.end_reason));
	return vals.call_end_json(_call);
end
$$;

-- Enter a phase of a live call: the open one ends with this outcome. Entering the open one again only
-- notes the outcome. The caller holds the call's lock.
create or replace function vals.call_enter_phase(_call_id uuid, _phase smallint, _at timestamptz, _outcome text, _notes text)
returns vals.calls
language plpgsql
set search_path = ''
as $$
declare
	_call vals.calls;
begin
	update vals.call_phases p
	set outcome = coalesce(_outcome, p.outcome), notes = coalesce(_notes, p.notes),
		left_at = case when p.phase <> _phase then greatest(_at, p.entered_at) end
	where p.call_id = _call_id
		and p.left_at is null;
	if not exists (select from vals.call_phases p where p.call_id = _call_id and p.left_at is null) then
		insert into vals.call_phases (call_id, phase, entered_at)
		select c.id, _phase, greatest(_at, c.start_time)
		from vals.calls c
		where c.id = _call_id;
	end if;
	update vals.calls c
	set phase = _phase, updated_at = clock_timestamp(),
		phases_completed = (
			select count(distinct p.phase)
			from vals.call_phases p
			where p.call_id = _call_id
				and p.left_at is not null
				and p.outcome in ('advanced', 'positive'))
	where c.id = _call_id
	returning * into _call;
	return _call;
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
	-- A clock that is ahead must not silence the reports of the next minutes.
	_at timestamptz := least(coalesce((_body ->> 'at')::timestamptz, clock_timestamp()), clock_timestamp());
	_is_newest boolean := _at >= coalesce(_call.score_at, _at);
	_suggest boolean := false;
begin
	insert into vals.engagement_reports (call_id, phase, score, indicators, reported_at)
	values (_call.id, _phase, _score, _body -> 'indicators', _at);

	update vals.calls c
	set score = case when _is_newest then _score else c.score end,
		score_at = case when _is_newest then _at else c.score_at end,
		score_peak = greatest(c.score_peak, _score),
		updated_at = clock_timestamp()
	where c.id = _call.id
	returning * into _call;
	if _call.end_time is null then
		-- The phase of a report is as good as a transition that was not told.
		if _is_newest and _phase <> _call.phase then
			_call := vals.call_enter_phase(_call.id, _phase, _at, null, null);
		end if;
		if _call.answered_at is not null and _call.status = 'active' then
			_call := vals.call_advance(_who, _call, 'in-progress');
		end if;
		_suggest := _is_newest and _score >= 85 and vals.kevin_available();
	end if;

	perform vals.emit('call.engagement', _call.id, _call.lead_id,
		jsonb_build_object('callId', _call.id, 'engagementScore', trim_scale(_score), 'phase', _phase,
			'phaseName', (select p.name from vals.phases p where p.phase = _phase), 'indicators', _body -> 'indicators'), _who);
	if _suggest and not _call.transfer_attempted then
		perform vals.emit('call.opportunity', _call.id, _call.lead_id,
			jsonb_build_object('callId', _call.id, 'engagementScore', trim_scale(_score), 'suggestTransfer', true), _who);
	end if;
	perform vals.audit(_who, 'call.engagement', 'call', _call.id, null,
		jsonb_build_object('engagementScore', trim_scale(_score), 'phase', _phase));
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

	_call := vals.call_enter_phase(_call.id, _phase, _at, _body ->> 'outcome', _body ->> 'notes');
	if _call.status = 'active' then
		_call := vals.call_advance(_who, _call, 'in-progress');
	end if;

	perform vals.emit('call.phase', _call.id, _call.lead_id,
		jsonb_build_object('callId', _call.id, 'phase', _phase,
			'phaseName', (select p.name from vals.phases p where p.phase = _phase),
			'previous', _previous, 'outcome', _body ->> 'outcome'), _who);
	perform vals.audit(_who, 'call.phase', 'call', _call.id, jsonb_build_object('phase', _previous),
		jsonb_strip_nulls(jsonb_build_object('phase', _phase, 'outcome', _body ->> 'outcome', 'notes', _body ->> 'notes')));
	return json_build_object('callId', _call.id, 'phases', vals.call_phases_json(_call));
end
$$;
