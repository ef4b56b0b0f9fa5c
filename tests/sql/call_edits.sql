-- Calls as people write them down: records, corrections, legal moves, transcript, recording, lists.
\ir support/begin.psql

select plan(47);

create function test.edit(_call uuid, _body jsonb, _role text default 'admin')
returns jsonb
language sql
as $$
	select api.calls_update(test.who(_role), _call, _body)::jsonb
$$;

create function test.record(_lead uuid, _body jsonb default '{}')
returns jsonb
language sql
as $$
	select c.body::jsonb from api.calls_create(test.who(), _body || jsonb_build_object('leadId', _lead)) c
$$;

-- Records of calls made elsewhere.
select test.lead('{"firstName":"Rec","lastName":"Order","phone":"+14155550170"}') as lead \gset
select test.forget() \g /dev/null
select test.record(:'lead', '{"startTime":"2026-03-01T10:00:00Z","endTime":"2026-03-01T10:01:00Z","finalStatus":"callback","notes":"n"}') ->> 'id' as call \gset
select is(test.standing(:'call'), 'completed callback -', 'a_record_is_a_call_that_is_over');
select is(test.commands(:'call'), '', 'nobody_is_dialled_for_a_record');
select is((test.the_call(:'call')).phone_number, '+14155550170', 'the_number_is_that_of_the_lead');
select is(vals.call_duration_s(test.the_call(:'call')), 60, 'somebody_talked_from_start_to_end');
select is(test.told(:'lead'), 'lead.updated', 'only_what_it_means_to_the_lead_is_told');
select is((test.the_lead(:'lead')).status, 'contacted', 'who_answered_was_contacted');
select is((test.the_lead(:'lead')).last_contacted, '2026-03-01T10:00:00Z'::timestamptz, 'the_contact_was_then');
select is(
	(select array_agg(o.outcome || ' ' || (r.call).status || ' ' || coalesce((r.call).end_reason, '-') || ' ' || ((r.call).answered_at is not null) order by o.outcome)
	from unnest(array['no_answer', 'busy', 'wrong_number', 'failed', 'voicemail', 'closed']) as o (outcome)
		cross join lateral (select test.the_call((test.record(test.lead(), jsonb_build_object('finalStatus', o.outcome)) ->> 'id')::uuid) as call) r),
	array['busy busy busy false', 'closed completed - true', 'failed failed - false', 'no_answer no-answer no_answer false',
		'voicemail completed voicemail true', 'wrong_number failed - false'],
	'the_outcome_tells_status_and_reason');
select test.lead() as missed \gset
select test.record(:'missed', '{"finalStatus":"voicemail"}') \g /dev/null
select is((test.the_lead(:'missed')).status, 'new', 'a_machine_is_no_contact');
select is(test.refusal_detail(format($$select test.record(%L, '{"startTime":"2026-03-01T10:00:01Z","endTime":"2026-03-01T10:00:00Z"}')$$, :'lead'))::jsonb #>> '{0,field}',
	'endTime', 'an_end_before_the_start_is_refused');
select is(test.refusal_detail(format($$select test.record(%L, '{"startTime":"0001-01-01","endTime":"2026-03-01T10:00:00Z"}')$$, :'lead'))::jsonb #>> '{0,field}',
	'endTime', 'no_call_lasts_longer_than_a_day');
select is(test.refusal(format($$select test.record(%L, '{"startTime":"2999-01-01T00:00:00Z"}')$$, :'lead')), 'RS400 VALIDATION Validation failed',
	'the_future_is_refused');
select is(test.refusal(format('select test.record(%L)', gen_random_uuid())), 'RS404 NOT_FOUND Lead not found', 'a_record_needs_a_lead');

-- Corrections.
select is((select jsonb_build_object('notes', e -> 'notes', 'objections', e -> 'objections', 'strategies', e -> 'strategies')
	from test.edit(:'call', '{"notes":null,"objections":[{"type":"price"}],"strategies":["s"]}') e),
	'{"notes":null,"objections":[{"type":"price"}],"strategies":["s"]}', 'what_was_sent_is_changed');
