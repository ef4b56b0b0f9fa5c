-- Who may do what: every program its own functions, nothing else.
\ir support/begin.psql

select plan(52);

-- The schema a program's role may use.
create temporary table programs (role name, own name);
insert into programs (role, own) values ('vals_api', 'api'), ('vals_ws', 'feed'), ('vals_run', 'run');
grant select on programs to public;

select is(
	(select array_agg(p.oid::regprocedure order by 1)
	from pg_proc p
	where p.pronamespace = r.own::regnamespace
		and not has_function_privilege(r.role, p.oid, 'execute')),
	null, format('%s_may_execute_every_function_of_%s', r.role, r.own))
from programs r;

select is(
	(select array_agg(p.oid::regprocedure order by 1)
	from pg_proc p
		join pg_namespace n on n.oid = p.pronamespace
	where n.nspname in ('vals', 'api', 'feed', 'run', 'admin')
		and n.nspname <> r.own
		and has_function_privilege(r.role, p.oid, 'execute')),
	null, format('%s_may_execute_no_function_of_another_schema', r.role))
from programs r;

select is(
	(select array_agg(c.oid::regclass order by 1)
	from pg_class c
	where c.relnamespace = 'vals'::regnamespace
		and c.relkind in ('r', 'p', 'v', 'm')
		and has_table_privilege(r.role, c.oid, 'select, insert, update, delete, truncate, references, trigger')),
	null, format('%s_may_touch_no_table', r.role))
from programs r;

select is(
	(select array_agg(n.nspname order by 1)
	from pg_namespace n
	where n.nspname in ('vals', 'api', 'feed', 'run', 'admin')
		and has_schema_privilege(r.role, n.oid, 'usage')),
	array[r.own], format('%s_may_use_only_schema_%s', r.role, r.own))
from programs r;

select is(
	(select array_agg(n.nspname order by 1)
	from pg_namespace n
	where n.nspname in ('vals', 'api', 'feed', 'run', 'admin', 'public')
		and has_schema_privilege(r.role, n.oid, 'create')),
	null, format('%s_may_create_nothing', r.role))
from programs r;

select is(:'temporary_makers'::text, 'nobody', 'no_program_may_make_temporary_objects');

select ok(not (a.rolsuper or a.rolcreatedb or a.rolcreaterole or a.rolreplication or a.rolbypassrls),
	format('%s_has_no_attribute_of_power', a.rolname))
from pg_roles a
where a.rolname like 'vals\_%'
order by a.rolname;

select ok(not exists (select from pg_auth_members m where m.member = r.role::regrole),
	format('%s_belongs_to_no_other_role', r.role))
from programs r;

select is((select array_agg(rolname order by rolname) from pg_roles where rolname like 'vals\_%' and not rolcanlogin),
	array['vals_owner']::name[], 'only_the_owner_cannot_log_in');
select is(
	(select array_agg(m.member::regrole::text order by 1) from pg_auth_members m where m.roleid = 'vals_owner'::regrole),
	array['vals_migrate'], 'only_vals_migrate_becomes_the_owner');
select is(
	(select array_agg(p.oid::regprocedure order by 1)
	from pg_proc p
		join pg_namespace n on n.oid = p.pronamespace
	where n.nspname in ('vals', 'api', 'feed', 'run', 'admin')
		and p.proowner <> 'vals_owner'::regrole),
	null, 'every_function_belongs_to_the_owner');
select is(
	(select array_agg(p.oid::regprocedure order by 1)
	from pg_proc p
		join pg_namespace n on n.oid = p.pronamespace
	where n.nspname in ('api', 'feed', 'run')
		and not (p.prosecdef and p.proconfig @> array['search_path=""'])),
	array['feed.relay_try()'::regprocedure], 'every_function_of_a_program_runs_as_owner_with_an_empty_search_path_but_the_one_that_ends_sessions');
select is((select prosecdef || ' ' || proconfig::text from pg_proc where oid = 'feed.relay_try()'::regprocedure), 'false {"search_path=\"\""}',
	'that_one_reaches_no_further_than_its_caller');

-- What the rights promise, tried.
set local role vals_api;
select throws_ok('select from vals.leads', '42501', null, 'vals_api_cannot_read_leads');
select throws_ok('select password_hash from vals.users', '42501', null, 'vals_api_cannot_read_password_hashes');
select throws_ok('select * from feed.head()', '42501', null, 'vals_api_cannot_read_the_feed');
select throws_ok('select * from run.retention(1)', '42501', null, 'vals_api_cannot_run_commands');
select throws_ok($$select admin.user_add('a@example.org', 'A', 'admin', 'x')$$, '42501', null, 'vals_api_cannot_add_users');
select throws_ok('create table public.mine (a integer)', '42501', null, 'vals_api_cannot_create_tables');
select throws_ok($$select vals.emit('lead.created', null, null, '{}')$$, '42501', null, 'vals_api_cannot_emit_events_of_its_own');
select lives_ok($$select api.leads_list(test.who(), '{}')$$, 'vals_api_can_list_leads');

set local role vals_ws;
select throws_ok('select from vals.event_log', '42501', null, 'vals_ws_cannot_read_the_event_log');
select throws_ok($$select api.leads_list(test.who(), '{}')$$, '42501', null, 'vals_ws_cannot_list_leads');
select throws_ok('select * from run.commands_take(''x'', 1, 1)', '42501', null, 'vals_ws_cannot_take_commands');
select throws_ok('select * from admin.users()', '42501', null, 'vals_ws_cannot_list_users');
select lives_ok('select feed.head()', 'vals_ws_can_read_the_head');

set local role vals_run;
select throws_ok('delete from vals.commands', '42501', null, 'vals_run_cannot_delete_commands');
select throws_ok($$select * from api.call_start(test.who(), test.rules(), '{}')$$, '42501', null, 'vals_run_cannot_start_calls');
select throws_ok('select feed.relay_try()', '42501', null, 'vals_run_cannot_become_the_relay');
select throws_ok('select * from admin.keys()', '42501', null, 'vals_run_cannot_list_keys');
select lives_ok('select * from run.commands_take(''x'', 1, 1)', 'vals_run_can_take_commands');

set local role vals_ro;
select lives_ok('select from vals.leads', 'vals_ro_can_read_leads');
select throws_ok('select from vals.users', '42501', null, 'vals_ro_cannot_read_users');
select throws_ok('select from vals.api_keys', '42501', null, 'vals_ro_cannot_read_keys');
select throws_ok('update vals.leads set first_name = ''x''', '42501', null, 'vals_ro_cannot_write');
reset role;

select * from finish();
rollback;
