-- Users, API keys and sessions.

create schema if not exists vals;
create schema api;
create schema feed;
create schema run;
create schema if not exists admin;

comment on schema vals is 'tables; no program touches them directly';
comment on schema api is 'what vals-api may do';
comment on schema feed is 'what vals-ws may do';
comment on schema run is 'what vals-runner may do';
comment on schema admin is 'what valsctl may do';

create table vals.users (
	id uuid primary key default gen_random_uuid(),
	email text not null,
	name text not null,
	role text not null,
	password_hash text not null,
	is_active boolean not null default true,
	created_at timestamptz not null default now(),
	last_login_at timestamptz,
	constraint users_email_form check (email = lower(email) and length(email) between 3 and 255),
	constraint users_name_length check (length(name) between 1 and 100),
	constraint users_role check (role in ('admin', 'kevin', 'operator', 'analyst')),
	constraint users_email_unique unique (email)
);
comment on table vals.users is 'people who sign in; the voice agent uses API keys instead';
comment on column vals.users.password_hash is 'Argon2id, PHC string';

create table vals.api_keys (
	id uuid primary key default gen_random_uuid(),
	name text not null,
	role text not null default 'agent',
	key_hash text not null,
	key_prefix text not null,
	created_by uuid references vals.users (id),
	created_at timestamptz not null default now(),
	expires_at timestamptz,
	revoked_at timestamptz,
	last_used_at timestamptz,
	constraint api_keys_name_length check (length(name) between 1 and 100),
	constraint api_keys_role check (role = 'agent'),
	constraint api_keys_hash_unique unique (key_hash)
);
comment on table vals.api_keys is 'keys of programs; shown once, stored hashed';
comment on column vals.api_keys.key_hash is 'SHA-256 of the whole key, lower-case hex';
comment on column vals.api_keys.key_prefix is 'the first characters, so that people can tell keys apart';

create table vals.sessions (
	id uuid primary key default gen_random_uuid(),
	user_id uuid not null references vals.users (id),
	created_at timestamptz not null default now(),
	expires_at timestamptz not null,
	revoked_at timestamptz
);
comment on table vals.sessions is 'a sign-in; all refresh tokens descending from it are one family and die together';
create index sessions_user on vals.sessions (user_id) where revoked_at is null;

create table vals.refresh_tokens (
	token_hash text primary key,
	session_id uuid not null references vals.sessions (id) on delete cascade,
	issued_at timestamptz not null default now(),
	used_at timestamptz
);
comment on table vals.refresh_tokens is 'single use; using one twice (beyond a short grace) revokes its session';
create index refresh_tokens_session on vals.refresh_tokens (session_id);

create table vals.session_handles (
	handle_hash text primary key,
	session_id uuid not null references vals.sessions (id) on delete cascade,
	issued_at timestamptz not null default now()
);
comment on table vals.session_handles is 'the vals_ws cookie: signs a browser''s socket in, worth nothing elsewhere';
create index session_handles_session on vals.session_handles (session_id);

create unlogged table vals.login_attempts (
	bucket text primary key,
	window_start timestamptz not null default now(),
	attempts integer not null default 1
);
comment on table vals.login_attempts is 'sign-in throttle; a bucket is an address, an account, or both. Losing it in a crash is harmless';
