-- Sockets that come back: their rows, and who may have them.
\ir support/begin.psql

select plan(48);

update vals.event_log set seq = null;
delete from vals.event_log;
update vals.event_head set last_seq = 100;
insert into vals.event_log (id, kind, payload, seq) overriding system value
select 1000000 + n, 'x', '{}', n from generate_series(91, 100) n;
delete from vals.ws_instances;

\set one 11111111-1111-4111-8111-111111111111
\set two 22222222-2222-4222-8222-222222222222
\set fay 0b000000-0000-4000-8000-000000000001
\set max 0b000000-0000-4000-8000-000000000002

-- A claim as the daemon makes it.
create function test.claim(_instance uuid, _new text, _more jsonb default '{}')
returns jsonb
language sql immutable
as $$
	select jsonb_build_object('newPid', _new, 'principal', '0b000000-0000-4000-8000-000000000001', 'socketId', 'id-' || _new, 'start', 95, 'instance', _instance,
		'window', 120000) || _more
$$;

-- What comes of it, in one text.
create function test.enter(_claim jsonb)
returns text
language sql
as $$
	select concat_ws(' ', case when e.is_recovered then 'recovered' else 'new' end, e.epoch, e.socket_id, e.rooms, e.after, case when e.is_fenced then 'fenced' end)
	from feed.recovery_enter(_claim) e
$$;

create function test.beat(_instance uuid)
returns text[]
language sql
as $$
	select coalesce(array_agg(b.pid_hash), '{}') from feed.recovery_beat(jsonb_build_object('instance', _instance, 'node', 0, 'window', 120000)) b
$$;

-- Move the end of a socket, and the last sign of a daemon, into the past.
create function test.left(_pid text, _ago interval)
returns void
language sql security definer
as $$
	update vals.socket_states set left_at = now() - _ago where pid_hash = _pid
$$;
create function test.silent(_instance uuid, _ago interval)
returns void
language sql security definer
as $$
	update vals.ws_instances set seen_at = now() - _ago where id = _instance
$$;
create function test.uncontested(_pid text)
returns void
language sql security definer
as $$
	update vals.socket_states set contested_until = now() where pid_hash = _pid
$$;
create function test.states()
returns text
language sql security definer
as $$
	select coalesce(string_agg(pid_hash || case when left_at is null then '' else '-' end, ' ' order by pid_hash), '') from vals.socket_states
$$;

set local role vals_ws;
select throws_ok(format('select test.enter(test.claim(%L, %L))', :'one', 'a'), '23503', null, 'a_daemon_the_database_does_not_know_lets_nobody_in');
select is(test.beat(:'one'), '{}', 'a_daemon_shows_that_it_lives');
select is(test.beat(:'two'), '{}', 'and_another');

-- Coming in and coming back.
select is(test.enter(test.claim(:'one', 'a')), 'new 1 id-a {} 95', 'a_socket_comes_in');
select is(feed.recovery_save('{"pid":"a","epoch":1,"rooms":{"leads":96}}'), true, 'its_rooms_are_kept');
select feed.recovery_leave('[{"pid":"a","epoch":1,"isFinal":false}]') \g /dev/null
select is(test.states(), 'a-', 'its_end_is_kept');
select is(test.enter(test.claim(:'two', 'b', '{"pid":"a"}')), 'recovered 2 id-a {"leads": 96} 95', 'without_an_event_it_comes_back_to_its_start');
select is(test.states(), 'a', 'and_is_here_again');
select feed.recovery_leave('[{"pid":"a","epoch":2,"isFinal":false}]') \g /dev/null
select is(test.enter(test.claim(:'two', 'b', '{"pid":"a","offset":"98"}')), 'recovered 3 id-a {"leads": 96} 98', 'with_one_it_comes_back_to_that');
select is(feed.recovery_save('{"pid":"a","epoch":2,"rooms":{}}'), false, 'a_former_connection_has_no_say_in_the_rooms');
select feed.recovery_leave('[{"pid":"a","epoch":1,"isFinal":true},{"pid":"a","epoch":2,"isFinal":false}]') \g /dev/null
select is(test.states(), 'a', 'nor_in_the_end');

