-- Legs that stay silent, verdicts that do not come, telephones the provider knows no more; and events applied again.
\ir support/begin.psql
\ir support/transfers.psql

select no_plan();
update vals.legs set deadline_at = null;

-- How long until a leg is looked after, in seconds: the span there is that it fits in best, for some of it has passed.
create function test.patience(_leg vals.legs)
returns integer
language sql
as $$
	select min(span)
	from unnest(array[2, 6, 10, 20, 30, 45, 60, 300, 900, 1000000]) span
	where (select g.deadline_at from vals.legs g where g.id = _leg.id) <= clock_timestamp() + make_interval(secs => span)
$$;
-- Its time is up.
create function test.silent(_leg vals.legs)
returns integer
language plpgsql
as $$
begin
	update vals.legs set deadline_at = clock_timestamp() where id = _leg.id;
	return run.deadlines_fire(100);
end
$$;
-- The provider answers whether a call's leg is alive.
create function test.says(_call uuid, _is_alive boolean, _leg uuid default null)
returns boolean
language plpgsql
as $$
declare
	_command record;
begin
	update vals.commands c
	set state = 'leased', attempt = c.attempt + 1, first_sent_at = now(), lease_until = now() + interval '30 seconds'
	where c.call_id = _call
		and c.leg_id = coalesce(_leg, c.leg_id)
		and c.kind = 'inquire'
		and c.state = 'pending'
	returning c.command_id, c.attempt into _command;
	return found and run.command_done(_command.command_id, _command.attempt, 200, jsonb_build_object('data', jsonb_build_object('is_alive', _is_alive)));
end
$$;
-- What was asked of a leg, in order.
create function test.asked_of_leg(_leg vals.legs)
returns text
language sql
as $$
	select string_agg(case when c.state = 'canceled' then '(' || c.step || ')' else c.step end, ' ' order by c.place)
	from vals.commands c
	where c.leg_id = _leg.id
		and c.kind <> 'dial'
$$;

-- A telephone that is never heard of.
select test.dialled(test.call()) as call \gset
select is(test.patience(test.the_leg(:'call')), 45, 'a_telephone_may_ring_for_its_time_and_some_more');
select is(run.deadlines_fire(100), 0, 'before_that_nothing_is_asked');
select is(test.silent(test.the_leg(:'call')), 1, 'after_that');
select is(test.asked_of_leg(test.the_leg(:'call')), 'hangup inquire_1', 'it_is_hung_up_and_asked_about');
select is(test.patience(test.the_leg(:'call')), 60, 'and_again_in_a_minute');
select test.silent(test.the_leg(:'call')) \g /dev/null
select is(test.asked_of_leg(test.the_leg(:'call')), 'hangup inquire_1', 'one_question_at_a_time');
select is(test.says(:'call', false), true, 'the_provider_says_that_it_is_gone');
select is(test.standing(:'call'), 'no-answer no_answer timeout', 'which_ends_the_call_for_lack_of_an_answer');
select is((select concat_ws(' ', g.state, g.deadline_at) from test.the_leg(:'call') g), 'ended', 'and_the_leg');
select is(test.told(:'call'), 'call.started call.status call.ended', 'and_is_told');
select test.dialled(test.call()) as alive \gset
select test.silent(test.the_leg(:'alive')) \g /dev/null
select test.says(:'alive', true) \g /dev/null
select is(test.asked_of_leg(test.the_leg(:'alive')), 'hangup inquire_1 hangup_1', 'one_that_lives_on_is_hung_up_again');
select is(test.standing(:'alive'), 'initiated - -', 'its_call_ends_with_the_news_of_it');
select test.call() as unsent \gset
select is(test.patience(test.the_leg(:'unsent')), 900, 'one_that_was_not_dialled_has_a_quarter_of_an_hour');

