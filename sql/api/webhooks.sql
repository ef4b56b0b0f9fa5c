-- The provider's events: stored once, then applied by rank, not by arrival.

-- What we sent along with the commands of a leg; null when it is missing or not ours.
create or replace function vals.client_state(_payload jsonb)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
	_state jsonb;
begin
	_state := convert_from(decode(_payload ->> 'client_state', 'base64'), 'UTF8')::jsonb;
	return case when jsonb_typeof(_state) = 'object' then _state end;
exception when others then
	-- Anything may stand there; what cannot be read says nothing.
	return null;
end
$$;

-- When something happened, as the provider wrote it; null where that is no time. That it happened is worth more than when.
create or replace function vals.time_told(_text text)
returns timestamptz
language plpgsql stable
set search_path = ''
as $$
declare
	_at timestamptz;
begin
	_at := _text;
	return case when isfinite(_at) then _at end;
exception when data_exception then
	return null;
end
$$;

-- The leg whose dial carried this, as long as its ids are not known. Null if there is none.
create or replace function vals.leg_of_state(_state jsonb)
returns uuid
language plpgsql stable
set search_path = ''
as $$
declare
	_id uuid;
begin
	select g.id into _id
	from vals.legs g
	where g.call_id = (_state ->> 'call')::uuid
		and g.kind = _state ->> 'leg'
		and g.call_control_id is null
		and (g.kind = 'lead' or exists (
			select
			from vals.transfers t
			where t.leg_id = g.id
				and t.id = (_state ->> 'xfer')::uuid));
	return _id;
exception when invalid_text_representation then
	-- No uuid of ours.
	return null;
end
$$;

-- Which leg an event speaks of: by the provider's ids, else by the client_state we sent along, but not in
-- events of a conference, which all carry that of whom it was made with. Null if unknown.
create or replace function vals.webhook_leg(_type text, _payload jsonb)
returns uuid
language plpgsql stable
set search_path = ''
as $$
declare
	_id uuid;
begin
	select g.id into _id
	from vals.legs g
	where g.call_control_id = _payload ->> 'call_control_id'
		or g.call_leg_id = _payload ->> 'call_leg_id';
	if _id is null and _type not like 'conference.%' then
		_id := vals.leg_of_state(vals.client_state(_payload));
	end if;
	return _id;
end
$$;

-- Who says what is heard on a track: the lead on the way in; what he hears comes from the agent until Kevin has joined.
create or replace function vals.transcript_speaker(_call_id uuid, _track text, _at timestamptz)
returns text
language plpgsql stable
set search_path = ''
as $$
declare
	_transfer vals.transfers := vals.transfer_latest(_call_id);
begin
	return case
		when _track = 'inbound' then 'prospect'
		when _transfer.joined_at <= _at then 'kevin'
		else 'agent'
	end;
end
$$;

