-- Transfers to Kevin: the list, and what he says came of one.

create or replace function vals.transfer_json(_transfer vals.transfers)
returns json
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		select json_build_object(
			'id', _transfer.id,
			'callId', _transfer.call_id,
			'leadId', _transfer.lead_id,
			'leadName', vals.lead_name(l),
			'leadStatus', l.status,
			'attempt', _transfer.attempt,
			'state', _transfer.state,
			'failureReason', _transfer.failure_reason,
			'note', _transfer.note,
			'initiatedBy', _transfer.initiated_by,
			'initiatedAt', vals.iso(_transfer.initiated_at),
			'answeredAt', vals.iso(_transfer.answered_at),
			'joinedAt', vals.iso(_transfer.joined_at),
			'endedAt', vals.iso(_transfer.ended_at),
			'durationSec', coalesce(floor(extract(epoch from coalesce(_transfer.ended_at, now()) - _transfer.joined_at))::int, 0),
			'accepted', _transfer.accepted,
			'engagementScoreAtTransfer', trim_scale(_transfer.engagement_score),
			'engagementPeak', trim_scale(c.score_peak),
			'qualificationScore', l.qualification_score,
			'phaseAtTransfer', _transfer.phase,
			'keyIndicators', _transfer.key_indicators,
			'conversionResult', _transfer.conversion_result,
			'kevinRating', _transfer.kevin_rating,
			'notes', _transfer.notes,
			'nextFollowup', vals.iso(l.next_followup),
			'outcomeAt', vals.iso(_transfer.outcome_at),
			'outcomeBy', _transfer.outcome_by
		)
		from vals.leads l
			cross join vals.calls c
		where l.id = _transfer.lead_id
			and c.id = _transfer.call_id
	);
end
$$;

-- The condition on transfers t which a filter means; in it $1 is the filter.
create or replace function vals.transfers_where(_filter jsonb)
returns text
language sql immutable
as $$
	select concat_ws(' and ', 'true',
		case when _filter ? 'from' then 't.initiated_at >= ($1 ->> ''from'')::timestamptz' end,
		case when _filter ? 'to' then 't.initiated_at <= ($1 ->> ''to'')::timestamptz' end,
		case when _filter ? 'state' then 't.state = $1 ->> ''state''' end,
		case when _filter ? 'conversionResult' then 't.conversion_result = $1 ->> ''conversionResult''' end,
		case when _filter ? 'leadId' then 't.lead_id = ($1 ->> ''leadId'')::uuid' end)
$$;

