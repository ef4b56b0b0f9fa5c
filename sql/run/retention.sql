-- What is forgotten, in batches.

-- Forget what is past its time: stored answers after a day, throttle windows, sessions, the provider's events after
-- so many days, numbered events of the feed after a week, and so the audit's lines of what the agent reported, for the
-- reports themselves stand with the call. Answers the size of the largest batch; the runner calls it once an hour and
-- again while a batch comes back full.
create or replace function run.retention(_limit integer, _webhooks_days integer default 30)
returns integer
language plpgsql security definer set search_path = ''
as $$
declare
	_gone integer := 0;
	_count integer;
begin
	delete from vals.idempotency_keys k
	where k.ctid in (select i.ctid from vals.idempotency_keys i where i.created_at < now() - interval '24 hours' limit _limit);
	get diagnostics _count = row_count;
	_gone := greatest(_gone, _count);
	delete from vals.login_attempts a
	where a.window_start < now() - interval '1 hour';
	delete from vals.sessions s
	where s.id in (select x.id from vals.sessions x where x.expires_at < now() - interval '1 day' limit _limit);
	get diagnostics _count = row_count;
	_gone := greatest(_gone, _count);
	delete from vals.webhook_events w
	where w.id in (
		select e.id
		from vals.webhook_events e
		where e.received_at < now() - make_interval(days => _webhooks_days)
		limit _limit);
	get diagnostics _count = row_count;
	_gone := greatest(_gone, _count);
	delete from vals.audit_log a
	where a.id in (
		select r.id
		from vals.audit_log r
		where r.action in ('call.engagement', 'call.phase')
			and r.at < now() - interval '7 days'
		order by r.at
		limit _limit);
	get diagnostics _count = row_count;
	_gone := greatest(_gone, _count);
	-- By their numbers: feed.recovery_enter trusts that the log has no hole after the oldest event in it.
	delete from vals.event_log e
	where e.seq <= (
		select max(o.seq)
		from (
			select l.seq, l.created_at
			from vals.event_log l
			where l.seq is not null
			order by l.seq
			limit _limit
		) o
		where o.created_at < now() - interval '7 days');
	get diagnostics _count = row_count;
	return greatest(_gone, _count);
end
$$;
