-- Calls: start, one live per lead, never back, end, and what an outcome does to the lead.
\ir support/begin.psql

select plan(77);

-- Start.
select test.lead('{"firstName":"Cal","lastName":"Ling","phone":"+14155550120"}') as lead \gset
set local role vals_api;
create temporary table started on commit drop as
select s.body::jsonb as body, s.resource_id
from api.call_start(test.who('agent'), test.rules(), jsonb_build_object('leadId', :'lead', 'agentVersion', 'v7')) s;
select is((select body from started),
	(select jsonb_build_object('callId', resource_id, 'telnyxCallId', null, 'status', 'initiated', 'kevinAvailable', body -> 'kevinAvailable') from started),
	'start_answers_call_id_status_and_Kevin');
reset role;
select resource_id as call from started \gset
select is(test.standing(:'call'), 'initiated - -', 'a_call_begins_as_initiated');
select is(test.commands(:'call'), 'dial pending', 'a_start_queues_one_dial');
select is((select params from vals.commands where call_id = :'call'), '{"to":"+14155550120","leg":"lead"}'::jsonb, 'the_dial_goes_to_the_number_of_the_lead');
select is((test.the_leg(:'call')).state, 'queued', 'the_leg_waits_to_be_dialled');
select is(test.told(:'call'), 'call.started', 'a_start_is_told_once');
select is(test.last_told(:'call', 'call.started') - 'startTime' - 'kevinAvailable',
	jsonb_build_object('callId', :'call', 'leadId', :'lead', 'leadName', 'Cal Ling', 'phoneNumber', '+14155550120', 'status', 'initiated'),
	'call_started_tells_who_is_called');
set local role vals_api;
select is(test.refusal(format($$select api.call_start(test.who('agent'), test.rules(), '{"leadId":"%s"}')$$, :'lead')),
	'RS409 LEAD_ON_CALL Lead is already on a call', 'a_lead_is_on_one_live_call_at_most');
select is(test.refusal($$select api.call_start(test.who('agent'), test.rules(), '{"leadId":"00000000-0000-4000-8000-000000000000"}')$$),
	'RS404 NOT_FOUND Lead not found', 'an_unknown_lead_cannot_be_called');
reset role;
select throws_like(format($$insert into vals.calls (lead_id, phone_number, kevin_available) values (%L, '+14155550120', false)$$, :'lead'),
	'%calls_one_live_per_lead%', 'the_table_itself_allows_one_live_call_per_lead');
select s.resource_id as elsewhere
from api.call_start(test.who('agent'), test.rules(), jsonb_build_object('leadId', test.lead(), 'phoneNumber', '+14155550121')) s \gset
select is((select params ->> 'to' from vals.commands where call_id = :'elsewhere'), '+14155550121', 'another_number_can_be_given');

-- The rules of the dial are asked before anything is written (compliance.sql tests them one by one).
select test.lead('{"doNotCall":true}') as hermit_from_birth \gset
select is(test.refusal(format('select api.call_start(test.who(''agent''), test.rules(), %L)', jsonb_build_object('leadId', :'hermit_from_birth'))),
	'RS403 DO_NOT_CALL The number is on the do-not-call list', 'who_does_not_want_calls_gets_none');
select to_char(now() at time zone 'UTC' + interval '2 hours', 'HH24:00-HH24:30') as hours \gset
select is(
	(test.refusal_detail(format('select api.call_start(test.who(''agent''), test.rules(%L), %L)', :'hours',
		jsonb_build_object('leadId', test.lead('{"timezone":"UTC"}'))))::jsonb ->> 'nextAllowedAt')::timestamptz,
	date_trunc('hour', now() + interval '2 hours', 'UTC'), 'a_refusal_for_the_hour_tells_when_it_is_allowed_next');
select test.lead() as often \gset
select api.call_end(test.who('agent'), jsonb_build_object('callId', test.call(:'often'))) from generate_series(1, 2) \g /dev/null
select is((test.refusal_detail(format('select api.call_start(test.who(''agent''), test.rules(_cap => 2), %L)', jsonb_build_object('leadId', :'often')))::jsonb
	->> 'nextAllowedAt'), (select vals.iso(min(start_time) + interval '24 hours') from vals.calls where lead_id = :'often'),
	'a_refusal_for_the_day_tells_when_it_is_over');