-- A page of transfers, newest first.
create or replace function api.kevin_transfers_list(_who jsonb, _filter jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_p record := vals.paging(_filter);
	_total bigint;
	_rows json;
begin
	execute 'select count(*) from vals.transfers t where ' || vals.transfers_where(_filter)
	into _total
	using _filter;
	execute format('select coalesce(json_agg(vals.transfer_json(t)), ''[]'') '
		'from (select t.* from vals.transfers t where %s order by t.initiated_at desc, t.id desc limit $2 offset $3) t',
		vals.transfers_where(_filter))
	into _rows
	using _filter, _p.size, _p.skipped;
	return vals.page(_rows, _total, _p.page, _p.size);
end
$$;

-- The stages a lead goes through to get from one to another: the shortest legal way, and of these the one by
-- hot_transfer, because Kevin spoke with him. Only stages that claim nothing else lie on it.
create or replace function vals.lead_stage_path(_from text, _to text)
returns text[]
language plpgsql stable
set search_path = ''
as $$
begin
	return (
		with recursive ways as (
			select array[_from] as path, _from as stage
			union all
			select w.path || t.to_status, t.to_status
			from ways w
				join vals.lead_transitions t on t.from_status = w.stage
			where w.stage <> _to
				and t.to_status in (_to, 'contacted', 'qualified', 'hot_transfer')
				and t.to_status <> all (w.path)
		)
		select w.path
		from ways w
		where w.stage = _to
		order by cardinality(w.path), 'hot_transfer' = any (w.path) desc, w.path
		limit 1
	);
end
$$;

-- Move a transfer's lead to where its result belongs, and note when he is to be called again. A hidden lead stays as it is.
--   emits lead.updated, unless nothing changed
create or replace function vals.transfer_outcome_to_lead(_who jsonb, _lead_id uuid, _result text, _followup timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
	_old vals.leads;
	_new vals.leads;
	_stage text := case _result when 'scheduled' then 'zoom_scheduled' when 'closed' then 'closed' when 'followup' then 'qualified' end;
	_path text[];
begin
	select l.* into _old
	from vals.leads l
	where l.id = _lead_id
		and l.deleted_at is null
	for no key update;
	if not found then
		return;
	end if;
	_path := vals.lead_stage_path(_old.status, coalesce(_stage, _old.status));
	if cardinality(_path) = 1 and _followup is not distinct from _old.next_followup then
		return;
	end if;
	for _step in 2 .. cardinality(_path) loop
		perform vals.lead_stage_move(_who, _lead_id, _path[_step - 1], _path[_step], 'transfer-outcome');
	end loop;

	update vals.leads l
	set status = _path[cardinality(_path)], next_followup = _followup, version = l.version + 1, updated_at = clock_timestamp(),
		updated_by = vals.actor(_who)
	where l.id = _lead_id
	returning * into _new;
	perform vals.emit('lead.updated', null, _lead_id, jsonb_build_object('leadId', _lead_id,
		'changes', vals.changes(vals.lead_json(_old)::jsonb, vals.lead_json(_new)::jsonb) - array['version', 'updatedAt', 'updatedBy']), _who);
	perform vals.audit(_who, 'lead.update', 'lead', _lead_id, vals.lead_json(_old)::jsonb, vals.lead_json(_new)::jsonb);
end
$$;

-- Kevin's word on a transfer he joined, named by itself or by its call (then the latest); saying it again corrects it.
-- What is not sent keeps its value.
--   raises RS400 when neither is named, RS404, RS409 when Kevin never joined
--   emits  lead.updated where the result moves the lead
create or replace function api.kevin_transfer_outcome_set(_who jsonb, _body jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_old vals.transfers;
	_new vals.transfers;
	_followup timestamptz;
begin
	if coalesce(_body ->> 'transferId', _body ->> 'callId') is null then
		perform vals.refuse(400, 'Validation failed', 'VALIDATION', '[{"field":"transferId","message":"is required, or callId"}]');
	end if;
	if _body ? 'transferId' then
		select t.* into _old
		from vals.transfers t
		where t.id = (_body ->> 'transferId')::uuid
			and t.call_id = coalesce((_body ->> 'callId')::uuid, t.call_id)
		for no key update;
	else
		select t.* into _old
		from vals.transfers t
		where t.call_id = (_body ->> 'callId')::uuid
		order by t.attempt desc
		limit 1
		for no key update;
	end if;
	if not found then
		perform vals.refuse(404, 'Transfer not found', 'NOT_FOUND');
	end if;
	if _old.joined_at is null then
		perform vals.refuse(409, 'Kevin did not join this transfer', 'TRANSFER_NOT_JOINED');
	end if;

	update vals.transfers t
	set conversion_result = _body ->> 'conversionResult',
		kevin_rating = case when _body ? 'kevinRating' then (_body ->> 'kevinRating')::smallint else t.kevin_rating end,
		notes = case when _body ? 'notes' then _body ->> 'notes' else t.notes end,
		outcome_by = vals.actor(_who), outcome_at = clock_timestamp(), version = t.version + 1, updated_at = clock_timestamp()
	where t.id = _old.id
	returning * into _new;
	select case when _body ? 'nextFollowup' then (_body ->> 'nextFollowup')::timestamptz else l.next_followup end into _followup
	from vals.leads l
	where l.id = _new.lead_id;
	perform vals.transfer_outcome_to_lead(_who, _new.lead_id, _new.conversion_result, _followup);
	perform vals.audit(_who, 'transfer.outcome', 'transfer', _new.id, vals.transfer_json(_old)::jsonb, vals.transfer_json(_new)::jsonb);
	return vals.transfer_json(_new);
end
$$;
