-- The runner's side of the command rows: take, finish, give up.
--
-- A taken command belongs to its taker until lease_until, or until its connection is
-- gone; attempt fences off one that overslept it. All answer ok = false when the lease was lost.

-- Who holds a lease: the runner, and the connection it took it by. With the connection the lease is over, so that
-- what a killed runner held is not waited for.
create or replace function vals.lease_holder(_worker text)
returns text
language sql stable
as $$
	select _worker || '#' || pg_catalog.pg_backend_pid()
$$;

-- The connections there are.
create or replace function vals.connections()
returns integer[]
language plpgsql stable
set search_path = ''
as $$
begin
	return array(select a.pid from pg_catalog.pg_stat_get_activity(null) a);
end
$$;

create or replace function vals.lease_is_over(_holder text, _until timestamptz, _connections integer[])
returns boolean
language sql stable
as $$
	select _until is null or _until < now() or nullif(split_part(_holder, '#', 2), '')::integer <> all (_connections)
$$;

-- Give commands to a runner, in the order of the list. Their age is that of the first sending.
create or replace function vals.commands_lease(_ids uuid[], _worker text, _lease_s integer)
returns table (command_id uuid, kind text, attempt integer, age_ms bigint, call_id uuid, leg_id uuid,
	call_control_id text, params text)
language plpgsql
set search_path = ''
as $$
#variable_conflict use_column
begin
	return query
		with leased as (
			update vals.commands c
			set state = 'leased', worker = vals.lease_holder(_worker), attempt = c.attempt + 1,
				lease_until = now() + make_interval(secs => _lease_s),
				first_sent_at = coalesce(c.first_sent_at, now())
			from vals.legs g
			where c.command_id = any (_ids)
				and g.id = c.leg_id
			returning c.*, g.call_control_id
		)
		select l.command_id, l.kind, l.attempt, floor(extract(epoch from now() - l.first_sent_at) * 1000)::bigint,
			l.call_id, l.leg_id, l.call_control_id, l.params::text
		from leased l
		order by array_position(_ids, l.command_id);
end
$$;

-- How many dials may be sent now, and how many of them may be new ones. The provider counts a request when it arrives,
-- which is at some time between its being taken and its answer: it counts here until five seconds after that. 0 as a
-- limit is none. While another runner counts none are free: what is to be done with connected telephones does not wait for it.
create or replace function vals.dials_free(_dials_max integer, _calls_max integer, out pace integer, out calls integer)
language plpgsql
set search_path = ''
as $$
begin
	if not pg_catalog.pg_try_advisory_xact_lock(1447119955, 4) then
		pace := 0;
		calls := 0;
		return;
	end if;
	delete from vals.dial_requests r
	where r.over_at <= clock_timestamp() - interval '5 seconds';
	if _dials_max > 0 then
		pace := greatest(0, _dials_max - (
			select count(*)
			from (
				select
				from vals.commands c
				where c.kind = 'dial'
					and c.state = 'leased'
				union all
				select
				from vals.dial_requests r
			) q));
	end if;
	if _calls_max > 0 then
		calls := greatest(0, _calls_max - (
			select count(*)
			from vals.legs g
			where g.state <> 'ended'
				and exists (
					select
					from vals.commands c
					where c.leg_id = g.id
						and c.kind = 'dial'
						and c.first_sent_at is not null)));
	end if;
end
$$;

-- Whether a dial is still wanted: nobody is dialled for a call that is over, or to be hung up at once, no lead later than
-- the deadline of his leg allows, and none who has asked for peace meanwhile. If the dial may have been carried out it is
-- taken once the provider's memory of it has passed, and the runner asks instead of repeating.
create or replace function vals.dial_is_wanted(_dial vals.commands)
returns boolean
language plpgsql stable cost 10000
set search_path = ''
as $$
begin
	return _dial.first_sent_at < now() - interval '60 seconds' or (
		not vals.leg_is_released(_dial.leg_id)
		and exists (
			select
			from vals.calls l
				join vals.leads d on d.id = l.lead_id
				join vals.legs g on g.id = _dial.leg_id
			where l.id = _dial.call_id
				and l.end_time is null
				and (_dial.first_sent_at is not null or coalesce(g.deadline_at, 'infinity') > clock_timestamp())
				and (g.kind = 'closer' or not vals.is_do_not_call(d, l.phone_number))));
end
$$;

-- Dials that are due: Kevin's first, for a lead is waiting for him, then those to be sent again, for the provider soon
-- forgets them, then at most so many new ones (null: any number). Who was dialled before counts as connected already.
create or replace function vals.dials_due(_limit integer, _new integer)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
	_connections integer[] := vals.connections();
begin
	return array(
		with first as (
			select c.command_id, c.params ->> 'leg' is not distinct from 'closer' as is_closer, c.first_sent_at is null as is_new,
				c.next_at, c.place
			from vals.commands c
			where c.state in ('pending', 'leased')
				and c.kind = 'dial'
				and (c.first_sent_at is not null or c.params ->> 'leg' = 'closer')
				and (c.first_sent_at is not null or _new is distinct from 0)
				and c.next_at <= now()
				and vals.lease_is_over(c.worker, c.lease_until, _connections)
				and vals.dial_is_wanted(c)
			order by is_closer desc, c.next_at, c.place
			limit _limit
			for update of c skip locked
		), new as (
			select c.command_id, c.next_at, c.place
			from vals.commands c
			where c.state = 'pending'
				and c.kind = 'dial'
				and c.first_sent_at is null
				and c.params ->> 'leg' is distinct from 'closer'
				and c.next_at <= now()
				and vals.dial_is_wanted(c)
			order by c.next_at, c.place
			limit least(_limit, _new - (select count(*) from first f where f.is_new))
			for update of c skip locked
		)
		select d.command_id
		from (
			select f.command_id, f.is_closer, true as is_first, f.next_at, f.place
			from first f
			union all
			select n.command_id, false, false, n.next_at, n.place
			from new n
		) d
		order by d.is_closer desc, d.is_first desc, d.next_at, d.place
		limit _limit);
