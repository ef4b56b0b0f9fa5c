-- Exports: a dataset as a stream of lines, read from a cursor, so that no one holds it all.

-- A cell of a CSV file (RFC 4180) that is not simply its text. A text that a spreadsheet would take for a formula gets an
-- apostrophe in front; a number or a telephone number is none. So does one that has such an apostrophe already: an import
-- takes one away.
create or replace function vals.csv_escaped(_text text)
returns text
language sql immutable parallel safe
as $$
	select case
		when _text ~ '[",\r\n]' then '"' || replace(_text, '"', '""') || '"'
		else _text
	end
	from (select case when _text ~ '^''*[=+@\t\r-]' and _text !~ '^[+-]?[0-9]+([.][0-9]+)?$' then '''' || _text else _text end) safe (_text)
$$;

-- A cell of a CSV file. Nearly all are their text, which one expression tells; without a `from` it becomes part of
-- the query that asks.
create or replace function vals.csv_cell(_text text)
returns text
language sql immutable parallel safe
as $$
	select case when _text ~ '^''*[=+@\t\r-]|[",\r\n]' then vals.csv_escaped(_text) else _text end
$$;

-- The members of an object as a line of a CSV file, with its line end; lists and objects stay JSON.
create or replace function vals.csv_line(_row json)
returns text
language plpgsql immutable
set search_path = ''
as $$
begin
	return (
		select string_agg(coalesce(vals.csv_cell(e.value), ''), ',') || E'\r\n'
		from json_each_text(_row) as e
	);
end
$$;

-- A call as a flat row.
create or replace function vals.call_row(_call vals.calls)
returns json
language sql stable
as $$
	select json_build_object('id', _call.id, 'leadId', _call.lead_id, 'phoneNumber', _call.phone_number, 'direction', _call.direction,
		'status', _call.status, 'finalStatus', _call.final_status, 'endReason', _call.end_reason, 'answeredBy', _call.answered_by,
		'startTime', vals.iso(_call.start_time), 'answeredAt', vals.iso(_call.answered_at), 'endTime', vals.iso(_call.end_time),
		'durationSec', vals.call_duration_s(_call), 'phase', _call.phase, 'phasesCompleted', _call.phases_completed,
		'score', trim_scale(_call.score), 'scorePeak', trim_scale(_call.score_peak), 'kevinAvailable', _call.kevin_available,
		'transferAttempted', _call.transfer_attempted, 'transferSuccess', _call.transfer_success, 'agentVersion', _call.agent_version,
		'objections', _call.objections, 'strategies', _call.strategies, 'notes', _call.notes)
$$;

create or replace function vals.transfer_row(_transfer vals.transfers)
returns json
language sql stable
as $$
	select json_build_object('id', _transfer.id, 'callId', _transfer.call_id, 'leadId', _transfer.lead_id, 'attempt', _transfer.attempt,
		'state', _transfer.state, 'failureReason', _transfer.failure_reason, 'initiatedBy', _transfer.initiated_by,
		'initiatedAt', vals.iso(_transfer.initiated_at), 'answeredAt', vals.iso(_transfer.answered_at),
		'joinedAt', vals.iso(_transfer.joined_at), 'endedAt', vals.iso(_transfer.ended_at), 'accepted', _transfer.accepted,
		'engagementScoreAtTransfer', trim_scale(_transfer.engagement_score), 'phaseAtTransfer', _transfer.phase,
		'conversionResult', _transfer.conversion_result, 'kevinRating', _transfer.kevin_rating, 'notes', _transfer.notes)
$$;

create or replace function vals.engagement_row(_report vals.engagement_reports)
returns json
language sql stable
as $$
	select json_build_object('id', _report.id::text, 'callId', _report.call_id, 'phase', _report.phase, 'score', trim_scale(_report.score),
		'indicators', _report.indicators, 'timestamp', vals.iso(_report.reported_at))
$$;

-- The query of a dataset: one column, the row as JSON, newest first. $1 is the filter, $2 and $3 patterns of its search.
create or replace function vals.export_query(_dataset text, _filter jsonb)
returns text
language sql immutable
as $$
	select case _dataset
		when 'leads' then 'select vals.lead_json(l) as line from vals.leads l where ' || vals.leads_where(_filter)
			|| case when _filter ? 'search' then ' and (l.search_text like $2 or l.search_text like $3)' else '' end
			|| ' order by l.created_at desc, l.id desc'
		when 'calls' then 'select vals.call_row(c) as line from vals.calls c where ' || vals.calls_where(_filter)
			|| ' order by c.start_time desc, c.id desc'
		when 'transfers' then 'select vals.transfer_row(t) as line from vals.transfers t where ' || vals.transfers_where(_filter)
			|| ' order by t.initiated_at desc, t.id desc'
		when 'engagement' then 'select vals.engagement_row(r) as line from vals.engagement_reports r where ' || concat_ws(' and ', 'true',
			case when _filter ? 'leadId' then
				'r.call_id in (select c.id from vals.calls c where c.lead_id = ($1 ->> ''leadId'')::uuid)' end,
			case when _filter ? 'from' then 'r.reported_at >= ($1 ->> ''from'')::timestamptz' end,
			case when _filter ? 'to' then 'r.reported_at <= ($1 ->> ''to'')::timestamptz' end,
			case when _filter ? 'minScore' then 'r.score >= ($1 ->> ''minScore'')::numeric' end)
			|| ' order by r.id desc'
	end
$$;

-- The first line of a CSV file: the names of the columns.
create or replace function vals.export_names(_dataset text)
returns text
language sql stable
as $$
	select vals.csv_line(json_object_agg(key, key))
	from json_object_keys(case _dataset
		when 'leads' then vals.lead_json(null::vals.leads)
		when 'calls' then vals.call_row(null::vals.calls)
		when 'transfers' then vals.transfer_row(null::vals.transfers)
		else vals.engagement_row(null::vals.engagement_reports)
	end) as key
$$;

-- Open the export in the caller's transaction, with ten minutes for it, and note who took what.
-- Answers what comes before the first line.
create or replace function api.export_open(_who jsonb, _filter jsonb)
returns text
language plpgsql security definer set search_path = ''
as $$
declare
	_export refcursor := 'vals_export';
	_dataset text := _filter ->> 'dataset';
	_format text := coalesce(_filter ->> 'format', 'csv');
	_term text := _filter ->> 'search';
	_name text;
	_number text;
begin
	perform pg_catalog.set_config('statement_timeout', '600000', true),
		pg_catalog.set_config('idle_in_transaction_session_timeout', '600000', true);
	if _dataset = 'leads' then
		select p.literal, p.phone into _name, _number
		from vals.search_patterns(_term) p;
	else
		select p.name, p.number into _name, _number
		from vals.call_patterns(_term) p;
	end if;
	perform vals.audit(_who, 'export', _dataset, null, null, _filter);
	open _export for execute
		format('select case %L when ''csv'' then vals.csv_line(x.line) when ''ndjson'' then x.line::text || E''\n'' else x.line::text end from (%s) x',
			_format, vals.export_query(_dataset, _filter))
	using _filter, _name, _number;
	return case _format when 'csv' then
			case when (_filter ->> 'bom')::boolean then U&'\FEFF' else '' end || vals.export_names(_dataset)
		when 'json' then '['
		else '' end;
end
$$;

-- The next lines of the open export; none at its end.
create or replace function api.export_fetch(_limit integer)
returns table (line text)
language plpgsql security definer set search_path = ''
as $$
declare
	_export refcursor := 'vals_export';
begin
	for _i in 1.._limit loop
		fetch _export into line;
		exit when not found;
		return next;
	end loop;
end
$$;
