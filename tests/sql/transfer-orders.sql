-- Transfers in every order: whatever order the news comes in, and however often, the end is the same.
--
-- A situation is a list of steps: events of the provider, its answers to our commands, wishes of people. A step
-- can come as soon as what caused it is there (a press of the key needs the question, an event of the
-- conference its command); all else is free. Every order which that leaves is tried, each in a subtransaction that is taken
-- back, with each step told once and with each told twice. After each step the rules hold which must always hold.
\ir support/begin.psql
\ir support/transfers.psql

create table test.steps (
	situation text,
	place serial,
	name text,
	action text,	-- lead, kevin, conference: an event of it; answer, refuse: of a command; cancel, end: what people do
	what text,	-- the event's type or the command's kind
	after numeric,	-- seconds since the transfer was asked for
	more jsonb,
	needs text	-- the kind of command that must have been asked for, with whom
);

create function test.situation(_situation text, _steps text)
returns void
language sql
as $$
	insert into test.steps (situation, name, action, what, after, more, needs)
	select _situation, s ->> 0, s ->> 1, s ->> 2, (s ->> 3)::numeric, s -> 4, s ->> 5
	from jsonb_array_elements(_steps::jsonb) with ordinality as e (s, place)
	order by e.place
$$;

-- The runner takes whatever is to be said to a telephone that is known; it never waits long.
create function test.runner_takes(_transfer uuid)
returns void
language sql
as $$
	update vals.commands c
	set state = 'leased', attempt = c.attempt + 1, first_sent_at = now(), lease_until = now() + interval '1 hour'
	from vals.transfers t
		join vals.legs g on g.call_id = t.call_id and (g.kind = 'lead' or g.id = t.leg_id)
	where t.id = _transfer
		and c.leg_id = g.id
		and c.state = 'pending'
		and (c.kind = 'dial' or g.call_control_id is not null)
$$;

-- Whether what a step needs is there: a command that was sent.
create function test.is_possible(_transfer uuid, _step test.steps)
returns boolean
language sql stable
as $$
	select _step.needs is null or exists (
		select
		from vals.transfers t
			join vals.legs g on g.call_id = t.call_id and (g.kind = 'lead' or g.id = t.leg_id)
			join vals.commands c on c.leg_id = g.id
		where t.id = _transfer
			and g.kind || ' ' || c.kind = _step.needs
			and c.first_sent_at is not null)
$$;

create function test.take_step(_transfer uuid, _step test.steps)
returns void
language plpgsql
as $$
declare
	_call uuid := (test.the_transfer(_transfer)).call_id;
begin
	case _step.action
		when 'kevin' then
			perform test.kevin_hears(_transfer, _step.what, _step.after, _step.more);
		when 'lead' then
			perform test.receive(test.event(_call, _step.what, (test.the_transfer(_transfer)).initiated_at + make_interval(secs => _step.after), _step.more));
		when 'conference' then
			perform test.conference_hears(_transfer, _step.what, _step.more ->> 'leg', _step.after, _step.more - 'leg');
		when 'answer' then
			perform test.carries_out(_transfer, _step.what, case _step.what
				when 'dial' then jsonb_build_object('data', test.closer_ids(_transfer))
				when 'conference_create' then jsonb_build_object('data', jsonb_build_object('id', 'conf-' || _transfer))
				else '{"data":{"result":"ok"}}' end);
		when 'refuse' then
			perform test.refuses(_transfer, _step.what, _step.more ->> 'code');
		when 'cancel' then
			perform test.refusal(format('select api.call_transfer_cancel(test.who(), %L)', _call));
		when 'end' then
			perform api.call_end(test.who('operator'), jsonb_build_object('callId', _call));
	end case;
end
$$;

-- What of the rules is broken; null when nothing is.
create function test.broken(_transfer uuid)
returns text
language plpgsql stable
as $$
declare
	_t vals.transfers;
	_c vals.calls;
	_lead vals.legs;
	_asked text[];
	_of_lead text[];
