-- The provider's events once more, after a fault was mended.

-- Apply stored events again, in the order in which they happened: all since a time (null: all there are), or one, or only
-- those which found no leg. What they said is true already or becomes it now; one that cannot be
-- applied is passed over. Answers how many were looked at, and how many have found their leg.
create or replace function admin.webhooks_replay(_since timestamptz, _id uuid, _is_unprocessed_only boolean, _limit integer,
	out seen integer, out applied integer)
language plpgsql
set search_path = ''
as $$
declare
	_event vals.webhook_events;
begin
	seen := 0;
	applied := 0;
	for _event in
		select e.*
		from vals.webhook_events e
		where (_since is null or e.received_at >= _since)
			and (_id is null or e.id = _id)
			and not (_is_unprocessed_only and e.processed_at is not null)
		order by e.occurred_at, e.received_at
		limit _limit
	loop
		perform vals.webhook_try('{"requestId":"replay"}', _event);
		seen := seen + 1;
		if exists (select from vals.webhook_events e where e.id = _event.id and e.leg_id is not null) then
			applied := applied + 1;
		end if;
	end loop;
end
$$;
