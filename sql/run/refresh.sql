-- What the runner keeps ready for readers.

-- Make the default dashboard anew, unless another runner just did. Answers whether it did.
create or replace function run.refresh()
returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
	if exists (select from vals.dashboard d where d.as_of > now() - interval '3 seconds') then
		return false;
	end if;
	insert into vals.dashboard (body, as_of)
	values (vals.dashboard_json('{}'), now())
	on conflict (singleton) do update
	set body = excluded.body, as_of = excluded.as_of;
	return true;
end
$$;
