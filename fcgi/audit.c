/*
 * audit.c - who changed what
 */
#include "handlers.h"

#include "paging.h"
#include "reply.h"

const struct field audit_filters[] = {
	PAGING_FIELDS,
	{ .name = "action", .kind = FIELD_TEXT, .min = 1, .max = 50 },
	{ .name = "actorId", .kind = FIELD_UUID },
	{ .name = "subjectId", .kind = FIELD_UUID },
	{ .name = "from", .kind = FIELD_TIME },
	{ .name = "to", .kind = FIELD_TIME },
	FIELD_END
};

/* GET /api/audit - a page of changes, newest first. */
enum http_status
audit_list(struct request *rq)
{
	return reply_call_page(rq, STMT_audit_list, ARGS(rq->who_json, rq->query_json));
}
