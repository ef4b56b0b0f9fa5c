-- Asking for a transfer: who may when, what is answered, and taking it back.
\ir support/begin.psql
\ir support/transfers.psql

select no_plan();

create function test.asked(_call uuid, _rules jsonb default test.transfer_rules())
returns text
language sql
as $$
	select test.refusal(format('select api.call_transfer_start(test.who(''agent''), %L, %L, ''{}'')', _rules, _call))
$$;

-- The checks, in their order: the call first, then Kevin.
select test.kevin_is(false) \g /dev/null
select is(test.asked('00000000-0000-4000-8000-000000000000'), 'RS404 NOT_FOUND Call not found', 'no_such_call');
select test.dialled(test.call()) as ringing \gset
select is(test.asked(:'ringing'), 'RS409 CALL_NOT_ANSWERED Call was not answered yet', 'a_call_not_answered_comes_before_Kevin');
select test.answered() as over \gset
select test.hears(:'over', 'call.hangup', 30, '{"hangup_cause":"normal_clearing"}') \g /dev/null
select is(test.asked(:'over'), 'RS409 CALL_OVER Call is over', 'a_call_that_is_over_as_well');
select test.answered() as call \gset
select is(test.asked(:'call'), 'RS400 KEVIN_UNAVAILABLE Kevin is not available for transfer', 'Kevin_is_away');
select test.kevin_is(true) \g /dev/null
select is(test.asked(:'call', test.transfer_rules(true, r.number)), 'RS400 KEVIN_UNAVAILABLE Kevin is not available for transfer', r.title)
from (values (null, 'he_has_no_number'), ('', 'nor_an_empty_one'), ((test.the_call(:'call')).phone_number, 'nor_that_of_the_lead')) as r (number, title);
select is((select count(*) from vals.transfers where call_id = :'call')::int, 0, 'nothing_was_begun');
select test.answered(test.lead()) as other \gset
insert into vals.engagement_reports (call_id, phase, score, indicators, reported_at)
values (:'call', 9, 88, '["old"]', now() - interval '1 minute'), (:'call', 10, 90, '["asked for the price","has time"]', now());
update vals.calls set score = 90, phase = 10 where id = :'call';
set local role vals_api;
select s.body as body, s.resource_id as xfer from api.call_transfer_start(test.who('agent'), test.transfer_rules(), :'call', '{"note":"call him Al"}') s \gset
reset role;
select is(:'body'::jsonb, jsonb_build_object('callId', :'call', 'transferId', :'xfer', 'transferSuccess', false, 'status', 'transferring', 'state', 'requested', 'failureReason', null,
	'message', 'Transfer in progress'), 'who_asks_is_answered_at_once');
select is((select concat_ws(' ', t.attempt, t.note, t.engagement_score, t.phase, t.key_indicators, t.initiated_by, t.ring_s, t.is_key_needed) from vals.transfers t where t.id = :'xfer'),
	'1 call him Al 90.00 10 ["asked for the price", "has time"] 0a000000-0000-4000-8000-000000000001 25 t', 'the_transfer_keeps_how_it_stood');
select is((select concat_ws(' ', c.transfer_attempted, c.transfer_time is not null, c.transfer_success) from vals.calls c where c.id = :'call'), 't t', 'so_does_the_call');
select is((select count(*) from vals.audit_log where action = 'call.transfer' and subject_id = :'call')::int, 1, 'it_is_audited');
select is(test.asked(:'call'), 'RS409 TRANSFER_ACTIVE Call is being transferred', 'a_call_is_transferred_once_at_a_time');
select is(test.asked(:'other'), 'RS400 KEVIN_UNAVAILABLE Kevin is not available for transfer', 'Kevin_is_one');
select is(vals.kevin_available(), false, 'and_not_available_meanwhile');

-- The race of two calls for him: the index decides.
select throws_ok(format('select vals.transfer_reserve(test.who(), test.transfer_rules(), test.the_call(%L), null)', :'other'), 'RS400', 'Kevin is not available for transfer',
	'the_slower_of_two_is_told_that_he_is_busy');

-- Waiting for it.
set local role vals_api;
select is_empty(format('select * from api.call_transfer_result(%L)', :'xfer'), 'while_it_is_under_way_there_is_no_result');
select is((select s.body ->> 'state' from api.call_transfer_state(:'xfer') s), 'requested', 'but_a_state');
reset role;
select test.closer_dialled(:'xfer') \g /dev/null
select test.kevin_hears(:'xfer', 'call.hangup', 20, '{"hangup_cause":"user_busy"}') \g /dev/null
select is((select r.http_status || ' ' || (r.body::jsonb - array['callId', 'transferId'])::text from api.call_transfer_result(:'xfer') r),
	'200 ' || '{"state":"busy","status":"transfer_failed","failureReason":"busy","transferSuccess":false,"message":"Transfer failed - continuing with agent"}'::jsonb::text, 'a_failed_one_says_so');
select test.transfer_at('joined', true, :'other') as joined \gset
select is((select r.http_status || ' ' || (r.body::jsonb - array['callId', 'transferId'])::text from api.call_transfer_result(:'joined') r),
	'200 ' || '{"state":"joined","status":"transferred","failureReason":null,"transferSuccess":true,"message":"Transfer successful - Kevin joined the call"}'::jsonb::text, 'a_joined_one_as_well');
