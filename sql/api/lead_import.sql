-- Import of leads: batches of rows that are well formed by themselves, in the transaction of the request.

-- Whether the database knows a time zone; none given is fine.
create or replace function vals.zone_known(_zone text)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
	perform now() at time zone _zone;
	return true;
exception when invalid_parameter_value then
	return false;
end
$$;

-- Judge a batch of rows [{"line", "lead"}], and make leads of the new ones unless it is a dry run. Answers a row per
-- line: its verdict (new, duplicate, invalid), what is wrong, and whether the lead wants no calls: the
-- file may say so, or a lead that had the number before. The numbers and addresses of the batches before are remembered
-- until the transaction ends. A plan made while leads is empty stays in use as it grows within the transaction: so what is looked up
-- per row is a scalar query, which cannot become a hash of the whole table, and nothing is read from end to end.
--   raises RS409 while another import is under way
create or replace function api.leads_import(_who jsonb, _rows jsonb, _is_dry boolean)
returns table (line integer, verdict text, field text, message text, is_do_not_call boolean)
language plpgsql security definer set search_path = '' set enable_seqscan = off
as $$
#variable_conflict use_column
begin
	if not _is_dry and not pg_try_advisory_xact_lock(1447119955, 3) then
		perform vals.refuse(409, 'Another import is under way', 'IMPORT_IN_PROGRESS');
	end if;
	perform pg_catalog.set_config('vals.is_import', 'on', true);
	if to_regclass('pg_temp.import_keys') is null then
		create temporary table import_keys (key text primary key, line integer not null) on commit drop;
	end if;
	return query
		with sent as materialized (
			select (i.item ->> 'line')::integer as line, i.item -> 'lead' as lead, i.item #>> '{lead,phone}' as phone,
				i.item #>> '{lead,email}' as email
			from jsonb_array_elements(_rows) as i (item)
		), phones as (
			insert into pg_temp.import_keys as k (key, line)
			select s.phone, s.line
			from sent s
			order by s.line
			on conflict do nothing
			returning k.key, k.line
		), emails as (
			insert into pg_temp.import_keys as k (key, line)
			select s.email, s.line
			from sent s
				join phones p on p.line = s.line
			where s.email is not null
			order by s.line
			on conflict do nothing
			returning k.key, k.line
		), repeated as (
			select s.line, case when p.line is null then 'phone' else 'email' end as field,
				case when p.line is null then s.phone else s.email end as key
			from sent s
				left join phones p on p.line = s.line
				left join emails e on e.line = s.line
			where p.line is null
				or (s.email is not null and e.line is null)
		), told as (
			select r.line, r.field, 'is in line ' || coalesce(
				(select k.line from pg_temp.import_keys k where k.key = r.key),
				(select p.line from phones p where p.key = r.key),
				(select e.line from emails e where e.key = r.key)) || ' already' as message
			from repeated r
		), judged as materialized (
			select s.line, s.lead, s.phone,
				case when not vals.zone_known(s.lead ->> 'timezone') then 'timezone' end as wrong,
				case when (select true from vals.leads l where l.phone = s.phone and l.deleted_at is null) then 'phone'
					when (select true from vals.leads l where l.email = s.email and l.deleted_at is null) then 'email'
					end as taken,
				coalesce((s.lead ->> 'doNotCall')::boolean, false)
					or coalesce((select true from vals.leads l where l.phone = s.phone and l.do_not_call limit 1), false) as is_unwilling
			from sent s
			where not exists (select from told t where t.line = s.line)
		), made as (
			insert into vals.leads (first_name, last_name, phone, email, source, initial_interest, qualification_score, status, timezone,
				country, state, city, current_income_range, desired_income_range, time_availability, experience_level, kevin_notes,
				kevin_rating, relationship_strength, do_not_call, consent, tags, custom_fields, last_contacted, next_followup, created_by,
				updated_by)
			select r.first_name, r.last_name, r.phone, r.email, case when j.lead ? 'source' then r.source else 'import' end,
				r.initial_interest, coalesce(r.qualification_score, 0), coalesce(r.status, 'new'), r.timezone, coalesce(r.country, 'US'),
				r.state, r.city, r.current_income_range, r.desired_income_range, r.time_availability, r.experience_level, r.kevin_notes,
				r.kevin_rating, r.relationship_strength, j.is_unwilling, vals.consent_kept(r.consent), coalesce(r.tags, '[]'),
				coalesce(r.custom_fields, '{}'), r.last_contacted, r.next_followup, vals.actor(_who), vals.actor(_who)
			from judged j
				cross join lateral jsonb_populate_record(null::vals.leads, vals.columns(j.lead)) r
			where not _is_dry
				and j.wrong is null
				and j.taken is null
			on conflict do nothing
			returning id, phone, status
		), staged as (
			insert into vals.lead_stages (lead_id, from_status, to_status, cause, changed_by)
			select m.id, null, m.status, 'created', vals.actor(_who)
			from made m
		)
		select j.line,
			case when j.wrong is not null then 'invalid'
				when j.taken is not null or not (_is_dry or exists (select from made m where m.phone = j.phone)) then 'duplicate'
				else 'new' end,
			coalesce(j.wrong, j.taken, 'phone'),
			case when j.wrong is not null then 'is not a known time zone' else 'belongs to a lead already' end,
			j.is_unwilling
		from judged j
		union all
		select t.line, 'duplicate', t.field, t.message, false
		from told t;
end
$$;

-- The last step of an import: tell the world, note who did it.
--   emits leads.imported
create or replace function api.leads_import_done(_who jsonb, _count integer)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	perform vals.emit('leads.imported', null, null, jsonb_build_object('count', _count), _who);
	perform vals.audit(_who, 'lead.import', 'lead', null, null, jsonb_build_object('count', _count));
	return null;
end
$$;
