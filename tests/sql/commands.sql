-- Commands: taken by one, fenced by attempt, tried again, given up.
\ir support/begin.psql

select plan(70);

-- Nothing of others is due.
update vals.commands set state = 'done' where state in ('pending', 'leased');

-- Take.
select test.call(test.lead('{"phone":"+14155550130"}')) as call \gset
set local role vals_run;
create temporary table taken on commit drop as
select * from run.commands_take('one', 10, 30);
select is((select concat_ws(' ', kind, attempt, call_id, params) from taken), 'dial 1 ' || :'call' || ' {"to": "+14155550130", "leg": "lead"}', 'a_due_command_is_taken');
select is((select call_control_id from taken), null, 'a_dial_has_no_provider_id_yet');
select ok((select age_ms between 0 and 1000 from taken), 'its_age_counts_from_the_first_sending');
select is_empty($$select * from run.commands_take('two', 10, 30)$$, 'a_taken_command_is_not_taken_again');
reset role;
select is((select concat_ws(' ', state, worker, lease_until - now()) from vals.commands where call_id = :'call'), format('leased one#%s 00:00:30', pg_backend_pid()),
	'a_taken_command_belongs_to_its_taker_until_the_lease_ends');

-- A taker that oversleeps its lease is fenced off.
update vals.commands set lease_until = now() - interval '1 second', first_sent_at = now() - interval '40 seconds' where call_id = :'call';
set local role vals_run;
create temporary table retaken on commit drop as
select * from run.commands_take('two', 10, 30);
select is((select attempt from retaken), 2, 'an_expired_lease_is_taken_over_with_the_next_attempt');
select is((select command_id from retaken), (select command_id from taken), 'under_the_same_command_id');
select is((select age_ms from retaken), 40000::bigint, 'its_age_still_counts_from_the_first_sending');
select is((select run.command_done(command_id, 1, 200, test.dial_answer(:'call')) from taken), false, 'the_sleeper_cannot_finish_it');
select is((select run.command_retry(command_id, 1, 0, 'x', true) from taken), false, 'the_sleeper_cannot_put_it_back');
select is((select run.command_failed(command_id, 1, 422, 'x', 'x') from taken), false, 'the_sleeper_cannot_give_it_up');
select is((select run.command_unsure(command_id, 1, 'x') from taken), false, 'the_sleeper_cannot_be_unsure_of_it');
reset role;
select is(test.standing(:'call'), 'initiated - -', 'nothing_the_sleeper_says_touches_the_call');
select is((test.the_leg(:'call')).call_control_id, null, 'nor_the_leg');
set local role vals_run;
select is((select run.command_done(command_id, 2, 200, test.dial_answer(:'call')) from retaken), true, 'the_new_taker_finishes_it');
select is((select run.command_done(command_id, 2, 200, test.dial_answer(:'call')) from retaken), false, 'a_command_is_finished_once');
reset role;
select is((select run.command_retry(command_id, 2, 0, 'x', true) from retaken), false, 'and_not_put_back_afterwards');
select is((select concat_ws(' ', state, http_status, lease_until is null, finished_at is not null) from vals.commands where call_id = :'call'), 'done 200 t t',
	'a_finished_command_keeps_the_answer');
select is((select concat_ws(' ', g.state, g.call_control_id, g.call_leg_id, g.call_session_id) from test.the_leg(:'call') g),
	format('dialing v3:%s leg-%s session-%s', :'call', :'call', :'call'), 'the_answer_of_a_dial_brings_the_ids_of_the_leg');

-- Try again.
select test.call() as later \gset
create function test.take(_call uuid)
returns record
language sql
as $$
	select t.command_id, t.attempt from run.commands_take('one', 100, 30) t where t.call_id = _call
$$;
select t.command_id as command, t.attempt as attempt from test.take(:'later') as t (command_id uuid, attempt int) \gset
select is(run.command_retry(:'command', :attempt, 1500, 'provider is busy', false), true, 'a_command_can_be_put_back');
select is((select concat_ws(' ', state, next_at - now(), reason) from vals.commands where command_id = :'command'), 'pending 00:00:01.5 provider is busy',
	'to_be_tried_after_the_delay');