begin
	select t.* into _t from vals.transfers t where t.id = _transfer;
	select c.* into _c from vals.calls c where c.id = _t.call_id;
	select array_agg(m.kind order by m.place) into _asked from vals.commands m where m.leg_id = _t.leg_id;
	select array_agg(m.kind order by m.place) into _of_lead
	from vals.commands m
		join vals.legs g on g.id = m.leg_id
	where g.call_id = _t.call_id
		and g.kind = 'lead';
	return case
		when exists (select from unnest(_asked || _of_lead) k where k in ('gather', 'conference_create', 'conference_join', 'conference_leave')
			group by k having count(*) > 1) then 'asked twice'
		when _of_lead && array['conference_create', 'speak'] and (_t.answered_at is null or _t.accepted is null) then 'the lead touched before the accept'
		when _asked && array['conference_join'] and _t.answered_at is null then 'a join before the answer'
		when _of_lead && array['hangup'] and _c.end_time is null then 'the lead hung up in a living call'
		when _of_lead && array['hangup'] and _t.joined_at is null and _c.end_reason <> 'operator_ended' then 'the lead hung up by a failed transfer'
		when _c.end_time is not null and _t.ended_at is null then 'a transfer outlived its call'
		when _c.end_time is not null and not exists (select from vals.legs g where g.id = _t.leg_id and g.state = 'ended')
			and not _asked && array['hangup'] then 'Kevin left alone'
		when _c.transfer_success and _t.joined_at is null then 'success without Kevin'
		when _t.ended_at is not null and vals.kevin_on_call() then 'Kevin kept busy'
	end;
end
$$;

-- How it ended.
create function test.outcome(_transfer uuid)
returns text
language sql stable
as $$
	select concat_ws(' ', t.state, coalesce(t.failure_reason, '-'), '/', c.status, coalesce(c.final_status, '-'), coalesce(c.end_reason, '-'), c.transfer_success)
	from vals.transfers t
		join vals.calls c on c.id = t.call_id
	where t.id = _transfer
$$;

-- All that decides what may still happen to a transfer, in one text.
create function test.fingerprint(_transfer uuid)
returns text
language sql stable
as $$
	select md5(concat_ws('|', test.outcome(t.id), t.answered_at, t.joined_at, t.accepted, t.conference_id, t.join_error, c.answered_by,
		(select string_agg(concat_ws(',', g.kind, g.state, g.call_control_id, g.amd, g.hangup_cause, g.initiated_at, g.answered_at), ';' order by g.kind)
			from vals.legs g where g.call_id = c.id),
		(select string_agg(concat_ws(',', m.kind, m.step, m.state, m.first_sent_at is null), ';' order by m.kind, m.step)
			from vals.commands m where m.call_id = c.id)))
	from vals.transfers t
		join vals.calls c on c.id = t.call_id
	where t.id = _transfer
$$;

-- Ends and in how many orders they were reached, with one of them each, of two parts in one.
create function test.ends_join(_left jsonb, _right jsonb)
returns jsonb
language sql immutable
as $$
	select coalesce(jsonb_object_agg(e.outcome, e.facts), '{}')
	from (
		select x.key as outcome, jsonb_build_array(sum((x.value ->> 0)::bigint), min(x.value ->> 1)) as facts
		from (select l.key, l.value from jsonb_each(_left) l union all select r.key, r.value from jsonb_each(_right) r) x
		group by x.key
	) e
$$;

-- Try every order of what is left, and answer the ends. What was already tried from the same state is in _memo.
create function test.explore(_transfer uuid, _left integer[], _times integer, _path text, inout _memo jsonb, out _ends jsonb)
language plpgsql
as $$
declare
	_key text := _left::text || test.fingerprint(_transfer);
	_step test.steps;
	_more jsonb;
begin
	_ends := coalesce(_memo -> _key, '{}');
	if _ends <> '{}' then
		return;
	end if;
	for _step in
		select s.* from test.steps s where s.place = any (_left) order by s.place
	loop
		continue when not test.is_possible(_transfer, _step);
		begin
			for _time in 1 .. _times loop
				perform test.take_step(_transfer, _step);
			end loop;
			perform test.runner_takes(_transfer);
			if test.broken(_transfer) is not null then
				_more := jsonb_build_object('BROKEN: ' || test.broken(_transfer), jsonb_build_array(1, _path || _step.name));
			else
				select x._memo, x._ends into _memo, _more
				from test.explore(_transfer, array_remove(_left, _step.place), _times, _path || _step.name || ', ', _memo) x;
			end if;
			raise exception using errcode = 'TS000';
		exception when sqlstate 'TS000' then
			_ends := test.ends_join(_ends, _more);
		end;
	end loop;
	if _ends = '{}' then
		_ends := jsonb_build_object(test.outcome(_transfer), jsonb_build_array(1, _path));
	end if;
	_memo := _memo || jsonb_build_object(_key, _ends);
end
$$;

-- The ends which a situation has, over all orders; and how many those were.
create function test.ends(_situation text, _times integer, _key boolean default true, out ends text, out orders integer, out examples text)
language plpgsql
as $$
declare
	_transfer uuid := test.transfer(test.answered(), _key);
	_ends jsonb;
