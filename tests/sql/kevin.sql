-- Kevin: his switch over his weekly hours, on the wall clock of his zone.
\ir support/begin.psql

select plan(90);

create function test.schedule(_zone text, variadic _slots text[])
returns void
language plpgsql
as $$
begin
	update vals.kevin set timezone = _zone, override_available = null, override_until = null, override_reason = null;
	delete from vals.kevin_slots;
	delete from vals.kevin_exceptions;
	insert into vals.kevin_slots (day_of_week, start_time, end_time)
	select split_part(s, ' ', 1)::smallint, split_part(split_part(s, ' ', 2), '-', 1)::time, split_part(split_part(s, ' ', 2), '-', 2)::time
	from unnest(_slots) s;
end
$$;

-- The default: Monday to Friday, nine to five in New York.
select is((select string_agg(format('%s %s-%s', day_of_week, start_time, end_time), ', ' order by day_of_week) from vals.kevin_slots),
	'1 09:00:00-17:00:00, 2 09:00:00-17:00:00, 3 09:00:00-17:00:00, 4 09:00:00-17:00:00, 5 09:00:00-17:00:00', 'Kevin_works_Monday_to_Friday_from_9_to_5');
select is((select timezone from vals.kevin), 'America/New_York', 'in_New_York');
select is(vals.kevin_scheduled(h.at::timestamptz), h.expected, format('New_York_at_%s_is_%s', h.at, h.title))
from (values
	('2026-01-14T13:59:59.999Z', false, 'before_9_in_winter'), ('2026-01-14T14:00:00Z', true, '9_in_winter'),
	('2026-01-14T21:59:59.999Z', true, 'before_5_in_winter'), ('2026-01-14T22:00:00Z', false, '5_in_winter'),
	('2026-07-15T12:59:59.999Z', false, 'before_9_in_summer'), ('2026-07-15T13:00:00Z', true, '9_in_summer'),
	('2026-07-15T21:00:00Z', false, '5_in_summer'), ('2026-07-18T15:00:00Z', false, 'a_Saturday'), ('2026-07-19T15:00:00Z', false, 'a_Sunday'),
	('2026-03-06T13:30:00Z', false, 'half_past_8_on_the_last_Friday_of_winter_time'), ('2026-03-09T13:30:00Z', true, 'half_past_9_on_the_first_Monday_of_summer_time'),
	('2026-10-30T13:30:00Z', true, 'half_past_9_on_the_last_Friday_of_summer_time'), ('2026-11-02T13:30:00Z', false, 'half_past_8_on_the_first_Monday_of_winter_time')
) as h (at, expected, title);

-- The days of 23 and 25 hours in New York: clocks jump from 2 to 3, and from 2 back to 1.
select test.schedule('America/New_York', '0 01:30-02:30', '0 04:00-06:00') \g /dev/null
select is(vals.kevin_scheduled(h.at::timestamptz), h.expected, format('New_York_%s', h.title))
from (values
	('2026-03-08T06:30:00Z', true, 'half_past_1_before_the_jump_is_inside'), ('2026-03-08T06:59:59Z', true, 'the_last_second_before_the_jump_is_inside'),
	('2026-03-08T07:00:00Z', false, '3_after_the_jump_is_past_half_past_2'), ('2026-03-08T07:59:59Z', false, 'before_4_after_the_jump_is_outside'),
	('2026-03-08T08:00:00Z', true, '4_after_the_jump_is_inside'), ('2026-03-08T10:00:00Z', false, '6_after_the_jump_is_outside'),
	('2026-11-01T05:30:00Z', true, 'the_first_half_past_1_is_inside'), ('2026-11-01T06:15:00Z', false, 'the_second_quarter_past_1_is_outside'),
	('2026-11-01T06:30:00Z', true, 'the_second_half_past_1_is_inside'), ('2026-11-01T07:30:00Z', false, 'half_past_2_is_outside'),
	('2026-11-01T09:00:00Z', true, '4_after_the_extra_hour_is_inside')
) as h (at, expected, title);

