-- Transfers to Kevin: what the table allows, the list, and what he says came of one.
\ir support/begin.psql

select plan(65);

\set kevin '0a000000-0000-4000-8000-00000000000b'

-- A transfer of a new, answered call: joined a minute ago unless said otherwise.
create function test.transfer(_lead uuid, _state text default 'ended', _more jsonb default '{}')
returns uuid
language plpgsql
as $$
declare
	_row vals.transfers;
	_call uuid := coalesce((_more ->> 'call_id')::uuid, test.answered(_lead));
begin
	if not _more ? 'keeps_call' then
		perform api.call_end(test.who('operator'), jsonb_build_object('callId', _call));
	end if;
	_row := jsonb_populate_record(null::vals.transfers, jsonb_build_object('id', gen_random_uuid(), 'call_id', _call, 'lead_id', _lead, 'attempt', 1, 'state', _state,
		'version', 1, 'initiated_at', now() - interval '2 minutes', 'key_indicators', '[]'::jsonb, 'updated_at', now(),
		'ring_s', 25, 'is_key_needed', true, 'join_checks', 0) || _more);
	if _state in ('joined', 'ended') then
		_row.joined_at := coalesce(_row.joined_at, now() - interval '90 seconds');
	end if;
	if _state not in ('requested', 'dialing', 'screening', 'briefing', 'joining', 'joined') then
		_row.ended_at := coalesce(_row.ended_at, now() - interval '30 seconds');
	end if;
	insert into vals.transfers select _row.*;
	return _row.id;
end
$$;
create function test.stage(_lead uuid)
returns text
language sql
as $$
	select l.status from vals.leads l where l.id = _lead
$$;
create function test.outcome(_transfer uuid, _result text, _more jsonb default '{}', _role text default 'kevin')
returns json
language sql
as $$
	select api.kevin_transfer_outcome_set(test.who(_role, '0a000000-0000-4000-8000-00000000000b'),
		jsonb_build_object('transferId', _transfer, 'conversionResult', _result) || _more)
$$;

-- What can be at once.
select test.lead() as ann \gset
select test.lead() as ben \gset
select test.transfer(:'ann', 'briefing', '{"keeps_call":true}') as live \gset
select call_id as ann_call from vals.transfers where id = :'live' \gset
select throws_like(format('select test.transfer(%L, ''requested'', ''{"keeps_call":true}'')', :'ben'), '%transfers_one_live"', 'Kevin_is_one');
select throws_like(format('select test.transfer(%L, ''dialing'', ''{"keeps_call":true,"call_id":"%s","attempt":2}'')', :'ann', :'ann_call'), '%transfers_one_live%',
	'a_call_has_one_live_transfer');
select throws_like(format('select test.transfer(%L, ''failed'', ''{"call_id":"%s"}'')', :'ann', :'ann_call'), '%transfers_attempt_once"', 'an_attempt_is_made_once');
select lives_ok(format('select test.transfer(%L, ''declined'', ''{"keeps_call":true}'')', :'ben'), 'those_that_failed_are_in_nobodys_way');
update vals.transfers set state = 'lead_left', ended_at = now() where id = :'live';
select lives_ok(format('select test.transfer(%L, ''joining'', ''{"keeps_call":true,"call_id":"%s","attempt":2}'')', :'ann', :'ann_call'), 'a_failed_one_may_be_repeated');
delete from vals.transfers where state = 'joining';
select throws_like(format('update vals.transfers set %s where id = ''%s''', b.set, :'live'), '%' || b.name || '"', b.name)
from (values
	('state = ''dreaming''', 'transfers_state'), ('ended_at = null', 'transfers_end_known'), ('state = ''ended''', 'transfers_joined_known'),
	('kevin_rating = 11', 'transfers_kevin_rating_range'), ('kevin_rating = 0', 'transfers_kevin_rating_range'), ('conversion_result = ''won''', 'transfers_conversion_result'),
	('note = repeat(''x'', 501)', 'transfers_note_length'), ('notes = repeat(''x'', 10001)', 'transfers_notes_length'), ('attempt = 0', 'transfers_attempt_positive'),
	('key_indicators = ''{}''', 'transfers_key_indicators_list')
) as b (set, name);
delete from vals.transfers;
update vals.calls set end_time = now(), status = 'completed' where end_time is null;

-- The list.
select test.lead('{"firstName":"Cleo","lastName":"Carr"}') as cleo \gset
select test.lead() as dan \gset
select test.transfer(:'cleo', 'ended', '{"initiated_at":"2026-03-01T10:00:00Z","joined_at":"2026-03-01T10:00:30Z","ended_at":"2026-03-01T10:05:30.9Z","attempt":2,
	"answered_at":"2026-03-01T10:00:20Z","accepted":true,"engagement_score":91.5,"phase":11,"key_indicators":["asked for the price"],"conversion_result":"closed",
	"kevin_rating":9,"note":"wants to start","notes":"signed","initiated_by":"0a000000-0000-4000-8000-000000000001"}') as first \gset
