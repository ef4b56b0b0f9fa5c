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

-- Add a key; only its hash and first characters arrive here.
--   raises RS400 when it would have expired already
create or replace function api.keys_create(_who jsonb, _body jsonb, _hash text, _prefix text)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_key vals.api_keys;
begin
	if (_body ->> 'expiresAt')::timestamptz <= now() then
		perform vals.refuse(400, 'Validation failed', 'VALIDATION', '[{"field":"expiresAt","message":"must be in the future"}]');
	end if;
	insert into vals.api_keys (name, key_hash, key_prefix, scopes, expires_at, created_by)
	values (_body ->> 'name', _hash, _prefix,
		case when jsonb_typeof(_body -> 'scopes') = 'array' then array(select jsonb_array_elements_text(_body -> 'scopes')) end,
		(_body ->> 'expiresAt')::timestamptz,
		(select u.id from vals.users u where u.id = vals.actor(_who)))
	returning * into _key;
	perform vals.audit(_who, 'key.create', 'key', _key.id, null, vals.key_json(_key)::jsonb);
	return vals.key_json(_key);
end
$$;

-- Revoke a key; revoking it again changes nothing.
--   raises RS404
create or replace function api.keys_delete(_who jsonb, _id uuid)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_old vals.api_keys;
	_new vals.api_keys;
begin
	select k.* into _old
	from vals.api_keys k
	where k.id = _id
	for update;
	if not found then
		perform vals.refuse(404, 'API key not found', 'NOT_FOUND');
	end if;
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
