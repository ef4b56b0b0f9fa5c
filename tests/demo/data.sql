-- data.sql - a believable month for the demo
--
--   psql -v ON_ERROR_STOP=1 -f data.sql
--
-- About 400 invented leads with fictional numbers (555-01xx) and some 4,000
-- finished calls of the last 30 days, with phases, engagement reports, transfers, outcomes and the
-- lead stages that follow from them; Kevin's week. Everything is relative to now() and otherwise the
-- same each time: chance is a hash. Does nothing when there are leads already.
-- Run it as the owner of the tables, in a migrated database.
--
-- Each call is drawn in the order of time with the lead's stage before it, so that no history holds a
-- move the rules forbid.

\set ON_ERROR_STOP on
\set QUIET on
set client_min_messages = warning;

select exists (select from vals.leads) as has_leads \gset
\if :has_leads
\echo 'demo data: there are leads already, nothing done'
\quit
\endif

begin;

-- 1. Chance ----------------------------------------------------------------

-- A number in [0, 1) that belongs to the key.
create function pg_temp.chance(_key text)
returns double precision
language sql immutable parallel safe
as $$
	select (hashtextextended(_key, 20250101) & 2147483647) / 2147483648.0::double precision
$$;

-- One of the choices; name one several times to make it likelier.
create function pg_temp.pick(_key text, variadic _choices text[])
returns text
language sql immutable parallel safe
as $$
	select _choices[1 + floor(pg_temp.chance(_key) * cardinality(_choices))::int]
$$;

create function pg_temp.between(_key text, _from double precision, _to double precision)
returns double precision
language sql immutable parallel safe
as $$
	select _from + pg_temp.chance(_key) * (_to - _from)
$$;

-- The uuid (version 4 in form) that belongs to the key.
create function pg_temp.id_of(_key text)
returns uuid
language sql immutable parallel safe
as $$
	select overlay(overlay(md5(_key) placing '4' from 13) placing '8' from 17)::uuid
$$;

-- 2. Kevin -----------------------------------------------------------------

-- Whoever looks at the demo, at whatever hour, finds him available.
update vals.kevin
set override_available = true, override_reason = 'Demo', override_until = null, updated_at = now();

delete from vals.kevin_slots;
insert into vals.kevin_slots (day_of_week, start_time, end_time)
select day, hours.start_time, hours.end_time
from generate_series(1, 5) as day
	cross join (values (time '09:00', time '12:30'), (time '13:15', time '17:30')) as hours (start_time, end_time)
union all
values (6, time '10:00', time '13:00');

insert into vals.kevin_exceptions (date, available, start_time, end_time, note)
values (current_date + 9, false, null, null, 'Day off'),
	(current_date + 16, true, '12:00', '20:00', 'Late shift')
on conflict (date) do nothing;

-- 3. Leads -----------------------------------------------------------------

create temporary table demo_areas (
	number integer generated always as identity (start with 0 minvalue 0),
	area text,
	state text,
	city text,
	timezone text
) on commit drop;
insert into demo_areas (area, state, city, timezone)
values ('212', 'NY', 'New York', 'America/New_York'), ('312', 'IL', 'Chicago', 'America/Chicago'),
	('213', 'CA', 'Los Angeles', 'America/Los_Angeles'), ('303', 'CO', 'Denver', 'America/Denver'),
	('404', 'GA', 'Atlanta', 'America/New_York'), ('512', 'TX', 'Austin', 'America/Chicago'),
	('602', 'AZ', 'Phoenix', 'America/Phoenix'), ('617', 'MA', 'Boston', 'America/New_York'),
	('713', 'TX', 'Houston', 'America/Chicago'), ('206', 'WA', 'Seattle', 'America/Los_Angeles'),
	('305', 'FL', 'Miami', 'America/New_York'), ('406', 'MT', 'Billings', 'America/Denver'),
	('614', 'OH', 'Columbus', 'America/New_York'), ('503', 'OR', 'Portland', 'America/Los_Angeles'),
	('615', 'TN', 'Nashville', 'America/Chicago'), ('704', 'NC', 'Charlotte', 'America/New_York'),
	('612', 'MN', 'Minneapolis', 'America/Chicago'), ('702', 'NV', 'Las Vegas', 'America/Los_Angeles'),
	('215', 'PA', 'Philadelphia', 'America/New_York'), ('314', 'MO', 'St. Louis', 'America/Chicago'),
	('801', 'UT', 'Salt Lake City', 'America/Denver'), ('605', 'SD', 'Sioux Falls', 'America/Chicago'),
	('317', 'IN', 'Indianapolis', 'America/Indiana/Indianapolis'), ('313', 'MI', 'Detroit', 'America/Detroit'),
	('504', 'LA', 'New Orleans', 'America/Chicago'), ('414', 'WI', 'Milwaukee', 'America/Chicago'),
	('619', 'CA', 'San Diego', 'America/Los_Angeles'), ('804', 'VA', 'Richmond', 'America/New_York'),
	('405', 'OK', 'Oklahoma City', 'America/Chicago'), ('505', 'NM', 'Albuquerque', 'America/Denver'),
	('502', 'KY', 'Louisville', 'America/Kentucky/Louisville'), ('701', 'ND', 'Fargo', 'America/Chicago'),
	('410', 'MD', 'Baltimore', 'America/New_York'), ('407', 'FL', 'Orlando', 'America/New_York'),
	('816', 'MO', 'Kansas City', 'America/Chicago'), ('402', 'NE', 'Omaha', 'America/Chicago'),
	('208', 'ID', 'Boise', 'America/Boise'), ('515', 'IA', 'Des Moines', 'America/Chicago'),
	('860', 'CT', 'Hartford', 'America/New_York'), ('307', 'WY', 'Cheyenne', 'America/Denver');

