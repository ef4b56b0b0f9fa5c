-- The feed: committed events get dense numbers, and are read by them.
\ir support/begin.psql

select plan(41);

-- Whatever others left behind is numbered already.
update vals.event_log set seq = null;
delete from vals.event_log;
update vals.event_head set last_seq = 100;

create function test.log(_id bigint, _kind text)
returns void
language sql security definer
as $$
	insert into vals.event_log (id, kind, payload) overriding system value values (_id, _kind, jsonb_build_object('n', _id))
$$;

-- What is numbered so far: id:seq in the order of seq.
create function test.numbered()
returns text
language sql security definer
as $$
	select coalesce(string_agg(id || ':' || seq, ' ' order by seq), '') from vals.event_log where seq is not null
$$;

set local role vals_ws;
select is(feed.head(), 100::bigint, 'the_head_is_the_last_number_given');
select results_eq('select * from feed.relay_number(10)', 'values (0, 100::bigint)', 'nothing_to_number_leaves_the_head');
select test.log(1000003, 'c'), test.log(1000001, 'a'), test.log(1000002, 'b') \g /dev/null
select is_empty('select * from feed.read(0, 10)', 'an_event_without_a_number_is_not_read');
select results_eq('select * from feed.relay_number(2)', 'values (2, 102::bigint)', 'a_batch_is_as_long_as_asked_for');
select is(test.numbered(), '1000001:101 1000002:102', 'the_order_of_the_numbers_is_that_of_the_ids');
select is(feed.head(), 102::bigint, 'the_head_moves_with_the_numbers');
-- An id drawn before those above, committed after they were numbered.
select test.log(1000000, 'late') \g /dev/null
select results_eq('select * from feed.relay_number(10)', 'values (2, 104::bigint)', 'the_rest_is_numbered_next');
select is(test.numbered(), '1000001:101 1000002:102 1000000:103 1000003:104', 'an_event_that_committed_late_comes_after_what_was_numbered');
select results_eq('select * from feed.relay_number(10)', 'values (0, 104::bigint)', 'a_number_is_given_once');
select results_eq('select seq, kind from feed.read(101, 10)', $$values (102::bigint, 'b'), (103, 'late'), (104, 'c')$$, 'a_reader_gets_what_came_after_his_number_in_order');
select results_eq('select seq from feed.read(100, 2)', 'values (101::bigint), (102)', 'a_reader_gets_no_more_than_asked_for');
select is_empty('select * from feed.read(104, 10)', 'at_the_head_there_is_nothing_to_read');
select is((select payload::jsonb from feed.read(103, 1)), '{"n":1000003}'::jsonb, 'an_event_is_read_with_its_payload');

-- Dense, whatever the batches.
select test.log(1000100 + n, 'many') from generate_series(1, 250) n \g /dev/null
select count(*) as batches from generate_series(1, 40) n, lateral feed.relay_number(7 + 0 * n) r where r.numbered > 0 \gset
select is(:batches::int, 36, 'numbering_goes_on_batch_by_batch');
reset role;
select is((select count(*) || ' ' || min(seq) || ' ' || max(seq) from vals.event_log), '254 101 354', 'the_numbers_have_no_gap');
select is((select bool_and(seq = 104 + id - 1000100) from vals.event_log where kind = 'many'), true, 'and_the_order_of_the_ids_across_batches');
select throws_ok('update vals.event_log set seq = 101 where seq = 102', '23505', null, 'a_number_cannot_be_given_twice');

-- The call's events come in the order in which it lived.
select test.answered() as call \gset
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'call')) \g /dev/null
set local role vals_ws;
select feed.relay_number(1000) \g /dev/null
select is((select string_agg(kind, ' ' order by seq) from feed.read(0, 1000) where call_id = :'call'), 'call.started call.status call.status call.ended',
	'the_events_of_a_call_are_in_the_order_of_its_life');
select ok(feed.relay_try(), 'the_first_to_ask_becomes_the_relay');
select pg_advisory_unlock(1447119955, 1) \g /dev/null

-- Who may come in.
reset role;
insert into vals.users (id, email, name, role, password_hash, is_active)
values ('0b000000-0000-4000-8000-000000000001', 'feed1@example.org', 'Fay', 'operator', 'x', true),
	('0b000000-0000-4000-8000-000000000002', 'feed2@example.org', 'Off', 'operator', 'x', false);
