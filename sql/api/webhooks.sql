-- The provider's events: stored once, then applied by rank, not by arrival.

-- Which leg an event speaks of: by the provider's ids, else by the client_state we sent along. Null if unknown.
create or replace function vals.webhook_leg(_payload jsonb)
returns uuid
language plpgsql stable
set search_path = ''
as $$
declare
	_id uuid;
	_state jsonb;
begin
	select g.id into _id
	from vals.legs g
	where g.call_control_id = _payload ->> 'call_control_id'
		or g.call_leg_id = _payload ->> 'call_leg_id';
	if _id is not null then
		return _id;
	end if;

	begin
		_state := convert_from(decode(_payload ->> 'client_state', 'base64'), 'UTF8')::jsonb;
		select g.id into _id
		from vals.legs g
		where g.call_id = (_state ->> 'call')::uuid
			and g.kind = _state ->> 'leg'
			and g.call_control_id is null;
	exception when others then
		-- Anything may stand in client_state; what is not ours names no leg.
		_id := null;
	end;
	return _id;
end
$$;

create or replace function vals.leg_answered(_who jsonb, _call vals.calls, _leg vals.legs, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
	update vals.legs g
	set answered_at = least(g.answered_at, _at), state = case when g.state = 'ended' then g.state else 'answered' end
	where g.id = _leg.id;
	if _leg.kind <> 'lead' or _call.answered_at is not null then
		return;
	end if;
	if _call.end_time is not null then
		-- The answer overtaken by the end: only the time is still worth something.
		update vals.calls c set answered_at = least(_at, c.end_time) where c.id = _call.id;
		return;
	end if;
	update vals.calls c
	set answered_at = _at
	where c.id = _call.id
	returning * into _call;
	-- A report or a verdict that came before the answer means that somebody is already talking.
	perform vals.call_advance(_who, _call,
		case
			when _call.score_at is not null or _leg.amd = 'human' or exists (
				select
				from vals.call_phases p
				where p.call_id = _call.id
					and (p.phase <> 1 or p.outcome is not null))
				then 'in-progress'
			else 'active'
		end);
end
$$;

-- Who answered. A machine is hung up on; it is the only news when it comes after the end.
create or replace function vals.leg_screened(_who jsonb, _call vals.calls, _leg vals.legs, _result text, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_amd text := case
		when _result in ('machine', 'fax_detected') then 'machine'
		when _result like 'human%' then 'human'
		else 'unknown'
	end;
begin
	if _leg.amd is not null then
		return;
	end if;
	update vals.legs g set amd = _amd where g.id = _leg.id;
	if _leg.kind <> 'lead' then
		return;
	end if;
	update vals.calls c
	set answered_by = _amd
	where c.id = _call.id
	returning * into _call;
	if _call.end_time is not null then
		return;
	end if;
	if _amd = 'machine' then
		perform vals.leg_release(_leg);
		perform vals.call_end(_who, _call, 'completed', 'voicemail', 'voicemail', null, _at);
	elsif _amd = 'human' and _call.status = 'active' then
		perform vals.call_advance(_who, _call, 'in-progress');
	end if;
end
$$;

-- How a hang-up ends a call: status, outcome and reason by the provider's cause.
create or replace function vals.hangup_meaning(_cause text, _source text, _is_answered boolean,
	out status text, out final_status text, out end_reason text)
language plpgsql immutable
set search_path = ''
as $$
begin
	if _is_answered then
		status := 'completed';
		end_reason := case when _cause = 'time_limit' then 'timeout' when _source = 'caller' then 'agent_hangup' else 'lead_hangup' end;
		return;
	end if;
	case
		when _cause = 'user_busy' then
			status := 'busy'; final_status := 'busy'; end_reason := 'busy';
		when _cause in ('no_answer', 'timeout') then
			status := 'no-answer'; final_status := 'no_answer'; end_reason := 'no_answer';
		when _cause = 'call_rejected' then
			status := 'failed'; final_status := 'failed'; end_reason := 'rejected';
		when _cause = 'not_found' then
			status := 'failed'; final_status := 'wrong_number'; end_reason := 'carrier_error';
		when _cause = 'originator_cancel' then
			status := 'canceled'; end_reason := 'agent_hangup';
		else
			status := 'failed'; final_status := 'failed'; end_reason := 'carrier_error';
	end case;
end
$$;

create or replace function vals.leg_hung_up(_who jsonb, _call vals.calls, _leg vals.legs, _payload jsonb, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_meaning record;
begin
	update vals.legs g
	set state = 'ended', ended_at = least(g.ended_at, _at), hangup_cause = coalesce(g.hangup_cause, _payload ->> 'hangup_cause')
	where g.id = _leg.id;
	if _leg.kind <> 'lead' or _call.end_time is not null then
		return;
	end if;
	select m.* into _meaning
	from vals.hangup_meaning(_payload ->> 'hangup_cause', _payload ->> 'hangup_source', _call.answered_at is not null) m;
	perform vals.call_end(_who, _call, _meaning.status, _meaning.final_status, _meaning.end_reason, null, _at);
end
$$;

-- Apply a stored event to the leg it speaks of. Ranks, not the order of arrival, decide; what was already
-- true stays true. An event whose leg is unknown stays unprocessed until the dial's answer is stored.
create or replace function vals.webhook_apply(_who jsonb, _event vals.webhook_events)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_payload jsonb := _event.raw #> '{data,payload}';
	_at timestamptz := coalesce(_event.occurred_at, _event.received_at);
	_leg_id uuid := vals.webhook_leg(_payload);
	_leg vals.legs;
	_call vals.calls;
begin
	select g.* into _leg
	from vals.legs g
	where g.id = _leg_id;
	if not found then
		if _payload ->> 'call_control_id' is null then
			update vals.webhook_events e set processed_at = now() where e.id = _event.id;
		end if;
		return;
	end if;
	_call := vals.call_lock(_leg.call_id);
	perform g.id
	from vals.legs g
	where g.id = _leg_id
	for no key update;
	update vals.legs g
	set call_control_id = coalesce(g.call_control_id, _payload ->> 'call_control_id'),
		call_leg_id = coalesce(g.call_leg_id, _payload ->> 'call_leg_id'),
		call_session_id = coalesce(g.call_session_id, _payload ->> 'call_session_id')
	where g.id = _leg_id
		and g.call_control_id is null;
	select g.* into _leg
	from vals.legs g
	where g.id = _leg_id;

	case _event.event_type
		when 'call.initiated' then
			update vals.legs g
			set initiated_at = least(g.initiated_at, _at),
				state = case when g.state in ('queued', 'dialing') then 'ringing' else g.state end
			where g.id = _leg.id;
			if _leg.kind = 'lead' and _call.end_time is null then
				perform vals.call_advance(_who, _call, 'ringing');
			end if;
		when 'call.answered' then
			perform vals.leg_answered(_who, _call, _leg, _at);
		when 'call.machine.detection.ended', 'call.machine.premium.detection.ended' then
			perform vals.leg_screened(_who, _call, _leg, _payload ->> 'result', _at);
		when 'call.hangup' then
			perform vals.leg_hung_up(_who, _call, _leg, _payload, _at);
		else
			null;	-- stored, of no consequence
	end case;
	update vals.webhook_events e
	set processed_at = now(), leg_id = _leg.id
	where e.id = _event.id;
end
$$;

-- Take in one event, already verified. The same event again is no event.
--   emits what the event makes true
create or replace function api.webhook_receive(_who jsonb, _id uuid, _type text, _raw jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_event vals.webhook_events;
begin
	insert into vals.webhook_events (id, event_type, occurred_at, call_control_id, raw)
	values (_id, _type, coalesce(_raw #>> '{data,occurred_at}', _raw #>> '{data,payload,occurred_at}')::timestamptz,
		_raw #>> '{data,payload,call_control_id}', _raw)
	on conflict (id) do nothing
	returning * into _event;
	if found then
		perform vals.webhook_apply(_who, _event);
	end if;
	return json_build_object('received', true);
end
$$;