-- The verdict that does not come.
select test.answered() as unscreened \gset
select is(test.patience(test.the_leg(:'unscreened')), 6, 'a_verdict_has_six_seconds');
update vals.legs set deadline_at = clock_timestamp() + interval '2 seconds' where id = (test.the_leg(:'unscreened')).id;
select test.hears(:'unscreened', 'call.speak.started', 8) \g /dev/null
select is(test.patience(test.the_leg(:'unscreened')), 2, 'which_other_news_does_not_prolong');
select test.silent(test.the_leg(:'unscreened')) \g /dev/null
select is((test.the_call(:'unscreened')).answered_by, 'unknown', 'then_it_is_unknown');
select is(test.asked_of_leg(test.the_leg(:'unscreened')), null, 'and_nobody_is_asked');
select is(test.patience(test.the_leg(:'unscreened')), 300, 'the_conversation_may_be_silent_for_a_while');
select test.hears(:'unscreened', 'call.machine.premium.detection.ended', 12, '{"result":"machine"}') \g /dev/null
select is(test.standing(:'unscreened'), 'completed voicemail voicemail', 'a_definite_verdict_counts_also_when_it_is_late');
select test.answered() as greeted \gset
select test.hears(:'greeted', 'call.machine.premium.detection.ended', 7, '{"result":"not_sure"}') \g /dev/null
select test.hears(:'greeted', 'call.machine.premium.greeting.ended', 9, '{"result":"no_beep_detected"}') \g /dev/null
select is(test.standing(:'greeted'), 'active - -', 'no_beep_says_nothing');
select test.hears(:'greeted', 'call.machine.premium.greeting.ended', 10, '{"result":"beep_detected"}') \g /dev/null
select is(test.standing(:'greeted'), 'completed voicemail voicemail', 'a_beep_is_a_machine');

-- A conversation that is silent for long.
select test.hears(test.answered(), 'call.machine.premium.detection.ended', 7, '{"result":"human"}') as talk \gset
select test.silent(test.the_leg(:'talk')) \g /dev/null
select is(test.asked_of_leg(test.the_leg(:'talk')), 'inquire_1', 'it_is_asked_about_but_not_hung_up');
select test.says(:'talk', true) \g /dev/null
select is(test.standing(:'talk'), 'in-progress - -', 'and_goes_on_when_it_lives');
select test.silent(test.the_leg(:'talk')) \g /dev/null
select is(test.asked_of_leg(test.the_leg(:'talk')), 'inquire_1 inquire_2', 'a_later_question_is_another');
select test.says(:'talk', false) \g /dev/null
select is(test.standing(:'talk'), 'completed - timeout', 'one_the_provider_knows_no_more_ends_as_a_timeout');
select test.answered() as endless \gset
update vals.legs set amd = 'human', answered_at = now() - interval '62 minutes' where id = (test.the_leg(:'endless')).id;
select test.silent(test.the_leg(:'endless')) \g /dev/null
select is(test.asked_of_leg(test.the_leg(:'endless')), 'hangup inquire_1', 'one_beyond_its_limit_is_hung_up');

-- A hang-up nobody heard the effect of.
select test.answered() as hung \gset
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'hung')) \g /dev/null
select is(test.patience(test.the_leg(:'hung')), 30, 'a_hangup_has_half_a_minute');
select test.silent(test.the_leg(:'hung')) \g /dev/null
select is(test.asked_of_leg(test.the_leg(:'hung')), 'hangup inquire_1', 'then_it_is_asked_about');
select test.says(:'hung', true) \g /dev/null
select is(test.asked_of_leg(test.the_leg(:'hung')), 'hangup inquire_1 hangup_1', 'and_repeated');
select test.hears(:'hung', 'call.hangup', 90, '{"hangup_cause":"normal_clearing"}') \g /dev/null
select is(test.asked_of_leg(test.the_leg(:'hung')), '(hangup) inquire_1 (hangup_1)', 'what_an_ended_leg_was_to_do_is_taken_back');
select is(test.patience(test.the_leg(:'hung')), null, 'and_nothing_is_waited_for');
select is_empty(format('select * from run.commands_take(''one'', 100, 30) where leg_id = %L', (test.the_leg(:'hung')).id), 'nor_sent');

