-- Figures about calls and leads: the agent's performance, performance, conversion, the dashboard. What they
-- count is said in figures.sql.

-- How the voice agent did.
--   raises RS400 as vals.period and vals.period_steps
create or replace function api.agent_performance(_who jsonb, _filter jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_p record := vals.period(_filter);
	_version text := _filter ->> 'agentVersion';
	_unit text := coalesce(_filter ->> 'groupBy', 'day');
	_now jsonb := vals.call_figures(_p.since, _p.until, _version);
	_before jsonb := vals.call_figures(_p.prev_since, _p.prev_until, _version);
begin
	return json_build_object(
		'period', vals.period_json(_p.zone, _p.since, _p.until),
		'agentVersion', _version,
		'groupBy', _unit,
		'calls', _now -> 'volume',
		'rates', _now -> 'rates',
		'durations', _now -> 'durations',
		'avgEngagement', _now -> 'avgEngagement',
		'comparison', vals.call_comparison(_now, _before),
		'phaseFunnel', vals.phase_funnel(_p.since, _p.until, _version),
		'outcomes', vals.call_outcomes(_p.since, _p.until, _version),
		'series', vals.call_series(_unit, _p.zone, _p.since, _p.until, _version)
	);
end
$$;

-- The scores of connected calls in tens; 100 belongs to the last.
create or replace function vals.engagement_histogram(_since timestamptz, _until timestamptz)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		with counted as (
			select least(9, floor(f.score / 10))::int as bin, count(*) as calls
			from vals.call_facts(_since, _until, null) f
			where f.is_connected
				and f.score is not null
			group by 1
		)
		select json_agg(json_build_object('from', b * 10, 'to', b * 10 + 10, 'calls', coalesce(c.calls, 0)) order by b)
		from generate_series(0, 9) as b
			left join counted c on c.bin = b
	);
end
$$;

-- Calls by hour of the day and day of the week (0 is Sunday), all 168 of them.
create or replace function vals.call_grid(_zone text, _since timestamptz, _until timestamptz)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		with counted as (
			select extract(dow from f.start_time at time zone _zone)::int as day, extract(hour from f.start_time at time zone _zone)::int as hour,
				count(*) as total, count(*) filter (where f.is_connected) as connected, count(*) filter (where f.is_success) as successes
			from vals.call_facts(_since, _until, null) f
			group by 1, 2
		)
		select json_agg(json_build_object('dayOfWeek', d, 'hour', h, 'calls', coalesce(c.total, 0), 'connected', coalesce(c.connected, 0),
			'successful', coalesce(c.successes, 0)) order by d, h)
		from generate_series(0, 6) as d
			cross join generate_series(0, 23) as h
			left join counted c on c.day = d and c.hour = h
	);
end
$$;

