-- Signing in: throttle, sessions with rotating refresh tokens, API keys.
\ir support/begin.psql

select plan(58);

insert into vals.users (id, email, name, role, password_hash, is_active)
values ('0b000000-0000-4000-8000-000000000001', 'ann@example.org', 'Ann', 'operator', 'hash of ann', true),
	('0b000000-0000-4000-8000-000000000002', 'off@example.org', 'Off', 'analyst', 'hash of off', false),
	('0b000000-0000-4000-8000-000000000003', 'bob@example.org', 'Bob', 'admin', 'hash of bob', true);

create function test.from(_address text)
returns jsonb
language sql immutable
as $$
	select jsonb_build_object('id', null, 'address', _address)
$$;
-- Age a bucket of the throttle, a token, a session.
create function test.age(_what text, _by interval)
returns void
language plpgsql security definer
as $$
begin
	update vals.login_attempts set window_start = window_start - _by where bucket like _what;
	update vals.refresh_tokens set used_at = used_at - _by where token_hash like _what;
	update vals.sessions s set expires_at = s.expires_at - _by from vals.refresh_tokens t where t.session_id = s.id and t.token_hash like _what;
end
$$;

-- Begin.
set local role vals_api;
select is((select concat_ws(' ', user_id, password_hash) from api.login_begin(test.from('192.0.2.1'), 'ann@example.org')),
	'0b000000-0000-4000-8000-000000000001 hash of ann', 'an_account_is_found_by_its_email');
select is((select user_id from api.login_begin(test.from('192.0.2.1'), 'ANN@Example.org')), '0b000000-0000-4000-8000-000000000001'::uuid, 'however_it_is_written');
select results_eq($$select * from api.login_begin(test.from('192.0.2.1'), 'nobody@example.org')$$, 'values (null::uuid, null::text)', 'an_unknown_account_answers_nulls');
select results_eq($$select * from api.login_begin(test.from('192.0.2.1'), 'off@example.org')$$, 'values (null::uuid, null::text)', 'an_inactive_account_answers_the_same');

-- The throttle: 10 attempts of an account from one address, 60 of an address, 100 of an account.
create function pg_temp.tries(_count int, _address text, _email text)
returns text
language plpgsql
as $$
declare
	_answer text;
begin
	for i in 1 .. _count loop
		_answer := test.refusal(format('select * from api.login_begin(test.from(%L), %L)', replace(_address, '#', i::text), replace(_email, '#', i::text)));
		if _answer <> 'not refused' then
			return i || ' ' || _answer;
		end if;
	end loop;
	return 'none refused';
end
$$;
select is(pg_temp.tries(10, '192.0.2.2', 'ann@example.org'), 'none refused', 'ten_attempts_are_free');
select is(pg_temp.tries(1, '192.0.2.2', 'ann@example.org'), '1 RS429 LOGIN_THROTTLED Too many sign-in attempts, try again later', 'the_eleventh_is_refused');
select is(pg_temp.tries(1, '192.0.2.2', 'ANN@example.org'), '1 RS429 LOGIN_THROTTLED Too many sign-in attempts, try again later', 'however_the_email_is_written');
select ok((test.refusal_detail($$select * from api.login_begin(test.from('192.0.2.2'), 'ann@example.org')$$)::json ->> 'retryAfterSeconds')::int between 1 and 900,
	'the_refusal_tells_when_to_come_back');
select is(pg_temp.tries(1, '192.0.2.3', 'ann@example.org'), 'none refused', 'from_another_address_he_may_still_come_in');
select is(pg_temp.tries(1, '192.0.2.2', 'bob@example.org'), 'none refused', 'from_the_same_address_another_may');
select test.age('both 192.0.2.2 ann%', '16 minutes') \g /dev/null
select is(pg_temp.tries(1, '192.0.2.2', 'ann@example.org'), 'none refused', 'after_15_minutes_the_count_begins_again');
select is(pg_temp.tries(61, '192.0.2.4', 'guess#@example.org'), '61 RS429 LOGIN_THROTTLED Too many sign-in attempts, try again later',
	'an_address_may_try_60_times_whatever_the_account');
select is(pg_temp.tries(101, '198.51.100.#', 'victim@example.org'), '101 RS429 LOGIN_THROTTLED Too many sign-in attempts, try again later',
	'an_account_may_be_tried_100_times_from_wherever');

