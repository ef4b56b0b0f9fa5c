-- load.sql - the order in which everything below api/, feed/, run/ and admin/ is loaded
--
-- valsctl migrate first applies migrations/ and then this list, in one transaction,
-- whenever one of the files changed. Plain psql can do it too: psql -f load.sql

\ir api/common.sql
\ir api/audit.sql
\ir api/auth.sql
\ir api/users.sql
\ir api/keys.sql
\ir api/idempotency.sql
\ir api/kevin.sql
\ir api/leads.sql
\ir api/lead_import.sql
\ir api/transfer_states.sql
\ir api/calls.sql
\ir api/legs.sql
\ir api/call_edits.sql
\ir api/compliance.sql
\ir api/agent.sql
\ir api/transfer_steps.sql
\ir api/transfer_events.sql
\ir api/transfer_start.sql
\ir api/recordings.sql
\ir api/webhooks.sql
\ir api/transfers.sql
\ir api/figures.sql
\ir api/analytics.sql
\ir api/export.sql
\ir api/health.sql
\ir api/metrics.sql
\ir feed/feed.sql
\ir feed/recovery.sql
\ir run/commands.sql
\ir run/answers.sql
\ir run/deadlines.sql
\ir run/recordings.sql
\ir run/retention.sql
\ir run/refresh.sql
\ir admin/admin.sql
\ir admin/webhooks.sql
\ir grants.sql
