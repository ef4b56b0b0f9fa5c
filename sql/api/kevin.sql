-- Kevin's availability: an override over the weekly schedule, both under "on a call".

-- Whether Kevin's schedule has him working at a moment. Hours are wall-clock
-- times of his zone; an exception replaces the day it names. A slot that runs past
-- midnight belongs to the day it starts on.
create or replace function vals.kevin_scheduled(_at timestamptz)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		with here as (
			select (_at at time zone k.timezone) as wall
			from vals.kevin k
		), days as (
			select wall, wall::date - back as day, back
			from here cross join generate_series(0, 1) as back
		), hours as (
			select d.wall, d.back, s.start_time, s.end_time
			from days d
				join vals.kevin_slots s on s.day_of_week = extract(dow from d.day) and s.is_active
			where not exists (select from vals.kevin_exceptions e where e.date = d.day)
			union all
			select d.wall, d.back, coalesce(e.start_time, '00:00'), coalesce(e.end_time, '24:00')
			from days d
				join vals.kevin_exceptions e on e.date = d.day and e.available
		)
		select exists (
			select
			from hours
			where case
				when start_time < end_time then back = 0 and wall::time >= start_time and wall::time < end_time
				when back = 0 then wall::time >= start_time
				else wall::time < end_time
			end
		)
	);
end
$$;

-- Whether Kevin is speaking with a lead now.
create or replace function vals.kevin_on_call()
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select exists (
			select
			from vals.calls
			where end_time is null
				and status in ('transferring', 'transferred')
		)
	);
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

-- When Kevin will next be available, looking 15 days ahead: the end of the override
-- or a start of hours, whichever first has him available; null when he is, or none is found.
create or replace function vals.kevin_next_available()
returns timestamptz
language plpgsql stable
set search_path = ''
as $$
declare
	_moment timestamptz;
begin
	if vals.kevin_would_be_available(now()) then
		return null;
	end if;
	for _moment in
		with here as (
			select k.timezone, k.override_until, (now() at time zone k.timezone)::date as today
			from vals.kevin k
		), moments as (
			select h.override_until as at
			from here h
			union
			select (h.today + back + s.start_time) at time zone h.timezone
			from here h
				cross join generate_series(0, 15) as back
				join vals.kevin_slots s on s.day_of_week = extract(dow from h.today + back) and s.is_active
			union
			select (e.date + coalesce(e.start_time, '00:00')) at time zone h.timezone
			from here h
				join vals.kevin_exceptions e on e.available and e.date between h.today and h.today + 15
		)
		select m.at
		from moments m
		where m.at > now()
		order by m.at
	loop
		if vals.kevin_would_be_available(_moment) then
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
		jsonb_build_object('available', vals.kevin_available(), 'reason', _body ->> 'reason', 'until', vals.iso(_until)), _who);
	return vals.kevin_json();
end
$$;
