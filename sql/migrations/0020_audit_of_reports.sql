-- The agent reports several times a minute; its lines in the audit log are found to be forgotten.

create index audit_log_reports on vals.audit_log (at) where action in ('call.engagement', 'call.phase');
