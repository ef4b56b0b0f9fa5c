-- Idempotency-Key: the first request with a key does the work, others get its answer.

-- Claim a key inside the request's transaction. A second request waits here
-- for the first one's commit, as long as lock_timeout.
--   answers a row: is_claimed true (do the work), or the stored answer
--   raises RS409 when the key was used with another body
create or replace function api.idempotency_claim(_who jsonb, _route text, _key text, _body_hash text)
returns table (is_claimed boolean, http_status integer, answer text, resource_id uuid, etag text, location text)
language plpgsql security definer set search_path = ''
as $$
declare
	_row vals.idempotency_keys;
begin
	insert into vals.idempotency_keys as k (principal, route, key, body_hash)
	values (vals.actor(_who), _route, _key, _body_hash)
	on conflict (principal, route, key) do update
	set body_hash = excluded.body_hash, http_status = null, answer = null, resource_id = null, etag = null, location = null, created_at = now()
	where k.created_at < now() - interval '24 hours';
	if found then
		return query select true, null::integer, null::text, null::uuid, null::text, null::text;
		return;
	end if;

	select k.* into _row
	from vals.idempotency_keys k
	where k.principal = vals.actor(_who)
		and k.route = _route
		and k.key = _key;
	if _row.body_hash <> _body_hash then
		perform vals.refuse(409, 'Idempotency-Key was used with another request', 'IDEMPOTENCY_MISMATCH');
	end if;
	return query select false, _row.http_status::integer, _row.answer, _row.resource_id, _row.etag, _row.location;
end
$$;

-- Keep the answer of the request that claimed the key, with those of its headers that belong to it. A refusal is kept after its claim was rolled back: whoever has
-- claimed the key and answered meanwhile is not overruled.
create or replace function api.idempotency_store(_who jsonb, _route text, _key text, _body_hash text,
	_http_status integer, _answer text, _resource_id uuid, _etag text, _location text)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
	insert into vals.idempotency_keys as k (principal, route, key, body_hash, http_status, answer, resource_id, etag, location)
	values (vals.actor(_who), _route, _key, _body_hash, _http_status, _answer, _resource_id, _etag, _location)
	on conflict (principal, route, key) do update
	set body_hash = excluded.body_hash, http_status = excluded.http_status, answer = excluded.answer,
		resource_id = excluded.resource_id, etag = excluded.etag, location = excluded.location, created_at = now()
	where k.http_status is null or k.created_at < now() - interval '24 hours';
end
$$;