select is((select count(*) from vals.calls where lead_id = :'hermit_from_birth'), 0::bigint, 'a_refused_call_leaves_no_row');
select test.call(test.lead('{"timezone":"Europe/Berlin"}')) as receipted \gset
select is((select concat_ws(' ', dial_check ->> 'zoneBasis', dial_check ->> 'zones') from vals.calls where id = :'receipted'), 'lead ["Europe/Berlin"]',
	'the_receipt_of_the_rules_is_kept_with_the_call');

-- What start-call waits for.
select is_empty(format('select * from api.call_start_result(%L)', :'call'), 'while_the_dial_is_under_way_there_is_no_result');
select test.dialled(:'call') \g /dev/null
select is((select r.http_status || ' ' || (r.body ->> 'telnyxCallId') from api.call_start_result(:'call') r), '201 leg-' || :'call',
	'a_dial_that_was_taken_is_201_with_the_id_of_the_provider');
select is((test.the_leg(:'call')).state, 'dialing', 'a_dialled_leg_is_dialing');

-- Get and active.
set local role vals_api;
select is(test.refusal($$select api.calls_get(test.who(), '00000000-0000-4000-8000-000000000000')$$), 'RS404 NOT_FOUND Call not found',
	'an_unknown_call_is_404');
select is((select jsonb_build_object('telnyxCallId', g ->> 'telnyxCallId', 'telnyxCallControlId', g ->> 'telnyxCallControlId',
		'agentVersion', g ->> 'agentVersion', 'leadName', g ->> 'leadName', 'transcript', g -> 'transcript', 'recording', g -> 'recording')
	from api.calls_get(test.who(), :'call') g),
	jsonb_build_object('telnyxCallId', 'leg-' || :'call', 'telnyxCallControlId', 'v3:' || :'call', 'agentVersion', 'v7', 'leadName', 'Cal Ling',
		'transcript', '[]'::json, 'recording', '{"status":"none","url":null,"durationSec":null,"channels":null}'::json),
	'a_call_is_answered_with_all_about_it');
select ok(exists (select from json_array_elements(api.calls_active(test.who())) a where a ->> 'id' = :'call'), 'a_live_call_is_active');
select is((select g.body::jsonb #>> '{lastCall,id}' from api.leads_get(test.who(), :'lead') g), :'call', 'the_lead_shows_its_last_call');
reset role;

-- A status never goes back: every status towards every status.
create temporary table ranks (status text, rank int);
insert into ranks (status, rank)
values ('initiated', 0), ('ringing', 1), ('active', 2), ('in-progress', 3), ('transferring', 4);
create function test.advance(_from text, _to text)
returns text
language plpgsql
as $$
declare
	_id uuid := test.call();
begin
	update vals.calls
	set status = _from, end_time = case when vals.call_rank(_from) = 9 then clock_timestamp() end
	where id = _id;
	perform test.forget();
	return (vals.call_advance(test.who(), test.the_call(_id), _to)).status || ' ' || test.told(_id);
end
$$;
select is(
	(select array_agg(format('%s to %s: %s', f.status, t.status, m.answer))
	from ranks f
		cross join ranks t
		cross join lateral (select test.advance(f.status, t.status) as answer) m
	where m.answer <> case when t.rank > f.rank then t.status || ' call.status' else f.status || ' ' end),
	null, 'a_live_call_only_moves_forward_and_tells_it');
select is(
	(select array_agg(format('%s to %s: %s', f.status, t.status, m.answer))
	from unnest(array['completed', 'no-answer', 'busy', 'failed', 'canceled']) as f (status)
		cross join (select status from ranks union all values ('transferred'), ('transfer_failed')) t
		cross join lateral (select test.advance(f.status, t.status) as answer) m
	where m.answer <> f.status || ' '),
	null, 'a_final_status_never_goes_back');

-- End before the dial was sent: nothing rings.
select test.call() as unsent \gset
select test.forget() \g /dev/null
set local role vals_api;
select is(api.call_end(test.who('agent'), jsonb_build_object('callId', :'unsent'))::jsonb,
	jsonb_build_object('callId', :'unsent', 'status', 'canceled', 'finalStatus', null, 'durationSec', 0), 'ending_before_the_answer_cancels');
reset role;
select is(test.commands(:'unsent'), 'dial canceled', 'a_dial_never_sent_is_taken_back');
select is((test.the_leg(:'unsent')).state, 'ended', 'its_leg_is_over');
select is(test.told(:'unsent'), 'call.status call.ended', 'an_end_is_told_as_status_and_end');
select is((select r.http_status from api.call_start_result(:'unsent') r), 201, 'who_waited_for_it_is_told_that_it_began');

-- End after the dial was sent: hang up.
select test.dialled(test.call()) as ringing \gset
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'ringing')) \g /dev/null
select is(test.commands(:'ringing'), 'dial done, hangup pending', 'a_ringing_telephone_is_hung_up');