-- Forty areas, ten leads each. Last two digits 06 to 99, but for every 27th lead 01 to 05, which the
-- simulator does not let answer. 37 has no factor in common with 94: no number comes twice in an area.
create temporary table demo_leads on commit drop as
select n as number,
	pg_temp.id_of('lead ' || n) as id,
	pg_temp.pick('first name ' || n, 'Ada', 'Aaron', 'Alicia', 'Andre', 'Angela', 'Beatrice', 'Ben', 'Bianca', 'Brandon', 'Camila', 'Carl',
		'Celeste', 'Darius', 'Delia', 'Derek', 'Diana', 'Elena', 'Elliot', 'Esther', 'Felix', 'Fiona', 'Frank', 'Gina', 'Gordon', 'Hannah', 'Hector',
		'Ingrid', 'Isaac', 'Jada', 'Jerome', 'Joan', 'Julian', 'Kara', 'Keith', 'Lena', 'Leon', 'Lydia', 'Marcus', 'Maya', 'Miguel', 'Nadia',
		'Nathan', 'Nora', 'Omar', 'Paula', 'Peter', 'Priya', 'Quentin', 'Rachel', 'Ramon', 'Rosa', 'Samuel', 'Selma', 'Theo', 'Tina', 'Victor',
		'Wanda', 'Wesley', 'Yara', 'Zoe') as first_name,
	pg_temp.pick('last name ' || n, 'Abbott', 'Alvarez', 'Archer', 'Barlow', 'Bauer', 'Bishop', 'Boyd', 'Calloway', 'Carver', 'Castillo',
		'Conway', 'Dalton', 'Delgado', 'Dixon', 'Drummond', 'Ellison', 'Espinoza', 'Fairbanks', 'Ferris', 'Fontaine', 'Garner', 'Gibbs', 'Granger',
		'Hadley', 'Hale', 'Hendricks', 'Holloway', 'Ibarra', 'Ingram', 'Jarvis', 'Keller', 'Kendrick', 'Lambert', 'Langley', 'Lockhart', 'Maddox',
		'Marlow', 'Mercer', 'Monroe', 'Navarro', 'Norwood', 'Okafor', 'Osborne', 'Pacheco', 'Palmer', 'Prescott', 'Quigley', 'Ramsey', 'Redmond',
		'Rhodes', 'Salazar', 'Sawyer', 'Shepard', 'Sinclair', 'Stafford', 'Tanner', 'Thornton', 'Underwood', 'Vance', 'Vega', 'Walsh', 'Whitaker',
		'Winslow', 'Yates', 'Zamora') as last_name,
	'+1' || a.area || '55501' || lpad((case when n % 27 = 0 then 1 + n / 40 % 5 else 6 + (n / 40 * 37 + a.number * 11) % 94 end)::text, 2, '0')
		as phone,
	a.state, a.city, a.timezone,
	-- They came over ten weeks; the newest this very day.
	now() - make_interval(secs => 600 + pg_temp.chance('created ' || n) * 70 * 86400) as created_at,
	pg_temp.pick('source ' || n, 'facebook', 'facebook', 'facebook', 'google', 'google', 'referral', 'organic', 'organic', 'import') as source,
	-- How open for the offer: moves everything that is drawn for the lead.
	pg_temp.chance('warmth ' || n) as warmth
