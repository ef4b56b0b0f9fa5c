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


-- The time of a state is up.
create function test.time_is_up(_transfer uuid)
returns text
language plpgsql security definer
as $$
begin
	update vals.transfers set deadline_at = clock_timestamp() where id = _transfer;
	perform run.deadlines_fire(100);
	return test.transfer_standing(_transfer);
end
$$;
-- Nothing of one test keeps Kevin busy in the next.
create function test.over(_transfer uuid)
returns text
language plpgsql security definer
as $$
declare
	_standing text := test.transfer_standing(_transfer);
begin
	perform api.call_end(test.who('operator'), jsonb_build_object('callId', (test.the_transfer(_transfer)).call_id));
	return _standing;
end
$$;

-- Every state has its time, and an end of its own when it is over.
select is(vals.transfer_time(s.state, 25), s.time, format('%s_has_its_time', s.state))
from (values ('requested', interval '10 seconds'), ('dialing', interval '35 seconds'), ('screening', interval '6 seconds'), ('briefing', interval '15 seconds'),
	('joining', interval '5 seconds'), ('joined', null), ('ended', null), ('declined', null)) as s (state, time);
select is((select run.deadlines_fire(100)), 0, 'nothing_is_due_before_its_time');
create temporary table timed (state text, expected text, closer text, standing text, asked text) on commit drop;
do $do$
declare
	_case record;
	_transfer uuid;
begin
	for _case in
		select *
		from (values ('requested', 'failed api_error / transfer_failed', '(dial)'), ('dialing', 'no_answer no_answer / transfer_failed', 'dial hangup'),
			('briefing', 'declined no_key / transfer_failed', 'dial (gather) gather_stop hangup'),
			('conference', 'joining - / transferring', 'dial gather conference_join participants')) as c (state, expected, closer)
	loop
		_transfer := test.transfer_at(_case.state);
		insert into timed values (_case.state, _case.expected, _case.closer, test.time_is_up(_transfer), test.asked_of(_transfer, 'closer'));
		perform test.over(_transfer);
	end loop;
end
$do$;
select is(standing, expected, state || '_for_too_long') from timed;
select is(asked, closer, state || '_for_too_long_asks_this_of_Kevins_telephone') from timed;

-- The gather is stopped before he is hung up on.
select test.transfer_at('briefing') as quiet \gset
select test.carries_out(:'quiet', 'gather') \g /dev/null
select test.time_is_up(:'quiet') \g /dev/null
select is((select string_agg(kind || ' ' || state, ', ' order by place) from vals.commands where leg_id = (test.closer_leg(:'quiet')).id), 'dial done, gather done, gather_stop pending, hangup pending',
	'the_question_is_stopped_and_Kevin_hung_up_on');
select test.kevin_hears(:'quiet', 'call.gather.ended', 20, '{"status":"valid","digits":"1"}') \g /dev/null
select is(test.over(:'quiet'), 'declined no_key / transfer_failed', 'a_key_after_that_is_too_late');

-- Screening, where no key is asked for.
select test.transfer_at('screening', false) as screened \gset
select is(test.transfer_standing(:'screened'), 'screening - / transferring', 'without_a_key_the_answer_means_screening');
select is(test.asked_of(:'screened', 'closer') || test.asked_of(:'screened', 'lead'), 'dial', 'nothing_is_asked_meanwhile');
select is(test.time_is_up(:'screened'), 'joining - / transferring', 'no_verdict_in_time_means_joining');
select test.over(:'screened') \g /dev/null
select test.transfer_at('screening', false) as machine \gset
select test.kevin_hears(:'machine', 'call.machine.premium.detection.ended', 10, '{"result":"fax_detected"}') \g /dev/null
select is(test.over(:'machine'), 'voicemail voicemail / transfer_failed', 'a_machine_is_not_joined');
select test.transfer_at('dialing', false) as early \gset
select test.kevin_hears(:'early', 'call.machine.premium.detection.ended', 7, '{"result":"human_business"}') \g /dev/null
select is(test.transfer_standing(:'early'), 'dialing - / transferring', 'a_verdict_before_the_answer_waits_for_it');
select test.kevin_hears(:'early', 'call.answered', 8) \g /dev/null
select is(test.over(:'early'), 'joining - / transferring', 'which_then_goes_straight_to_joining');

-- How Kevin's telephone ends before he joined.
create function test.gone(_state text, _cause text)
returns text
language plpgsql
as $$
declare
	_transfer uuid := test.transfer_at(_state);
