-- Recordings: what the provider says it has, and the files of ours which they become.

-- The provider has a recording: a row for the runner to fetch. The same one again only brings a fresh address.
create or replace function vals.recording_saved(_leg vals.legs, _payload jsonb, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_format text := case when _payload #>> '{recording_urls,mp3}' is null and _payload #>> '{recording_urls,wav}' is not null then 'wav'
		else 'mp3' end;
	_url text := _payload #>> array['recording_urls', _format];
	_started_at timestamptz := coalesce(vals.time_told(_payload ->> 'recording_started_at'), _leg.answered_at, _at);
	_call_leg_id text := coalesce(_leg.call_leg_id, _payload ->> 'call_leg_id', _leg.id::text);
begin
	update vals.recordings r
	set url = coalesce(_url, r.url), url_at = case when _url is not null then greatest(r.url_at, _at) else r.url_at end,
		recording_id = coalesce(r.recording_id, _payload ->> 'recording_id')
	where r.recording_id = _payload ->> 'recording_id'
		or (r.call_leg_id = _call_leg_id and r.started_at = _started_at);
	if found then
		return;
	end if;
	insert into vals.recordings (call_id, leg_id, call_leg_id, recording_id, channels, format, url, url_at, started_at, ended_at)
	values (_leg.call_id, _leg.id, _call_leg_id, _payload ->> 'recording_id',
		case _payload ->> 'channels' when 'single' then 'single' else 'dual' end, _format, _url, case when _url is not null then _at end,
		_started_at, vals.time_told(_payload ->> 'recording_ended_at'));
end
$$;

-- The call's own word on its recording follows its files: available with the first one stored, failed when the last
-- hope is gone. While another is being made it stays as it is.
--   emits call.recording when it changed, and when a file became available
create or replace function vals.recording_settle(_who jsonb, _call vals.calls, _is_stored boolean)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_status text;
begin
	if _call.recording_status <> 'recording' then
		select case
				when bool_or(r.state = 'stored') then 'available'
				when bool_or(r.state in ('waiting', 'leased')) then 'processing'
				else 'failed'
			end into _status
		from vals.recordings r
		where r.call_id = _call.id;
	end if;
	if not _is_stored and _call.recording_status = coalesce(_status, _call.recording_status) then
		return;
	end if;
	update vals.calls c
	set recording_status = coalesce(_status, c.recording_status), updated_at = clock_timestamp()
	where c.id = _call.id
	returning * into _call;
	perform vals.recording_emit(_who, _call);
end
$$;

-- The provider could not record.
--   emits call.recording
create or replace function vals.recording_error(_who jsonb, _call vals.calls)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _call.recording_status not in ('recording', 'processing') then
		return;
	end if;
	update vals.calls c
	set recording_status = 'failed', updated_at = clock_timestamp()
	where c.id = _call.id
	returning * into _call;
	perform vals.recording_emit(_who, _call);
end
$$;

-- A recording as the list shows it; its link is vals-api's to sign.
create or replace function vals.recording_row(_recording vals.recordings)
returns json
language sql stable
as $$
	select json_build_object('id', _recording.id, 'channels', _recording.channels, 'format', _recording.format, 'bytes', _recording.bytes,
		'durationSec', floor(extract(epoch from _recording.ended_at - _recording.started_at))::int,
		'startedAt', vals.iso(_recording.started_at), 'endedAt', vals.iso(_recording.ended_at),
		'status', case _recording.state when 'stored' then 'available' when 'waiting' then 'processing' when 'leased' then 'processing'
			when 'forgotten' then 'expired' else _recording.state end)
$$;

-- The recordings of a call, in the order in which they were made.
--   raises RS404
create or replace function api.recordings_get(_who jsonb, _id uuid)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_call vals.calls := vals.call_by_id(_id);
begin
	return (
		select json_build_object('callId', _id, 'recording', vals.recording_json(_call),
			'recordings', coalesce(json_agg(vals.recording_row(r) order by r.started_at), '[]'))
		from vals.recordings r
		where r.call_id = _id
	);
end
$$;

-- The file of a recording; no row when there is none (any more).
create or replace function api.recording_file(_id uuid)
returns table (file text)
language plpgsql security definer set search_path = ''
as $$
begin
	return query
		select r.file
		from vals.recordings r
		where r.id = _id
			and r.state = 'stored';
end
$$;
