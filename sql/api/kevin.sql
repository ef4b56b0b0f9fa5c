-- Kevin's availability: an override over the weekly schedule, both under "on a call".

-- Whether a time of the day is inside hours: those of today (back 0), or what those of yesterday (back 1)
-- have after midnight.
create or replace function vals.in_hours(_wall time, _back integer, _start time, _end time)
returns boolean
language sql immutable parallel safe
as $$
	select case
		when _start < _end then _back = 0 and _wall >= _start and _wall < _end
		when _back = 0 then _wall >= _start
		else _wall < _end
	end
$$;

-- Whether Kevin's schedule has him working at a moment. Hours are wall-clock
-- times of his zone; an exception replaces the day it names, except that one which takes hours away leaves
-- the others. Hours that run past midnight belong to the day they start on.
create or replace function vals.kevin_scheduled(_at timestamptz)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		with days as (
			select (_at at time zone k.timezone)::time as wall, (_at at time zone k.timezone)::date - back as day, back
			from vals.kevin k cross join generate_series(0, 1) as back
		), exceptions as (
			select d.wall, d.back, d.day, e.available, e.start_time is null and e.end_time is null as is_whole_day,
				coalesce(e.start_time, '00:00') as start_time, coalesce(e.end_time, '24:00') as end_time
			from days d
				join vals.kevin_exceptions e on e.date = d.day
		), hours as (
			select d.wall, d.back, s.start_time, s.end_time
			from days d
				join vals.kevin_slots s on s.day_of_week = extract(dow from d.day) and s.is_active
			where not exists (select from exceptions e where e.day = d.day and (e.available or e.is_whole_day))
			union all
			select e.wall, e.back, e.start_time, e.end_time
			from exceptions e
			where e.available
		)
		select exists (select from hours h where vals.in_hours(h.wall, h.back, h.start_time, h.end_time))
			and not exists (
				select
				from exceptions e
				where not e.available
					and not e.is_whole_day
					and vals.in_hours(e.wall, e.back, e.start_time, e.end_time))
	);
end
$$;

-- Whether Kevin is speaking with a lead now, or is about to.
create or replace function vals.kevin_on_call()
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
	return exists (select from vals.transfers where ended_at is null)
		or exists (select from vals.calls where end_time is null and status in ('transferring', 'transferred'));
end
$$;

-- Whether the override or, without one in force, the schedule has Kevin available.
create or replace function vals.kevin_would_be_available(_at timestamptz)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select case
			when k.override_available is not null and (k.override_until is null or k.override_until > _at)
				then k.override_available
			else vals.kevin_scheduled(_at)
		end
		from vals.kevin k
	);
end
$$;

-- Whether Kevin can take a call now.
create or replace function vals.kevin_available()
returns boolean
language sql stable
as $$
	select vals.kevin_would_be_available(now()) and not vals.kevin_on_call()
$$;

-- The moments of 15 days after one at which the schedule may change, in order: the starts and ends of hours, and
-- every quarter of an hour of a day that is not 24 hours long, on which wall-clock times
-- vanish or come twice.
create or replace function vals.kevin_moments(_after timestamptz)
returns setof timestamptz
language plpgsql stable
set search_path = ''
as $$
begin
	return query
		with days as (
			select k.timezone, (_after at time zone k.timezone)::date + ahead as day
			from vals.kevin k cross join generate_series(-1, 15) as ahead
		), hours as (
			select d.timezone, d.day, s.start_time, s.end_time
			from days d
				join vals.kevin_slots s on s.day_of_week = extract(dow from d.day) and s.is_active
			union all
			select d.timezone, d.day, coalesce(e.start_time, '00:00'), coalesce(e.end_time, '24:00')
			from days d
				join vals.kevin_exceptions e on e.date = d.day
		), moments as (
			select (h.day + h.start_time) at time zone h.timezone as at
			from hours h
			union
			select (h.day + case when h.end_time > h.start_time then 0 else 1 end + h.end_time) at time zone h.timezone
			from hours h
			union
			select (d.day at time zone d.timezone) + quarter * interval '15 minutes'
			from days d cross join generate_series(0, 100) as quarter
			where (d.day + 1)::timestamp at time zone d.timezone - d.day::timestamp at time zone d.timezone <> interval '24 hours'
		)
		select m.at
		from moments m
		where m.at > _after
		order by m.at;
end
$$;

-- When Kevin will next be available: the end of the override or a change of the schedule, whichever
-- first has him available; null when he is, or none is found in 15 days.
create or replace function vals.kevin_next_available(_after timestamptz default now())
returns timestamptz
language plpgsql stable
set search_path = ''
as $$
declare
	_moment timestamptz;
