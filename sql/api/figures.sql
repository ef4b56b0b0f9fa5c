-- What figures are made of: periods, rates, and what is counted of calls.
--
-- What is counted means the same everywhere: a call is connected when somebody answered who was not taken for a
-- machine, completed when it ended so, transferred when Kevin joined, finished when it is over, and a success
-- by vals.is_success. A call belongs to the moment it began. Days, weeks and hours are those of the zone
-- that was asked for.

-- The outcomes that count as success, for people and for what is learnt.
create or replace function vals.is_success(_final_status text)
returns boolean
language sql immutable parallel safe
as $$
	select coalesce(_final_status in ('hot_transfer', 'closed', 'zoom_scheduled'), false)
$$;

-- A time of a filter; a bare day is its midnight in the zone, or that of the next day if it ends a period.
create or replace function vals.moment(_text text, _zone text, _is_end boolean)
returns timestamptz
language sql stable
as $$
	select case
		when length(_text) = 10 then (_text::date + _is_end::int)::timestamp at time zone _zone
		else _text::timestamptz
	end
$$;

-- The period a filter means, since inclusive and until exclusive, and the one of the same length before it. timeRange counts
-- back from `to` or now: 24h in hours, the others in whole days with the present one; the week is what nobody
-- asked for gets. Longer than a day, two periods are as far apart as the calendar says, so that equal parts of
-- days are compared also when the clocks change.
--   raises RS400 for an unknown zone, or when it ends before it begins, lasts longer than ten years, or reaches to where
--          years have not four digits
create or replace function vals.period(_filter jsonb, out zone text, out since timestamptz, out until timestamptz,
	out prev_since timestamptz, out prev_until timestamptz)
language plpgsql stable
set search_path = ''
as $$
declare
	_range text := coalesce(_filter ->> 'timeRange', '7d');
	_days interval;
begin
	zone := coalesce(_filter ->> 'timezone', 'America/New_York');
	perform vals.zone_check(zone);
	until := coalesce(vals.moment(_filter ->> 'to', zone, true), now());
	since := vals.moment(_filter ->> 'from', zone, false);

	if since is null and _range = '24h' then
		since := until - interval '24 hours';
		prev_since := since - interval '24 hours';
		prev_until := since;
	elsif since is null then
		_days := replace(_range, 'd', ' days')::interval;
		since := (date_trunc('day', (until - interval '1 microsecond') at time zone zone) + interval '1 day' - _days) at time zone zone;
		prev_since := ((since at time zone zone) - _days) at time zone zone;
		prev_until := ((until at time zone zone) - _days) at time zone zone;
	else
		_days := (until at time zone zone) - (since at time zone zone);
		prev_since := ((since at time zone zone) - _days) at time zone zone;
		prev_until := since;
	end if;
	if until at time zone zone > timestamp '9999-01-01' then
		perform vals.refuse_field('to', 'must be before the year 9999');
	elsif since at time zone zone < timestamp '0002-01-01' then
		perform vals.refuse_field('from', 'must be after the year 1');
	elsif since >= until or until - since > interval '3660 days' then
		perform vals.refuse(400, 'Validation failed', 'VALIDATION',
			'[{"field":"from","message":"must be before the end of the period, by ten years at most"}]');
	end if;
end
$$;

create or replace function vals.period_json(_zone text, _since timestamptz, _until timestamptz)
returns json
language sql stable
as $$
	select json_build_object('from', vals.iso(_since), 'to', vals.iso(_until), 'timezone', _zone)
$$;

-- Where the hours, days or weeks (from Monday) of a period begin; the first may begin before it.
--   raises RS400 for more than 2000 of them
create or replace function vals.period_steps(_unit text, _zone text, _since timestamptz, _until timestamptz)
returns timestamptz[]
language plpgsql stable
set search_path = ''
as $$
declare
	_first timestamp := date_trunc(_unit, _since at time zone _zone);
	_starts timestamptz[];
begin
	if (_until - _since) > 2000 * ('1 ' || _unit)::interval then
		perform vals.refuse(400, 'Validation failed', 'VALIDATION', '[{"field":"groupBy","message":"gives more than 2000 steps; narrow the period"}]');
	end if;
	-- Hours pass; days and weeks are turned by the clock on the wall.
	if _unit = 'hour' then
		select array_agg(at order by at) into _starts
		from generate_series(date_trunc('hour', _since, _zone), _until - interval '1 microsecond', interval '1 hour') as at;
	else
		select array_agg(wall at time zone _zone order by wall) into _starts
		from generate_series(_first, (_until - interval '1 microsecond') at time zone _zone, ('1 ' || _unit)::interval) as wall;
	end if;
	return _starts;