select is(test.edit(:'call', '{}') -> 'strategies', '["s"]', 'what_was_not_sent_stays');
select test.forget() \g /dev/null
select test.edit(:'call', '{"finalStatus":"video_sent"}') \g /dev/null
select is(test.told(:'call'), 'call.status', 'another_outcome_is_told');
select is(test.last_told(:'call', 'call.status') ->> 'finalStatus', 'video_sent', 'with_the_outcome');
select is((test.the_lead(:'lead')).status, 'video_sent', 'the_outcome_of_a_call_that_is_over_moves_the_lead');
select test.answered() as live \gset
select test.edit(:'live', '{"finalStatus":"closed"}') \g /dev/null
select is((test.the_lead((test.the_call(:'live')).lead_id)).status, 'new', 'the_outcome_of_a_live_call_moves_nobody_yet');
select is(test.refusal(format($$select test.edit(%L, '{}')$$, gen_random_uuid())), 'RS404 NOT_FOUND Call not found', 'an_unknown_call_cannot_be_changed');
select is((select after from vals.audit_log where subject_id = :'call' order by id desc limit 1), '{"finalStatus":"video_sent"}',
	'the_audit_log_has_what_changed');

-- Legal moves: every status towards every status, as the domain has them.
create function test.moved(_from text, _to text)
returns text
language plpgsql
as $$
declare
	_id uuid := test.dialled(test.call());
begin
	update vals.calls
	set status = _from, end_time = case when vals.call_rank(_from) = 9 then clock_timestamp() end,
		answered_at = case when _from in ('active', 'in-progress', 'transferring', 'transferred', 'transfer_failed') then clock_timestamp() end
	where id = _id;
	return test.edit(_id, jsonb_build_object('status', _to)) ->> 'status';
exception when sqlstate 'RS400' then
	return sqlerrm;
end
$$;
create temporary table statuses (status text, is_final boolean);
insert into statuses
values ('initiated', false), ('ringing', false), ('active', false), ('in-progress', false), ('transferring', false), ('transferred', false),
	('transfer_failed', false), ('completed', true), ('no-answer', true), ('busy', true), ('failed', true), ('canceled', true);
create temporary table arrows (arrow text);
insert into arrows
values ('initiated ringing'), ('ringing active'), ('active in-progress'), ('in-progress transferring'), ('transferring transferred'),
	('transferring transfer_failed'), ('transfer_failed in-progress'), ('transfer_failed transferring'),
	('initiated no-answer'), ('initiated busy'), ('ringing no-answer'), ('ringing busy');
select is(
	(select array_agg(format('%s to %s: %s', f.status, t.status, m.answer))
	from statuses f
		cross join statuses t
		cross join lateral (select test.moved(f.status, t.status) as answer) m
	where m.answer <> case
		when f.status = t.status or exists (select from arrows a where a.arrow = f.status || ' ' || t.status)
			or (not f.is_final and t.status in ('completed', 'failed', 'canceled')) then t.status
		else format('Invalid transition from %s to %s', f.status, t.status) end),
	null, 'only_the_moves_of_the_domain_are_legal');
select test.forget() \g /dev/null
select test.dialled(test.call()) as call \gset
select test.edit(:'call', '{"status":"busy"}') \g /dev/null
select is(test.standing(:'call'), 'busy - busy', 'a_final_status_ends_the_call');
select is(test.commands(:'call'), 'dial done, hangup pending', 'and_hangs_up');
select is(test.told(:'call'), 'call.started call.status call.ended', 'and_is_told_as_an_end');
select test.answered() as call \gset
update vals.calls set status = 'transferred' where id = :'call';
select is(test.refusal(format($$select test.edit(%L, '{"status":"completed"}', 'agent')$$, :'call')),
	'RS400 INVALID_TRANSITION Invalid transition from transferred to completed', 'the_agent_cannot_hang_up_on_Kevin');
select is(test.edit(:'call', '{"status":"completed"}', 'kevin') ->> 'endReason', 'operator_ended', 'Kevin_can');

-- Transcript.
select test.answered() as call \gset
select test.forget() \g /dev/null
select test.edit(:'call', '{"transcript":[{"speaker":"agent","text":"b","timestamp":"2026-03-01T10:00:02Z"},{"speaker":"prospect","text":"a","timestamp":"2026-03-01T10:00:01Z"}]}') \g /dev/null
select test.edit(:'call', '{"transcript":[{"speaker":"agent","text":"c"},{"speaker":"agent","text":"d"}]}') \g /dev/null
select is((select string_agg(t ->> 'text', ' ') from jsonb_array_elements(test.edit(:'call', '{}') -> 'transcript') t), 'a b c d',
	'the_transcript_is_in_the_order_of_what_was_said');
select is(test.told(:'call'), 'call.transcript call.transcript', 'what_was_added_is_told_once');
select is(test.last_told(:'call', 'call.transcript') -> 'transcript',
	jsonb_path_query_array(test.edit(:'call', '{}') -> 'transcript', '$[*] ? (@.text == "c" || @.text == "d")'), 'with_its_entries_as_the_call_has_them');
