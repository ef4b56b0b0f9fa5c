/*
 * kevin.c - the closer: his availability, his schedule, the transfers to him
 */
#include "handlers.h"

#include "paging.h"
#include "reply.h"

const struct field kevin_availability_fields[] = {
	{ .name = "available", .kind = FIELD_BOOL, .is_required = true, .is_nullable = true },
	{ .name = "reason", .kind = FIELD_TEXT, .max = 200, .is_nullable = true },
	{ .name = "until", .kind = FIELD_TIME, .is_nullable = true },
	FIELD_END
};

/* The same week can be said in two ways: a list of slots, or the days with one slot each. */
static const struct field kevin_slot_fields[] = {
	{ .name = "dayOfWeek", .kind = FIELD_INTEGER, .is_required = true, .min = 0, .max = 6 },
	{ .name = "startTime", .kind = FIELD_CLOCK, .is_required = true },
	{ .name = "endTime", .kind = FIELD_HOUR, .is_required = true },
	{ .name = "isActive", .kind = FIELD_BOOL },
	FIELD_END
};

static const struct field kevin_day_fields[] = {
	{ .name = "start", .kind = FIELD_CLOCK, .is_nullable = true },
	{ .name = "end", .kind = FIELD_HOUR, .is_nullable = true },
	{ .name = "available", .kind = FIELD_BOOL },
	FIELD_END
};

static const struct field kevin_exception_fields[] = {
	{ .name = "date", .kind = FIELD_DATE, .is_required = true },
	{ .name = "available", .kind = FIELD_BOOL, .is_required = true },
	{ .name = "startTime", .kind = FIELD_CLOCK, .is_nullable = true },
	{ .name = "endTime", .kind = FIELD_HOUR, .is_nullable = true },
	{ .name = "note", .kind = FIELD_TEXT, .max = 200, .is_nullable = true },
	FIELD_END
};

#define KEVIN_SLOTS_MAX 200
#define KEVIN_EXCEPTIONS_MAX 1000

#define KEVIN_DAY(day) \
	{ \
		.name = day, .kind = FIELD_RECORD, .table = kevin_day_fields, .is_nullable = true \
	}

const struct field kevin_schedule_fields[] = {
	{ .name = "timezone", .kind = FIELD_TEXT, .min = 1, .max = 50 },
	{ .name = "slots", .kind = FIELD_LIST, .table = kevin_slot_fields, .max = KEVIN_SLOTS_MAX },
	{ .name = "exceptions", .kind = FIELD_LIST, .table = kevin_exception_fields, .max = KEVIN_EXCEPTIONS_MAX },
	KEVIN_DAY("monday"),
	KEVIN_DAY("tuesday"),
	KEVIN_DAY("wednesday"),
	KEVIN_DAY("thursday"),
	KEVIN_DAY("friday"),
	KEVIN_DAY("saturday"),
	KEVIN_DAY("sunday"),
	{ .name = "isWithinSchedule", .kind = FIELD_READ_ONLY },
	{ .name = "nextChange", .kind = FIELD_READ_ONLY },
	{ .name = "updatedAt", .kind = FIELD_READ_ONLY },
	{ .name = "updatedBy", .kind = FIELD_READ_ONLY },
	FIELD_END
};

static const char *const transfer_states[] = { "requested", "dialing", "screening", "briefing", "joining",
	"joined", "ended", "declined", "no_answer", "busy", "voicemail", "lead_left", "failed", "canceled",
	NULL };
static const char *const transfer_results[] = { "scheduled", "closed", "followup", "declined", NULL };

const struct field kevin_transfers_filters[] = {
	PAGING_FIELDS,
	{ .name = "from", .kind = FIELD_TIME },
	{ .name = "to", .kind = FIELD_TIME },
	{ .name = "state", .kind = FIELD_ENUM, .values = transfer_states },
	{ .name = "conversionResult", .kind = FIELD_ENUM, .values = transfer_results },
	{ .name = "leadId", .kind = FIELD_UUID },
	FIELD_END
};

const struct field kevin_transfer_outcome_fields[] = {
	{ .name = "transferId", .kind = FIELD_UUID },
	{ .name = "callId", .kind = FIELD_UUID },
	{ .name = "conversionResult", .kind = FIELD_ENUM, .is_required = true, .values = transfer_results },
	{ .name = "kevinRating", .kind = FIELD_INTEGER, .min = 1, .max = 10, .is_nullable = true },
	{ .name = "notes", .kind = FIELD_NOTES, .max = 10000, .is_nullable = true },
	{ .name = "nextFollowup", .kind = FIELD_TIME, .is_nullable = true },
	FIELD_END
};

/* GET /api/kevin/availability */
enum http_status
kevin_availability_get(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_kevin_availability_get, ARGS(rq->who_json));
}

/* PUT /api/kevin/availability - set the override, or drop it with null. */
enum http_status
kevin_availability_set(struct request *rq)
{
	return reply_call(rq, HTTP_OK, "Availability updated", STMT_kevin_availability_set,
	    ARGS(rq->who_json, rq->body_json));
}

/* GET /api/kevin/schedule */
enum http_status
kevin_schedule_get(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_kevin_schedule_get, ARGS(rq->who_json));
}

/* PUT /api/kevin/schedule - replace the whole schedule. */
enum http_status
kevin_schedule_set(struct request *rq)
{
	return reply_call(rq, HTTP_OK, "Schedule updated", STMT_kevin_schedule_set,
	    ARGS(rq->who_json, rq->body_json));
}

/* GET /api/kevin/transfers - a page of transfers, newest first. */
enum http_status
kevin_transfers_list(struct request *rq)
{
	return reply_call_page(rq, STMT_kevin_transfers_list, ARGS(rq->who_json, rq->query_json));
}

/* POST /api/kevin/transfer-outcome - what came of a transfer; later words correct earlier ones. */
enum http_status
kevin_transfer_outcome_set(struct request *rq)
{
	return reply_call(rq, HTTP_OK, "Outcome recorded", STMT_kevin_transfer_outcome_set,
	    ARGS(rq->who_json, rq->body_json));
}
