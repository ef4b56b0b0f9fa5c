-- Figures: periods and their days, rates, and what is counted. Every expected number is worked out by hand from the few rows above it.
\ir support/begin.psql

select plan(103);

delete from vals.calls;

-- 1. Periods. ---------------------------------------------------------------

-- A period as text: from/to, and the one before.
create function test.period(_filter text)
returns text
language sql
as $$
	select concat_ws(' ', vals.iso(p.since), vals.iso(p.until), 'after', vals.iso(p.prev_since), vals.iso(p.prev_until))
	from vals.period(_filter::jsonb) p
$$;
select is(test.period(f.filter), replace(f.expected, 'Z', ':00.000Z'), f.title)
from (values
	('{"from":"2026-06-01","to":"2026-06-03","timezone":"UTC"}', '2026-06-01T00:00Z 2026-06-04T00:00Z after 2026-05-29T00:00Z 2026-06-01T00:00Z', 'days_are_whole_and_the_last_is_in_it'),
	('{"from":"2026-06-01T10:00:00Z","to":"2026-06-01T12:00:00Z"}', '2026-06-01T10:00Z 2026-06-01T12:00Z after 2026-06-01T08:00Z 2026-06-01T10:00Z', 'moments_are_taken_as_they_are'),
	('{"from":"2026-06-01","to":"2026-06-01"}', '2026-06-01T04:00Z 2026-06-02T04:00Z after 2026-05-31T04:00Z 2026-06-01T04:00Z', 'without_a_zone_it_is_New_York'),
	('{"from":"2026-03-08","to":"2026-03-08"}', '2026-03-08T05:00Z 2026-03-09T04:00Z after 2026-03-07T05:00Z 2026-03-08T05:00Z', 'the_day_the_clock_jumps_has_23_hours'),
	('{"from":"2026-11-01","to":"2026-11-01"}', '2026-11-01T04:00Z 2026-11-02T05:00Z after 2026-10-31T04:00Z 2026-11-01T04:00Z', 'the_day_it_falls_back_has_25'),
	('{"from":"2026-03-09","to":"2026-03-09"}', '2026-03-09T04:00Z 2026-03-10T04:00Z after 2026-03-08T05:00Z 2026-03-09T04:00Z', 'the_period_before_may_be_shorter'),
	('{"from":"2026-06-15","to":"2026-06-15","timezone":"Pacific/Auckland"}', '2026-06-14T12:00Z 2026-06-15T12:00Z after 2026-06-13T12:00Z 2026-06-14T12:00Z',
		'east_of_UTC_a_day_begins_on_the_one_before'),
	('{"from":"2026-10-25","to":"2026-10-25","timezone":"Europe/Berlin"}', '2026-10-24T22:00Z 2026-10-25T23:00Z after 2026-10-23T22:00Z 2026-10-24T22:00Z', 'Berlin_falls_back_a_week_earlier'),
	('{"from":"2026-10-04","to":"2026-10-04","timezone":"Australia/Sydney"}', '2026-10-03T14:00Z 2026-10-04T13:00Z after 2026-10-02T14:00Z 2026-10-03T14:00Z', 'in_Sydney_it_jumps_in_October'),
	('{"from":"2026-04-05","to":"2026-04-05","timezone":"Australia/Sydney"}', '2026-04-04T13:00Z 2026-04-05T14:00Z after 2026-04-03T13:00Z 2026-04-04T13:00Z', 'and_falls_back_in_April'),
	('{"to":"2026-06-07"}', '2026-06-01T04:00Z 2026-06-08T04:00Z after 2026-05-25T04:00Z 2026-06-01T04:00Z', 'a_week_is_what_nobody_asked_for'),
	('{"to":"2026-06-07T16:00:00Z","timeRange":"7d"}', '2026-06-01T04:00Z 2026-06-07T16:00Z after 2026-05-25T04:00Z 2026-05-31T16:00Z', 'part_of_a_day_is_compared_with_the_same_part'),
	('{"to":"2026-03-10T16:00:00Z","timeRange":"7d"}', '2026-03-04T05:00Z 2026-03-10T16:00Z after 2026-02-25T05:00Z 2026-03-03T17:00Z', 'by_the_clock_on_the_wall'),
	('{"to":"2026-06-07T16:00:00Z","timeRange":"24h"}', '2026-06-06T16:00Z 2026-06-07T16:00Z after 2026-06-05T16:00Z 2026-06-06T16:00Z', '24_hours_are_hours'),
	('{"to":"2026-06-30","timeRange":"30d","timezone":"UTC"}', '2026-06-01T00:00Z 2026-07-01T00:00Z after 2026-05-02T00:00Z 2026-06-01T00:00Z', 'thirty_days'),
	('{"to":"2026-06-30","timeRange":"90d","timezone":"UTC"}', '2026-04-02T00:00Z 2026-07-01T00:00Z after 2026-01-02T00:00Z 2026-04-02T00:00Z', 'ninety_days'),
	('{"from":"9998-12-01","to":"9998-12-31","timezone":"Asia/Tokyo"}', '9998-11-30T15:00Z 9998-12-31T15:00Z after 9998-10-30T15:00Z 9998-11-30T15:00Z', 'also_near_the_end_of_time'),
	('{"from":"2026-06-29","to":"2026-06-30","timeRange":"90d","timezone":"UTC"}', '2026-06-29T00:00Z 2026-07-01T00:00Z after 2026-06-27T00:00Z 2026-06-29T00:00Z', 'a_start_says_more_than_a_range')
) as f (filter, expected, title);
select is((select p.until from vals.period('{}') p), now(), 'without_an_end_it_is_now');
select is((select (p.until at time zone 'America/New_York')::date - (p.since at time zone 'America/New_York')::date from vals.period('{}') p), 6, 'and_six_days_before_today');
select is(test.refusal_detail(format('select test.period(%L)', f.filter))::jsonb #>> '{0,field}', f.field, f.title)
from (values
	('{"from":"2026-06-02","to":"2026-06-01"}', 'from', 'an_end_before_the_start_is_refused'), ('{"from":"2026-06-01T10:00:00Z","to":"2026-06-01T10:00:00Z"}', 'from', 'so_is_nothing'),
	('{"from":"9998-12-01","to":"9999-01-01"}', 'to', 'so_is_a_year_that_ends_in_five_digits'), ('{"to":"9999-12-31"}', 'to', 'also_if_it_is_the_end_alone'),
	('{"to":"0001-12-31"}', 'from', 'and_what_was_before_all_years'),
	('{"from":"2001-01-01","to":"2026-01-01"}', 'from', 'and_a_quarter_of_a_century'), ('{"timezone":"America/Nowhere"}', 'timezone', 'and_an_unknown_zone')
) as f (filter, field, title);

-- 2. Steps. -----------------------------------------------------------------

create function test.steps(_unit text, _filter text)
returns text
language sql
as $$
	select cardinality(s) || ': ' || vals.iso(s[1]) || ' ' || vals.iso(s[2]) || ' .. ' || vals.iso(s[cardinality(s)])
	from vals.period(_filter::jsonb) p cross join vals.period_steps(_unit, p.zone, p.since, p.until) s
$$;
select is(test.steps(s.unit, s.filter), replace(s.expected, 'Z', ':00.000Z'), s.title)
from (values
	('day', '{"from":"2026-03-07","to":"2026-03-10"}', '4: 2026-03-07T05:00Z 2026-03-08T05:00Z .. 2026-03-10T04:00Z', 'days_begin_at_midnight_there'),
	('hour', '{"from":"2026-03-08","to":"2026-03-08"}', '23: 2026-03-08T05:00Z 2026-03-08T06:00Z .. 2026-03-09T03:00Z', 'the_short_day_has_23_hours'),
	('hour', '{"from":"2026-11-01","to":"2026-11-01"}', '25: 2026-11-01T04:00Z 2026-11-01T05:00Z .. 2026-11-02T04:00Z', 'the_long_day_has_25_hours'),
	('hour', '{"from":"2026-10-04","to":"2026-10-04","timezone":"Australia/Sydney"}', '23: 2026-10-03T14:00Z 2026-10-03T15:00Z .. 2026-10-04T12:00Z', 'also_east_of_UTC_the_short_day'),
	('hour', '{"from":"2026-04-05","to":"2026-04-05","timezone":"Australia/Sydney"}', '25: 2026-04-04T13:00Z 2026-04-04T14:00Z .. 2026-04-05T13:00Z', 'and_the_long_one'),
	('hour', '{"from":"2026-06-01T10:20:00Z","to":"2026-06-01T12:00:00Z","timezone":"Asia/Kolkata"}', '3: 2026-06-01T09:30Z 2026-06-01T10:30Z .. 2026-06-01T11:30Z',
		'hours_begin_where_they_do_there'),
	('week', '{"from":"2026-06-03","to":"2026-06-16","timezone":"UTC"}', '3: 2026-06-01T00:00Z 2026-06-08T00:00Z .. 2026-06-15T00:00Z', 'weeks_begin_on_Monday'),
	('week', '{"from":"2026-10-25","to":"2026-11-02"}', '3: 2026-10-19T04:00Z 2026-10-26T04:00Z .. 2026-11-02T05:00Z', 'also_when_the_clock_falls_back')
) as s (unit, filter, expected, title);
select is(test.refusal_detail($$select test.steps('hour', '{"from":"2026-01-01","to":"2026-06-01"}')$$)::jsonb #>> '{0,field}', 'groupBy', 'too_many_steps_are_refused');

-- 3. Rates. -----------------------------------------------------------------

select is(vals.rate(r.hits, r.n), r.expected::jsonb, format('%s_of_%s', r.hits, r.n))
from (values
	(0, 0, '{"n":0,"value":null,"percent":null,"ci95":null}'), (1, 4, '{"n":4,"value":0.25,"percent":25,"ci95":[0.0456,0.6994]}'),
	(0, 10, '{"n":10,"value":0,"percent":0,"ci95":[0,0.2775]}'), (10, 10, '{"n":10,"value":1,"percent":100,"ci95":[0.7225,1]}'),
	(1, 3, '{"n":3,"value":0.3333,"percent":33.33,"ci95":[0.0615,0.7923]}'), (50, 100, '{"n":100,"value":0.5,"percent":50,"ci95":[0.4038,0.5962]}')
) as r (hits, n, expected);
select is(vals.deltas('{"a":5,"b":2.5,"c":1,"d":null,"e":"x"}', '{"a":7,"b":0.25,"d":3,"e":"y"}'), '{"a":-2,"b":2.25,"c":null,"d":null,"e":null}'::jsonb, 'differences_are_of_numbers');

-- 4. Calls: three days of June, and what lies just outside. -----------------

-- A finished call: when it began, the seconds of talk (null: nobody answered), and what else differs from an ordinary one.
create function test.call_at(_start timestamptz, _talk_s numeric, _more jsonb default '{}')
returns uuid
language plpgsql
as $$
declare
	_row vals.calls;
begin
	insert into vals.calls (lead_id, phone_number, kevin_available, start_time)
	values (coalesce((_more ->> 'lead_id')::uuid, test.lead()), '+12125550100', true, _start)
	returning * into _row;
	delete from vals.calls c where c.id = _row.id;
	_row := jsonb_populate_record(_row, jsonb_build_object('status', 'completed',
		'answered_at', case when _talk_s is not null then _start + interval '10 seconds' end,
		'end_time', _start + make_interval(secs => 10 + coalesce(_talk_s, 2))) || _more);
	insert into vals.calls select _row.*;
	return _row.id;
end
$$;
select test.call_at('2026-06-01T10:00:00Z', 100, '{"answered_by":"human","final_status":"closed","score":92,"score_peak":95,"score_at":"2026-06-01T10:01:00Z","transfer_attempted":true,
	"transfer_success":true,"agent_version":"v1"}') as won \gset
select test.call_at('2026-06-01T23:59:59Z', 20.9, '{"answered_by":"human","final_status":"not_interested","score":30,"score_at":"2026-06-02T00:00:00Z","agent_version":"v1"}') as lost \gset
select test.call_at('2026-06-02T00:00:00Z', null, '{"status":"no-answer","final_status":"no_answer","agent_version":"v1"}') as silent \gset
select test.call_at('2026-06-02T10:30:00Z', 5, '{"answered_by":"machine","final_status":"voicemail","agent_version":"v1"}') as machine \gset
select test.call_at('2026-06-03T12:00:00Z', 200, '{"final_status":"zoom_scheduled","score":58,"score_at":"2026-06-03T12:01:00Z","agent_version":"v2"}') as zoom \gset
select test.call_at('2026-06-03T13:00:00Z', null, '{"status":"failed","final_status":"failed","agent_version":"v2"}') as broken \gset
select test.call_at('2026-06-03T23:59:59.999Z', 0, '{"status":"in-progress","answered_by":"human","end_time":null,"agent_version":"v2"}') as live \gset
select test.call_at('2026-06-04T00:00:00Z', 50, '{"answered_by":"human","final_status":"closed"}') as after \gset
select test.call_at('2026-05-31T23:59:59.999Z', 50, '{"answered_by":"human","final_status":"follow_up"}') as before \gset
\set june '{"from":"2026-06-01","to":"2026-06-03","timezone":"UTC"}'

set local role vals_api;
create temporary table performance on commit drop as select api.agent_performance(test.who(), :'june')::jsonb as body;
reset role;
select is((select body -> 'calls' from performance), '{"total":7,"connected":4,"completed":3,"transferred":1,"finished":6,"successful":2}'::jsonb, 'calls_are_counted');
select is((select jsonb_object_agg(r.key, (r.value ->> 'percent') || ' of ' || (r.value ->> 'n')) from performance, jsonb_each(body -> 'rates') r),
	'{"connect":"57.14 of 7","completion":"75 of 4","transfer":"25 of 4","success":"33.33 of 6"}'::jsonb, 'each_rate_has_its_own_whole');
select is((select body #> '{rates,transfer}' from performance), vals.rate(1, 4), 'and_its_interval');
select is((select body -> 'durations' from performance), '{"avgSec":107,"p50Sec":100,"p95Sec":190}'::jsonb, 'durations_are_of_conversations');
select is((select body ->> 'avgEngagement' from performance), '60', 'engagement_is_the_mean_of_the_scores_there_are');
select is((select body #> '{comparison,previous,volume}' from performance), '{"total":1,"connected":1,"completed":1,"transferred":0,"finished":1,"successful":0}'::jsonb,
	'the_three_days_before_had_one_call');
select is((select body #> '{comparison,delta,volume}' from performance), '{"total":6,"connected":3,"completed":2,"transferred":1,"finished":5,"successful":2}'::jsonb, 'deltas_are_differences');
select is((select body #> '{comparison,delta,rates}' from performance), '{"connect":-42.86,"completion":-25,"transfer":25,"success":33.33}'::jsonb, 'those_of_rates_in_points');
select is((select jsonb_agg(jsonb_build_array(o -> 'finalStatus', o -> 'calls', o #> '{share,percent}')) from performance, jsonb_array_elements(body -> 'outcomes') o),
	'[["closed",1,16.67],["failed",1,16.67],["no_answer",1,16.67],["not_interested",1,16.67],["voicemail",1,16.67],["zoom_scheduled",1,16.67]]'::jsonb, 'outcomes_are_of_finished_calls');
select is((select body -> 'period' from performance), '{"from":"2026-06-01T00:00:00.000Z","to":"2026-06-04T00:00:00.000Z","timezone":"UTC"}'::jsonb, 'the_period_is_told');

-- By day, hour and week, and where days are cut elsewhere.
create function test.series(_filter text)
returns text
language sql
as $$
	select string_agg(concat_ws('/', s ->> 'date', s ->> 'calls', s ->> 'connected', s ->> 'completed', s ->> 'transfers', s ->> 'successful'), ' ' order by s ->> 'start')
		filter (where (s ->> 'calls')::int > 0 or _filter not like '%hour%')
	from json_array_elements(api.agent_performance(test.who(), _filter::jsonb) -> 'series') as s
$$;
select is(test.series(:'june'), '2026-06-01/2/2/2/1/1 2026-06-02/2/0/0/0/0 2026-06-03/3/2/1/0/1', 'a_call_belongs_to_the_day_it_began_on');
select is(test.series('{"from":"2026-06-01","to":"2026-06-03","timezone":"UTC","groupBy":"week"}'), '2026-06-01/7/4/3/1/2', 'a_week_has_them_all');
select is(test.series('{"from":"2026-06-01","to":"2026-06-03","timezone":"UTC","groupBy":"hour"}'),
	'2026-06-01T10:00/1/1/1/1/1 2026-06-01T23:00/1/1/1/0/0 2026-06-02T00:00/1/0/0/0/0 2026-06-02T10:00/1/0/0/0/0 2026-06-03T12:00/1/1/1/0/1 2026-06-03T13:00/1/0/0/0/0 2026-06-03T23:00/1/1/0/0/0',
	'by_hour');
select is(test.series('{"from":"2026-06-01","to":"2026-06-03","timezone":"Asia/Kolkata"}'), '2026-06-01/2/2/2/1/1 2026-06-02/3/1/1/0/0 2026-06-03/2/1/1/0/1', 'in_Kolkata_days_begin_earlier');
select is(test.series('{"from":"2026-05-31","to":"2026-06-03","timezone":"America/New_York","agentVersion":"v1"}'),
	'2026-05-31/0/0/0/0/0 2026-06-01/3/2/2/1/1 2026-06-02/1/0/0/0/0 2026-06-03/0/0/0/0/0', 'in_New_York_later_and_days_without_calls_are_there');
select test.call_at('2026-11-01T05:30:00Z', null, '{"status":"busy"}') as first_0130, test.call_at('2026-11-01T06:30:00Z', null, '{"status":"busy"}') as second_0130 \gset
select is(test.series('{"from":"2026-11-01","to":"2026-11-01","groupBy":"hour"}'), '2026-11-01T01:00/1/0/0/0/0 2026-11-01T01:00/1/0/0/0/0', 'an_hour_that_comes_twice_is_two');
select is((select count(*) from json_array_elements(api.agent_performance(test.who(), '{"from":"2026-03-08","to":"2026-03-08","groupBy":"hour"}') -> 'series'))::int, 23,
	'the_short_day_has_23_hours_to_count_in');
select is(api.agent_performance(test.who(), '{"from":"2026-06-01","to":"2026-06-03","timezone":"UTC","agentVersion":"v2"}')::jsonb -> 'calls',
	'{"total":3,"connected":2,"completed":1,"transferred":0,"finished":2,"successful":1}'::jsonb, 'a_version_is_counted_alone');

-- Phases: distinct calls that reached each.
insert into vals.call_phases (call_id, phase, entered_at, left_at, outcome)
values (:'won', 1, now(), now(), 'advanced'), (:'won', 9, now(), now(), 'objection'), (:'won', 8, now(), now(), 'advanced'), (:'won', 9, now(), now(), 'positive'), (:'won', 12, now(), null, null),
	(:'lost', 1, now(), now(), 'stalled'), (:'machine', 1, now(), now(), 'advanced'), (:'zoom', 1, now(), now(), 'positive'), (:'zoom', 9, now(), now(), 'stalled'), (:'live', 1, now(), null, null);
select is((select string_agg(concat_ws('/', p ->> 'phase', p ->> 'calls', p ->> 'completed', p #>> '{reached,percent}'), ' ')
	from json_array_elements(api.agent_performance(test.who(), :'june') -> 'phaseFunnel') p),
	'1/4/2/100 2/0/0/0 3/0/0/0 4/0/0/0 5/0/0/0 6/0/0/0 7/0/0/0 8/1/1/25 9/2/1/50 10/0/0/0 11/0/0/0 12/1/0/25', 'a_phase_counts_the_conversations_that_reached_it');

-- Nothing at all.
select is(api.agent_performance(test.who(), '{"from":"2020-01-01","to":"2020-01-01"}')::jsonb #> '{rates,connect}', vals.rate(0, 0), 'the_rates_of_no_calls_are_null');
select is(api.agent_performance(test.who(), '{"from":"2020-01-01","to":"2020-01-01"}')::jsonb -> 'durations', '{"avgSec":null,"p50Sec":null,"p95Sec":null}'::jsonb, 'so_are_their_durations');
select is(api.agent_performance(test.who(), '{"from":"2020-01-01","to":"2020-01-01"}')::jsonb #> '{outcomes}', '[]'::jsonb, 'there_are_no_outcomes');

-- 5. Performance. -----------------------------------------------------------

set local role vals_api;
create temporary table figures on commit drop as select api.analytics_performance(test.who(), :'june')::jsonb as body;
reset role;
select is((select body -> 'volume' from figures), (select body -> 'calls' from performance), 'the_volume_is_the_same_everywhere');
select is((select jsonb_build_array(body -> 'rates', body -> 'durations', body -> 'comparison') from figures),
	(select jsonb_build_array(body -> 'rates', body -> 'durations', body -> 'comparison') from performance), 'so_are_rates_durations_and_comparison');
select is((select string_agg(h ->> 'calls', ' ') from figures, jsonb_array_elements(body #> '{engagement,histogram}') h), '0 0 0 1 0 1 0 0 0 1', 'scores_are_counted_in_tens');
update vals.calls set score = 100 where id = :'won';
update vals.calls set score = 10 where id = :'lost';
select is((select string_agg(h ->> 'calls', ' ') from json_array_elements(vals.engagement_histogram('2026-06-01Z', '2026-06-04Z')) h), '0 1 0 0 0 1 0 0 0 1', 'ten_begins_a_ten_and_a_hundred_ends_the_last');
select is((select jsonb_array_length(body -> 'grid') from figures), 168, 'the_grid_has_every_hour_of_the_week');
select is((select string_agg(concat_ws('/', g ->> 'dayOfWeek', g ->> 'hour', g ->> 'calls', g ->> 'connected', g ->> 'successful'), ' ') from figures, jsonb_array_elements(body -> 'grid') g
	where (g ->> 'calls')::int > 0), '1/10/1/1/1 1/23/1/1/0 2/0/1/0/0 2/10/1/0/0 3/12/1/1/1 3/13/1/0/0 3/23/1/1/0', 'a_call_is_in_its_hour_of_its_day');
select is((select string_agg(concat_ws('/', g ->> 'dayOfWeek', g ->> 'hour'), ' ') from json_array_elements(vals.call_grid('Pacific/Auckland', '2026-06-01Z', '2026-06-02Z')) g
	where (g ->> 'calls')::int > 0), '1/22 2/11', 'by_the_clock_of_the_zone');

-- 6. Conversion. ------------------------------------------------------------

-- Leads that came in February, and the stages they went through.
create function test.lead_of(_created timestamptz, _source text, variadic _stages text[] default '{}')
returns uuid
language plpgsql
as $$
declare
	_id uuid := test.lead(jsonb_build_object('source', _source));
begin
	update vals.leads set created_at = _created, status = coalesce(_stages[cardinality(_stages)], 'new') where id = _id;
	insert into vals.lead_stages (lead_id, from_status, to_status, cause)
	select _id, 'new', s, 'manual'
	from unnest(_stages) as s;
	return _id;
end
$$;
select test.lead_of('2026-02-01T00:00:00Z', 'google') as l1, test.lead_of('2026-02-10T00:00:00Z', 'google', 'contacted') as l2,
	test.lead_of('2026-02-10T00:00:00Z', 'google', 'contacted', 'zoom_scheduled', 'hot_transfer', 'zoom_scheduled') as l3,
	test.lead_of('2026-02-10T00:00:00Z', 'referral', 'contacted', 'qualified', 'hot_transfer', 'closed', 'qualified') as l4,
	test.lead_of('2026-02-28T23:59:59Z', null, 'disqualified') as l5, test.lead_of('2026-03-01T00:00:00Z', 'google', 'contacted') as later,
	test.lead_of('2026-02-10T00:00:00Z', 'google', 'contacted', 'closed') as hidden, test.lead_of('2026-01-31T12:00:00Z', 'google', 'contacted', 'closed') as earlier \gset
select api.leads_delete(test.who(), :'hidden') \g /dev/null
\set february '{"from":"2026-02-01","to":"2026-02-28","timezone":"UTC"}'
set local role vals_api;
create temporary table conversion on commit drop as select api.analytics_conversion(test.who(), :'february')::jsonb as body;
reset role;
select is((select string_agg(concat_ws('/', f ->> 'stage', f ->> 'count', f ->> 'conversionRate', coalesce(f ->> 'dropOff', '-')), ' ') from conversion, jsonb_array_elements(body -> 'funnel') f),
	'new/5/100/40 contacted/3/60/33.33 qualified/1/20/0 hot_transfer/2/40/0 video_sent/0/0/- zoom_scheduled/1/20/100 closed/1/20/- disqualified/1/20/-',
	'a_lead_counts_in_every_stage_it_ever_reached');
select is((select jsonb_agg(jsonb_build_array(s -> 'source', s -> 'leads', s -> 'contacted', s -> 'won', s #> '{conversion,percent}')) from conversion, jsonb_array_elements(body -> 'bySource') s),
	'[["google",3,2,1,33.33],["referral",1,1,1,100],[null,1,0,0,0]]'::jsonb, 'by_source_the_largest_first');
select is((select body #> '{conversion,leads}' from conversion), vals.rate(2, 5), 'two_of_five_leads_were_won');
select is((select body #> '{comparison}' from conversion), '{"previous":{"calls":null,"leads":100},"delta":{"calls":null,"leads":-60}}'::jsonb, 'and_one_of_one_before');
select is((select jsonb_array_length(body -> 'byHour') from conversion), 24, 'every_hour_of_the_day_is_there');
select is((select string_agg(concat_ws('/', h ->> 'hour', h ->> 'calls', h ->> 'connected', h ->> 'successful', h #>> '{conversion,percent}'), ' ')
	from json_array_elements(api.analytics_conversion(test.who(), :'june') -> 'byHour') h where (h ->> 'calls')::int > 0),
	'0/1/0/0/0 10/2/1/1/50 12/1/1/1/100 13/1/0/0/0 23/2/2/0/0', 'the_same_hour_of_all_days_is_one');
select is((select jsonb_agg(jsonb_build_array(v -> 'agentVersion', v -> 'calls', v -> 'connected', v -> 'successful', v #> '{conversion,percent}'))
	from jsonb_array_elements(api.analytics_conversion(test.who(), :'june')::jsonb -> 'byAgentVersion') v), '[["v2",3,2,1,50],["v1",4,2,1,25]]'::jsonb, 'by_version_the_newest_first');

-- Missed: hot, over, and without Kevin.
select test.lead('{"firstName":"Hot","lastName":"Lead"}') as hot \gset
create function test.missed(_more jsonb)
returns uuid
language sql
as $$
	select test.call_at('2026-04-01T10:00:00Z', 60, '{"answered_by":"human","score_peak":85}' || _more)
$$;
select test.missed('{"kevin_available":false,"end_reason":"lead_hangup"}') as m1, test.missed('{"end_reason":"lead_hangup"}') as m2, test.missed('{}') as m3,
	test.missed('{"transfer_attempted":true,"transfer_success":false,"score_peak":99}') as m4, test.missed('{"transfer_attempted":true,"transfer_success":false}') as m5,
	test.missed(jsonb_build_object('lead_id', :'hot', 'start_time', '2026-04-01T11:00:00Z', 'end_time', '2026-04-01T11:05:00Z')) as m6,
	test.missed('{"score_peak":84.99}') as not_hot, test.missed('{"transfer_attempted":true,"transfer_success":true}') as joined, test.missed('{"end_time":null,"status":"in-progress"}') as not_over \gset
insert into vals.transfers (call_id, lead_id, attempt, state, ended_at)
select c.id, c.lead_id, a.attempt, a.state, now()
from vals.calls c cross join (values (1, 'busy'), (2, 'no_answer')) as a (attempt, state)
where c.id = :'m5';
set local role vals_api;
create temporary table missed on commit drop as select api.analytics_conversion(test.who(), '{"from":"2026-04-01","to":"2026-04-01"}')::jsonb -> 'missedOpportunities' as body;
reset role;
select is((select body -> 'total' from missed), '6'::jsonb, 'from_85_on_it_was_an_opportunity');
select is((select jsonb_object_agg(r ->> 'reason', r -> 'calls') from missed, jsonb_array_elements(body -> 'byReason') r),
	'{"kevin_unavailable":1,"lead_hung_up":1,"not_attempted":2,"transfer_failed":1,"transfer_no_answer":1}'::jsonb, 'why_it_was_missed');
select is((select body #>> '{byReason,0,reason}' from missed), 'not_attempted', 'the_most_frequent_reason_first');
select is((select body #> '{latest,0}' from missed), jsonb_build_object('callId', :'m6', 'leadId', :'hot', 'leadName', 'Hot Lead', 'startTime', '2026-04-01T11:00:00.000Z', 'peak', 85,
	'reason', 'not_attempted'), 'the_latest_are_named');

-- 7. Dashboard. -------------------------------------------------------------

delete from vals.call_phases;
delete from vals.transfers;
delete from vals.calls;
delete from vals.lead_stages;
delete from vals.event_log;
delete from vals.leads;
update vals.kevin set override_available = true, override_until = null;
select test.lead_of('2026-05-01T00:00:00Z', 'google') as old, test.lead_of('2026-06-02T00:00:00Z', 'google', 'contacted') as fresh, test.lead_of('2026-05-02T00:00:00Z', 'google') as gone \gset
update vals.leads set deleted_at = '2026-06-03T10:00:00Z' where id = :'gone';
select test.call_at('2026-06-04T09:00:00Z', 30, jsonb_build_object('lead_id', :'old', 'final_status', 'closed')) as c1,
	test.call_at('2026-06-04T10:59:00Z', 30, jsonb_build_object('lead_id', :'old', 'final_status', 'follow_up')) as c2,
	test.call_at('2026-06-03T10:59:00Z', 30, jsonb_build_object('lead_id', :'old', 'final_status', 'callback')) as c3,
	test.call_at('2026-06-03T11:01:00Z', 30, jsonb_build_object('lead_id', :'old', 'final_status', 'callback')) as c4,
	test.call_at('2026-05-28T10:59:50Z', 60, jsonb_build_object('lead_id', :'old', 'final_status', 'zoom_scheduled')) as c5,
	test.call_at('2026-06-04T10:59:30Z', 1, jsonb_build_object('lead_id', :'fresh', 'status', 'in-progress', 'end_time', null)) as c6 \gset
\set week '{"to":"2026-06-04T11:00:00Z","timezone":"UTC"}'
set local role vals_api;
create temporary table board on commit drop as select api.analytics_dashboard(test.who(), :'week')::jsonb as body;
reset role;
select is((select body -> 'summary' from board), '{"activeCalls":1,"dailyTotal":3,"totalCalls":5,"totalLeads":2,"conversionRate":25,"beastModeProgress":0,"kevinAvailable":true,
	"previous":{"activeCalls":1,"dailyTotal":1,"totalCalls":1,"totalLeads":2,"conversionRate":100,"beastModeProgress":0},
	"delta":{"activeCalls":0,"dailyTotal":2,"totalCalls":4,"totalLeads":0,"conversionRate":-75,"beastModeProgress":0}}'::jsonb, 'the_summary_beside_the_week_before');
select is((select string_agg(concat_ws('/', t ->> 'date', t ->> 'calls', t ->> 'transfers'), ' ') from board, jsonb_array_elements(body #> '{trends,calls}') t),
	'2026-05-29/0/0 2026-05-30/0/0 2026-05-31/0/0 2026-06-01/0/0 2026-06-02/0/0 2026-06-03/2/0 2026-06-04/3/0', 'the_trend_has_every_day');
select is((select body #>> '{funnel,1,count}' from board), '1', 'the_funnel_is_of_the_leads_of_the_period');
select is((select jsonb_path_query_array(body, '$.recentCalls[*].id') from board), jsonb_build_array(:'c6', :'c2', :'c1', :'c4', :'c3', :'c5'), 'recent_calls_come_newest_first');
select ok((select body ? 'asOf' from board), 'it_says_when_it_was_true');

-- The stored one.
delete from vals.dashboard;
set local role vals_run;
select ok(run.refresh(), 'the_runner_makes_it');
select ok(not run.refresh(), 'and_not_again_at_once');
set local role vals_api;
select is(api.analytics_dashboard(test.who(), '{}') ->> 'asOf', vals_now.iso, 'who_asks_for_nothing_special_gets_it')
from (select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as iso) vals_now;
reset role;
update vals.dashboard set body = '{"is":"stored"}', as_of = now() - interval '5 seconds';
select is(api.analytics_dashboard(test.who(), '{}') ->> 'is', 'stored', 'without_counting_again');
select is(api.analytics_dashboard(test.who(), '{"timezone":"UTC"}') ->> 'is', null, 'a_question_is_counted');
update vals.dashboard set as_of = now() - interval '16 seconds';
select is(api.analytics_dashboard(test.who(), '{}') ->> 'is', null, 'one_that_no_runner_keeps_is_not_shown');
select ok(run.refresh(), 'a_runner_that_comes_back_makes_it_anew');
select is((select body ->> 'is' from vals.dashboard), null, 'in_its_place');

-- What is told of it.
create function test.metrics()
returns jsonb
language sql
as $$
	select jsonb_agg(e.payload - 'timestamp' order by e.id) from vals.event_log e where e.kind = 'dashboard.metrics'
$$;
create function test.refresh()
returns boolean
language plpgsql
as $$
begin
	delete from vals.event_log;
	update vals.dashboard set as_of = now() - interval '5 seconds';
	return run.refresh();
end
$$;
select is(test.metrics() -> -1, (select (body -> 'summary')::jsonb - array['previous', 'delta'] from vals.dashboard), 'all_figures_are_told_where_none_were_known');
select ok(test.refresh(), 'it_is_made_anew_though_nothing_happened');
select is(test.metrics(), null, 'of_figures_that_stay_nobody_is_told');
select test.lead_of('2026-05-03T00:00:00Z', 'google') as another \gset
update vals.kevin set override_available = false;
select ok(test.refresh(), 'it_is_made_anew_when_something_happened');
select is(test.metrics(), '[{"totalLeads":3,"kevinAvailable":false}]'::jsonb, 'the_figures_that_changed_are_told_and_no_others');
select ok(not run.refresh(), 'a_second_runner_is_too_early');
select is(jsonb_array_length(test.metrics()), 1, 'and_tells_nothing');

select * from finish();
rollback;