from generate_series(0, 399) as n
	join demo_areas a on a.number = n % 40;

-- 4. Calls -----------------------------------------------------------------

-- When somebody tried to call: the lead's own morning, noon and evening, seldom on Saturday, never on Sunday.
create temporary table demo_attempts on commit drop as
select l.number as lead_number, t.key, (day.wall + t.clock) at time zone l.timezone as start_time
from demo_leads l
	cross join lateral generate_series(1, 15 + floor(pg_temp.chance('attempts ' || l.number) * 23)::int) as n
	cross join lateral (
		select l.number || '/' || n as key,
			make_interval(secs => 3600 * case pg_temp.pick('shift ' || l.number || '/' || n, 'morning', 'morning', 'noon', 'evening', 'evening', 'evening')
				when 'morning' then 9.25 + 2.5 * pg_temp.chance('clock ' || l.number || '/' || n)
				when 'noon' then 12 + 4.5 * pg_temp.chance('clock ' || l.number || '/' || n)
				else 16.5 + 3.4 * pg_temp.chance('clock ' || l.number || '/' || n)
			end) as clock
	) t
	cross join lateral (
		select date_trunc('day', (now() at time zone l.timezone)) - make_interval(days => floor(pg_temp.chance('day ' || t.key) * 30)::int) as wall
	) day
where extract(dow from day.wall) <> 0
	and (extract(dow from day.wall) <> 6 or pg_temp.chance('saturday ' || t.key) < 0.35);

delete from demo_attempts a
using demo_leads l
where l.number = a.lead_number
	and (a.start_time < l.created_at + interval '5 minutes' or a.start_time > now() - interval '20 minutes');

create temporary table demo_calls (
	id uuid,
	lead_number integer,
	key text,
	start_time timestamptz,
	answered_at timestamptz,
	end_time timestamptz,
	status text,
	final_status text,
	end_reason text,
	answered_by text,
	kevin_available boolean,
	character text,
	hangup_cause text
) on commit drop;

create temporary table demo_stages (
	lead_number integer,
	from_status text,
	to_status text,
	cause text,
	changed_at timestamptz
) on commit drop;

-- Whether Kevin's weekly hours have him at work.
create function pg_temp.kevin_works(_at timestamptz)
returns boolean
language sql stable
as $$
	select exists (
		select
		from vals.kevin k
			join vals.kevin_slots s on s.day_of_week = extract(dow from _at at time zone k.timezone)
		where (_at at time zone k.timezone)::time >= s.start_time
			and (_at at time zone k.timezone)::time < s.end_time)
$$;

-- What a conversation with a person comes to.
create function pg_temp.outcome(_key text, _character text, _kevin boolean)
returns text
language sql immutable
as $$
	select case _character
		when 'hot' then case
			when _kevin and pg_temp.chance('transfer ' || _key) < 0.62 then 'hot_transfer'
			else pg_temp.pick('outcome ' || _key, 'zoom_scheduled', 'zoom_scheduled', 'follow_up', 'video_sent', 'callback')
		end
		when 'warm' then pg_temp.pick('outcome ' || _key, 'video_sent', 'video_sent', 'follow_up', 'follow_up', 'callback')
		when 'objecting' then pg_temp.pick('outcome ' || _key, 'follow_up', 'follow_up', 'video_sent', 'not_interested', 'not_interested', 'callback')
		when 'fading' then pg_temp.pick('outcome ' || _key, 'callback', 'not_interested', 'not_interested')
		else pg_temp.pick('outcome ' || _key, 'not_interested', 'not_interested', 'not_interested', 'not_interested', 'not_interested',
			'disqualified', 'do_not_call')
	end
$$;

