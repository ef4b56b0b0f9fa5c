-- May this lead be dialled now? The rules, their inputs, and the receipt that is stored with the call.

-- The zones in which it must be inside the calling hours: the lead's own if known, else his state's, else
-- those of the dialled number, else every zone there is (the strictest guess).
create or replace function vals.dial_zones(_lead vals.leads, _number text, out zones text[], out basis text)
language plpgsql stable
set search_path = ''
as $$
begin
	if _lead.timezone is not null then
		zones := array[_lead.timezone];
		basis := 'lead';
		return;
	end if;
	basis := 'state';
	select s.zones into zones
	from vals.state_zones s
	where s.country = _lead.country
		and s.state = upper(_lead.state);
	if found then
		return;
	end if;
	basis := 'number';
	select s.zones into zones
	from vals.area_codes a
		join vals.state_zones s on s.country = a.country and s.state = a.state
	where _number like '+1%'
		and a.code = substr(_number, 3, 3);
	if found then
		return;
	end if;
	select c.zones into zones
	from vals.calling_codes c
	where _number like '+' || c.code || '%'
	order by length(c.code) desc
	limit 1;
	if found then
		return;
	end if;
	basis := 'guess';
	zones := case
		when _number like '+1%' then array['America/St_Johns', 'America/New_York', 'America/Chicago', 'America/Denver',
			'America/Los_Angeles', 'America/Anchorage', 'Pacific/Honolulu']
		else array['Pacific/Kiritimati', 'Asia/Kolkata', 'UTC', 'America/Los_Angeles', 'Pacific/Pago_Pago']
	end;
end
$$;

-- Whether a moment is inside hours like 08:00-21:00 in all zones; empty hours always are.
create or replace function vals.within_calling_hours(_hours text, _zones text[], _at timestamptz)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
	return _hours = '' or (
		select bool_and((_at at time zone zone)::time >= split_part(_hours, '-', 1)::time
			and (_at at time zone zone)::time < split_part(_hours, '-', 2)::time)
		from unnest(_zones) as zone
	);
end
$$;

-- The first minute within two days at which the hours allow it; null if there is none.
create or replace function vals.next_calling_minute(_hours text, _zones text[], _at timestamptz)
returns timestamptz
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select min(minute)
		from generate_series(date_trunc('minute', _at) + interval '1 minute', _at + interval '2 days', interval '1 minute') as minute
		where vals.within_calling_hours(_hours, _zones, minute)
	);
end
$$;

-- Whether the lead, or whoever else is known by the number, must not be called. What a hidden lead said of it counts
-- as long as no other has it, for that one may have said otherwise since.
create or replace function vals.is_do_not_call(_lead vals.leads, _number text)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
	return _lead.do_not_call
		or (vals.is_unwilling(_number)
			and not exists (select from vals.leads l where l.phone = _number and not l.do_not_call and l.deleted_at is null));
end
$$;

-- Until when a dial that was just allowed may wait to be sent: until the hours of its receipt end, a quarter of an hour
-- at most, for nobody is to be rung for a conversation that was wanted long ago.
create or replace function vals.dial_until(_receipt jsonb, _at timestamptz)
returns timestamptz
language plpgsql stable
set search_path = ''
as $$
declare
	_zones text[] := array(select jsonb_array_elements_text(_receipt -> 'zones'));
	_end timestamptz := _at + interval '15 minutes';
begin
	return coalesce((
		select min(minute)
		from generate_series(date_trunc('minute', _at) + interval '1 minute', _end, interval '1 minute') as minute
		where not vals.within_calling_hours(_receipt -> 'rules' ->> 'hours', _zones, minute)), _end);
end
$$;

-- Check a dial against the rules {"hours", "consentRequired", "perLeadPerDay"}; answers the receipt.
-- A day is the last 24 hours.
--   raises RS403 DO_NOT_CALL, NO_CONSENT, OUTSIDE_CALLING_HOURS, DAILY_CAP; the last two say nextAllowedAt
create or replace function vals.dial_check(_lead vals.leads, _number text, _rules jsonb)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
	_hours text := _rules ->> 'hours';
	_cap integer := (_rules ->> 'perLeadPerDay')::int;
	_zones text[];
	_basis text;
	_today integer;
	_oldest timestamptz;
begin
	select z.zones, z.basis into _zones, _basis
	from vals.dial_zones(_lead, _number) z;
	select count(*), min(c.start_time) into _today, _oldest
	from vals.calls c
	where c.lead_id = _lead.id
		and c.start_time > now() - interval '24 hours'
		and c.dial_check is not null;

	if vals.is_do_not_call(_lead, _number) then
		perform vals.refuse(403, 'The number is on the do-not-call list', 'DO_NOT_CALL');
	end if;
	if (_rules ->> 'consentRequired')::boolean and not coalesce((_lead.consent ->> 'given')::boolean, false) then
		perform vals.refuse(403, 'The lead has not given consent to be called', 'NO_CONSENT');
	end if;
	if not vals.within_calling_hours(_hours, _zones, now()) then
		perform vals.refuse(403, 'Outside the calling hours of the lead', 'OUTSIDE_CALLING_HOURS',
			json_build_object('nextAllowedAt', vals.iso(vals.next_calling_minute(_hours, _zones, now())))::text);
	end if;
	if _cap > 0 and _today >= _cap then
		perform vals.refuse(403, 'The lead was called often enough today', 'DAILY_CAP',
			json_build_object('nextAllowedAt', vals.iso(_oldest + interval '24 hours'))::text);
	end if;
	return jsonb_build_object('allowed', true, 'checkedAt', vals.iso(clock_timestamp()), 'rules', _rules, 'zones', to_jsonb(_zones),
		'zoneBasis', _basis, 'doNotCall', false, 'consent', _lead.consent, 'callsLast24h', _today);
end
$$;