-- Finish.
create temporary table opened on commit drop as
select * from api.login_finish(test.from('192.0.2.5'), '0b000000-0000-4000-8000-000000000001', 'refresh1', 'handle1', 1209600, null);
select is((select role from opened), 'operator', 'the_session_has_the_role_of_its_user');
select is((select profile ->> 'email' from opened), 'ann@example.org', 'who_signed_in_is_told');
select ok((select not profile::jsonb ? 'passwordHash' and profile::text not like '%hash of%' from opened), 'without_the_password_hash');
reset role;
select is((select round(extract(epoch from expires_at - now())) from vals.sessions where id = (select session_id from opened)), 1209600::numeric, 'a_session_lives_as_long_as_asked_for');
select ok((select last_login_at = now() from vals.users where email = 'ann@example.org'), 'the_time_of_the_sign_in_is_kept');
select is((select password_hash from vals.users where email = 'ann@example.org'), 'hash of ann', 'the_password_hash_stays');
set local role vals_api;
select api.login_finish(test.from('192.0.2.5'), '0b000000-0000-4000-8000-000000000001', 'refresh2', 'handle2', 1209600, 'better hash of ann') \g /dev/null
reset role;
select is((select password_hash from vals.users where email = 'ann@example.org'), 'better hash of ann', 'a_fresh_hash_replaces_it');
set local role vals_api;
select is(test.refusal($$select * from api.login_finish(test.from('192.0.2.5'), '0b000000-0000-4000-8000-000000000002', 'r', 'h', 60, null)$$),
	'RS401 INVALID_CREDENTIALS Invalid email or password', 'an_inactive_user_opens_no_session');
select is(pg_temp.tries(10, '192.0.2.6', 'bob@example.org'), 'none refused', 'ten_wrong_passwords');
select api.login_finish(test.from('192.0.2.6'), '0b000000-0000-4000-8000-000000000003', 'refresh3', 'handle3', 60, null) \g /dev/null
select is(pg_temp.tries(10, '192.0.2.6', 'bob@example.org'), 'none refused', 'the_right_one_empties_the_throttle');

-- Refresh.
create function pg_temp.refresh(_old text, _new text)
returns text
language sql
as $$
	select coalesce(concat(r.session_id, ' ', r.user_id, ' ', r.role), '') from api.session_refresh(test.from('192.0.2.5'), _old, _new, 'handle of ' || _new, 1209600) r
$$;
select session_id || ' 0b000000-0000-4000-8000-000000000001 operator' as ann from opened \gset
select is(pg_temp.refresh('refresh1', 'refresh1b'), :'ann', 'a_refresh_token_is_exchanged');
select is(pg_temp.refresh('refresh1b', 'refresh1c'), :'ann', 'so_is_its_successor');
select is(pg_temp.refresh('unknown', 'x'), '  ', 'an_unknown_token_answers_nulls');
select is(pg_temp.refresh('refresh1b', 'refresh1d'), :'ann', 'two_tabs_may_use_one_token_within_10_seconds');
select test.age('refresh1b', '11 seconds') \g /dev/null
select is(pg_temp.refresh('refresh1b', 'refresh1e'), '  ', 'used_again_later_it_is_refused');
select is(pg_temp.refresh('refresh1c', 'refresh1f'), '  ', 'and_its_session_is_dead_with_all_tokens');
reset role;
select isnt((select revoked_at from vals.sessions where id = (select session_id from opened)), null, 'a_reused_token_revokes_its_session');
select is((select count(*) from vals.refresh_tokens where token_hash in ('refresh1e', 'refresh1f')), 0::bigint, 'and_gets_no_successor');
select is((select revoked_at from vals.sessions where id = (select session_id from vals.refresh_tokens where token_hash = 'refresh2')), null,
	'the_other_sessions_of_the_user_live_on');
set local role vals_api;
select isnt(pg_temp.refresh('refresh2', 'refresh2b'), '  ', 'another_session_refreshes');
select test.age('refresh2', '5 seconds') \g /dev/null
select isnt(pg_temp.refresh('refresh2', 'refresh2c'), '  ', 'still_within_the_grace_it_is_taken');
reset role;
update vals.sessions set expires_at = now() where id = (select session_id from vals.refresh_tokens where token_hash = 'refresh2b');
set local role vals_api;
select is(pg_temp.refresh('refresh2b', 'refresh2d'), '  ', 'an_expired_session_is_not_refreshed');
select api.login_finish(test.from('192.0.2.5'), '0b000000-0000-4000-8000-000000000003', 'refresh4', 'handle4', 60, null) \g /dev/null
select isnt(pg_temp.refresh('refresh4', 'refresh4b'), '  ', 'a_session_that_would_end_soon_is_refreshed');
reset role;
select is((select round(extract(epoch from expires_at - now())) from vals.sessions where id = (select session_id from vals.refresh_tokens where token_hash = 'refresh4')),
	1209600::numeric, 'and_lives_on_from_the_refresh');
