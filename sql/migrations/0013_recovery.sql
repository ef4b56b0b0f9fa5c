-- What a socket may come back to.

create table vals.ws_instances (
	id uuid primary key,
	node integer not null,
	seen_at timestamptz not null default now()
);
comment on table vals.ws_instances is 'runs of realtime daemons; one that was killed is known by its silence';

create table vals.socket_states (
	pid_hash text primary key,
	principal uuid not null,
	socket_id text not null,
	rooms jsonb not null default '{}',
	start_seq bigint not null,
	epoch integer not null default 1,
	instance uuid not null,
	left_at timestamptz,
	contested_until timestamptz,
	constraint socket_states_instance_known foreign key (instance) references vals.ws_instances (id) on delete cascade
) with (fillfactor = 70);
comment on table vals.socket_states is 'one row per socket that is connected, or was lately and may come back by its secret pid';
comment on column vals.socket_states.principal is 'user, or API key, that the socket belongs to';
comment on column vals.socket_states.rooms is 'rooms asked for, each with the number of the last event before the socket joined';
comment on column vals.socket_states.start_seq is 'the last event before the socket connected: what a client without any event comes back with';
comment on column vals.socket_states.epoch is 'grows with each connection that takes the row over; whoever knows an older one has lost it';
comment on column vals.socket_states.left_at is 'when the connection ended; null while it lives, or while nobody has told otherwise';
comment on column vals.socket_states.contested_until is
	'a living connection lost the row to another one: until then the other keeps it, so that two clients with one pid do not take it from each other for ever';
create index socket_states_left on vals.socket_states (left_at) where left_at is not null;
create index socket_states_instance on vals.socket_states (instance);

create table vals.socket_fences (
	instance uuid not null,
	pid_hash text not null,
	primary key (instance, pid_hash),
	constraint socket_fences_instance_known foreign key (instance) references vals.ws_instances (id) on delete cascade
);
comment on table vals.socket_fences is 'sockets a daemon has to close because another took over; removed as it reads them';
