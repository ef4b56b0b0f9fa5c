-- What the runner keeps ready for readers.

-- The figures of a dashboard, without what they are compared with.
create or replace function vals.dashboard_figures(_body json)
returns jsonb
language sql immutable parallel safe
as $$
	select (_body -> 'summary')::jsonb - 'previous' - 'delta'
$$;

-- Make the default dashboard anew, unless another runner just did, and tell its figures that changed. Answers whether it did.
--   emits dashboard.metrics
create or replace function run.refresh()
returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
	_last vals.dashboard;
	_body json;
	_news jsonb;
begin
	select d.* into _last
	from vals.dashboard d
	for update;
	if _last.as_of > now() - interval '3 seconds' then
		return false;
	end if;
	_body := vals.dashboard_json('{}');
	insert into vals.dashboard (body, as_of)
	values (_body, now())
	on conflict (singleton) do update
	set body = excluded.body, as_of = excluded.as_of;
	_news := vals.changes(vals.dashboard_figures(_last.body), vals.dashboard_figures(_body));
	if _news <> '{}' then
		perform vals.emit('dashboard.metrics', null, null, _news);
	end if;
	return true;
end
$$;