-- End after the answer, as the agent and as an operator.
select test.answered() as talking \gset
update vals.calls set answered_at = clock_timestamp() - interval '61.9 seconds', start_time = clock_timestamp() - interval '70 seconds' where id = :'talking';
select test.forget() \g /dev/null
set local role vals_api;
create temporary table ended on commit drop as
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'talking', 'finalStatus', 'follow_up', 'notes', 'call again'))::jsonb as body;
select is((select body ->> 'status' from ended), 'completed', 'ending_after_the_answer_completes');
select is((select body ->> 'finalStatus' from ended), 'follow_up', 'the_outcome_is_what_was_sent');
select is(api.call_end(test.who('agent'), jsonb_build_object('callId', :'talking', 'finalStatus', 'closed', 'notes', 'other'))::jsonb,
	(select body from ended), 'ending_again_answers_the_same');
reset role;
select is((select (body ->> 'durationSec')::int from ended), (select floor(extract(epoch from c.end_time - c.answered_at))::int
	from vals.calls c where c.id = :'talking'), 'the_duration_is_in_whole_seconds_since_the_answer');
select is((test.the_call(:'talking')).notes, 'call again', 'ending_again_changes_nothing');
select is(test.told(:'talking'), 'call.status call.ended', 'ending_again_is_not_told');
select is(test.commands(:'talking'), 'dial done, hangup pending', 'ending_again_hangs_up_once');
select is((test.the_call(:'talking')).end_reason, 'agent_hangup', 'the_agent_hung_up');
select ok(not exists (select from vals.call_phases where call_id = :'talking' and left_at is null), 'the_open_phase_is_closed');
select is(test.last_told(:'talking', 'call.ended'), jsonb_build_object('callId', :'talking', 'leadId', (test.the_call(:'talking')).lead_id,
	'status', 'completed', 'finalStatus', 'follow_up', 'endReason', 'agent_hangup', 'durationSec', (select (body ->> 'durationSec')::int from ended)), 'call_ended_tells_how_and_how_long');
select is(test.refusal($$select api.call_end(test.who(), '{"callId":"00000000-0000-4000-8000-000000000000"}')$$), 'RS404 NOT_FOUND Call not found',
	'an_unknown_call_cannot_be_ended');
select test.answered() as watched \gset
select api.call_end(test.who('operator'), jsonb_build_object('callId', :'watched', 'reason', 'lead_hangup')) \g /dev/null
select is((test.the_call(:'watched')).end_reason, 'operator_ended', 'an_end_by_people_is_an_end_by_the_operator');
select test.answered() as told_reason \gset
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'told_reason', 'reason', 'lead_hangup')) \g /dev/null
select is((test.the_call(:'told_reason')).end_reason, 'lead_hangup', 'the_agent_may_tell_the_reason');
select is((select array_agg(l.lead_id) from vals.calls l where l.end_time is null and l.lead_id = (test.the_call(:'told_reason')).lead_id), null,
	'after_the_end_the_lead_is_free');
select lives_ok(format($$select api.call_start(test.who('agent'), test.rules(), '{"leadId":"%s"}')$$, (test.the_call(:'told_reason')).lead_id),
	'a_lead_can_be_called_again');

-- With Kevin on the line.
create function test.with_kevin(_status text)
returns uuid
language plpgsql
as $$
declare
	_id uuid := test.answered();
begin
	update vals.calls set status = _status, transfer_attempted = true where id = _id;
	perform test.forget();
	return _id;
end
$$;
select test.with_kevin('transferring') as transferring \gset
select test.with_kevin('transferred') as transferred \gset
select api.call_end(test.who('agent'), jsonb_build_object('callId', c.id, 'finalStatus', 'hot_transfer', 'notes', 'warm'))
from unnest(array[:'transferring', :'transferred']::uuid[]) as c (id) \g /dev/null
select is(test.standing(:'transferring'), 'transferring hot_transfer -', 'the_agent_stores_the_outcome_of_a_call_going_to_Kevin');
select is(test.standing(:'transferred'), 'transferred hot_transfer -', 'the_agent_stores_the_outcome_of_a_call_with_Kevin');
select is((test.the_call(:'transferred')).notes, 'warm', 'and_its_notes');
select is((select after from vals.audit_log where subject_id = :'transferred' order by id desc limit 1),
	'{"notes":"warm","finalStatus":"hot_transfer"}', 'which_is_audited');
