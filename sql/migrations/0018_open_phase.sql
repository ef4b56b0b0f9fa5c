-- Phases of a call are found without reading those it has left: an agent may report hundreds of changes.

create unique index call_phases_open on vals.call_phases (call_id) where left_at is null;
comment on index vals.call_phases_open is 'a call is in one phase at a time';

create index call_phases_advanced on vals.call_phases (call_id, phase)
	where left_at is not null and outcome in ('advanced', 'positive');
comment on index vals.call_phases_advanced is 'for calls.phases_completed';
