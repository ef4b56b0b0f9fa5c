-- Calls as people write them down: records of calls made elsewhere, corrections, transcript, recording.

-- The status of a call that is over, by its outcome.
create or replace function vals.outcome_status(_final_status text)
returns text
language sql immutable parallel safe
as $$
	select case _final_status
		when 'no_answer' then 'no-answer'
		when 'busy' then 'busy'
		when 'wrong_number' then 'failed'
		when 'failed' then 'failed'
		else 'completed'
	end
$$;

-- Refuse one member of a body.
--   raises RS400
create or replace function vals.refuse_field(_field text, _message text)
returns void
language plpgsql
set search_path = ''
as $$
begin
	perform vals.refuse(400, 'Validation failed', 'VALIDATION',
		json_build_array(json_build_object('field', _field, 'message', _message))::text);
end
$$;

-- Write down a call that was made elsewhere: it is over, and nobody is dialled. Without an outcome that says
-- otherwise somebody answered it.
--   raises RS404 when there is no such lead, RS400 when it ends before it begins, later than a day, or in the future
--   emits  lead.updated where it moves the lead
create or replace function vals.call_record(_who jsonb, _lead_id uuid, _body jsonb)
returns vals.calls
language plpgsql
set search_path = ''
as $$
declare
	_final_status text := _body ->> 'finalStatus';
	_status text := vals.outcome_status(_final_status);
	_end timestamptz := coalesce((_body ->> 'endTime')::timestamptz, (_body ->> 'startTime')::timestamptz, clock_timestamp());
	_start timestamptz := coalesce((_body ->> 'startTime')::timestamptz, _end);
	_lead vals.leads;
	_call vals.calls;
begin
	if _end < _start then
		perform vals.refuse_field('endTime', 'is before startTime');
	elsif _end > _start + interval '1 day' then
		perform vals.refuse_field('endTime', 'is more than a day after startTime');
	elsif _end > clock_timestamp() + interval '1 minute' then
		perform vals.refuse_field(case when _body ->> 'endTime' is null then 'startTime' else 'endTime' end, 'is in the future');
	end if;
	select l.* into _lead
	from vals.leads l
	where l.id = _lead_id
		and l.deleted_at is null
	for no key update;
	if not found then
		perform vals.refuse(404, 'Lead not found', 'NOT_FOUND');
	end if;

	insert into vals.calls (lead_id, phone_number, start_time, answered_at, end_time, status, final_status, end_reason, answered_by,
		kevin_available, notes, created_by)
	values (_lead.id, coalesce(_body ->> 'phoneNumber', _lead.phone), _start, case when _status = 'completed' then _start end, _end,
		_status, _final_status,
		case when _final_status in ('no_answer', 'busy', 'voicemail') then _final_status end,
		case when _final_status = 'voicemail' then 'machine' end,
		false, _body ->> 'notes', vals.actor(_who))
	returning * into _call;
	if _call.answered_at is not null and _call.answered_by is distinct from 'machine' then
		perform vals.lead_contacted(_who, _call);
	end if;
	if _call.final_status is not null then
		perform vals.call_outcome_to_lead(_who, _call);
	end if;
	perform vals.audit(_who, 'call.create', 'call', _call.id, null, vals.call_json(_call));
	return _call;
end
$$;

create or replace function api.calls_create(_who jsonb, _body jsonb)
returns table (body json, resource_id uuid)
language plpgsql security definer set search_path = ''
as $$
declare
	_call vals.calls := vals.call_record(_who, (_body ->> 'leadId')::uuid, _body);
begin
	return query select vals.call_json_full(_call), _call.id;
end
$$;

create or replace function api.lead_calls_create(_who jsonb, _id uuid, _body jsonb)
returns table (body json, resource_id uuid)
language plpgsql security definer set search_path = ''
as $$
declare
	_call vals.calls := vals.call_record(_who, _id, _body);
begin
	return query select vals.call_json_full(_call), _call.id;
end
$$;

-- Move a call to another status by hand; the caller holds its lock. A final one hangs up. The agent cannot hang
-- up on Kevin, and while a transfer is alive the status is the transfer's.
--   raises RS400 when the move is not legal
--   emits  call.status; lead.updated when somebody is talking now; as vals.call_end for a final status
create or replace function vals.call_move(_who jsonb, _call vals.calls, _to text)
returns vals.calls
language plpgsql
set search_path = ''
as $$
declare
	_is_final boolean := vals.call_rank(_to) = 9;
	_is_with_kevin boolean := exists (select from vals.transfers t where t.call_id = _call.id and t.ended_at is null);