-- Add the call of an attempt; what becomes of it depends on chance and on how warm the lead is.
create function pg_temp.draw_call(_key text, _lead_number integer, _start timestamptz, _warmth double precision, _known boolean)
returns demo_calls
language plpgsql
as $$
declare
	_call demo_calls;
	_luck double precision := pg_temp.chance('answer ' || _key) - case when _known then 0.1 else 0 end;
	_mood double precision := 0.55 * pg_temp.chance('mood ' || _key) + 0.45 * _warmth;
	_ring_s double precision := pg_temp.between('ring ' || _key, 4, 22);
	_talk_s double precision;
begin
	_call.id := pg_temp.id_of('call ' || _key);
	_call.lead_number := _lead_number;
	_call.key := _key;
	_call.start_time := _start;
	_call.kevin_available := pg_temp.kevin_works(_start);

	if _luck >= 0.38 then
		return pg_temp.draw_unanswered(_call, _luck, _ring_s);
	end if;
	_call.character := case when _mood > 0.72 then 'hot' when _mood > 0.55 then 'warm' when _mood > 0.42 then 'objecting'
		when _mood > 0.28 then 'fading' else 'cold' end;
	_talk_s := case _call.character
		when 'hot' then pg_temp.between('talk ' || _key, 280, 900)
		when 'warm' then pg_temp.between('talk ' || _key, 180, 480)
		when 'objecting' then pg_temp.between('talk ' || _key, 150, 420)
		when 'fading' then pg_temp.between('talk ' || _key, 50, 150)
		else pg_temp.between('talk ' || _key, 12, 60)
	end;
	_call.answered_by := 'human';
	_call.answered_at := _start + make_interval(secs => _ring_s);
	_call.end_time := _call.answered_at + make_interval(secs => _talk_s);
	_call.status := 'completed';
	_call.hangup_cause := 'normal_clearing';
	_call.final_status := pg_temp.outcome(_key, _call.character, _call.kevin_available);
	_call.end_reason := case
		when _call.final_status = 'hot_transfer' then pg_temp.pick('end ' || _key, 'kevin_hangup', 'lead_hangup')
		when _call.character in ('cold', 'fading') then pg_temp.pick('end ' || _key, 'lead_hangup', 'lead_hangup', 'lead_hangup', 'agent_hangup')
		else pg_temp.pick('end ' || _key, 'agent_hangup', 'agent_hangup', 'lead_hangup')
	end;
	return _call;
end
$$;

-- The rest of a call nobody took part in: a machine, silence, a refusal.
create function pg_temp.draw_unanswered(_call demo_calls, _luck double precision, _ring_s double precision)
returns demo_calls
language plpgsql
as $$
begin
	case
		when _luck < 0.64 then
			_call.answered_by := 'machine'; _call.status := 'completed'; _call.final_status := 'voicemail'; _call.end_reason := 'voicemail';
			_call.hangup_cause := 'normal_clearing';
			_call.answered_at := _call.start_time + make_interval(secs => 10 + _ring_s);
		when _luck < 0.88 then
			_call.status := 'no-answer'; _call.final_status := 'no_answer'; _call.end_reason := 'no_answer'; _call.hangup_cause := 'no_answer';
		when _luck < 0.945 then
			_call.status := 'busy'; _call.final_status := 'busy'; _call.end_reason := 'busy'; _call.hangup_cause := 'user_busy';
		when _luck < 0.985 then
			_call.status := 'failed'; _call.final_status := 'failed'; _call.end_reason := 'rejected'; _call.hangup_cause := 'call_rejected';
		else
			_call.status := 'failed'; _call.final_status := 'failed'; _call.end_reason := 'carrier_error'; _call.hangup_cause := 'unspecified';
	end case;
	_call.end_time := case _call.status
		when 'completed' then _call.answered_at + make_interval(secs => pg_temp.between('machine ' || _call.key, 3, 6))
		when 'no-answer' then _call.start_time + interval '30.6 seconds'
		else _call.start_time + make_interval(secs => pg_temp.between('refusal ' || _call.key, 2, 9))
	end;
	return _call;
end
$$;

-- Note a move of a lead, if it is one and legal; returns the stage the lead is in then.
create function pg_temp.move(_lead_number integer, _from text, _to text, _cause text, _at timestamptz)
returns text
language plpgsql
as $$
begin
	perform from vals.lead_transitions t
	where t.from_status = _from
		and t.to_status = _to
		and not t.is_reopening;
	if not found or _at > now() then
		return _from;
	end if;
	insert into demo_stages (lead_number, from_status, to_status, cause, changed_at)
	values (_lead_number, _from, _to, _cause, _at);
	return _to;