end
$$;

-- A share with its 95 % interval (Wilson); of nothing, all but n is null.
create or replace function vals.rate(_hits bigint, _n bigint)
returns jsonb
language sql immutable parallel safe
as $$
	select jsonb_build_object(
		'n', _n,
		'value', trim_scale(round(_hits::numeric / nullif(_n, 0), 4)),
		'percent', trim_scale(round(100 * _hits::numeric / nullif(_n, 0), 2)),
		'ci95', (
			select jsonb_build_array(
				trim_scale(round(greatest(0, (p + z * z / (2 * n) - w) / (1 + z * z / n))::numeric, 4)),
				trim_scale(round(least(1, (p + z * z / (2 * n) + w) / (1 + z * z / n))::numeric, 4)))
			from (select _hits / _n::double precision, 1.959963984540054::double precision, _n::double precision) x (p, z, n)
				cross join lateral (select z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) y (w)
			where _n > 0)
	)
$$;

-- The differences between the numbers of two objects; where one side has none, null.
create or replace function vals.deltas(_new jsonb, _old jsonb)
returns jsonb
language plpgsql immutable
set search_path = ''
as $$
begin
	return (
		select jsonb_object_agg(n.key, case when jsonb_typeof(n.value) = 'number' and jsonb_typeof(_old -> n.key) = 'number'
			then trim_scale(n.value::numeric - (_old -> n.key)::numeric) end)
		from jsonb_each(_new) n
	);
end
$$;

-- The percents of an object of rates.
create or replace function vals.percents(_rates jsonb)
returns jsonb
language plpgsql immutable
set search_path = ''
as $$
begin
	return (
		select jsonb_object_agg(r.key, r.value -> 'percent')
		from jsonb_each(_rates) r
	);
end
$$;

-- What is counted of the calls of a period (of one agent version, unless null). No settings and one statement, so that the
-- planner sees through it.
create or replace function vals.call_facts(_since timestamptz, _until timestamptz, _agent_version text)
returns table (call_id uuid, start_time timestamptz, agent_version text, final_status text, is_connected boolean, is_completed boolean,
	is_transferred boolean, is_finished boolean, is_success boolean, talk_s numeric, score numeric)
language sql stable
as $$
	select c.id, c.start_time, c.agent_version, c.final_status,
		c.answered_at is not null and c.answered_by is distinct from 'machine',
		c.answered_at is not null and c.answered_by is distinct from 'machine' and c.status = 'completed',
		c.transfer_success is true,
		c.end_time is not null,
		c.end_time is not null and vals.is_success(c.final_status),
		case when c.answered_by is distinct from 'machine' then floor(extract(epoch from c.end_time - c.answered_at)) end,
		case when c.score_at is not null then c.score end
	from vals.calls c
	where c.start_time >= _since
		and c.start_time < _until
		and (_agent_version is null or c.agent_version = _agent_version)
$$;

-- The figures of a period: volume, rates, durations of conversations, engagement.
create or replace function vals.call_figures(_since timestamptz, _until timestamptz, _agent_version text default null)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		with sums as (
			select count(*) as total, count(*) filter (where f.is_connected) as connected,
				count(*) filter (where f.is_completed) as completed, count(*) filter (where f.is_transferred) as transferred,
				count(*) filter (where f.is_finished) as finished, count(*) filter (where f.is_success) as successes,
				round(avg(f.talk_s))::int as avg_s, round(avg(f.score), 2) as score,
				percentile_cont(array[0.5, 0.95]) within group (order by f.talk_s) as quantiles
			from vals.call_facts(_since, _until, _agent_version) f
		)
		select jsonb_build_object(
			'volume', jsonb_build_object('total', s.total, 'connected', s.connected, 'completed', s.completed,
				'transferred', s.transferred, 'finished', s.finished, 'successful', s.successes),
			'rates', jsonb_build_object('connect', vals.rate(s.connected, s.total), 'completion', vals.rate(s.completed, s.connected),
				'transfer', vals.rate(s.transferred, s.connected), 'success', vals.rate(s.successes, s.finished)),
			'durations', jsonb_build_object('avgSec', s.avg_s, 'p50Sec', round(s.quantiles[1]), 'p95Sec', round(s.quantiles[2])),
			'avgEngagement', trim_scale(s.score)
		)
		from sums s
	);
