-- Legs: the telephones of a call, what is wished of them, and what the provider reports of them.

-- Queue a command for a leg; a second wish for the same step is the first one.
create or replace function vals.command_queue(_kind text, _step text, _leg vals.legs, _params jsonb default '{}')
returns void
language sql
as $$
	insert into vals.commands (kind, step, call_id, leg_id, params)
	values (_kind, _step, _leg.call_id, _leg.id, _params)
	on conflict (leg_id, step) do nothing
$$;

-- The telephone of a call's lead.
create or replace function vals.lead_leg(_call_id uuid)
returns vals.legs
language plpgsql stable
set search_path = ''
as $$
declare
	_leg vals.legs;
begin
	select g.* into _leg
	from vals.legs g
	where g.call_id = _call_id
		and g.kind = 'lead';
	return _leg;
end
$$;

-- Take back what a leg was to do and cannot any more. Its dial, and a hang-up that may have done its work, are left
-- to whoever has to find out about them.
create or replace function vals.leg_commands_cancel(_leg_id uuid, _reason text)
returns void
language plpgsql
set search_path = ''
as $$
begin
	update vals.commands c
	set state = 'canceled', finished_at = now(), reason = _reason
	where c.leg_id = _leg_id
		and c.kind <> 'dial'
		and c.state = 'pending'
		and (c.kind <> 'hangup' or c.first_sent_at is null);
end
$$;

-- Let go of a leg: a dial that was never sent is taken back, anything else is hung up (once
-- its provider id is known). Should it not be heard of soon, it is asked about.
create or replace function vals.leg_release(_leg vals.legs)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _leg.state = 'ended' then
		return;
	end if;
	update vals.commands c
	set state = 'canceled', finished_at = now(), reason = 'the call ended before it was dialled'
	where c.leg_id = _leg.id
		and c.kind = 'dial'
		and c.state = 'pending'
		and c.first_sent_at is null;
	if found then
		update vals.legs g set state = 'ended', ended_at = now(), deadline_at = null where g.id = _leg.id;
		perform vals.leg_commands_cancel(_leg.id, 'the leg was not dialled');
	else
		perform vals.command_queue('hangup', 'hangup', _leg);
		update vals.legs g
		set deadline_at = clock_timestamp() + interval '30 seconds'
		where g.id = _leg.id
			and g.state <> 'ended';
	end if;
end
$$;