begin
	perform test.kevin_hears(_transfer, 'call.hangup', 20, jsonb_build_object('hangup_cause', _cause, 'hangup_source', 'callee'));
	return test.over(_transfer);
end
$$;
select is(test.gone(g.state, g.cause), g.expected || ' / transfer_failed', format('%s_while_%s', coalesce(g.cause, 'no_cause'), g.state))
from (values ('dialing', 'user_busy', 'busy busy'), ('dialing', 'no_answer', 'no_answer no_answer'), ('dialing', 'timeout', 'no_answer no_answer'),
	('dialing', 'call_rejected', 'declined rejected'), ('dialing', 'not_found', 'failed invalid_number'), ('dialing', 'unspecified', 'failed unreachable'),
	('dialing', null, 'failed unreachable'), ('dialing', 'normal_clearing', 'declined closer_hangup_early'),
	('requested', 'user_busy', 'busy busy'), ('briefing', 'normal_clearing', 'declined closer_hangup_early'), ('briefing', 'user_busy', 'declined closer_hangup_early'),
	('joining', 'normal_clearing', 'declined closer_hangup_early'), ('conference', 'normal_clearing', 'declined closer_hangup_early')) as g (state, cause, expected);

-- How the question ends.
create function test.gathered(_payload jsonb)
returns text
language plpgsql
as $$
declare
	_transfer uuid := test.transfer_at('briefing');
begin
	perform test.kevin_hears(_transfer, 'call.gather.ended', 12, _payload);
	return test.over(_transfer);
end
$$;
select is(test.gathered(g.payload::jsonb), g.expected, 'gather_' || g.payload)
from (values ('{"status":"valid","digits":"1"}', 'joining - / transferring'), ('{"status":"valid","digits":"2"}', 'declined wrong_key / transfer_failed'),
	('{"status":"invalid","digits":"5"}', 'declined wrong_key / transfer_failed'), ('{"status":"timeout","digits":""}', 'declined no_key / transfer_failed'),
	('{"status":"cancelled"}', 'declined canceled / transfer_failed'), ('{"status":"cancelled_amd"}', 'voicemail voicemail / transfer_failed'),
	('{"status":"call_hangup"}', 'briefing - / transferring'), ('{}', 'declined wrong_key / transfer_failed')) as g (payload, expected);

-- What the provider refuses.
create function test.refused(_state text, _kind text, _code text)
returns text
language plpgsql
as $$
declare
	_transfer uuid := test.transfer_at(_state);
begin
	if not test.refuses(_transfer, _kind, _code) then
		return 'there was no ' || _kind;
	end if;
	return test.over(_transfer);
end
$$;
select is(test.refused('requested', 'dial', '10016'), 'failed invalid_number / transfer_failed', 'a_number_that_is_none');
select is(test.refused('requested', 'dial', '10015'), 'failed api_error / transfer_failed', 'a_dial_that_is_refused');
select test.transfer_at('dialing') as gatherless \gset
select test.kevin_hears(:'gatherless', 'call.answered', 8) \g /dev/null
select test.refuses(:'gatherless', 'gather', '10004') \g /dev/null
select is(test.over(:'gatherless'), 'failed api_error / transfer_failed', 'a_question_that_is_refused');
select test.transfer_at('dialing') as hung \gset
select test.kevin_hears(:'hung', 'call.answered', 8) \g /dev/null
select test.refuses(:'hung', 'gather', '90018') \g /dev/null
select is(test.over(:'hung'), 'briefing - / transferring', 'a_question_to_who_hung_up_waits_for_the_news_of_it');

-- Joining refused: the news of who hung up may decide, or else the time.
create function test.join_refused(_kind text, _then text)
returns text
language plpgsql
as $$
declare
	_transfer uuid := test.transfer_at(case _kind when 'conference_join' then 'conference' else 'joining' end);
	_call uuid := (test.the_transfer(_transfer)).call_id;
begin
	perform test.refuses(_transfer, _kind, '90019');
	if (test.the_transfer(_transfer)).deadline_at > clock_timestamp() + interval '2 seconds' then
		return 'waits too long';
	end if;
	case _then
		when 'lead' then perform test.hears(_call, 'call.hangup', 400, '{"hangup_cause":"normal_clearing","hangup_source":"callee"}');
		when 'kevin' then perform test.kevin_hears(_transfer, 'call.hangup', 20, '{"hangup_cause":"normal_clearing","hangup_source":"callee"}');
		else perform test.time_is_up(_transfer);
	end case;
	return concat_ws(' ', test.over(_transfer), '/', replace(test.asked_of(_transfer, 'lead'), 'hangup', ''));