end
$$;

-- What people do with a lead after a call: Kevin after a transfer, the office after a good talk.
create function pg_temp.move_afterwards(_call demo_calls, _stage text)
returns text
language plpgsql
as $$
declare
	_at timestamptz := _call.end_time + make_interval(mins => 10 + floor(100 * pg_temp.chance('later ' || _call.key))::int);
	_luck double precision := pg_temp.chance('afterwards ' || _call.key);
begin
	if _stage = 'hot_transfer' then
		return pg_temp.move(_call.lead_number, _stage, case when _luck < 0.34 then 'closed' when _luck < 0.62 then 'zoom_scheduled'
			when _luck < 0.86 then 'qualified' end, 'transfer-outcome', _at);
	end if;
	if _stage = 'contacted' and _call.final_status = 'follow_up' and _luck < 0.4 then
		return pg_temp.move(_call.lead_number, _stage, 'qualified', 'manual', _at);
	end if;
	if _stage = 'zoom_scheduled' and _call.final_status = 'zoom_scheduled' and _luck < 0.22 then
		return pg_temp.move(_call.lead_number, _stage, 'closed', 'manual', _at + interval '2 days');
	end if;
	return _stage;
end
$$;

-- A lead's calls in the order of time, and the stages they lead through. No two within three hours;
-- none any more once the matter is settled.
create function pg_temp.draw_history(_lead demo_leads)
returns void
language plpgsql
as $$
declare
	_attempt demo_attempts;
	_call demo_calls;
	_stage text := 'new';
	_free_at timestamptz := '-infinity';
begin
	insert into demo_stages (lead_number, from_status, to_status, cause, changed_at)
	values (_lead.number, null, 'new', 'created', _lead.created_at);

	for _attempt in
		select a.*
		from demo_attempts a
		where a.lead_number = _lead.number
		order by a.start_time
	loop
		continue when _attempt.start_time < _free_at;
		_call := pg_temp.draw_call(_attempt.key, _lead.number, _attempt.start_time, _lead.warmth, _stage <> 'new');
		insert into demo_calls select _call.*;
		_free_at := _call.end_time + interval '3 hours';

		if _call.answered_by = 'human' then
			_stage := pg_temp.move(_lead.number, _stage, 'contacted', 'call', _call.answered_at);
			_stage := pg_temp.move(_lead.number, _stage, _call.final_status, 'call', _call.end_time);
			_stage := pg_temp.move_afterwards(_call, _stage);
		end if;
		exit when _stage in ('closed', 'disqualified') or _call.final_status = 'do_not_call';
	end loop;
end
$$;

create index on demo_attempts (lead_number, start_time);
analyze demo_attempts;

do $$
begin
	perform pg_temp.draw_history(l) from demo_leads l;
end
$$;

-- 5. Phases and engagement -------------------------------------------------

