-- The audit log: written by every function that changes something, read by admins.

-- Note a change. Where both sides are given only the members that differ are kept; without a difference there was none.
create or replace function vals.audit(_who jsonb, _action text, _subject text, _subject_id uuid, _before jsonb, _after jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
	if _before = _after then
		return;
	end if;
	insert into vals.audit_log (actor_id, actor_role, address, request_id, action, subject, subject_id, before, after)
	values (vals.actor(_who), _who ->> 'role', _who ->> 'address', _who ->> 'requestId', _action, _subject, _subject_id,
		case when _after is null then _before else vals.changes(_after, _before) end,
		case when _before is null then _after else vals.changes(_before, _after) end);
end
$$;

-- A page of the audit log, newest first.
create or replace function api.audit_list(_who jsonb, _filter jsonb)
returns json
language plpgsql security definer set search_path = ''
as $$
declare
	_p record := vals.paging(_filter);
	_total bigint;
	_rows json;
begin
	with found as (
		select a.*
		from vals.audit_log a
		where (not _filter ? 'action' or a.action = _filter ->> 'action')
			and (not _filter ? 'actorId' or a.actor_id = (_filter ->> 'actorId')::uuid)
			and (not _filter ? 'subjectId' or a.subject_id = (_filter ->> 'subjectId')::uuid)
			and (not _filter ? 'from' or a.at >= (_filter ->> 'from')::timestamptz)
			and (not _filter ? 'to' or a.at <= (_filter ->> 'to')::timestamptz)
	), page as (
		select f.*
		from found f
		order by f.at desc, f.id desc
		limit _p.size offset _p.skipped
	)
	select (select count(*) from found),
		coalesce((select json_agg(json_build_object('id', p.id::text, 'at', vals.iso(p.at), 'actorId', p.actor_id, 'actorRole', p.actor_role,
			'address', p.address, 'requestId', p.request_id, 'action', p.action, 'subject', p.subject, 'subjectId', p.subject_id,
			'before', p.before, 'after', p.after) order by p.at desc, p.id desc) from page p), '[]')
	into _total, _rows;
	return vals.page(_rows, _total, _p.page, _p.size);
end
$$;
