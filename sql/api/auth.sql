-- Signing in: throttle, sessions with rotating refresh tokens, API keys.

create or replace function vals.user_json(_user vals.users)
returns json
language sql stable
as $$
	select json_build_object(
		'id', _user.id,
		'email', _user.email,
		'name', _user.name,
		'role', _user.role,
		'isActive', _user.is_active,
		'createdAt', vals.iso(_user.created_at),
		'lastLoginAt', vals.iso(_user.last_login_at)
	)
$$;

-- Count an attempt in a bucket of 15 minutes.
--   raises RS429 when the bucket is full; the detail says when it empties
create or replace function vals.login_count(_bucket text, _limit integer)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_row vals.login_attempts;
begin
	insert into vals.login_attempts as a (bucket)
	values (_bucket)
	on conflict (bucket) do update
	set attempts = case when a.window_start < now() - interval '15 minutes' then 1 else least(a.attempts + 1, 1000000) end,
		window_start = case when a.window_start < now() - interval '15 minutes' then now() else a.window_start end
	returning * into _row;

	if _row.attempts > _limit then
		perform vals.refuse(429, 'Too many sign-in attempts, try again later', 'LOGIN_THROTTLED',
			json_build_object('retryAfterSeconds',
				greatest(1, ceil(extract(epoch from _row.window_start + interval '15 minutes' - now()))))::text);
	end if;
end
$$;

-- Count a sign-in attempt and answer what is needed to check the password.
-- An unknown or inactive account answers nulls, so that the caller can spend the same time on it.
create or replace function api.login_begin(_who jsonb, _email text)
returns table (user_id uuid, password_hash text)
language plpgsql security definer set search_path = ''
as $$
begin
	perform vals.login_count('address ' || (_who ->> 'address'), 60);
	perform vals.login_count('account ' || left(lower(_email), 255), 100);
	perform vals.login_count('both ' || (_who ->> 'address') || ' ' || left(lower(_email), 255), 10);
	return query
		select u.id, u.password_hash
		from vals.users u
		where u.email = lower(_email)
			and u.is_active;
	if not found then
		return query select null::uuid, null::text;
	end if;
end
$$;

-- Open a session after the password was right; forgets the throttle of this
-- account and address. _rehash is a fresh password hash or null.
create or replace function api.login_finish(_who jsonb, _user_id uuid, _refresh_hash text, _handle_hash text,
	_ttl_s integer, _rehash text)
returns table (session_id uuid, role text, profile json)
language plpgsql security definer set search_path = ''
as $$
declare
	_user vals.users;
	_session uuid;
begin
	update vals.users u
	set last_login_at = now(),
		password_hash = coalesce(_rehash, u.password_hash)
	where u.id = _user_id
		and u.is_active
	returning * into _user;
	if not found then
		perform vals.refuse(401, 'Invalid email or password', 'INVALID_CREDENTIALS');
	end if;

	insert into vals.sessions (user_id, expires_at)
	values (_user_id, now() + make_interval(secs => _ttl_s))
	returning id into _session;
	insert into vals.refresh_tokens (token_hash, session_id)
	values (_refresh_hash, _session);
	insert into vals.session_handles (handle_hash, session_id)
	values (_handle_hash, _session);

	-- In the order of api.login_begin, or two who sign in at once could wait for each other.
	update vals.login_attempts
	set attempts = attempts - 1
	where bucket = 'address ' || (_who ->> 'address');
	update vals.login_attempts
	set attempts = attempts - 1
	where bucket = 'account ' || _user.email;
	delete from vals.login_attempts
	where bucket = 'both ' || (_who ->> 'address') || ' ' || _user.email;

	return query select _session, _user.role, vals.user_json(_user);
end
$$;

