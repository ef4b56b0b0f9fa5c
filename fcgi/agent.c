/*
 * agent.c - the voice agent's calls and reports
 */
#include "handlers.h"

#include <stdlib.h>

#include "conf.h"
#include "reply.h"
#include "waiting.h"

/* start-call answers without the provider's id when the dial takes longer. */
#define CALL_START_WAIT_MS 5000

static const char *const call_end_reasons[] = { "lead_hangup", "agent_hangup", "kevin_hangup", "voicemail",
	"no_answer", "busy", "rejected", "carrier_error", "api_error", "timeout", "operator_ended", NULL };
static const char *const call_phase_outcomes[] = { "advanced", "stalled", "objection", "positive", NULL };

const struct field call_start_fields[] = {
	{ .name = "leadId", .kind = FIELD_UUID, .is_required = true },
	{ .name = "phoneNumber", .kind = FIELD_PHONE },
	{ .name = "agentVersion", .kind = FIELD_TEXT, .min = 1, .max = 64, .is_nullable = true },
	FIELD_END
};

const struct field call_end_fields[] = {
	{ .name = "callId", .kind = FIELD_UUID, .is_required = true },
	{ .name = "finalStatus", .kind = FIELD_ENUM, .values = call_outcomes, .is_nullable = true },
	{ .name = "reason", .kind = FIELD_ENUM, .values = call_end_reasons, .is_nullable = true },
	{ .name = "notes", .kind = FIELD_NOTES, .max = 10000, .is_nullable = true },
	FIELD_END
};

const struct field call_engagement_fields[] = {
	{ .name = "callId", .kind = FIELD_UUID, .is_required = true },
	{ .name = "engagementScore", .kind = FIELD_NUMBER, .is_required = true, .min = 0, .max = 100 },
	{ .name = "indicators", .kind = FIELD_INDICATORS, .max = 8192, .is_nullable = true },
	{ .name = "phase", .kind = FIELD_INTEGER, .min = 1, .max = 12 },
	{ .name = "at", .kind = FIELD_TIME },
	FIELD_END
};

const struct field call_phase_fields[] = {
	{ .name = "callId", .kind = FIELD_UUID, .is_required = true },
	{ .name = "phase", .kind = FIELD_INTEGER, .is_required = true, .min = 1, .max = 12 },
	{ .name = "outcome", .kind = FIELD_ENUM, .values = call_phase_outcomes, .is_nullable = true },
	{ .name = "notes", .kind = FIELD_NOTES, .max = 1000, .is_nullable = true },
	{ .name = "at", .kind = FIELD_TIME },
	FIELD_END
};

static const char call_started[] = "Call initiated successfully";

/* POST /api/agent/start-call - the call and the command to dial commit together. */
enum http_status
call_start(struct request *rq)
{
	const char *rules = arena_printf(rq->arena,
	    "{\"hours\":\"%s\",\"consentRequired\":%s,\"perLeadPerDay\":%ld,\"record\":%s,\"transcribe\":%s}",
	    conf_text(CONF_calling_hours), conf_bool(CONF_consent_required) ? "true" : "false",
	    conf_int(CONF_calls_per_lead_per_day), conf_bool(CONF_record_calls) ? "true" : "false",
	    conf_bool(CONF_transcribe_calls) ? "true" : "false");

	return reply_created(rq, "/api/calls", call_started, STMT_call_start,
	    ARGS(rq->who_json, rules, rq->body_json));
}

/* Then look for the provider's answer, with no transaction open, so long as it is worth waiting. */
enum http_status
call_start_wait(struct request *rq)
{
	struct db_result *row = NULL;
	enum http_status status;

	if (waiting_for_row(rq, STMT_call_start_result, CALL_START_WAIT_MS, &row) != WAITED_FOUND)
		return rq->status;
	status = (enum http_status)strtol(db_value(row, 0, 0), NULL, 10);
	if (status == HTTP_BAD_GATEWAY)
		return reply_problem(rq, status, "PROVIDER_REFUSED", "The telephone provider refused the call");
	return reply_data(rq, status, db_value(row, 0, 1), call_started);
}

/* POST /api/agent/end-call - the end is true at once, the hang-up is queued. */
enum http_status
call_end(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_call_end, ARGS(rq->who_json, rq->body_json));
}

/* POST /api/agent/engagement-score - how warm the lead is right now. */
enum http_status
call_engagement_set(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_call_engagement_set, ARGS(rq->who_json, rq->body_json));
}

/* POST /api/agent/phase-transition - enter a phase of the conversation. */
enum http_status
call_phase_set(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_call_phase_set, ARGS(rq->who_json, rq->body_json));
}