select is_empty($$select * from run.commands_take('one', 100, 30)$$, 'before_that_it_is_not_due');
update vals.commands set next_at = now() where command_id = :'command';
select is((select t.attempt from test.take(:'later') as t (command_id uuid, attempt int)), 2, 'after_that_it_is');
select is(run.command_unsure(:'command', 2, 'no answer'), true, 'a_taker_may_be_unsure');
select is((select concat_ws(' ', state, next_at - now()) from vals.commands where command_id = :'command'), 'pending 00:00:05', 'then_it_is_asked_about_later');
select is_empty(format('select * from api.call_start_result(%L)', :'later'), 'a_dial_put_back_has_no_result_yet');

-- A call that ended while its dial waits to be sent again.
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'later')) \g /dev/null
update vals.commands set next_at = now() where command_id = :'command';
select is((test.the_leg(:'later')).state <> 'ended' and exists (select from vals.commands where call_id = :'later' and kind = 'hangup' and state = 'pending'), true,
	'a_dial_that_may_have_been_sent_is_hung_up_not_taken_back');
select is_empty($$select * from run.commands_take('one', 100, 30)$$, 'neither_is_the_dial_repeated_nor_the_hangup_sent_without_an_id');
update vals.commands set first_sent_at = now() - interval '61 seconds' where command_id = :'command';
select is((select kind from run.commands_take('one', 100, 30)), 'dial', 'when_the_provider_has_forgotten_it_the_dial_is_asked_about');
select run.command_done(:'command', (select attempt from vals.commands where command_id = :'command'), 200, test.dial_answer(:'later')) \g /dev/null
select is((select concat_ws(' ', kind, call_control_id) from run.commands_take('one', 100, 30)), 'hangup v3:' || :'later', 'and_is_due_as_soon_as_it_is_known');
select is(run.command_done((select command_id from vals.commands where call_id = :'later' and kind = 'hangup'), 1, 422, null), true,
	'a_hangup_of_what_is_over_is_done');

-- Give up.
create function test.refused(_code text)
returns uuid
language plpgsql
as $$
declare
	_call uuid := test.call();
	_command record;
begin
	select t.command_id, t.attempt into _command from run.commands_take('one', 100, 30) t where t.call_id = _call;
	perform test.forget();
	perform run.command_failed(_command.command_id, _command.attempt, 422, _code, 'refused');
	return _call;
end
$$;
select test.refused('10015') as refused \gset
select is(test.standing(:'refused'), 'failed failed api_error', 'a_dial_that_will_never_be_done_fails_the_call');
select is(test.told(:'refused'), 'call.status call.ended', 'and_that_is_told');
select is((test.the_leg(:'refused')).state, 'ended', 'its_leg_is_over');
select is((select r.http_status from api.call_start_result(:'refused') r), 502, 'who_waits_for_it_gets_502');
select is((select concat_ws(' ', state, http_status, error_code, reason) from vals.commands where call_id = :'refused'), 'failed 422 10015 refused',
	'the_command_keeps_the_reason');
select is(test.standing(test.refused('10016')), 'failed wrong_number api_error', 'an_invalid_number_is_a_wrong_number');
select is(test.standing(test.refused('10016 /from')), 'failed failed api_error', 'an_invalid_number_of_our_own_is_not');
select test.dialled(test.call()) as unhangable \gset
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'unhangable', 'finalStatus', 'callback')) \g /dev/null
select t.command_id as command, t.attempt as attempt from test.take(:'unhangable') as t (command_id uuid, attempt int) \gset
select is(run.command_failed(:'command', :attempt, 422, '90015', 'refused'), true, 'a_hangup_can_be_given_up');
select is(test.standing(:'unhangable'), 'canceled callback agent_hangup', 'which_does_not_touch_the_call');

