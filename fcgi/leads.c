/*
 * leads.c - prospects: list, create, get, update, hide
 */
#include "handlers.h"

#include <string.h>

#include "paging.h"
#include "reply.h"

static const char *const lead_statuses[] = { "new", "contacted", "qualified", "hot_transfer", "video_sent",
	"zoom_scheduled", "closed", "disqualified", NULL };
static const char *const lead_income_ranges[] = { "under_25k", "25k_50k", "50k_75k", "75k_plus", NULL };
static const char *const lead_experience_levels[] = { "beginner", "some_experience", "experienced", "expert",
	NULL };
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

/* What both writes take; the names are required on create only. */
#define LEAD_NAME_FIELDS(required)                                                                                    \
	{ .name = "firstName", .kind = FIELD_TEXT, .is_required = required, .min = 1, .max = 100 },                   \
	    { .name = "lastName", .kind = FIELD_TEXT, .is_required = required, .min = 1, .max = 100 },                \
	{                                                                                                             \
		.name = "phone", .kind = FIELD_PHONE, .is_required = required                                         \
	}

#define LEAD_FIELDS                                                                                                   \
	{ .name = "email", .kind = FIELD_EMAIL, .is_nullable = true },                                                \
	    { .name = "source", .kind = FIELD_TEXT, .min = 1, .max = 100, .is_nullable = true },                      \
	    { .name = "initialInterest", .kind = FIELD_TEXT, .max = 255, .is_nullable = true },                       \
	    { .name = "timezone", .kind = FIELD_TEXT, .min = 1, .max = 50, .is_nullable = true },                     \
	    { .name = "country", .kind = FIELD_COUNTRY },                                                             \
	    { .name = "state", .kind = FIELD_TEXT, .max = 50, .is_nullable = true },                                  \
	    { .name = "city", .kind = FIELD_TEXT, .max = 100, .is_nullable = true },                                  \
	    { .name = "currentIncomeRange", .kind = FIELD_ENUM, .values = lead_income_ranges, .is_nullable = true },  \
	    { .name = "desiredIncomeRange", .kind = FIELD_TEXT, .max = 50, .is_nullable = true },                     \
	    { .name = "timeAvailability", .kind = FIELD_TEXT, .max = 100, .is_nullable = true },                      \
	    { .name = "experienceLevel", .kind = FIELD_ENUM, .values = lead_experience_levels, .is_nullable = true }, \
	    { .name = "kevinNotes", .kind = FIELD_NOTES, .max = 10000, .is_nullable = true },                         \
	    { .name = "kevinRating", .kind = FIELD_INTEGER, .min = 1, .max = 10, .is_nullable = true },               \
	    { .name = "relationshipStrength", .kind = FIELD_TEXT, .max = 50, .is_nullable = true },                   \
	    { .name = "doNotCall", .kind = FIELD_BOOL },                                                              \
	    { .name = "consent", .kind = FIELD_CONSENT, .is_nullable = true },                                        \
	    { .name = "tags", .kind = FIELD_TAGS, .max = 20 },                                                        \
	    { .name = "customFields", .kind = FIELD_OBJECT, .max = 8192 },                                            \
	    { .name = "nextFollowup", .kind = FIELD_TIME, .is_nullable = true },                                      \
	    { .name = "id", .kind = FIELD_READ_ONLY }, { .name = "createdAt", .kind = FIELD_READ_ONLY },              \
	    { .name = "updatedAt", .kind = FIELD_READ_ONLY }, { .name = "createdBy", .kind = FIELD_READ_ONLY },       \
	    { .name = "updatedBy", .kind = FIELD_READ_ONLY }, { .name = "lastCall", .kind = FIELD_READ_ONLY },        \
	{                                                                                                             \
		.name = "stageHistory", .kind = FIELD_READ_ONLY                                                       \
	}

const struct field leads_create_fields[] = {
	LEAD_NAME_FIELDS(true),
	LEAD_FIELDS,
	/* Accepted and overruled: a lead begins as new, with score 0. */
	{ .name = "status", .kind = FIELD_ENUM, .values = lead_statuses },
	{ .name = "qualificationScore", .kind = FIELD_INTEGER, .min = 0, .max = 100 },
	FIELD_END
};

/* A row of a file; what the server has given away before may stand in it. */
const struct field leads_import_fields[] = {
	LEAD_NAME_FIELDS(true),
	LEAD_FIELDS,
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
	return reply_call(rq, HTTP_CREATED, "Lead created successfully", STMT_leads_create,
	    ARGS(rq->who_json, rq->body_json));
}

/* GET /api/leads/:id - one lead with its stage history. */
enum http_status
leads_get(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_leads_get, ARGS(rq->who_json, rq->id));
}

/* The version in an If-Match header ("3", W/"3" or *), NULL without one. */
static const char *
lead_if_match(struct request *rq)
{
	const char *header = rq->env.if_match;
	size_t len;

	if (*header == '\0')
		return NULL;
	if (strncmp(header, "W/", 2) == 0)
		header += 2;
	len = strlen(header);
	if (len >= 2 && header[0] == '"' && header[len - 1] == '"')
		return arena_strndup(rq->arena, header + 1, len - 2);
	return header;
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