-- Who may not.
select feed.recovery_leave('[{"pid":"a","epoch":3,"isFinal":false}]') \g /dev/null
select is(test.enter(test.claim(:'two', 'c', '{"pid":"zzz","offset":"98"}')), 'new 1 id-c {} 95', 'a_pid_nobody_gave_out_is_worth_nothing');
select is(test.enter(test.claim(:'two', 'd', jsonb_build_object('pid', 'a', 'principal', :'max'))), 'new 1 id-d {} 95', 'nor_is_that_of_another_user');
select is(test.enter(test.claim(:'two', 'e', '{"pid":"a","offset":"101"}')), 'new 1 id-e {} 95', 'a_number_that_was_not_given_yet_is_refused');
select is(test.enter(test.claim(:'two', 'f', '{"pid":"c","offset":"94"}')), 'recovered 2 id-c {} 95', 'one_from_before_the_socket_is_as_good_as_none');
select feed.recovery_leave('[{"pid":"c","epoch":2,"isFinal":true}]') \g /dev/null
select is(test.enter(test.claim(:'two', 'g', '{"pid":"a","offset":"100"}')), 'recovered 4 id-a {"leads": 96} 100', 'the_last_number_is_good');
select feed.recovery_leave('[{"pid":"a","epoch":4,"isFinal":false}]') \g /dev/null
select test.left('a', '119 seconds') \g /dev/null
select is(test.enter(test.claim(:'one', 'g', '{"pid":"a","offset":"99"}')), 'recovered 5 id-a {"leads": 96} 99', 'who_was_away_for_less_than_the_window_comes_back');
select feed.recovery_leave('[{"pid":"a","epoch":5,"isFinal":false}]') \g /dev/null
select test.left('a', '121 seconds') \g /dev/null
select is(test.enter(test.claim(:'one', 'g', '{"pid":"a","offset":"99"}')), 'new 1 id-g {} 95', 'for_longer_not');
select test.left('a', '1 second') \g /dev/null
reset role;
delete from vals.event_log where seq < 98;
set local role vals_ws;
select is(test.enter(test.claim(:'one', 'h', '{"pid":"a","offset":"96"}')), 'new 1 id-h {} 95', 'nor_who_missed_what_the_log_has_lost');
select is(test.enter(test.claim(:'one', 'h2', '{"pid":"a","offset":"97"}')), 'recovered 6 id-a {"leads": 96} 97', 'the_oldest_event_kept_is_enough');

-- Taken from a living connection.
select is(test.enter(test.claim(:'two', 'i', '{"pid":"a","offset":"99"}')), 'recovered 7 id-a {"leads": 96} 99 fenced', 'a_living_connection_elsewhere_is_fenced');
select is(test.beat(:'two'), '{}', 'the_one_who_took_it_is_not_told');
select is(test.beat(:'one'), '{a}', 'the_one_who_had_it_is');
select is(test.beat(:'one'), '{}', 'once');
select feed.recovery_contest('["a"]') \g /dev/null
select is(test.enter(test.claim(:'one', 'j', '{"pid":"a","offset":"99"}')), 'new 1 id-j {} 95', 'whose_living_connection_was_closed_does_not_take_it_back');
select test.uncontested('a') \g /dev/null
select is(test.enter(test.claim(:'two', 'k', '{"pid":"a","offset":"99","isReachable":true}')), 'recovered 8 id-a {"leads": 96} 99', 'at_the_same_daemon_nobody_has_to_be_told');
select is(test.enter(test.claim(:'two', 'l', '{"pid":"a","offset":"99","isReachable":true}')), 'new 1 id-l {} 95', 'and_it_is_not_taken_back_either');
select is(test.enter(test.claim(:'two', 'l2', '{"pid":"a","offset":"99","isReachable":false}')), 'recovered 9 id-a {"leads": 96} 99', 'but_from_a_connection_whose_client_is_not_there_it_is');
select feed.recovery_leave('[{"pid":"a","epoch":9,"isFinal":false}]') \g /dev/null
select is(test.enter(test.claim(:'two', 'm', '{"pid":"a","offset":"99"}')), 'recovered 10 id-a {"leads": 96} 99', 'once_it_is_free_it_may_be_had');
select feed.recovery_contest('["nobody"]') \g /dev/null
select is(test.beat(:'one'), '{}', 'nobody_was_fenced_by_that');

