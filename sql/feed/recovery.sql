-- Sockets that come back: who they were, and from which event on they have to hear.
--
-- What is lost here when the server crashes is refused explicitly later, so nobody waits for the disk.

-- Whether a state is still to be had: its connection lives, or ended within the window.
create or replace function vals.socket_state_is_fresh(_left_at timestamptz, _instance uuid, _window interval)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
	if _left_at is not null then
		return _left_at > now() - _window;
	end if;
	return exists (
		select
		from vals.ws_instances i
		where i.id = _instance
			and i.seen_at > now() - _window
	);
end
$$;

-- Whether every event after a number is still in the log.
create or replace function vals.events_are_kept(_after bigint)
returns boolean
language plpgsql stable
set search_path = ''
as $$
declare
	_last bigint;
begin
	select h.last_seq into _last
	from vals.event_head h;
	return _after = _last
		or _after < _last and exists (select from vals.event_log e where e.seq = _after + 1);
end
$$;

-- The number a state goes on after. The stock client keeps the offset of an earlier state until it hears an event in the new one;
-- that is as good as none.
create or replace function vals.socket_state_after(_state vals.socket_states, _offset bigint)
returns bigint
language sql immutable parallel safe
as $$
	select greatest(_offset, _state.start_seq)
$$;

-- Take over the state a client asks for with {pid, principal, offset?, instance, window, isReachable?}; isReachable: it is the daemon's
-- own, whose client is connected, or else not. Answers the row as it is now, or nothing if it is not to be had.
create or replace function vals.socket_state_take(_claim jsonb)
returns vals.socket_states
language plpgsql
set search_path = ''
as $$
declare
	_window interval := make_interval(secs => (_claim ->> 'window')::double precision / 1000);
	_instance uuid := (_claim ->> 'instance')::uuid;
	_state vals.socket_states;
	_after bigint;
begin
	select s.* into _state
	from vals.socket_states s
	where s.pid_hash = _claim ->> 'pid'
	for update;
	_after := vals.socket_state_after(_state, (_claim ->> 'offset')::bigint);
	if _state.pid_hash is null
		or _state.principal <> (_claim ->> 'principal')::uuid
		or (_state.left_at is null and _state.contested_until > now() and coalesce((_claim ->> 'isReachable')::boolean, true))
		or not vals.socket_state_is_fresh(_state.left_at, _state.instance, _window)
		or not vals.events_are_kept(_after)
	then
		return null;
	end if;
	if _state.left_at is null and _state.instance <> _instance then
		insert into vals.socket_fences (instance, pid_hash)
		values (_state.instance, _state.pid_hash)
		on conflict do nothing;
	end if;
	update vals.socket_states s
	set epoch = s.epoch + 1,
		instance = _instance,
		left_at = null,
		contested_until = case when (_claim ->> 'isReachable')::boolean then now() + interval '5 seconds' end
	where s.pid_hash = _state.pid_hash
	returning s.* into _state;
	return _state;
end
$$;

-- A socket comes in: take over the state it asks for, or make a new one under newPid. Answers where it goes on, and
-- whether another daemon has to be told that it lost the socket.
create or replace function feed.recovery_enter(_claim jsonb)
returns table (is_recovered boolean, epoch integer, socket_id text, rooms jsonb, after bigint, is_fenced boolean)
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
declare
	_state vals.socket_states;
begin
	perform set_config('synchronous_commit', 'off', true);
	if _claim ? 'pid' then
		_state := vals.socket_state_take(_claim);
	end if;
	if _state.pid_hash is not null then
		return query
			select true, _state.epoch, _state.socket_id, _state.rooms,
				vals.socket_state_after(_state, (_claim ->> 'offset')::bigint),
				exists (select from vals.socket_fences f where f.pid_hash = _state.pid_hash);
		return;
	end if;
	insert into vals.socket_states (pid_hash, principal, socket_id, start_seq, instance)
	values (_claim ->> 'newPid', (_claim ->> 'principal')::uuid, _claim ->> 'socketId',
		(_claim ->> 'start')::bigint, (_claim ->> 'instance')::uuid);
	return query select false, 1, _claim ->> 'socketId', '{}'::jsonb, (_claim ->> 'start')::bigint, false;
end
$$;

-- Keep the rooms of {pid, epoch, rooms}. Answers false if the state is no longer the caller's.
create or replace function feed.recovery_save(_state jsonb)
returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
	perform set_config('synchronous_commit', 'off', true);
	update vals.socket_states s
	set rooms = _state -> 'rooms'
	where s.pid_hash = _state ->> 'pid'
		and s.epoch = (_state ->> 'epoch')::integer;
	return found;
end
$$;

-- Connections ended, [{pid, epoch, isFinal}]: a client that took its leave (isFinal) does not come back to its state.
create or replace function feed.recovery_leave(_gone jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
	perform set_config('synchronous_commit', 'off', true);
	delete from vals.socket_states s
	using jsonb_to_recordset(_gone) as g (pid text, epoch integer, "isFinal" boolean)
	where g."isFinal"
		and s.pid_hash = g.pid
		and s.epoch = g.epoch;
	update vals.socket_states s
	set left_at = now()
	from jsonb_to_recordset(_gone) as g (pid text, epoch integer, "isFinal" boolean)
	where not g."isFinal"
		and s.pid_hash = g.pid
		and s.epoch = g.epoch;
end
$$;

-- A daemon shows that it lives, {instance, node, window}, and hears which sockets it lost to others. On the way it forgets some of
-- what nobody can come back to.
create or replace function feed.recovery_beat(_beat jsonb)
returns table (pid_hash text)
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
declare
	_window interval := make_interval(secs => (_beat ->> 'window')::double precision / 1000);
	_instance uuid := (_beat ->> 'instance')::uuid;
begin
	perform set_config('synchronous_commit', 'off', true);
	insert into vals.ws_instances as i (id, node)
	values (_instance, (_beat ->> 'node')::integer)
	on conflict (id) do update
	set seen_at = now();
	delete from vals.socket_states s
	where s.pid_hash in (
		select w.pid_hash
		from vals.socket_states w
		where w.left_at < now() - _window
		limit 1000
		for update skip locked);
	delete from vals.ws_instances i
	where i.id in (
		select w.id
		from vals.ws_instances w
		where w.seen_at < now() - 2 * _window - interval '1 minute'
		for update skip locked);
	return query
		delete from vals.socket_fences f
		where f.instance = _instance
		returning f.pid_hash;
end
$$;

-- Living connections, a JSON array of pid hashes, were closed because another took over.
create or replace function feed.recovery_contest(_pids jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
	perform set_config('synchronous_commit', 'off', true);
	update vals.socket_states s
	set contested_until = now() + interval '5 seconds'
	where s.pid_hash in (select p.hash from jsonb_array_elements_text(_pids) as p (hash))
		and s.left_at is null;
end
$$;

-- The log lost events that were heard of: nobody who is away may come back to a number.
create or replace function feed.recovery_forget_away()
returns void
language plpgsql security definer set search_path = ''
as $$
begin
	delete from vals.socket_states s
	where s.left_at is not null;
end
$$;
