-- What valsctl does for the admin.

-- Add a user.
--   raises 23505 users_email_unique
create or replace function admin.user_add(_email text, _name text, _role text, _password_hash text)
returns uuid
language sql
as $$
	insert into vals.users (email, name, role, password_hash)
	values (lower(_email), _name, _role, _password_hash)
	returning id
$$;

-- Give a user another password; ends his sessions. One who was deactivated may sign in again: the way back for a last admin.
create or replace function admin.user_password(_email text, _password_hash text)
returns uuid
language sql
as $$
	update vals.sessions s
	set revoked_at = now()
	from vals.users u
	where u.email = lower(_email)
		and s.user_id = u.id
		and s.revoked_at is null;
	update vals.users u
	set password_hash = _password_hash, is_active = true
	where u.email = lower(_email)
	returning u.id
$$;

create or replace function admin.users()
returns table (email text, name text, role text, is_active boolean, last_login text)
language sql
as $$
	select u.email, u.name, u.role, u.is_active, vals.iso(u.last_login_at)
	from vals.users u
	order by u.email
$$;

-- Who a token is made for.
create or replace function admin.user_by_email(_email text)
returns table (user_id uuid, role text)
language sql
as $$
	select u.id, u.role
	from vals.users u
	where u.email = lower(_email)
		and u.is_active
$$;

-- Add an API key; only its hash arrives here.
create or replace function admin.key_add(_name text, _hash text, _prefix text, _expires text)
returns uuid
language sql
as $$
	insert into vals.api_keys (name, key_hash, key_prefix, expires_at)
	values (_name, _hash, _prefix, _expires::timestamptz)
	returning id
$$;

create or replace function admin.keys()
returns table (name text, prefix text, created text, last_used text, revoked text)
language sql
as $$
	select k.name, k.key_prefix, vals.iso(k.created_at), vals.iso(k.last_used_at), vals.iso(k.revoked_at)
	from vals.api_keys k
	order by k.created_at
$$;

create or replace function admin.key_revoke(_prefix text)
returns uuid
language sql
as $$
	update vals.api_keys k
	set revoked_at = coalesce(k.revoked_at, now())
	where k.key_prefix = _prefix
	returning k.id
$$;

-- Import leads from a file: the batches of api.leads_import, by nobody the API knows. There may be any time between them.
create or replace function admin.leads_import(_rows jsonb, _is_dry boolean)
returns table (line integer, verdict text, field text, message text, is_do_not_call boolean)
language plpgsql
as $$
begin
	perform pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true);
	return query
		select *
		from api.leads_import('{"role": "valsctl"}', _rows, _is_dry);
end
$$;

create or replace function admin.leads_import_done(_count integer)
returns json
language sql
as $$
	select api.leads_import_done('{"role": "valsctl"}', _count)
$$;