select test.hears(:'hung', 'call.speak.ended', 91) \g /dev/null
select is(test.patience(test.the_leg(:'hung')), null, 'also_after_late_news');
select test.answered() as leaving \gset
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'leaving')) \g /dev/null
update vals.legs set deadline_at = clock_timestamp() + interval '20 seconds' where id = (test.the_leg(:'leaving')).id;
select test.hears(:'leaving', 'call.machine.premium.detection.ended', 8, '{"result":"human"}') \g /dev/null
select is(test.patience(test.the_leg(:'leaving')), 20, 'news_of_who_is_to_be_hung_up_does_not_prolong_his_time');

-- A dial whose answer was lost is done when its telephone is heard of, whatever became of that.
select test.call() as lost \gset
select t.command_id as dial, t.attempt as attempt from run.commands_take('one', 100, 30) t where t.call_id = :'lost' \gset
select run.command_retry(:'dial', :attempt, 500, 'no answer', true) \g /dev/null
select test.hears(:'lost', 'call.hangup', 3, '{"hangup_cause":"user_busy"}') \g /dev/null
select is(test.standing(:'lost') || ', ' || test.commands(:'lost'), 'busy busy busy, dial done', 'the_dial_of_a_leg_that_was_heard_of_is_done');

-- A telephone of which the provider says that it is gone, before anybody heard so.
create function test.question_refused(_code text)
returns uuid
language plpgsql
as $$
declare
	_transfer uuid := test.kevin_hears(test.transfer_at('dialing'), 'call.answered', 8);
begin
	perform test.refuses(_transfer, 'gather', _code);
	return _transfer;
end
$$;
select test.question_refused('90018 /call_control_id') as doubted \gset
select is(test.asked_of_leg(test.closer_leg(:'doubted')), 'gather inquire_1', 'it_is_asked_about');
select is_empty(format('select * from run.commands_take(''one'', 100, 30) where leg_id = %L', (test.closer_leg(:'doubted')).id), 'but_not_at_once');
select is(test.transfer_standing(:'doubted'), 'briefing - / transferring', 'for_the_news_is_on_its_way');
select test.kevin_hears(:'doubted', 'call.hangup', 9, '{"hangup_cause":"normal_clearing"}') \g /dev/null
select is(test.asked_of_leg(test.closer_leg(:'doubted')), 'gather (inquire_1)', 'then_nobody_is_asked');
select test.question_refused('90018') as unheard \gset
select test.says((test.the_transfer(:'unheard')).call_id, false, (test.closer_leg(:'unheard')).id) \g /dev/null
select is(test.transfer_standing(:'unheard'), 'declined closer_hangup_early / transfer_failed', 'if_none_comes_the_answer_decides');
select test.question_refused('90015') as unknown \gset
select is(test.asked_of_leg(test.closer_leg(:'unknown')), 'gather hangup inquire_1', 'one_the_provider_does_not_know_is_asked_about_too');
select test.refuses(:'unknown', 'hangup', '90015') \g /dev/null
select test.says((test.the_transfer(:'unknown')).call_id, true, (test.closer_leg(:'unknown')).id) \g /dev/null
select test.refuses(:'unknown', 'hangup', '90015') \g /dev/null
select is(test.asked_of_leg(test.closer_leg(:'unknown')), 'gather hangup inquire_1 hangup_1', 'a_provider_that_contradicts_itself_is_not_asked_again_and_again');
select test.question_refused('10004') as refused \gset
select is(test.asked_of_leg(test.closer_leg(:'refused')), 'gather hangup', 'one_of_which_it_says_nothing_is_not');