-- The news that a leg hung up is probably on its way: wait a moment before it is hung up.
create or replace function vals.leg_hangup_later(_leg_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
	update vals.commands c
	set next_at = now() + interval '2 seconds'
	where c.leg_id = _leg_id
		and c.kind = 'hangup'
		and c.state = 'pending'
		and c.first_sent_at is null;
end
$$;

-- Let go of all legs of a call.
create or replace function vals.legs_release(_call_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_leg vals.legs;
begin
	for _leg in
		select g.*
		from vals.legs g
		where g.call_id = _call_id
		order by g.id
		for update
	loop
		perform vals.leg_release(_leg);
	end loop;
end
$$;

-- Whether a leg is to be gone.
create or replace function vals.leg_is_released(_leg_id uuid)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
	return exists (select from vals.commands c where c.leg_id = _leg_id and c.kind = 'hangup');
end
$$;

-- Set until when a leg may be silent: the time it may ring and some more, six seconds for the verdict on who answered,
-- five minutes of conversation.
create or replace function vals.leg_watch(_leg_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
	update vals.legs g
	set deadline_at = case
		when g.state in ('dialing', 'ringing') then clock_timestamp() + make_interval(secs => g.ring_s + 15)
		when g.amd is null then least(g.deadline_at, clock_timestamp() + interval '6 seconds')
		else clock_timestamp() + interval '5 minutes'
	end
	where g.id = _leg_id
		and g.state in ('dialing', 'ringing', 'answered')
		and not vals.leg_is_released(_leg_id);
end
$$;

-- A telephone that was heard of was dialled: there is nothing left to be found out by sending the dial again.
create or replace function vals.dial_heard_of(_leg_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
	update vals.commands c
	set state = 'done', finished_at = now(), reason = 'the telephone was heard of'
	where c.leg_id = _leg_id
		and c.kind = 'dial'
		and c.state = 'pending';
end
$$;

-- The provider's ids of a leg are known now, from whatever told them first.
create or replace function vals.leg_identify(_leg_id uuid, _ids jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
	update vals.legs g
	set call_control_id = coalesce(g.call_control_id, _ids ->> 'call_control_id'),
		call_leg_id = coalesce(g.call_leg_id, _ids ->> 'call_leg_id'),
		call_session_id = coalesce(g.call_session_id, _ids ->> 'call_session_id'),
		state = case when g.state = 'queued' then 'dialing' else g.state end
	where g.id = _leg_id
		and (g.call_control_id is null or g.call_leg_id is null or g.state = 'queued');
	if found then
		perform vals.dial_heard_of(_leg_id);
	end if;
end
$$;

create or replace function vals.leg_rings(_who jsonb, _call vals.calls, _leg vals.legs, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
	update vals.legs g
	set initiated_at = least(g.initiated_at, _at),
		state = case when g.state in ('queued', 'dialing') then 'ringing' else g.state end
	where g.id = _leg.id;
	if _leg.kind = 'closer' then
		perform vals.transfer_rings(_who, _leg);
	elsif _call.end_time is null then
		perform vals.call_advance(_who, _call, 'ringing');
	end if;
end
$$;

-- What the rules of a call want done once the lead is on the line.
create or replace function vals.lead_leg_begin(_who jsonb, _call vals.calls, _leg vals.legs)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _call.is_recorded and _call.recording_status = 'none' then
		perform vals.recording_start(_who, _call, 'dual');
	end if;
	if _call.is_transcribed then
		perform vals.command_queue('transcription_start', 'transcription', _leg);
	end if;
end
$$;

create or replace function vals.lead_leg_answered(_who jsonb, _call vals.calls, _leg vals.legs, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _call.answered_at is not null then
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
	_call := vals.call_advance(_who, _call,
		case
			when _call.score_at is not null or _leg.amd = 'human' or exists (
				select
				from vals.call_phases p
				where p.call_id = _call.id
					and (p.phase <> 1 or p.outcome is not null))
				then 'in-progress'
			else 'active'
		end);
	perform vals.lead_leg_begin(_who, _call, _leg);
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
	where g.id = _leg.id
	returning * into _leg;
	if _leg.kind = 'lead' then
		perform vals.lead_leg_answered(_who, _call, _leg, _at);
	else
		perform vals.transfer_answered(_who, _call, _leg, _at);
	end if;
end
$$;

-- What a verdict of the machine detection means; null when it is none.
create or replace function vals.amd_meaning(_event_type text, _result text)
returns text
language sql immutable
as $$
	select case
		when _event_type like '%.greeting.ended' then case when _result = 'beep_detected' then 'machine' end
		when _result in ('machine', 'fax_detected') then 'machine'
		when _result like 'human%' then 'human'
		else 'unknown'
	end
$$;

create or replace function vals.lead_leg_screened(_who jsonb, _call vals.calls, _leg vals.legs, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
	update vals.calls c
	set answered_by = _leg.amd
	where c.id = _call.id
	returning * into _call;
	if _call.end_time is not null then
		return;
	end if;
	if _leg.amd = 'machine' then
		perform vals.leg_release(_leg);
		perform vals.call_end(_who, _call, 'completed', 'voicemail', 'voicemail', null, _at);
	elsif _leg.amd = 'human' and _call.status = 'active' then
		perform vals.call_advance(_who, _call, 'in-progress');
	end if;
end
$$;

-- Who answered: the first definite verdict counts. A machine is hung up on; it is the only news when it comes after the end.
create or replace function vals.leg_screened(_who jsonb, _call vals.calls, _leg vals.legs, _amd text, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _amd is null or _leg.amd in ('human', 'machine') or _leg.amd = _amd then
		return;
	end if;
	update vals.legs g
	set amd = _amd
	where g.id = _leg.id
	returning * into _leg;
	if _leg.kind = 'lead' then
		perform vals.lead_leg_screened(_who, _call, _leg, _at);
	else
		perform vals.transfer_screened(_who, _call, _leg, _at);
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

-- A leg is over, whoever found out: what it was still to do is taken back.
create or replace function vals.leg_end(_leg vals.legs, _cause text, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
	update vals.legs g
	set state = 'ended', ended_at = least(g.ended_at, _at), hangup_cause = coalesce(g.hangup_cause, _cause), deadline_at = null
	where g.id = _leg.id;
	perform vals.leg_commands_cancel(_leg.id, 'the leg is over');
end
$$;

create or replace function vals.leg_hung_up(_who jsonb, _call vals.calls, _leg vals.legs, _payload jsonb, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_cause text := _payload ->> 'hangup_cause';
	_meaning record;
begin
	perform vals.leg_end(_leg, _cause, _at);
	if _leg.kind = 'closer' then
		perform vals.transfer_closer_gone(_who, _call, _leg, _cause, _at);
	elsif _call.end_time is null then
		select m.* into _meaning
		from vals.hangup_meaning(_cause, _payload ->> 'hangup_source', _call.answered_at is not null) m;
		perform vals.call_end(_who, _call, _meaning.status, _meaning.final_status, _meaning.end_reason, null, _at);
	end if;
end
$$;

-- The provider says that a leg is gone, and nobody heard it go.
create or replace function vals.leg_lost(_who jsonb, _call vals.calls, _leg vals.legs)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _leg.state = 'ended' then
		return;
	end if;
	perform vals.leg_end(_leg, null, clock_timestamp());
	if _leg.kind = 'closer' then
		perform vals.transfer_closer_gone(_who, _call, _leg, null, clock_timestamp());
	elsif _call.end_time is null then
		perform vals.call_end(_who, _call, case when _call.answered_at is null then 'no-answer' else 'completed' end,
			case when _call.answered_at is null then 'no_answer' end, 'timeout', null, clock_timestamp());
	end if;
end
$$;