begin
	if vals.kevin_would_be_available(_after) then
		return null;
	end if;
	for _moment in
		select m.at
		from (
			select k.override_until as at
			from vals.kevin k
			union
			select vals.kevin_moments(_after)
		) m
		where m.at > _after
		order by m.at
	loop
		if vals.kevin_would_be_available(_moment) then
			return _moment;
		end if;
	end loop;
	return null;
end
$$;

-- When the schedule alone next begins or ends Kevin's hours; null when it does not in 15 days.
create or replace function vals.kevin_next_change(_after timestamptz default now())
returns timestamptz
language plpgsql stable
set search_path = ''
as $$
declare
	_is_scheduled boolean := vals.kevin_scheduled(_after);
	_moment timestamptz;
begin
	for _moment in
		select vals.kevin_moments(_after)
	loop
		if vals.kevin_scheduled(_moment) <> _is_scheduled then
			return _moment;
		end if;
	end loop;
	return null;
end
$$;

create or replace function vals.kevin_json()
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select json_build_object(
			'available', vals.kevin_available(),
			'override', case
				when k.override_available is not null and (k.override_until is null or k.override_until > now())
					then json_build_object('available', k.override_available, 'reason', k.override_reason,
						'until', vals.iso(k.override_until))
			end,
			'isWithinSchedule', vals.kevin_scheduled(now()),
			'onCall', vals.kevin_on_call(),
			'nextAvailable', vals.iso(vals.kevin_next_available()),
			'updatedAt', vals.iso(k.updated_at),
			'updatedBy', k.updated_by
		)
		from vals.kevin k
	);
end
$$;

