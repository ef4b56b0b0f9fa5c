-- Deadlines: rows whose time is up. What is silent for too long is asked about, what waits for too long is given up.

-- Ask the provider whether a leg is alive; one question at a time.
create or replace function vals.leg_inquire(_leg vals.legs)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if exists (
		select
		from vals.commands c
		where c.leg_id = _leg.id
			and c.kind = 'inquire'
			and c.state in ('pending', 'leased'))
	then
		return;
	end if;
	update vals.legs g
	set inquiries = g.inquiries + 1
	where g.id = _leg.id
	returning * into _leg;
	perform vals.command_queue('inquire', 'inquire_' || _leg.inquiries, _leg);
end
$$;

-- A dial has waited for too long. If it was surely never sent it is given up; else it finds out itself what became of it.
--   emits  call.status, call.ended
create or replace function vals.dial_overdue(_call vals.calls, _leg vals.legs)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_dial vals.commands;
begin
	update vals.commands c
	set state = 'failed', finished_at = now(), reason = 'waited_too_long'
	where c.leg_id = _leg.id
		and c.kind = 'dial'
		and c.state = 'pending'
		and c.first_sent_at is null
	returning c.* into _dial;
	if found then
		perform vals.dial_failed(_call, _dial, null);
	end if;
end
$$;

-- A leg was silent for too long. Without a verdict who answered counts as unknown; one that rang for too long, or
-- outlived its limit, is hung up; all others are asked about, now and again in a while.
create or replace function vals.leg_overdue(_call vals.calls, _leg vals.legs)
returns void
language plpgsql
set search_path = ''
as $$
begin
	update vals.legs g
	set deadline_at = clock_timestamp() + case when g.state = 'answered' and not vals.leg_is_released(g.id) then interval '5 minutes'
		else interval '1 minute' end
	where g.id = _leg.id;
	if _leg.call_control_id is null then
		perform vals.dial_overdue(_call, _leg);
	elsif _leg.state = 'answered' and _leg.amd is null and not vals.leg_is_released(_leg.id) then
		perform vals.leg_screened(null, _call, _leg, 'unknown', clock_timestamp());
	else
		if _leg.state in ('dialing', 'ringing') or _leg.answered_at + make_interval(secs => _leg.limit_s + 60) < clock_timestamp() then
			perform vals.command_queue('hangup', 'hangup', _leg);
		end if;
		perform vals.leg_inquire(_leg);
	end if;
end
$$;

-- Joining takes too long. Who is in the conference is asked once; a conference that is still being made, by a runner
-- that had to begin again perhaps, is waited for once more.
create or replace function vals.transfer_join_overdue(_transfer vals.transfers, _leg vals.legs)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_is_asked boolean := exists (select from vals.commands c where c.leg_id = _leg.id and c.kind = 'participants');
	_is_being_made boolean := exists (
		select
		from vals.commands c
		where c.call_id = _transfer.call_id
			and c.step = 'conference_' || _transfer.attempt
			and c.state in ('pending', 'leased'));
begin
	if _transfer.join_error is not null or _is_asked or (_transfer.conference_id is null and (_transfer.join_checks > 0 or not _is_being_made))
	then
		perform vals.transfer_fail(null, _transfer, 'failed', 'join_failed', clock_timestamp());
		return;
	end if;
	update vals.transfers t
	set join_checks = t.join_checks + 1, deadline_at = clock_timestamp() + vals.transfer_time('joining', t.ring_s)
	where t.id = _transfer.id;
	if _transfer.conference_id is not null then
		perform vals.command_queue('participants', 'participants_1', _leg, jsonb_build_object('conferenceId', _transfer.conference_id));
	end if;
end
$$;