-- East of UTC: the day there begins on the evening before in UTC.
select test.schedule('Pacific/Auckland', '1 08:00-12:00') \g /dev/null
select is(vals.kevin_scheduled(h.at::timestamptz), h.expected, format('Auckland_%s', h.title))
from (values
	('2026-06-14T20:00:00Z', true, 'Monday_8_of_winter_is_Sunday_evening_in_UTC'), ('2026-06-14T19:59:59Z', false, 'before_Monday_8_is_outside'),
	('2026-06-15T00:00:00Z', false, 'Monday_noon_is_outside'), ('2026-06-15T20:00:00Z', false, 'Tuesday_is_not_Monday'),
	('2026-01-11T19:00:00Z', true, 'Monday_8_of_summer_is_an_hour_earlier'), ('2026-01-11T23:00:00Z', false, 'Monday_noon_of_summer_is_an_hour_earlier')
) as h (at, expected, title);
select test.schedule('Europe/Berlin', '0 01:00-04:00') \g /dev/null
select is(vals.kevin_scheduled(h.at::timestamptz), h.expected, format('Berlin_%s', h.title))
from (values
	('2026-03-29T00:00:00Z', true, '1_of_the_short_night_is_inside'), ('2026-03-29T01:59:59Z', true, 'the_short_night_has_two_hours_from_1_to_4'),
	('2026-03-29T02:00:00Z', false, '4_of_the_short_night_is_outside'), ('2026-10-24T23:00:00Z', true, '1_of_the_long_night_is_inside'),
	('2026-10-25T02:59:59Z', true, 'the_long_night_has_four_hours_from_1_to_4'), ('2026-10-25T03:00:00Z', false, '4_of_the_long_night_is_outside')
) as h (at, expected, title);
select test.schedule('Australia/Sydney', '0 01:00-04:00') \g /dev/null
select is(vals.kevin_scheduled(h.at::timestamptz), h.expected, format('Sydney_%s', h.title))
from (values
	('2026-10-03T15:00:00Z', true, '1_of_the_short_night_is_inside'), ('2026-10-03T16:59:59Z', true, 'the_short_night_has_two_hours_from_1_to_4'),
	('2026-10-03T17:00:00Z', false, '4_of_the_short_night_is_outside'), ('2026-04-04T14:00:00Z', true, '1_of_the_long_night_is_inside'),
	('2026-04-04T17:59:59Z', true, 'the_long_night_has_four_hours_from_1_to_4'), ('2026-04-04T18:00:00Z', false, '4_of_the_long_night_is_outside')
) as h (at, expected, title);

-- Past midnight, around the clock, overlaps, switched off.
select test.schedule('UTC', '5 22:00-02:00', '1 00:00-00:00', '3 09:00-12:00', '3 11:00-14:00', '6 23:00-23:30') \g /dev/null
insert into vals.kevin_slots (day_of_week, start_time, end_time, is_active) values (4, '09:00', '17:00', false);
select is(vals.kevin_scheduled(h.at::timestamptz), h.expected, h.title)
from (values
	('2026-06-05T22:00:00Z', true, 'a_slot_past_midnight_begins_on_its_day'), ('2026-06-06T01:59:59Z', true, 'a_slot_past_midnight_runs_into_the_next'),
	('2026-06-06T02:00:00Z', false, 'a_slot_past_midnight_ends'), ('2026-06-05T01:00:00Z', false, 'a_slot_past_midnight_does_not_begin_on_the_day_before'),
	('2026-06-06T22:30:00Z', false, 'a_slot_past_midnight_does_not_repeat_on_the_next_day'),
	('2026-06-01T00:00:00Z', true, 'a_slot_from_midnight_to_midnight_is_the_whole_day'), ('2026-06-01T23:59:59Z', true, 'up_to_its_last_second'),
	('2026-06-02T00:00:00Z', false, 'and_no_longer'), ('2026-06-03T11:30:00Z', true, 'where_slots_overlap_he_is_there'),
	('2026-06-03T13:59:59Z', true, 'overlapping_slots_count_as_one'), ('2026-06-04T10:00:00Z', false, 'a_slot_switched_off_does_not_count')
) as h (at, expected, title);

