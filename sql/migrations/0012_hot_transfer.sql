-- Hot transfers that run: legal moves, deadlines, recordings, pacing, what the provider says of a conversation.

create table vals.transfer_moves (
	from_state text not null,
	to_state text not null,
	primary key (from_state, to_state)
);
comment on table vals.transfer_moves is 'what may follow in a transfer; whatever else is reported is old news';
insert into vals.transfer_moves (from_state, to_state)
values ('requested', 'dialing'), ('requested', 'screening'), ('requested', 'briefing'), ('dialing', 'screening'), ('dialing', 'briefing'),
	('screening', 'joining'), ('briefing', 'joining'), ('joining', 'joined'), ('joined', 'ended'),
	-- He had joined, the news of it came after that of the end.
	('lead_left', 'ended'), ('declined', 'ended');
insert into vals.transfer_moves (from_state, to_state)
select live, failed
from unnest(array['requested', 'dialing', 'screening', 'briefing']) as live
	cross join unnest(array['declined', 'no_answer', 'busy', 'voicemail', 'lead_left', 'failed', 'canceled']) as failed
union all
select 'joining', failed
from unnest(array['declined', 'lead_left', 'failed', 'canceled']) as failed;

alter table vals.transfers
add column ring_s integer not null default 25,
add column is_key_needed boolean not null default true,
add column join_checks smallint not null default 0,
add column join_error text,
add constraint transfers_ring_range check (ring_s between 5 and 120);
comment on column vals.transfers.is_key_needed is 'whether Kevin accepts with a key; otherwise that a person answered is enough';
comment on column vals.transfers.join_checks is 'how often the provider was asked whether Kevin is in the conference';
comment on column vals.transfers.join_error is 'why the provider would not join them; what ended the call is still to be heard';
create index transfers_conference on vals.transfers (conference_id) where conference_id is not null;
create index transfers_leg on vals.transfers (leg_id);

alter table vals.legs
add column ring_s integer not null default 30,
add column limit_s integer not null default 3600,
add column deadline_at timestamptz,
add column inquiries integer not null default 0;
comment on column vals.legs.limit_s is 'how long the provider lets it last after the answer';
comment on column vals.legs.deadline_at is 'when its silence has lasted too long; null while nothing is expected of it';
comment on column vals.legs.inquiries is 'how often the provider was asked whether it is alive; names the next one''s step';
create index legs_deadline on vals.legs (deadline_at) where deadline_at is not null;
create index legs_alive on vals.legs (id) where state <> 'ended';

alter table vals.calls
add column is_recorded boolean not null default false,
add column is_transcribed boolean not null default false;
comment on column vals.calls.is_recorded is 'whether the answer starts a recording; the rule as it was when the call began';

alter table vals.commands
add column last_sent_at timestamptz,
add column place bigint generated always as identity,
drop constraint commands_kind,
add constraint commands_kind check (kind in ('dial', 'hangup', 'record_start', 'record_stop', 'gather', 'gather_stop', 'speak',
	'conference_create', 'conference_join', 'conference_leave', 'inquire', 'participants', 'transcription_start'));
comment on column vals.commands.last_sent_at is 'when it was last taken; the pace of dialling is counted by it';
comment on column vals.commands.place is 'commands made in one transaction are taken in the order they were made';

-- Dials may have to wait, so whoever wants the others must not read past them.
drop index vals.commands_due;
create index commands_due on vals.commands (next_at, place) where state in ('pending', 'leased') and kind <> 'dial';
create index commands_due_dials on vals.commands (next_at, place) where state in ('pending', 'leased') and kind = 'dial';
create index commands_dialled on vals.commands (last_sent_at) where kind = 'dial';
create index commands_call on vals.commands (call_id);

alter table vals.webhook_events
add column call_leg_id text;
create index webhook_events_orphan_legs on vals.webhook_events (call_leg_id) where processed_at is null;
create index webhook_events_conversation on vals.webhook_events (leg_id);

alter table vals.transcript_entries
add column event_id uuid;
comment on column vals.transcript_entries.event_id is 'the provider''s event that said it; null: somebody reported it';
create unique index transcript_entries_event on vals.transcript_entries (event_id) where event_id is not null;

create table vals.recordings (
	id uuid primary key default gen_random_uuid(),
	call_id uuid not null references vals.calls (id),
	leg_id uuid not null references vals.legs (id),
	call_leg_id text not null,
	recording_id text,
	channels text not null,
	format text not null,
	url text,
	url_at timestamptz,
	started_at timestamptz not null,
	ended_at timestamptz,
	state text not null default 'waiting',
	file text,
	bytes bigint,
	attempt integer not null default 0,
	worker text,
	lease_until timestamptz,
	next_at timestamptz not null default now(),
	finished_at timestamptz,
	reason text,
	created_at timestamptz not null default now(),
	constraint recordings_state check (state in ('waiting', 'leased', 'stored', 'failed', 'forgotten')),
	constraint recordings_channels check (channels in ('dual', 'single')),
	constraint recordings_format check (format in ('mp3', 'wav')),
	constraint recordings_file_known check ((state = 'stored') = (file is not null)),
	constraint recordings_once unique (call_leg_id, started_at),
	constraint recordings_recording_id_unique unique (recording_id)
);
comment on table vals.recordings is 'what the provider recorded, and the file of ours it became';
comment on column vals.recordings.url_at is 'when the provider gave the address; it is good for ten minutes';
comment on column vals.recordings.attempt is 'fences off a runner that slept through its lease';
create index recordings_due on vals.recordings (next_at) where state in ('waiting', 'leased');
create index recordings_call on vals.recordings (call_id, started_at);
create index recordings_stored on vals.recordings (finished_at) where state = 'stored';
