/*
 * lead_fields.c - what may be said about a lead
 */
#include "lead_fields.h"

const char *const lead_statuses[] = { "new", "contacted", "qualified", "hot_transfer", "video_sent",
	"zoom_scheduled", "closed", "disqualified", NULL };
const char *const lead_income_ranges[] = { "under_25k", "25k_50k", "50k_75k", "75k_plus", NULL };
const char *const lead_experience_levels[] = { "beginner", "some_experience", "experienced", "expert",
	NULL };

/* A row of a file; what the server has given away before may stand in it. */
const struct field lead_file_fields[] = {
	LEAD_NAME_FIELDS(true),
	LEAD_FIELDS,
	{ .name = "status", .kind = FIELD_ENUM, .values = lead_statuses },
	{ .name = "qualificationScore", .kind = FIELD_INTEGER, .min = 0, .max = 100 },
	{ .name = "lastContacted", .kind = FIELD_TIME, .is_nullable = true },
	{ .name = "version", .kind = FIELD_READ_ONLY },
	FIELD_END
};