select is(test.commands(:'transferred'), 'dial done', 'the_agent_never_hangs_up_on_Kevin');
select api.call_end(test.who('operator'), jsonb_build_object('callId', :'transferred')) \g /dev/null
select is(test.standing(:'transferred'), 'completed hot_transfer operator_ended', 'people_may_hang_up_on_Kevin_and_the_outcome_stays');
select is(test.commands(:'transferred'), 'dial done, hangup pending', 'then_the_lead_is_hung_up');

-- The outcome moves the lead where that is legal.
create function test.outcome(_stage text, _outcome text)
returns text
language plpgsql
as $$
declare
	_lead uuid := test.lead_in(_stage);
	_call uuid := test.call(_lead);
begin
	update vals.calls set answered_at = start_time, status = 'active' where id = _call;
	-- He was spoken with before, so that only the outcome is news.
	update vals.leads set last_contacted = clock_timestamp() where id = _lead;
	perform test.forget();
	perform api.call_end(test.who('agent'), jsonb_build_object('callId', _call, 'finalStatus', _outcome));
	return (test.the_lead(_lead)).status || case when test.told(_lead) like '%lead.updated%' then ' told' else '' end;
end
$$;
select is(test.outcome(o.stage, o.outcome), o.expected, format('%s_on_a_%s_lead_makes_it_%s', o.outcome, o.stage, replace(o.expected, ' ', '_')))
from (values
	('contacted', 'hot_transfer', 'hot_transfer told'), ('contacted', 'video_sent', 'video_sent told'),
	('contacted', 'zoom_scheduled', 'zoom_scheduled told'), ('contacted', 'disqualified', 'disqualified told'),
	('contacted', 'closed', 'contacted'), ('contacted', 'follow_up', 'contacted'), ('contacted', 'callback', 'contacted'),
	('contacted', 'not_interested', 'contacted'), ('contacted', 'voicemail', 'contacted'), ('qualified', 'closed', 'closed told'),
	('new', 'hot_transfer', 'hot_transfer told'), ('new', 'follow_up', 'contacted told'), ('new', 'disqualified', 'disqualified told'), ('zoom_scheduled', 'closed', 'closed told'),
	('closed', 'hot_transfer', 'closed'), ('disqualified', 'video_sent', 'disqualified'), ('hot_transfer', 'hot_transfer', 'hot_transfer')
) as o (stage, outcome, expected);
select test.answered(test.lead_in('contacted')) as unwanted \gset
select (test.the_call(:'unwanted')).lead_id as hermit \gset
select test.forget() \g /dev/null
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'unwanted', 'finalStatus', 'do_not_call')) \g /dev/null
select ok((test.the_lead(:'hermit')).do_not_call, 'do_not_call_puts_the_lead_on_the_list');
select is(test.last_told(:'hermit', 'lead.updated') -> 'changes', '{"doNotCall":true}'::jsonb, 'and_that_is_told');
select is(test.refusal(format($$select api.call_start(test.who('agent'), test.rules(), '{"leadId":"%s"}')$$, :'hermit')),
	'RS403 DO_NOT_CALL The number is on the do-not-call list', 'and_he_is_not_called_again');
select test.lead_in('contacted') as staged \gset
select test.call(:'staged') as staging \gset
update vals.calls set answered_at = start_time, status = 'active' where id = :'staging';
select api.call_end(test.who('agent', '0a000000-0000-4000-8000-00000000000a'), jsonb_build_object('callId', :'staging', 'finalStatus', 'video_sent')) \g /dev/null
select is((select concat_ws(' ', from_status, to_status, cause, changed_by) from vals.lead_stages where lead_id = :'staged' order by id desc limit 1),
	'contacted video_sent call 0a000000-0000-4000-8000-00000000000a', 'a_move_by_a_call_is_kept_in_the_history');

-- The table's own rules.
select throws_like(format($$update vals.calls set status = 'completed' where id = %L$$, :'call'), '%calls_end_known%', 'a_final_status_needs_an_end');
select throws_like(format($$update vals.calls set end_time = now() where id = %L$$, :'call'), '%calls_end_known%', 'an_end_needs_a_final_status');
select throws_like(format($$update vals.calls set score = 100.01 where id = %L$$, :'call'), '%calls_score_range%', 'a_score_is_at_most_100');

select * from finish();
rollback;