-- Calls in figures: how many, how well, how long, how warm, and when.
--   raises RS400 as vals.period
create or replace function api.analytics_performance(_who jsonb, _filter jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_p record := vals.period(_filter);
	_now jsonb := vals.call_figures(_p.since, _p.until);
	_before jsonb := vals.call_figures(_p.prev_since, _p.prev_until);
begin
	return json_build_object(
		'period', vals.period_json(_p.zone, _p.since, _p.until),
		'volume', _now -> 'volume',
		'rates', _now -> 'rates',
		'durations', _now -> 'durations',
		'engagement', json_build_object('avg', _now -> 'avgEngagement', 'histogram', vals.engagement_histogram(_p.since, _p.until)),
		'grid', vals.call_grid(_p.zone, _p.since, _p.until),
		'comparison', vals.call_comparison(_now, _before)
	);
end
$$;

-- The leads that came in a period, and which stages each ever reached; every lead was new once.
create or replace function vals.leads_reached(_since timestamptz, _until timestamptz)
returns table (lead_id uuid, source text, reached text[])
language plpgsql stable
set search_path = ''
as $$
begin
	return query
		select l.id, l.source, coalesce(array_agg(s.to_status) filter (where s.to_status is not null), '{}') || text 'new'
		from vals.leads l
			left join vals.lead_stages s on s.lead_id = l.id
		where l.created_at >= _since
			and l.created_at < _until
			and l.deleted_at is null
		group by l.id;
end
$$;

-- The stages in their order. conversionRate is the share of all leads of the period that ever reached the stage, dropOff the
-- share of those who did and reached none after it (disqualified is not after any); percents.
create or replace function vals.lead_funnel(_since timestamptz, _until timestamptz)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		with leads as materialized (
			select l.id
			from vals.leads l
			where l.created_at >= _since
				and l.created_at < _until
				and l.deleted_at is null
		), reached as materialized (
			select l.id, text 'new' as status
			from leads l
			union
			select l.id, h.to_status
			from leads l
				join vals.lead_stages h on h.lead_id = l.id
		), furthest as (
			select r.id, max(st.position) as position
			from reached r
				join vals.lead_statuses st on st.status = r.status
			where r.status <> 'disqualified'
			group by r.id
		), stages as (
			select st.status, st.position, count(r.id) as leads, count(r.id) filter (where f.position = st.position) as stayed
			from vals.lead_statuses st
				left join reached r on r.status = st.status
				left join furthest f on f.id = r.id
			group by st.status, st.position
		)
		select json_agg(json_build_object('stage', s.status, 'count', s.leads,
			'conversionRate', vals.rate(s.leads, (select count(*) from leads)) -> 'percent',
			'dropOff', case when s.status not in ('closed', 'disqualified') then vals.rate(s.stayed, s.leads) -> 'percent' end)
			order by s.position)
		from stages s
	);
end
$$;

-- The leads of a period by source, the largest first; won are those who reached a stage that is a success.
create or replace function vals.leads_by_source(_since timestamptz, _until timestamptz)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select coalesce(json_agg(json_build_object('source', s.source, 'leads', s.leads, 'contacted', s.contacted, 'won', s.won,
			'conversion', vals.rate(s.won, s.leads)) order by s.leads desc, s.source), '[]')
		from (
			select r.source, count(*) as leads, count(*) filter (where 'contacted' = any (r.reached)) as contacted,
				count(*) filter (where r.reached && array['hot_transfer', 'zoom_scheduled', 'closed']) as won
			from vals.leads_reached(_since, _until) r
			group by r.source) s
	);
end
$$;

-- Calls and their success by hour of the day, all 24.
create or replace function vals.calls_by_hour(_zone text, _since timestamptz, _until timestamptz)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		with counted as (
			select extract(hour from f.start_time at time zone _zone)::int as hour, count(*) as total,
				count(*) filter (where f.is_connected) as connected, count(*) filter (where f.is_finished) as finished,
				count(*) filter (where f.is_success) as successes
			from vals.call_facts(_since, _until, null) f
			group by 1
		)
		select json_agg(json_build_object('hour', h, 'calls', coalesce(c.total, 0), 'connected', coalesce(c.connected, 0),
			'successful', coalesce(c.successes, 0), 'conversion', vals.rate(coalesce(c.successes, 0), coalesce(c.finished, 0))) order by h)
		from generate_series(0, 23) as h
			left join counted c on c.hour = h
	);
end
$$;

-- Calls and their success by the version of the voice agent, the newest calls' first.
create or replace function vals.calls_by_version(_since timestamptz, _until timestamptz)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select coalesce(json_agg(json_build_object('agentVersion', v.agent_version, 'calls', v.total, 'connected', v.connected,
			'successful', v.successes, 'conversion', vals.rate(v.successes, v.finished)) order by v.latest desc, v.agent_version), '[]')
		from (
			select f.agent_version, max(f.start_time) as latest, count(*) as total, count(*) filter (where f.is_connected) as connected,
				count(*) filter (where f.is_finished) as finished, count(*) filter (where f.is_success) as successes
			from vals.call_facts(_since, _until, null) f
			group by f.agent_version) v
	);
