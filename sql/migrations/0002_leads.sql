-- Leads: prospects with a phone number.

create table vals.lead_statuses (
	status text primary key,
	position smallint not null unique
);
comment on table vals.lead_statuses is 'stages of a lead in the order of the funnel';
insert into vals.lead_statuses (status, position)
values ('new', 1), ('contacted', 2), ('qualified', 3), ('hot_transfer', 4), ('video_sent', 5),
	('zoom_scheduled', 6), ('closed', 7), ('disqualified', 8);

create table vals.lead_transitions (
	from_status text not null references vals.lead_statuses (status),
	to_status text not null references vals.lead_statuses (status),
	is_reopening boolean not null default false,
	primary key (from_status, to_status)
);
comment on table vals.lead_transitions is 'legal moves; reopening is for the roles admin and kevin';
insert into vals.lead_transitions (from_status, to_status, is_reopening)
values ('new', 'contacted', false), ('new', 'disqualified', false),
	('contacted', 'qualified', false), ('contacted', 'hot_transfer', false), ('contacted', 'video_sent', false),
	('contacted', 'zoom_scheduled', false), ('contacted', 'disqualified', false),
	('qualified', 'hot_transfer', false), ('qualified', 'video_sent', false), ('qualified', 'zoom_scheduled', false),
	('qualified', 'closed', false), ('qualified', 'disqualified', false),
	('hot_transfer', 'qualified', false), ('hot_transfer', 'video_sent', false), ('hot_transfer', 'zoom_scheduled', false),
	('hot_transfer', 'closed', false), ('hot_transfer', 'disqualified', false),
	('video_sent', 'qualified', false), ('video_sent', 'hot_transfer', false), ('video_sent', 'zoom_scheduled', false),
	('video_sent', 'closed', false), ('video_sent', 'disqualified', false),
	('zoom_scheduled', 'hot_transfer', false), ('zoom_scheduled', 'video_sent', false), ('zoom_scheduled', 'closed', false),
	('zoom_scheduled', 'disqualified', false),
	('closed', 'qualified', true), ('disqualified', 'contacted', true);

create table vals.leads (
	id uuid primary key default gen_random_uuid(),
	first_name text not null,
	last_name text not null,
	phone text not null,
	email text,
	source text,
	initial_interest text,
	qualification_score smallint not null default 0,
	status text not null default 'new' references vals.lead_statuses (status),
	timezone text,
	country text not null default 'US',
	state text,
	city text,
	current_income_range text,
	desired_income_range text,
	time_availability text,
	experience_level text,
	kevin_notes text,
	kevin_rating smallint,
	relationship_strength text,
	do_not_call boolean not null default false,
	consent jsonb,
	tags jsonb not null default '[]',
	custom_fields jsonb not null default '{}',
	last_contacted timestamptz,
	next_followup timestamptz,
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	created_by uuid,
	updated_by uuid,
	deleted_at timestamptz,
	constraint leads_first_name_length check (length(first_name) between 1 and 100),
	constraint leads_last_name_length check (length(last_name) between 1 and 100),
	constraint leads_phone_e164 check (phone ~ '^\+[0-9]{8,15}$'),
	constraint leads_email_form check (email = lower(email) and length(email) <= 255),
	constraint leads_qualification_score_range check (qualification_score between 0 and 100),
	constraint leads_kevin_rating_range check (kevin_rating between 1 and 10),
	constraint leads_country_iso2 check (country ~ '^[A-Z]{2}$'),
	constraint leads_income_range check (current_income_range in ('under_25k', '25k_50k', '50k_75k', '75k_plus')),
	constraint leads_experience_level check (experience_level in ('beginner', 'some_experience', 'experienced', 'expert')),
	constraint leads_custom_fields_size check (length(custom_fields::text) <= 8192),
	constraint leads_custom_fields_object check (jsonb_typeof(custom_fields) = 'object')
);
comment on table vals.leads is 'prospects; never deleted, only hidden (deleted_at)';
comment on column vals.leads.version is 'grows with each change; If-Match compares it';
comment on column vals.leads.created_by is 'user or API key';

create unique index leads_phone_unique on vals.leads (phone) where deleted_at is null;
create unique index leads_email_unique on vals.leads (email) where deleted_at is null;
create index leads_newest on vals.leads (created_at desc, id desc) where deleted_at is null;
create index leads_status_newest on vals.leads (status, created_at desc, id desc) where deleted_at is null;

create table vals.lead_stages (
	id bigint generated always as identity primary key,
	lead_id uuid not null references vals.leads (id),
	from_status text,
	to_status text not null,
	cause text not null,
	changed_by uuid,
	changed_at timestamptz not null default clock_timestamp(),
	constraint lead_stages_cause check (cause in ('created', 'manual', 'call', 'transfer-outcome'))
);
comment on table vals.lead_stages is 'every stage a lead was ever in';
create index lead_stages_lead on vals.lead_stages (lead_id, id);

-- Exact totals of large lists: a row per status and slot, so that concurrent
-- writers seldom meet in one row. A total is the sum over the slots.
create table vals.lead_counts (
	status text not null references vals.lead_statuses (status),
	slot smallint not null,
	leads bigint not null default 0,
	primary key (status, slot)
) with (fillfactor = 50);
comment on table vals.lead_counts is 'leads not deleted by status, spread over slots; kept by a trigger in the writing transaction';
insert into vals.lead_counts (status, slot)
select status, slot from vals.lead_statuses cross join generate_series(0, 15) as slot;

create function vals.lead_counts_keep()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
	_slot smallint := pg_catalog.pg_backend_pid() % 16;
	_old text := case when tg_op <> 'INSERT' and old.deleted_at is null then old.status end;
	_new text := case when tg_op <> 'DELETE' and new.deleted_at is null then new.status end;
begin
	if _old is distinct from _new then
		update vals.lead_counts
		set leads = leads + case when status = _new then 1 else -1 end
		where slot = _slot
			and status in (_old, _new);
	end if;
	return null;
end
$$;

create trigger lead_counts_insert
after insert or delete on vals.leads
for each row execute function vals.lead_counts_keep();

create trigger lead_counts_update
after update of status, deleted_at on vals.leads
for each row execute function vals.lead_counts_keep();
