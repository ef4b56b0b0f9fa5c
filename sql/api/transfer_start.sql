-- Asking for a transfer: start it, wait for what comes of it, take it back.

create or replace function vals.transfer_message(_transfer vals.transfers)
returns text
language sql immutable
as $$
	select case
		when _transfer.joined_at is not null then 'Transfer successful - Kevin joined the call'
		when _transfer.ended_at is null then 'Transfer in progress'
		else 'Transfer failed - continuing with agent'
	end
$$;

-- What whoever asked for a transfer is answered.
create or replace function vals.transfer_body(_transfer vals.transfers)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select json_build_object('callId', c.id, 'transferId', _transfer.id, 'transferSuccess', _transfer.joined_at is not null,
			'status', c.status, 'state', _transfer.state, 'failureReason', _transfer.failure_reason,
			'message', vals.transfer_message(_transfer))
		from vals.calls c
		where c.id = _transfer.call_id
	);
end
$$;

-- Refuse a transfer that cannot be: the call first, then Kevin.
--   raises RS409, RS400
create or replace function vals.transfer_check(_call vals.calls, _closer_number text)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _call.end_time is not null then
		perform vals.refuse(409, 'Call is over', 'CALL_OVER');
	elsif _call.answered_at is null then
		perform vals.refuse(409, 'Call was not answered yet', 'CALL_NOT_ANSWERED');
	elsif _call.status in ('transferring', 'transferred') then
		perform vals.refuse(409, 'Call is being transferred', 'TRANSFER_ACTIVE');
	elsif coalesce(_closer_number, '') in ('', _call.phone_number) or not vals.kevin_available() then
		perform vals.refuse(400, 'Kevin is not available for transfer', 'KEVIN_UNAVAILABLE');
	end if;
end
$$;

-- The row of a transfer, which reserves Kevin: he is one, so a second one alive cannot be.
--   raises RS400 when another call was faster
create or replace function vals.transfer_reserve(_who jsonb, _rules jsonb, _call vals.calls, _note text)
returns vals.transfers
language plpgsql
set search_path = ''
as $$
declare
	_ring_s integer := coalesce((_rules ->> 'ringSecs')::integer, 25);
	_transfer vals.transfers;
begin
	insert into vals.transfers (call_id, lead_id, attempt, note, initiated_by, engagement_score, phase, key_indicators, ring_s,
		is_key_needed, deadline_at)
	select _call.id, _call.lead_id, coalesce(max(t.attempt), 0) + 1, _note, vals.actor(_who), _call.score, _call.phase,
		coalesce((
			select case when jsonb_typeof(r.indicators) = 'array' then r.indicators end
			from vals.engagement_reports r
			where r.call_id = _call.id
			order by r.reported_at desc, r.id desc
			limit 1), '[]'),
		_ring_s, coalesce((_rules ->> 'acceptKey')::boolean, true), clock_timestamp() + vals.transfer_time('requested', _ring_s)
	from vals.transfers t
	where t.call_id = _call.id
	returning * into _transfer;
	return _transfer;
exception when unique_violation then
	perform vals.refuse(400, 'Kevin is not available for transfer', 'KEVIN_UNAVAILABLE');
end
$$;

-- Ring Kevin. The lead is not touched.
create or replace function vals.transfer_dial(_transfer vals.transfers, _number text)
returns vals.transfers
language plpgsql
set search_path = ''
as $$
declare
	_lead vals.legs := vals.lead_leg(_transfer.call_id);
	_leg vals.legs;
begin
	insert into vals.legs (call_id, kind, ring_s)
	values (_transfer.call_id, 'closer', _transfer.ring_s)
	returning * into _leg;
	update vals.transfers t
	set leg_id = _leg.id
	where t.id = _transfer.id
	returning * into _transfer;
	perform vals.command_queue('dial', 'dial', _leg, jsonb_strip_nulls(jsonb_build_object('to', _number, 'leg', 'closer', 'xfer', _transfer.id,
		'timeoutSecs', _transfer.ring_s, 'linkTo', _lead.call_control_id)));
	return _transfer;
end
$$;

-- Start a transfer. _rules: {"closerNumber", "acceptKey", "ringSecs"}.
--   raises RS404, RS409 when the call cannot be transferred now, RS400 when Kevin cannot be rung
--   emits  call.transfer, call.status, kevin.availability
create or replace function api.call_transfer_start(_who jsonb, _rules jsonb, _id uuid, _body jsonb)
returns table (body json, resource_id uuid)
language plpgsql security definer set search_path = ''
as $$
declare
	_call vals.calls := vals.call_lock(_id);
	_transfer vals.transfers;
begin
	perform vals.transfers_lock(_id);
	perform vals.transfer_check(_call, _rules ->> 'closerNumber');
	_transfer := vals.transfer_reserve(_who, _rules, _call, _body ->> 'note');
	_transfer := vals.transfer_dial(_transfer, _rules ->> 'closerNumber');
	perform vals.transfer_emit(_who, _transfer);
	perform vals.call_follow_transfer(_who, _transfer);
	perform vals.kevin_tell(_who, true);
	perform vals.audit(_who, 'call.transfer', 'call', _id, null,
		jsonb_build_object('transferId', _transfer.id, 'attempt', _transfer.attempt, 'note', _transfer.note));
	return query
		select vals.transfer_body(_transfer), _transfer.id;
end
$$;

-- What came of a transfer; no row while it is under way.
create or replace function api.call_transfer_result(_transfer_id uuid)
returns table (http_status integer, body json)
language plpgsql security definer set search_path = ''
as $$
begin
	return query
		select 200, vals.transfer_body(t)
		from vals.transfers t
		where t.id = _transfer_id
			and (t.joined_at is not null or t.ended_at is not null);
end
$$;

-- How far a transfer is.
create or replace function api.call_transfer_state(_transfer_id uuid)
returns table (body json)
language plpgsql security definer set search_path = ''
as $$
begin
	return query
		select vals.transfer_body(t)
		from vals.transfers t
		where t.id = _transfer_id;
end
$$;

-- Take a transfer back, as long as the two are not being brought together.
--   raises RS404, RS409 when none is alive, or it is too late
--   emits  call.transfer, call.status, kevin.availability
create or replace function api.call_transfer_cancel(_who jsonb, _id uuid)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_call vals.calls := vals.call_lock(_id);
	_transfer vals.transfers;
begin
	perform vals.transfers_lock(_id);
	_transfer := vals.transfer_latest(_id);
	if _transfer.id is null or _transfer.ended_at is not null then
		perform vals.refuse(409, 'Call is not being transferred', 'TRANSFER_NOT_ACTIVE');
	elsif _transfer.state in ('joining', 'joined') then
		perform vals.refuse(409, 'Kevin is already being joined', 'TRANSFER_JOINED');
	end if;
	perform vals.transfer_fail(_who, _transfer, 'canceled', 'canceled', clock_timestamp());
	perform vals.audit(_who, 'call.transfer.cancel', 'call', _id, null, jsonb_build_object('transferId', _transfer.id));
	return vals.transfer_body(vals.transfer_latest(_id));
end
$$;