end
$$;

-- The figures of a period beside those of the one before.
create or replace function vals.call_comparison(_now jsonb, _before jsonb)
returns jsonb
language sql immutable
as $$
	select jsonb_build_object(
		'previous', jsonb_build_object('volume', _before -> 'volume', 'rates', vals.percents(_before -> 'rates'),
			'durations', _before -> 'durations', 'avgEngagement', _before -> 'avgEngagement'),
		'delta', jsonb_build_object('volume', vals.deltas(_now -> 'volume', _before -> 'volume'),
			'rates', vals.deltas(vals.percents(_now -> 'rates'), vals.percents(_before -> 'rates')),
			'durations', vals.deltas(_now -> 'durations', _before -> 'durations'),
			'avgEngagement', vals.deltas(_now, _before) -> 'avgEngagement'))
$$;

-- Calls by the hours, days or weeks of a period, those without calls too.
create or replace function vals.call_series(_unit text, _zone text, _since timestamptz, _until timestamptz, _agent_version text default null)
returns json
language plpgsql stable
set search_path = ''
as $$
declare
	_starts timestamptz[] := vals.period_steps(_unit, _zone, _since, _until);
begin
	return (
		with counted as (
			select width_bucket(f.start_time, _starts) as step, count(*) as total, count(*) filter (where f.is_connected) as connected,
				count(*) filter (where f.is_completed) as completed, count(*) filter (where f.is_transferred) as transferred,
				count(*) filter (where f.is_success) as successes
			from vals.call_facts(_since, _until, _agent_version) f
			group by 1
		)
		select json_agg(json_build_object(
			'start', vals.iso(s.at),
			'date', to_char(s.at at time zone _zone, case _unit when 'hour' then 'YYYY-MM-DD"T"HH24:MI' else 'YYYY-MM-DD' end),
			'calls', coalesce(c.total, 0),
			'connected', coalesce(c.connected, 0),
			'completed', coalesce(c.completed, 0),
			'transfers', coalesce(c.transferred, 0),
			'successful', coalesce(c.successes, 0)) order by s.at)
		from unnest(_starts) with ordinality as s (at, step)
			left join counted c on c.step = s.step
	);
end
$$;

-- How many of the connected calls reached each of the twelve phases. A busy quarter has a million visits to sort out,
-- hence the memory.
create or replace function vals.phase_funnel(_since timestamptz, _until timestamptz, _agent_version text)
returns json
language plpgsql stable
set search_path = ''
set work_mem = '64MB'
as $$
declare
	_connected bigint;
begin
	select count(*) into _connected
	from vals.call_facts(_since, _until, _agent_version) f
	where f.is_connected;
	return (
		with visits as (
			select cp.phase, bool_or(cp.left_at is not null and cp.outcome in ('advanced', 'positive')) is true as is_completed
			from vals.call_facts(_since, _until, _agent_version) f
				join vals.call_phases cp on cp.call_id = f.call_id
			where f.is_connected
			group by cp.call_id, cp.phase
		), reached as (
			select v.phase, count(*) as calls, count(*) filter (where v.is_completed) as completed
			from visits v
			group by v.phase
		)
		select json_agg(json_build_object('phase', p.phase, 'name', p.name, 'calls', coalesce(r.calls, 0), 'completed', coalesce(r.completed, 0),
			'reached', vals.rate(coalesce(r.calls, 0), _connected)) order by p.phase)
		from vals.phases p
			left join reached r on r.phase = p.phase
	);
end
$$;

-- How the finished calls ended, the most frequent first.
create or replace function vals.call_outcomes(_since timestamptz, _until timestamptz, _agent_version text)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select coalesce(json_agg(json_build_object('finalStatus', o.final_status, 'calls', o.calls,
			'share', vals.rate(o.calls, o.finished)) order by o.calls desc, o.final_status), '[]')
		from (
			select f.final_status, count(*) as calls, sum(count(*)) over ()::bigint as finished
			from vals.call_facts(_since, _until, _agent_version) f
			where f.is_finished
			group by f.final_status) o
	);
end
$$;
