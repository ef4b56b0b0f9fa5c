-- The runner's side of the command rows: take, finish, give up.
--
-- A taken command belongs to its taker until lease_until; attempt fences off one
-- that overslept it. All answer ok = false when the lease was lost.

-- Take commands that are due. Anything but a dial is due only once the provider's id of its leg is known, the stop of a
-- recording only once its start is done.
create or replace function run.commands_take(_worker text, _limit integer, _lease_s integer)
returns table (command_id uuid, kind text, attempt integer, age_ms bigint, call_id uuid, leg_id uuid,
	call_control_id text, params text)
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
begin
	return query
		with due as (
			select c.command_id
			from vals.commands c
				join vals.legs g on g.id = c.leg_id
			where c.state in ('pending', 'leased')
				and c.next_at <= now()
				and (c.lease_until is null or c.lease_until < now())
				and (c.kind = 'dial' or g.call_control_id is not null)
				-- Nobody is dialled for a call that is over. If the dial may have been carried out it is
				-- taken once the provider's memory of it has passed, and the runner asks instead of repeating.
				and (c.kind <> 'dial' or c.first_sent_at < now() - interval '60 seconds' or exists (
					select
					from vals.calls l
					where l.id = c.call_id
						and l.end_time is null))
				and not (c.kind = 'record_stop' and exists (
					select
					from vals.commands s
					where s.leg_id = c.leg_id
						and s.kind = 'record_start'
						and s.state in ('pending', 'leased')))
			order by c.next_at
			limit _limit
			for update of c skip locked
		)
		update vals.commands c
		set state = 'leased', worker = _worker, attempt = c.attempt + 1, lease_until = now() + make_interval(secs => _lease_s),
			first_sent_at = coalesce(c.first_sent_at, now())
		from due, vals.legs g
		where c.command_id = due.command_id
			and g.id = c.leg_id
		returning c.command_id, c.kind, c.attempt, floor(extract(epoch from now() - c.first_sent_at) * 1000)::bigint,
			c.call_id, c.leg_id, g.call_control_id, c.params::text;
end
$$;

-- Close a leased command. Null when the lease was lost.
create or replace function vals.command_finish(_command_id uuid, _attempt integer, _state text, _http_status integer, _code text, _reason text)
returns vals.commands
language plpgsql
set search_path = ''
as $$
declare
	_command vals.commands;
begin
	update vals.commands c
	set state = _state, finished_at = now(), lease_until = null, http_status = _http_status, error_code = _code, reason = _reason
	where c.command_id = _command_id
		and c.attempt = _attempt
		and c.state = 'leased'
	returning c.* into _command;
	return _command;
end
$$;

-- The provider took the command. A dial's answer brings the leg's ids; events which came
-- before them are applied now, and a call that ended meanwhile is hung up.
create or replace function run.command_done(_command_id uuid, _attempt integer, _http_status integer, _answer jsonb)
returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
	_command vals.commands;
	_call_id uuid;
	_data jsonb := _answer -> 'data';
	_event vals.webhook_events;
begin
	select c.call_id into _call_id from vals.commands c where c.command_id = _command_id;
	perform vals.call_lock(_call_id);
	_command := vals.command_finish(_command_id, _attempt, 'done', _http_status, null, null);
	if _command.command_id is null then
		return false;
	end if;
	if _command.kind <> 'dial' then
		return true;
	end if;

	update vals.legs g
	set call_control_id = coalesce(g.call_control_id, _data ->> 'call_control_id'),
		call_leg_id = coalesce(g.call_leg_id, _data ->> 'call_leg_id'),
		call_session_id = coalesce(g.call_session_id, _data ->> 'call_session_id'),
		state = case when g.state = 'queued' then 'dialing' else g.state end
	where g.id = _command.leg_id;
	for _event in
		select e.*
		from vals.webhook_events e
		where e.call_control_id = _data ->> 'call_control_id'
			and e.processed_at is null
		order by e.occurred_at, e.received_at
		for update
	loop
		perform vals.webhook_apply(null, _event);
	end loop;
	return true;
end
$$;