select is(test.asked(:'other'), 'RS409 TRANSFER_ACTIVE Call is being transferred', 'a_transferred_call_is_not_transferred_again');
select is((api.calls_get(test.who(), :'other')::jsonb #- '{transfer,initiatedAt}' #- '{transfer,answeredAt}' #- '{transfer,joinedAt}') -> 'transfer',
	jsonb_build_object('id', :'joined', 'state', 'joined', 'attempt', 1, 'failureReason', null, 'endedAt', null), 'the_call_shows_its_transfer');
select is((select string_agg(t ->> 'kind', ' ') from json_array_elements(api.calls_get(test.who(), :'other') -> 'timeline') t where t ->> 'kind' like 'transfer%'),
	'transfer transfer_answered transfer_joined', 'and_its_steps_in_the_timeline');
select is(api.calls_get(test.who(), :'ringing')::jsonb -> 'transfer', 'null'::jsonb, 'a_call_without_one_shows_none');
select test.hears(:'other', 'call.hangup', 100, '{"hangup_cause":"normal_clearing","hangup_source":"callee"}') \g /dev/null

-- Taking it back.
create function test.taken_back(_call uuid)
returns text
language sql
as $$
	select test.refusal(format('select api.call_transfer_cancel(test.who(''operator''), %L)', _call))
$$;
select is(test.taken_back('00000000-0000-4000-8000-000000000000'), 'RS404 NOT_FOUND Call not found', 'of_no_call');
select is(test.taken_back(:'ringing'), 'RS409 TRANSFER_NOT_ACTIVE Call is not being transferred', 'of_a_call_without_one');
select is(test.taken_back(:'call'), 'RS409 TRANSFER_NOT_ACTIVE Call is not being transferred', 'of_one_that_is_over');
create function test.cancel_at(_state text, _key boolean default true)
returns text
language plpgsql
as $$
declare
	_transfer uuid := test.transfer_at(_state, _key);
	_call uuid := (test.the_transfer(_transfer)).call_id;
	_answer text := test.taken_back(_call);
	_outcome text := concat_ws(' ', _answer, '/', test.transfer_standing(_transfer), '/', test.asked_of(_transfer, 'closer'), '/', test.asked_of(_transfer, 'lead'), '/', vals.kevin_available());
begin
	perform api.call_end(test.who('operator'), jsonb_build_object('callId', _call));
	return _outcome;
end
$$;
select is(test.cancel_at('requested'), 'not refused / canceled canceled / transfer_failed / (dial) /  / t', 'before_Kevin_was_dialled');
select is(test.cancel_at('dialing'), 'not refused / canceled canceled / transfer_failed / dial hangup /  / t', 'while_it_rings');
select is(test.cancel_at('screening', false), 'not refused / canceled canceled / transfer_failed / dial hangup /  / t', 'while_he_is_screened');
select is(test.cancel_at('briefing'), 'not refused / canceled canceled / transfer_failed / dial (gather) hangup /  / t', 'while_he_listens');
select is(test.cancel_at('joining'), 'RS409 TRANSFER_JOINED Kevin is already being joined / joining - / transferring / dial gather / speak conference_create / f', 'but_not_once_he_accepted');
select is(test.cancel_at('joined'), 'RS409 TRANSFER_JOINED Kevin is already being joined / joined - / transferred / dial gather conference_join / speak conference_create / f', 'nor_when_he_joined');
set local role vals_api;
select is((select (api.call_transfer_cancel(test.who('operator'), (test.the_transfer(x)).call_id)::jsonb) - array['callId', 'transferId'] from test.transfer_at('dialing') x),
	'{"state":"canceled","status":"transfer_failed","failureReason":"canceled","transferSuccess":false,"message":"Transfer failed - continuing with agent"}'::jsonb, 'it_answers_how_it_stands');
reset role;

select is((select count(*) from vals.audit_log where action = 'call.transfer.cancel')::int, 5, 'each_is_audited');

-- A dial that is under way when it is taken back is hung up as soon as it is known.
select test.transfer_at('requested') as underway \gset
update vals.commands set state = 'leased', attempt = 1, first_sent_at = now(), lease_until = now() + interval '30 seconds' where leg_id = (test.closer_leg(:'underway')).id;
select api.call_transfer_cancel(test.who(), (test.the_transfer(:'underway')).call_id) \g /dev/null
select is_empty(format('select * from run.commands_take(''one'', 100, 30) where leg_id = %L', (test.closer_leg(:'underway')).id), 'what_cannot_be_hung_up_yet_is_not');
select test.closer_dialled(:'underway') \g /dev/null
select is((select kind || ' ' || call_control_id from run.commands_take('one', 100, 30) where leg_id = (test.closer_leg(:'underway')).id), 'hangup v3:k' || :'underway', 'but_once_it_is_known');
select test.kevin_hears(:'underway', 'call.answered', 8) \g /dev/null
select is(test.transfer_standing(:'underway'), 'canceled canceled / transfer_failed', 'his_answer_meanwhile_changes_nothing');
select is(test.asked_of(:'underway', 'closer'), 'dial hangup', 'and_asks_him_nothing');

-- What he is told.
select is(vals.speakable(E'a\tb\u0007 \r\n c  ', 100), 'a b c', 'control_characters_are_not_spoken');
select is(vals.speakable(repeat('x', 200), 100), repeat('x', 100), 'nor_endless_notes');
select is(vals.speakable(null, 100), '', 'nor_nothing');
select test.answered(test.lead('{"firstName":"Bo","lastName":"Day"}')) as plain \gset
select is(vals.transfer_briefing(test.the_transfer(test.transfer(:'plain', true, E' \n '))), 'Hot lead: Bo Day. Score 0 of 100. Phase: Greeting & Introduction. Press 1 to take the call.',
	'without_a_note_there_is_none');

select api.call_end(test.who('operator'), jsonb_build_object('callId', :'plain')) \g /dev/null
select is(vals.kevin_available(), true, 'at_the_end_Kevin_is_free');

select * from finish();
rollback;
