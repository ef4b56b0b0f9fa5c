-- Kevin, the closer: his switch over his weekly schedule.

create table vals.kevin (
	singleton boolean primary key default true,
	override_available boolean,
	override_reason text,
	override_until timestamptz,
	timezone text not null default 'America/New_York',
	updated_at timestamptz not null default now(),
	updated_by uuid,
	constraint kevin_one_row check (singleton),
	constraint kevin_reason_length check (length(override_reason) <= 200)
);
comment on table vals.kevin is 'one row: there is exactly one Kevin';
comment on column vals.kevin.override_available is 'null: the schedule decides';
comment on column vals.kevin.override_until is 'null: the override stays until it is changed';
insert into vals.kevin (singleton) values (true);

create table vals.kevin_slots (
	id integer generated always as identity primary key,
	day_of_week smallint not null,
	start_time time not null,
	end_time time not null,
	is_active boolean not null default true,
	constraint kevin_slots_day check (day_of_week between 0 and 6)
);
comment on table vals.kevin_slots is 'weekly hours on the wall clock of kevin.timezone; 0 is Sunday; an end not after the start runs past midnight';
insert into vals.kevin_slots (day_of_week, start_time, end_time)
select day, '09:00', '17:00' from generate_series(1, 5) as day;

create table vals.kevin_exceptions (
	date date primary key,
	available boolean not null,
	start_time time,
	end_time time,
	note text,
	constraint kevin_exceptions_note_length check (length(note) <= 200)
);
comment on table vals.kevin_exceptions is 'days that differ: off, or other hours (none given = the whole day)';
