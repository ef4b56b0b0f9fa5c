-- The rules before a dial: do-not-call, consent, hours in the lead's zone, daily cap.
\ir support/begin.psql

select plan(39);

create function test.somebody(_more jsonb default '{}', _phone text default '+12025550177')
returns vals.leads
language sql
as $$
	select jsonb_populate_record(null::vals.leads, jsonb_build_object('id', gen_random_uuid(), 'first_name', 'A', 'last_name', 'B',
		'phone', _phone, 'country', 'US', 'do_not_call', false) || _more)
$$;

create function test.zones(_more jsonb, _number text default '+12025550177')
returns text
language sql
as $$
	select z.basis || ' ' || array_to_string(z.zones, ',')
	from vals.dial_zones(test.somebody(_more), _number) z
$$;

-- Which zones count.
select is(test.zones('{"timezone":"Asia/Tokyo","state":"CA"}'), 'lead Asia/Tokyo', 'the_leads_own_zone_comes_first');
select is(test.zones('{"state":"CA"}'), 'state America/Los_Angeles', 'then_his_state');
select is(test.zones('{"state":"tn"}'), 'state America/New_York,America/Chicago', 'a_state_in_two_zones_has_both');
select is(test.zones('{}', '+12125550100'), 'number America/New_York', 'then_the_area_code');
select is(test.zones('{}', '+18085550100'), 'number Pacific/Honolulu', 'also_of_hawaii');
select is(test.zones('{"country":"CA","state":"ON"}'), 'state America/Toronto,America/Winnipeg', 'canada_has_states_too');
select is(test.zones('{}', '+442079460100'), 'number Europe/London', 'then_the_calling_code');
select is(test.zones('{}', '+35315550100'), 'number Europe/Dublin', 'the_longest_calling_code_wins');
select matches(test.zones('{}', '+18005550100'), '^guess America/St_Johns,.*Pacific/Honolulu$', 'a_number_without_a_place_is_everywhere');
select matches(test.zones('{"state":"Atlantis"}', '+99955501000'), '^guess ', 'an_unknown_country_is_a_guess');
select is((select count(*) from vals.state_zones s cross join unnest(s.zones) z left join pg_timezone_names n on n.name = z where n.name is null), 0::bigint,
	'every_zone_of_a_state_exists');
select is((select count(*) from vals.calling_codes s cross join unnest(s.zones) z left join pg_timezone_names n on n.name = z where n.name is null), 0::bigint,
	'every_zone_of_a_country_exists');
select is((select count(*) from vals.area_codes where code !~ '^[2-9][0-9]{2}$'), 0::bigint, 'every_area_code_is_one');

-- Hours. In New York clocks go forward on 2026-03-08 and back on 2026-11-01, both at 2 in the night.
create function test.inside(_hours text, _zones text[], _at text)
returns boolean
language sql
as $$
	select vals.within_calling_hours(_hours, _zones, _at::timestamptz)
