-- What a runner that died had sent may still be on its way, for as long as it would itself have waited for the answer.

create or replace function vals.dial_request_keep()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
	insert into vals.dial_requests (over_at)
	values (clock_timestamp() + case new.state when 'leased' then interval '5 seconds' else interval '0' end);
	return null;
end
$$;

comment on column vals.dial_requests.over_at is
	'when it had arrived at the latest: it was answered or given up, or its runner is gone for as long as that would have waited';
