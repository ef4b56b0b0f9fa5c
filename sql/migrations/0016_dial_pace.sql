-- The pace of dials counts requests, not commands: one that is sent again counts again.

create table vals.dial_requests (
	over_at timestamptz not null default clock_timestamp()
);
comment on table vals.dial_requests is 'the dials asked of the provider lately, beside those a runner holds now';
comment on column vals.dial_requests.over_at is 'when it had arrived at the latest: it was answered, given up, or its runner was gone';

-- Whatever ends a lease of a dial ends a request.
create function vals.dial_request_keep()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
	insert into vals.dial_requests default values;
	return null;
end
$$;

create trigger commands_dial_request
after update of state, attempt on vals.commands
for each row
when (old.kind = 'dial' and old.state = 'leased' and (new.state <> 'leased' or new.attempt <> old.attempt))
execute function vals.dial_request_keep();

alter table vals.commands
drop column last_sent_at;

-- Dials which go before all others, however many those are.
create index commands_due_dials_first on vals.commands (next_at, place)
where state in ('pending', 'leased') and kind = 'dial' and (first_sent_at is not null or params ->> 'leg' = 'closer');
