-- An event that cannot be applied, by a fault of ours, waits without standing in the way of others.

alter table vals.webhook_events
add column put_off_until timestamptz;
comment on column vals.webhook_events.put_off_until is 'applying it failed: it is tried again after this';