-- Killed without a word.
select test.silent(:'two', '100 seconds') \g /dev/null
select is(test.enter(test.claim(:'one', 'n', '{"pid":"a","offset":"99"}')), 'recovered 11 id-a {"leads": 96} 99 fenced', 'the_sockets_of_a_daemon_that_was_killed_come_back');
select is(test.enter(test.claim(:'two', 'o')), 'new 1 id-o {} 95', 'one_more_socket_of_it');
select test.silent(:'two', '121 seconds') \g /dev/null
select is(test.enter(test.claim(:'one', 'p', '{"pid":"o"}')), 'new 1 id-p {} 95', 'within_the_window_only');

-- Taking leave, and being forgotten.
select feed.recovery_leave('[{"pid":"a","epoch":11,"isFinal":true}]') \g /dev/null
select is(test.enter(test.claim(:'one', 'q', '{"pid":"a","offset":"99"}')), 'new 1 id-q {} 95', 'who_took_his_leave_is_a_new_one');
select feed.recovery_leave(jsonb_agg(jsonb_build_object('pid', p, 'epoch', 1, 'isFinal', true))) from regexp_split_to_table(test.states(), ' ') p where p not in ('o', 'p') \g /dev/null
select is(test.states(), 'o p', 'many_are_told_of_at_once');
select feed.recovery_leave('[{"pid":"p","epoch":1,"isFinal":false}]') \g /dev/null
select test.left('p', '119 seconds') \g /dev/null
select test.beat(:'one') \g /dev/null
select is(test.states(), 'o p-', 'what_may_still_come_back_is_kept');
select test.left('p', '121 seconds') \g /dev/null
select test.beat(:'one') \g /dev/null
select is(test.states(), 'o', 'what_may_not_is_forgotten');
select test.silent(:'two', '299 seconds') \g /dev/null
select test.beat(:'one') \g /dev/null
select is(test.states(), 'o', 'a_silent_daemon_is_remembered_for_a_while');
select test.silent(:'two', '301 seconds') \g /dev/null
select test.beat(:'one') \g /dev/null
select is(test.states(), '', 'and_then_forgotten_with_its_sockets');
select test.silent(:'one', '1 day') \g /dev/null
select is(test.beat(:'one'), '{}', 'a_daemon_that_was_cut_off_lives_again');
select is(test.enter(test.claim(:'one', 'r')), 'new 1 id-r {} 95', 'and_lets_sockets_in');

-- After a failover that lost events.
select test.enter(test.claim(:'one', 's')) \g /dev/null
select feed.recovery_leave('[{"pid":"s","epoch":1,"isFinal":false}]'), feed.recovery_forget_away() \g /dev/null
select is(test.states(), 'r', 'who_is_away_may_be_forgotten_altogether');

-- The log is forgotten from its beginning, without holes.
reset role;
delete from vals.event_log;
insert into vals.event_log (id, kind, payload, seq, created_at) overriding system value
select 1000000 + n, 'x', '{}', case when n < 100 then n end, now() - case when n in (91, 93, 100) then interval '8 days' else interval '6 days' end from generate_series(91, 100) n;
select run.retention(1000) \g /dev/null
select is((select string_agg(coalesce(seq::text, 'new'), ' ' order by id) from vals.event_log), '94 95 96 97 98 99 new', 'events_of_last_week_are_forgotten_in_a_row_from_the_first');
select run.retention(1000) \g /dev/null
select is((select count(*) from vals.event_log), 7::bigint, 'what_is_younger_stays_and_what_has_no_number_yet');
set local role vals_ws;

-- Rights.
select throws_ok('select * from vals.socket_states', '42501', null, 'the_daemon_does_not_see_the_table');
reset role;
select ok(not has_table_privilege('vals_ro', 'vals.socket_states', 'select'), 'nor_do_reports');
select ok(not has_function_privilege('vals_api', 'feed.recovery_enter(jsonb)', 'execute'), 'nor_does_the_API_let_sockets_in');
select ok(not has_function_privilege('vals_ws', 'vals.socket_state_take(jsonb)', 'execute'), 'the_helper_is_nobodys_to_call');

select * from finish();
rollback;
