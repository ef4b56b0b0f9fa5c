-- roles.sql - who may do what
--
-- Run by a database superuser in any database of the cluster, before the database is
-- made; running it again changes nothing. valsctl does the rest as vals_migrate.
--
--   vals_owner    owns every object; nobody logs in as it
--   vals_migrate  becomes vals_owner to migrate and to administer (valsctl)
--   vals_api, vals_ws, vals_run  execute the functions of their schema, touch no table
--   vals_ro       reads tables, for reports

do $$
declare
	_role text;
begin
	foreach _role in array array['vals_owner', 'vals_migrate', 'vals_api', 'vals_ws', 'vals_run', 'vals_ro'] loop
		if not exists (select from pg_catalog.pg_roles where rolname = _role) then
			execute format('create role %I', _role);
		end if;
		execute format('alter role %I nosuperuser nocreatedb nocreaterole noreplication', _role);
		execute format('alter role %I set timezone = ''UTC''', _role);
		-- Statements here take a millisecond; compiling one takes half a second.
		execute format('alter role %I set jit = off', _role);
	end loop;

	foreach _role in array array['vals_migrate', 'vals_api', 'vals_ws', 'vals_run', 'vals_ro'] loop
		execute format('alter role %I login', _role);
		execute format('alter role %I set idle_in_transaction_session_timeout = ''10s''', _role);
	end loop;

	-- A second guard; the programs hold their own deadlines against a server that hangs.
	foreach _role in array array['vals_api', 'vals_ws', 'vals_run'] loop
		execute format('alter role %I set statement_timeout = ''5s''', _role);
		execute format('alter role %I set lock_timeout = ''2s''', _role);
	end loop;
end
$$;

grant vals_owner to vals_migrate;

-- What valsctl makes belongs to the owner.
alter role vals_migrate set role = 'vals_owner';
