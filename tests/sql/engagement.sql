-- Engagement reports and phases: what the voice agent tells during a call.
\ir support/begin.psql

select plan(53);

update vals.kevin set override_available = true, override_until = null;

-- A report.
select test.answered() as call \gset
select test.forget() \g /dev/null
set local role vals_api;
select is(api.call_engagement_set(test.who('agent'), jsonb_build_object('callId', :'call', 'engagementScore', 72.456, 'phase', 4,
		'indicators', '["asks questions"]'::jsonb))::jsonb,
	jsonb_build_object('callId', :'call', 'engagementScore', 72.46, 'suggestTransfer', false), 'a_report_answers_the_score_with_two_decimals');
reset role;
select is(test.told(:'call'), 'call.status call.engagement', 'the_first_report_after_the_answer_is_told_with_the_status');
select is((test.the_call(:'call')).status, 'in-progress', 'a_call_reported_on_is_in_progress');
select is((test.the_call(:'call')).score, 72.46, 'the_score_of_the_call_is_the_report');
select is((test.the_call(:'call')).phase::int, 4, 'the_phase_of_the_call_is_the_report');
select is(test.last_told(:'call', 'call.engagement'), jsonb_build_object('callId', :'call', 'engagementScore', 72.46, 'phase', 4, 'phaseName', 'Current Situation',
	'indicators', '["asks questions"]'::jsonb), 'the_report_is_told');
select test.forget() \g /dev/null
select api.call_engagement_set(test.who('agent'), jsonb_build_object('callId', :'call', 'engagementScore', 60)) \g /dev/null
select is(test.told(:'call'), 'call.engagement', 'a_further_report_is_told_alone');
select is((select concat_ws(' ', c.score, c.score_peak, c.phase) from test.the_call(:'call') c), '60.00 72.46 4', 'a_lower_report_keeps_peak_and_phase');
select is(test.refusal($$select api.call_engagement_set(test.who('agent'), '{"callId":"00000000-0000-4000-8000-000000000000","engagementScore":1}')$$),
	'RS404 NOT_FOUND Call not found', 'a_report_on_no_call_is_404');
select throws_ok(format($$select api.call_engagement_set(test.who('agent'), '{"callId":"%s","engagementScore":100.5}')$$, :'call'), '23514', null,
	'a_score_over_100_is_refused');
select throws_ok(format($$select api.call_engagement_set(test.who('agent'), '{"callId":"%s","engagementScore":1,"phase":13}')$$, :'call'), '23503', null,
	'a_thirteenth_phase_is_refused');
select is(jsonb_path_query_array(api.calls_get(test.who(), :'call')::jsonb, '$.engagement.indicators[*].score'), '[72.46,60]'::jsonb,
	'the_call_shows_its_reports_in_order');

select is((select string_agg(action || ' ' || after::text, ', ' order by id) from vals.audit_log where subject_id = :'call' and action = 'call.engagement'),
	'call.engagement {"phase": 4, "engagementScore": 72.46}, call.engagement {"phase": 4, "engagementScore": 60}', 'each_report_is_audited');

-- Opportunity: 85 and Kevin there and no transfer tried yet.
create function test.suggests(_score numeric, _kevin boolean default true, _attempted boolean default false)
returns text
language plpgsql
as $$
declare
	_call uuid := test.answered();
	_answer json;
begin
	update vals.kevin set override_available = _kevin;
	update vals.calls set transfer_attempted = _attempted where id = _call;
	perform test.forget();
	_answer := api.call_engagement_set(test.who('agent'), jsonb_build_object('callId', _call, 'engagementScore', _score));
	return (_answer ->> 'suggestTransfer') || case when test.told(_call) like '%call.opportunity%' then ' told' else '' end;
