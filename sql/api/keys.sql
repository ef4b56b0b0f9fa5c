-- API keys of programs. The key itself is never stored, and shown once by the handler that made it.

create or replace function vals.key_json(_key vals.api_keys)
returns json
language sql stable
as $$
	select json_build_object(
		'id', _key.id,
		'name', _key.name,
		'role', _key.role,
		'prefix', _key.key_prefix,
		'scopes', _key.scopes,
		'createdBy', _key.created_by,
		'createdAt', vals.iso(_key.created_at),
		'expiresAt', vals.iso(_key.expires_at),
		'revokedAt', vals.iso(_key.revoked_at),
		'lastUsedAt', vals.iso(_key.last_used_at)
	)
$$;

-- A page of keys, newest first.
create or replace function api.keys_list(_who jsonb, _filter jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_p record := vals.paging(_filter);
	_total bigint;
	_rows json;
begin
	select count(*) into _total
	from vals.api_keys;
	select coalesce(json_agg(vals.key_json(k)), '[]') into _rows
	from (
		select k.*
		from vals.api_keys k
		order by k.created_at desc, k.id desc
		limit _p.size offset _p.skipped
	) k;
	return vals.page(_rows, _total, _p.page, _p.size);
end
$$;

-- One key.
--   raises RS404
create or replace function api.keys_get(_who jsonb, _id uuid)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_key vals.api_keys;
begin
	select k.* into _key
	from vals.api_keys k
	where k.id = _id;
	if not found then
		perform vals.refuse(404, 'API key not found', 'NOT_FOUND');
	end if;
	return vals.key_json(_key);
end
$$;

-- The scopes a body names; null is all of them.
create or replace function vals.key_scopes(_body jsonb)
returns text[]
language sql immutable
as $$
	select case when jsonb_typeof(_body -> 'scopes') = 'array' then array(select jsonb_array_elements_text(_body -> 'scopes')) end
$$;

-- Refuse to let a key end in the past.
--   raises RS400
create or replace function vals.key_end_check(_expires_at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _expires_at <= now() then
		perform vals.refuse(400, 'Validation failed', 'VALIDATION', '[{"field":"expiresAt","message":"must be in the future"}]');
	end if;
end
$$;

-- Add a key; only its hash and first characters arrive here.
--   raises RS400 when it would have expired already
create or replace function api.keys_create(_who jsonb, _body jsonb, _hash text, _prefix text)
returns table (body json, resource_id uuid)
language plpgsql security definer set search_path = ''
as $$
declare
	_key vals.api_keys;
begin
	perform vals.key_end_check((_body ->> 'expiresAt')::timestamptz);
	insert into vals.api_keys (name, key_hash, key_prefix, scopes, expires_at, created_by)
	values (_body ->> 'name', _hash, _prefix, vals.key_scopes(_body), (_body ->> 'expiresAt')::timestamptz,
		(select u.id from vals.users u where u.id = vals.actor(_who)))
	returning * into _key;
	perform vals.audit(_who, 'key.create', 'key', _key.id, null, vals.key_json(_key)::jsonb);
	return query select vals.key_json(_key), _key.id;
end
$$;

-- Lock a key.
--   raises RS404
create or replace function vals.key_lock(_id uuid)
returns vals.api_keys
language plpgsql
set search_path = ''
as $$
declare
	_key vals.api_keys;
begin
	select k.* into _key
	from vals.api_keys k
	where k.id = _id
	for update;
	if not found then
		perform vals.refuse(404, 'API key not found', 'NOT_FOUND');
	end if;
	return _key;
end
$$;

-- Change what was sent of a key: name, scopes, end (null scopes are all, a null end is none). One that was revoked stays so.
--   raises RS404, RS400 when it would end in the past
create or replace function api.keys_update(_who jsonb, _id uuid, _body jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_old vals.api_keys := vals.key_lock(_id);
	_new vals.api_keys;
begin
	if (_body ->> 'expiresAt')::timestamptz is distinct from _old.expires_at then
		perform vals.key_end_check((_body ->> 'expiresAt')::timestamptz);
	end if;
	update vals.api_keys k
	set name = coalesce(_body ->> 'name', k.name),
		scopes = case when _body ? 'scopes' then vals.key_scopes(_body) else k.scopes end,
		expires_at = case when _body ? 'expiresAt' then (_body ->> 'expiresAt')::timestamptz else k.expires_at end
	where k.id = _id
	returning * into _new;
	perform vals.audit(_who, 'key.update', 'key', _id, vals.key_json(_old)::jsonb, vals.key_json(_new)::jsonb);
	return vals.key_json(_new);
end
$$;

-- Revoke a key; revoking it again changes nothing.
--   raises RS404
create or replace function api.keys_delete(_who jsonb, _id uuid)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_old vals.api_keys := vals.key_lock(_id);
	_new vals.api_keys;
begin
	if _old.revoked_at is not null then
		return vals.key_json(_old);
	end if;
	update vals.api_keys k
	set revoked_at = now()
	where k.id = _id
	returning * into _new;
	perform vals.audit(_who, 'key.revoke', 'key', _id, vals.key_json(_old)::jsonb, vals.key_json(_new)::jsonb);
	return vals.key_json(_new);
end
$$;
