/*
 * calls.c - conversations, live and past
 */
#include "handlers.h"

#include "paging.h"
#include "reply.h"

#define OBJECTIONS_MAX 100
#define STRATEGIES_MAX 100
#define TRANSCRIPT_MAX 50	/* entries in one request: one event carries them on */

static const char *const call_statuses[] = { "initiated", "ringing", "active", "in-progress", "transferring",
	"transferred", "transfer_failed", "completed", "no-answer", "busy", "failed", "canceled", NULL };
const char *const call_outcomes[] = { "hot_transfer", "video_sent", "follow_up", "disqualified",
	"zoom_scheduled", "closed", "callback", "not_interested", "voicemail", "no_answer", "busy",
	"wrong_number", "do_not_call", "failed", NULL };
static const char *const call_answerers[] = { "human", "machine", "unknown", NULL };
static const char *const call_sorts[] = { "newest", "oldest", "score", NULL };
static const char *const objection_types[] = { "price", "time", "interest", "skepticism", "authority",
	"other", NULL };
static const char *const speakers[] = { "agent", "prospect", "kevin", NULL };
static const char *const recording_actions[] = { "start", "stop", NULL };
static const char *const recording_channels[] = { "dual", "single", NULL };

#define CALL_FILTERS                                                                  \
	PAGING_FIELDS, { .name = "status", .kind = FIELD_ENUM, .values = call_statuses }, \
	{                                                                             \
		.name = "finalStatus", .kind = FIELD_ENUM, .values = call_outcomes    \
	}

const struct field lead_calls_filters[] = { CALL_FILTERS, FIELD_END };

const struct field calls_filters[] = {
	CALL_FILTERS,
	{ .name = "leadId", .kind = FIELD_UUID },
	{ .name = "from", .kind = FIELD_TIME },
	{ .name = "to", .kind = FIELD_TIME },
	{ .name = "minScore", .kind = FIELD_NUMBER, .min = 0, .max = 100 },
	{ .name = "transferred", .kind = FIELD_BOOL },
	{ .name = "answeredBy", .kind = FIELD_ENUM, .values = call_answerers },
	{ .name = "agentVersion", .kind = FIELD_TEXT, .min = 1, .max = 64 },
	{ .name = "sort", .kind = FIELD_ENUM, .values = call_sorts },
	{ .name = "search", .kind = FIELD_TEXT, .min = 1, .max = 200 },
	FIELD_END
};

/* A call made elsewhere. */
#define CALL_RECORD_FIELDS                                                                               \
	{ .name = "phoneNumber", .kind = FIELD_PHONE },                                                  \
	    { .name = "startTime", .kind = FIELD_TIME }, { .name = "endTime", .kind = FIELD_TIME },      \
	    { .name = "finalStatus", .kind = FIELD_ENUM, .values = call_outcomes, .is_nullable = true }, \
	{                                                                                                \
		.name = "notes", .kind = FIELD_NOTES, .max = 10000, .is_nullable = true                  \
	}

const struct field lead_calls_create_fields[] = { CALL_RECORD_FIELDS, FIELD_END };

const struct field calls_create_fields[] = {
	{ .name = "leadId", .kind = FIELD_UUID, .is_required = true },
	CALL_RECORD_FIELDS,
	FIELD_END
};

static const struct field objection_fields[] = {
	{ .name = "type", .kind = FIELD_ENUM, .is_required = true, .values = objection_types },
	{ .name = "phase", .kind = FIELD_INTEGER, .min = 1, .max = 12, .is_nullable = true },
	{ .name = "strategy", .kind = FIELD_TEXT, .min = 1, .max = 64, .is_nullable = true },
	{ .name = "resolved", .kind = FIELD_BOOL, .is_nullable = true },
	FIELD_END
};

static const struct field transcript_fields[] = {
	{ .name = "speaker", .kind = FIELD_ENUM, .is_required = true, .values = speakers },
	{ .name = "text", .kind = FIELD_NOTES, .is_required = true, .min = 1, .max = 4000 },
	{ .name = "timestamp", .kind = FIELD_TIME, .is_nullable = true },
	{ .name = "offsetMs", .kind = FIELD_INTEGER, .min = 0, .max = 86400000, .is_nullable = true },
	{ .name = "phase", .kind = FIELD_INTEGER, .min = 1, .max = 12, .is_nullable = true },
	{ .name = "sentiment", .kind = FIELD_TEXT, .min = 1, .max = 32, .is_nullable = true },
	{ .name = "confidence", .kind = FIELD_NUMBER, .min = 0, .max = 1, .is_nullable = true },
	FIELD_END
};

const struct field calls_update_fields[] = {
	{ .name = "status", .kind = FIELD_ENUM, .values = call_statuses },
	{ .name = "finalStatus", .kind = FIELD_ENUM, .values = call_outcomes, .is_nullable = true },
	{ .name = "notes", .kind = FIELD_NOTES, .max = 10000, .is_nullable = true },
	{ .name = "objections", .kind = FIELD_LIST, .max = OBJECTIONS_MAX, .table = objection_fields },
	{ .name = "strategies", .kind = FIELD_STRATEGIES, .max = STRATEGIES_MAX },
	{ .name = "transcript", .kind = FIELD_LIST, .max = TRANSCRIPT_MAX, .table = transcript_fields },
	FIELD_END
};

const struct field calls_recording_fields[] = {
	{ .name = "action", .kind = FIELD_ENUM, .is_required = true, .values = recording_actions },
	{ .name = "channels", .kind = FIELD_ENUM, .values = recording_channels },
	FIELD_END
};

/* GET /api/leads/:id/calls - a page of a lead's calls, newest first. */
enum http_status
lead_calls_list(struct request *rq)
{
	return reply_call_page(rq, STMT_lead_calls_list, ARGS(rq->who_json, rq->id, rq->query_json));
}

/* POST /api/leads/:id/calls - write down a call made elsewhere. */
enum http_status
lead_calls_create(struct request *rq)
{
	return reply_created(rq, "/api/calls", NULL, STMT_lead_calls_create,
	    ARGS(rq->who_json, rq->id, rq->body_json));
}

/* GET /api/calls - a page of calls, newest first. */
enum http_status
calls_list(struct request *rq)
{
	return reply_call_page(rq, STMT_calls_list, ARGS(rq->who_json, rq->query_json));
}

/* POST /api/calls - write down a call made elsewhere. */
enum http_status
calls_create(struct request *rq)
{
	return reply_created(rq, "/api/calls", NULL, STMT_calls_create, ARGS(rq->who_json, rq->body_json));
}

/* GET /api/calls/active - the calls that are alive. */
enum http_status
calls_active(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_calls_active, ARGS(rq->who_json));
}

/* GET /api/calls/:id - everything known about a call. */
enum http_status
calls_get(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_calls_get, ARGS(rq->who_json, rq->id));
}

/* PUT /api/calls/:id - correct what was sent, append to the transcript. */
enum http_status
calls_update(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_calls_update, ARGS(rq->who_json, rq->id, rq->body_json));
}

/* POST /api/calls/:id/recording - start or stop it; the provider is told by the runner. */
enum http_status
calls_recording_set(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_calls_recording_set,
	    ARGS(rq->who_json, rq->id, rq->body_json));
}
