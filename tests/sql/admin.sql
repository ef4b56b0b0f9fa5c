-- What valsctl does: users, keys, migrations.
\ir support/begin.psql

select plan(34);

set local role vals_owner;

-- Users.
select ok(admin.user_add('New@Example.org', 'New', 'operator', 'first hash') is not null, 'a_user_is_added');
select is((select concat_ws(' ', email, name, role, is_active, coalesce(last_login, 'never')) from admin.users() where name = 'New'), 'new@example.org New operator t never',
	'his_email_is_kept_in_lower_case');
select throws_like($$select admin.user_add('NEW@example.org', 'Other', 'admin', 'x')$$, '%users_email_unique%', 'an_email_belongs_to_one_user');
select throws_like($$select admin.user_add('agent@example.org', 'Agent', 'agent', 'x')$$, '%users_role%', 'a_person_is_no_agent');
select throws_like($$select admin.user_add('viewer@example.org', 'Viewer', 'viewer', 'x')$$, '%users_role%', 'an_unknown_role_is_refused');
select throws_like($$select admin.user_add('x@example.org', '', 'admin', 'x')$$, '%users_name_length%', 'a_user_has_a_name');
select throws_like($$select admin.user_add('', 'X', 'admin', 'x')$$, '%users_email_form%', 'a_user_has_an_email');
select is((select role from admin.user_by_email('NEW@EXAMPLE.ORG')), 'operator', 'a_user_is_found_by_his_email');
select is_empty($$select * from admin.user_by_email('nobody@example.org')$$, 'an_unknown_one_is_not');
select user_id as new from admin.user_by_email('new@example.org') \gset
select * from api.login_finish('{"address":"192.0.2.9"}', :'new', 'refresh', 'handle', 600, null) \g /dev/null
select is(admin.user_password('New@example.org', 'second hash'), :'new'::uuid, 'a_user_gets_another_password');
select is((select password_hash from vals.users where id = :'new'), 'second hash', 'which_counts_from_now_on');
select ok((select bool_and(revoked_at is not null) from vals.sessions where user_id = :'new'), 'and_ends_his_sessions');
select is(admin.user_password('nobody@example.org', 'x'), null, 'nobody_gets_no_password');
update vals.users set is_active = false where id = :'new';
select is_empty($$select * from admin.user_by_email('new@example.org')$$, 'no_token_is_made_for_an_inactive_user');
select admin.user_password('new@example.org', 'third hash') \g /dev/null
select ok((select is_active from vals.users where id = :'new'), 'another_password_brings_him_back');

-- Keys.
select ok(admin.key_add('dialler', 'hash of dialler', 'vals_abc', null) is not null, 'a_key_is_added');
select ok(admin.key_add('tester', 'hash of tester', 'vals_def', '2030-01-01T00:00:00Z') is not null, 'a_key_may_expire');
select is((select expires_at from vals.api_keys where name = 'tester'), '2030-01-01T00:00:00Z'::timestamptz, 'when_it_was_told_to');
select throws_like($$select admin.key_add('again', 'hash of dialler', 'vals_abc', null)$$, '%api_keys_hash_unique%', 'a_key_is_added_once');
select throws_ok($$select admin.key_add('when', 'h', 'vals_ghi', 'some day')$$, '22007', null, 'an_expiry_is_a_time');
select is((select concat_ws(' ', name, coalesce(revoked, 'valid')) from admin.keys() where prefix = 'vals_abc'), 'dialler valid', 'keys_are_listed_by_their_prefix');
select is((select array_agg(k::text) from admin.keys() k where k::text like '%hash of%'), null, 'and_never_with_their_hash');
select ok(admin.key_revoke('vals_abc') is not null, 'a_key_is_revoked_by_its_prefix');
select is_empty($$select * from api.key_check('hash of dialler')$$, 'then_it_opens_nothing');
select revoked as revoked_first from admin.keys() where prefix = 'vals_abc' \gset
update vals.api_keys set revoked_at = revoked_at - interval '1 hour' where name = 'dialler';
select admin.key_revoke('vals_abc') \g /dev/null
select isnt((select revoked from admin.keys() where prefix = 'vals_abc'), :'revoked_first', 'revoking_it_again_keeps_the_first_time');
select is(admin.key_revoke('vals_zzz'), null, 'an_unknown_prefix_revokes_nothing');

-- Migrations.
select lives_ok($$select admin.migration_add(9001, '9001_test.sql', 'aaaa')$$, 'an_applied_migration_is_noted');
select is((select concat_ws(' ', name, checksum) from admin.migrations() where number = 9001), '9001_test.sql aaaa', 'with_its_name_and_checksum');
select admin.migration_add(9001, '9001_test.sql', 'bbbb') \g /dev/null
select is((select array_agg(checksum) from admin.migrations() where number = 9001), array['bbbb'], 'the_functions_are_noted_again_under_their_number');
select is((select array_agg(number) from admin.migrations()), (select array_agg(number order by number) from admin.migrations()), 'migrations_are_listed_in_order');
select lives_ok('select admin.migration_lock()', 'the_lock_of_migrations_is_taken');
select is((select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()), 1::bigint, 'and_held_by_this_connection');
select pg_advisory_unlock(1447119955, 2) \g /dev/null

-- Before the functions are loaded again they are dropped, except what tables and valsctl stand on.
select lives_ok('select admin.functions_clear()', 'the_functions_can_be_cleared');
select results_eq($$
	select p.oid::regprocedure::text
	from pg_proc p
		join pg_namespace n on n.oid = p.pronamespace
	where n.nspname in ('vals', 'api', 'feed', 'run', 'admin')
	order by 1$$,
	array['admin.functions_clear()', 'admin.migration_add(integer,text,text)', 'admin.migration_lock()', 'admin.migrations()', 'vals.call_counts_add()', 'vals.call_counts_keep()', 'vals.dial_request_keep()', 'vals.lead_counts_add()', 'vals.lead_counts_keep()'],
	'what_triggers_and_migrations_need_is_left');

reset role;
select * from finish();
rollback;