-- Add what was said to the transcript, once, also if the same is told by another event.
--   emits call.transcript
create or replace function vals.webhook_transcript(_who jsonb, _call vals.calls, _event vals.webhook_events, _at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_said jsonb := _event.raw #> '{data,payload,transcription_data}';
	_speaker text := vals.transcript_speaker(_call.id, _said ->> 'transcription_track', _at);
	_text text := left(trim(_said ->> 'transcript'), 4000);
	_confidence numeric := case when jsonb_typeof(_said -> 'confidence') = 'number' then (_said ->> 'confidence')::numeric end;
begin
	if _said ->> 'is_final' is distinct from 'true' or coalesce(_text, '') = '' or exists (
		select
		from vals.transcript_entries e
		where e.call_id = _call.id
			and (e.event_id = _event.id or (e.spoken_at = date_trunc('milliseconds', _at) and e.speaker = _speaker and e.text = _text)))
	then
		return;
	end if;
	perform vals.transcript_append(_who, _call, jsonb_build_array(jsonb_build_object('speaker', _speaker, 'text', _text,
		'timestamp', vals.iso(_at), 'confidence', least(greatest(_confidence, 0), 1))), _event.id);
end
$$;

-- What an event of a leg means.
create or replace function vals.webhook_effect(_who jsonb, _event vals.webhook_events, _call vals.calls, _leg vals.legs)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_type text := _event.event_type;
	_payload jsonb := _event.raw #> '{data,payload}';
	_at timestamptz := coalesce(_event.occurred_at, _event.received_at);
begin
	case
		when _type = 'call.initiated' then
			perform vals.leg_rings(_who, _call, _leg, _at);
		when _type = 'call.answered' then
			perform vals.leg_answered(_who, _call, _leg, _at);
		when _type like 'call.machine.%.ended' then
			perform vals.leg_screened(_who, _call, _leg, vals.amd_meaning(_type, _payload ->> 'result'), _at);
		when _type = 'call.hangup' then
			perform vals.leg_hung_up(_who, _call, _leg, _payload, _at);
		when _type = 'call.gather.ended' then
			perform vals.transfer_gathered(_who, _leg, _payload, _at);
		when _type like 'conference.%' then
			perform vals.conference_event(_who, _type, _leg, _payload, _at);
		when _type = 'call.recording.saved' then
			perform vals.recording_saved(_leg, _payload, _at);
		when _type = 'call.recording.error' then
			perform vals.recording_error(_who, _call);
		when _type = 'call.transcription' then
			perform vals.webhook_transcript(_who, _call, _event, _at);
		else
			null;	-- stored, of no consequence
	end case;
end
$$;

-- Apply a stored event to the leg it speaks of. Ranks, not the order of arrival, decide; what was already
-- true stays true. An event whose leg is unknown stays unprocessed until the dial's answer is stored.
create or replace function vals.webhook_apply(_who jsonb, _event vals.webhook_events)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_payload jsonb := _event.raw #> '{data,payload}';
	_leg_id uuid := vals.webhook_leg(_event.event_type, _payload);
	_call_id uuid;
	_call vals.calls;
	_leg vals.legs;
begin
	select g.call_id into _call_id
	from vals.legs g
	where g.id = _leg_id;
	if not found then
		if coalesce(_payload ->> 'call_control_id', _payload ->> 'call_leg_id') is null then
			update vals.webhook_events e set processed_at = now() where e.id = _event.id;
		end if;
		return;
	end if;
	_call := vals.call_lock(_call_id);
	perform vals.transfers_lock(_call_id);
	perform g.id
	from vals.legs g
	where g.id = _leg_id
	for no key update;
	perform vals.leg_identify(_leg_id, _payload);
	select g.* into _leg
	from vals.legs g
	where g.id = _leg_id;

	perform vals.webhook_effect(_who, _event, _call, _leg);
	perform vals.leg_watch(_leg_id);
	update vals.webhook_events e
	set processed_at = now(), leg_id = _leg_id
	where e.id = _event.id;
end
$$;

-- Apply a stored event, on its own: what cannot be applied, by a fault of ours, is kept for later and named, and undoes
-- nothing else. Where the database is short of something the event is not to blame, and whoever brought it begins again.
create or replace function vals.webhook_try(_who jsonb, _event vals.webhook_events)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
	perform vals.webhook_apply(_who, _event);
	return true;
exception
	when transaction_rollback or lock_not_available or insufficient_resources or operator_intervention then
		raise;
	when others then
		raise warning 'event % (%) is put off: %', _event.id, _event.event_type, sqlerrm;
		update vals.webhook_events e
		set put_off_until = now() + interval '10 minutes'
		where e.id = _event.id;
		return false;
end
$$;

-- Take in one event, already verified. The same event again is no event; one that cannot be applied is kept as well.
--   emits what the event makes true
create or replace function api.webhook_receive(_who jsonb, _id uuid, _type text, _raw jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_event vals.webhook_events;
begin
	insert into vals.webhook_events (id, event_type, occurred_at, call_control_id, call_leg_id, raw)
	values (_id, _type, coalesce(vals.time_told(_raw #>> '{data,occurred_at}'), vals.time_told(_raw #>> '{data,payload,occurred_at}')),
		_raw #>> '{data,payload,call_control_id}', _raw #>> '{data,payload,call_leg_id}', _raw)
	on conflict (id) do nothing
	returning * into _event;
	if not found then
		return json_build_object('received', true, 'isRepeated', true);
	end if;
	perform vals.webhook_try(_who, _event);
	return json_build_object('received', true);
end
$$;

-- Apply the stored events of a leg whose ids have just become known, in the order in which they happened.
create or replace function vals.webhooks_of_leg(_call_control_id text, _call_leg_id text)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_event vals.webhook_events;
begin
	for _event in
		select e.*
		from vals.webhook_events e
		where (e.call_control_id = _call_control_id or e.call_leg_id = _call_leg_id)
			and e.processed_at is null
		order by e.occurred_at, e.received_at
		for update
	loop
		perform vals.webhook_try(null, _event);
	end loop;
end
$$;
