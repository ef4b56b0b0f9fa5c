-- The provider's events: each counts once, in whatever order they come.
\ir support/begin.psql

select plan(115);

-- The ordinary way.
select test.dialled(test.call()) as call \gset
select test.forget() \g /dev/null
select test.hears(:'call', 'call.initiated', 1) \g /dev/null
select is(test.standing(:'call'), 'ringing - -', 'call_initiated_means_ringing');
select is((select concat_ws(' ', g.state, g.initiated_at - c.start_time) from test.the_leg(:'call') g, test.the_call(:'call') c), 'ringing 00:00:01',
	'the_leg_rings_from_when_it_happened');
select test.hears(:'call', 'call.answered', 5) \g /dev/null
select is(test.standing(:'call'), 'active - -', 'call_answered_means_active');
select is((select answered_at - start_time from test.the_call(:'call')), interval '5 seconds', 'a_call_is_answered_when_it_happened');
select is((select l.status from test.the_lead((test.the_call(:'call')).lead_id) l), 'new', 'who_answered_is_not_known_yet');
select test.hears(:'call', 'call.machine.premium.detection.ended', 7, '{"result":"human_residence"}') \g /dev/null
select is(test.standing(:'call'), 'in-progress - -', 'a_human_means_in_progress');
select is((test.the_call(:'call')).answered_by, 'human', 'a_human_answered');
select is((select concat_ws(' ', l.status, l.last_contacted - c.start_time) from test.the_call(:'call') c, test.the_lead(c.lead_id) l), 'contacted 00:00:05',
	'a_human_who_answered_was_contacted_at_the_answer');
select test.hears(:'call', 'call.hangup', 65, '{"hangup_cause":"normal_clearing","hangup_source":"callee"}') \g /dev/null
select is(test.standing(:'call'), 'completed - lead_hangup', 'the_lead_hung_up');
select is((select end_time - start_time from test.the_call(:'call')), interval '65 seconds', 'a_call_ends_when_it_happened');
select is((select concat_ws(' ', g.state, g.hangup_cause) from test.the_leg(:'call') g), 'ended normal_clearing', 'the_leg_keeps_the_cause');
select is(test.told(:'call'), 'call.status call.status call.status call.status call.ended', 'each_step_is_told_once');
select is(test.last_told(:'call', 'call.ended') ->> 'durationSec', '60', 'the_duration_runs_from_answer_to_end');
select is((select count(*) from vals.webhook_events where leg_id = (test.the_leg(:'call')).id and processed_at is not null), 4::bigint,
	'every_event_is_kept_with_its_leg');

-- The same event twice.
set local role vals_api;
select is(api.webhook_receive('{}', gen_random_uuid(), 'call.answered', test.event(test.call(), 'call.answered', now()))::jsonb, '{"received":true}'::jsonb,
	'an_event_is_received');