-- The way through the script: forward; who objects is led back once, and others stop early.
create temporary table demo_phases on commit drop as
with paths as (
	select c.*, case c.character
		when 'hot' then array[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
		when 'warm' then (array[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])[1:9 + floor(4 * pg_temp.chance('last ' || c.key))::int]
		when 'objecting' then (array[1, 2, 3, 4, 5, 6, 7, 9, 8, 9, 10, 12])[1:9 + floor(4 * pg_temp.chance('last ' || c.key))::int]
		when 'fading' then (array[1, 2, 3, 4, 5, 6, 7, 8])[1:4 + floor(5 * pg_temp.chance('last ' || c.key))::int]
		when 'cold' then (array[1, 2, 3, 4])[1:1 + floor(4 * pg_temp.chance('last ' || c.key))::int]
		else array[1]
	end as path
	from demo_calls c
), steps as (
	select p.id as call_id, p.key, p.character, p.start_time, p.answered_at, p.end_time, cardinality(p.path) as count, s.phase, s.step,
		sum(0.4 + pg_temp.chance('length ' || p.key || s.step)) over call_steps as upto,
		sum(0.4 + pg_temp.chance('length ' || p.key || s.step)) over (partition by p.id) as total
	from paths p
		cross join lateral unnest(p.path) with ordinality as s (phase, step)
	window call_steps as (partition by p.id order by s.step)
), timed as (
	select s.*, coalesce(s.answered_at, s.end_time) + (s.end_time - coalesce(s.answered_at, s.end_time)) * (s.upto / s.total) as left_at
	from steps s
)
select t.call_id, t.key, t.character, t.phase::smallint, t.step, t.answered_at, t.end_time, t.left_at,
	coalesce(lag(t.left_at) over (partition by t.call_id order by t.step), t.start_time) as entered_at,
	case
		when t.step = t.count then null
		when t.character = 'objecting' and t.phase = 9 then 'objection'
		when t.character in ('fading', 'cold') and pg_temp.chance('phase ' || t.key || t.step) < 0.45 then 'stalled'
		when t.character in ('hot', 'warm') and pg_temp.chance('phase ' || t.key || t.step) < 0.35 then 'positive'
		else 'advanced'
	end as outcome
from timed t;

-- The score along a conversation, 0 to 100; share is how much of it is over.
create function pg_temp.height(_character text, _share double precision)
returns double precision
language sql immutable parallel safe
as $$
	select case _character
		when 'hot' then case when _share < 0.5 then 46 + 84 * _share else 88 + 6 * (_share - 0.5) end
		when 'warm' then case when _share < 0.7 then 44 + 48 * _share else 77.6 - 8 * (_share - 0.7) end
		when 'objecting' then case when _share < 0.4 then 47 + 60 * _share when _share < 0.6 then 71 - 95 * (_share - 0.4)
			else 52 + 62 * (_share - 0.6) end
		when 'fading' then 54 - 26 * _share
		else 38 - 22 * _share
	end
$$;

create temporary table demo_reports on commit drop as
select p.call_id, p.phase, r.reported_at, r.key,
	round(least(99.5, greatest(2, pg_temp.height(p.character, extract(epoch from r.reported_at - p.answered_at)
		/ extract(epoch from p.end_time - p.answered_at)) + 7 * (pg_temp.chance('noise ' || r.key) - 0.5)
		+ 8 * (pg_temp.chance('level ' || p.call_id) - 0.5)))::numeric, 2) as score
from demo_phases p
	cross join lateral generate_series(1, 1 + floor(2.2 * pg_temp.chance('reports ' || p.key || p.step))::int) as n
	cross join lateral (
		select p.key || '.' || p.step || '.' || n as key,
			greatest(p.entered_at, p.answered_at)
				+ (p.left_at - greatest(p.entered_at, p.answered_at)) * pg_temp.between('moment ' || p.key || p.step || n, 0.15, 0.95) as reported_at
	) r
where p.character is not null;
create index on demo_reports (call_id);
analyze demo_reports, demo_calls, demo_stages;

-- 6. Into the tables -------------------------------------------------------

create temporary table demo_results on commit drop as
select l.number,
	(select s.to_status from demo_stages s where s.lead_number = l.number order by s.changed_at desc, s.from_status is null limit 1) as status,
	(select max(s.changed_at) from demo_stages s where s.lead_number = l.number) as changed_at,
	max(c.answered_at) filter (where c.answered_by = 'human') as last_contacted,
	max(c.end_time) as last_end,
	coalesce(bool_or(c.final_status = 'do_not_call'), false) as do_not_call,
	coalesce(bool_or(c.final_status = 'hot_transfer'), false) as met_kevin,
	(array_agg(c.final_status order by c.start_time desc) filter (where c.answered_by = 'human'))[1] as last_outcome,
	max(r.score) as peak
from demo_leads l
	left join demo_calls c on c.lead_number = l.number
	left join lateral (select max(e.score) as score from demo_reports e where e.call_id = c.id) r on true
group by l.number;

insert into vals.leads (id, first_name, last_name, phone, email, source, initial_interest, qualification_score, status, timezone, state,
	city, current_income_range, desired_income_range, time_availability, experience_level, kevin_notes, kevin_rating, relationship_strength,
	do_not_call, consent, tags, custom_fields, last_contacted, next_followup, version, created_at, updated_at)
select l.id, l.first_name, l.last_name, l.phone,
	lower(l.first_name || '.' || l.last_name) || l.number || '@' || pg_temp.pick('mail ' || l.number, 'example.com', 'example.net', 'example.org'),
	l.source,
	pg_temp.pick('interest ' || l.number, 'Second income', 'Work from home', 'Career change', 'Financial freedom', 'Own business', 'Pay off debts'),
	least(100, floor(case when r.peak is null then 0 else 0.55 * r.peak + 40 * l.warmth end))::int,
	r.status, l.timezone, l.state, l.city,
	pg_temp.pick('income ' || l.number, 'under_25k', '25k_50k', '25k_50k', '50k_75k', '50k_75k', '75k_plus'),
	pg_temp.pick('wish ' || l.number, '50k_75k', '75k_100k', '100k_plus'),
	pg_temp.pick('time ' || l.number, 'Evenings', 'Weekends', 'Part time', 'Full time', 'Mornings'),
	pg_temp.pick('experience ' || l.number, 'beginner', 'beginner', 'some_experience', 'experienced', 'expert'),
	case when r.met_kevin then pg_temp.pick('note ' || l.number, 'Good talk, knows what she or he wants.', 'Needs numbers before deciding.',
		'Wants the partner in the next talk.', 'Ready to start, paperwork sent.') end,
	case when r.met_kevin then 5 + floor(6 * pg_temp.chance('rating ' || l.number))::int end,
	case when r.met_kevin then pg_temp.pick('relationship ' || l.number, 'strong', 'growing', 'new') end,
	r.do_not_call,
	json_build_object('given', true, 'at', to_char(l.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'source', 'web form'),
	to_jsonb(array_remove(array[
		case when pg_temp.chance('tag a ' || l.number) < 0.3 then 'webinar' end,
		case when pg_temp.chance('tag b ' || l.number) < 0.2 then 'newsletter' end,
		case when l.source = 'referral' then 'recommended' end], null)),
	jsonb_build_object('campaign', pg_temp.pick('campaign ' || l.number, 'home-office', 'second-income', 'fresh-start')),
	r.last_contacted,
	case when r.last_outcome in ('follow_up', 'callback', 'video_sent') and r.status not in ('closed', 'disqualified') and not r.do_not_call
		then date_trunc('hour', now()) + make_interval(hours => 4 + floor(120 * pg_temp.chance('followup ' || l.number))::int) end,
	(select count(*) from demo_stages s where s.lead_number = l.number),
	l.created_at,
	greatest(l.created_at, r.changed_at, r.last_end)
from demo_leads l
	join demo_results r on r.number = l.number
order by l.created_at;

insert into vals.lead_stages (lead_id, from_status, to_status, cause, changed_at)
select l.id, s.from_status, s.to_status, s.cause, s.changed_at
from demo_stages s
	join demo_leads l on l.number = s.lead_number
order by s.changed_at;

insert into vals.calls (id, lead_id, phone_number, start_time, answered_at, end_time, status, final_status, end_reason, answered_by,
	kevin_available, phase, phases_completed, score, score_peak, score_at, transfer_attempted, transfer_time, transfer_success, objections,
	strategies, agent_version, notes, created_at, updated_at)
select c.id, l.id, l.phone, c.start_time, c.answered_at, c.end_time, c.status, c.final_status, c.end_reason, c.answered_by, c.kevin_available,
	p.last_phase, p.completed, coalesce(r.score, 0), coalesce(r.peak, 0), r.at,
	c.final_status = 'hot_transfer',
	case when c.final_status = 'hot_transfer' then c.answered_at + (c.end_time - c.answered_at) * 0.6 end,
	case when c.final_status = 'hot_transfer' then true end,
	case when c.character = 'objecting' then jsonb_build_array(jsonb_build_object(
		'type', pg_temp.pick('objection ' || c.key, 'price', 'price', 'time', 'time', 'interest', 'skepticism', 'authority'),
		'phase', 9,
		'strategy', pg_temp.pick('strategy ' || c.key, 'cost-of-waiting', 'small-first-step', 'success-story', 'ask-and-listen'),
		'resolved', r.score > 66)) else '[]' end,
	case when c.answered_by = 'human' then to_jsonb(array[pg_temp.pick('opening ' || c.key, 'income-gap-question', 'warm-greeting', 'reason-for-call'),
		pg_temp.pick('middle ' || c.key, 'goal-mirroring', 'success-story', 'ask-and-listen')]) else '[]' end,
	case when c.start_time < now() - interval '12 days' then 'v1.8' else pg_temp.pick('version ' || c.key, 'v1.8', 'v1.9', 'v1.9') end,
	case c.final_status
		when 'zoom_scheduled' then 'Appointment with Kevin agreed.'
		when 'follow_up' then 'Interested; wants to think it over.'
		when 'video_sent' then 'Asked for the video, link sent.'
		when 'callback' then 'No time, asked to be called again.'
		when 'hot_transfer' then 'Handed over to Kevin.'
		when 'do_not_call' then 'Asked not to be called again.'
	end,
	c.start_time, c.end_time
from demo_calls c
	join demo_leads l on l.number = c.lead_number
	join (
		select d.call_id, (array_agg(d.phase order by d.step desc))[1] as last_phase,
			count(distinct d.phase) filter (where d.outcome in ('advanced', 'positive')) as completed
		from demo_phases d
		group by d.call_id
	) p on p.call_id = c.id
	left join (
		select e.call_id, (array_agg(e.score order by e.reported_at desc))[1] as score, max(e.score) as peak, max(e.reported_at) as at
		from demo_reports e
		group by e.call_id
	) r on r.call_id = c.id
order by c.start_time;

-- What Kevin said came of each he joined is where the lead went; of the last hours he has not said it yet.
insert into vals.transfers (id, call_id, lead_id, state, initiated_at, answered_at, joined_at, ended_at, accepted, engagement_score, phase,
	conversion_result, kevin_rating, notes, outcome_at, updated_at)
select pg_temp.id_of('transfer ' || c.key), v.id, v.lead_id, 'ended', v.transfer_time, v.transfer_time + 0.1 * t.rest, v.transfer_time + 0.2 * t.rest,
	v.end_time, true, v.score, v.phase, o.result, case when o.result is not null then l.kevin_rating end,
	case when o.result is not null then l.kevin_notes end, o.at, coalesce(o.at, v.end_time)
from demo_calls c
	join vals.calls v on v.id = c.id
	join vals.leads l on l.id = v.lead_id
	cross join lateral (select least(v.end_time - v.transfer_time, interval '100 seconds')) t (rest)
	left join lateral (
		select s.to_status, s.changed_at
		from demo_stages s
		where s.lead_number = c.lead_number
			and s.cause = 'transfer-outcome'
			and s.changed_at between v.end_time and v.end_time + interval '2 hours'
	) s on true
	left join lateral (
		select case s.to_status when 'closed' then 'closed' when 'zoom_scheduled' then 'scheduled' when 'qualified' then 'followup' else 'declined' end,
			coalesce(s.changed_at, v.end_time + interval '1 hour')
		where s.changed_at is not null or v.end_time < now() - interval '2 hours'
	) o (result, at) on true
where v.transfer_success
order by v.transfer_time;

insert into vals.legs (id, call_id, kind, state, call_control_id, call_leg_id, call_session_id, amd, hangup_cause, initiated_at, answered_at, ended_at)
select pg_temp.id_of('leg ' || c.key), c.id, 'lead', 'ended', 'v3:demo-' || md5('control ' || c.key), pg_temp.id_of('provider leg ' || c.key)::text,
	pg_temp.id_of('provider session ' || c.key)::text, c.answered_by, c.hangup_cause, c.start_time + interval '400 milliseconds', c.answered_at,
	c.end_time
from demo_calls c;

insert into vals.call_phases (call_id, phase, entered_at, left_at, outcome)
select p.call_id, p.phase, p.entered_at, p.left_at, p.outcome
from demo_phases p
order by p.entered_at, p.call_id, p.step;

insert into vals.engagement_reports (call_id, phase, score, indicators, reported_at)
select r.call_id, r.phase, r.score,
	to_jsonb(array[
		case
			when r.score >= 75 then pg_temp.pick('indicator ' || r.key, 'asks-how-to-start', 'verbal-agreement', 'future-commitment', 'asks-for-next-step')
			when r.score >= 45 then pg_temp.pick('indicator ' || r.key, 'asks-questions', 'shares-background', 'active-listening', 'positive-language')
			else pg_temp.pick('indicator ' || r.key, 'short-answers', 'long-pauses', 'distracted', 'wants-to-end')
		end]),
	r.reported_at
from demo_reports r
order by r.reported_at;

commit;

analyze vals.leads, vals.lead_stages, vals.calls, vals.transfers, vals.legs, vals.call_phases, vals.engagement_reports;

select (select count(*) from vals.leads) as leads, (select count(*) from vals.calls) as calls \gset
\echo 'demo data:' :leads 'leads,' :calls 'calls'
