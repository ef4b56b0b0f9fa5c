-- Accounts of people. There is always an admin: the last active one can be neither
-- demoted nor deactivated.

-- A page of users, by name.
create or replace function api.users_list(_who jsonb, _filter jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_p record := vals.paging(_filter);
	_total bigint;
	_rows json;
begin
	select count(*) into _total
	from vals.users u
	where not _filter ? 'role' or u.role = _filter ->> 'role';
	select coalesce(json_agg(vals.user_json(u)), '[]') into _rows
	from (
		select u.*
		from vals.users u
		where not _filter ? 'role' or u.role = _filter ->> 'role'
		order by u.name, u.id
		limit _p.size offset _p.skipped
	) u;
	return vals.page(_rows, _total, _p.page, _p.size);
end
$$;

-- One user.
--   raises RS404
create or replace function api.users_get(_who jsonb, _id uuid)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_user vals.users;
begin
	select u.* into _user
	from vals.users u
	where u.id = _id;
	if not found then
		perform vals.refuse(404, 'User not found', 'NOT_FOUND');
	end if;
	return vals.user_json(_user);
end
$$;

-- Add a user; the password arrives hashed.
--   raises 23505 users_email_unique
create or replace function api.users_create(_who jsonb, _email text, _name text, _role text, _password_hash text)
returns table (body json, resource_id uuid)
language plpgsql security definer set search_path = ''
as $$
declare
	_user vals.users;
begin
	insert into vals.users (email, name, role, password_hash)
	values (_email, _name, _role, _password_hash)
	returning * into _user;
	perform vals.audit(_who, 'user.create', 'user', _user.id, null, vals.user_json(_user)::jsonb);
	return query select vals.user_json(_user), _user.id;
end
$$;

-- Change what is not null. Another password, another role or deactivation ends the user's sessions.
--   raises RS404, RS409 LAST_ADMIN
create or replace function api.users_update(_who jsonb, _id uuid, _name text, _role text, _is_active boolean, _password_hash text)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_old vals.users;
	_new vals.users;
begin
	-- All admins are locked, in one order, so that two cannot remove each other at once.
	perform u.id
	from vals.users u
	where u.id = _id or u.role = 'admin'
	order by u.id
	for update;
	select u.* into _old
	from vals.users u
	where u.id = _id;
	if not found then
		perform vals.refuse(404, 'User not found', 'NOT_FOUND');
	end if;
	if _old.role = 'admin' and _old.is_active and (coalesce(_role, 'admin') <> 'admin' or not coalesce(_is_active, true))
		and not exists (select from vals.users u where u.role = 'admin' and u.is_active and u.id <> _id) then
		perform vals.refuse(409, 'The last active admin cannot be demoted or deactivated', 'LAST_ADMIN');
	end if;

	update vals.users u
	set name = coalesce(_name, u.name), role = coalesce(_role, u.role), is_active = coalesce(_is_active, u.is_active),
		password_hash = coalesce(_password_hash, u.password_hash)
	where u.id = _id
	returning * into _new;
	if _password_hash is not null or _new.role <> _old.role or not _new.is_active then
		update vals.sessions s
		set revoked_at = now()
		where s.user_id = _id
			and s.revoked_at is null;
	end if;
	perform vals.audit(_who, 'user.update', 'user', _id, vals.user_json(_old)::jsonb,
		vals.user_json(_new)::jsonb || case when _password_hash is not null then '{"password": "changed"}' else '{}' end::jsonb);
	return vals.user_json(_new);
end
$$;