reset role;
select test.dialled(test.call()) as twice \gset
select test.event(:'twice', 'call.answered', clock_timestamp()) as event \gset
select test.receive(:'event') \g /dev/null
select test.told(:'twice') as told_once, (test.the_lead((test.the_call(:'twice')).lead_id)).version as version_once \gset
select is(test.receive(:'event')::jsonb, '{"received":true,"isRepeated":true}'::jsonb, 'a_second_delivery_is_received_as_well');
select is(test.told(:'twice'), :'told_once', 'a_second_delivery_tells_nothing');
select is((test.the_lead((test.the_call(:'twice')).lead_id)).version, :version_once, 'a_second_delivery_changes_nothing');
select is((select count(*) from vals.webhook_events where id = (:'event'::jsonb #>> '{data,id}')::uuid), 1::bigint, 'a_second_delivery_is_stored_once');
-- The same fact under another id.
select test.event(:'twice', 'call.answered', clock_timestamp() + interval '9 seconds') as again \gset
select (test.the_call(:'twice')).answered_at as answered_once \gset
select test.receive(:'again') \g /dev/null
select is((test.the_call(:'twice')).answered_at, :'answered_once'::timestamptz, 'a_second_answer_does_not_move_the_answer');
select is(test.told(:'twice'), :'told_once', 'a_second_answer_is_not_told');

-- A time that is none.
select is(vals.time_told(t.text), t.at::timestamptz, 'time_told_' || coalesce(t.text, 'null'))
from (values ('2026-06-01T12:00:00.5Z', '2026-06-01 12:00:00.5+00'), ('', null), ('soon', null), ('12', null), ('2026-13-01T00:00:00Z', null),
	('infinity', null), (null, null)) as t (text, at);
select test.hears(test.dialled(test.call()), 'call.answered', 5) as timeless \gset
select test.receive(jsonb_set(test.event(:'timeless', 'call.hangup', now(), '{"hangup_cause":"normal_clearing","hangup_source":"callee"}'),
	'{data,occurred_at}', '"soon"')) \g /dev/null
select is(test.standing(:'timeless'), 'completed - lead_hangup', 'who_hung_up_nobody_knows_when_has_hung_up');

-- Out of order.
select test.dialled(test.call()) as hungup_first \gset
select test.hears(:'hungup_first', 'call.hangup', 30, '{"hangup_cause":"normal_clearing","hangup_source":"callee"}') \g /dev/null
select test.forget() \g /dev/null
select test.standing(:'hungup_first') as ended_as \gset
select test.hears(:'hungup_first', 'call.answered', 5) \g /dev/null
select test.hears(:'hungup_first', 'call.initiated', 1) \g /dev/null
select is(test.standing(:'hungup_first'), :'ended_as', 'an_answer_after_the_hangup_does_not_wake_the_call');
select is((select answered_at - start_time from test.the_call(:'hungup_first')), interval '5 seconds', 'an_answer_after_the_hangup_fills_in_its_time');
select is((select concat_ws(' ', g.state, g.initiated_at - c.start_time, g.answered_at - c.start_time)
	from test.the_leg(:'hungup_first') g, test.the_call(:'hungup_first') c), 'ended 00:00:01 00:00:05', 'the_ended_leg_gets_its_times_and_stays_ended');
select is(test.told(:'hungup_first'), '', 'what_comes_after_the_hangup_is_not_told');

select test.dialled(test.call()) as rang_late \gset
select test.hears(:'rang_late', 'call.answered', 5) \g /dev/null
select test.hears(:'rang_late', 'call.initiated', 1) \g /dev/null
select is(test.standing(:'rang_late'), 'active - -', 'ringing_after_the_answer_does_not_take_it_back');
select is((test.the_leg(:'rang_late')).state, 'answered', 'the_answered_leg_stays_answered');

select test.dialled(test.call()) as screened_first \gset
select test.hears(:'screened_first', 'call.machine.premium.detection.ended', 7, '{"result":"human_business"}') \g /dev/null
select is(test.standing(:'screened_first'), 'initiated - -', 'a_human_found_before_the_answer_is_not_yet_in_progress');
select is((test.the_call(:'screened_first')).answered_by, 'human', 'but_noted');
select test.hears(:'screened_first', 'call.answered', 5) \g /dev/null
select is(test.standing(:'screened_first'), 'in-progress - -', 'the_answer_after_the_finding_goes_straight_to_in_progress');

-- Machines. Whatever comes first, the end is the same.
create function test.machine(_first text, _second text, _result text default 'machine')
returns uuid
language plpgsql
as $$
declare
	_call uuid := test.dialled(test.call());
	_more jsonb := jsonb_build_object('result', _result);
begin
	perform test.hears(_call, _first, case when _first = 'call.answered' then 5 else 7 end, _more);
	perform test.hears(_call, _second, case when _second = 'call.answered' then 5 else 7 end, _more);
	return _call;
end
$$;
select test.machine('call.answered', 'call.machine.premium.detection.ended') as machine \gset
select test.machine('call.machine.detection.ended', 'call.answered') as machine_first \gset
select test.machine('call.answered', 'call.machine.detection.ended', 'fax_detected') as fax \gset
select is(test.standing(:'machine'), 'completed voicemail voicemail', 'a_machine_ends_the_call_as_voicemail');
select is(test.standing(:'machine_first'), 'completed voicemail voicemail', 'also_when_it_is_found_before_the_answer');
select is(test.standing(:'fax'), 'completed voicemail voicemail', 'a_fax_is_a_machine');
select is(test.commands(:'machine'), 'dial done, hangup pending', 'a_machine_is_hung_up_on');
select is(test.commands(:'machine_first'), 'dial done, hangup pending', 'a_machine_found_before_the_answer_is_hung_up_on');
select is((test.the_call(:'machine')).answered_by, 'machine', 'a_machine_answered');
select is((test.the_lead((test.the_call(:'machine_first')).lead_id)).status, 'new', 'a_machine_found_before_the_answer_is_no_contact');
select is((test.the_lead((test.the_call(:'machine')).lead_id)).status, 'new', 'a_machine_found_after_the_answer_is_no_contact_either');
select is((test.the_call(:'machine_first')).answered_at - (test.the_call(:'machine_first')).start_time, interval '5 seconds',
	'the_time_of_the_answer_is_kept_for_a_machine');
select test.hears(:'machine', 'call.hangup', 9, '{"hangup_cause":"normal_clearing","hangup_source":"caller"}') \g /dev/null
select is(test.standing(:'machine'), 'completed voicemail voicemail', 'our_own_hangup_does_not_change_the_outcome');
select test.machine('call.answered', 'call.machine.detection.ended', r.result) as call, r.expected
into temporary table screened
from (values ('human', 'in-progress human'), ('human_residence', 'in-progress human'), ('human_business', 'in-progress human'),
	('silence', 'active unknown'), ('not_sure', 'active unknown'), ('something_new', 'active unknown')) as r (result, expected);
select is((select array_agg(concat_ws(' ', (test.the_call(s.call)).status, (test.the_call(s.call)).answered_by) order by s.expected) from screened s),
	(select array_agg(expected order by expected) from screened), 'humans_go_on_and_whoever_is_unsure_counts_as_one');
select test.machine('call.answered', 'call.machine.detection.ended', 'human') as decided \gset
select test.hears(:'decided', 'call.machine.premium.detection.ended', 8, '{"result":"machine"}') \g /dev/null
select is(test.standing(:'decided'), 'in-progress - -', 'the_first_finding_counts');
select test.answered() as late_machine \gset
select test.hears(:'late_machine', 'call.hangup', 20, '{"hangup_cause":"normal_clearing","hangup_source":"callee"}') \g /dev/null
select is((select l.status from test.the_lead((test.the_call(:'late_machine')).lead_id) l), 'contacted', 'an_answer_without_a_finding_counts_as_a_human_at_the_end');
select test.hears(:'late_machine', 'call.machine.detection.ended', 7, '{"result":"machine"}') \g /dev/null
select is(test.standing(:'late_machine') || ' ' || (test.the_call(:'late_machine')).answered_by, 'completed - lead_hangup machine',
	'a_finding_after_the_end_is_noted_and_nothing_more');
select is(test.commands(:'late_machine'), 'dial done', 'nobody_is_hung_up_on_after_the_end');

-- Every cause of a hangup.
create function test.hungup(_answered boolean, _cause text, _source text)
returns text
language plpgsql
as $$
declare
	_call uuid := case when _answered then test.answered() else test.dialled(test.call()) end;
begin
	perform test.hears(_call, 'call.hangup', 30, jsonb_build_object('hangup_cause', _cause, 'hangup_source', _source));
	return test.standing(_call);
end
$$;
select is(test.hungup(false, h.cause, 'callee'), h.expected, format('%s_before_the_answer_is_%s', h.cause, replace(h.expected, ' ', '_')))
from (values
	('user_busy', 'busy busy busy'), ('no_answer', 'no-answer no_answer no_answer'), ('timeout', 'no-answer no_answer no_answer'),
	('call_rejected', 'failed failed rejected'), ('not_found', 'failed wrong_number carrier_error'),
	('originator_cancel', 'canceled - agent_hangup'), ('normal_clearing', 'failed failed carrier_error'),
	('unspecified', 'failed failed carrier_error'), ('a_cause_of_tomorrow', 'failed failed carrier_error'), (null, 'failed failed carrier_error')
) as h (cause, expected);
select is(test.hungup(true, h.cause, h.source), h.expected,
	format('%s_by_%s_after_the_answer_is_%s', h.cause, h.source, replace(h.expected, ' ', '_')))
from (values
	('normal_clearing', 'callee', 'completed - lead_hangup'), ('normal_clearing', 'caller', 'completed - agent_hangup'),
	('normal_clearing', 'unknown', 'completed - lead_hangup'), ('time_limit', 'unknown', 'completed - timeout'),
	('time_limit', 'caller', 'completed - timeout'), ('unspecified', 'callee', 'completed - lead_hangup'),
	('a_cause_of_tomorrow', 'callee', 'completed - lead_hangup'), (null, null, 'completed - lead_hangup')
) as h (cause, source, expected);

-- A hangup ends an answered call, whatever the agent stored as its outcome.
select test.answered(test.lead_in('contacted')) as outcome \gset
update vals.calls set final_status = 'zoom_scheduled', status = 'transferred' where id = :'outcome';
select test.hears(:'outcome', 'call.hangup', 30, '{"hangup_cause":"normal_clearing","hangup_source":"callee"}') \g /dev/null
select is(test.standing(:'outcome'), 'completed zoom_scheduled lead_hangup', 'a_stored_outcome_outlives_the_hangup');
select is((test.the_lead((test.the_call(:'outcome')).lead_id)).status, 'zoom_scheduled', 'and_moves_the_lead');

-- Which leg: by the provider's ids, else by our client_state.
select test.call() as overtaken \gset
select test.hears(:'overtaken', 'call.answered', 5) \g /dev/null
select is(test.standing(:'overtaken'), 'active - -', 'an_answer_before_the_result_of_the_dial_finds_its_call');
select is((test.the_leg(:'overtaken')).call_control_id, 'v3:' || :'overtaken', 'it_brings_the_ids_of_the_leg');
select test.dialled(:'overtaken') \g /dev/null
select is((select concat_ws(' ', g.state, g.call_leg_id) from test.the_leg(:'overtaken') g), 'answered leg-' || :'overtaken',
	'the_result_of_the_dial_does_not_take_the_answer_back');
select is((select r.body ->> 'telnyxCallId' from api.call_start_result(:'overtaken') r), 'leg-' || :'overtaken', 'and_start_call_gets_its_id');

-- An orphan: neither ids nor client_state known. It waits for the dial's result.
select test.call() as orphan \gset
select test.forget() \g /dev/null
create function test.hears_alone(_call uuid, _type text, _seconds int, _more jsonb default '{}')
returns void
language sql
as $$
	select test.receive(test.event(_call, _type, (test.the_call(_call)).start_time + make_interval(secs => _seconds), _more) #- '{data,payload,client_state}')
$$;
select test.hears_alone(:'orphan', 'call.answered', 5) \g /dev/null
select test.hears_alone(:'orphan', 'call.initiated', 1) \g /dev/null
select is(test.standing(:'orphan'), 'initiated - -', 'an_event_of_an_unknown_leg_changes_nothing');
select is((select count(*) from vals.webhook_events where call_control_id = 'v3:' || :'orphan' and processed_at is null), 2::bigint, 'it_is_kept_unprocessed');
select test.dialled(:'orphan') \g /dev/null
select is(test.standing(:'orphan'), 'active - -', 'the_result_of_the_dial_applies_what_came_before_it');
select is(test.told(:'orphan'), 'call.status call.status', 'in_the_order_in_which_it_happened');
select is((select count(*) from vals.webhook_events where call_control_id = 'v3:' || :'orphan' and processed_at is null), 0::bigint, 'and_none_stays_behind');
select test.call() as gone_orphan \gset
select test.hears_alone(:'gone_orphan', 'call.hangup', 3, '{"hangup_cause":"user_busy","hangup_source":"callee"}') \g /dev/null
select test.dialled(:'gone_orphan') \g /dev/null
select is(test.standing(:'gone_orphan'), 'busy busy busy', 'a_hangup_before_the_result_of_the_dial_ends_the_call');

-- By the leg's id alone, as recordings come.
select test.dialled(test.call()) as by_leg \gset
select test.receive(test.event(:'by_leg', 'call.answered', clock_timestamp()) #- '{data,payload,client_state}' #- '{data,payload,call_control_id}') \g /dev/null
select is(test.standing(:'by_leg'), 'active - -', 'the_id_of_the_leg_is_enough');

-- Events that cannot be applied: those which say so, with the error they name.
alter function vals.webhook_effect(jsonb, vals.webhook_events, vals.calls, vals.legs) rename to webhook_effect_whole;
create function vals.webhook_effect(_who jsonb, _event vals.webhook_events, _call vals.calls, _leg vals.legs)
returns void
language plpgsql
as $$
declare
	_code text := _event.raw #>> '{data,payload,breaks}';
begin
	perform vals.webhook_effect_whole(_who, _event, _call, _leg);
	if _code is not null then
		raise exception using errcode = _code, message = 'it breaks';
	end if;
end
$$;
set local client_min_messages = error;
-- How the events of a call stand, in the order in which they happened.
create function test.events(_call uuid)
returns text
language sql
as $$
	select string_agg(case when e.processed_at is not null then 'applied' when e.put_off_until > now() then 'put off' else 'waiting' end, ' '
		order by e.occurred_at)
	from vals.webhook_events e
	where e.call_control_id = 'v3:' || _call
$$;
select test.answered() as broken \gset
select test.forget() \g /dev/null
select is(test.receive(test.event(:'broken', 'call.hangup', clock_timestamp() + interval '30 seconds', '{"hangup_cause":"normal_clearing","breaks":"22003"}'))::jsonb,
	'{"received":true}'::jsonb, 'an_event_that_cannot_be_applied_is_received');
select is(test.standing(:'broken') || test.told(:'broken'), 'active - -', 'nothing_of_it_remains');
select is(test.events(:'broken'), 'applied put off', 'but_the_event');
select is(test.refusal(format('select test.receive(%L)', test.event(:'broken', 'call.hangup', clock_timestamp(), jsonb_build_object('breaks', e.code)))),
	e.code || ' it breaks', e.code || '_is_not_the_events_fault_and_it_is_to_be_sent_again')
from (values ('40P01'), ('55P03'), ('53100'), ('57P01')) as e (code);

select test.call() as among \gset
select test.hears_alone(:'among', 'call.initiated', 1, '{"breaks":"22003"}') \g /dev/null
select test.hears_alone(:'among', 'call.answered', 5) \g /dev/null
select test.dialled(:'among') \g /dev/null
select is(test.commands(:'among'), 'dial done', 'the_result_of_the_dial_is_stored_in_spite_of_it');
select is(test.standing(:'among') || ' ' || test.events(:'among'), 'active - - put off applied', 'and_what_else_came_before_it_is_applied');

update vals.webhook_events set processed_at = null where call_control_id = 'v3:' || :'among' and event_type = 'call.answered';
update vals.webhook_events set put_off_until = now() where call_control_id in ('v3:' || :'broken', 'v3:' || :'among');
select is(run.webhooks_reapply(100), 1, 'the_runner_applies_what_can_be_applied');
select is(test.events(:'broken') || ', ' || test.events(:'among'), 'applied put off, put off applied', 'and_leaves_the_others_for_later');
update vals.webhook_events set processed_at = null, leg_id = null where call_control_id = 'v3:' || :'among';
select is((select concat_ws(' ', seen, applied) from admin.webhooks_replay(null, null, true, 100000)),
	(select concat_ws(' ', count(*), 1) from vals.webhook_events where processed_at is null) , 'a_replay_passes_over_what_cannot_be_applied');
select is(test.events(:'among'), 'put off applied', 'and_goes_on_behind_it');
drop function vals.webhook_effect(jsonb, vals.webhook_events, vals.calls, vals.legs);
alter function vals.webhook_effect_whole(jsonb, vals.webhook_events, vals.calls, vals.legs) rename to webhook_effect;
set local client_min_messages = warning;
select is(run.webhooks_reapply(100), 0, 'which_it_does_not_try_before_their_time');
update vals.webhook_events set put_off_until = now() where call_control_id = 'v3:' || :'broken';
select is(run.webhooks_reapply(100) || ' ' || test.standing(:'broken'), '1 completed - lead_hangup', 'once_mended_they_become_true');

-- What is not ours.
select test.dialled(test.call()) as mine \gset
select test.forget() \g /dev/null
create function test.foreign(_client_state text)
returns void
language sql
as $$
	select test.receive(test.event('00000000-0000-4000-8000-00000000dead', 'call.answered', clock_timestamp(), jsonb_build_object('client_state', _client_state)))
$$;
select lives_ok(format('select test.foreign(%L)', f.state), format('a_client_state_%s_is_taken_calmly', f.title))
from (values ('absent', null), ('empty', ''), ('that_is_no_base64', '&&&'), ('that_is_no_text', '/w=='), ('that_is_no_JSON', 'aGVsbG8='),
	('that_is_a_list', 'WzFd'), ('without_a_uuid', encode('{"call":"x","leg":"lead"}', 'base64')),
	('of_an_unknown_call', test.client_state('00000000-0000-4000-8000-00000000beef')), ('of_another_leg_that_has_its_ids', test.client_state(:'mine'))
) as f (title, state);
select is(test.standing(:'mine') || test.told(:'mine'), 'initiated - -', 'none_of_them_touched_a_call_of_ours');
select lives_ok($$select test.receive('{"data":{"id":"00000000-0000-4000-8000-000000000001","event_type":"call.answered"}}')$$, 'an_event_without_payload_is_taken');
select lives_ok($$select test.receive('{"data":{"id":"00000000-0000-4000-8000-000000000002","event_type":"number_order.complete","payload":{}}}')$$,
	'an_event_about_no_call_is_taken');
select is((select count(*) from vals.webhook_events where id::text like '00000000-0000-4000-8000-00000000000_' and processed_at is not null), 2::bigint,
	'what_can_never_find_a_leg_does_not_wait_for_one');
select test.answered() as curious \gset
select test.forget() \g /dev/null
select test.hears(:'curious', 'call.something.new', 9) \g /dev/null
select is(test.standing(:'curious') || test.told(:'curious'), 'active - -', 'an_unknown_type_is_stored_and_changes_nothing');

-- What the lead is told to have changed.
select test.lead_in('qualified') as known \gset
select test.forget() \g /dev/null
select test.hears(test.answered(:'known'), 'call.machine.detection.ended', 7, '{"result":"human"}') \g /dev/null
select is((test.the_lead(:'known')).status, 'qualified', 'an_answer_does_not_move_a_lead_back');
select is((select array_agg(k) from jsonb_object_keys(test.last_told(:'known', 'lead.updated') -> 'changes') k), array['lastContacted'],
	'only_what_changed_about_the_lead_is_told');

select * from finish();
rollback;