end
$$;
select is(test.join_refused('conference_join', 'lead'), 'lead_left lead_hangup / completed / (speak) conference_create', 'a_refused_join_of_a_lead_who_left');
select is(test.join_refused('conference_join', 'kevin'), 'declined closer_hangup_early / transfer_failed / (speak) conference_create conference_leave ', 'a_refused_join_of_Kevin_who_left');
select is(test.join_refused('conference_join', 'time'), 'failed join_failed / transfer_failed / (speak) conference_create conference_leave ', 'a_refused_join_of_whoever');
select is(test.join_refused('conference_create', 'time'), 'failed join_failed / transfer_failed / (speak) conference_create ', 'a_conference_that_cannot_be');

-- Refused when all is over it means nothing any more.
select test.transfer_at('joining') as gone \gset
update vals.commands set state = 'leased', attempt = 1, first_sent_at = now() where call_id = (test.the_transfer(:'gone')).call_id and kind = 'conference_create';
select test.kevin_hears(:'gone', 'call.hangup', 13, '{"hangup_cause":"normal_clearing"}') \g /dev/null
select test.refuses(:'gone', 'conference_create', '90019') \g /dev/null
select is((select concat_ws(' ', t.state, t.join_error, t.deadline_at) from test.the_transfer(:'gone') t), 'declined', 'a_refusal_after_the_end_is_old_news');
select test.over(:'gone') \g /dev/null

-- Nobody said that Kevin joined: who is in the conference is asked once.
create function test.participants(_answer jsonb)
returns text
language plpgsql
as $$
declare
	_transfer uuid := test.transfer_at('conference');
	_asked text;
begin
	perform test.carries_out(_transfer, 'conference_join');
	_asked := test.time_is_up(_transfer);
	if _answer is null then
		perform test.time_is_up(_transfer);
	else
		perform test.carries_out(_transfer, 'participants', replace(_answer::text, 'KEVIN', 'v3:k' || _transfer)::jsonb);
	end if;
	return _asked || ', ' || test.over(_transfer);
end
$$;
select is(test.participants(p.answer::jsonb), 'joining - / transferring, ' || p.expected, 'participants_' || coalesce(p.answer, 'unknown'))
from (values ('{"data":[{"call_control_id":"other","status":"joined"},{"call_control_id":"KEVIN","status":"joined"}]}', 'joined - / transferred'),
	('{"data":[{"call_control_id":"KEVIN","status":"left"}]}', 'failed join_failed / transfer_failed'), ('{"data":[]}', 'failed join_failed / transfer_failed'),
	('{"data":null}', 'failed join_failed / transfer_failed'), (null, 'failed join_failed / transfer_failed')) as p (answer, expected);

-- A conference that is still being made is waited for once more.
select test.transfer_at('joining') as slow \gset
select is(test.time_is_up(:'slow'), 'joining - / transferring', 'a_conference_being_made_is_waited_for');
select test.carries_out(:'slow', 'conference_create', jsonb_build_object('data', jsonb_build_object('id', 'conf-' || :'slow'))) \g /dev/null
select is(test.time_is_up(:'slow'), 'joining - / transferring', 'then_who_is_in_it_is_asked');
select is(test.time_is_up(:'slow'), 'failed join_failed / transfer_failed', 'and_then_it_failed');
select test.over(:'slow') \g /dev/null
select test.transfer_at('joining') as stuck \gset
select test.time_is_up(:'stuck') \g /dev/null
select is(test.time_is_up(:'stuck'), 'failed join_failed / transfer_failed', 'one_that_is_never_made_fails');
select is(test.asked_of(:'stuck', 'lead'), '(speak) (conference_create)', 'and_is_not_made_any_more');
select test.over(:'stuck') \g /dev/null
select test.transfer_at('joining') as lost \gset
update vals.commands set state = 'failed' where call_id = (test.the_transfer(:'lost')).call_id and kind = 'conference_create';
select is(test.time_is_up(:'lost'), 'failed join_failed / transfer_failed', 'one_that_will_not_be_made_is_not_waited_for');
select test.over(:'lost') \g /dev/null

