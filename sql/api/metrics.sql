-- What the database knows for the metrics page: one row per sample.

-- A text as a Prometheus label value.
create or replace function vals.label(_text text)
returns text
language sql immutable parallel safe
as $$
	select '"' || replace(replace(replace(_text, '\', '\\'), '"', '\"'), E'\n', '\n') || '"'
$$;

-- Samples in the order they are printed; rows of one name follow each other. The programs' own counters are
-- as old as their last report, a few seconds; a kind of program none of which was heard of for 15 s is down.
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
		select 'vals_program_up', 'program=' || vals.label(k.kind), (k.living > 0)::int::text
		from (
			select vals.program_kind(s.program) as kind, count(*) filter (where s.updated_at > now() - interval '15 seconds') as living
			from vals.program_status s
			group by 1
		) k
		order by k.kind;
	return query
		select 'vals_program_instances', 'program=' || vals.label(vals.program_kind(s.program)), count(*)::text
		from vals.program_status s
		where s.updated_at > now() - interval '15 seconds'
		group by vals.program_kind(s.program)
		order by vals.program_kind(s.program);
	return query
		select 'vals_program_' || lower(regexp_replace(c.key, '([A-Z])', '_\1', 'g')),
			'program=' || vals.label(vals.program_kind(s.program)) || ',instance=' || vals.label(vals.program_instance(s.program)),
			case jsonb_typeof(c.value) when 'boolean' then (c.value::boolean)::int::text else c.value #>> '{}' end
		from vals.program_status s
			cross join jsonb_each(s.counters) c
		where s.updated_at > now() - interval '15 seconds'
			and jsonb_typeof(c.value) in ('number', 'boolean')
			and c.key ~ '^[a-zA-Z]+$'
		order by c.key, s.program;
end
$$;
