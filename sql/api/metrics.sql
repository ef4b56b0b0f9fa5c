-- What the database knows for the metrics page: one row per sample.

-- A text as a Prometheus label value.
create or replace function vals.label(_text text)
returns text
language sql immutable parallel safe
as $$
	select '"' || replace(replace(replace(_text, '\', '\\'), '"', '\"'), E'\n', '\n') || '"'
$$;

-- Samples in the order they are printed; rows of one name follow each other. The programs' own counters are
-- as old as their last report, a few seconds; a program that is silent for 15 s is down.
create or replace function api.metrics()
returns table (name text, labels text, value text)
language plpgsql security definer set search_path = ''
as $$
begin
	return query
		select 'vals_commands', 'kind=' || vals.label(c.kind) || ',state=' || vals.label(c.state), count(*)::text
		from vals.commands c
		where c.state in ('pending', 'leased')
		group by c.kind, c.state;
	return query
		select 'vals_command_oldest_seconds', '', coalesce(extract(epoch from now() - min(c.next_at)), 0)::numeric(12, 3)::text
		from vals.commands c
		where c.state in ('pending', 'leased')
			and c.next_at < now();
	return query
		select 'vals_calls_live', '', count(*)::text
		from vals.calls c
		where c.end_time is null;
	return query
		select 'vals_events_waiting', '', count(*)::text
		from (select from vals.event_log e where e.seq is null limit 100000) w;
	return query
		select 'vals_event_lag_seconds', '', coalesce(extract(epoch from now() - min(e.created_at)), 0)::numeric(12, 3)::text
		from vals.event_log e
		where e.seq is null;
	return query
		select 'vals_event_last_seq', '', h.last_seq::text
		from vals.event_head h;
	return query
		select 'vals_webhook_events_waiting', '', count(*)::text
		from (select from vals.webhook_events e where e.processed_at is null limit 100000) w;
	return query
		select 'vals_notify_queue_usage', '', pg_catalog.pg_notification_queue_usage()::text;
	return query
		select 'vals_program_up', 'program=' || vals.label(s.program), (s.updated_at > now() - interval '15 seconds')::int::text
		from vals.program_status s
		order by s.program;
	return query
		select 'vals_program_' || lower(regexp_replace(c.key, '([A-Z])', '_\1', 'g')), 'program=' || vals.label(s.program), c.value #>> '{}'
		from vals.program_status s
			cross join jsonb_each(s.counters) c
		where jsonb_typeof(c.value) = 'number'
			and c.key ~ '^[a-zA-Z]+$'
		order by c.key, s.program;
end
$$;