-- The lead's conference is undone: not made, or left; never ended.
select test.transfer_at('joining') as unmade \gset
select test.kevin_hears(:'unmade', 'call.hangup', 13, '{"hangup_cause":"normal_clearing"}') \g /dev/null
select is(test.asked_of(:'unmade', 'lead'), '(speak) (conference_create)', 'a_conference_not_made_yet_is_not_made');
select test.over(:'unmade') \g /dev/null
select test.transfer_at('joining') as inflight \gset
update vals.commands set state = 'leased', attempt = 1, first_sent_at = now() where call_id = (test.the_transfer(:'inflight')).call_id and kind = 'conference_create';
select test.kevin_hears(:'inflight', 'call.hangup', 13, '{"hangup_cause":"normal_clearing"}') \g /dev/null
select is(test.asked_of(:'inflight', 'lead'), '(speak) conference_create', 'one_being_made_cannot_be_left_yet');
select test.carries_out(:'inflight', 'conference_create', jsonb_build_object('data', jsonb_build_object('id', 'conf-' || :'inflight'))) \g /dev/null
select is(test.asked_of(:'inflight', 'lead'), '(speak) conference_create conference_leave', 'it_is_left_once_it_is_known');
select is((select params ->> 'conferenceId' from vals.commands where call_id = (test.the_transfer(:'inflight')).call_id and kind = 'conference_leave'), 'conf-' || :'inflight', 'by_its_id');
select is(test.asked_of(:'inflight', 'closer'), 'dial gather', 'and_Kevin_is_not_joined_any_more');
-- Another attempt may follow.
select test.transfer((test.the_transfer(:'inflight')).call_id) as second \gset
select is((test.the_transfer(:'second')).attempt::int, 2, 'a_failed_transfer_may_be_tried_again');
select is(test.transfer_standing(:'second'), 'requested - / transferring', 'from_the_beginning');
select is((select string_agg(step, ' ' order by place) from vals.commands where leg_id = (test.closer_leg(:'second')).id), 'dial', 'with_a_telephone_of_its_own');
select test.conference_hears(:'second', 'conference.participant.left', 'lead', 14, jsonb_build_object('conference_id', 'conf-' || :'inflight')) \g /dev/null
select is(test.transfer_standing(:'second'), 'requested - / transferring', 'what_is_heard_of_the_first_conference_does_not_touch_it');
select is((test.the_transfer(:'second')).conference_id, null, 'nor_is_that_one_taken_for_its_own');
select test.over(:'second') \g /dev/null

-- Joined before the news of the end, and after it.
select test.transfer_at('conference') as late \gset
select test.carries_out(:'late', 'conference_join') \g /dev/null
select test.conference_hears(:'late', 'conference.participant.left', 'closer', 30) \g /dev/null
select is(test.transfer_standing(:'late'), 'ended - / completed', 'whoever_leaves_had_joined');
select test.transfer_at('conference') as never \gset
select test.conference_hears(:'never', 'conference.participant.left', 'lead', 13) \g /dev/null
select test.conference_hears(:'never', 'conference.participant.joined', 'closer', 14) \g /dev/null
select is(test.transfer_standing(:'never'), 'lead_left lead_hangup / transfer_failed', 'who_joins_after_the_lead_left_joined_nobody');
select is((test.the_call((test.the_transfer(:'never')).call_id)).transfer_success, false, 'which_is_no_success');
select test.over(:'never') \g /dev/null
select test.transfer_at('joined') as limited \gset
select test.conference_hears(:'limited', 'conference.ended', 'lead', 14400, '{"reason":"time_exceeded"}') \g /dev/null
select is(test.transfer_standing(:'limited'), 'ended - / completed', 'a_conference_out_of_time_ends_the_call');
select is(test.asked_of(:'limited', 'lead') || ' / ' || test.asked_of(:'limited', 'closer'), 'speak conference_create hangup / dial gather conference_join hangup', 'and_both_telephones');

-- The late news puts right what the call says of itself, but not what somebody said of it.
create function test.corrected(_outcome text)
returns text
language plpgsql
as $$
declare
	_transfer uuid := test.transfer_at('conference');
	_call uuid := (test.the_transfer(_transfer)).call_id;
	_standing text;
begin
	if _outcome is not null then
		perform api.call_end(test.who('agent'), jsonb_build_object('callId', _call, 'finalStatus', _outcome));
	end if;
	perform test.hears(_call, 'call.hangup', 40, '{"hangup_cause":"normal_clearing","hangup_source":"callee"}');
	_standing := test.transfer_standing(_transfer);
	perform test.conference_hears(_transfer, 'conference.participant.joined', 'closer', 14);
	return concat_ws(' ', _standing, '>', test.transfer_standing(_transfer), test.standing(_call), (test.the_call(_call)).transfer_success,
		(test.the_lead((test.the_call(_call)).lead_id)).status);
