-- Search of leads and calls, indexes of the lists, legal moves of a call, recordings.

-- Trusted: the owner of the database may create it. Its functions are the superuser's, so it stays out of
-- the schemas in which every function is ours.
create extension if not exists pg_trgm schema public;

-- No field may hold a control character, so no term reaches from one part into another.
alter table vals.leads
add column search_text text generated always as (
	lower(first_name || ' ' || last_name) || E'\n' || coalesce(email, '') || E'\x1f' || substr(phone, 2)
) stored;
comment on column vals.leads.search_text is 'name, newline, email, unit separator, digits of the phone; in lower case';

-- A short pending list: every search reads it from end to end.
create index leads_search on vals.leads using gin (search_text public.gin_trgm_ops) with (gin_pending_list_limit = 512);
create index leads_source_newest on vals.leads (source, created_at desc, id desc) where deleted_at is null;
create index leads_score on vals.leads (qualification_score desc, created_at desc, id desc) where deleted_at is null;
create index leads_name on vals.leads (last_name, first_name, id) where deleted_at is null;
create index leads_updated on vals.leads (updated_at desc, id desc) where deleted_at is null;

create index calls_outcome_newest on vals.calls (final_status, start_time desc, id desc) where final_status is not null;
create index calls_phone_search on vals.calls using gin (phone_number public.gin_trgm_ops);

create table vals.call_transitions (
	from_status text not null,
	to_status text not null,
	primary key (from_status, to_status)
);
comment on table vals.call_transitions is 'moves a person may make by hand; what the provider reports goes by rank instead';
insert into vals.call_transitions (from_status, to_status)
values ('initiated', 'ringing'), ('ringing', 'active'), ('active', 'in-progress'), ('in-progress', 'transferring'),
	('transferring', 'transferred'), ('transferring', 'transfer_failed'),
	('transfer_failed', 'in-progress'), ('transfer_failed', 'transferring'),
	('initiated', 'no-answer'), ('initiated', 'busy'), ('ringing', 'no-answer'), ('ringing', 'busy');
insert into vals.call_transitions (from_status, to_status)
select live, final
from unnest(array['initiated', 'ringing', 'active', 'in-progress', 'transferring', 'transferred', 'transfer_failed']) as live
	cross join unnest(array['completed', 'failed', 'canceled']) as final;

alter table vals.calls
add column recording_channels text,
add column recordings smallint not null default 0,
add constraint calls_recording_channels check (recording_channels in ('dual', 'single')),
add constraint calls_strategies_list check (jsonb_typeof(strategies) = 'array'),
add constraint calls_objections_list check (jsonb_typeof(objections) = 'array');
comment on column vals.calls.recordings is 'how many were started; names the step of the newest one''s commands';

alter table vals.commands
drop constraint commands_kind,
add constraint commands_kind check (kind in ('dial', 'hangup', 'record_start', 'record_stop'));
