-- What the realtime daemon reads and writes.

-- The last number given.
create or replace function feed.head()
returns bigint
language plpgsql security definer set search_path = ''
as $$
begin
	return (
		select h.last_seq
		from vals.event_head h
	);
end
$$;

-- Become the relay, if nobody is: a lock that lives as long as the connection. A relay numbers several times a second, so one whose
-- connection has been still for seconds hangs, and loses it. With the caller's own rights: they reach as far as the sessions of his role.
create or replace function feed.relay_try()
returns boolean
language plpgsql security invoker set search_path = ''
as $$
begin
	if pg_try_advisory_lock(1447119955, 1) then
		return true;
	end if;
	perform pg_terminate_backend(a.pid)
	from pg_catalog.pg_locks l
		join pg_catalog.pg_stat_activity a on a.pid = l.pid
	where l.locktype = 'advisory'
		and l.granted
		and l.classid = 1447119955
		and l.objid = 1
		and l.objsubid = 2
		and a.datname = current_database()
		and a.state_change < clock_timestamp() - interval '2 seconds';
	return false;
end
$$;

-- Number committed events in the order of their ids, at most _limit. An aggregate's row is locked before its
-- event gets an id, so this order is the order of its commits. The numbers are dense: they are
-- given in one transaction with the head they continue.
create or replace function feed.relay_number(_limit integer)
returns table (numbered integer, last bigint)
language plpgsql security definer set search_path = ''
as $$
declare
	_last bigint;
	_count integer;
begin
	if not exists (select from vals.event_log e where e.seq is null) then
		return query select 0, h.last_seq from vals.event_head h;
		return;
	end if;
	select h.last_seq into _last
	from vals.event_head h
	for update;
	with batch as (
		select w.id, row_number() over (order by w.id) as place
		from (
			select e.id
			from vals.event_log e
			where e.seq is null
			order by e.id
			limit _limit
		) w
	)
	update vals.event_log e
	set seq = _last + b.place
	from batch b
	where e.id = b.id;
	get diagnostics _count = row_count;
	update vals.event_head h
	set last_seq = _last + _count;
	return query select _count, _last + _count;
end
$$;

-- The events after a number, in order.
create or replace function feed.read(_after bigint, _limit integer)
returns table (seq bigint, kind text, call_id uuid, lead_id uuid, payload text)
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
begin
	return query
		select e.seq, e.kind, e.call_id, e.lead_id, e.payload::text
		from vals.event_log e
		where e.seq > _after
		order by e.seq
		limit _limit;
end
$$;

-- The user of an access token, if he may still come in.
create or replace function feed.user(_user_id uuid, _session_id text)
returns table (user_id uuid, role text, name text)
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
begin
	return query
		select u.id, u.role, u.name
		from vals.users u
		where u.id = _user_id
			and u.is_active
			and (_session_id = '' or exists (
				select
				from vals.sessions s
				where s.id = nullif(_session_id, '')::uuid
					and s.user_id = u.id
					and s.revoked_at is null
					and s.expires_at > now()));
end
$$;

-- The user behind a vals_ws cookie.
create or replace function feed.session(_handle_hash text)
returns table (user_id uuid, role text, name text, session_id uuid, expires_at bigint)
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
begin
	return query
		select u.id, u.role, u.name, s.id, extract(epoch from s.expires_at)::bigint
		from vals.session_handles h
			join vals.sessions s on s.id = h.session_id
			join vals.users u on u.id = s.user_id
		where h.handle_hash = _handle_hash
			and s.revoked_at is null
			and s.expires_at > now()
			and u.is_active;
end
$$;

-- The program behind an API key.
create or replace function feed.api_key(_hash text)
returns table (user_id uuid, role text, name text, expires_at bigint)
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
begin
	return query
		select k.id, k.role, k.name, extract(epoch from k.expires_at)::bigint
		from vals.api_keys k
		where k.key_hash = _hash
			and k.revoked_at is null
			and (k.expires_at is null or k.expires_at > now());
end
$$;

-- Which of these sessions (a JSON array of ids) are alive.
create or replace function feed.live_sessions(_session_ids text)
returns table (session_id uuid)
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
begin
	return query
		select s.id
		from vals.sessions s
			join vals.users u on u.id = s.user_id
		where s.id in (select w.id::uuid from json_array_elements_text(_session_ids::json) as w (id))
			and s.revoked_at is null
			and s.expires_at > now()
			and u.is_active;
end
$$;

-- The database's part of system-status.
create or replace function feed.system_status()
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	return (
		select json_build_object(
			'activeCalls', (select count(*) from vals.calls c where c.end_time is null),
			'kevinAvailable', vals.kevin_available(),
			'learningProgress', 0
		)
	);
end
$$;

create or replace function feed.active_calls()
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	return (
		select vals.calls_active_json()
	);
end
$$;

-- The socket's two writes are the routes' own functions.
create or replace function feed.kevin_availability_set(_user_id uuid, _body jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	return (
		select api.kevin_availability_set(jsonb_build_object('id', _user_id), _body)
	);
end
$$;

create or replace function feed.engagement_report(_user_id uuid, _body jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	return (
		select vals.engagement_report(jsonb_build_object('id', _user_id), _body)
	);
end
$$;

-- The kind of a program that calls itself vals-runner-host:17, and which of its kind it is.
create or replace function vals.program_kind(_program text)
returns text
language sql immutable parallel safe
as $$
	select substring(_program from '^vals-[a-z]+')
$$;

create or replace function vals.program_instance(_program text)
returns text
language sql immutable parallel safe
as $$
	select coalesce(substring(_program from '^vals-[a-z]+-(.+)$'), '')
$$;

-- Keep a program's counters. Of those that have been silent for an hour the last one of a kind stays, so that it is seen to be down.
create or replace function vals.status_put(_program text, _counters jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
	delete from vals.program_status old
	where old.updated_at < now() - interval '1 hour'
		and exists (
			select
			from vals.program_status p
			where vals.program_kind(p.program) = vals.program_kind(old.program)
				and p.updated_at > old.updated_at);
	insert into vals.program_status as p (program, counters)
	values (_program, _counters)
	on conflict (program) do update
	set counters = excluded.counters, updated_at = now();
end
$$;

create or replace function feed.status_put(_program text, _counters jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
	perform vals.status_put(_program, _counters);
end
$$;
