-- What the world should hear, what was asked before, how the programs are.

create table vals.event_log (
	id bigint generated always as identity primary key,
	seq bigint,
	kind text not null,
	call_id uuid,
	lead_id uuid,
	payload jsonb not null,
	request_id text,
	created_at timestamptz not null default clock_timestamp()
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
comment on table vals.event_log is 'facts for the live feed, written in the transaction that made them true';
comment on column vals.event_log.seq is
	'place in the total order, given by the relay after the commit. Ids are drawn before the commit and so cannot be it: '
	'a reader past id 2 would never see id 1 that committed later';
create unique index event_log_seq on vals.event_log (seq) where seq is not null;
create index event_log_unnumbered on vals.event_log (id) where seq is null;

create table vals.event_head (
	singleton boolean primary key default true,
	last_seq bigint not null default 0,
	constraint event_head_one_row check (singleton)
);
comment on table vals.event_head is 'the last number the relay gave; updated with the rows it numbered';
insert into vals.event_head (singleton) values (true);

create table vals.idempotency_keys (
	principal uuid not null,
	route text not null,
	key text not null,
	body_hash text not null,
	http_status smallint,
	answer text,
	resource_id uuid,
	created_at timestamptz not null default now(),
	primary key (principal, route, key),
	constraint idempotency_keys_length check (length(key) between 1 and 255)
);
comment on table vals.idempotency_keys is 'stored answers of POSTs, replayed for 24 hours';
comment on column vals.idempotency_keys.resource_id is 'what a route that waits was waiting for, so that its replay waits on';
create index idempotency_keys_age on vals.idempotency_keys (created_at);

create table vals.program_status (
	program text primary key,
	counters jsonb not null,
	updated_at timestamptz not null default now()
);
comment on table vals.program_status is 'counters of the daemons, one row each, a few seconds old';