insert into vals.sessions (id, user_id, expires_at, revoked_at)
values ('0c000000-0000-4000-8000-000000000001', '0b000000-0000-4000-8000-000000000001', now() + interval '1 hour', null),
	('0c000000-0000-4000-8000-000000000002', '0b000000-0000-4000-8000-000000000001', now() + interval '1 hour', now()),
	('0c000000-0000-4000-8000-000000000003', '0b000000-0000-4000-8000-000000000001', now() - interval '1 second', null),
	('0c000000-0000-4000-8000-000000000004', '0b000000-0000-4000-8000-000000000002', now() + interval '1 hour', null);
insert into vals.session_handles (handle_hash, session_id)
select 'handle' || n, ('0c000000-0000-4000-8000-00000000000' || n)::uuid from generate_series(1, 4) n;
insert into vals.api_keys (id, name, key_hash, key_prefix, expires_at, revoked_at)
values ('0d000000-0000-4000-8000-000000000001', 'good', 'hash1', 'p1', null, null), ('0d000000-0000-4000-8000-000000000002', 'revoked', 'hash2', 'p2', null, now()),
	('0d000000-0000-4000-8000-000000000003', 'expired', 'hash3', 'p3', now(), null);
set local role vals_ws;
select is((select concat_ws(' ', role, name) from feed.user('0b000000-0000-4000-8000-000000000001', '')), 'operator Fay', 'a_user_with_a_token_of_no_session_comes_in');
select is((select role from feed.user('0b000000-0000-4000-8000-000000000001', '0c000000-0000-4000-8000-000000000001')), 'operator', 'a_user_of_a_live_session_comes_in');
select is_empty($$select * from feed.user('0b000000-0000-4000-8000-000000000001', '0c000000-0000-4000-8000-000000000002')$$, 'not_of_a_revoked_session');
select is_empty($$select * from feed.user('0b000000-0000-4000-8000-000000000001', '0c000000-0000-4000-8000-000000000003')$$, 'not_of_an_expired_session');
select is_empty($$select * from feed.user('0b000000-0000-4000-8000-000000000001', '0c000000-0000-4000-8000-000000000004')$$, 'not_of_the_session_of_another');
select is_empty($$select * from feed.user('0b000000-0000-4000-8000-000000000002', '')$$, 'an_inactive_user_stays_out');
select is((select concat_ws(' ', user_id, session_id, expires_at) from feed.session('handle1')),
	concat_ws(' ', '0b000000-0000-4000-8000-000000000001', '0c000000-0000-4000-8000-000000000001', extract(epoch from now() + interval '1 hour')::bigint),
	'a_session_handle_lets_its_user_in_until_the_session_expires');
select is_empty(format('select * from feed.session(%L)', h), format('no_session_by_%s', h)) from unnest(array['handle2', 'handle3', 'handle4', 'handle9']) h;
select is((select concat_ws(' ', user_id, role, name, coalesce(expires_at::text, 'never')) from feed.api_key('hash1')), '0d000000-0000-4000-8000-000000000001 agent good never',
	'an_API_key_lets_its_program_in');
select is_empty(format('select * from feed.api_key(%L)', h), format('no_program_by_%s', h)) from unnest(array['hash2', 'hash3', 'hash9']) h;
select results_eq(format('select * from feed.live_sessions(%L)', (select json_agg('0c000000-0000-4000-8000-00000000000' || n) from generate_series(1, 9) n)),
	$$values ('0c000000-0000-4000-8000-000000000001'::uuid)$$, 'of_many_sessions_the_live_ones_are_told');

-- The socket's reads and writes.
select is((select (feed.system_status() ->> 'activeCalls')::int), json_array_length(feed.active_calls()), 'the_status_counts_the_calls_that_are_alive');
select is(feed.kevin_availability_set('0b000000-0000-4000-8000-000000000001', '{"available":true}') ->> 'updatedBy', '0b000000-0000-4000-8000-000000000001',
	'a_socket_may_set_the_switch_in_the_name_of_its_user');
select is((feed.system_status() ->> 'kevinAvailable'), 'true', 'the_status_tells_whether_Kevin_is_there');
reset role;
select test.answered() as watched \gset
set local role vals_ws;
select is(feed.engagement_report('0d000000-0000-4000-8000-000000000001', jsonb_build_object('callId', :'watched', 'engagementScore', 86)) ->> 'suggestTransfer', 'true',
	'a_report_by_socket_is_a_report');
select lives_ok($$select feed.status_put('vals-ws', '{"sockets":1}')$$, 'the_daemon_tells_how_it_is');
reset role;
select ok((api.ready(test.who()) ->> 'realtime')::boolean, 'and_readiness_knows_it_alive');

select * from finish();
rollback;