-- Exchange a refresh token. Using one twice revokes the session, except within 10 s
-- (two tabs of one browser).
-- A reuse must leave the session revoked, so it is answered with nulls, not raised:
-- raising would roll the revocation back.
create or replace function api.session_refresh(_who jsonb, _old_hash text, _new_hash text, _handle_hash text, _ttl_s integer)
returns table (session_id uuid, user_id uuid, role text, profile json)
language plpgsql security definer set search_path = ''
as $$
declare
	_token vals.refresh_tokens;
	_session vals.sessions;
	_user vals.users;
begin
	select s.* into _session
	from vals.refresh_tokens t
		join vals.sessions s on s.id = t.session_id
	where t.token_hash = _old_hash
	for update of s;
	if not found or _session.revoked_at is not null or _session.expires_at <= now() then
		return query select null::uuid, null::uuid, null::text, null::json;
		return;
	end if;

	-- Read again under the lock: another tab may have used it meanwhile.
	select t.* into _token
	from vals.refresh_tokens t
	where t.token_hash = _old_hash;
	select u.* into _user
	from vals.users u
	where u.id = _session.user_id;
	if _token.used_at < clock_timestamp() - interval '10 seconds' or not _user.is_active then
		update vals.sessions s set revoked_at = now() where s.id = _session.id;
		return query select null::uuid, null::uuid, null::text, null::json;
		return;
	end if;

	update vals.refresh_tokens t
	set used_at = clock_timestamp()
	where t.token_hash = _old_hash
		and t.used_at is null;
	insert into vals.refresh_tokens (token_hash, session_id)
	values (_new_hash, _session.id);
	insert into vals.session_handles (handle_hash, session_id)
	values (_handle_hash, _session.id);
	delete from vals.session_handles h
	where h.session_id = _session.id
		and h.handle_hash not in (
			select n.handle_hash
			from vals.session_handles n
			where n.session_id = _session.id
			order by n.issued_at desc, n.handle_hash = _handle_hash desc
			limit 5
		);
	update vals.sessions s
	set expires_at = now() + make_interval(secs => _ttl_s)
	where s.id = _session.id;

	return query select _session.id, _user.id, _user.role, vals.user_json(_user);
end
$$;

-- End a session, named by its id or by one of its refresh tokens. Ending it twice is harmless.
create or replace function api.session_revoke(_session_id uuid, _refresh_hash text)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	update vals.sessions s
	set revoked_at = now()
	where s.revoked_at is null
		and (s.id = _session_id
			or s.id = (select t.session_id from vals.refresh_tokens t where t.token_hash = _refresh_hash));
	return (
		select 'null'::json
	);
end
$$;

-- Who am I.
--   raises RS401 when the account is gone or inactive
create or replace function api.me(_who jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_user vals.users;
	_key vals.api_keys;
begin
	select u.* into _user
	from vals.users u
	where u.id = vals.actor(_who)
		and u.is_active;
	if found then
		return vals.user_json(_user);
	end if;
	select k.* into _key
	from vals.api_keys k
	where k.id = vals.actor(_who)
		and k.revoked_at is null;
	if not found then
		perform vals.refuse(401, 'Sign in again', 'UNAUTHORIZED');
	end if;
	return json_build_object('id', _key.id, 'name', _key.name, 'role', _key.role, 'isActive', true,
		'createdAt', vals.iso(_key.created_at), 'expiresAt', vals.iso(_key.expires_at));
end
$$;

-- Whose API key is this, and how long still (null: for good)? No row when it is unknown, revoked or expired.
create or replace function api.key_check(_hash text)
returns table (key_id uuid, role text, scopes text, left_ms bigint)
language plpgsql security definer set search_path = ''
as $$
begin
	return query
		select k.id, k.role, array_to_string(k.scopes, ' '), floor(1000 * extract(epoch from k.expires_at - now()))::bigint
		from vals.api_keys k
		where k.key_hash = _hash
			and k.revoked_at is null
			and (k.expires_at is null or k.expires_at > now());
	-- Once a minute is exact enough for "last used", and spares the hot path a write.
	update vals.api_keys k
	set last_used_at = now()
	where k.key_hash = _hash
		and (k.last_used_at is null or k.last_used_at < now() - interval '1 minute');
end
$$;
