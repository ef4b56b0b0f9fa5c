-- Whether the database can serve: reached, writable, schema as expected.

create or replace function api.ready(_who jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	return (
		select json_build_object(
			'database', not pg_catalog.pg_is_in_recovery(),
			'schema', (select max(m.number) from vals.schema_migrations m),
			'eventsWaiting', (
				select count(*)
				from (select from vals.event_log e where e.seq is null limit 10000) w),
			'realtime', coalesce((
				select bool_or(s.updated_at > now() - interval '15 seconds')
				from vals.program_status s
				where s.program like 'vals-ws%'), false),
			'runner', coalesce((
				select bool_or(s.updated_at > now() - interval '15 seconds')
				from vals.program_status s
				where s.program like 'vals-runner%'), false)
		)
	);
end
$$;