end
$$;

-- Other commands that are due: only once the provider's id of their leg is known. What the lead is told comes before what
-- is done with him, but does not hold it up for long; the stop of a recording follows its start, however long that takes.
create or replace function vals.commands_due(_limit integer)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
	_connections integer[] := vals.connections();
begin
	return array(
		select c.command_id
		from vals.commands c
			join vals.legs g on g.id = c.leg_id
		where c.state in ('pending', 'leased')
			and c.kind <> 'dial'
			and c.next_at <= now()
			and vals.lease_is_over(c.worker, c.lease_until, _connections)
			and g.call_control_id is not null
			and not exists (
				select
				from vals.commands s
				where s.leg_id = c.leg_id
					and s.state in ('pending', 'leased')
					and (
						(c.kind = 'record_stop' and s.kind = 'record_start')
						or (c.kind = 'conference_create' and s.kind = 'speak' and c.created_at > now() - interval '1 second')))
		order by c.next_at, c.place
		limit _limit
		for update of c skip locked);
end
$$;

-- Take commands that are due. Dials wait behind what is to be done with telephones that are connected, and for
-- their pace: at most _dials_max within any five seconds over all runners, at most _calls_max legs alive (0: no limit).
create or replace function run.commands_take(_worker text, _limit integer, _lease_s integer, _dials_max integer default 0,
	_calls_max integer default 0)
returns table (command_id uuid, kind text, attempt integer, age_ms bigint, call_id uuid, leg_id uuid,
	call_control_id text, params text)
language plpgsql security definer set search_path = ''
as $$
declare
	_ids uuid[] := vals.commands_due(_limit);
	_room integer := _limit - cardinality(_ids);
	_free record;
begin
	if _room > 0 and exists (
		select
		from vals.commands c
		where c.state in ('pending', 'leased')
			and c.kind = 'dial'
			and c.next_at <= now())
	then
		_free := vals.dials_free(_dials_max, _calls_max);
		_ids := _ids || vals.dials_due(least(_room, _free.pace), _free.calls);
	end if;
	return query
		select l.command_id, l.kind, l.attempt, l.age_ms, l.call_id, l.leg_id, l.call_control_id, l.params
		from vals.commands_lease(_ids, _worker, _lease_s) l;
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

-- Try again later, with the same command_id. What the provider certainly did not carry out (it was
-- busy, or never reached) counts as never sent: its age begins anew, and an end of the call, also one
-- that came meanwhile, takes it back. A dial whose telephone was heard of meanwhile is done.
create or replace function run.command_retry(_command_id uuid, _attempt integer, _delay_ms integer, _reason text,
	_may_have_acted boolean)
returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
	_command vals.commands;
	_leg vals.legs;
begin
	perform vals.command_lock(_command_id);
	update vals.commands c
	set state = 'pending', lease_until = null, next_at = now() + make_interval(secs => _delay_ms / 1000.0), reason = _reason,
		first_sent_at = case when _may_have_acted then c.first_sent_at end
	where c.command_id = _command_id
		and c.attempt = _attempt
		and c.state = 'leased'
	returning c.* into _command;
	if _command.kind = 'dial' then
		_leg := vals.command_leg(_command);
		if _leg.call_control_id is not null then
			perform vals.dial_heard_of(_leg.id);
		elsif not _may_have_acted and vals.leg_is_released(_leg.id) then
			perform vals.leg_release(_leg);
		end if;
	end if;
	return _command.command_id is not null;
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

-- Whether a batch begun then has taken a second: the runner has other things to do, and a statement that takes too long is
-- undone as a whole, time and again.
create or replace function vals.batch_is_over(_began timestamptz)
returns boolean
language sql
as $$
	select clock_timestamp() > _began + interval '1 second'
$$;

-- Apply events that came before their leg's ids were known, and were missed by the storing of the ids because both
-- committed at once; and those put off. Whoever applies events locks their call first; a call that somebody else holds is
-- left for the next time, and so is what a second does not suffice for. Answers how many were applied.
create or replace function run.webhooks_reapply(_limit integer)
returns integer
language plpgsql security definer set search_path = ''
as $$
declare
	_due record;
	_event vals.webhook_events;
	_began timestamptz := clock_timestamp();
	_applied integer := 0;
begin
	for _due in
		select e.id, l.call_id
		from vals.webhook_events e
			cross join lateral (
				select g.call_id
				from vals.legs g
				where g.call_control_id = e.call_control_id
					or g.call_leg_id = e.call_leg_id
				limit 1) l
		where e.processed_at is null
			and e.received_at > now() - interval '1 day'
			and coalesce(e.put_off_until, '-infinity') <= now()
		order by e.occurred_at, e.received_at
		limit _limit
	loop
		perform c.id
		from vals.calls c
		where c.id = _due.call_id
		for no key update skip locked;
		continue when not found;
		select e.* into _event
		from vals.webhook_events e
		where e.id = _due.id
			and e.processed_at is null;
		continue when not found;
		_applied := _applied + vals.webhook_try(null, _event)::integer;
		exit when vals.batch_is_over(_began);
	end loop;
	return _applied;
end
$$;
