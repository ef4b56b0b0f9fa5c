-- Exact totals of the list of calls, as vals.lead_counts has them for leads.

create table vals.call_counts (
	status text not null,
	slot smallint not null,
	calls bigint not null default 0,
	primary key (status, slot)
) with (fillfactor = 50);
comment on table vals.call_counts is 'calls by status, spread over slots; kept by triggers in the writing transaction';
comment on column vals.call_counts.slot is '0 to 15 by the writing backend; 16 for statements that make several calls';

-- Nobody may write between the count and the triggers.
lock table vals.calls in share row exclusive mode;

insert into vals.call_counts (status, slot, calls)
select s.status, slot, case slot when 16 then (select count(*) from vals.calls c where c.status = s.status) else 0 end
from unnest(array['initiated', 'ringing', 'active', 'in-progress', 'transferring', 'transferred', 'transfer_failed', 'completed',
		'no-answer', 'busy', 'failed', 'canceled']) as s (status)
	cross join generate_series(0, 16) as slot;

-- One call moved from a status to another, or went.
create function vals.call_counts_keep()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
	_slot smallint := pg_catalog.pg_backend_pid() % 16;
	_new text := case when tg_op = 'UPDATE' then new.status end;
begin
	update vals.call_counts c
	set calls = c.calls + case when c.status = _new then 1 else -1 end
	where c.slot = _slot
		and c.status in (old.status, _new);
	return null;
end
$$;

-- Calls came, all by one statement.
create function vals.call_counts_add()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
	update vals.call_counts c
	set calls = c.calls + a.calls
	from (
		select n.status, count(*) as calls, sum(count(*)) over () as total
		from added n
		group by n.status
	) a
	where c.status = a.status
		and c.slot = case when a.total > 1 then 16 else pg_catalog.pg_backend_pid() % 16 end;
	return null;
end
$$;

create trigger call_counts_insert
after insert on vals.calls
referencing new table as added
for each statement execute function vals.call_counts_add();

create trigger call_counts_update
after update of status on vals.calls
for each row
when (old.status <> new.status)
execute function vals.call_counts_keep();

create trigger call_counts_delete
after delete on vals.calls
for each row execute function vals.call_counts_keep();
