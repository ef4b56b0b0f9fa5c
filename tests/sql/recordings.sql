-- Recordings: what the provider says it has, fetched once, kept, shown, forgotten; and what it heard.
\ir support/begin.psql

select no_plan();

-- What the provider recorded of a call's lead; as it comes, without a call_control_id.
create function test.saved(_call uuid, _more jsonb default '{}', _id uuid default gen_random_uuid())
returns uuid
language plpgsql
as $$
begin
	perform test.receive(test.event(_call, 'call.recording.saved', (test.the_call(_call)).start_time + interval '70 seconds',
		jsonb_build_object('channels', 'dual', 'recording_started_at', (test.the_call(_call)).start_time + interval '5 seconds',
			'recording_ended_at', (test.the_call(_call)).start_time + interval '65.7 seconds',
			'recording_urls', jsonb_build_object('mp3', 'https://files.example/a.mp3', 'wav', null)) || _more, _id) #- '{data,payload,call_control_id}');
	return _call;
end
$$;
create function test.recordings(_call uuid)
returns text
language sql
as $$
	select coalesce(string_agg(concat_ws(' ', r.state, r.format, r.channels, r.url), '; ' order by r.started_at), '')
	from vals.recordings r
	where r.call_id = _call
$$;
update vals.recordings set state = 'forgotten', file = null;

-- Rules kept with the call: the answer starts it.
create function test.call_with(_rules jsonb)
returns uuid
language sql
as $$
	select s.resource_id from api.call_start(test.who('agent'), test.rules() || _rules, jsonb_build_object('leadId', test.lead())) s
$$;
select test.call_with('{"record":true,"transcribe":true}') as auto \gset
select test.dialled(:'auto') \g /dev/null
select is(test.commands(:'auto'), 'dial done', 'nothing_is_recorded_before_the_answer');
select test.hears(:'auto', 'call.answered', 5) \g /dev/null
select test.hears(:'auto', 'call.answered', 5) \g /dev/null
select is(test.commands(:'auto'), 'dial done, record_start pending, transcription_start pending', 'the_answer_starts_recording_and_transcript_once');
select is((test.the_call(:'auto')).recording_status, 'recording', 'and_the_call_says_so');
select is((select params ->> 'channels' from vals.commands where call_id = :'auto' and kind = 'record_start'), 'dual', 'in_stereo');
select test.call_with('{"record":false,"transcribe":false}') as silent \gset
select test.hears(test.dialled(:'silent'), 'call.answered', 5) \g /dev/null
select is(test.commands(:'silent'), 'dial done', 'without_the_rule_nothing_is_recorded');
select test.call_with('{"record":true}') as unheard \gset
select test.hears(test.dialled(:'unheard'), 'call.answered', 5) \g /dev/null
select test.hears(:'unheard', 'call.hangup', 9, '{"hangup_cause":"normal_clearing"}') \g /dev/null
select is((test.the_call(:'unheard')).recording_status || ' ' || test.commands(:'unheard'), 'none dial done, record_start canceled', 'a_recording_that_was_never_started_is_none');

-- Saved: a row to fetch, once, however often it is told.
select test.answered() as call \gset
select api.calls_recording_set(test.who(), :'call', '{"action":"start"}') \g /dev/null
update vals.commands set state = 'done', first_sent_at = now() where call_id = :'call' and kind = 'record_start';
select test.hears(:'call', 'call.hangup', 66, '{"hangup_cause":"normal_clearing"}') \g /dev/null
select is((test.the_call(:'call')).recording_status, 'processing', 'after_the_call_the_recording_is_being_made');
select test.saved(:'call', '{}', '0b000000-0000-4000-8000-000000000001') \g /dev/null
select test.saved(:'call', '{}', '0b000000-0000-4000-8000-000000000001') \g /dev/null
select test.saved(:'call', '{"recording_id":"rec-1","recording_urls":{"mp3":"https://files.example/fresh.mp3"}}') \g /dev/null
select test.saved(:'call', '{"recording_id":"rec-1","recording_urls":{"mp3":null,"wav":null}}') \g /dev/null
select is(test.recordings(:'call'), 'waiting mp3 dual https://files.example/fresh.mp3', 'a_recording_told_four_times_is_one_with_the_newest_address');
select test.saved(:'call', '{"recording_started_at":"2099-01-01T00:00:00Z","recording_ended_at":null,"channels":"single","recording_urls":{"wav":"https://files.example/b.wav"}}') \g /dev/null
select is(test.recordings(:'call'), 'waiting mp3 dual https://files.example/fresh.mp3; waiting wav single https://files.example/b.wav', 'another_one_is_another_row');

-- Fetching.
set local role vals_run;
create temporary table taken on commit drop as
select * from run.recordings_take('one', 1, 60);
select is((select concat_ws(' ', attempt, call_id, call_leg_id, format, url, url_age_s is not null) from taken), format('1 %s leg-%s mp3 https://files.example/fresh.mp3 t', :'call', :'call'),
	'a_runner_takes_it');
select is((select count(*) from run.recordings_take('two', 10, 60))::int, 1, 'and_another_the_other');
select is((select run.recording_stored(recording_id, 2, 'x.mp3', 1) from taken), false, 'who_does_not_hold_it_cannot_store_it');
select is((select run.recording_retry(recording_id, 2, 1000, 'slow') from taken), false, 'nor_put_it_back');
select is((select run.recording_failed(recording_id, 2, 'slow') from taken), false, 'nor_give_it_up');
select is((select run.recording_retry(recording_id, 1, 1000, 'slow') from taken), true, 'it_may_be_tried_again');
select is((select run.recording_retry(recording_id, 1, 0, 'slow') from taken), false, 'by_who_holds_it');
select is_empty($$select * from run.recordings_take('one', 10, 60)$$, 'after_a_while');
reset role;
update vals.recordings set next_at = now() where state = 'waiting';
select test.forget() \g /dev/null
set local role vals_run;
select is((select attempt from run.recordings_take('one', 10, 60)), 2, 'then_it_is_taken_again');
select is((select run.recording_stored(recording_id, 2, '2026/11/a.mp3', 4711) from taken), true, 'and_stored');
select is((select run.recording_stored(recording_id, 2, '2026/11/a.mp3', 4711) from taken), false, 'once');
reset role;
select is((test.the_call(:'call')).recording_status, 'available', 'a_stored_file_makes_the_recording_available');
select is(test.last_told(:'call', 'call.recording') -> 'recording', '{"status":"available","url":null,"durationSec":60,"channels":"dual"}'::jsonb, 'which_is_told');
select is(test.recordings(:'call'), 'stored mp3 dual; leased wav single https://files.example/b.wav', 'the_address_is_not_kept');
select run.recording_failed(id, 1, 'gone') from vals.recordings where call_id = :'call' and state = 'leased' \g /dev/null
select is((test.the_call(:'call')).recording_status, 'available', 'another_that_failed_does_not_take_it_back');

-- Shown.
select recording_id as taken_id from taken \gset
set local role vals_api;
select is((select json_agg(r.value::jsonb - array['id', 'startedAt', 'endedAt'])::jsonb from json_array_elements(api.recordings_get(test.who(), :'call') -> 'recordings') r),
	'[{"status":"available","format":"mp3","channels":"dual","bytes":4711,"durationSec":60},{"status":"failed","format":"wav","channels":"single","bytes":null,"durationSec":null}]'::jsonb,
	'the_list_shows_them_in_their_order');
select is(api.recordings_get(test.who(), :'silent')::jsonb, jsonb_build_object('callId', :'silent', 'recording', '{"status":"none","url":null,"durationSec":null,"channels":null}'::jsonb, 'recordings', '[]'::jsonb),
	'a_call_without_any_has_an_empty_list');
select is(test.refusal($$select api.recordings_get(test.who(), '00000000-0000-4000-8000-000000000000')$$), 'RS404 NOT_FOUND Call not found', 'no_such_call');
select is((select f.file from api.recording_file(:'taken_id') f), '2026/11/a.mp3', 'a_link_leads_to_its_file');
select is_empty($$select * from api.recording_file('00000000-0000-4000-8000-000000000000')$$, 'no_such_recording_has_none');
reset role;

-- Forgotten.
set local role vals_run;
select is_empty('select * from run.recordings_expired(30, 10)', 'young_files_are_kept');
reset role;
update vals.recordings set finished_at = now() - interval '31 days' where state = 'stored';
set local role vals_run;
select is((select file from run.recordings_expired(30, 10)), '2026/11/a.mp3', 'old_ones_are_to_be_deleted');
select is((select run.recording_forgotten(recording_id) from taken), true, 'and_forgotten_then');
select is((select run.recording_forgotten(recording_id) from taken), false, 'once');
reset role;
select is((select count(*) from api.recording_file(:'taken_id'))::int, 0, 'a_link_to_a_forgotten_one_leads_nowhere');

-- The only one failed, or could not be made.
select test.saved(test.answered()) as failed \gset
select run.recording_failed(t.recording_id, t.attempt, 'gone') from run.recordings_take('one', 10, 60) t \g /dev/null
select is((test.the_call(:'failed')).recording_status, 'failed', 'the_last_hope_gone_is_a_failed_recording');
select test.answered() as broken \gset
select api.calls_recording_set(test.who(), :'broken', '{"action":"start"}') \g /dev/null
select test.hears(:'broken', 'call.recording.error', 8, '{"reason":"internal"}') \g /dev/null
select is((test.the_call(:'broken')).recording_status, 'failed', 'an_error_of_the_provider_as_well');
select is(test.last_told(:'broken', 'call.recording') #>> '{recording,status}', 'failed', 'which_is_told');

-- The transcript: what was final, by who spoke, each event once.
create function test.said(_call uuid, _text text, _track text, _seconds numeric, _final boolean default true, _id uuid default gen_random_uuid())
returns void
language sql
as $$
	select test.receive(test.event(_call, 'call.transcription', (test.the_call(_call)).start_time + make_interval(secs => _seconds),
		jsonb_build_object('transcription_data', jsonb_build_object('transcript', _text, 'confidence', 0.97, 'is_final', _final, 'transcription_track', _track)), _id))
$$;
create function test.transcript(_call uuid)
returns text
language sql
as $$
	select coalesce(string_agg(t.speaker || ': ' || t.text, ' | ' order by t.spoken_at), '') from vals.transcript_entries t where t.call_id = _call
$$;
\ir support/transfers.psql
select test.transfer_at('joined') as xfer \gset
select (test.the_transfer(:'xfer')).call_id as talk \gset
update vals.transfers set joined_at = (test.the_call(:'talk')).start_time + interval '200 seconds' where id = :'xfer';
select test.forget() \g /dev/null
select test.said(:'talk', 'Yes please', 'inbound', 20, true, '0b000000-0000-4000-8000-000000000002') \g /dev/null
select test.said(:'talk', 'Hello, this is Kevin', 'outbound', 300) \g /dev/null
select test.said(:'talk', 'Do you have a minute', 'outbound', 10) \g /dev/null
select test.said(:'talk', 'Do you ha', 'outbound', 9, false) \g /dev/null
select test.said(:'talk', '  ', 'inbound', 11) \g /dev/null
select test.said(:'talk', repeat('x', 5000), 'inbound', 400) \g /dev/null
select is(test.transcript(:'talk'), 'agent: Do you have a minute | prospect: Yes please | kevin: Hello, this is Kevin | prospect: ' || repeat('x', 4000),
	'what_was_final_in_its_order_by_who_spoke');
select is((select count(*) from vals.event_log where kind = 'call.transcript')::int, 4, 'each_is_told');
select is(test.last_told(:'talk', 'call.transcript') #> '{transcript,0}' ->> 'speaker', 'prospect', 'as_an_entry_of_the_transcript');
select test.said(:'talk', 'Yes please', 'inbound', 20, true, '0b000000-0000-4000-8000-000000000002') \g /dev/null
select test.said(:'talk', 'Yes please', 'inbound', 20) \g /dev/null
select test.said(:'talk', 'Yes please', 'outbound', 20) \g /dev/null
select test.said(:'talk', 'Yes please', 'inbound', 21) \g /dev/null
select test.said(:'talk', 'No thanks', 'inbound', 20) \g /dev/null
select is((select count(*) from vals.transcript_entries where call_id = :'talk')::int, 7, 'the_same_words_at_another_time_or_by_another_are_said_again');
select is((select concat_ws(' ', r.seen, r.applied) from admin.webhooks_replay(null, '0b000000-0000-4000-8000-000000000002', false, 10) r), '1 1', 'an_event_may_be_replayed');
select is((select count(*) from vals.transcript_entries where call_id = :'talk')::int, 7, 'but_is_said_once');

select * from finish();
rollback;