begin
	if not exists (select from vals.call_transitions t where t.from_status = _call.status and t.to_status = _to)
		or (_is_final and _call.status in ('transferring', 'transferred') and _who ->> 'role' = 'agent')
		or (_is_with_kevin and not _is_final) then
		perform vals.refuse(400, format('Invalid transition from %s to %s', _call.status, _to), 'INVALID_TRANSITION',
			'[{"field":"status","message":"this move is not allowed"}]');
	end if;
	if _is_final then
		perform vals.legs_release(_call.id);
		return vals.call_end(_who, _call, _to, null,
			case when _to = 'no-answer' then 'no_answer' when _to = 'busy' then 'busy'
				when _who ->> 'role' = 'agent' then 'agent_hangup' else 'operator_ended' end,
			null, clock_timestamp());
	end if;

	update vals.calls c
	set status = _to, updated_at = clock_timestamp(),
		answered_at = case when _to = 'active' then coalesce(c.answered_at, clock_timestamp()) else c.answered_at end,
		transfer_attempted = c.transfer_attempted or _to = 'transferring',
		transfer_time = case when _to = 'transferring' then clock_timestamp() else c.transfer_time end,
		transfer_success = case _to when 'transferred' then true when 'transfer_failed' then false else c.transfer_success end
	where c.id = _call.id
	returning * into _call;
	perform vals.call_emit_status(_who, _call);
	if _to = 'in-progress' then
		perform vals.lead_contacted(_who, _call);
	end if;
	return _call;
end
$$;

