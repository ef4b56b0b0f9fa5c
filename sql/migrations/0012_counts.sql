-- The counters of leads, one update per statement: an import of many leads in one transaction would else
-- write a version of the counter row for each of them.

drop trigger lead_counts_insert on vals.leads;

create function vals.lead_counts_add()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
	update vals.lead_counts c
	set leads = c.leads + n.leads
	from (
		select l.status, count(*) as leads
		from added l
		where l.deleted_at is null
		group by l.status
	) n
	where c.status = n.status
		and c.slot = pg_catalog.pg_backend_pid() % 16;
	return null;
end
$$;

create function vals.lead_counts_remove()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
	update vals.lead_counts c
	set leads = c.leads - n.leads
	from (
		select l.status, count(*) as leads
		from removed l
		where l.deleted_at is null
		group by l.status
	) n
	where c.status = n.status
		and c.slot = pg_catalog.pg_backend_pid() % 16;
	return null;
end
$$;

create trigger lead_counts_insert
after insert on vals.leads
referencing new table as added
for each statement execute function vals.lead_counts_add();

create trigger lead_counts_delete
after delete on vals.leads
referencing old table as removed
for each statement execute function vals.lead_counts_remove();