-- Exceptions replace the day they name.
insert into vals.kevin_exceptions (date, available, start_time, end_time)
values ('2026-06-05', false, null, null), ('2026-06-10', true, '20:00', '21:00'), ('2026-06-09', true, null, null), ('2026-06-13', true, '22:00', '01:00'),
	('2026-06-11', true, '18:00', null), ('2026-06-20', false, null, null);
select is(vals.kevin_scheduled(h.at::timestamptz), h.expected, h.title)
from (values
	('2026-06-05T22:30:00Z', false, 'a_day_off_has_no_hours'), ('2026-06-06T01:00:00Z', false, 'nor_those_that_run_past_its_midnight'),
	('2026-06-12T22:30:00Z', true, 'the_week_after_is_as_always'), ('2026-06-10T11:00:00Z', false, 'other_hours_replace_those_of_the_day'),
	('2026-06-10T20:30:00Z', true, 'other_hours_count'), ('2026-06-09T00:00:00Z', true, 'a_day_without_hours_given_is_whole_from_its_start'),
	('2026-06-09T23:59:59Z', true, 'to_its_end'), ('2026-06-14T00:30:00Z', true, 'other_hours_may_run_past_midnight'),
	('2026-06-11T23:59:59Z', true, 'hours_without_an_end_run_to_midnight'), ('2026-06-20T01:00:00Z', true, 'a_day_off_does_not_cut_the_night_before')
) as h (at, expected, title);

-- The switch wins over the schedule, as long as it is in force.
select test.schedule('UTC', '1 09:00-17:00') \g /dev/null
update vals.kevin set override_available = true, override_until = '2026-06-07T12:00:00Z';
select ok(vals.kevin_would_be_available('2026-06-07T11:59:59Z'), 'switched_on_he_is_there_outside_his_hours');
select ok(not vals.kevin_would_be_available('2026-06-07T12:00:00Z'), 'the_switch_falls_back_at_its_moment');
update vals.kevin set override_available = false, override_until = '2026-06-08T10:00:00Z';
select ok(not vals.kevin_would_be_available('2026-06-08T09:59:59Z'), 'switched_off_he_is_away_inside_his_hours');
select ok(vals.kevin_would_be_available('2026-06-08T10:00:00Z'), 'and_back_when_the_switch_falls_back_inside_them');
update vals.kevin set override_available = false, override_until = null;
select ok(not vals.kevin_would_be_available('2126-06-10T10:00:00Z'), 'a_switch_without_an_end_stays');