select test.transfer(:'dan', 'no_answer', '{"initiated_at":"2026-03-02T10:00:00Z","ended_at":"2026-03-02T10:00:25Z","failure_reason":"ring_timeout"}') as second \gset
select test.transfer(:'cleo', 'ended', '{"initiated_at":"2026-03-03T10:00:00Z","joined_at":"2026-03-03T10:00:30Z"}') as third \gset
update vals.calls set score_peak = 95 where id = (select call_id from vals.transfers where id = :'first');
update vals.leads set qualification_score = 77 where id = :'cleo';

create function test.listed(_filter jsonb)
returns text
language sql
as $$
	select coalesce(string_agg(right(left(t ->> 'initiatedAt', 10), 2), ' '), '') || ' of ' || (p #>> '{pagination,total}')
	from (select api.kevin_transfers_list(test.who(), _filter) as p) x
		left join json_array_elements(p -> 'data') as t on true
	group by p #>> '{pagination,total}'
$$;
set local role vals_api;
select is(jsonb_path_query_first(api.kevin_transfers_list(test.who(), '{}')::jsonb, '$.data[2]') - array['callId', 'leadStatus'], jsonb_build_object(
	'id', :'first', 'leadId', :'cleo', 'leadName', 'Cleo Carr', 'attempt', 2, 'state', 'ended', 'failureReason', null, 'note', 'wants to start',
	'initiatedBy', '0a000000-0000-4000-8000-000000000001', 'initiatedAt', '2026-03-01T10:00:00.000Z', 'answeredAt', '2026-03-01T10:00:20.000Z',
	'joinedAt', '2026-03-01T10:00:30.000Z', 'endedAt', '2026-03-01T10:05:30.900Z', 'durationSec', 300, 'accepted', true, 'engagementScoreAtTransfer', 91.5,
	'engagementPeak', 95, 'qualificationScore', 77, 'phaseAtTransfer', 11, 'keyIndicators', '["asked for the price"]'::jsonb, 'conversionResult', 'closed',
	'kevinRating', 9, 'notes', 'signed', 'nextFollowup', null, 'outcomeAt', null, 'outcomeBy', null), 'a_transfer_is_shown_with_its_lead_and_scores');
reset role;
select is(test.listed(f.filter::jsonb), f.expected, f.title)
from (values
	('{}', '03 02 01 of 3', 'newest_first'), ('{"limit":1}', '03 of 3', 'a_page_has_its_length'), ('{"limit":1,"page":2}', '02 of 3', 'and_there_is_a_next'),
	('{"limit":1,"page":9}', ' of 3', 'and_an_end'), ('{"state":"ended"}', '03 01 of 2', 'by_state'),
	('{"conversionResult":"closed"}', '01 of 1', 'by_result'), ('{"from":"2026-03-02T10:00:00Z"}', '03 02 of 2', 'from_a_moment_on'),
	('{"to":"2026-03-02T10:00:00Z"}', '02 01 of 2', 'up_to_a_moment'), ('{"from":"2026-03-02T00:00:00Z","to":"2026-03-02T23:00:00Z","state":"no_answer"}', '02 of 1', 'by_all_of_it')
) as f (filter, expected, title);
select is(test.listed('{"state":"joined"}'), ' of 0', 'by_a_state_nothing_is_in');
select is(test.listed(jsonb_build_object('leadId', :'dan')), '02 of 1', 'by_lead');

-- The result and the lead. Every stage leads to every result, on the shortest legal way.
create function test.way(_from text, _result text)
returns text
language plpgsql
as $$
declare
	_lead uuid := test.lead_in(_from);
	_way text;
begin
	perform test.outcome(test.transfer(_lead), _result);
	select string_agg(s.to_status, ' ' order by s.id) into _way
	from vals.lead_stages s
	where s.lead_id = _lead
		and s.cause = 'transfer-outcome';
	return case when coalesce(_way, _from) like '%' || test.stage(_lead) then coalesce(_way, '-') else 'another way than to ' || test.stage(_lead) end;
end
$$;
select is(test.way(w.stage, w.result), w.expected, format('%s_then_%s', w.stage, w.result))
from (values
	('hot_transfer', 'scheduled', 'zoom_scheduled'), ('hot_transfer', 'closed', 'closed'), ('hot_transfer', 'followup', 'qualified'), ('hot_transfer', 'declined', '-'),
	('contacted', 'scheduled', 'zoom_scheduled'), ('contacted', 'closed', 'hot_transfer closed'), ('contacted', 'followup', 'qualified'), ('contacted', 'declined', '-'),
	('qualified', 'followup', '-'), ('qualified', 'closed', 'closed'), ('video_sent', 'scheduled', 'zoom_scheduled'),
	('zoom_scheduled', 'followup', 'hot_transfer qualified'), ('zoom_scheduled', 'scheduled', '-'), ('zoom_scheduled', 'closed', 'closed'),
	('closed', 'scheduled', 'qualified zoom_scheduled'), ('closed', 'followup', 'qualified'), ('closed', 'closed', '-'),
	('disqualified', 'scheduled', 'contacted zoom_scheduled'), ('disqualified', 'closed', 'contacted hot_transfer closed')
) as w (stage, result, expected);

-- What is stored, told and noted.
select test.lead_in('hot_transfer') as eve \gset
select test.transfer(:'eve') as transfer \gset
select call_id as eve_call from vals.transfers where id = :'transfer' \gset
select version as eve_version from vals.leads where id = :'eve' \gset
delete from vals.event_log;
delete from vals.audit_log;
set local role vals_api;
create temporary table said on commit drop as
select test.outcome(:'transfer', 'scheduled', '{"kevinRating":8,"notes":"on Tuesday","nextFollowup":"2027-01-05T15:00:00Z"}')::jsonb as body;
reset role;
select is((select concat_ws(' ', body ->> 'conversionResult', body ->> 'kevinRating', body ->> 'notes', body ->> 'nextFollowup', body ->> 'leadStatus', body ->> 'outcomeBy') from said),
	'scheduled 8 on Tuesday 2027-01-05T15:00:00.000Z zoom_scheduled ' || :'kevin', 'the_transfer_answers_with_what_was_said');
select is((select concat_ws(' ', l.status, vals.iso(l.next_followup), l.version - :eve_version) from vals.leads l where l.id = :'eve'), 'zoom_scheduled 2027-01-05T15:00:00.000Z 1',
	'the_lead_is_moved_and_to_be_called_again');
select is(test.told(:'eve'), 'lead.updated', 'the_world_is_told_of_the_lead');
select is(test.last_told(:'eve', 'lead.updated'), jsonb_build_object('leadId', :'eve', 'changes', '{"status":"zoom_scheduled","nextFollowup":"2027-01-05T15:00:00.000Z"}'::jsonb),
	'with_what_changed');
select is((select string_agg(action, ' ' order by id) from vals.audit_log), 'lead.update transfer.outcome', 'both_changes_are_audited');
select is((select concat_ws(' ', s.from_status, s.to_status, s.cause, s.changed_by) from vals.lead_stages s where s.lead_id = :'eve' order by s.id desc limit 1),
	'hot_transfer zoom_scheduled transfer-outcome ' || :'kevin', 'the_stage_history_knows_why');

-- Again.
select test.forget() \g /dev/null
select is((select concat_ws(' ', o ->> 'conversionResult', o ->> 'kevinRating', o ->> 'notes', o ->> 'leadStatus') from test.outcome(:'transfer', 'closed') o), 'closed 8 on Tuesday closed',
	'a_correction_keeps_what_it_does_not_say');
select is(test.outcome(:'transfer', 'closed', '{"kevinRating":null,"notes":null}') ->> 'notes', null, 'null_takes_it_back');
select is((select count(*) from vals.event_log where lead_id = :'eve')::int, 1, 'only_the_change_of_the_lead_was_told');
select is(test.outcome(:'transfer', 'declined') ->> 'leadStatus', 'closed', 'declined_leaves_the_lead_where_it_is');
select is((select version from vals.transfers where id = :'transfer'), 5, 'each_word_is_a_version');

-- By call: its latest transfer.
select test.transfer(:'eve', 'failed', jsonb_build_object('call_id', :'eve_call', 'attempt', 2, 'joined_at', now() - interval '80 seconds')) as retry \gset
select is(api.kevin_transfer_outcome_set(test.who(), jsonb_build_object('callId', :'eve_call', 'conversionResult', 'followup')) ->> 'id', :'retry', 'a_call_stands_for_its_latest_transfer');
select is(test.refusal(format('select test.outcome(%L, ''closed'', ''{"callId":"%s"}'')', :'transfer', (select call_id from vals.transfers where id = :'first'))),
	'RS404 NOT_FOUND Transfer not found', 'a_transfer_of_another_call_is_404');
select is(test.refusal($$select test.outcome('00000000-0000-4000-8000-000000000000', 'closed')$$), 'RS404 NOT_FOUND Transfer not found', 'no_such_transfer_is_404');
select is(test.refusal($$select api.kevin_transfer_outcome_set(test.who(), '{"callId":"00000000-0000-4000-8000-000000000000","conversionResult":"closed"}')$$),
	'RS404 NOT_FOUND Transfer not found', 'no_transfer_of_the_call_is_404');
select is(test.refusal_detail($$select api.kevin_transfer_outcome_set(test.who(), '{"conversionResult":"closed"}')$$),
	'[{"field":"transferId","message":"is required, or callId"}]', 'one_of_both_is_needed');
select is(test.refusal(format('select test.outcome(%L, ''closed'')', :'second')), 'RS409 TRANSFER_NOT_JOINED Kevin did not join this transfer', 'a_transfer_without_Kevin_has_no_result');

-- A hidden lead.
select test.lead_in('contacted') as fay \gset
select test.transfer(:'fay') as hidden \gset
select api.leads_delete(test.who(), :'fay') \g /dev/null
select is(test.outcome(:'hidden', 'closed') ->> 'conversionResult', 'closed', 'a_hidden_leads_transfer_keeps_its_result');
select is(test.stage(:'fay'), 'contacted', 'but_the_lead_stays_as_it_was');

select * from finish();
rollback;