begin
	perform test.runner_takes(_transfer);
	select x._ends into _ends
	from test.explore(_transfer, array(select s.place from test.steps s where s.situation = _situation), _times, '', '{}') x;
	select string_agg(e.key, '; ' order by e.key), sum((e.value ->> 0)::bigint), string_agg(e.key || ': ' || (e.value ->> 1), E'\n' order by e.key)
	into ends, orders, examples
	from jsonb_each(_ends) e;
	perform api.call_end(test.who('operator'), jsonb_build_object('callId', (test.the_transfer(_transfer)).call_id));
end
$$;

-- Whether a situation ends as expected in all orders; the diagnostics name those which do not. The normal run tells each
-- step of the long situations once only.
create function test.ends_as(_situation text, _expected text, _key boolean default true)
returns setof text
language plpgsql
as $$
declare
	_ends record;
	_steps integer := (select count(*) from test.steps s where s.situation = _situation);
begin
	for _times in 1 .. case when _steps <= 6 or current_setting('test.is_long')::boolean then 2 else 1 end loop
		_ends := test.ends(_situation, _times, _key);
		return next is(_ends.ends, _expected, format('%s_%s', replace(_situation, ' ', '_'), case _times when 1 then 'told_once' else 'told_twice' end));
		if _ends.ends is distinct from _expected then
			return next diag(_ends.examples);
		end if;
		return next cmp_ok(_ends.orders, '>', 1, format('%s_has_more_than_one_order', replace(_situation, ' ', '_')));
	end loop;
end
$$;

\set is_long false
\getenv is_long VALS_TEST_LONG
select set_config('test.is_long', case :'is_long' when '1' then 'true' else 'false' end, true) \g /dev/null
select no_plan();
select test.situation('Kevin accepts and the lead hangs up', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["key valid", "kevin", "call.gather.ended", 12, {"status": "valid", "digits": "1"}, "closer gather"],
	["made", "answer", "conference_create", 13, {}, "lead conference_create"],
	["lead joins", "conference", "conference.participant.joined", 13.1, {"leg": "lead"}, "lead conference_create"],
	["Kevin joins", "conference", "conference.participant.joined", 14, {"leg": "closer"}, "closer conference_join"],
	["lead gone", "lead", "call.hangup", 30, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "closer conference_join"]]') \g /dev/null
select * from test.ends_as('Kevin accepts and the lead hangs up', 'ended - / completed hot_transfer lead_hangup t');

