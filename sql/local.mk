nobase_dist_pkgdata_DATA = \
	sql/bootstrap.sql sql/grants.sql sql/load.sql sql/roles.sql \
	sql/migrations/0001_accounts.sql \
	sql/migrations/0002_leads.sql \
	sql/migrations/0003_calls.sql \
	sql/migrations/0004_events.sql \
	sql/migrations/0005_telephony.sql \
	sql/migrations/0006_kevin.sql \
	sql/migrations/0007_search.sql \
	sql/migrations/0008_transfers.sql \
	sql/migrations/0009_audit.sql \
	sql/migrations/0010_limits.sql \
	sql/migrations/0011_import.sql \
	sql/migrations/0012_hot_transfer.sql \
	sql/migrations/0013_recovery.sql \
	sql/migrations/0014_import_counts.sql \
	sql/migrations/0015_call_counts.sql \
	sql/migrations/0016_dial_pace.sql \
	sql/migrations/0017_dial_pace_of_the_dead.sql \
	sql/migrations/0018_open_phase.sql \
	sql/migrations/0019_answer_headers.sql \
	sql/migrations/0020_audit_of_reports.sql \
	sql/migrations/0021_put_off_webhooks.sql \
	sql/api/agent.sql sql/api/analytics.sql sql/api/audit.sql sql/api/auth.sql sql/api/call_edits.sql sql/api/calls.sql sql/api/common.sql sql/api/compliance.sql sql/api/figures.sql sql/api/export.sql sql/api/health.sql \
	sql/api/idempotency.sql sql/api/keys.sql sql/api/kevin.sql sql/api/lead_import.sql sql/api/leads.sql sql/api/legs.sql sql/api/metrics.sql sql/api/recordings.sql \
	sql/api/transfer_events.sql sql/api/transfer_start.sql sql/api/transfer_states.sql sql/api/transfer_steps.sql sql/api/transfers.sql sql/api/users.sql sql/api/webhooks.sql \
	sql/admin/admin.sql sql/admin/webhooks.sql sql/feed/feed.sql sql/feed/recovery.sql \
	sql/run/answers.sql sql/run/commands.sql sql/run/deadlines.sql sql/run/recordings.sql sql/run/refresh.sql sql/run/retention.sql
