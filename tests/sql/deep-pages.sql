-- Pages deep in a list hold what a plain query has there, whatever the order and the filters.
\ir support/begin.psql

select plan(11);

select setseed(0.7);
insert into vals.leads (first_name, last_name, phone, status, source, qualification_score, created_at, updated_at)
select 'Deep', chr(65 + n % 26), '+1646' || lpad(n::text, 7, '0'), (array['new', 'contacted', 'new'])[1 + n % 3], 'google',
	floor(random() * 100)::int, timestamptz '2026-01-01' + floor(random() * 900) * interval '1 minute', timestamptz '2026-02-01' + random() * interval '1 day'
from generate_series(1, 3000) n;
insert into vals.calls (lead_id, phone_number, kevin_available, status, end_time, start_time, score)
select l.id, l.phone, false, case when l.qualification_score < 80 then 'completed' else 'busy' end, now(), l.created_at, l.qualification_score
from vals.leads l;

create function pg_temp.leads_page(_filter jsonb)
returns text
language sql
as $$
	select string_agg(row ->> 'id', ' ')
	from json_array_elements(api.leads_list(test.who(), _filter) -> 'data') as row
$$;

create function pg_temp.calls_page(_filter jsonb)
returns text
language sql
as $$
	select string_agg(row ->> 'id', ' ')
	from json_array_elements(api.calls_list(test.who(), _filter) -> 'data') as row
$$;

-- What a query has from a row on.
create function pg_temp.slice(_query text, _size integer, _offset integer)
returns text
language plpgsql
as $$
declare
	_ids text;
begin
	execute format('select string_agg(id::text, '' '') from (%s limit %s offset %s) q', _query, _size, _offset) into _ids;
	return _ids;
end
$$;

select is(pg_temp.leads_page('{"page":26,"limit":40}'), pg_temp.slice('select id from vals.leads order by created_at desc, id desc', 40, 1000),
	'the_first_deep_page');
select is(pg_temp.leads_page('{"page":25,"limit":40}'), pg_temp.slice('select id from vals.leads order by created_at desc, id desc', 40, 960),
	'joins_the_one_before_it');
select is(pg_temp.leads_page('{"page":15,"limit":200}'), pg_temp.slice('select id from vals.leads order by created_at desc, id desc', 200, 2800),
	'the_last_page');
select is(pg_temp.leads_page('{"page":16,"limit":200}'), null, 'beyond_the_end_there_is_nothing');
select is(pg_temp.leads_page('{"page":60,"sort":"oldest"}'), pg_temp.slice('select id from vals.leads order by created_at, id', 50, 2950), 'oldest_first');
select is(pg_temp.leads_page('{"page":40,"sort":"name"}'), pg_temp.slice('select id from vals.leads order by last_name, first_name, id', 50, 1950), 'by_name');
select is(pg_temp.leads_page('{"page":40,"sort":"score"}'),
	pg_temp.slice('select id from vals.leads order by qualification_score desc, created_at desc, id desc', 50, 1950), 'best_first');
select is(pg_temp.leads_page('{"page":30,"status":"new","qualificationScore":10}'),
	pg_temp.slice('select id from vals.leads where status = ''new'' and qualification_score >= 10 order by created_at desc, id desc', 50, 1450),
	'of_a_status_and_a_score');
select is(pg_temp.calls_page('{"page":33}'), pg_temp.slice('select id from vals.calls order by start_time desc, id desc', 50, 1600), 'calls');
select is(pg_temp.calls_page('{"page":33,"status":"completed"}'),
	pg_temp.slice('select id from vals.calls where status = ''completed'' order by start_time desc, id desc', 50, 1600), 'calls_of_a_status');
select is(pg_temp.calls_page('{"page":25,"search":"1646"}'),
	pg_temp.slice('select id from vals.calls where phone_number like ''%1646%'' order by start_time desc, id desc', 50, 1200), 'calls_that_were_searched');

select * from finish();
rollback;