-- Kevin's availability.
create or replace function api.kevin_availability_get(_who jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	return (
		select vals.kevin_json()
	);
end
$$;

-- Set or drop (available: null) the override.
--   raises RS400 when until is not in the future
--   emits  kevin.availability
create or replace function api.kevin_availability_set(_who jsonb, _body jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_until timestamptz := _body ->> 'until';
	_before jsonb := vals.kevin_json();
begin
	if _until <= now() then
		perform vals.refuse(400, 'Validation failed', 'VALIDATION', '[{"field":"until","message":"must be in the future"}]');
	end if;

	update vals.kevin
	set override_available = (_body ->> 'available')::boolean,
		override_reason = case when _body ->> 'available' is not null then _body ->> 'reason' end,
		override_until = case when _body ->> 'available' is not null then _until end,
		updated_at = clock_timestamp(),
		updated_by = vals.actor(_who);
	perform vals.emit('kevin.availability', null, null,
		jsonb_build_object('available', vals.kevin_available(), 'reason', (select k.override_reason from vals.kevin k),
			'until', (select vals.iso(k.override_until) from vals.kevin k)), _who);
	perform vals.audit(_who, 'kevin.availability', 'kevin', null, _before, vals.kevin_json()::jsonb);
	return vals.kevin_json();
end
$$;

-- The whole schedule.
create or replace function vals.kevin_schedule_json()
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select json_build_object(
			'timezone', k.timezone,
			'slots', coalesce((
				select json_agg(json_build_object('dayOfWeek', s.day_of_week, 'startTime', to_char(s.start_time, 'HH24:MI'),
					'endTime', to_char(s.end_time, 'HH24:MI'), 'isActive', s.is_active) order by s.day_of_week, s.start_time, s.id)
				from vals.kevin_slots s), '[]'),
			'exceptions', coalesce((
				select json_agg(json_build_object('date', e.date, 'available', e.available,
					'startTime', to_char(e.start_time, 'HH24:MI'), 'endTime', to_char(e.end_time, 'HH24:MI'), 'note', e.note) order by e.date)
				from vals.kevin_exceptions e), '[]'),
			'isWithinSchedule', vals.kevin_scheduled(now()),
			'nextChange', vals.iso(vals.kevin_next_change()),
			'updatedAt', vals.iso(k.updated_at),
			'updatedBy', k.updated_by
		)
		from vals.kevin k
	);
end
$$;

-- The slots of a body, from either of its forms: a list, or days of the week with one {start, end, available} each.
--   raises RS400 when it has both forms or none, or a day without hours
create or replace function vals.kevin_slots_of(_body jsonb)
returns table (day_of_week smallint, start_time time, end_time time, is_active boolean)
language plpgsql stable
set search_path = ''
as $$
declare
	_days text[] := array['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
	_slots jsonb := _body -> 'slots';
	_wrong text;
begin
	if (_slots is null) = not (_body ?| _days) then
		perform vals.refuse(400, 'Validation failed', 'VALIDATION',
			'[{"field":"slots","message":"is required, or else the days of the week, not both"}]');
	end if;
	if _slots is null then
		select coalesce(jsonb_agg(jsonb_build_object('dayOfWeek', d.number - 1, 'startTime', _body -> d.name -> 'start',
				'endTime', _body -> d.name -> 'end') order by d.number), '[]'),
			min(d.name) filter (where _body -> d.name ->> 'start' is null or _body -> d.name ->> 'end' is null)
		into _slots, _wrong
		from unnest(_days) with ordinality as d (name, number)
		where _body ->> d.name is not null
			and coalesce((_body -> d.name ->> 'available')::boolean, true);
	end if;
	if _wrong is not null then
		perform vals.refuse(400, 'Validation failed', 'VALIDATION', json_build_array(json_build_object('field', _wrong,
			'message', 'needs a start and an end'))::text);
	end if;
	return query
		select (s ->> 'dayOfWeek')::smallint, (s ->> 'startTime')::time, (s ->> 'endTime')::time,
			coalesce((s ->> 'isActive')::boolean, true)
		from jsonb_array_elements(_slots) as s;
end
$$;

-- The same slots without overlap: those of a day which touch each other are one. What then is longer than a day ends
-- at midnight and goes on as a slot of the next.
create or replace function vals.kevin_slots_merged(_body jsonb)
returns table (day_of_week smallint, start_time time, end_time time, is_active boolean)
language plpgsql stable
set search_path = ''
as $$
begin
	return query
		with slots as materialized (
			select s.*
			from vals.kevin_slots_of(_body) s
		), minutes as (
			select s.day_of_week as day, (extract(epoch from s.start_time) / 60)::int as low,
				(extract(epoch from s.end_time) / 60)::int + case when s.end_time > s.start_time then 0 else 1440 end as high
			from slots s
			where s.is_active
		), merged as (
			select m.day, lower(r) as low, upper(r) as high
			from (
				select x.day, range_agg(int4range(x.low, x.high)) as ranges
				from minutes x
				group by x.day) m
				cross join unnest(m.ranges) as r
		), cut as (
			select m.day, m.low, case when m.high - m.low > 1440 then 1440 else m.high end as high
			from merged m
			union all
			select (m.day + 1) % 7, 0, m.high - 1440
			from merged m
			where m.high - m.low > 1440
		)
		select c.day::smallint, time '00:00' + make_interval(mins => c.low), time '00:00' + make_interval(mins => c.high), true
		from cut c
		union all
		select s.day_of_week, s.start_time, s.end_time, false
		from slots s
		where not s.is_active;
end
$$;

create or replace function api.kevin_schedule_get(_who jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
begin
	return (
		select vals.kevin_schedule_json()
	);
end
$$;

-- Replace the whole schedule; without a timezone it keeps the one it has.
--   raises RS400 for an unknown time zone, a day named twice, and as vals.kevin_slots_of
--   emits  kevin.availability when Kevin is available by it and was not, or the reverse
create or replace function api.kevin_schedule_set(_who jsonb, _body jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_before jsonb;
	_was_available boolean;
	_reason text;
	_until timestamptz;
begin
	perform vals.zone_check(_body ->> 'timezone');
	if exists (select from jsonb_array_elements(_body -> 'exceptions') as e group by (e ->> 'date')::date having count(*) > 1) then
		perform vals.refuse(400, 'Validation failed', 'VALIDATION', '[{"field":"exceptions","message":"names a day twice"}]');
	end if;
	perform from vals.kevin for update;
	_before := vals.kevin_schedule_json();
	_was_available := vals.kevin_available();

	delete from vals.kevin_slots;
	insert into vals.kevin_slots (day_of_week, start_time, end_time, is_active)
	select s.day_of_week, s.start_time, s.end_time, s.is_active
	from vals.kevin_slots_merged(_body) s;
	delete from vals.kevin_exceptions;
	insert into vals.kevin_exceptions (date, available, start_time, end_time, note)
	select (e ->> 'date')::date, (e ->> 'available')::boolean, (e ->> 'startTime')::time, (e ->> 'endTime')::time, e ->> 'note'
	from jsonb_array_elements(_body -> 'exceptions') as e;
	update vals.kevin k
	set timezone = coalesce(_body ->> 'timezone', k.timezone), updated_at = clock_timestamp(), updated_by = vals.actor(_who)
	returning k.override_reason, k.override_until into _reason, _until;

	if vals.kevin_available() <> _was_available then
		perform vals.emit('kevin.availability', null, null,
			jsonb_build_object('available', not _was_available, 'reason', _reason, 'until', vals.iso(_until)), _who);
	end if;
	perform vals.audit(_who, 'kevin.schedule', 'kevin', null, _before, vals.kevin_schedule_json()::jsonb);
	return vals.kevin_schedule_json();
end
$$;
