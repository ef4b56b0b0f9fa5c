-- bootstrap.sql - what valsctl migrate needs before the first migration
--
-- Run at the start of each migrate; changes nothing the second time.

create schema if not exists vals;
create schema if not exists admin;

create table if not exists vals.schema_migrations (
	number integer primary key,
	name text not null,
	checksum text not null,
	applied_at timestamptz not null default now()
);
comment on table vals.schema_migrations is 'numbered files that were applied; number 0 is the set of functions, loaded again whenever one changes';

-- A temporary type or table goes before all others of its name, also in a function that runs as its owner with an
-- empty search_path: nobody who calls such functions may make one. Here, because a dump does not hold rights on the database.
do $$
begin
	if pg_catalog.has_database_privilege('public', pg_catalog.current_database(), 'temporary') then
		execute pg_catalog.format('revoke temporary on database %I from public', pg_catalog.current_database());
		execute pg_catalog.format('grant temporary on database %I to vals_ro', pg_catalog.current_database());
	end if;
end
$$;

-- One migrate at a time; the lock lives as long as the connection.
create or replace function admin.migration_lock()
returns void
language sql
as $$
	select pg_catalog.pg_advisory_lock(1447119955, 2)
$$;

create or replace function admin.migrations()
returns table (number integer, name text, checksum text)
language sql
as $$
	select m.number, m.name, m.checksum
	from vals.schema_migrations m
	order by m.number
$$;

create or replace function admin.migration_add(_number integer, _name text, _checksum text)
returns void
language sql
as $$
	insert into vals.schema_migrations (number, name, checksum)
	values (_number, _name, _checksum)
	on conflict (number) do update
	set name = excluded.name, checksum = excluded.checksum, applied_at = now()
$$;

-- Drop the functions that load.sql is about to create, so that one may change its result
-- or lose an argument. What a table depends on (a trigger's function) belongs to a
-- migration and stays.
create or replace function admin.functions_clear()
returns void
language plpgsql
set search_path = ''
as $$
declare
	_function record;
begin
	for _function in
		select p.oid::pg_catalog.regprocedure as signature
		from pg_catalog.pg_proc p
			join pg_catalog.pg_namespace n on n.oid = p.pronamespace
		where (n.nspname in ('api', 'feed', 'run', 'vals') or (n.nspname = 'admin' and p.proname not like '%migration%'
				and p.proname <> 'functions_clear'))
			and p.prokind = 'f'
			and not exists (
				select
				from pg_catalog.pg_depend d
				where d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
					and d.refobjid = p.oid
					and d.classid <> 'pg_catalog.pg_proc'::pg_catalog.regclass)
	loop
		execute pg_catalog.format('drop function %s', _function.signature);
	end loop;
end
$$;
