-- The runner's side of the recordings: fetch, keep, forget.
--
-- A taken recording belongs to its taker until lease_until, or until its connection is
-- gone; attempt fences off one that overslept it. All answer false when the lease was lost.

-- Take recordings that are to be fetched.
create or replace function run.recordings_take(_worker text, _limit integer, _lease_s integer)
returns table (recording_id uuid, attempt integer, call_id uuid, call_leg_id text, provider_id text, format text, url text, url_age_s integer)
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
declare
	_connections integer[] := vals.connections();
begin
	return query
		with due as (
			select r.id
			from vals.recordings r
			where r.state in ('waiting', 'leased')
				and r.next_at <= now()
				and vals.lease_is_over(r.worker, r.lease_until, _connections)
			order by r.next_at
			limit _limit
			for update skip locked
		)
		update vals.recordings r
		set state = 'leased', worker = vals.lease_holder(_worker), attempt = r.attempt + 1, lease_until = now() + make_interval(secs => _lease_s)
		from due
		where r.id = due.id
		returning r.id, r.attempt, r.call_id, r.call_leg_id, r.recording_id, r.format, r.url, floor(extract(epoch from now() - r.url_at))::integer;
end
$$;

-- Close a leased recording and lock its call, the call first. A row of nulls when the lease was lost.
create or replace function vals.recording_finish(_id uuid, _attempt integer, _state text, _file text, _bytes bigint, _reason text)
returns vals.recordings
language plpgsql
set search_path = ''
as $$
declare
	_recording vals.recordings;
begin
	select r.* into _recording
	from vals.recordings r
	where r.id = _id;
	if not found then
		return null;
	end if;
	perform vals.call_lock(_recording.call_id);
	update vals.recordings r
	set state = _state, file = _file, bytes = _bytes, reason = _reason, finished_at = now(), lease_until = null, url = null
	where r.id = _id
		and r.attempt = _attempt
		and r.state = 'leased'
	returning r.* into _recording;
	if not found then
		return null;
	end if;
	return _recording;
end
$$;

-- The file is there; its name is relative to the folder of recordings.
--   emits call.recording
create or replace function run.recording_stored(_id uuid, _attempt integer, _file text, _bytes bigint)
returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
	_recording vals.recordings := vals.recording_finish(_id, _attempt, 'stored', _file, _bytes, null);
begin
	if _recording.id is null then
		return false;
	end if;
	perform vals.recording_settle(null, vals.call_lock(_recording.call_id), true);
	return true;
end
$$;

-- Try again later.
create or replace function run.recording_retry(_id uuid, _attempt integer, _delay_ms integer, _reason text)
returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
	update vals.recordings r
	set state = 'waiting', lease_until = null, next_at = now() + make_interval(secs => _delay_ms / 1000.0), reason = _reason
	where r.id = _id
		and r.attempt = _attempt
		and r.state = 'leased';
	return found;
end
$$;

-- It cannot be had.
--   emits call.recording when it was the last hope
create or replace function run.recording_failed(_id uuid, _attempt integer, _reason text)
returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
	_recording vals.recordings := vals.recording_finish(_id, _attempt, 'failed', null, null, _reason);
begin
	if _recording.id is null then
		return false;
	end if;
	perform vals.recording_settle(null, vals.call_lock(_recording.call_id), false);
	return true;
end
$$;

-- Files older than so many days, to be deleted and then forgotten.
create or replace function run.recordings_expired(_days integer, _limit integer)
returns table (recording_id uuid, file text)
language plpgsql security definer set search_path = ''
as $$
begin
	return query
		select r.id, r.file
		from vals.recordings r
		where r.state = 'stored'
			and r.finished_at < now() - make_interval(days => _days)
		order by r.finished_at
		limit _limit;
end
$$;

-- The file is gone; that there was a recording stays known.
create or replace function run.recording_forgotten(_id uuid)
returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
	update vals.recordings r
	set state = 'forgotten', file = null
	where r.id = _id
		and r.state = 'stored';
	return found;
end
$$;