select is((select count(distinct t ->> 'id') from jsonb_array_elements(test.edit(:'call', '{}') -> 'transcript') t)::int, 4, 'each_has_an_id_of_its_own');

-- Timeline.
select is((select string_agg(t ->> 'kind', ' ') from json_array_elements(vals.call_timeline_json(test.the_call(:'call'))) t),
	'started phase answered', 'the_timeline_has_what_happened_so_far');

-- Recording.
create function test.records(_call uuid, _body jsonb)
returns text
language sql
as $$
	select api.calls_recording_set(test.who('operator'), _call, _body)::jsonb #>> '{recording,status}'
$$;
select test.forget() \g /dev/null
select is(test.records(:'call', '{"action":"stop"}'), 'none', 'a_stop_without_a_start_is_nothing');
select is(test.records(:'call', '{"action":"start","channels":"single"}'), 'recording', 'a_recording_starts');
select is(test.records(:'call', '{"action":"start"}'), 'recording', 'starting_again_is_nothing');
select is(test.records(:'call', '{"action":"stop"}'), 'none', 'one_that_was_never_sent_is_taken_back');
select is(test.commands(:'call'), 'dial done, record_start canceled', 'its_command_is_canceled');
select test.records(:'call', '{"action":"start"}') \g /dev/null
update vals.commands set state = 'leased', attempt = 1, first_sent_at = now(), lease_until = now() + interval '30 seconds' where call_id = :'call' and step = 'record_start_2';
select is(test.records(:'call', '{"action":"stop"}'), 'processing', 'one_that_was_sent_is_stopped');
select is(test.told(:'call'), 'call.recording call.recording call.recording call.recording', 'each_change_is_told');
select is_empty($$select kind from run.commands_take('w', 100, 30) where kind = 'record_stop'$$, 'a_stop_waits_for_its_start');
select run.command_done((select command_id from vals.commands where step = 'record_start_2'), 1, 200, '{"data":{"result":"ok"}}') \g /dev/null
select isnt_empty($$select kind from run.commands_take('w', 100, 30) where kind = 'record_stop'$$, 'then_it_is_due');
select test.answered() as call \gset
select test.records(:'call', '{"action":"start"}') \g /dev/null
update vals.commands set state = 'leased', attempt = 1, first_sent_at = now(), lease_until = now() + interval '30 seconds' where call_id = :'call' and step = 'record_start_1';
select run.command_failed((select command_id from vals.commands where call_id = :'call' and step = 'record_start_1'), 1, 422, '90015', 'refused') \g /dev/null
select is((test.the_call(:'call')).recording_status, 'failed', 'a_recording_the_provider_refuses_is_failed');
select ok((test.the_call(:'call')).end_time is null, 'the_call_goes_on');
select test.records(:'call', '{"action":"start"}') \g /dev/null
select api.call_end(test.who(), jsonb_build_object('callId', :'call')) \g /dev/null
select is((test.the_call(:'call')).recording_status, 'processing', 'a_recording_ends_with_its_call');
select is(test.refusal(format($$select test.records(%L, '{"action":"start"}')$$, :'call')), 'RS409 CALL_OVER Call is over', 'what_is_over_cannot_be_recorded');
select is(test.refusal(format($$select test.records(%L, '{"action":"start"}')$$, test.call())), 'RS409 CALL_NOT_ANSWERED Call was not answered yet',
	'nor_what_was_not_answered');

-- Lists: nothing may be a pattern, and a hidden lead keeps its calls.
select test.lead('{"firstName":"Per%Cent","lastName":"Zzyzx","phone":"+14155550171"}') as lead \gset
select test.record(:'lead', '{"startTime":"2026-03-02T10:00:00Z","phoneNumber":"+14155550172"}') ->> 'id' as call \gset
create function test.finds(_filter jsonb)
returns text
language sql
as $$
	select coalesce(string_agg(c ->> 'phone', ' '), '') || '|' || (l.body #>> '{pagination,total}')
	from (select api.calls_list(test.who(), _filter) as body) l
		left join lateral json_array_elements(l.body -> 'data') c on true
	group by l.body #>> '{pagination,total}'
$$;
select api.leads_delete(test.who(), :'lead') \g /dev/null
select is(
	(select array_agg(test.finds(jsonb_build_object('search', term)) order by place)
	from unnest(array['per%cent zz', 'per_cent', '%zzyzx', 'ZZYZX', '(415) 555-0172', '4155550172', '4155550171']) with ordinality as t (term, place)),
	array['+14155550172|1', '|0', '|0', '+14155550172|1', '+14155550172|1', '+14155550172|1', '|0'],
	'a_search_finds_the_name_of_the_lead_and_the_number_that_was_called');

select * from finish();
rollback;
