-- What the provider reports of Kevin's telephone and of the conference, and what that means for a transfer.

create or replace function vals.transfer_rings(_who jsonb, _leg vals.legs)
returns void
language plpgsql
set search_path = ''
as $$
begin
	perform vals.transfer_move(_who, vals.transfer_of_leg(_leg.id), 'dialing', null, clock_timestamp());
end
$$;

-- Kevin's telephone was answered. Where he accepts with a key, he is told at once who it is, and a verdict of the
-- machine detection meanwhile decides; otherwise the verdict alone.
create or replace function vals.transfer_answered(_who jsonb, _call vals.calls, _leg vals.legs, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_transfer vals.transfers := vals.transfer_of_leg(_leg.id);
begin
	update vals.transfers t
	set answered_at = coalesce(t.answered_at, _at)
	where t.id = _transfer.id;
	if _leg.state = 'ended' or _transfer.state not in ('requested', 'dialing') then
		return;
	end if;
	if _leg.amd = 'machine' then
		perform vals.transfer_fail(_who, _transfer, 'voicemail', 'voicemail', _at);
	elsif _transfer.is_key_needed then
		perform vals.transfer_brief(_who, _transfer, _leg, _at);
	else
		_transfer := vals.transfer_move(_who, _transfer, 'screening', null, _at);
		if _leg.amd is not null then
			perform vals.transfer_join(_who, _transfer, _at);
		end if;
	end if;
end
$$;

-- Who answered Kevin's telephone. Before the answer the verdict only waits for it.
create or replace function vals.transfer_screened(_who jsonb, _call vals.calls, _leg vals.legs, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_transfer vals.transfers := vals.transfer_of_leg(_leg.id);
begin
	if _transfer.state in ('screening', 'briefing') and _leg.amd = 'machine' then
		perform vals.transfer_fail(_who, _transfer, 'voicemail', 'voicemail', _at);
	elsif _transfer.state = 'screening' then
		perform vals.transfer_join(_who, _transfer, _at);
	end if;
end
$$;

-- Kevin's key, or none. That he hung up instead is told by his telephone.
create or replace function vals.transfer_gathered(_who jsonb, _leg vals.legs, _payload jsonb, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_transfer vals.transfers := vals.transfer_of_leg(_leg.id);
	_status text := _payload ->> 'status';
begin
	if _transfer.state is distinct from 'briefing' or _status = 'call_hangup' then
		return;
	end if;
	if _status = 'valid' and _payload ->> 'digits' = '1' then
		perform vals.transfer_join(_who, _transfer, _at);
	elsif _status = 'cancelled_amd' then
		perform vals.transfer_fail(_who, _transfer, 'voicemail', 'voicemail', _at);
	else
		perform vals.transfer_fail(_who, _transfer, 'declined',
			case _status when 'timeout' then 'no_key' when 'cancelled' then 'canceled' else 'wrong_key' end, _at);
	end if;
end
$$;

-- What it means that Kevin's telephone is gone before he joined: state and reason.
create or replace function vals.closer_gone_meaning(_cause text, _is_answered boolean, out state text, out reason text)
language plpgsql immutable
set search_path = ''
as $$
begin
	case
		-- A normal end was an answered call, also when the news of the answer is still to come.
		when _is_answered or _cause in ('normal_clearing', 'time_limit') then
			state := 'declined'; reason := 'closer_hangup_early';
		when _cause = 'user_busy' then
			state := 'busy'; reason := 'busy';
		when _cause in ('no_answer', 'timeout') then
			state := 'no_answer'; reason := 'no_answer';
		when _cause = 'call_rejected' then
			state := 'declined'; reason := 'rejected';
		when _cause = 'not_found' then
			state := 'failed'; reason := 'invalid_number';
		else
			state := 'failed'; reason := 'unreachable';
	end case;
end
$$;

create or replace function vals.transfer_closer_gone(_who jsonb, _call vals.calls, _leg vals.legs, _cause text, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_transfer vals.transfers := vals.transfer_of_leg(_leg.id);
	_meaning record;
begin
	if _transfer.state = 'joined' then
		perform vals.transfer_finish(_who, _transfer, 'kevin_hangup', _at);
		return;
	end if;
	select m.* into _meaning
	from vals.closer_gone_meaning(_cause, _transfer.answered_at is not null) m;
	perform vals.transfer_fail(_who, _transfer, _meaning.state, _meaning.reason, _at);
end
$$;

-- The transfer a conference belongs to: by the conference's id, else by what we said when we made it, else the latest
-- of the call.
create or replace function vals.transfer_of_conference(_call_id uuid, _payload jsonb)
returns vals.transfers
language plpgsql stable
set search_path = ''
as $$
declare
	_xfer text := vals.client_state(_payload) ->> 'xfer';
	_transfer vals.transfers;
begin
	select t.* into _transfer
	from vals.transfers t
	where t.call_id = _call_id
		and coalesce(t.conference_id, _payload ->> 'conference_id') = _payload ->> 'conference_id'
	order by t.conference_id is not null desc, t.id::text is not distinct from _xfer desc, t.attempt desc
	limit 1;
	return _transfer;
end
$$;

-- A conference's id is known. Kevin follows the lead into it, or the lead leaves it when the transfer is over.
create or replace function vals.transfer_adopt(_transfer vals.transfers, _conference_id text)
returns vals.transfers
language plpgsql
set search_path = ''
as $$
declare
	_leg vals.legs;
begin
	if _transfer.conference_id is not null or _conference_id is null then
		return _transfer;
	end if;
	update vals.transfers t
	set conference_id = _conference_id
	where t.id = _transfer.id
	returning * into _transfer;
	if _transfer.state = 'joining' then
		select g.* into _leg
		from vals.legs g
		where g.id = _transfer.leg_id;
		perform vals.command_queue('conference_join', 'join', _leg, jsonb_build_object('conferenceId', _conference_id));
	elsif _transfer.ended_at is not null then
		perform vals.transfer_undo(_transfer);
	end if;
	return _transfer;
end
$$;

-- Kevin is in the conference. If news of the end came first, he was in it nevertheless, provided
-- that he joined before.
create or replace function vals.transfer_joined(_who jsonb, _transfer vals.transfers, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_call vals.calls;
begin
	if vals.transfer_is_live(_transfer.state) then
		perform vals.transfer_move(_who, _transfer, 'joined', null, _at);
		return;
	end if;
	if _transfer.joined_at is not null or _at > _transfer.ended_at or _transfer.state not in ('lead_left', 'declined') then
		return;
	end if;
	update vals.transfers t
	set joined_at = _at
	where t.id = _transfer.id;
	perform vals.transfer_finish(_who, _transfer, case _transfer.state when 'declined' then 'kevin_hangup' else 'lead_hangup' end,
		_transfer.ended_at);
	update vals.calls c
	set final_status = 'hot_transfer'
	where c.id = _transfer.call_id
		and c.final_status is null
	returning * into _call;
	if found then
		perform vals.call_outcome_to_lead(_who, _call);
	end if;
end
$$;

-- Somebody left the conference: with both in it that ends their conversation. Of Kevin it also says that he was in it.
create or replace function vals.transfer_left(_who jsonb, _transfer vals.transfers, _kind text, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _kind = 'closer' and _transfer.state = 'joining' then
		_transfer := vals.transfer_move(_who, _transfer, 'joined', null, _at);
	end if;
	if _transfer.state = 'joined' then
		perform vals.transfer_finish(_who, _transfer, case _kind when 'closer' then 'kevin_hangup' else 'lead_hangup' end, _at);
		if _kind = 'lead' then
			perform vals.leg_hangup_later((vals.lead_leg(_transfer.call_id)).id);
		end if;
	elsif _transfer.state = 'joining' then
		perform vals.transfer_fail(_who, _transfer, 'lead_left', 'lead_hangup', _at);
	end if;
end
$$;

-- An event of a conference; the leg is the participant's, or that of whom it was made with.
create or replace function vals.conference_event(_who jsonb, _type text, _leg vals.legs, _payload jsonb, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_transfer vals.transfers := vals.transfer_of_conference(_leg.call_id, _payload);
begin
	if _transfer.id is null or (_leg.kind = 'closer' and _transfer.leg_id <> _leg.id) then
		return;
	end if;
	_transfer := vals.transfer_adopt(_transfer, _payload ->> 'conference_id');
	case
		when _type = 'conference.participant.joined' and _leg.kind = 'closer' then
			perform vals.transfer_joined(_who, _transfer, _at);
		when _type = 'conference.participant.left' then
			perform vals.transfer_left(_who, _transfer, _leg.kind, _at);
		when _type = 'conference.ended' and _payload ->> 'reason' = 'time_exceeded' and _transfer.state = 'joined' then
			perform vals.transfer_finish(_who, _transfer, 'timeout', _at);
		else
			null;
	end case;
end
$$;
