-- Calls, their telephone legs, phases and engagement reports.

create table vals.phases (
	phase smallint primary key,
	name text not null
);
comment on table vals.phases is 'the twelve steps of the conversation';
insert into vals.phases (phase, name)
values (1, 'Greeting & Introduction'), (2, 'Purpose & Permission'), (3, 'Rapport'), (4, 'Current Situation'),
	(5, 'Goals & Motivation'), (6, 'Availability & Experience'), (7, 'Opportunity Overview'),
	(8, 'Value & Benefits'), (9, 'Questions & Objections'), (10, 'Commitment Check'),
	(11, 'Hand-off Offer'), (12, 'Wrap-up & Next Step');

create table vals.calls (
	id uuid primary key default gen_random_uuid(),
	lead_id uuid not null references vals.leads (id),
	direction text not null default 'outbound',
	phone_number text not null,
	start_time timestamptz not null default clock_timestamp(),
	answered_at timestamptz,
	end_time timestamptz,
	status text not null default 'initiated',
	final_status text,
	end_reason text,
	answered_by text,
	kevin_available boolean not null,
	phase smallint not null default 1 references vals.phases (phase),
	phases_completed smallint not null default 0,
	score numeric(5, 2) not null default 0,
	score_peak numeric(5, 2) not null default 0,
	score_at timestamptz,
	transfer_attempted boolean not null default false,
	transfer_time timestamptz,
	transfer_success boolean,
	recording_status text not null default 'none',
	objections jsonb not null default '[]',
	strategies jsonb not null default '[]',
	agent_version text,
	notes text,
	created_by uuid,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	constraint calls_status check (status in ('initiated', 'ringing', 'active', 'in-progress', 'transferring', 'transferred',
		'transfer_failed', 'completed', 'no-answer', 'busy', 'failed', 'canceled')),
	constraint calls_final_status check (final_status in ('hot_transfer', 'video_sent', 'follow_up', 'disqualified', 'zoom_scheduled',
		'closed', 'callback', 'not_interested', 'voicemail', 'no_answer', 'busy', 'wrong_number', 'do_not_call', 'failed')),
	constraint calls_end_reason check (end_reason in ('lead_hangup', 'agent_hangup', 'kevin_hangup', 'voicemail', 'no_answer', 'busy',
		'rejected', 'carrier_error', 'api_error', 'timeout', 'operator_ended')),
	constraint calls_answered_by check (answered_by in ('human', 'machine', 'unknown')),
	constraint calls_recording_status check (recording_status in ('none', 'recording', 'processing', 'available', 'failed')),
	constraint calls_score_range check (score between 0 and 100),
	constraint calls_notes_length check (length(notes) <= 10000),
	constraint calls_agent_version_length check (length(agent_version) <= 64),
	constraint calls_end_known check ((end_time is null) = (status in ('initiated', 'ringing', 'active', 'in-progress', 'transferring',
		'transferred', 'transfer_failed')))
) with (fillfactor = 80);
comment on table vals.calls is 'one telephone conversation with a lead';
comment on column vals.calls.kevin_available is 'as it was when the call began';
comment on column vals.calls.score_at is 'time of the newest engagement report; an older one does not lower the score';

-- A lead is on one live call at most, whatever the programs do.
create unique index calls_one_live_per_lead on vals.calls (lead_id) where end_time is null;
create index calls_live on vals.calls (start_time desc) where end_time is null;
create index calls_lead on vals.calls (lead_id, start_time desc);
create index calls_newest on vals.calls (start_time desc, id desc);

create table vals.legs (
	id uuid primary key default gen_random_uuid(),
	call_id uuid not null references vals.calls (id),
	kind text not null,
	state text not null default 'queued',
	call_control_id text,
	call_leg_id text,
	call_session_id text,
	amd text,
	hangup_cause text,
	initiated_at timestamptz,
	answered_at timestamptz,
	ended_at timestamptz,
	constraint legs_kind check (kind in ('lead', 'closer')),
	constraint legs_state check (state in ('queued', 'dialing', 'ringing', 'answered', 'ended')),
	constraint legs_amd check (amd in ('human', 'machine', 'unknown')),
	constraint legs_call_control_id_unique unique (call_control_id),
	constraint legs_call_leg_id_unique unique (call_leg_id)
);
comment on table vals.legs is 'the provider''s side of a call: one row per telephone that was dialled';
create index legs_call on vals.legs (call_id);

create table vals.call_phases (
	id bigint generated always as identity primary key,
	call_id uuid not null references vals.calls (id),
	phase smallint not null references vals.phases (phase),
	entered_at timestamptz not null,
	left_at timestamptz,
	outcome text,
	notes text,
	constraint call_phases_outcome check (outcome in ('advanced', 'stalled', 'objection', 'positive')),
	constraint call_phases_notes_length check (length(notes) <= 1000)
);
comment on table vals.call_phases is 'the path of a call through the phases; the open one has no left_at';
create index call_phases_call on vals.call_phases (call_id, id);

create table vals.engagement_reports (
	id bigint generated always as identity primary key,
	call_id uuid not null references vals.calls (id),
	phase smallint references vals.phases (phase),
	score numeric(5, 2) not null,
	indicators jsonb,
	reported_at timestamptz not null,
	constraint engagement_reports_score_range check (score between 0 and 100),
	constraint engagement_reports_indicators_size check (length(indicators::text) <= 16384)
);
comment on table vals.engagement_reports is 'how warm the lead was, as the voice agent saw it';
create index engagement_reports_call on vals.engagement_reports (call_id, id);

create table vals.transcript_entries (
	id bigint generated always as identity primary key,
	call_id uuid not null references vals.calls (id),
	speaker text not null,
	text text not null,
	spoken_at timestamptz not null,
	offset_ms integer,
	phase smallint references vals.phases (phase),
	sentiment text,
	confidence numeric(4, 3),
	constraint transcript_entries_speaker check (speaker in ('agent', 'prospect', 'kevin')),
	constraint transcript_entries_text_length check (length(text) between 1 and 4000),
	constraint transcript_entries_confidence_range check (confidence between 0 and 1)
);
comment on table vals.transcript_entries is 'what was said, in the order of spoken_at';
create index transcript_entries_call on vals.transcript_entries (call_id, spoken_at, id);
