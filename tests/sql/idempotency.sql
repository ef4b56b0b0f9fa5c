-- Idempotency-Key: the first request does the work, others get its answer.
\ir support/begin.psql

select plan(19);

set local role vals_api;
create function pg_temp.claim(_key text, _hash text default 'body', _who jsonb default test.who(), _route text default 'POST /api/leads')
returns text
language sql
as $$
	select concat_ws(' ', c.is_claimed, c.http_status, c.answer, c.resource_id, c.etag, c.location) from api.idempotency_claim(_who, _route, _key, _hash) c
$$;

select is(pg_temp.claim('one'), 't', 'the_first_request_does_the_work');
select is(pg_temp.claim('one'), 'f', 'the_second_does_not');
select lives_ok($$select api.idempotency_store(test.who(), 'POST /api/leads', 'one', 'body', 201, '{"success":true}', null, '"1"', '/api/leads/1')$$, 'its_answer_can_be_stored');
select is(pg_temp.claim('one'), 'f 201 {"success":true} "1" /api/leads/1', 'the_stored_answer_is_replayed_with_its_headers');
select is(test.refusal($$select pg_temp.claim('one', 'another body')$$), 'RS409 IDEMPOTENCY_MISMATCH Idempotency-Key was used with another request',
	'the_same_key_with_another_body_is_refused');
select is(pg_temp.claim('one', 'another body', test.who('agent', '0a000000-0000-4000-8000-0000000000ff')), 't', 'the_key_of_another_caller_is_another_key');
select is(pg_temp.claim('one', 'another body', _route => 'POST /api/agent/start-call'), 't', 'the_key_of_another_route_is_another_key');
select api.idempotency_store(test.who(), 'POST /api/agent/start-call', 'one', 'another body', 201, '{}', '0a000000-0000-4000-8000-0000000000aa', null, null) \g /dev/null
select is(pg_temp.claim('one', 'another body', _route => 'POST /api/agent/start-call'), 'f 201 {} 0a000000-0000-4000-8000-0000000000aa',
	'a_replay_knows_what_the_first_was_waiting_for');
select api.idempotency_store(test.who(), 'POST /api/agent/start-call', 'one', 'another body', 502, '{"success":false}', null, null, null) \g /dev/null
select is(pg_temp.claim('one', 'another body', _route => 'POST /api/agent/start-call'), 'f 201 {} 0a000000-0000-4000-8000-0000000000aa',
	'a_refusal_that_comes_late_does_not_replace_it');
select is(pg_temp.claim(repeat('k', 255)), 't', 'a_key_has_up_to_255_characters');
select throws_like($$select pg_temp.claim(repeat('k', 256))$$, '%idempotency_keys_length%', 'and_no_more');
select throws_like($$select pg_temp.claim('')$$, '%idempotency_keys_length%', 'and_at_least_one');
reset role;

-- Kept for 24 hours.
update vals.idempotency_keys set created_at = now() - interval '23 hours 59 minutes' where key = 'one';
set local role vals_api;
select is(pg_temp.claim('one'), 'f 201 {"success":true} "1" /api/leads/1', 'an_answer_is_replayed_for_24_hours');
reset role;
update vals.idempotency_keys set created_at = now() - interval '24 hours 1 second' where key = 'one' and route = 'POST /api/leads';
set local role vals_api;
select is(pg_temp.claim('one', 'a new body'), 't', 'after_that_the_key_is_free_even_for_another_body');
select is(pg_temp.claim('one', 'a new body'), 'f', 'and_taken_again');
reset role;
update vals.idempotency_keys set created_at = now() - interval '24 hours 1 second', http_status = 201 where key = 'one' and route = 'POST /api/leads';
set local role vals_api;
select api.idempotency_store(test.who(), 'POST /api/leads', 'one', 'a new body', 409, '{"success":false}', null, null, null) \g /dev/null
select is(pg_temp.claim('one', 'a new body'), 'f 409 {"success":false}', 'a_refusal_is_kept_in_the_place_of_an_answer_that_is_too_old');
select is(test.refusal($$select pg_temp.claim('one')$$), 'RS409 IDEMPOTENCY_MISMATCH Idempotency-Key was used with another request',
	'and_the_old_body_is_another_now');

-- A claim that is rolled back leaves the key free.
savepoint request;
select pg_temp.claim('undone') \g /dev/null
rollback to savepoint request;
select is(pg_temp.claim('undone'), 't', 'a_request_that_failed_leaves_its_key_free');
reset role;
select is((select count(*) from vals.idempotency_keys where key = 'undone'), 1::bigint, 'a_key_is_one_row');

select * from finish();
rollback;