end
$$;

-- The finished calls of a period whose lead was hot (85 or more at some moment) and which Kevin did not join, and why: how the
-- last attempt failed, Kevin was not available at the start, the lead hung up first, or nobody tried.
create or replace function vals.missed_calls(_since timestamptz, _until timestamptz)
returns table (call_id uuid, lead_id uuid, start_time timestamptz, peak numeric, reason text)
language plpgsql stable
set search_path = ''
as $$
begin
	return query
		select c.id, c.lead_id, c.start_time, c.score_peak::numeric, case
				when c.transfer_attempted then 'transfer_' || coalesce((
					select t.state
					from vals.transfers t
					where t.call_id = c.id
						and t.joined_at is null
						and t.ended_at is not null
					order by t.attempt desc
					limit 1), 'failed')
				when not c.kevin_available then 'kevin_unavailable'
				when c.end_reason = 'lead_hangup' then 'lead_hung_up'
				else 'not_attempted'
			end
		from vals.calls c
		where c.start_time >= _since
			and c.start_time < _until
			and c.end_time is not null
			and c.score_peak >= 85
			and c.transfer_success is not true;
end
$$;

create or replace function vals.missed_json(_since timestamptz, _until timestamptz)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		with missed as materialized (
			select m.*
			from vals.missed_calls(_since, _until) m
		)
		select json_build_object(
			'total', (select count(*) from missed),
			'byReason', (
				select coalesce(json_agg(json_build_object('reason', r.reason, 'calls', r.calls) order by r.calls desc, r.reason), '[]')
				from (select m.reason, count(*) as calls from missed m group by m.reason) r),
			'latest', (
				select coalesce(json_agg(json_build_object('callId', m.call_id, 'leadId', m.lead_id, 'leadName', vals.lead_name(l),
					'startTime', vals.iso(m.start_time), 'peak', trim_scale(m.peak), 'reason', m.reason) order by m.start_time desc), '[]')
				from (select x.* from missed x order by x.start_time desc limit 20) m
					join vals.leads l on l.id = m.lead_id)
		)
	);
end
$$;

-- The headline of a period's conversion: successes of finished calls, and leads won of those who came.
create or replace function vals.conversion_figures(_since timestamptz, _until timestamptz)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
	_leads jsonb;
begin
	select vals.rate(count(*) filter (where r.reached && array['hot_transfer', 'zoom_scheduled', 'closed']), count(*)) into _leads
	from vals.leads_reached(_since, _until) r;
	return jsonb_build_object('calls', vals.call_figures(_since, _until) -> 'rates' -> 'success', 'leads', _leads);
end
$$;

-- What becomes of leads and calls, and where it is lost.
--   raises RS400 as vals.period
create or replace function api.analytics_conversion(_who jsonb, _filter jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_p record := vals.period(_filter);
	_now jsonb := vals.conversion_figures(_p.since, _p.until);
	_before jsonb := vals.conversion_figures(_p.prev_since, _p.prev_until);
begin
	return json_build_object(
		'period', vals.period_json(_p.zone, _p.since, _p.until),
		'conversion', _now,
		'comparison', json_build_object('previous', vals.percents(_before), 'delta', vals.deltas(vals.percents(_now), vals.percents(_before))),
		'funnel', vals.lead_funnel(_p.since, _p.until),
		'bySource', vals.leads_by_source(_p.since, _p.until),
		'byHour', vals.calls_by_hour(_p.zone, _p.since, _p.until),
		'byAgentVersion', vals.calls_by_version(_p.since, _p.until),
		'missedOpportunities', vals.missed_json(_p.since, _p.until)
	);
end
$$;

-- How many calls were alive at a moment; none lasts longer than a day.
create or replace function vals.calls_alive_at(_at timestamptz)
returns bigint
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select count(*)
		from vals.calls c
		where c.start_time <= _at
			and c.start_time > _at - interval '1 day'
			and (c.end_time is null or c.end_time > _at)
	);