select test.situation('the lead hangs up after joining', '[
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["key valid", "kevin", "call.gather.ended", 12, {"status": "valid", "digits": "1"}, "closer gather"],
	["made", "answer", "conference_create", 13, {}, "lead conference_create"],
	["Kevin joins", "conference", "conference.participant.joined", 14, {"leg": "closer"}, "closer conference_join"],
	["lead gone", "lead", "call.hangup", 30, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "closer conference_join"],
	["lead leaves", "conference", "conference.participant.left", 30.1, {"leg": "lead"}, "closer conference_join"],
	["Kevin gone", "kevin", "call.hangup", 31, {"hangup_cause": "normal_clearing", "hangup_source": "caller"}, "closer hangup"],
	["over", "conference", "conference.ended", 31, {"leg": "lead", "reason": "all_left"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('the lead hangs up after joining', 'ended - / completed hot_transfer lead_hangup t');

select test.situation('the lead leaves before he hangs up', '[
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["key valid", "kevin", "call.gather.ended", 12, {"status": "valid", "digits": "1"}, "closer gather"],
	["created", "conference", "conference.created", 13, {"leg": "lead"}, "lead conference_create"],
	["Kevin joins", "conference", "conference.participant.joined", 14, {"leg": "closer"}, "closer conference_join"],
	["lead leaves", "conference", "conference.participant.left", 29, {"leg": "lead"}, "closer conference_join"],
	["lead gone", "lead", "call.hangup", 30, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "closer conference_join"]]') \g /dev/null
select * from test.ends_as('the lead leaves before he hangs up', 'ended - / completed hot_transfer lead_hangup t');

select test.situation('Kevin hangs up after joining', '[
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["key valid", "kevin", "call.gather.ended", 12, {"status": "valid", "digits": "1"}, "closer gather"],
	["lead joins", "conference", "conference.participant.joined", 13.1, {"leg": "lead"}, "lead conference_create"],
	["Kevin joins", "conference", "conference.participant.joined", 14, {"leg": "closer"}, "closer conference_join"],
	["Kevin gone", "kevin", "call.hangup", 30, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "closer conference_join"],
	["Kevin leaves", "conference", "conference.participant.left", 30.1, {"leg": "closer"}, "closer conference_join"],
	["lead gone", "lead", "call.hangup", 31, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "lead hangup"]]') \g /dev/null
select * from test.ends_as('Kevin hangs up after joining', 'ended - / completed hot_transfer kevin_hangup t');

select test.situation('the verdict comes at any time', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["human", "kevin", "call.machine.premium.detection.ended", 10, {"result": "human_business"}, null],
	["key valid", "kevin", "call.gather.ended", 12, {"status": "valid", "digits": "1"}, "closer gather"],
	["made", "answer", "conference_create", 13, {}, "lead conference_create"],
	["Kevin joins", "conference", "conference.participant.joined", 14, {"leg": "closer"}, "closer conference_join"],
	["lead gone", "lead", "call.hangup", 30, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "closer conference_join"]]') \g /dev/null
select * from test.ends_as('the verdict comes at any time', 'ended - / completed hot_transfer lead_hangup t');

select test.situation('Kevin presses another key', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["human", "kevin", "call.machine.premium.detection.ended", 10, {"result": "human_business"}, null],
	["key invalid", "kevin", "call.gather.ended", 12, {"status": "invalid", "digits": "5"}, "closer gather"],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "normal_clearing", "hangup_source": "caller"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('Kevin presses another key', 'declined wrong_key / transfer_failed - - f');

select test.situation('Kevin presses no key', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["human", "kevin", "call.machine.premium.detection.ended", 10, {"result": "human_business"}, null],
	["key timeout", "kevin", "call.gather.ended", 12, {"status": "timeout", "digits": ""}, "closer gather"],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "normal_clearing", "hangup_source": "caller"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('Kevin presses no key', 'declined no_key / transfer_failed - - f');

select test.situation('Kevin is busy', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "user_busy", "hangup_source": "callee"}, null]]') \g /dev/null
select * from test.ends_as('Kevin is busy', 'busy busy / transfer_failed - - f');

select test.situation('Kevin does not answer', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "no_answer", "hangup_source": "callee"}, null]]') \g /dev/null
select * from test.ends_as('Kevin does not answer', 'no_answer no_answer / transfer_failed - - f');

select test.situation('the time to ring is over', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "timeout", "hangup_source": "caller"}, null]]') \g /dev/null
select * from test.ends_as('the time to ring is over', 'no_answer no_answer / transfer_failed - - f');

select test.situation('Kevin refuses', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "call_rejected", "hangup_source": "callee"}, null]]') \g /dev/null
select * from test.ends_as('Kevin refuses', 'declined rejected / transfer_failed - - f');

select test.situation('his number is none', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "not_found", "hangup_source": "callee"}, null]]') \g /dev/null
select * from test.ends_as('his number is none', 'failed invalid_number / transfer_failed - - f');

select test.situation('a machine answers', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["machine", "kevin", "call.machine.premium.detection.ended", 10, {"result": "machine"}, null],
	["key cancelled_amd", "kevin", "call.gather.ended", 12, {"status": "cancelled_amd", "digits": ""}, "closer gather"],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "normal_clearing", "hangup_source": "caller"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('a machine answers', 'voicemail voicemail / transfer_failed - - f');

select test.situation('a machine greets', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["beep", "kevin", "call.machine.premium.greeting.ended", 11, {"result": "beep_detected"}, null],
	["unsure", "kevin", "call.machine.premium.detection.ended", 10, {"result": "not_sure"}, null],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "normal_clearing", "hangup_source": "caller"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('a machine greets', 'voicemail voicemail / transfer_failed - - f');

select test.situation('Kevin hangs up at once', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["key call_hangup", "kevin", "call.gather.ended", 12, {"status": "call_hangup", "digits": ""}, "closer gather"],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, null]]') \g /dev/null
select * from test.ends_as('Kevin hangs up at once', 'declined closer_hangup_early / transfer_failed - - f');

select test.situation('Kevin accepts and hangs up', '[
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["key valid", "kevin", "call.gather.ended", 12, {"status": "valid", "digits": "1"}, "closer gather"],
	["made", "answer", "conference_create", 13, {}, "lead conference_create"],
	["lead joins", "conference", "conference.participant.joined", 13.1, {"leg": "lead"}, "lead conference_create"],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "lead conference_create"],
	["refused", "refuse", "conference_join", 13, {"code": "90018"}, "closer conference_join"],
	["lead leaves", "conference", "conference.participant.left", 25, {"leg": "lead"}, "lead conference_leave"]]') \g /dev/null