-- Append to a call's transcript. An entry without a time is placed by its offset, or said just now. One that the
-- provider's event brings names it.
--   emits call.transcript
create or replace function vals.transcript_append(_who jsonb, _call vals.calls, _entries jsonb, _event_id uuid default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_added jsonb;
begin
	with added as (
		insert into vals.transcript_entries (call_id, speaker, text, spoken_at, offset_ms, phase, sentiment, confidence, event_id)
		select _call.id, e.entry ->> 'speaker', e.entry ->> 'text',
			coalesce((e.entry ->> 'timestamp')::timestamptz,
				_call.start_time + (e.entry ->> 'offsetMs')::integer * interval '1 millisecond', clock_timestamp()),
			(e.entry ->> 'offsetMs')::integer, (e.entry ->> 'phase')::smallint, e.entry ->> 'sentiment', (e.entry ->> 'confidence')::numeric,
			_event_id
		from jsonb_array_elements(_entries) with ordinality as e (entry, place)
		order by e.place
		returning *
	)
	select jsonb_agg(vals.transcript_entry_json(a) order by a.id) into _added
	from added a;
	perform vals.emit('call.transcript', _call.id, _call.lead_id,
		jsonb_build_object('callId', _call.id, 'leadId', _call.lead_id, 'transcript', _added), _who);
end
$$;

-- Change what was sent of a call: outcome, notes, objections and strategies (each as a whole), status; transcript
-- entries are added to those that are there.
--   raises RS404, RS400 on an illegal status
--   emits  call.status when status or outcome changed, call.transcript, lead.updated where the outcome moves the lead
create or replace function api.calls_update(_who jsonb, _id uuid, _body jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_old vals.calls := vals.call_lock(_id);
	_call vals.calls;
	_said integer := jsonb_array_length(coalesce(_body -> 'transcript', '[]'));
begin
	update vals.calls c
	set final_status = case when _body ? 'finalStatus' then _body ->> 'finalStatus' else c.final_status end,
		notes = case when _body ? 'notes' then _body ->> 'notes' else c.notes end,
		objections = coalesce(_body -> 'objections', c.objections), strategies = coalesce(_body -> 'strategies', c.strategies),
		updated_at = clock_timestamp()
	where c.id = _id
	returning * into _call;
	if _said > 0 then
		perform vals.transcript_append(_who, _call, _body -> 'transcript');
	end if;
	if _body ->> 'status' <> _call.status then
		_call := vals.call_move(_who, _call, _body ->> 'status');
	elsif _call.final_status is distinct from _old.final_status then
		perform vals.call_emit_status(_who, _call);
	end if;
	-- The outcome of a call that is over counts now; of a live one when it ends.
	if _old.end_time is not null and _call.final_status is distinct from _old.final_status and _call.final_status is not null then
		perform vals.call_outcome_to_lead(_who, _call);
	end if;
	perform vals.audit(_who, 'call.update', 'call', _id, vals.call_facts(_old), vals.call_facts(_call)
		|| case when _said > 0 then jsonb_build_object('transcriptAppended', _said) else '{}' end);
	return vals.call_json_full(_call);
end
$$;

-- What of a call can be changed by hand, for the audit log.
create or replace function vals.call_facts(_call vals.calls)
returns jsonb
language sql stable
as $$
	select jsonb_build_object('status', _call.status, 'finalStatus', _call.final_status, 'endReason', _call.end_reason, 'notes', _call.notes,
		'objections', _call.objections, 'strategies', _call.strategies, 'recording', vals.recording_json(_call))
$$;

create or replace function vals.recording_emit(_who jsonb, _call vals.calls)
returns void
language sql
as $$
	select vals.emit('call.recording', _call.id, _call.lead_id,
		jsonb_build_object('callId', _call.id, 'leadId', _call.lead_id, 'recording', vals.recording_json(_call)), _who)
$$;

-- Start the recording of a call: a wish for the provider, true for us at once.
--   emits call.recording
create or replace function vals.recording_start(_who jsonb, _call vals.calls, _channels text)
returns vals.calls
language plpgsql
set search_path = ''
as $$
declare
	_leg vals.legs;
begin
	select g.* into _leg
	from vals.legs g
	where g.call_id = _call.id
		and g.kind = 'lead';
	update vals.calls c
	set recording_status = 'recording', recording_channels = _channels, recordings = c.recordings + 1, updated_at = clock_timestamp()
	where c.id = _call.id
	returning * into _call;
	perform vals.command_queue('record_start', 'record_start_' || _call.recordings, _leg, jsonb_build_object('channels', _channels));
	perform vals.recording_emit(_who, _call);
	return _call;
end
$$;

-- Stop it. One that the provider was not told of yet is taken back.
--   emits call.recording
create or replace function vals.recording_stop(_who jsonb, _call vals.calls)
returns vals.calls
language plpgsql
set search_path = ''
as $$
declare
	_leg vals.legs;
	_is_unsent boolean;
begin
	select g.* into _leg
	from vals.legs g
	where g.call_id = _call.id
		and g.kind = 'lead';
	update vals.commands m
	set state = 'canceled', finished_at = now(), reason = 'stopped before it was started'
	where m.leg_id = _leg.id
		and m.step = 'record_start_' || _call.recordings
		and m.state = 'pending'
		and m.first_sent_at is null;
	_is_unsent := found;
	if not _is_unsent then
		perform vals.command_queue('record_stop', 'record_stop_' || _call.recordings, _leg);
	end if;
	update vals.calls c
	set recording_status = case when _is_unsent and c.recordings = 1 then 'none' else 'processing' end, updated_at = clock_timestamp()
	where c.id = _call.id
	returning * into _call;
	perform vals.recording_emit(_who, _call);
	return _call;
end
$$;

-- Start or stop the recording of a live call. Doing so again is nothing.
--   raises RS404, RS409 when nobody is on the line (not yet, or no more)
--   emits  call.recording
create or replace function api.calls_recording_set(_who jsonb, _id uuid, _body jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_old vals.calls := vals.call_lock(_id);
	_call vals.calls := _old;
begin
	if _call.end_time is not null then
		perform vals.refuse(409, 'Call is over', 'CALL_OVER');
	elsif _call.answered_at is null then
		perform vals.refuse(409, 'Call was not answered yet', 'CALL_NOT_ANSWERED');
	end if;
	if _body ->> 'action' = 'start' and _call.recording_status <> 'recording' then
		_call := vals.recording_start(_who, _call, coalesce(_body ->> 'channels', 'dual'));
	elsif _body ->> 'action' = 'stop' and _call.recording_status = 'recording' then
		_call := vals.recording_stop(_who, _call);
	end if;
	if _call.recording_status <> _old.recording_status then
		perform vals.audit(_who, 'call.recording', 'call', _id, vals.call_facts(_old), vals.call_facts(_call));
	end if;
	return json_build_object('callId', _id, 'recording', vals.recording_json(_call));
end
$$;
