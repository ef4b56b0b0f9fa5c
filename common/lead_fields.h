/*
 * lead_fields.h - what may be said about a lead
 *
 * The rows which the tables of several writes share, and the table of a row of a file, which is checked in more
 * than one program.
 */
#ifndef VALS_LEAD_FIELDS_H
#define VALS_LEAD_FIELDS_H

#include "fields.h"

extern const char *const lead_statuses[], *const lead_income_ranges[], *const lead_experience_levels[];

/* A row of a file; what the server has given away before may stand in it. */
extern const struct field lead_file_fields[];

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

#endif
