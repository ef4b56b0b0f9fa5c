-- When dials are sent: how many requests in any five seconds, how many telephones at once, and who comes first.
\ir support/begin.psql
\ir support/transfers.psql

select plan(41);

-- Nothing of others is due, or was lately.
update vals.commands set state = 'done' where state in ('pending', 'leased');
update vals.legs set state = 'ended' where state <> 'ended';

create function test.time_passes()
returns void
language sql
as $$
	update vals.dial_requests set over_at = over_at - interval '5 seconds'
$$;
select test.time_passes() \g /dev/null

-- How many dials a runner gets.
create function test.dials(_dials integer, _calls integer, _limit integer default 100)
returns bigint
language sql
as $$
	select count(*) from run.commands_take('one', _limit, 30, _dials, _calls) where kind = 'dial'
$$;

-- The dials under way are answered so, one by one or all.
create function test.answer(_may_have_acted boolean, _count integer default 100)
returns bigint
language sql
as $$
	select count(run.command_retry(c.command_id, c.attempt, 0, 'busy', _may_have_acted))
	from (select * from vals.commands where kind = 'dial' and state = 'leased' order by place limit _count) c
$$;

-- The pace, over all runners.
select count(test.call()) from generate_series(1, 12) \g /dev/null
select is(test.dials(3, 0), 3::bigint, 'no_more_dials_are_taken_than_the_pace_allows');
select is(test.dials(3, 0), 0::bigint, 'nor_by_the_next_one_who_asks');
select is(test.dials(4, 0), 1::bigint, 'the_rest_of_the_pace_is_left');
select test.time_passes() \g /dev/null
select is(test.dials(4, 0), 0::bigint, 'a_request_counts_as_long_as_it_may_arrive');
select is(test.answer(true, 2), 2::bigint, 'two_are_answered');
select is(test.dials(4, 0), 0::bigint, 'an_answered_one_counts_for_five_seconds');
select is(test.dials(5, 0), 1::bigint, 'no_longer_than_once');
select test.time_passes() \g /dev/null
select is(test.dials(5, 0), 2::bigint, 'and_not_afterwards');
select is((select count(*) from vals.dial_requests), 0::bigint, 'what_counts_no_more_is_forgotten');

-- A dial that is sent again is another request.
update vals.commands set state = 'done' where state = 'leased';
select test.time_passes() \g /dev/null
select is(test.dials(2, 0) + test.answer(true) + test.dials(2, 0), 4::bigint, 'two_requests_and_their_answers_leave_no_room');
select is(test.dials(3, 0) + test.answer(true), 2::bigint, 'where_there_is_room_it_is_sent_again');
select is(test.dials(3, 0), 0::bigint, 'and_all_three_requests_of_the_two_dials_count');

-- A runner that died took requests with it, which may have arrived.
select test.time_passes() \g /dev/null
select is(test.dials(2, 0), 2::bigint, 'a_runner_takes_two');
update vals.commands set worker = 'killed#0' where kind = 'dial' and state = 'leased';
select is(test.dials(4, 0), 2::bigint, 'its_successor_takes_them_over');
select is(test.dials(4, 0), 0::bigint, 'and_both_runners_requests_count');
select test.time_passes() \g /dev/null
select is(test.dials(4, 0), 0::bigint, 'those_of_the_dead_one_may_still_be_on_their_way');
select test.time_passes() \g /dev/null
select is(test.dials(4, 0), 2::bigint, 'but_not_for_longer_than_it_would_have_waited');

-- How many telephones may be connected.
update vals.commands set state = 'done' where state in ('pending', 'leased');
update vals.legs set state = 'ended' where state <> 'ended';
select test.time_passes() \g /dev/null
select count(test.call()) from generate_series(1, 5) \g /dev/null
update vals.commands set next_at = now() - make_interval(mins => 1) where state = 'pending';
select is(test.dials(0, 2), 2::bigint, 'as_many_are_dialled_as_telephones_may_be_connected');
select is(test.dials(0, 2), 0::bigint, 'and_none_beyond_them');
select is(test.answer(true) + test.dials(0, 2), 4::bigint, 'who_may_be_ringing_already_is_dialled_again_nevertheless');
select is(test.answer(false) + test.dials(0, 2), 4::bigint, 'and_who_surely_is_not_leaves_his_place_to_others');

-- Who comes first: Kevin, then those whom the provider would soon forget, however long the others wait.
create function test.next()
returns text
language sql
as $$
	select coalesce(t.params::jsonb ->> 'xfer', t.attempt::text)
	from run.commands_take('one', 1, 30, 0, 0) t