-- Try again later, with the same command_id. What the provider certainly did not carry out (it was
-- busy, or never reached) counts as never sent: its age begins anew, and an end of the call takes it back.
create or replace function run.command_retry(_command_id uuid, _attempt integer, _delay_ms integer, _reason text,
	_may_have_acted boolean)
returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
	update vals.commands c
	set state = 'pending', lease_until = null, next_at = now() + make_interval(secs => _delay_ms / 1000.0), reason = _reason,
		first_sent_at = case when _may_have_acted then c.first_sent_at end
	where c.command_id = _command_id
		and c.attempt = _attempt
		and c.state = 'leased';
	return found;
end
$$;

-- The provider will never do it. A dial that failed ends its call, a recording that could not start is failed.
--   emits call.status, call.ended for a dial; call.recording for a recording
create or replace function run.command_failed(_command_id uuid, _attempt integer, _http_status integer, _code text, _reason text)
returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
	_command vals.commands;
	_call vals.calls;
	_call_id uuid;
begin
	select c.call_id into _call_id from vals.commands c where c.command_id = _command_id;
	_call := vals.call_lock(_call_id);
	_command := vals.command_finish(_command_id, _attempt, 'failed', _http_status, _code, _reason);
	if _command.command_id is null then
		return false;
	end if;
	if _command.kind = 'dial' then
		-- A telephone that rings was dialled, whatever the answer said.
		update vals.legs g
		set state = 'ended', ended_at = now()
		where g.id = _command.leg_id
			and g.state in ('queued', 'dialing');
		-- What was to be done with a telephone that never rang.
		update vals.commands c
		set state = 'canceled', finished_at = now(), reason = 'the dial failed'
		where c.leg_id = _command.leg_id
			and c.state = 'pending';
		if _call.end_time is null then
			perform vals.call_end(null, _call, 'failed', case when _code = '10016' then 'wrong_number' else 'failed' end, 'api_error',
				null, clock_timestamp());
		end if;
	elsif _command.step = 'record_start_' || _call.recordings then
		update vals.calls c
		set recording_status = 'failed', updated_at = clock_timestamp()
		where c.id = _call.id
		returning * into _call;
		perform vals.recording_emit(null, _call);
	end if;
	return true;
end
$$;

-- Nobody can say whether the provider did it: it stays leased to nobody until the runner has asked.
create or replace function run.command_unsure(_command_id uuid, _attempt integer, _reason text)
returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
	return run.command_retry(_command_id, _attempt, 5000, _reason, true);
end
$$;

create or replace function run.status_put(_program text, _counters jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
	perform vals.status_put(_program, _counters);
end
$$;

-- Apply events that came before their leg's ids were known, and were missed by the storing of the ids
-- because both committed at once. Answers how many found their leg.
create or replace function run.webhooks_reapply(_limit integer)
returns integer
language plpgsql security definer set search_path = ''
as $$
declare
	_event vals.webhook_events;
	_found integer := 0;
begin
	for _event in
		select e.*
		from vals.webhook_events e
		where e.processed_at is null
			and e.received_at > now() - interval '1 day'
			and exists (select from vals.legs g where g.call_control_id = e.call_control_id)
		order by e.occurred_at, e.received_at
		limit _limit
		for update skip locked
	loop
		perform vals.webhook_apply(null, _event);
		_found := _found + 1;
	end loop;
	return _found;
end
$$;

-- Forget what is past its time. Answers the size of the largest batch; the runner calls it once an hour and
-- again while a batch comes back full.
create or replace function run.retention(_limit integer)
returns integer
language plpgsql security definer set search_path = ''
as $$
declare
	_gone integer := 0;
	_count integer;
begin
	delete from vals.idempotency_keys k
	where k.ctid in (select i.ctid from vals.idempotency_keys i where i.created_at < now() - interval '24 hours' limit _limit);
	get diagnostics _count = row_count;
	_gone := greatest(_gone, _count);
	delete from vals.login_attempts a
	where a.window_start < now() - interval '1 hour';
	delete from vals.sessions s
	where s.id in (select x.id from vals.sessions x where x.expires_at < now() - interval '1 day' limit _limit);
	get diagnostics _count = row_count;
	return greatest(_gone, _count);
end
$$;