select * from test.ends_as('Kevin accepts and hangs up', 'declined closer_hangup_early / transfer_failed - - f');

select test.situation('the lead hangs up while it rings', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["lead gone", "lead", "call.hangup", 5, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, null],
	["Kevin gone", "kevin", "call.hangup", 6, {"hangup_cause": "originator_cancel", "hangup_source": "caller"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('the lead hangs up while it rings', 'lead_left lead_hangup / completed - lead_hangup f');

select test.situation('the lead hangs up while Kevin listens', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["human", "kevin", "call.machine.premium.detection.ended", 10, {"result": "human_business"}, null],
	["lead gone", "lead", "call.hangup", 11, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "closer gather"],
	["key cancelled", "kevin", "call.gather.ended", 12, {"status": "cancelled", "digits": ""}, "closer hangup"],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "normal_clearing", "hangup_source": "caller"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('the lead hangs up while Kevin listens', 'lead_left lead_hangup / completed - lead_hangup f');

select test.situation('the lead hangs up as Kevin accepts', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["lead gone", "lead", "call.hangup", 11, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "closer gather"],
	["key valid", "kevin", "call.gather.ended", 12, {"status": "valid", "digits": "1"}, "closer gather"],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "normal_clearing", "hangup_source": "caller"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('the lead hangs up as Kevin accepts', 'lead_left lead_hangup / completed - lead_hangup f');

select test.situation('the lead hangs up while they are joined', '[
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["key valid", "kevin", "call.gather.ended", 12, {"status": "valid", "digits": "1"}, "closer gather"],
	["made", "answer", "conference_create", 13, {}, "lead conference_create"],
	["lead joins", "conference", "conference.participant.joined", 13.1, {"leg": "lead"}, "lead conference_create"],
	["lead gone", "lead", "call.hangup", 13.5, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "lead conference_create"],
	["lead leaves", "conference", "conference.participant.left", 13.6, {"leg": "lead"}, "lead conference_create"],
	["refused", "refuse", "conference_join", 13.7, {"code": "90019"}, "closer conference_join"],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "normal_clearing", "hangup_source": "caller"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('the lead hangs up while they are joined', 'lead_left lead_hangup / completed - lead_hangup f');

select test.situation('taken back while it rings', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["taken back", "cancel", "", 3, {}, null],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "originator_cancel", "hangup_source": "caller"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('taken back while it rings', 'canceled canceled / transfer_failed - - f');

select test.situation('an operator ends the call while it rings', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["ended", "end", "", 3, {}, null],
	["lead gone", "lead", "call.hangup", 4, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "lead hangup"],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "originator_cancel", "hangup_source": "caller"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('an operator ends the call while it rings', 'canceled operator_ended / completed - operator_ended f');

select test.situation('without a key a person joins', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["human", "kevin", "call.machine.premium.detection.ended", 10, {"result": "human_business"}, null],
	["made", "answer", "conference_create", 13, {}, "lead conference_create"],
	["lead joins", "conference", "conference.participant.joined", 13.1, {"leg": "lead"}, "lead conference_create"],
	["Kevin joins", "conference", "conference.participant.joined", 14, {"leg": "closer"}, "closer conference_join"],
	["lead gone", "lead", "call.hangup", 30, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "closer conference_join"]]') \g /dev/null
select * from test.ends_as('without a key a person joins', 'ended - / completed hot_transfer lead_hangup t', false);

select test.situation('without a key the unsure verdict joins', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["unsure", "kevin", "call.machine.premium.detection.ended", 10, {"result": "silence"}, null],
	["made", "answer", "conference_create", 13, {}, "lead conference_create"],
	["Kevin joins", "conference", "conference.participant.joined", 14, {"leg": "closer"}, "closer conference_join"],
	["lead gone", "lead", "call.hangup", 30, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}, "closer conference_join"]]') \g /dev/null
select * from test.ends_as('without a key the unsure verdict joins', 'ended - / completed hot_transfer lead_hangup t', false);

select test.situation('without a key a machine does not', '[
	["rings", "kevin", "call.initiated", 1, {}, null],
	["dialled", "answer", "dial", 1, {}, null],
	["answers", "kevin", "call.answered", 8, {}, null],
	["machine", "kevin", "call.machine.premium.detection.ended", 10, {"result": "machine"}, null],
	["Kevin gone", "kevin", "call.hangup", 20, {"hangup_cause": "normal_clearing", "hangup_source": "caller"}, "closer hangup"]]') \g /dev/null
select * from test.ends_as('without a key a machine does not', 'voicemail voicemail / transfer_failed - - f', false);

select * from finish();
rollback;
