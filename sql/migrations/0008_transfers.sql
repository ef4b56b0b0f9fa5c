-- Hot transfers, the stored dashboard, and an index for figures about the past.

create table vals.transfers (
	id uuid primary key default gen_random_uuid(),
	call_id uuid not null references vals.calls (id),
	lead_id uuid not null references vals.leads (id),
	attempt smallint not null default 1,
	state text not null default 'requested',
	failure_reason text,
	version integer not null default 1,
	note text,
	initiated_by uuid,
	initiated_at timestamptz not null default clock_timestamp(),
	answered_at timestamptz,
	joined_at timestamptz,
	ended_at timestamptz,
	accepted boolean,
	deadline_at timestamptz,
	leg_id uuid references vals.legs (id),
	conference_id text,
	engagement_score numeric(5, 2),
	phase smallint references vals.phases (phase),
	key_indicators jsonb not null default '[]',
	conversion_result text,
	kevin_rating smallint,
	notes text,
	outcome_by uuid,
	outcome_at timestamptz,
	updated_at timestamptz not null default clock_timestamp(),
	constraint transfers_attempt_once unique (call_id, attempt),
	constraint transfers_attempt_positive check (attempt >= 1),
	constraint transfers_state check (state in ('requested', 'dialing', 'screening', 'briefing', 'joining', 'joined', 'ended',
		'declined', 'no_answer', 'busy', 'voicemail', 'lead_left', 'failed', 'canceled')),
	constraint transfers_end_known check ((ended_at is null) = (state in ('requested', 'dialing', 'screening', 'briefing', 'joining',
		'joined'))),
	constraint transfers_joined_known check (state not in ('joined', 'ended') or joined_at is not null),
	constraint transfers_note_length check (length(note) <= 500),
	constraint transfers_engagement_score_range check (engagement_score between 0 and 100),
	constraint transfers_key_indicators_list check (jsonb_typeof(key_indicators) = 'array'),
	constraint transfers_conversion_result check (conversion_result in ('scheduled', 'closed', 'followup', 'declined')),
	constraint transfers_kevin_rating_range check (kevin_rating between 1 and 10),
	constraint transfers_notes_length check (length(notes) <= 10000)
);
comment on table vals.transfers is 'attempts to bring Kevin into a call, and what came of those he joined';
comment on column vals.transfers.version is 'grows with each change; fences off an event or deadline that came too late';
comment on column vals.transfers.note is 'read to Kevin before he accepts; his own words about the result are notes';
comment on column vals.transfers.deadline_at is 'when the present state has lasted too long';
comment on column vals.transfers.leg_id is 'Kevin''s telephone';
comment on column vals.transfers.ended_at is 'null while the transfer is alive';

-- Kevin is one: a transfer may be alive once per call, and once in all.
create unique index transfers_one_live_per_call on vals.transfers (call_id) where ended_at is null;
create unique index transfers_one_live on vals.transfers ((true)) where ended_at is null;
create index transfers_newest on vals.transfers (initiated_at desc, id desc);
create index transfers_lead on vals.transfers (lead_id, initiated_at desc);
create index transfers_deadline on vals.transfers (deadline_at) where ended_at is null;

create table vals.dashboard (
	singleton boolean primary key default true,
	body json not null,
	as_of timestamptz not null,
	constraint dashboard_one_row check (singleton)
) with (toast_tuple_target = 8160, autovacuum_vacuum_threshold = 20, autovacuum_vacuum_scale_factor = 0);
comment on table vals.dashboard is 'the dashboard nobody asked anything special of, kept by the runner so that reading it costs one row';

-- How many leads there were at a moment is counted back from now.
create index leads_deleted on vals.leads (deleted_at) where deleted_at is not null;
