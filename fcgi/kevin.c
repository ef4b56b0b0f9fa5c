/*
 * kevin.c - the closer's availability
 */
#include "handlers.h"

#include "reply.h"

const struct field kevin_availability_fields[] = {
	{ .name = "available", .kind = FIELD_BOOL, .is_required = true, .is_nullable = true },
	{ .name = "reason", .kind = FIELD_TEXT, .max = 200, .is_nullable = true },
	{ .name = "until", .kind = FIELD_TIME, .is_nullable = true },
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
	return reply_call(rq, HTTP_OK, "Availability updated", STMT_kevin_availability_set, ARGS(rq->who_json, rq->body_json));
}
