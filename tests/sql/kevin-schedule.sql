-- Kevin's schedule: both ways to say it, overlap, exceptions, when it next changes.
\ir support/begin.psql

select plan(63);

-- The slots as one text: 1 09:00-17:00, 2 ... with a star where switched off.
create function test.slots(_schedule json)
returns text
language sql
as $$
	select string_agg(format('%s %s-%s%s', s ->> 'dayOfWeek', s ->> 'startTime', s ->> 'endTime', case when not (s ->> 'isActive')::boolean then '*' end), ', ')
	from json_array_elements(_schedule -> 'slots') as s
$$;
create function test.set(_body jsonb)
returns json
language sql
as $$
	select api.kevin_schedule_set(test.who('kevin', '0a000000-0000-4000-8000-00000000000b'), _body)
$$;
-- The slots that come of some: 1 09:00-17:00, ...
create function test.becomes(variadic _slots text[])
returns text
language sql
as $$
	select test.slots(test.set(jsonb_build_object('slots', (
		select jsonb_agg(jsonb_build_object('dayOfWeek', split_part(s, ' ', 1)::int, 'startTime', split_part(split_part(s, ' ', 2), '-', 1),
			'endTime', rtrim(split_part(split_part(s, ' ', 2), '-', 2), '*'), 'isActive', s not like '%*'))
		from unnest(_slots) as s))))
$$;

-- As it is made, and as the API shows it.
update vals.kevin set override_available = null;
set local role vals_api;
create temporary table shown on commit drop as select api.kevin_schedule_get(test.who())::jsonb as body;
select is((select body - 'nextChange' - 'isWithinSchedule' - 'updatedAt' - 'slots' from shown), '{"timezone":"America/New_York","exceptions":[],"updatedBy":null}'::jsonb,
	'the_schedule_begins_in_New_York_without_exceptions');
