-- A long import counts in the slot of its own, also when a batch of it has a single new lead: the
-- other slots are written by requests that cannot wait for its end.
create or replace function vals.lead_counts_add()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
	update vals.lead_counts c
	set leads = c.leads + a.leads
	from (
		select n.status, count(*) as leads, sum(count(*)) over () as total
		from added n
		where n.deleted_at is null
		group by n.status
	) a
	where c.status = a.status
		and c.slot = case
			when a.total > 1 or pg_catalog.current_setting('vals.is_import', true) = 'on' then 16
			else pg_catalog.pg_backend_pid() % 16 end;
	return null;
end
$$;
