-- Readiness: what vals-api tells about the database and the daemons.
\ir support/begin.psql

select plan(14);

update vals.program_status set updated_at = now() - interval '1 hour';
set local role vals_api;
create temporary table ready on commit drop as select api.ready(test.who())::jsonb as body;
select is((select body ->> 'database' from ready), 'true', 'a_primary_is_ready');
select is((select body ->> 'realtime' from ready), 'false', 'a_daemon_silent_for_an_hour_is_not_there');
select is((select body ->> 'runner' from ready), 'false', 'neither_is_a_runner');
reset role;
select is((select (body ->> 'schema')::int from ready), (select max(number) from vals.schema_migrations), 'the_schema_is_the_last_migration');
select is((select (body ->> 'eventsWaiting')::bigint from ready), (select count(*) from vals.event_log where seq is null), 'events_without_a_number_are_waiting');
select test.lead() \g /dev/null
select is((api.ready(test.who()) ->> 'eventsWaiting')::bigint, (select (body ->> 'eventsWaiting')::bigint + 1 from ready), 'a_new_event_is_waiting_too');
set local role vals_run;
select run.status_put('vals-runner-7', '{}') \g /dev/null
reset role;
select is((select concat_ws(' ', r ->> 'realtime', r ->> 'runner') from api.ready(test.who()) r), 'false true', 'one_runner_that_lives_is_enough');
update vals.program_status set updated_at = now() - interval '16 seconds' where program = 'vals-runner-7';
select is(api.ready(test.who()) ->> 'runner', 'false', 'after_15_seconds_of_silence_it_is_gone');
select feed.status_put('vals-ws', '{"sockets":3}') \g /dev/null
select feed.status_put('vals-ws', '{"sockets":4}') \g /dev/null
select is((select counters from vals.program_status where program = 'vals-ws'), '{"sockets":4}'::jsonb, 'the_newest_counters_of_a_program_count');

select run.status_put('vals-runner-b:1', '{"held":1}') \g /dev/null
select run.status_put('vals-runner-b:2', '{"held":2,"configured":true}') \g /dev/null
select set_eq($$select labels || ' ' || value from api.metrics() where name = 'vals_program_held'$$,
	array['program="vals-runner",instance="b:1" 1', 'program="vals-runner",instance="b:2" 2'], 'two_runners_are_seen_side_by_side');
select is((select labels || ' ' || value from api.metrics() where name = 'vals_program_configured'), 'program="vals-runner",instance="b:2" 1', 'a_switch_is_a_number');
select is((select value from api.metrics() where name = 'vals_program_instances' and labels = 'program="vals-runner"'), '2', 'and_counted');
update vals.program_status set updated_at = now() - interval '2 hours' where program like 'vals-runner%';
update vals.program_status set updated_at = now() - interval '1 hour' - interval '1 second' where program = 'vals-runner-b:2';
select feed.status_put('vals-ws', '{}') \g /dev/null
select is((select array_agg(program order by program) from vals.program_status where program like 'vals-runner%'), array['vals-runner-b:2'],
	'the_old_ones_disappear_and_the_last_of_a_kind_stays');
select is((select value from api.metrics() where name = 'vals_program_up' and labels = 'program="vals-runner"'), '0', 'and_is_down');

select * from finish();
rollback;
