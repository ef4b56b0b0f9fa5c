-- Import of leads.

-- A statement that makes many leads counts them at once, in a slot of its own: one update of a counter per lead
-- would slow each next one down, and a long transaction must not hold a slot that others write.
insert into vals.lead_counts (status, slot)
select status, 16
from vals.lead_statuses;

create function vals.lead_counts_add()
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
		and c.slot = case when a.total > 1 then 16 else pg_catalog.pg_backend_pid() % 16 end;
	return null;
end
$$;

drop trigger lead_counts_insert on vals.leads;
create trigger lead_counts_insert
after insert on vals.leads
referencing new table as added
for each statement execute function vals.lead_counts_add();

create trigger lead_counts_delete
after delete on vals.leads
for each row execute function vals.lead_counts_keep();

-- Whoever wanted no calls keeps that when his number comes back.
create index leads_do_not_call on vals.leads (phone) where do_not_call;