select is((select body #> '{slots,0}' from shown), '{"dayOfWeek":1,"startTime":"09:00","endTime":"17:00","isActive":true}'::jsonb, 'a_slot_has_day_start_end_and_switch');
select is(test.slots((select body::json from shown)), '1 09:00-17:00, 2 09:00-17:00, 3 09:00-17:00, 4 09:00-17:00, 5 09:00-17:00', 'the_week_begins_as_Monday_to_Friday_9_to_5');

-- A list of slots.
create temporary table put on commit drop as
select api.kevin_schedule_set(test.who('kevin', '0a000000-0000-4000-8000-00000000000b'), '{"timezone":"Europe/Berlin",
	"slots":[{"dayOfWeek":3,"startTime":"08:30","endTime":"12:15"},{"dayOfWeek":0,"startTime":"22:00","endTime":"02:00","isActive":true}],
	"exceptions":[{"date":"2026-12-24","available":false,"note":"Christmas"},{"date":"2026-12-23","available":true,"startTime":"10:00","endTime":"12:00"}]}')::jsonb as body;
select is((select body ->> 'timezone' from put), 'Europe/Berlin', 'the_zone_is_kept');
select is(test.slots((select body::json from put)), '0 22:00-02:00, 3 08:30-12:15', 'the_slots_are_kept_in_the_order_of_the_week');
select is((select body -> 'exceptions' from put), '[{"date":"2026-12-23","available":true,"startTime":"10:00","endTime":"12:00","note":null},
	{"date":"2026-12-24","available":false,"startTime":null,"endTime":null,"note":"Christmas"}]'::jsonb, 'the_exceptions_are_kept_in_their_order');
select is((select body ->> 'updatedBy' from put), '0a000000-0000-4000-8000-00000000000b', 'and_who_said_so');
select is(api.kevin_schedule_get(test.who())::jsonb, (select body from put), 'get_answers_what_set_answered');
reset role;
select is((select count(*) from vals.audit_log where action = 'kevin.schedule')::int, 1, 'the_change_is_audited');

-- What is not sent is gone, but for the zone.
select test.set('{"slots":[]}')::jsonb as emptied \gset
select is(:'emptied'::jsonb -> 'slots', '[]'::jsonb, 'a_week_may_be_empty');
select is(:'emptied'::jsonb -> 'exceptions', '[]'::jsonb, 'exceptions_not_sent_are_gone');
select is(:'emptied'::jsonb ->> 'timezone', 'Europe/Berlin', 'a_zone_not_sent_stays');
select is(:'emptied'::jsonb ->> 'nextChange', null, 'an_empty_schedule_never_changes');

-- Days of the week.
select is(test.slots(test.set('{"monday":{"start":"09:00","end":"17:00","available":true},"tuesday":{"start":"09:00","end":"17:00","available":false},
	"wednesday":{"available":false},"thursday":null,"saturday":{"start":"20:00","end":"00:00"}}')), '1 09:00-17:00, 6 20:00-00:00', 'days_say_the_same_in_another_way');
select is(test.slots(test.set('{"sunday":{"start":"10:00","end":"11:00"}}')), '0 10:00-11:00', 'Sunday_is_day_0');
select is(test.set('{"sunday":{"available":false}}') ->> 'slots', '[]', 'all_days_may_be_off');
select is(test.set('{"friday":{"start":"10:00","end":"11:00"},"timezone":"UTC","exceptions":[{"date":"2026-05-01","available":false}]}')::jsonb #>> '{exceptions,0,date}',
	'2026-05-01', 'zone_and_exceptions_go_with_days_too');

-- Overlap.
select is(test.becomes('1 09:00-12:00', '1 11:00-14:00'), '1 09:00-14:00', 'overlapping_slots_are_merged');
select is(test.becomes('1 09:00-12:00', '1 12:00-14:00'), '1 09:00-14:00', 'so_are_those_that_touch');
select is(test.becomes('1 09:00-12:00', '1 12:01-14:00'), '1 09:00-12:00, 1 12:01-14:00', 'but_not_those_with_a_minute_between');
select is(test.becomes('1 09:00-17:00', '1 10:00-11:00', '1 09:00-17:00'), '1 09:00-17:00', 'what_lies_inside_goes');
select is(test.becomes('1 09:00-12:00', '2 11:00-14:00'), '1 09:00-12:00, 2 11:00-14:00', 'days_are_not_merged');
select is(test.becomes('1 20:00-02:00', '1 18:00-21:00'), '1 18:00-02:00', 'a_slot_past_midnight_merges');
select is(test.becomes('1 18:00-00:00', '1 17:00-18:00'), '1 17:00-00:00', 'so_does_one_to_midnight');
select is(test.becomes('1 18:00-24:00'), '1 18:00-00:00', 'midnight_may_be_said_as_24');
select is(test.becomes('1 00:00-23:00', '1 22:00-02:00'), '1 00:00-00:00, 2 00:00-02:00', 'what_is_longer_than_a_day_goes_on_in_the_next');
select is(test.becomes('6 00:00-23:00', '6 22:00-02:00'), '0 00:00-02:00, 6 00:00-00:00', 'the_day_after_Saturday_is_Sunday');
select is(test.becomes('1 09:00-12:00', '1 11:00-14:00*'), '1 09:00-12:00, 1 11:00-14:00*', 'a_slot_switched_off_stays_as_it_is');

-- Refusals.
select is(test.refusal_detail(format('select test.set(%L)', b.body)), b.detail, b.title)
from (values
	('{}', '[{"field":"slots","message":"is required, or else the days of the week, not both"}]', 'a_schedule_has_hours'),
	('{"timezone":"UTC"}', '[{"field":"slots","message":"is required, or else the days of the week, not both"}]', 'a_zone_alone_is_no_schedule'),
	('{"slots":[],"monday":{"available":false}}', '[{"field":"slots","message":"is required, or else the days of the week, not both"}]', 'one_way_at_a_time'),
	('{"slots":[],"timezone":"Mars/Olympus"}', '[{"field":"timezone","message":"is not a known time zone"}]', 'an_unknown_zone_is_refused'),
	('{"slots":[],"timezone":"Foo/Bar5"}', '[{"field":"timezone","message":"is not a known time zone"}]', 'a_rule_is_no_zone'),
	('{"slots":[],"timezone":"PST"}', '[{"field":"timezone","message":"is not a known time zone"}]', 'an_abbreviation_is_no_zone'),
	('{"slots":[],"exceptions":[{"date":"2026-05-01","available":false},{"date":"2026-05-01","available":true}]}', '[{"field":"exceptions","message":"names a day twice"}]',
		'a_day_is_named_once')
) as b (body, detail, title);
select is(test.refusal_detail(format('select test.set(%L)', b.body))::jsonb #>> '{0,field}', b.field, b.title)
from (values
	('{"monday":{"start":"09:00"}}', 'monday', 'a_day_needs_its_end'), ('{"monday":{"available":true}}', 'monday', 'an_available_day_needs_hours')
) as b (body, field, title);
select throws_ok($$select test.set('{"slots":[],"exceptions":[{"date":"2026-02-30","available":false}]}')$$, '22008', null, 'the_30th_of_February_is_refused');
select lives_ok(format($$select test.set('{"slots":[],"timezone":"%s"}')$$, z), format('%s_is_a_zone', z))
from unnest(array['UTC', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'America/Port-au-Prince', 'Japan']) as z;

-- Hours taken out of a day.
select test.set('{"timezone":"UTC","slots":[{"dayOfWeek":1,"startTime":"09:00","endTime":"17:00"}],
	"exceptions":[{"date":"2026-06-01","available":false,"startTime":"12:00","endTime":"13:00"},{"date":"2026-06-08","available":false,"startTime":"15:00"}]}') \g /dev/null
select is(vals.kevin_scheduled(h.at::timestamptz), h.expected, h.title)
from (values
	('2026-06-01T11:59:59Z', true, 'before_hours_taken_out_he_is_there'), ('2026-06-01T12:00:00Z', false, 'in_hours_taken_out_he_is_not'),
	('2026-06-01T13:00:00Z', true, 'after_them_he_is_again'), ('2026-06-08T14:59:59Z', true, 'hours_without_an_end_begin'), ('2026-06-08T15:00:00Z', false, 'and_go_on')
) as h (at, expected, title);

-- When it next changes.
create function test.next(_at text)
returns text
language sql
as $$
	select vals.iso(vals.kevin_next_change(_at::timestamptz))
$$;
select is(test.next('2026-06-01T08:00:00Z'), '2026-06-01T09:00:00.000Z', 'before_the_hours_it_changes_at_their_start');
select is(test.next('2026-06-01T09:00:00Z'), '2026-06-01T12:00:00.000Z', 'then_where_hours_are_taken_out');
select is(test.next('2026-06-01T12:30:00Z'), '2026-06-01T13:00:00.000Z', 'then_where_they_end');
select is(test.next('2026-06-01T13:00:00Z'), '2026-06-01T17:00:00.000Z', 'then_at_the_end_of_the_day');
select is(test.next('2026-06-01T17:00:00Z'), '2026-06-08T09:00:00.000Z', 'then_in_the_next_week');
select test.becomes('1 20:00-02:00', '2 01:00-05:00') \g /dev/null
select is(test.next('2026-06-01T21:00:00Z'), '2026-06-02T05:00:00.000Z', 'a_night_that_goes_on_is_one');
select test.becomes('0 00:00-00:00', '1 00:00-00:00', '2 00:00-00:00', '3 00:00-00:00', '4 00:00-00:00', '5 00:00-00:00', '6 00:00-00:00') \g /dev/null
select is(test.next('2026-06-01T21:00:00Z'), null, 'around_the_clock_there_is_no_change');
select test.set('{"timezone":"America/New_York","slots":[{"dayOfWeek":0,"startTime":"02:30","endTime":"05:00"}]}') \g /dev/null
select is(test.next('2026-03-08T05:00:00Z'), '2026-03-08T07:00:00.000Z', 'a_start_the_clock_jumps_over_is_where_it_jumps_to');
select is(test.next('2026-03-08T07:00:00Z'), '2026-03-08T09:00:00.000Z', 'and_the_end_is_in_summer_time');
select test.set('{"slots":[{"dayOfWeek":0,"startTime":"01:30","endTime":"03:00"}]}') \g /dev/null
select is(test.next('2026-11-01T04:00:00Z'), '2026-11-01T05:30:00.000Z', 'of_a_start_that_comes_twice_the_first_counts');
select test.set('{"timezone":"Pacific/Auckland","slots":[{"dayOfWeek":1,"startTime":"08:00","endTime":"12:00"}]}') \g /dev/null
select is(test.next('2026-06-14T00:00:00Z'), '2026-06-14T20:00:00.000Z', 'Monday_morning_in_Auckland_is_Sunday_in_UTC');

-- The world hears only of what it means now, so this begins when he is away, whatever hour it is.
select test.set('{"timezone":"UTC","slots":[]}') \g /dev/null
delete from vals.event_log;
select test.set('{"timezone":"America/New_York","slots":[]}') \g /dev/null
select is((select count(*) from vals.event_log)::int, 0, 'who_stays_away_is_not_told_of');
select test.becomes('0 00:00-00:00', '1 00:00-00:00', '2 00:00-00:00', '3 00:00-00:00', '4 00:00-00:00', '5 00:00-00:00', '6 00:00-00:00') \g /dev/null
select is((select payload - 'timestamp' from vals.event_log), '{"available":true,"reason":null,"until":null}'::jsonb, 'a_schedule_that_makes_him_available_is_told');
update vals.kevin set override_available = true;
delete from vals.event_log;
select test.set('{"slots":[]}') \g /dev/null
select is((select count(*) from vals.event_log)::int, 0, 'under_the_switch_the_schedule_means_nothing');

select * from finish();
rollback;