-- What was heard of was dialled, whatever the answer says; what was not is let go of.
select test.call() as heard \gset
select t.command_id as command, t.attempt as attempt from test.take(:'heard') as t (command_id uuid, attempt int) \gset
select test.hears(:'heard', 'call.initiated', 1) \g /dev/null
select run.command_failed(:'command', :attempt, 422, '10015', 'refused') \g /dev/null
select is(test.standing(:'heard') || ' ' || (test.the_leg(:'heard')).state, 'ringing - - ringing', 'a_telephone_that_rings_was_dialled');
select is(test.commands(:'heard'), 'dial done', 'so_the_dial_is_done');
select is((select r.http_status from api.call_start_result(:'heard') r), 201, 'and_who_waits_for_it_gets_201');
select test.call() as tried \gset
select t.command_id as command, t.attempt as attempt from test.take(:'tried') as t (command_id uuid, attempt int) \gset
select run.command_retry(:'command', :attempt, 500, 'no answer', true) \g /dev/null
select test.hears(:'tried', 'call.initiated', 1) \g /dev/null
select is(test.commands(:'tried'), 'dial done', 'it_is_not_dialled_again_once_it_is_heard_of');
select test.call() as early \gset
select t.command_id as command, t.attempt as attempt from test.take(:'early') as t (command_id uuid, attempt int) \gset
select test.hears(:'early', 'call.initiated', 1) \g /dev/null
select is(test.commands(:'early'), 'dial leased', 'a_dial_under_way_waits_for_its_answer');
select run.command_retry(:'command', :attempt, 500, 'no answer', true) \g /dev/null
select is(test.commands(:'early'), 'dial done', 'and_needs_none_when_it_was_heard_of');
select test.call() as unheard \gset
select t.command_id as command, t.attempt as attempt from test.take(:'unheard') as t (command_id uuid, attempt int) \gset
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'unheard')) \g /dev/null
select is(test.commands(:'unheard'), 'dial leased, hangup pending', 'what_may_be_ringing_is_to_be_hung_up');
select run.command_failed(:'command', :attempt, 422, '10015', 'refused') \g /dev/null
select is(test.commands(:'unheard'), 'dial failed, hangup canceled', 'unless_it_never_will');
select is((select concat_ws(' ', g.state, g.deadline_at) from test.the_leg(:'unheard') g), 'ended', 'then_its_leg_is_over');

-- Order, limit, locks.
select count(test.call()) as calls from generate_series(1, 5) \gset
update vals.commands c
set next_at = now() - make_interval(secs => n.place)
from (select command_id, row_number() over (order by command_id) as place from vals.commands where state = 'pending' and kind = 'dial') n
where n.command_id = c.command_id;
select is((select count(*) from run.commands_take('one', 2, 30)), 2::bigint, 'no_more_are_taken_than_asked_for');
select ok((select min(next_at) from vals.commands where state = 'pending' and kind = 'dial') > (select max(next_at) from vals.commands where state = 'leased' and worker like 'one#%' and kind = 'dial'),
	'the_longest_due_come_first');
select is((select count(*) from run.commands_take('two', 100, 30)), 3::bigint, 'another_taker_gets_the_others');
select is((select bool_and(pg_get_functiondef(f::regprocedure) ~ 'for update of c skip locked')
	from unnest(array['vals.commands_due(integer)', 'vals.dials_due(integer, integer)']) as f), true, 'takers_do_not_wait_for_each_other');

-- What a runner held whose connection is gone is not waited for.
select test.call() as orphaned \gset
select is((select t.attempt from test.take(:'orphaned') as t (command_id uuid, attempt int)), 1, 'a_runner_takes_it');
update vals.commands set worker = 'killed#0' where call_id = :'orphaned';
select is((select t.attempt from test.take(:'orphaned') as t (command_id uuid, attempt int)), 2, 'another_takes_it_over_at_once_when_the_first_is_gone');
select is((select t.attempt from test.take(:'orphaned') as t (command_id uuid, attempt int)), null, 'but_not_while_it_is_there');

