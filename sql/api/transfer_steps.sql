-- The steps of a transfer: what is asked of the provider on the way, and what is undone.

-- Text that a voice can read: without control characters, and no longer than this.
create or replace function vals.speakable(_text text, _length integer)
returns text
language sql immutable
as $$
	select trim(left(trim(regexp_replace(coalesce(_text, ''), '[[:cntrl:][:space:]]+', ' ', 'g')), _length))
$$;

-- What Kevin is told before he decides.
create or replace function vals.transfer_briefing(_transfer vals.transfers)
returns text
language plpgsql stable
set search_path = ''
as $$
declare
	_note text := vals.speakable(_transfer.note, 100);
begin
	return (
		select concat_ws(' ',
			'Hot lead: ' || vals.speakable(vals.lead_name(l), 200) || '.',
			'Score ' || round(_transfer.engagement_score) || ' of 100.',
			'Phase: ' || p.name || '.',
			case when _note <> '' then 'Note: ' || _note || '.' end,
			'Press 1 to take the call.')
		from vals.leads l
			left join vals.phases p on p.phase = _transfer.phase
		where l.id = _transfer.lead_id
	);
end
$$;

-- Kevin is on his telephone: tell him who it is, and wait for the key.
create or replace function vals.transfer_brief(_who jsonb, _transfer vals.transfers, _leg vals.legs, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
	_transfer := vals.transfer_move(_who, _transfer, 'briefing', null, _at);
	if _transfer.id is not null then
		perform vals.command_queue('gather', 'gather', _leg, jsonb_build_object('payload', vals.transfer_briefing(_transfer)));
	end if;
end
$$;

-- Kevin takes the call: tell the lead, and make the conference with him in it. Kevin follows once it has an id.
create or replace function vals.transfer_join(_who jsonb, _transfer vals.transfers, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_lead vals.legs := vals.lead_leg(_transfer.call_id);
begin
	_transfer := vals.transfer_move(_who, _transfer, 'joining', null, _at);
	if _transfer.id is null then
		return;
	end if;
	perform vals.command_queue('speak', 'notice_' || _transfer.attempt, _lead,
		jsonb_build_object('payload', 'One moment please, I am connecting you with Kevin.'));
	perform vals.command_queue('conference_create', 'conference_' || _transfer.attempt, _lead,
		jsonb_build_object('name', 'xfer-' || _transfer.id, 'xfer', _transfer.id));
end
$$;

-- Bring the lead back to the agent: the conference that was not made yet is not made, the one that was
-- is left. It is never ended, for that would hang up.
create or replace function vals.transfer_undo(_transfer vals.transfers)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_lead vals.legs := vals.lead_leg(_transfer.call_id);
begin
	update vals.commands c
	set state = 'canceled', finished_at = now(), reason = 'the transfer is over'
	where c.leg_id = _lead.id
		and c.step in ('notice_' || _transfer.attempt, 'conference_' || _transfer.attempt)
		and c.state = 'pending'
		and c.first_sent_at is null;
	-- Made without our knowing yet, it will be left when its id is heard of.
	if _transfer.conference_id is not null and _lead.state <> 'ended' then
		perform vals.command_queue('conference_leave', 'leave_' || _transfer.attempt, _lead,
			jsonb_build_object('conferenceId', _transfer.conference_id));
	end if;
end
$$;

-- Let go of Kevin's telephone; nothing more is asked of it.
create or replace function vals.transfer_release_closer(_transfer vals.transfers)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_leg vals.legs;
begin
	update vals.commands c
	set state = 'canceled', finished_at = now(), reason = 'the transfer is over'
	where c.leg_id = _transfer.leg_id
		and c.kind not in ('dial', 'gather_stop', 'hangup')
		and c.state = 'pending';
	select g.* into _leg
	from vals.legs g
	where g.id = _transfer.leg_id;
	if found then
		perform vals.leg_release(_leg);
	end if;
end
$$;

-- A transfer came to nothing: Kevin's telephone is let go of, the lead's stays where it is.
create or replace function vals.transfer_fail(_who jsonb, _transfer vals.transfers, _to text, _reason text, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
	_transfer := vals.transfer_move(_who, _transfer, _to, _reason, _at);
	if _transfer.id is not null then
		perform vals.transfer_undo(_transfer);
		perform vals.transfer_release_closer(_transfer);
	end if;
end
$$;

-- The conversation of lead and Kevin is over: whoever is left is hung up, and the call with him.
create or replace function vals.transfer_finish(_who jsonb, _transfer vals.transfers, _end_reason text, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_call vals.calls;
begin
	_transfer := vals.transfer_move(_who, _transfer, 'ended', null, _at);
	if _transfer.id is null then
		return;
	end if;
	perform vals.legs_release(_transfer.call_id);
	select c.* into _call
	from vals.calls c
	where c.id = _transfer.call_id;
	if _call.end_time is null then
		perform vals.call_end(_who, _call, 'completed', null, _end_reason, null, _at);
	end if;
end
$$;

-- A call ended: so does what it has of a transfer. Whether the lead left or somebody here ended it, Kevin's telephone
-- does not outlive the lead's.
create or replace function vals.transfer_close(_who jsonb, _call vals.calls)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_transfer vals.transfers := vals.transfer_latest(_call.id);
begin
	if _transfer.ended_at is not null or _transfer.id is null then
		return;
	end if;
	if _transfer.state = 'joined' then
		_transfer := vals.transfer_move(_who, _transfer, 'ended', null, _call.end_time);
		perform vals.transfer_release_closer(_transfer);
	else
		perform vals.transfer_fail(_who, _transfer, case when _call.end_reason = 'operator_ended' then 'canceled' else 'lead_left' end,
			_call.end_reason, _call.end_time);
	end if;
end
$$;
