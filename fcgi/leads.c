/*
 * leads.c - prospects: list, create, get, update, hide
 */
#include "handlers.h"

#include <string.h>

#include "lead_fields.h"
#include "paging.h"
#include "reply.h"

static const char *const lead_sorts[] = { "newest", "oldest", "name", "score", "updated", NULL };

const struct field leads_filters[] = {
	PAGING_FIELDS,
	{ .name = "status", .kind = FIELD_ENUM, .values = lead_statuses },
	{ .name = "source", .kind = FIELD_TEXT, .min = 1, .max = 100 },
	{ .name = "qualificationScore", .kind = FIELD_INTEGER, .min = 0, .max = 100 },
	{ .name = "createdAfter", .kind = FIELD_TIME },
	{ .name = "createdBefore", .kind = FIELD_TIME },
	{ .name = "search", .kind = FIELD_TEXT, .min = 1, .max = 200 },
	{ .name = "sort", .kind = FIELD_ENUM, .values = lead_sorts },
	FIELD_END
};

const struct field leads_create_fields[] = {
	LEAD_NAME_FIELDS(true),
	LEAD_FIELDS,
	/* Accepted and overruled: a lead begins as new, with score 0. */
	{ .name = "status", .kind = FIELD_ENUM, .values = lead_statuses },
	{ .name = "qualificationScore", .kind = FIELD_INTEGER, .min = 0, .max = 100 },
	{ .name = "lastContacted", .kind = FIELD_TIME, .is_nullable = true },
	{ .name = "version", .kind = FIELD_READ_ONLY },
	FIELD_END
};

const struct field leads_update_fields[] = {
	LEAD_NAME_FIELDS(false),
	LEAD_FIELDS,
	{ .name = "status", .kind = FIELD_ENUM, .values = lead_statuses },
	{ .name = "qualificationScore", .kind = FIELD_INTEGER, .min = 0, .max = 100 },
	{ .name = "lastContacted", .kind = FIELD_TIME, .is_nullable = true },
	{ .name = "version", .kind = FIELD_INTEGER, .min = 1, .max = 2147483647 },
	FIELD_END
};

/* GET /api/leads - a page of leads, newest first. */
enum http_status
leads_list(struct request *rq)
{
	return reply_call_page(rq, STMT_leads_list, ARGS(rq->who_json, rq->query_json));
}

/* POST /api/leads - create a lead. */
enum http_status
leads_create(struct request *rq)
{
	return reply_created(rq, "/api/leads", "Lead created successfully", STMT_leads_create,
	    ARGS(rq->who_json, rq->body_json));
}

/* GET /api/leads/:id - one lead with its stage history. */
enum http_status
leads_get(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_leads_get, ARGS(rq->who_json, rq->id));
}

/*
 * The versions in an If-Match header ("3", W/"4" or *) with only the commas left between them, NULL without one.
 * Weak ones count: nginx makes a tag weak when it compresses the answer.
 */
static const char *
lead_if_match(struct request *rq)
{
	const char *header = rq->env.if_match;
	char *versions, *to;

	if (*header == '\0')
		return NULL;
	to = versions = arena_strdup(rq->arena, header);
	for (const char *c = header; *c != '\0'; c++) {
		if (strncmp(c, "W/\"", 3) == 0)
			c++;
		else if (strchr("\" \t", *c) == NULL)
			*to++ = *c;
	}
	*to = '\0';
	return versions;
}

/* PUT /api/leads/:id - change what was sent, if nobody else did meanwhile. */
enum http_status
leads_update(struct request *rq)
{
	return reply_call(rq, HTTP_OK, "Lead updated successfully", STMT_leads_update,
	    ARGS(rq->who_json, rq->id, lead_if_match(rq), rq->body_json));
}

/* DELETE /api/leads/:id - hide a lead; its calls stay. */
enum http_status
leads_delete(struct request *rq)
{
	return reply_call(rq, HTTP_OK, "Lead deleted successfully", STMT_leads_delete,
	    ARGS(rq->who_json, rq->id));
}
