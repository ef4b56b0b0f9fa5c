-- The two ends of the conversation with the telephone provider.

create table vals.commands (
	command_id uuid primary key default gen_random_uuid(),
	kind text not null,
	step text not null,
	call_id uuid not null references vals.calls (id),
	leg_id uuid not null references vals.legs (id),
	params jsonb not null default '{}',
	state text not null default 'pending',
	attempt integer not null default 0,
	worker text,
	lease_until timestamptz,
	next_at timestamptz not null default now(),
	first_sent_at timestamptz,
	finished_at timestamptz,
	http_status integer,
	error_code text,
	reason text,
	created_at timestamptz not null default now(),
	constraint commands_kind check (kind in ('dial', 'hangup')),
	constraint commands_state check (state in ('pending', 'leased', 'done', 'failed', 'canceled')),
	constraint commands_step_once unique (leg_id, step)
) with (autovacuum_vacuum_scale_factor = 0.02);
comment on table vals.commands is 'what the runner is to tell the provider; the id is sent along, so that a repeat is harmless';
comment on column vals.commands.step is 'what the command is for: a second wish for the same step is the same command';
comment on column vals.commands.attempt is 'fences off a runner that slept through its lease';
create index commands_due on vals.commands (next_at) where state in ('pending', 'leased');

create table vals.webhook_events (
	id uuid primary key,
	event_type text not null,
	occurred_at timestamptz,
	received_at timestamptz not null default clock_timestamp(),
	call_control_id text,
	raw jsonb not null,
	leg_id uuid references vals.legs (id),
	processed_at timestamptz
) with (autovacuum_vacuum_scale_factor = 0.05);
comment on table vals.webhook_events is 'inbox of the provider''s events; the id makes each count once';
comment on column vals.webhook_events.processed_at is 'null while the leg it speaks of is not known yet';
create index webhook_events_orphans on vals.webhook_events (call_control_id) where processed_at is null;
create index webhook_events_age on vals.webhook_events (received_at);