end
$$;
select is(test.corrected(null), 'lead_left lead_hangup / completed > ended - / completed completed hot_transfer lead_hangup t hot_transfer', 'a_late_join_makes_a_hot_transfer');
select is(test.corrected('closed'), 'lead_left lead_hangup / completed > ended - / completed completed closed lead_hangup t contacted', 'of_what_has_no_other_outcome');

-- Another conference than the transfer's own.
select test.transfer_at('conference') as elsewhere \gset
select test.conference_hears(:'elsewhere', 'conference.participant.joined', 'closer', 14, '{"conference_id":"another"}') \g /dev/null
select is(test.over(:'elsewhere'), 'joining - / transferring', 'who_joins_another_conference_has_not_joined');

-- What else is under way with the lead is not undone, nor is what was done.
select test.transfer_at('joining') as busy \gset
select api.calls_recording_set(test.who(), (test.the_transfer(:'busy')).call_id, '{"action":"start"}') \g /dev/null
select test.carries_out(:'busy', 'speak') \g /dev/null
update vals.commands set first_sent_at = now() where call_id = (test.the_transfer(:'busy')).call_id and kind = 'conference_create';
select test.kevin_hears(:'busy', 'call.hangup', 13, '{"hangup_cause":"normal_clearing"}') \g /dev/null
select is((select string_agg(c.kind || ' ' || c.state, ', ' order by c.place) from vals.commands c where c.leg_id = (test.the_leg((test.the_transfer(:'busy')).call_id)).id and c.kind <> 'dial'),
	'speak done, conference_create pending, record_start pending', 'only_what_the_transfer_wanted_and_nobody_was_told_of_is_taken_back');
select test.over(:'busy') \g /dev/null

-- A transfer of another call hears nothing of this one.
select test.transfer_at('briefing') as mine \gset
select test.receive(test.event(test.answered(), 'call.gather.ended', now(), '{"status":"valid","digits":"1"}')) \g /dev/null
select is(test.over(:'mine'), 'briefing - / transferring', 'a_key_on_another_telephone_is_not_his');

-- The table of moves is what decides.
select is(vals.transfer_move(null, test.the_transfer(:'mine'), m.to_state, null, now()), null::vals.transfers, format('canceled_is_never_%s', m.to_state))
from (select distinct to_state from vals.transfer_moves) m;
select is((select string_agg(to_state, ' ' order by to_state) from vals.transfer_moves where from_state = 'joined'), 'ended', 'after_joined_there_is_only_the_end');
select is((select count(*) from vals.transfer_moves where to_state = 'joined' and from_state <> 'joining')::int, 0, 'nobody_joins_but_from_joining');
select is((select array_agg(from_state order by from_state) from vals.transfer_moves where to_state = 'joining'), array['briefing', 'screening'], 'nor_is_joined_but_after_an_answer');

-- An operator, the agent.
select test.transfer_at('joined') as talking \gset
select (test.the_transfer(:'talking')).call_id as talking_call \gset
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'talking_call', 'finalStatus', 'zoom_scheduled')) \g /dev/null
select is(test.transfer_standing(:'talking'), 'joined - / transferred', 'the_agent_does_not_hang_up_on_Kevin');
select is(test.refusal(format('select api.calls_update(test.who(), %L, ''{"status":"transfer_failed"}'')', :'talking_call')), 'RS400 INVALID_TRANSITION Invalid transition from transferred to transfer_failed',
	'nobody_writes_a_status_over_a_living_transfer');
select api.call_end(test.who('operator'), jsonb_build_object('callId', :'talking_call')) \g /dev/null
select is(test.transfer_standing(:'talking'), 'ended - / completed', 'an_operator_ends_it');
select is(test.standing(:'talking_call'), 'completed zoom_scheduled operator_ended', 'with_the_outcome_the_agent_stored');
select test.transfer_at('briefing') as stopped \gset
select api.calls_update(test.who('operator'), (test.the_transfer(:'stopped')).call_id, '{"status":"completed"}') \g /dev/null
select is(test.transfer_standing(:'stopped'), 'canceled operator_ended / completed', 'a_final_status_by_hand_takes_the_transfer_back');

select * from finish();
rollback;
