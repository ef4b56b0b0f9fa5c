-- Counters of calls: whatever happens to calls, by whatever statement, the totals are those of the table.
\ir support/begin.psql

select plan(19);

create function pg_temp.miscounted()
returns text
language sql
as $$
	select string_agg(format('%s: %s counted, %s there', coalesce(c.status, l.status), c.total, l.total), ', ')
	from (select status, sum(calls) as total from vals.call_counts group by status having sum(calls) <> 0) c
		full join (select status, count(*) as total from vals.calls group by status) l on l.status = c.status
	where c.total is distinct from l.total
$$;

-- The total of a list of calls, and what the table has.
create function pg_temp.total(_filter jsonb)
returns bigint
language sql
as $$
	select (api.calls_list(test.who(), _filter) #>> '{pagination,total}')::bigint
$$;

create function pg_temp.there(_status text default null)
returns bigint
language sql
as $$
	select count(*)
	from vals.calls
	where status = coalesce(_status, status)
$$;

select is(pg_temp.miscounted(), null, 'an_empty_table_is_counted');
select is(pg_temp.total('{}'), pg_temp.there(), 'and_so_is_its_list');

-- A call's life through the functions.
select test.answered() as talking \gset
select is(pg_temp.miscounted(), null, 'a_call_that_was_answered_is_counted_once');
select api.call_end(test.who('agent'), jsonb_build_object('callId', :'talking', 'finalStatus', 'closed')) \g /dev/null
select is(pg_temp.miscounted(), null, 'a_call_that_ended_has_moved');
select test.call() as unsent \gset
select is(pg_temp.total('{"status":"initiated"}'), 1::bigint, 'a_call_not_sent_yet_is_found_by_its_status');
select is(pg_temp.total('{"status":"completed"}'), 1::bigint, 'and_the_one_that_is_over_by_its_own');

-- Many at once, then at random.
insert into vals.leads (first_name, last_name, phone)
select 'Churn', 'Row', '+1646' || lpad(n::text, 7, '0')
from generate_series(1, 400) n;
insert into vals.calls (lead_id, phone_number, status, kevin_available, end_time)
select l.id, l.phone, (array['completed', 'no-answer', 'busy', 'failed', 'canceled'])[1 + length(l.phone) % 2 + right(l.phone, 1)::int % 4], false, now()
from vals.leads l
where l.first_name = 'Churn';
select is(pg_temp.miscounted(), null, 'rows_inserted_together_are_counted');
select is((select sum(calls) from vals.call_counts where slot = 16), 400::numeric, 'in_the_slot_of_those_who_make_several');
insert into vals.calls (lead_id, phone_number, kevin_available)
select l.id, l.phone, true
from vals.leads l
where l.first_name = 'Churn'
limit 1;
select is(pg_temp.miscounted(), null, 'a_row_alone_is_counted');
insert into vals.calls (lead_id, phone_number, kevin_available)
select l.id, l.phone, true
from vals.leads l
where false;
select is(pg_temp.miscounted(), null, 'no_row_is_none');

select setseed(0.15);
do $$
declare
	_statuses text[] := array['completed', 'no-answer', 'busy', 'failed', 'canceled'];
begin
	for _i in 1..300 loop
		case floor(random() * 4)::int
		when 0 then
			update vals.calls
			set status = _statuses[1 + floor(random() * 5)::int]
			where id = (select id from vals.calls where end_time is not null order by random() limit 1);
		when 1 then
			update vals.calls
			set status = _statuses[1 + ascii(id::text) % 5], notes = 'moved'
			where end_time is not null
				and right(id::text, 1) = to_hex(floor(random() * 16)::int);
		when 2 then
			delete from vals.calls
			where id = (select c.id from vals.calls c where c.notes = 'moved'
				and not exists (select from vals.legs g where g.call_id = c.id) order by random() limit 1);
		else
			insert into vals.calls (lead_id, phone_number, status, kevin_available, end_time)
			select l.id, l.phone, _statuses[1 + floor(random() * 5)::int], false, now()
			from vals.leads l
			where l.first_name = 'Churn'
			limit floor(random() * 4)::int;
		end case;
	end loop;
end
$$;
select is(pg_temp.miscounted(), null, 'hundreds_of_random_writes_are_counted');
select ok(pg_temp.there() > 100, 'and_there_are_rows_left_to_count');
select is(pg_temp.total('{}'), pg_temp.there(), 'the_list_of_all_has_the_total_of_the_table');
select is(pg_temp.total('{"page":2,"limit":7}'), pg_temp.there(), 'on_every_page');
select is(pg_temp.total('{"status":"busy"}'), pg_temp.there('busy'), 'the_list_of_a_status_has_its_own');
select is(pg_temp.total('{"status":"busy","transferred":"false"}'), pg_temp.there('busy'), 'other_filters_are_counted');
select is(pg_temp.total(jsonb_build_object('leadId', (select lead_id from vals.calls limit 1))),
	(select count(*) from vals.calls where lead_id = (select lead_id from vals.calls limit 1)), 'the_calls_of_a_lead_are_counted');
select is(pg_temp.total('{"status":"no such"}'), 0::bigint, 'an_unknown_status_has_none');
update vals.calls set status = status, notes = 'same';
select is(pg_temp.miscounted(), null, 'a_status_that_stays_is_not_counted_twice');

select * from finish();
rollback;