-- A transfer was in its state for too long.
create or replace function vals.transfer_overdue(_transfer vals.transfers)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_leg vals.legs;
begin
	select g.* into _leg
	from vals.legs g
	where g.id = _transfer.leg_id;
	case _transfer.state
		when 'screening' then
			-- A hot lead missed costs more than a short wrong join.
			perform vals.transfer_join(null, _transfer, clock_timestamp());
		when 'briefing' then
			perform vals.command_queue('gather_stop', 'gather_stop', _leg);
			perform vals.transfer_fail(null, _transfer, 'declined', 'no_key', clock_timestamp());
		when 'joining' then
			perform vals.transfer_join_overdue(_transfer, _leg);
		when 'dialing' then
			perform vals.transfer_fail(null, _transfer, 'no_answer', 'no_answer', clock_timestamp());
		else
			perform vals.transfer_fail(null, _transfer, 'failed', 'api_error', clock_timestamp());
	end case;
end
$$;

-- Act on one deadline, if it still stands now that the call is locked. Answers whether it did.
create or replace function vals.deadline_act(_call vals.calls, _transfer_id uuid, _leg_id uuid)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
	_transfer vals.transfers;
	_leg vals.legs;
begin
	perform vals.transfers_lock(_call.id);
	_transfer := vals.transfer_get(_transfer_id);
	if _transfer.ended_at is null and _transfer.deadline_at <= clock_timestamp() then
		perform vals.transfer_overdue(_transfer);
		return true;
	end if;
	select g.* into _leg
	from vals.legs g
	where g.id = _leg_id
	for no key update;
	if _leg.state <> 'ended' and _leg.deadline_at <= clock_timestamp() then
		perform vals.leg_overdue(_call, _leg);
		return true;
	end if;
	return false;
end
$$;

-- Put off a deadline that could not be acted on, and say so: the others behind it are not to wait for it.
create or replace function vals.deadline_put_off(_transfer_id uuid, _leg_id uuid, _why text)
returns void
language plpgsql
set search_path = ''
as $$
begin
	raise warning 'the deadline of % % is put off: %', case when _leg_id is null then 'transfer' else 'leg' end,
		coalesce(_leg_id, _transfer_id), _why;
	update vals.transfers t
	set deadline_at = clock_timestamp() + interval '10 seconds'
	where t.id = _transfer_id;
	update vals.legs g
	set deadline_at = clock_timestamp() + interval '10 seconds'
	where g.id = _leg_id;
end
$$;

-- The same, on its own: what goes wrong with it undoes no other. A call that somebody else holds is left for the
-- next time. Answers whether it did; null when it has waited for somebody in vain.
create or replace function vals.deadline_fire(_call_id uuid, _transfer_id uuid, _leg_id uuid)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
	_call vals.calls;
begin
	select c.* into _call
	from vals.calls c
	where c.id = _call_id
	for no key update skip locked;
	if not found then
		return false;
	end if;
	begin
		return vals.deadline_act(_call, _transfer_id, _leg_id);
	exception
		when transaction_rollback then
			raise;	-- a conflict: all of it is begun again
		when lock_not_available then
			perform vals.deadline_put_off(_transfer_id, _leg_id, sqlerrm);
			return null;
		when others then
			perform vals.deadline_put_off(_transfer_id, _leg_id, sqlerrm);
			return false;
	end;
end
$$;

-- Act on the deadlines that have passed, as many as there is time for. Answers how many there were.
--   emits what they make true
create or replace function run.deadlines_fire(_limit integer)
returns integer
language plpgsql security definer set search_path = ''
as $$
declare
	_now timestamptz := clock_timestamp();	-- of one value, so that the indexes serve
	_due record;
	_has_fired boolean;
	_fired integer := 0;
begin
	for _due in
		(select t.call_id, t.id as transfer_id, null::uuid as leg_id
		from vals.transfers t
		where t.ended_at is null
			and t.deadline_at <= _now
		order by t.deadline_at
		limit _limit)
		union all
		(select g.call_id, null, g.id
		from vals.legs g
		where g.deadline_at <= _now
		order by g.deadline_at
		limit _limit)
	loop
		_has_fired := vals.deadline_fire(_due.call_id, _due.transfer_id, _due.leg_id);
		exit when _has_fired is null;	-- waiting once more might take longer than the statement may
		_fired := _fired + _has_fired::integer;
		exit when vals.batch_is_over(_now);
	end loop;
	return _fired;
end
$$;