end
$$;
select is(test.suggests(85), 'true told', 'from_85_on_a_transfer_is_suggested');
select is(test.suggests(84.99), 'false', 'below_85_it_is_not');
select is(test.suggests(84.996), 'true told', 'the_score_counts_as_it_is_stored');
select is(test.suggests(100, _kevin => false), 'false', 'without_Kevin_it_is_not');
select is(test.suggests(90, _attempted => true), 'true', 'after_an_attempt_the_world_is_not_told_again');
update vals.kevin set override_available = true;
select test.answered() as hot \gset
select test.forget() \g /dev/null
select api.call_engagement_set(test.who('agent'), jsonb_build_object('callId', :'hot', 'engagementScore', 91.5)) \g /dev/null
select is(test.last_told(:'hot', 'call.opportunity'), jsonb_build_object('callId', :'hot', 'engagementScore', 91.5, 'suggestTransfer', true),
	'an_opportunity_tells_call_and_score');

-- Times.
select test.answered() as timed \gset
create function test.reports(_call uuid, _score numeric, _at timestamptz)
returns json
language sql
as $$
	select api.call_engagement_set(test.who('agent'), jsonb_build_object('callId', _call, 'engagementScore', _score, 'at', vals.iso(_at)))
$$;
select test.reports(:'timed', 50, clock_timestamp() - interval '10 seconds') \g /dev/null
select test.reports(:'timed', 20, clock_timestamp() - interval '20 seconds') \g /dev/null
select is((test.the_call(:'timed')).score, 50.00, 'an_older_report_does_not_lower_the_score');
select is((select count(*) from vals.engagement_reports where call_id = :'timed'), 2::bigint, 'an_older_report_is_stored');
select is(jsonb_path_query_array(api.calls_get(test.who(), :'timed')::jsonb, '$.engagement.indicators[*].score'), '[20,50]'::jsonb,
	'reports_are_shown_in_the_order_of_their_times');
select test.reports(:'timed', 95, clock_timestamp() - interval '15 seconds') \g /dev/null
select is((select concat_ws(' ', c.score, c.score_peak) from test.the_call(:'timed') c), '50.00 95.00', 'an_older_report_counts_for_the_peak');
select is(test.told(:'timed') like '%call.opportunity%', false, 'an_older_report_is_no_opportunity');
select test.reports(:'timed', 80, clock_timestamp() + interval '1 year') \g /dev/null
select test.reports(:'timed', 30, null) \g /dev/null
select is((test.the_call(:'timed')).score, 30.00, 'a_report_from_the_future_does_not_silence_the_present');

-- Before the answer and after the end.
select test.dialled(test.call()) as early \gset
select api.call_engagement_set(test.who('agent'), jsonb_build_object('callId', :'early', 'engagementScore', 40)) \g /dev/null
select is((select concat_ws(' ', c.status, c.score) from test.the_call(:'early') c), 'initiated 40.00', 'a_report_before_the_answer_is_stored_and_the_status_stays');
select test.hears(:'early', 'call.answered') \g /dev/null
select is((test.the_call(:'early')).status, 'in-progress', 'then_the_answer_goes_straight_to_in_progress');
select test.dialled(test.call()) as early_phase \gset
select api.call_phase_set(test.who('agent'), jsonb_build_object('callId', :'early_phase', 'phase', 2)) \g /dev/null
select is((test.the_call(:'early_phase')).status, 'initiated', 'a_phase_before_the_answer_leaves_the_status');
select test.hears(:'early_phase', 'call.answered') \g /dev/null
select is((test.the_call(:'early_phase')).status, 'in-progress', 'the_answer_after_a_phase_goes_straight_to_in_progress');
select test.answered() as late \gset
select api.call_engagement_set(test.who('agent'), jsonb_build_object('callId', :'late', 'engagementScore', 55, 'phase', 5)) \g /dev/null
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'late')) \g /dev/null
select is(api.call_engagement_set(test.who('agent'), jsonb_build_object('callId', :'late', 'engagementScore', 99, 'phase', 12)) ->> 'suggestTransfer',
	'false', 'after_the_end_no_transfer_is_suggested');
select is((select concat_ws(' ', c.status, c.phase) from test.the_call(:'late') c), 'completed 5', 'a_report_after_the_end_moves_neither_status_nor_phase');
select is((select count(*) from vals.engagement_reports where call_id = :'late'), 2::bigint, 'a_report_after_the_end_is_stored');
select unalike(test.told(:'late'), '%call.opportunity%', 'a_report_after_the_end_is_no_opportunity');