$$;
select test.transfer(test.answered()) as xfer \gset
update vals.commands set attempt = 1 where state = 'pending';
select is(test.answer(true), 2::bigint, 'two_are_to_be_sent_again');
update vals.commands set attempt = 10 where state = 'pending' and first_sent_at is not null;
select is(test.next(), :'xfer', 'Kevin_is_dialled_before_all_others');
select is(test.next() || ' ' || test.next(), '11 11', 'then_those_who_were_dialled_before');
select is(test.next(), '2', 'then_the_others');

-- What is to be done with connected telephones comes before every dial.
select test.closer_dialled(:'xfer') \g /dev/null
select test.kevin_hears(:'xfer', 'call.answered', 8) \g /dev/null
select is((select kind from run.commands_take('one', 1, 30, 0, 0)), 'gather', 'Kevin_is_asked_before_anybody_is_dialled');

-- Who may not be called any more when his turn comes is not dialled, and a call whose dial has waited too long ends.
create function test.alone()
returns uuid
language plpgsql security definer
as $$
declare
	_call uuid;
begin
	update vals.commands set state = 'done' where state in ('pending', 'leased');
	update vals.legs set state = 'ended' where state <> 'ended';
	select test.call() into _call;
	return _call;
end
$$;
create function test.deadline_comes(_call uuid)
returns integer
language sql security definer
as $$
	update vals.legs set deadline_at = clock_timestamp() where call_id = _call and deadline_at is not null;
	select run.deadlines_fire(10)
$$;
create function test.ended(_call uuid)
returns text
language sql security definer
as $$
	select concat_ws(' ', c.status, c.final_status, c.end_reason, g.state, m.state)
	from vals.calls c join vals.legs g on g.call_id = c.id join vals.commands m on m.leg_id = g.id and m.kind = 'dial'
	where c.id = _call
$$;

select is(vals.dial_until(jsonb_build_object('rules', jsonb_build_object('hours', d.hours), 'zones', '["America/New_York"]'::jsonb), d.at::timestamptz),
	d.expected::timestamptz, d.title)
from (values
	('', '2026-06-01T23:59:30Z', '2026-06-02T00:14:30Z', 'a_dial_waits_a_quarter_of_an_hour_at_most'),
	('08:00-21:00', '2026-06-02T00:30:00Z', '2026-06-02T00:45:00Z', 'also_inside_its_hours'),
	('08:00-21:00', '2026-06-02T00:50:30Z', '2026-06-02T01:00:00Z', 'not_beyond_their_end')
) as d (hours, at, expected, title);

select test.alone() as late \gset
update vals.legs set deadline_at = clock_timestamp() where call_id = :'late';
select is(test.dials(0, 0), 0::bigint, 'after_its_deadline_no_dial_is_sent');
update vals.legs set deadline_at = clock_timestamp() + interval '1 minute' where call_id = :'late';
select is(test.dials(0, 0), 1::bigint, 'before_it_it_is');

select test.alone() as protected \gset
update vals.leads set do_not_call = true where id = (select lead_id from vals.calls where id = :'protected');
select is(test.dials(0, 0), 0::bigint, 'nor_is_a_dial_to_somebody_who_asked_for_peace_meanwhile');
update vals.leads set do_not_call = false where id = (select lead_id from vals.calls where id = :'protected');
select is(test.dials(0, 0), 1::bigint, 'unless_he_takes_it_back');

select test.alone() as waiting \gset
select ok((select deadline_at > clock_timestamp() + interval '5 minutes' from vals.legs where call_id = :'waiting'), 'a_dial_may_wait_for_minutes');
select is(test.deadline_comes(:'waiting') > 0, true, 'not_for_ever');
select is(test.ended(:'waiting'), 'failed failed api_error ended failed', 'then_its_call_has_failed');
select is(test.dials(0, 0), 0::bigint, 'and_nobody_is_dialled');

select test.alone() as sent \gset
select is(test.dials(0, 0) + test.answer(true), 2::bigint, 'one_that_may_have_been_carried_out');
select is(test.deadline_comes(:'sent') > 0, true, 'may_wait_as_long');
select is(test.ended(:'sent'), 'initiated queued pending', 'for_it_finds_out_itself');

-- Whoever counts dials waits for nobody but others who do: an import of leads may take minutes.
select vals.dials_free(1, 1) \g /dev/null
create temporary table held on commit drop as
select objid from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and granted;
select count(*) from api.leads_import(test.who(), '[]', false) \g /dev/null
select is((select count(*) from pg_locks l where l.locktype = 'advisory' and l.pid = pg_backend_pid() and l.objid not in (select objid from held)), 1::bigint,
	'an_import_does_not_hold_up_the_dials');

select * from finish();
rollback;