-- A dial the provider was too busy for, and whose call ended meanwhile.
update vals.commands set state = 'done' where state in ('pending', 'leased');
select test.call() as busy \gset
select t.command_id as command, t.attempt as attempt from test.take(:'busy') as t (command_id uuid, attempt int) \gset
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'busy')) \g /dev/null
select is(run.command_retry(:'command', :attempt, 0, 'too many dials', false), true, 'what_was_not_dialled_is_put_back');
select is(test.commands(:'busy'), 'dial canceled, hangup canceled', 'and_taken_back_when_it_is_not_wanted_any_more');
select is((select concat_ws(' ', g.state, g.deadline_at) from test.the_leg(:'busy') g), 'ended', 'its_telephone_is_not_waited_for');

-- What is said to the lead, and then done with him.
\ir support/transfers.psql
select test.transfer_at('briefing') as xfer \gset
select test.kevin_hears(:'xfer', 'call.gather.ended', 12, '{"status":"valid","digits":"1"}') \g /dev/null
create function test.taken()
returns text
language sql
as $$
	select coalesce(string_agg(kind, ' '), '') from run.commands_take('one', 100, 30) where kind <> 'gather'
$$;
select is(test.taken(), 'speak', 'the_lead_is_told_before_he_is_moved');
select is(test.taken(), '', 'while_that_is_under_way_he_is_not');
select is(test.carries_out(:'xfer', 'speak') and test.taken() = 'conference_create', true, 'but_then_at_once');
update vals.commands set state = 'pending', lease_until = null where call_id = (test.the_transfer(:'xfer')).call_id and kind in ('speak', 'conference_create');
update vals.commands set created_at = now() - interval '1.1 seconds' where call_id = (test.the_transfer(:'xfer')).call_id;
select is(test.taken(), 'speak conference_create', 'a_notice_that_cannot_be_said_holds_nobody_up');

-- One command per step of a leg.
select throws_like(format($$insert into vals.commands (kind, step, call_id, leg_id) values ('dial', 'dial', %L, %L)$$, :'call', (test.the_leg(:'call')).id),
	'%commands_step_once%', 'a_second_dial_of_a_leg_cannot_exist');

-- Housekeeping.
insert into vals.idempotency_keys (principal, route, key, body_hash, created_at)
select gen_random_uuid(), 'POST /api/leads', 'k' || n, 'h', now() - make_interval(hours => n) from generate_series(22, 27) n;
insert into vals.login_attempts (bucket, window_start) values ('test old', now() - interval '2 hours'), ('test young', now());
set local role vals_run;
select lives_ok('select run.retention(1000, 30)', 'the_runner_may_forget_old_rows');
reset role;
select is((select array_agg(key order by key) from vals.idempotency_keys where body_hash = 'h'), array['k22', 'k23', 'k24'], 'stored_answers_are_kept_for_24_hours');
select is((select array_agg(bucket) from vals.login_attempts where bucket like 'test %'), array['test young'], 'the_throttle_forgets_old_windows');
insert into vals.webhook_events (id, event_type, raw, received_at)
select gen_random_uuid(), 'test.' || n, '{}', now() - make_interval(days => n) from generate_series(29, 32) n;
select run.retention(1000, 30) \g /dev/null
select is((select array_agg(event_type order by event_type) from vals.webhook_events where event_type like 'test.%'), array['test.29', 'test.30'], 'events_are_kept_for_their_days');
insert into vals.audit_log (at, action, subject, request_id)
select now() - make_interval(days => n), action, 'call', action || ' ' || n
from generate_series(6, 8) n
	cross join unnest(array['call.engagement', 'call.phase', 'call.end']) as action;
select run.retention(1000, 30) \g /dev/null
select is((select array_agg(request_id order by request_id) from vals.audit_log where request_id like 'call.%'),
	array['call.end 6', 'call.end 7', 'call.end 8', 'call.engagement 6', 'call.engagement 7', 'call.phase 6', 'call.phase 7'],
	'the_audit_forgets_what_the_agent_reported_after_a_week');
set local role vals_run;
select lives_ok($$select run.status_put('vals-runner', '{"held":1}')$$, 'the_runner_tells_how_it_is');

select * from finish();
rollback;
