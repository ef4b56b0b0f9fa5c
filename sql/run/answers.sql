-- What the provider's answers to commands make true.

-- Lock what a command is about, in their order: its call, the call's transfers. Answers the call.
create or replace function vals.command_lock(_command_id uuid)
returns vals.calls
language plpgsql
set search_path = ''
as $$
declare
	_call_id uuid;
	_call vals.calls;
begin
	select c.call_id into _call_id
	from vals.commands c
	where c.command_id = _command_id;
	_call := vals.call_lock(_call_id);
	perform vals.transfers_lock(_call_id);
	return _call;
end
$$;

create or replace function vals.command_leg(_command vals.commands)
returns vals.legs
language plpgsql stable
set search_path = ''
as $$
declare
	_leg vals.legs;
begin
	select g.* into _leg
	from vals.legs g
	where g.id = _command.leg_id;
	return _leg;
end
$$;

-- A dial's answer brings the leg's ids; events which came before them are applied now, and a call that ended
-- meanwhile is hung up.
create or replace function vals.dial_done(_command vals.commands, _data jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_leg vals.legs;
begin
	perform vals.leg_identify(_command.leg_id, _data);
	_leg := vals.command_leg(_command);
	if _leg.kind = 'closer' then
		perform vals.transfer_rings(null, _leg);
	end if;
	perform vals.leg_watch(_leg.id);
	perform vals.webhooks_of_leg(_data ->> 'call_control_id', _data ->> 'call_leg_id');
end
$$;

-- Whether a leg is alive, as the provider says. One that is to be gone and is not is hung up again.
create or replace function vals.inquire_done(_call vals.calls, _command vals.commands, _data jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_leg vals.legs := vals.command_leg(_command);
begin
	if _data ->> 'is_alive' = 'false' then
		perform vals.leg_lost(null, _call, _leg);
	elsif _leg.state <> 'ended' and vals.leg_is_released(_leg.id) then
		perform vals.command_queue('hangup', 'hangup_' || _leg.inquiries, _leg);
	end if;
end
$$;

-- Who is in the conference: Kevin among them means that the news of it was lost; otherwise he will not be any more.
create or replace function vals.participants_done(_command vals.commands, _data jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_leg vals.legs := vals.command_leg(_command);
	_transfer vals.transfers := vals.transfer_of_leg(_leg.id);
	_is_joined boolean;
begin
	if _transfer.state <> 'joining' then
		return;
	end if;
	select bool_or(p ->> 'call_control_id' = _leg.call_control_id and coalesce(p ->> 'status', 'joined') = 'joined') into _is_joined
	from jsonb_array_elements(case when jsonb_typeof(_data) = 'array' then _data else '[]' end) as p;
	if _is_joined then
		perform vals.transfer_joined(null, _transfer, clock_timestamp());
	else
		perform vals.transfer_fail(null, _transfer, 'failed', 'join_failed', clock_timestamp());
	end if;
end
$$;

-- The provider took the command.
--   emits what its answer makes true
create or replace function run.command_done(_command_id uuid, _attempt integer, _http_status integer, _answer jsonb)
returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
	_call vals.calls := vals.command_lock(_command_id);
	_command vals.commands := vals.command_finish(_command_id, _attempt, 'done', _http_status, null, null);
	_data jsonb := _answer -> 'data';
begin
	if _command.command_id is null then
		return false;
	end if;
	case _command.kind
		when 'dial' then
			perform vals.dial_done(_command, _data);
		when 'conference_create' then
			perform vals.transfer_adopt(vals.transfer_get((_command.params ->> 'xfer')::uuid), _data ->> 'id');
		when 'inquire' then
			perform vals.inquire_done(_call, _command, _data);
		when 'participants' then
			perform vals.participants_done(_command, _data);
		else
			null;	-- what it does is told by events
	end case;
	return true;
end
$$;

-- A dial that will never be done ends its leg, and with it the call or the transfer. A telephone that was heard of was
-- dialled, whatever the answer said: then the dial is done.
create or replace function vals.dial_failed(_call vals.calls, _command vals.commands, _code text)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_leg vals.legs := vals.command_leg(_command);
	_is_no_number boolean := _code = '10016';
begin
	if _leg.call_control_id is not null then
		update vals.commands c set state = 'done' where c.command_id = _command.command_id;
		return;
	end if;
	perform vals.leg_end(_leg, null, clock_timestamp());
	if _leg.kind = 'closer' then
		perform vals.transfer_fail(null, vals.transfer_of_leg(_leg.id), 'failed',
			case when _is_no_number then 'invalid_number' else 'api_error' end, clock_timestamp());
	elsif _call.end_time is null then
		perform vals.call_end(null, _call, 'failed', case when _is_no_number then 'wrong_number' else 'failed' end, 'api_error',
			null, clock_timestamp());
	end if;
end
$$;

-- The provider will not bring lead and Kevin together. Mostly one of them has just hung up, and the news of that decides
-- if it comes soon.
create or replace function vals.join_failed(_transfer vals.transfers, _reason text)
returns void
language plpgsql
set search_path = ''
as $$
begin
	update vals.transfers t
	set join_error = _reason, deadline_at = clock_timestamp() + interval '2 seconds'
	where t.id = _transfer.id
		and t.state = 'joining';
end
$$;

-- Whether a refusal is of this code; which field it is about may stand behind it.
create or replace function vals.is_about(_refusal text, _code text)
returns boolean
language sql immutable
as $$
	select split_part(_refusal, ' ', 1) = _code
$$;

-- Kevin cannot be asked. If that is because he has hung up, the news of it says so.
create or replace function vals.gather_failed(_command vals.commands, _code text)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_transfer vals.transfers := vals.transfer_of_leg(_command.leg_id);
begin
	if not vals.is_about(_code, '90018') and _transfer.state = 'briefing' then
		perform vals.transfer_fail(null, _transfer, 'failed', 'api_error', clock_timestamp());
	end if;
end
$$;

-- A recording that could not start is failed.
create or replace function vals.record_start_failed(_call vals.calls, _command vals.commands)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _command.step = 'record_start_' || _call.recordings then
		update vals.calls c
		set recording_status = 'failed', updated_at = clock_timestamp()
		where c.id = _call.id
		returning * into _call;
		perform vals.recording_emit(null, _call);
	end if;
end
$$;

-- The provider says of a leg that it has ended, or that there is none such. Mostly the news of its end is on its way; if
-- none comes soon the leg is asked about. A hang-up is looked after by the deadline it sets.
create or replace function vals.leg_doubt(_leg vals.legs)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _leg.state = 'ended' then
		return;
	end if;
	perform vals.leg_inquire(_leg);
	update vals.commands c
	set next_at = now() + interval '2 seconds'
	where c.leg_id = _leg.id
		and c.kind = 'inquire'
		and c.state = 'pending'
		and c.first_sent_at is null;
end
$$;

-- The provider will never do it.
--   emits call.status, call.ended for a dial; call.recording for a recording; call.transfer for what a transfer needs
create or replace function run.command_failed(_command_id uuid, _attempt integer, _http_status integer, _code text, _reason text)
returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
	_call vals.calls := vals.command_lock(_command_id);
	_command vals.commands := vals.command_finish(_command_id, _attempt, 'failed', _http_status, _code, _reason);
begin
	if _command.command_id is null then
		return false;
	end if;
	case _command.kind
		when 'dial' then
			perform vals.dial_failed(_call, _command, _code);
		when 'record_start' then
			perform vals.record_start_failed(_call, _command);
		when 'gather' then
			perform vals.gather_failed(_command, _code);
		when 'conference_create' then
			perform vals.join_failed(vals.transfer_get((_command.params ->> 'xfer')::uuid), _reason);
		when 'conference_join' then
			perform vals.join_failed(vals.transfer_of_leg(_command.leg_id), _reason);
		when 'participants' then
			perform vals.participants_done(_command, '[]');
		else
			null;	-- of no consequence
	end case;
	if _command.kind not in ('dial', 'hangup') and (vals.is_about(_code, '90018') or vals.is_about(_code, '90015')) then
		perform vals.leg_doubt(vals.command_leg(_command));
	end if;
	return true;
end
$$;