-- Phases.
select test.answered() as path \gset
select test.forget() \g /dev/null
set local role vals_api;
create temporary table entered on commit drop as
select api.call_phase_set(test.who('agent'), jsonb_build_object('callId', :'path', 'phase', 3, 'outcome', 'advanced', 'notes', 'went well'))::jsonb as body;
reset role;
select is((select jsonb_path_query_array(body, '$.phases.progression[*].phase') from entered), '[1,3]'::jsonb, 'a_call_begins_in_phase_1_and_enters_the_next');
select is((select body #>> '{phases,current}' from entered), '3', 'the_current_phase_is_the_new_one');
select is((select concat_ws(' ', body #>> '{phases,progression,0,outcome}', body #>> '{phases,progression,0,notes}') from entered), 'advanced went well',
	'outcome_and_notes_belong_to_the_phase_that_was_left');
select isnt((select body #>> '{phases,progression,0,leftAt}' from entered), null, 'the_phase_that_was_left_is_closed');
select is((select body #> '{phases,progression,1,leftAt}' from entered), 'null'::jsonb, 'the_new_one_is_open');
select is((select body #>> '{phases,progression,1,name}' from entered), 'Rapport', 'phases_have_names');
select is(test.told(:'path'), 'call.status call.phase', 'the_first_phase_is_told_with_the_status');
select is(test.last_told(:'path', 'call.phase'), jsonb_build_object('callId', :'path', 'phase', 3, 'phaseName', 'Rapport', 'previous', 1, 'outcome', 'advanced'),
	'call_phase_tells_where_from_and_where_to');
create function test.enters(_call uuid, _phase int, _outcome text default null, _at timestamptz default null)
returns jsonb
language sql
as $$
	select api.call_phase_set(test.who('agent'), jsonb_strip_nulls(jsonb_build_object('callId', _call, 'phase', _phase, 'outcome', _outcome, 'at', vals.iso(_at))))::jsonb
		-> 'phases'
$$;
select is(jsonb_array_length(test.enters(:'path', 3, 'positive') -> 'progression'), 2, 'entering_the_open_phase_again_opens_no_second');
select is((select concat_ws(' ', before, after) from vals.audit_log where subject_id = :'path' and action = 'call.phase' order by id desc limit 1),
	'{} {"outcome": "positive"}', 'only_its_outcome_is_audited_then');
select is(test.enters(:'path', 9) ->> 'completed', '2', 'phases_left_as_advanced_or_positive_are_completed');
select is((select concat_ws(' ', before, after) from vals.audit_log where subject_id = :'path' and action = 'call.phase' order by id desc limit 1),
	'{"phase": 3} {"phase": 9}', 'a_phase_that_is_left_is_audited_with_the_next');
select is(test.enters(:'path', 1, 'objection') ->> 'current', '1', 'a_call_may_jump_backwards');
select is(test.enters(:'path', 3, 'advanced') ->> 'completed', '2', 'a_phase_completed_twice_counts_once');
select is(test.enters(:'path', 4, 'stalled') ->> 'completed', '2', 'a_stalled_phase_is_not_completed');
select is((select count(*) from vals.call_phases where call_id = :'path' and left_at is null), 1::bigint, 'one_phase_is_open');
select is((select count(*) from vals.call_phases where call_id = :'path' and left_at < entered_at), 0::bigint, 'no_phase_is_left_before_it_is_entered');
select test.enters(:'path', 5, _at => clock_timestamp() + interval '1 hour') \g /dev/null
select ok((select max(entered_at) <= clock_timestamp() from vals.call_phases where call_id = :'path'), 'no_phase_is_entered_in_the_future');
select test.enters(:'path', 6, _at => clock_timestamp() - interval '1 hour') \g /dev/null
select ok((select min(left_at - entered_at) >= interval '0' from vals.call_phases where call_id = :'path' and left_at is not null), 'no_phase_has_a_negative_duration');
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'path')) \g /dev/null
select is(test.refusal(format($$select api.call_phase_set(test.who('agent'), '{"callId":"%s","phase":7}')$$, :'path')), 'RS409 CALL_OVER Call is over',
	'a_call_that_is_over_enters_no_phase');

select * from finish();
rollback;
