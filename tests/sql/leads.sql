-- Leads: what a write makes of a body, which moves are legal, what lists find and count.
\ir support/begin.psql

select plan(101);

-- Create.
set local role vals_api;
create temporary table made on commit drop as
select c.body::jsonb as body, c.etag
from api.leads_create(test.who('operator'), '{"firstName":"Ada","lastName":"Byron","phone":"+14155550100","email":"ada@example.org",
	"source":"referral","kevinRating":7,"tags":["vip"],"customFields":{"shoe":42},"status":"closed","qualificationScore":99}') c;
select is((select body ->> 'status' from made), 'new', 'a_lead_begins_as_new_whatever_was_sent');
select is((select body ->> 'qualificationScore' from made), '0', 'a_lead_begins_with_score_0_whatever_was_sent');
select is((select etag from made), '"1"', 'the_etag_is_the_version_in_quotes');
select is((select body -> 'tags' from made), '["vip"]'::jsonb, 'tags_are_kept');
select is((select body -> 'customFields' from made), '{"shoe":42}'::jsonb, 'custom_fields_are_kept');
select is((select body ->> 'country' from made), 'US', 'the_country_is_US_unless_sent');
select is((select body ->> 'createdBy' from made), test.who() ->> 'id', 'the_creator_is_noted');
select is((select body -> 'lastCall' from made), 'null'::jsonb, 'a_fresh_lead_has_no_last_call');
select matches((select body ->> 'createdAt' from made), '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$', 'times_are_ISO_8601_in_UTC_with_milliseconds');
select is((select jsonb_path_query_array(body, '$.stageHistory[*].to') from made), '["new"]'::jsonb, 'the_history_begins_with_new');
select is((select body #>> '{stageHistory,0,cause}' from made), 'created', 'the_first_stage_was_caused_by_creation');
reset role;
select is(test.told((select (body ->> 'id')::uuid from made)), 'lead.created', 'creation_is_told_once');
select is(test.last_told((select (body ->> 'id')::uuid from made), 'lead.created'),
	(select jsonb_build_object('leadId', body ->> 'id', 'name', 'Ada Byron', 'source', 'referral') from made),
	'lead_created_tells_id_name_and_source');
select is((select request_id from vals.event_log where kind = 'lead.created'), 'test-request', 'an_event_knows_its_request');

set local role vals_api;
select is((select c.body ->> 'lastContacted' from api.leads_create(test.who(), '{"firstName":"C","lastName":"C","phone":"+14155550199","lastContacted":"2026-01-31T10:00:00+02:00"}') c),
	'2026-01-31T08:00:00.000Z', 'a_lead_may_have_been_spoken_with_before');
select throws_like($$select api.leads_create(test.who(), '{"firstName":"B","lastName":"B","phone":"+14155550100"}')$$,
	'%leads_phone_unique%', 'a_phone_in_use_is_refused');
select throws_like($$select api.leads_create(test.who(), '{"firstName":"B","lastName":"B","phone":"+14155550101","email":"ada@example.org"}')$$,
	'%leads_email_unique%', 'an_email_in_use_is_refused');
select throws_ok($$select api.leads_create(test.who(), '{"firstName":"B","lastName":"B","phone":"+14155550100"}')$$, '23505', null,
	'a_duplicate_is_a_unique_violation');
select throws_ok($$select api.leads_create(test.who(), '{"firstName":"","lastName":"B","phone":"+14155550102"}')$$, '23514', null,
	'an_empty_name_is_refused_by_the_table');
select is(test.refusal($$select api.leads_create(test.who(), '{"firstName":"B","lastName":"B","phone":"+14155550102","timezone":"Mars/Olympus"}')$$),
	'RS400 VALIDATION Validation failed', 'an_unknown_time_zone_is_refused');
select is(test.refusal_detail($$select api.leads_create(test.who(), '{"firstName":"B","lastName":"B","phone":"+14155550102","timezone":"Mars/Olympus"}')$$)::jsonb
	#>> '{0,field}', 'timezone', 'the_refusal_names_the_field');
select is(test.refusal($$select api.leads_create(test.who(), '{"firstName":"B","lastName":"B","phone":"+14155550102","timezone":"ABC+5"}')$$),
	'RS400 VALIDATION Validation failed', 'a_zone_that_only_looks_like_one_is_refused');

-- Get.
select is(test.refusal($$select api.leads_get(test.who(), '00000000-0000-4000-8000-000000000000')$$), 'RS404 NOT_FOUND Lead not found',
	'an_unknown_lead_is_404');
select is((select g.body::jsonb from made, api.leads_get(test.who(), (made.body ->> 'id')::uuid) g), (select body from made),
	'get_answers_what_create_answered');
reset role;

-- Update.
select test.lead('{"firstName":"Uma","lastName":"Upton","email":"uma@example.org","kevinNotes":"first"}') as uma \gset
select test.forget() \g /dev/null
set local role vals_api;
create temporary table changed on commit drop as
select u.body::jsonb as body, u.etag
from api.leads_update(test.who('operator', '0a000000-0000-4000-8000-000000000002'), :'uma', null,
	'{"kevinNotes":"second","email":null,"tags":["a","b"],"firstName":"Uma"}') u;
select is((select etag from changed), '"2"', 'a_change_makes_a_new_version');
select is((select body ->> 'kevinNotes' from changed), 'second', 'a_member_that_was_sent_is_changed');
select is((select body -> 'email' from changed), 'null'::jsonb, 'null_empties_a_member');
select is((select body ->> 'lastName' from changed), 'Upton', 'a_member_that_was_not_sent_stays');
select is((select body ->> 'updatedBy' from changed), '0a000000-0000-4000-8000-000000000002', 'who_changed_it_is_noted');
reset role;
select is(test.last_told(:'uma', 'lead.updated') -> 'changes', '{"kevinNotes":"second","email":null,"tags":["a","b"]}'::jsonb,
	'only_what_really_changed_is_told');
select test.forget() \g /dev/null
set local role vals_api;
select is((select u.etag from api.leads_update(test.who(), :'uma', null, '{"kevinNotes":"second"}') u), '"2"',
	'a_change_to_the_same_makes_no_version');
reset role;
select is(test.told(:'uma'), '', 'a_change_to_the_same_is_not_told');
set local role vals_api;
select is(test.refusal(format($$select api.leads_update(test.who(), %L, '1', '{"city":"Bern"}')$$, :'uma')),
	'RS409 VERSION_CONFLICT Lead was changed meanwhile', 'a_stale_If_Match_is_refused');
select is(test.refusal_detail(format($$select api.leads_update(test.who(), %L, '1', '{"city":"Bern"}')$$, :'uma'))::jsonb,
	'{"version":2}'::jsonb, 'the_refusal_tells_the_version_of_today');
select is(test.refusal(format($$select api.leads_update(test.who(), %L, null, '{"city":"Bern","version":1}')$$, :'uma')),
	'RS409 VERSION_CONFLICT Lead was changed meanwhile', 'a_stale_version_in_the_body_is_refused');
select lives_ok(format($$select api.leads_update(test.who(), %L, '2', '{"city":"Bern","version":2}')$$, :'uma'), 'the_right_version_is_taken');
select lives_ok(format($$select api.leads_update(test.who(), %L, '*', '{"city":"Basel"}')$$, :'uma'), 'If_Match_of_a_star_fits_any_version');
select lives_ok(format($$select api.leads_update(test.who(), %L, '2,4', '{"city":"Bonn"}')$$, :'uma'), 'one_of_several_versions_is_enough');
select is(test.refusal($$select api.leads_update(test.who(), '00000000-0000-4000-8000-000000000000', null, '{"city":"Bern"}')$$),
	'RS404 NOT_FOUND Lead not found', 'an_unknown_lead_cannot_be_changed');
select throws_ok(format($$select api.leads_update(test.who(), %L, null, '{"phone":"+14155550100"}')$$, :'uma'), '23505', null,
	'a_change_to_a_phone_in_use_is_refused');
reset role;

-- Stages: all 64 pairs as each role against the table of the contract.
create temporary table legal (from_status text, to_status text, reopening boolean default false);
insert into legal (from_status, to_status)
select 'new', unnest(array['contacted', 'disqualified'])
union all select 'contacted', unnest(array['qualified', 'hot_transfer', 'video_sent', 'zoom_scheduled', 'disqualified'])
union all select 'qualified', unnest(array['hot_transfer', 'video_sent', 'zoom_scheduled', 'closed', 'disqualified'])
union all select 'hot_transfer', unnest(array['qualified', 'video_sent', 'zoom_scheduled', 'closed', 'disqualified'])
union all select 'video_sent', unnest(array['qualified', 'hot_transfer', 'zoom_scheduled', 'closed', 'disqualified'])
union all select 'zoom_scheduled', unnest(array['hot_transfer', 'video_sent', 'closed', 'disqualified']);
insert into legal (from_status, to_status, reopening)
values ('closed', 'qualified', true), ('disqualified', 'contacted', true);

create function test.move(_from text, _to text, _role text)
returns text
language plpgsql
as $$
declare
	_id uuid := test.lead_in(_from);
begin
	return test.refusal(format('select api.leads_update(test.who(%L), %L, null, %L)', _role, _id, jsonb_build_object('status', _to)));
end
$$;

select is(
	(select array_agg(format('%s to %s as %s: %s', f.status, t.status, r.role, m.answer))
	from vals.lead_statuses f
		cross join vals.lead_statuses t
		cross join unnest(array['admin', 'kevin', 'operator', 'agent']) as r (role)
		left join legal l on l.from_status = f.status and l.to_status = t.status
		cross join lateral (select test.move(f.status, t.status, r.role) as answer) m
	where m.answer <> case
		when f.status = t.status or (l.from_status is not null and (not l.reopening or r.role in ('admin', 'kevin'))) then 'not refused'
		else format('RS400 INVALID_TRANSITION Invalid transition from %s to %s', f.status, t.status)
	end),
	null, 'exactly_the_legal_moves_of_each_role_are_taken');

select test.lead() as mover \gset
set local role vals_api;
select api.leads_update(test.who('kevin', '0a000000-0000-4000-8000-000000000003'), :'mover', null, '{"status":"contacted"}') \g /dev/null
select api.leads_update(test.who('kevin', '0a000000-0000-4000-8000-000000000003'), :'mover', null, '{"status":"qualified"}') \g /dev/null
select is((select jsonb_path_query_array(g.body::jsonb, '$.stageHistory[*].to') from api.leads_get(test.who(), :'mover') g),
	'["new","contacted","qualified"]'::jsonb, 'every_stage_is_kept_in_order');
select is((select concat_ws(' ', g.body #>> '{stageHistory,2,from}', g.body #>> '{stageHistory,2,cause}', g.body #>> '{stageHistory,2,changedBy}')
	from api.leads_get(test.who(), :'mover') g), 'contacted manual 0a000000-0000-4000-8000-000000000003', 'a_stage_knows_where_from_why_and_who');
reset role;

-- Delete.
select test.lead('{"phone":"+14155550190","email":"gone@example.org"}') as gone \gset
select test.call(:'gone') as last_call \gset
set local role vals_api;
select is(test.refusal(format('select api.leads_delete(test.who(), %L)', :'gone')), 'RS409 LEAD_ON_CALL Lead is on a call',
	'a_lead_on_a_call_cannot_be_deleted');
select api.call_end(test.who(), jsonb_build_object('callId', :'last_call')) \g /dev/null
create temporary table hidden on commit drop as
select d::jsonb as body from api.leads_delete(test.who(), :'gone') d;
select is((select body ->> 'id' from hidden), :'gone', 'deletion_answers_the_id');
select matches((select body ->> 'deletedAt' from hidden), 'Z$', 'deletion_answers_the_time');
select is(test.refusal(format('select api.leads_delete(test.who(), %L)', :'gone')), 'RS404 NOT_FOUND Lead not found', 'a_second_deletion_is_404');
select is(test.refusal(format('select api.leads_get(test.who(), %L)', :'gone')), 'RS404 NOT_FOUND Lead not found', 'a_deleted_lead_is_404');
select is(test.refusal(format('select api.leads_update(test.who(), %L, null, %L)', :'gone', '{}')), 'RS404 NOT_FOUND Lead not found',
	'a_deleted_lead_cannot_be_changed');
select is(test.refusal(format('select api.call_start(test.who(), test.rules(), %L)', jsonb_build_object('leadId', :'gone'))), 'RS404 NOT_FOUND Lead not found',
	'a_deleted_lead_cannot_be_called');
select is(api.calls_get(test.who(), :'last_call') ->> 'leadId', :'gone', 'the_calls_of_a_deleted_lead_stay');
select lives_ok($$select api.leads_create(test.who(), '{"firstName":"N","lastName":"N","phone":"+14155550190","email":"gone@example.org"}')$$,
	'phone_and_email_of_a_deleted_lead_are_free');
reset role;

-- A number whose owner asked for no calls keeps that, whoever has it next.
select test.lead('{"phone":"+14155550191","doNotCall":true}') as hermit \gset
select api.leads_delete(test.who(), :'hermit') \g /dev/null
select ok(vals.is_do_not_call(test.the_lead(test.lead()), '+14155550191'), 'the_number_of_a_hidden_lead_that_wanted_no_calls_is_not_dialled');
select test.lead('{"phone":"+14155550191","doNotCall":false}') as heir \gset
select ok((test.the_lead(:'heir')).do_not_call, 'a_new_lead_with_his_number_wants_none_either');
select api.leads_update(test.who(), :'heir', null, '{"doNotCall":false}') \g /dev/null
select ok(not vals.is_do_not_call(test.the_lead(test.lead()), '+14155550191'), 'unless_it_is_said_of_him_anew');
select api.leads_delete(test.who(), :'heir') \g /dev/null
select test.lead() as mover_in \gset
select api.leads_update(test.who(), :'mover_in', null, '{"phone":"+14155550191"}') \g /dev/null
select ok((test.the_lead(:'mover_in')).do_not_call, 'nor_does_a_lead_that_gets_the_number');

select is(test.last_told(:'gone', 'lead.deleted'), jsonb_build_object('leadId', :'gone'), 'deletion_is_told');
select isnt((select deleted_at from vals.leads where id = :'gone'), null, 'the_row_of_a_deleted_lead_is_kept');

-- Lists. Six leads of our own, an hour apart; everything from before is out of sight.
update vals.leads set deleted_at = now() where deleted_at is null;
create temporary table six (number int, id uuid);
insert into six (number, id)
select n.number, test.lead(jsonb_build_object('firstName', n.first, 'lastName', n.last, 'email', n.email, 'source', n.source, 'phone', n.phone))
from (values
	(1, 'Per', 'Cent100%', 'one@example.org', 'google', '+12025550101'),
	(2, 'Under', 'Score_x', 'two_a@example.org', 'google', '+12025550102'),
	(3, 'Back', 'Slash\y', null, 'facebook', '+12025550103'),
	(4, 'Mary Ann', 'Lee', 'lee@example.org', 'facebook', '+12025550104'),
	(5, 'Ünal', 'Öz', 'five@example.org', 'import', '+4915112345678'),
	(6, 'Dot', 'Star.*', 'six@example.org', 'import', '+12025559999')
) as n (number, first, last, email, source, phone);
update vals.leads l
set created_at = '2026-03-01T00:00:00Z'::timestamptz + make_interval(hours => s.number), updated_at = '2026-04-01T00:00:00Z'::timestamptz - make_interval(hours => s.number),
	qualification_score = s.number * 10, status = case when s.number > 4 then 'contacted' else 'new' end
from six s
where s.id = l.id;
grant select on six to public;
set local role vals_api;

-- The numbers of the leads a filter finds, in its order.
create function pg_temp.found(_filter jsonb)
returns text
language sql
as $$
	select coalesce(string_agg(s.number::text, ' ' order by d.place), '')
	from json_array_elements(api.leads_list(test.who(), _filter) -> 'data') with ordinality as d (lead, place)
		left join six s on s.id = (d.lead ->> 'id')::uuid
$$;

select is(pg_temp.found('{}'), '6 5 4 3 2 1', 'a_list_is_newest_first');
select is(pg_temp.found('{"sort":"oldest"}'), '1 2 3 4 5 6', 'a_list_can_be_oldest_first');
select is(pg_temp.found('{"sort":"score"}'), '6 5 4 3 2 1', 'a_list_can_be_best_first');
select is(pg_temp.found('{"sort":"updated"}'), '1 2 3 4 5 6', 'a_list_can_be_last_changed_first');
select is(pg_temp.found('{"sort":"name"}'), '1 4 2 3 6 5', 'a_list_can_be_by_name');
select is(pg_temp.found('{"status":"contacted"}'), '6 5', 'a_list_can_be_of_one_status');
select is(pg_temp.found('{"source":"google"}'), '2 1', 'a_list_can_be_of_one_source');
select is(pg_temp.found('{"qualificationScore":40}'), '6 5 4', 'a_score_filter_means_at_least');
select is(pg_temp.found('{"createdAfter":"2026-03-01T05:00:00Z"}'), '6 5', 'createdAfter_includes_its_moment');
select is(pg_temp.found('{"createdBefore":"2026-03-01T02:00:00Z"}'), '2 1', 'createdBefore_includes_its_moment');
select is(pg_temp.found('{"status":"new","source":"google","qualificationScore":20}'), '2', 'filters_add_up');
select is(pg_temp.found('{"search":"per"}'), '1', 'search_ignores_case');
select is(pg_temp.found('{"search":"mary ann lee"}'), '4', 'search_looks_through_the_full_name');
select is(pg_temp.found('{"search":"lee@EXAMPLE"}'), '4', 'search_looks_through_the_email');
select is(pg_temp.found('{"search":"ü"}'), '5', 'search_knows_other_letters');
select is(pg_temp.found('{"search":"100%"}'), '1', 'a_percent_sign_is_literal');
select is(pg_temp.found('{"search":"%"}'), '1', 'a_percent_sign_alone_is_literal');
select is(pg_temp.found('{"search":"_"}'), '2', 'an_underscore_is_literal');
select is(pg_temp.found('{"search":"\\"}'), '3', 'a_backslash_is_literal');
select is(pg_temp.found('{"search":".*"}'), '6', 'a_regular_expression_is_literal');
select is(pg_temp.found('{"search":"(202) 555-01"}'), '4 3 2 1', 'search_finds_phone_digits_however_written');
select is(pg_temp.found('{"search":"+49 151"}'), '5', 'search_finds_phones_with_their_plus');
select is(pg_temp.found('{"search":"two_a"}'), '2', 'digits_of_other_words_are_no_phone');
select is(pg_temp.found('{"search":"()"}'), '', 'signs_without_a_digit_find_no_phone');
select is(pg_temp.found(jsonb_build_object('search', $$'; drop table vals.leads; --$$)), '', 'a_quote_in_a_search_is_text');

-- Pages.
select is(api.leads_list(test.who(), '{"page":2,"limit":4}') -> 'pagination' #>> '{}',
	json_build_object('total', 6, 'page', 2, 'pages', 2, 'limit', 4, 'hasNext', false, 'hasPrev', true) #>> '{}', 'the_last_page_is_told_as_such');
select is(pg_temp.found('{"page":2,"limit":4}'), '2 1', 'a_page_holds_its_rows');
select is(api.leads_list(test.who(), '{"page":1,"limit":4,"sort":"oldest"}') #>> '{pagination,hasNext}', 'true', 'a_page_before_the_last_has_a_next');
select is(api.leads_list(test.who(), '{}') #>> '{pagination,limit}', '50', 'a_page_holds_50_unless_asked');
select is(api.leads_list(test.who(), '{"limit":201}') #>> '{pagination,limit}', '200', 'a_page_holds_at_most_200');
select is(api.leads_list(test.who(), '{"limit":0}') #>> '{pagination,limit}', '1', 'a_page_holds_at_least_1');
select is(api.leads_list(test.who(), '{"page":-3}') #>> '{pagination,page}', '1', 'pages_begin_with_1');
select is(api.leads_list(test.who(), '{"search":"nobody"}') #>> '{pagination,pages}', '1', 'an_empty_list_has_one_page');
select is(api.leads_list(test.who(), '{"page":99}') #>> '{data}', '[]', 'a_page_beyond_the_end_is_empty');
select lives_ok($$select api.leads_list(test.who(), '{"page":5001,"limit":200}')$$, 'the_millionth_row_can_be_asked_for');
select is(test.refusal($$select api.leads_list(test.who(), '{"page":5002,"limit":200}')$$), 'RS400 VALIDATION Validation failed',
	'beyond_the_millionth_row_is_refused');
reset role;

-- Counters: whatever happens to leads, by whatever statement.
create function pg_temp.miscounted()
returns text
language sql
as $$
	select string_agg(format('%s: %s counted, %s there', s.status, c.total, coalesce(l.total, 0)), ', ')
	from vals.lead_statuses s
		join (select status, sum(leads) as total from vals.lead_counts group by status) c on c.status = s.status
		left join (select status, count(*) as total from vals.leads where deleted_at is null group by status) l on l.status = s.status
	where c.total <> coalesce(l.total, 0)
$$;

select is(pg_temp.miscounted(), null, 'after_all_of_the_above_the_counters_are_right');
insert into vals.leads (first_name, last_name, phone, status)
select 'Churn', 'Row', '+1646' || lpad(n::text, 7, '0'), (array['new', 'contacted', 'qualified', 'closed'])[1 + n % 4]
from generate_series(1, 400) n;
select is(pg_temp.miscounted(), null, 'rows_inserted_together_are_counted');
update vals.leads set status = case when length(phone) > 11 then 'qualified' else status end where first_name = 'Churn';
update vals.leads set status = 'disqualified' where first_name = 'Churn' and right(phone, 1) in ('3', '7');
update vals.leads set status = status, city = 'Bern' where first_name = 'Churn';
select is(pg_temp.miscounted(), null, 'moved_rows_are_counted');
update vals.leads set deleted_at = now() where first_name = 'Churn' and right(phone, 1) = '5';
update vals.leads set deleted_at = now(), status = 'closed' where first_name = 'Churn' and right(phone, 1) = '6';
update vals.leads set deleted_at = null, status = 'new' where first_name = 'Churn' and right(phone, 2) = '15';
delete from vals.leads where first_name = 'Churn' and right(phone, 1) in ('1', '5');
select is(pg_temp.miscounted(), null, 'hidden_restored_and_erased_rows_are_counted');
select is((api.leads_list(test.who(), '{}') #>> '{pagination,total}')::bigint, (select count(*) from vals.leads where deleted_at is null),
	'an_unfiltered_list_has_the_total_of_the_counters');
select is((api.leads_list(test.who(), '{"status":"qualified"}') #>> '{pagination,total}')::bigint,
	(select count(*) from vals.leads where deleted_at is null and status = 'qualified'), 'a_filtered_list_has_its_own_total');
select is((api.leads_list(test.who(), '{"sort":"name"}') #>> '{pagination,total}')::bigint,
	(api.leads_list(test.who(), '{}') #>> '{pagination,total}')::bigint, 'the_order_does_not_change_the_total');

select * from finish();
rollback;