-- Silent legs of a transfer.
select test.transfer_at('joined') as talking \gset
select test.silent(test.closer_leg(:'talking')) \g /dev/null
select test.says((test.the_transfer(:'talking')).call_id, false, (test.closer_leg(:'talking')).id) \g /dev/null
select is((test.closer_leg(:'talking')).amd, 'unknown', 'of_Kevin_as_well_the_verdict_comes_first');
update vals.legs set deadline_at = clock_timestamp() where id = (test.closer_leg(:'talking')).id;
select run.deadlines_fire(100) \g /dev/null
select test.says((test.the_transfer(:'talking')).call_id, false, (test.closer_leg(:'talking')).id) \g /dev/null
select is(test.transfer_standing(:'talking'), 'ended - / completed', 'a_conversation_whose_Kevin_is_gone_is_over');
select is(test.standing((test.the_transfer(:'talking')).call_id), 'completed hot_transfer kevin_hangup', 'and_its_call');
select test.transfer_at('briefing') as leadless \gset
select test.silent(test.the_leg((test.the_transfer(:'leadless')).call_id)) \g /dev/null
update vals.legs set deadline_at = clock_timestamp() where id = (test.the_leg((test.the_transfer(:'leadless')).call_id)).id;
select run.deadlines_fire(100) \g /dev/null
select test.says((test.the_transfer(:'leadless')).call_id, false, (test.the_leg((test.the_transfer(:'leadless')).call_id)).id) \g /dev/null
select is(test.transfer_standing(:'leadless'), 'lead_left timeout / completed', 'a_transfer_whose_lead_is_gone_is_over');
select is(vals.kevin_available(), true, 'and_Kevin_free');
select is(test.asked_of(:'leadless', 'closer'), 'dial (gather) hangup', 'his_telephone_is_hung_up');

-- A call somebody else holds is left for the next time: here nobody does, so it is enough that it is asked for so.
select ok(pg_get_functiondef('vals.deadline_fire(uuid,uuid,uuid)'::regprocedure) ~ 'for no key update skip locked', 'deadlines_wait_for_nobody');
set local role vals_run;
select lives_ok('select run.deadlines_fire(10)', 'the_runner_may_fire_them');
reset role;

-- A deadline that cannot be acted on: the others do not wait for it, and it comes again.
select test.dialled(test.call()) as broken \gset
select test.dialled(test.call()) as behind \gset
-- Whatever is to be done with this leg ends in this error.
alter function vals.leg_overdue(vals.calls, vals.legs) rename to leg_overdue_whole;
create function vals.leg_overdue(_call vals.calls, _leg vals.legs)
returns void
language plpgsql
as $$
begin
	perform vals.leg_overdue_whole(_call, _leg);
	if _leg.id::text = split_part(current_setting('test.breaks'), ' ', 1) then
		raise exception using errcode = split_part(current_setting('test.breaks'), ' ', 2), message = 'it breaks';
	end if;
end
$$;
create function test.both_fire(_errcode text default null)
returns text
language plpgsql
as $$
begin
	perform set_config('test.breaks', coalesce((test.the_leg((select c.id from pair c where c.name = 'broken'))).id || ' ' || _errcode, ''), true);
	update vals.legs set deadline_at = clock_timestamp() - interval '2 seconds' where call_id = (select c.id from pair c where c.name = 'broken');
	update vals.legs set deadline_at = clock_timestamp() - interval '1 second' where call_id = (select c.id from pair c where c.name = 'behind');
	return run.deadlines_fire(100)::text;
exception when others then
	return sqlstate;
end
$$;
create temporary table pair as select p.name, p.id from (values ('broken', :'broken'::uuid), ('behind', :'behind'::uuid)) p (name, id);
-- Nothing else is due meanwhile, and time is what the tests say.
update vals.legs set deadline_at = null where call_id not in (select id from pair);
update vals.transfers set deadline_at = null;
create or replace function vals.batch_is_over(_began timestamptz) returns boolean language sql as 'select false';
set local client_min_messages = error;
select is(test.both_fire('22003'), '1', 'a_deadline_that_breaks_does_not_hold_up_the_next');
select is(test.asked_of_leg(test.the_leg(:'behind')), 'hangup inquire_1', 'which_is_acted_on');
select is(test.asked_of_leg(test.the_leg(:'broken')), null, 'nothing_of_what_broke_remains');
select is(test.patience(test.the_leg(:'broken')), 10, 'it_is_tried_again_soon');
select is(test.both_fire('55P03'), '0', 'one_that_waits_in_vain_leaves_the_others_to_the_next_time');
select is(test.patience(test.the_leg(:'broken')), 10, 'which_it_does_not_hold_up_again');
select is(test.both_fire('40P01'), '40P01', 'after_a_conflict_all_is_begun_again');
create or replace function vals.batch_is_over(_began timestamptz) returns boolean language sql as 'select true';
select is(test.both_fire(), '1', 'when_time_is_up_what_is_left_is_for_the_next_time');
select ok((test.the_leg(:'behind')).deadline_at <= clock_timestamp(), 'it_keeps_its_turn');
select is(run.deadlines_fire(100), 1, 'which_comes');
drop function vals.leg_overdue(vals.calls, vals.legs);
alter function vals.leg_overdue_whole(vals.calls, vals.legs) rename to leg_overdue;
set local client_min_messages = warning;
select test.silent(test.the_leg(:'broken')) \g /dev/null
select is(test.asked_of_leg(test.the_leg(:'broken')), 'hangup inquire_1', 'once_mended_it_is_acted_on');