create function test.in_an_hour()
returns text
language sql
as $$
	select to_char(now() at time zone 'UTC' + interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;

-- Setting it.
select test.forget() \g /dev/null
set local role vals_api;
create temporary table switched on commit drop as
select api.kevin_availability_set(test.who('kevin', '0a000000-0000-4000-8000-00000000000b'), jsonb_build_object('available', true, 'reason', 'at my desk',
	'until', test.in_an_hour()))::jsonb as body;
select is((select body ->> 'available' from switched), 'true', 'switched_on_he_is_available');
select is((select concat_ws(' ', body #>> '{override,available}', body #>> '{override,reason}', body ->> 'updatedBy') from switched),
	'true at my desk 0a000000-0000-4000-8000-00000000000b', 'the_switch_is_shown_with_its_reason_and_who_set_it');
select is(api.kevin_availability_get(test.who())::jsonb, (select body from switched), 'get_answers_what_set_answered');
select is(test.refusal($$select api.kevin_availability_set(test.who(), '{"available":true,"until":"2020-01-01T00:00:00Z"}')$$), 'RS400 VALIDATION Validation failed',
	'an_end_in_the_past_is_refused');
reset role;
select is((select payload - 'timestamp' - 'until' from vals.event_log where kind = 'kevin.availability'), '{"available":true,"reason":"at my desk"}'::jsonb,
	'the_world_is_told_of_the_switch');
select is((select payload ->> 'until' from vals.event_log where kind = 'kevin.availability'), (select body #>> '{override,until}' from switched), 'and_of_its_end');
select test.answered() as call \gset
update vals.calls set status = 'transferring' where id = :'call';
select is((select concat_ws(' ', a ->> 'available', a ->> 'onCall', a #>> '{override,available}') from api.kevin_availability_get(test.who()) a), 'false true true',
	'on_a_call_he_is_not_available_whatever_the_switch_says');
update vals.calls set status = 'transferred' where id = :'call';
select ok(not vals.kevin_available(), 'nor_when_he_has_been_joined');
update vals.calls set status = 'transfer_failed' where id = :'call';
select ok(vals.kevin_available(), 'after_a_failed_transfer_he_is_again');
update vals.calls set status = 'transferred', end_time = null where id = :'call';
select api.call_end(test.who('operator'), jsonb_build_object('callId', :'call')) \g /dev/null
select ok(vals.kevin_available(), 'after_the_call_he_is_again');
select test.forget() \g /dev/null
select is(api.kevin_availability_set(test.who('kevin'), jsonb_build_object('available', null, 'reason', 'never mind',
	'until', test.in_an_hour()))::jsonb -> 'override', 'null'::jsonb, 'null_drops_the_switch');
select is((select payload - 'timestamp' - 'available' from vals.event_log where kind = 'kevin.availability'), '{"reason":null,"until":null}'::jsonb,
	'a_dropped_switch_is_told_without_reason_and_end');

-- Next available, from now on. Hours are those of tomorrow and the day after in UTC.
create function test.day(_days int)
returns int
language sql
as $$
	select extract(dow from (now() at time zone 'UTC')::date + _days)::int
$$;
create function test.at(_days int, _time text)
returns timestamptz
language sql
as $$
	select ((now() at time zone 'UTC')::date + _days + _time::time) at time zone 'UTC'
$$;
select test.schedule('UTC', test.day(2) || ' 09:00-17:00', test.day(3) || ' 08:00-12:00') \g /dev/null
select is(vals.kevin_next_available(), test.at(2, '09:00'), 'the_next_start_of_hours_is_told');
insert into vals.kevin_exceptions (date, available) select (test.at(2, '00:00') at time zone 'UTC')::date, false;
select is(vals.kevin_next_available(), test.at(3, '08:00'), 'a_day_off_is_passed_over');
insert into vals.kevin_exceptions (date, available, start_time, end_time) select (test.at(1, '00:00') at time zone 'UTC')::date, true, '23:00', '23:30';
select is(vals.kevin_next_available(), test.at(1, '23:00'), 'hours_of_an_exception_are_told');
update vals.kevin set override_available = false, override_until = test.at(3, '09:30');
select is(vals.kevin_next_available(), test.at(3, '09:30'), 'inside_hours_the_end_of_the_switch_is_told');
update vals.kevin set override_until = test.at(3, '12:00');
select is(vals.kevin_next_available(), test.at(9, '09:00'), 'after_the_end_of_the_switch_the_next_start_is_told');
update vals.kevin set override_until = null;
select is(vals.kevin_next_available(), null, 'with_a_switch_off_without_an_end_there_is_none');
update vals.kevin set override_available = true;
select is(vals.kevin_next_available(), null, 'who_is_available_has_no_next_time');
select test.schedule('UTC', variadic '{}') \g /dev/null
select is(vals.kevin_next_available(), null, 'without_hours_there_is_none');

select * from finish();
rollback;
