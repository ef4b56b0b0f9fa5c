-- check-data.sql - is the demo's month believable?
--
--   psql -v ON_ERROR_STOP=1 -f data.sql -f check-data.sql
--
-- Stops with an error that names the first promise of data.sql which does not hold.

\set ON_ERROR_STOP on
\set QUIET on

begin;

create function pg_temp.expect(_promise text, _holds boolean)
returns void
language plpgsql
as $$
begin
	if _holds is not true then
		raise exception 'not so: %', _promise;
	end if;
end
$$;

select pg_temp.expect('there are 400 leads and 3,500 to 4,500 calls',
	(select count(*) from vals.leads) = 400 and (select count(*) from vals.calls) between 3500 and 4500) \g /dev/null

select pg_temp.expect('numbers are fictional, and few of them do not answer',
	bool_and(phone ~ '^\+1[2-9][0-9]{2}55501[0-9]{2}$') and count(*) filter (where phone ~ '0[1-5]$') between 5 and 40)
from vals.leads \g /dev/null

select pg_temp.expect('the counters agree with the leads',
	(select sum(leads) from vals.lead_counts c where c.status = s.status) = (select count(*) from vals.leads l where l.status = s.status))
from vals.lead_statuses s \g /dev/null

select pg_temp.expect('every stage follows from the one before, by a legal move',
	case when s.before is null then s.from_status is null and s.to_status = 'new'
	else s.from_status = s.before
		and exists (select from vals.lead_transitions t where t.from_status = s.from_status and t.to_status = s.to_status and not t.is_reopening) end)
from (select x.*, lag(x.to_status) over (partition by x.lead_id order by x.changed_at, x.id) as before from vals.lead_stages x) s \g /dev/null

select pg_temp.expect('a lead is in the last of its stages',
	l.status = (select s.to_status from vals.lead_stages s where s.lead_id = l.id order by s.id desc limit 1))
from vals.leads l \g /dev/null

select pg_temp.expect('who has spoken with us is not new, and who is new has not',
	(l.status <> 'new') = exists (select from vals.calls c where c.lead_id = l.id and c.answered_by = 'human')
	and l.last_contacted is not distinct from (select max(c.answered_at) from vals.calls c where c.lead_id = l.id and c.answered_by = 'human'))
from vals.leads l \g /dev/null

select pg_temp.expect('after do_not_call, or the end of the matter, nobody is called',
	not exists (select from vals.calls c where c.lead_id = e.lead_id and c.start_time > e.at))
from (
	select s.lead_id, s.changed_at as at from vals.lead_stages s where s.to_status in ('closed', 'disqualified') and s.cause <> 'manual'
	union all
	select c.lead_id, c.end_time from vals.calls c where c.final_status = 'do_not_call'
) e \g /dev/null

select pg_temp.expect('calls are over, in the past month, and follow one another',
	c.end_time < now() and c.start_time > now() - interval '31 days' and c.start_time < c.end_time
	and (c.answered_at is null or c.answered_at between c.start_time and c.end_time)
	and c.start_time > coalesce(c.previous_end, '-infinity'))
from (select x.*, lag(x.end_time) over (partition by x.lead_id order by x.start_time) as previous_end from vals.calls x) c \g /dev/null

select pg_temp.expect('nobody is called at night, by the clock on his wall',
	bool_and((c.start_time at time zone l.timezone)::time between '09:00' and '20:00'))
from vals.calls c
	join vals.leads l on l.id = c.lead_id \g /dev/null

select pg_temp.expect('Kevin takes calls only in his hours',
	bool_and(c.kevin_available and c.transfer_success) and count(*) > 20)
from vals.calls c
where c.final_status = 'hot_transfer' \g /dev/null

select pg_temp.expect('each call he took has its transfer, within the call, and what came of most is known',
	bool_and(t.initiated_at > c.answered_at and t.answered_at > t.initiated_at and t.joined_at > t.answered_at and t.ended_at = c.end_time
		and t.initiated_at = c.transfer_time) and count(*) filter (where t.conversion_result is null) * 5 <= count(*)
	and count(distinct t.conversion_result) = 4)
from vals.calls c
	left join vals.transfers t on t.call_id = c.id
where c.transfer_success \g /dev/null

select pg_temp.expect('phases fill the call without a gap',
	p.entered_at = coalesce(p.previous_left, c.start_time) and p.left_at > p.entered_at
	and (p.is_last = (p.left_at = c.end_time)))
from (
	select x.*, lag(x.left_at) over calls as previous_left, lead(x.id) over calls is null as is_last
	from vals.call_phases x
	window calls as (partition by x.call_id order by x.id)
) p
	join vals.calls c on c.id = p.call_id \g /dev/null

select pg_temp.expect('every call is in some phase',
	exists (select from vals.call_phases p where p.call_id = c.id and p.phase = 1))
from vals.calls c \g /dev/null

select pg_temp.expect('a conversation has reports within it, and the call keeps the last and the best',
	c.score = r.last and c.score_peak = r.best and c.score_at = r.at and r.first_at >= c.answered_at and r.at <= c.end_time)
from vals.calls c
	left join lateral (
		select max(e.score) as best, max(e.reported_at) as at, min(e.reported_at) as first_at,
			(array_agg(e.score order by e.reported_at desc))[1] as last
		from vals.engagement_reports e
		where e.call_id = c.id
	) r on true
where c.answered_by = 'human' \g /dev/null

select pg_temp.expect('some conversations were hot, most were not',
	count(*) filter (where score_peak >= 85)::numeric / count(*) between 0.08 and 0.35)
from vals.calls
where answered_by = 'human' \g /dev/null

select pg_temp.expect('Kevin is available, whatever the hour', vals.kevin_available()) \g /dev/null

rollback;
\echo 'demo data: all promises hold'
