-- Readiness: what vals-api tells about the database and the daemons.
\ir support/begin.psql

select plan(9);

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

select * from finish();
rollback;