$$;
select ok(test.inside('', '{Asia/Tokyo}', '2026-06-01T03:00:00Z'), 'empty_hours_allow_everything');
select ok(test.inside('08:00-21:00', '{America/New_York}', '2026-06-01T12:00:00Z'), 'the_first_minute_is_inside');
select ok(not test.inside('08:00-21:00', '{America/New_York}', '2026-06-01T11:59:59Z'), 'the_minute_before_is_not');
select ok(test.inside('08:00-21:00', '{America/New_York}', '2026-06-02T00:59:59Z'), 'the_last_minute_is_inside');
select ok(not test.inside('08:00-21:00', '{America/New_York}', '2026-06-02T01:00:00Z'), 'the_end_is_not');
select ok(not test.inside('08:00-21:00', '{America/New_York}', '2026-03-07T12:30:00Z'), 'half_past_seven_before_the_clocks_go_forward');
select ok(test.inside('08:00-21:00', '{America/New_York}', '2026-03-08T12:30:00Z'), 'is_half_past_eight_on_the_day_they_do');
select ok(test.inside('08:00-21:00', '{America/New_York}', '2026-10-31T12:30:00Z'), 'half_past_eight_before_they_go_back');
select ok(not test.inside('08:00-21:00', '{America/New_York}', '2026-11-01T12:30:00Z'), 'is_half_past_seven_on_the_day_they_do');
select ok(test.inside('08:00-21:00', '{Asia/Kolkata}', '2026-06-01T02:30:00Z'), 'zones_east_of_utc_count_their_own_day');
-- In Sydney they go forward on 2026-10-04 and back on 2026-04-05.
select ok(not test.inside('08:00-21:00', '{Australia/Sydney}', '2026-10-02T21:30:00Z'), 'half_past_seven_before_Sydney_goes_forward');
select ok(test.inside('08:00-21:00', '{Australia/Sydney}', '2026-10-03T21:30:00Z'), 'is_half_past_eight_on_the_day_it_does');
select ok(test.inside('08:00-21:00', '{Australia/Sydney}', '2026-04-03T21:30:00Z'), 'half_past_eight_before_Sydney_goes_back');
select ok(not test.inside('08:00-21:00', '{Australia/Sydney}', '2026-04-04T21:30:00Z'), 'is_half_past_seven_on_the_day_it_does_so');
select is(vals.next_calling_minute('08:00-21:00', '{Australia/Sydney}', '2026-10-03T15:00:00Z'), '2026-10-03T21:00:00Z'::timestamptz, 'of_the_short_night_it_is_six_hours_to_eight');
select is(vals.next_calling_minute('08:00-21:00', '{Australia/Sydney}', '2026-04-04T14:00:00Z'), '2026-04-04T22:00:00Z'::timestamptz, 'of_the_long_one_eight');
select ok(not test.inside('08:00-21:00', '{America/New_York,America/Los_Angeles}', '2026-06-01T13:00:00Z'), 'all_zones_must_allow');
select is(vals.next_calling_minute('08:00-21:00', '{America/New_York,America/Los_Angeles}', '2026-06-01T13:00:30Z'),
	'2026-06-01T15:00:00Z'::timestamptz, 'the_next_minute_is_when_the_last_zone_opens');
select is(vals.next_calling_minute('08:00-21:00', '{Asia/Tokyo,America/Sao_Paulo}', '2026-06-01T13:00:00Z'), '2026-06-01T23:00:00Z'::timestamptz,
	'zones_far_apart_may_leave_an_hour');

-- The check as a whole.
select is(vals.dial_check(test.somebody(), '+12025550177', test.rules()) ->> 'allowed', 'true', 'nothing_forbids_it');
select is(vals.dial_check(test.somebody('{"state":"CA"}'), '+12025550177', test.rules()) ->> 'zoneBasis', 'state', 'the_receipt_says_what_was_looked_at');
select is(test.refusal($$select vals.dial_check(test.somebody('{"do_not_call":true}'), '+12025550177', test.rules())$$),
	'RS403 DO_NOT_CALL The number is on the do-not-call list', 'do_not_call_is_refused');
select is(test.refusal($$select vals.dial_check(test.somebody(), '+12025550177', test.rules(_consent => true))$$),
	'RS403 NO_CONSENT The lead has not given consent to be called', 'missing_consent_is_refused_where_required');
select is(vals.dial_check(test.somebody('{"consent":{"given":true}}'), '+12025550177', test.rules(_consent => true)) ->> 'allowed', 'true', 'given_consent_is_enough');
select is(test.refusal($$select vals.dial_check(test.somebody(), '+12025550177', test.rules(_hours => '00:00-00:00'))$$),
	'RS403 OUTSIDE_CALLING_HOURS Outside the calling hours of the lead', 'hours_that_are_never_refuse');

create function test.third_call()
returns jsonb
language plpgsql
as $$
declare
	_lead vals.leads;
begin
	insert into vals.leads (first_name, last_name, phone)
	values ('C', 'D', '+12025550178')
	returning * into _lead;
	insert into vals.calls (lead_id, phone_number, kevin_available, status, start_time, end_time, dial_check)
	select _lead.id, _lead.phone, false, 'completed', now() - back, now() - back + interval '1 minute', '{}'
	from unnest(array[interval '2 hours', interval '23 hours', interval '25 hours']) as back;
	return vals.dial_check(_lead, _lead.phone, test.rules(_cap => 2));
end
$$;
select is(test.refusal('select test.third_call()'), 'RS403 DAILY_CAP The lead was called often enough today', 'a_call_over_the_cap_is_refused');

select * from finish();
rollback;
