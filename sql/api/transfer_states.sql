-- The states of a transfer, and what the world is told of them.
--
--   requested -> dialing -> (screening) -> briefing -> joining -> joined -> ended
--
-- Kevin is rung, told who it is and asked for a key while the lead still speaks with the agent; only then
-- both are brought together. Any state before joined may end in a failing one.
-- vals.transfer_move is the only place where a state changes; vals.transfer_moves says what may follow.
-- Whoever calls these functions holds the locks of the call and of its transfers.

create or replace function vals.transfer_is_live(_state text)
returns boolean
language sql immutable parallel safe
as $$
	select _state in ('requested', 'dialing', 'screening', 'briefing', 'joining', 'joined')
$$;

-- How long a state may last; null when it lasts as long as people talk, or for ever.
create or replace function vals.transfer_time(_state text, _ring_s integer)
returns interval
language sql immutable parallel safe
as $$
	select case _state
		when 'requested' then interval '10 seconds'
		when 'dialing' then make_interval(secs => _ring_s + 10)
		when 'screening' then interval '6 seconds'
		when 'briefing' then interval '15 seconds'
		when 'joining' then interval '5 seconds'
	end
$$;

-- A transfer as its call shows it.
create or replace function vals.call_transfer_json(_transfer vals.transfers)
returns jsonb
language sql stable
as $$
	select jsonb_build_object('id', _transfer.id, 'state', _transfer.state, 'attempt', _transfer.attempt,
		'failureReason', _transfer.failure_reason, 'initiatedAt', vals.iso(_transfer.initiated_at),
		'answeredAt', vals.iso(_transfer.answered_at), 'joinedAt', vals.iso(_transfer.joined_at), 'endedAt', vals.iso(_transfer.ended_at))
$$;

create or replace function vals.transfer_get(_id uuid)
returns vals.transfers
language plpgsql stable
set search_path = ''
as $$
declare
	_transfer vals.transfers;
begin
	select t.* into _transfer
	from vals.transfers t
	where t.id = _id;
	return _transfer;
end
$$;

-- The latest transfer of a call; its id is null when there was none.
create or replace function vals.transfer_latest(_call_id uuid)
returns vals.transfers
language plpgsql stable
set search_path = ''
as $$
declare
	_transfer vals.transfers;
begin
	select t.* into _transfer
	from vals.transfers t
	where t.call_id = _call_id
	order by t.attempt desc
	limit 1;
	return _transfer;
end
$$;

-- The transfer a leg of Kevin's belongs to.
create or replace function vals.transfer_of_leg(_leg_id uuid)
returns vals.transfers
language plpgsql stable
set search_path = ''
as $$
declare
	_transfer vals.transfers;
begin
	select t.* into _transfer
	from vals.transfers t
	where t.leg_id = _leg_id;
	return _transfer;
end
$$;

-- Lock the transfers of a call, after the call itself.
create or replace function vals.transfers_lock(_call_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
	perform t.id
	from vals.transfers t
	where t.call_id = _call_id
	order by t.attempt
	for no key update;
end
$$;

create or replace function vals.transfer_emit(_who jsonb, _transfer vals.transfers)
returns void
language sql
as $$
	select vals.emit('call.transfer', _transfer.call_id, _transfer.lead_id,
		jsonb_build_object('callId', _transfer.call_id, 'leadId', _transfer.lead_id, 'transferId', _transfer.id,
			'attempt', _transfer.attempt, 'state', _transfer.state, 'success', _transfer.joined_at is not null,
			'kevinJoined', _transfer.state = 'joined', 'failureReason', _transfer.failure_reason), _who)
$$;

-- Tell that Kevin became free or busy, if he did. His row is locked so that two who tell it do so in turn.
--   emits kevin.availability
create or replace function vals.kevin_tell(_who jsonb, _was_available boolean)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_kevin vals.kevin;
begin
	if vals.kevin_available() = _was_available then
		return;
	end if;
	select k.* into _kevin
	from vals.kevin k
	for no key update;
	perform vals.emit('kevin.availability', null, null, jsonb_build_object('available', not _was_available,
		'reason', _kevin.override_reason, 'until', vals.iso(_kevin.override_until)), _who);
end
$$;

-- A call's status follows its transfer, as long as the call lives.
--   emits call.status
create or replace function vals.call_follow_transfer(_who jsonb, _transfer vals.transfers)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_old vals.calls;
	_call vals.calls;
begin
	select c.* into _old
	from vals.calls c
	where c.id = _transfer.call_id;
	update vals.calls c
	set status = case
			when c.end_time is not null then c.status
			when _transfer.joined_at is not null then 'transferred'
			when _transfer.ended_at is null then 'transferring'
			else 'transfer_failed'
		end,
		transfer_attempted = true, transfer_time = _transfer.initiated_at,
		transfer_success = case when _transfer.joined_at is not null then true when _transfer.ended_at is not null then false end,
		updated_at = clock_timestamp()
	where c.id = _transfer.call_id
	returning * into _call;
	if _call.status <> _old.status then
		perform vals.call_emit_status(_who, _call);
	end if;
end
$$;

-- Move a transfer; a move that is not in the table is nothing. Answers the transfer as it is then, or a row of nulls
-- when it did not move. The times of what happened are the provider's, the deadlines ours.
--   emits call.transfer, call.status, kevin.availability
create or replace function vals.transfer_move(_who jsonb, _transfer vals.transfers, _to text, _reason text, _at timestamptz)
returns vals.transfers
language plpgsql
set search_path = ''
as $$
declare
	_was_available boolean := vals.kevin_available();
	_moved vals.transfers;
begin
	if not exists (select from vals.transfer_moves m where m.from_state = _transfer.state and m.to_state = _to) then
		return _moved;
	end if;
	update vals.transfers t
	set state = _to, failure_reason = _reason, version = t.version + 1, updated_at = clock_timestamp(),
		deadline_at = clock_timestamp() + vals.transfer_time(_to, t.ring_s),
		answered_at = coalesce(t.answered_at, case when _to in ('screening', 'briefing') then _at end),
		joined_at = coalesce(t.joined_at, case when _to = 'joined' then _at end),
		accepted = case when _to in ('joining', 'ended') then true when _to = 'declined' then false else t.accepted end,
		ended_at = coalesce(t.ended_at, case when not vals.transfer_is_live(_to) then greatest(_at, t.joined_at, t.initiated_at) end)
	where t.id = _transfer.id
	returning * into _moved;
	perform vals.transfer_emit(_who, _moved);
	perform vals.call_follow_transfer(_who, _moved);
	perform vals.kevin_tell(_who, _was_available);
	return _moved;
end
$$;