-- Events applied again, after a fault was mended.
select test.dialled(test.call()) as mended \gset
select test.hears(:'mended', 'call.answered', 5) \g /dev/null
select test.hears(:'mended', 'call.hangup', 30, '{"hangup_cause":"normal_clearing","hangup_source":"callee"}') \g /dev/null
select test.standing(:'mended') as before \gset
select test.forget() \g /dev/null
select is((select concat_ws(' ', seen, applied) from admin.webhooks_replay(now() - interval '1 hour', null, false, 100000)),
	(select concat_ws(' ', count(*), count(leg_id)) from vals.webhook_events where received_at >= now() - interval '1 hour'), 'all_since_a_time_are_applied_again');
select is(test.standing(:'mended') || test.told(:'mended'), :'before', 'which_changes_and_tells_nothing');
update vals.webhook_events set processed_at = null, leg_id = null where call_control_id = 'v3:' || :'mended' and event_type = 'call.hangup';
select is((select concat_ws(' ', seen, applied) from admin.webhooks_replay(null, null, true, 100)), '1 1', 'or_only_those_without_a_leg');
select is((select concat_ws(' ', seen, applied) from admin.webhooks_replay(null, '00000000-0000-4000-8000-000000000000', false, 100)), '0 0', 'or_one');

-- Which leg an event speaks of.
select test.transfer(test.answered()) as early \gset
select test.kevin_hears(:'early', 'call.initiated', 1) \g /dev/null
select is((test.closer_leg(:'early')).call_control_id, 'v3:k' || :'early', 'an_event_before_the_dials_answer_finds_Kevins_leg_by_its_transfer');
select is(test.transfer_standing(:'early'), 'dialing - / transferring', 'and_moves_it');
select test.kevin_hears(:'early', 'call.hangup', 2, '{"hangup_cause":"user_busy"}') \g /dev/null
select test.transfer((test.the_transfer(:'early')).call_id) as again \gset
select test.receive(test.event((test.the_transfer(:'early')).call_id, 'call.answered', now(), jsonb_build_object('call_control_id', 'v3:stranger', 'call_leg_id', 'stranger', 'client_state',
	encode(convert_to(jsonb_build_object('v', 1, 'call', (test.the_transfer(:'early')).call_id, 'leg', 'closer', 'xfer', 'no-uuid')::text, 'UTF8'), 'base64')))) \g /dev/null
select is(test.transfer_standing(:'again'), 'requested - / transferring', 'one_without_a_transfer_of_ours_is_not_his');
select test.receive(test.event((test.the_transfer(:'early')).call_id, 'call.answered', now(), jsonb_build_object('call_control_id', 'v3:stranger', 'call_leg_id', 'stranger', 'client_state',
	encode(convert_to(jsonb_build_object('v', 1, 'call', (test.the_transfer(:'early')).call_id, 'leg', 'lead', 'xfer', :'again')::text, 'UTF8'), 'base64')))) \g /dev/null
select is(test.transfer_standing(:'again'), 'requested - / transferring', 'what_the_lead_was_sent_along_does_not_name_Kevin');
select test.conference_hears(:'again', 'conference.participant.joined', 'closer', 3) \g /dev/null
select is((test.closer_leg(:'again')).call_control_id, null, 'the_client_state_of_a_conference_names_no_participant');
select test.closer_dialled(:'again') \g /dev/null
select is(test.transfer_standing(:'again'), 'dialing - / transferring', 'who_was_in_a_conference_before_there_was_one_has_not_joined');

select * from finish();
rollback;