end
$$;

-- How many leads there were at a moment, from those there are now.
create or replace function vals.leads_at(_at timestamptz)
returns bigint
language plpgsql stable
set search_path = ''
as $$
begin
	return (select coalesce(sum(c.leads), 0) from vals.lead_counts c)
		- (select count(*) from vals.leads l where l.created_at >= _at and l.deleted_at is null)
		+ (select count(*) from vals.leads l where l.deleted_at >= _at and l.created_at < _at);
end
$$;

-- The head of the dashboard. previous is the same as it was one period ago, delta what changed since; a day is
-- compared with the day before up to the same hour.
create or replace function vals.dashboard_summary(_zone text, _since timestamptz, _until timestamptz, _prev_since timestamptz, _prev_until timestamptz)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
	_wall timestamp := _until at time zone _zone;
	_midnight timestamptz := date_trunc('day', _wall) at time zone _zone;
	_yesterday timestamptz := (date_trunc('day', _wall) - interval '1 day') at time zone _zone;
	_now jsonb := vals.call_figures(_since, _until);
	_before jsonb := vals.call_figures(_prev_since, _prev_until);
	_summary jsonb;
	_previous jsonb;
begin
	_summary := jsonb_build_object(
		'activeCalls', (select count(*) from vals.calls c where c.end_time is null),
		'dailyTotal', (select count(*) from vals.call_facts(_midnight, _until, null)),
		'totalCalls', _now -> 'volume' -> 'total',
		'totalLeads', vals.leads_at(_until),
		'conversionRate', _now -> 'rates' -> 'success' -> 'percent',
		'beastModeProgress', 0,
		'kevinAvailable', vals.kevin_available());
	_previous := jsonb_build_object(
		'activeCalls', vals.calls_alive_at(_prev_until),
		'dailyTotal', (select count(*) from vals.call_facts(_yesterday, (_wall - interval '1 day') at time zone _zone, null)),
		'totalCalls', _before -> 'volume' -> 'total',
		'totalLeads', vals.leads_at(_since),
		'conversionRate', _before -> 'rates' -> 'success' -> 'percent',
		'beastModeProgress', 0);
	return _summary || jsonb_build_object('previous', _previous, 'delta', vals.deltas(_summary, _previous) - 'kevinAvailable');
end
$$;

create or replace function vals.dashboard_json(_filter jsonb)
returns json
language plpgsql stable
set search_path = ''
as $$
declare
	_p record := vals.period(_filter);
begin
	return json_build_object(
		'asOf', vals.iso(now()),
		'period', vals.period_json(_p.zone, _p.since, _p.until),
		'summary', vals.dashboard_summary(_p.zone, _p.since, _p.until, _p.prev_since, _p.prev_until),
		'trends', json_build_object('calls', vals.call_series('day', _p.zone, _p.since, _p.until)),
		'funnel', vals.lead_funnel(_p.since, _p.until),
		'recentCalls', (
			select coalesce(json_agg(vals.call_json(c) order by c.start_time desc, c.id desc), '[]')
			from (select x.* from vals.calls x order by x.start_time desc, x.id desc limit 10) c)
	);
end
$$;

-- The dashboard. Asked for nothing special it is the row the runner keeps (sql/run/refresh.sql); only where no runner did so
-- for a while, or something was asked, is it made anew.
--   raises RS400 as vals.period
create or replace function api.analytics_dashboard(_who jsonb, _filter jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_body json;
begin
	if _filter = '{}' then
		select d.body into _body
		from vals.dashboard d
		where d.as_of > now() - interval '15 seconds';
	end if;
	return coalesce(_body, vals.dashboard_json(_filter));
end
$$;