update vals.users set is_active = false where email = 'bob@example.org';
set local role vals_api;
select is(pg_temp.refresh('refresh4b', 'refresh4c'), '  ', 'a_user_made_inactive_refreshes_no_more');
reset role;
select isnt((select revoked_at from vals.sessions where id = (select session_id from vals.refresh_tokens where token_hash = 'refresh4')), null, 'his_session_is_revoked');
update vals.users set is_active = true where email = 'bob@example.org';

-- Socket handles: the five newest of a session count.
set local role vals_api;
select api.login_finish(test.from('192.0.2.5'), '0b000000-0000-4000-8000-000000000001', 'refresh5', 'handle5', 60, null) \g /dev/null
select pg_temp.refresh('refresh5', 'refresh5-' || n) from generate_series(1, 7) n \g /dev/null
reset role;
select is((select count(*) from vals.session_handles h join vals.refresh_tokens t on t.session_id = h.session_id where t.token_hash = 'refresh5'), 5::bigint,
	'a_session_has_at_most_five_socket_handles');
select ok(exists (select from vals.session_handles where handle_hash = 'handle of refresh5-7'), 'the_newest_among_them');

-- Revoke.
set local role vals_api;
select lives_ok($$select api.session_revoke(null, 'refresh5-3')$$, 'a_session_can_be_ended_by_a_refresh_token');
select is(pg_temp.refresh('refresh5-7', 'x5'), '  ', 'then_none_of_its_tokens_counts');
select lives_ok($$select api.session_revoke(null, 'refresh5-3')$$, 'ending_it_twice_is_harmless');
select lives_ok($$select api.session_revoke(null, 'unknown')$$, 'so_is_ending_an_unknown_one');
create temporary table second on commit drop as
select * from api.login_finish(test.from('192.0.2.5'), '0b000000-0000-4000-8000-000000000001', 'refresh6', 'handle6', 60, null);
select lives_ok(format('select api.session_revoke(%L, %L)', session_id, ''), 'a_session_can_be_ended_by_its_id') from second;
select is(pg_temp.refresh('refresh6', 'x6'), '  ', 'then_its_token_does_not_count');
reset role;
set local role vals_ws;
select is_empty($$select * from feed.session('handle6')$$, 'nor_its_socket_handle');
reset role;

-- API keys and me.
insert into vals.api_keys (id, name, key_hash, key_prefix, expires_at, revoked_at)
values ('0d000000-0000-4000-8000-000000000001', 'good', 'key1', 'p1', now() + interval '1 hour', null), ('0d000000-0000-4000-8000-000000000002', 'revoked', 'key2', 'p2', null, now()),
	('0d000000-0000-4000-8000-000000000003', 'expired', 'key3', 'p3', now(), null);
set local role vals_api;
select is((select concat_ws(' ', key_id, role, left_ms) from api.key_check('key1')), '0d000000-0000-4000-8000-000000000001 agent 3600000',
	'an_API_key_is_known_by_its_hash_for_as_long_as_it_lasts');
select is_empty(format('select * from api.key_check(%L)', k), format('%s_is_no_key', k)) from unnest(array['key2', 'key3', 'key9']) k;
reset role;
select ok((select last_used_at = now() from vals.api_keys where key_hash = 'key1'), 'the_last_use_of_a_key_is_kept');
update vals.api_keys set last_used_at = now() - interval '59 seconds' where key_hash = 'key1';
select api.key_check('key1') \g /dev/null
select ok((select last_used_at = now() - interval '59 seconds' from vals.api_keys where key_hash = 'key1'), 'by_the_minute');
set local role vals_api;
select is(api.me(test.who('operator', '0b000000-0000-4000-8000-000000000001')) ->> 'name', 'Ann', 'a_user_learns_who_he_is');
select is(api.me(test.who('agent', '0d000000-0000-4000-8000-000000000001')) ->> 'role', 'agent', 'so_does_a_key');
select is(test.refusal($$select api.me(test.who('analyst', '0b000000-0000-4000-8000-000000000002'))$$), 'RS401 UNAUTHORIZED Sign in again', 'an_inactive_user_is_nobody');
select is(test.refusal($$select api.me(test.who('agent', '0d000000-0000-4000-8000-000000000002'))$$), 'RS401 UNAUTHORIZED Sign in again', 'a_revoked_key_is_nobody');
reset role;

select * from finish();
rollback;
