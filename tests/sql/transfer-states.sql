-- The states of a transfer: every way through them, what each asks of the provider, and what the world is told.
\ir support/begin.psql
\ir support/transfers.psql

select no_plan();

-- The ordinary way.
select test.answered(test.lead('{"firstName":"Ann","lastName":"Lee"}')) as call \gset
update vals.calls set score = 91.5, phase = 11 where id = :'call';
select test.forget() \g /dev/null
select test.transfer(:'call', true, E'wants to\nstart   soon' || repeat('x', 200)) as xfer \gset
select is(test.transfer_standing(:'xfer'), 'requested - / transferring', 'a_transfer_begins_requested');
select is(test.told(:'call'), 'call.transfer call.status', 'the_world_is_told');
select is((select count(*) from vals.event_log where kind = 'kevin.availability' and not (payload ->> 'available')::boolean), 1::bigint, 'Kevin_is_busy_from_then_on');
select is(test.last_told(:'call', 'call.transfer'), jsonb_build_object('callId', :'call', 'leadId', (test.the_call(:'call')).lead_id, 'transferId', :'xfer', 'attempt', 1,
	'state', 'requested', 'success', false, 'kevinJoined', false, 'failureReason', null), 'with_its_state');
select is((select params from vals.commands where leg_id = (test.closer_leg(:'xfer')).id), jsonb_build_object('to', :'kevin_number', 'leg', 'closer', 'xfer', :'xfer',
	'timeoutSecs', 25, 'linkTo', 'v3:' || :'call'), 'Kevin_is_dialled_linked_to_the_lead');
select is(test.asked_of(:'xfer', 'lead'), '', 'the_lead_is_not_touched');
select test.closer_dialled(:'xfer') \g /dev/null
select is(test.transfer_standing(:'xfer'), 'dialing - / transferring', 'the_dial_done_means_dialing');
select test.kevin_hears(:'xfer', 'call.initiated', 2) \g /dev/null
select test.kevin_hears(:'xfer', 'call.answered', 8) \g /dev/null
select is(test.transfer_standing(:'xfer'), 'briefing - / transferring', 'the_answer_means_briefing');
select is((select params ->> 'payload' from vals.commands where kind = 'gather' and leg_id = (test.closer_leg(:'xfer')).id),
	'Hot lead: Ann Lee. Score 92 of 100. Phase: Hand-off Offer. Note: wants to start soon' || repeat('x', 81) || '. Press 1 to take the call.',
	'Kevin_hears_who_score_phase_and_the_beginning_of_the_note');
select is(test.asked_of(:'xfer', 'lead'), '', 'the_lead_is_still_not_touched');
select test.carries_out(:'xfer', 'gather') \g /dev/null
select test.kevin_hears(:'xfer', 'call.machine.premium.detection.ended', 9, '{"result":"human_business"}') \g /dev/null
select test.kevin_hears(:'xfer', 'call.dtmf.received', 11, '{"digit":"1"}') \g /dev/null
select is(test.transfer_standing(:'xfer'), 'briefing - / transferring', 'a_human_verdict_and_a_tone_change_nothing');
select test.kevin_hears(:'xfer', 'call.gather.ended', 12, '{"status":"valid","digits":"1"}') \g /dev/null
select is(test.transfer_standing(:'xfer'), 'joining - / transferring', 'the_key_means_joining');
select is(test.asked_of(:'xfer', 'lead'), 'speak conference_create', 'the_lead_is_told_and_put_into_a_conference');
select is((select params from vals.commands where kind = 'conference_create' and call_id = :'call'), jsonb_build_object('name', 'xfer-' || :'xfer', 'xfer', :'xfer'),
	'named_after_the_transfer');
select test.carries_out(:'xfer', 'conference_create', jsonb_build_object('data', jsonb_build_object('id', 'conf-' || :'xfer'))) \g /dev/null
select is((select params from vals.commands where kind = 'conference_join' and call_id = :'call'), jsonb_build_object('conferenceId', 'conf-' || :'xfer'),
	'Kevin_follows_into_the_conference');
select test.carries_out(:'xfer', 'conference_join') \g /dev/null
select test.conference_hears(:'xfer', 'conference.created') \g /dev/null
select test.conference_hears(:'xfer', 'conference.participant.joined', 'lead') \g /dev/null
select is(test.transfer_standing(:'xfer'), 'joining - / transferring', 'the_lead_alone_in_it_is_no_success');
select is((test.the_call(:'call')).transfer_success, null, 'which_is_not_known_yet');
select test.conference_hears(:'xfer', 'conference.participant.joined', 'closer', 14) \g /dev/null
select is(test.transfer_standing(:'xfer'), 'joined - / transferred', 'Kevin_in_it_is');
select is((select concat_ws(' ', t.accepted, t.joined_at - t.initiated_at, t.answered_at - t.initiated_at, c.transfer_success) from vals.transfers t join vals.calls c on c.id = t.call_id
	where t.id = :'xfer'), 't 00:00:14 00:00:08 t', 'with_its_times');
select is(test.told(:'call'), 'call.transfer call.status call.transfer call.transfer call.transfer call.transfer call.status', 'each_state_was_told_once');
select test.hears(:'call', 'call.hangup', 400, '{"hangup_cause":"normal_clearing","hangup_source":"callee"}') \g /dev/null
select is(test.transfer_standing(:'xfer'), 'ended - / completed', 'the_lead_hanging_up_ends_it');
select is(test.standing(:'call'), 'completed hot_transfer lead_hangup', 'as_a_hot_transfer');
select is(test.asked_of(:'xfer', 'closer'), 'dial gather conference_join hangup', 'Kevin_is_let_go_of');
select is(vals.kevin_available(), true, 'and_free');
select is((select count(*) from vals.event_log where kind = 'kevin.availability' and (payload ->> 'available')::boolean), 1::bigint, 'which_is_told');

select * from finish();
rollback;
