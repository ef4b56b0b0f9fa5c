/*
 * fields.h - is this body well formed: validation by declaration
 *
 * A route's table says what may be sent. What passes is written anew as JSON for
 * the database, so that nothing undeclared ever reaches it. Query parameters and
 * urlencoded bodies are texts: numbers and switches are read from them.
 */
#ifndef VALS_FIELDS_H
#define VALS_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

struct json;

enum field_kind {
	FIELD_TEXT,		/* min..max characters, trimmed, no control characters */
	FIELD_NOTES,		/* as text, but line breaks are fine */
	FIELD_INTEGER,		/* min..max */
	FIELD_NUMBER,		/* min..max, may have a fraction */
	FIELD_BOOL,
	FIELD_UUID,
	FIELD_ENUM,		/* one of values, NULL-terminated */
	FIELD_PHONE,		/* E.164 after spaces, dots, dashes and brackets are gone */
	FIELD_EMAIL,		/* written in lower case */
	FIELD_TIME,		/* ISO 8601 with a zone, or a date */
	FIELD_DATE,		/* a day like 2026-01-31 */
	FIELD_CLOCK,		/* a time of the day like 09:30 */
	FIELD_HOUR,		/* the same, or 24:00, which ends a day */
	FIELD_COUNTRY,		/* two letters, written in capitals */
	FIELD_TAGS,		/* up to max texts of 1..40 characters */
	FIELD_STRATEGIES,	/* up to max texts of 1..64 characters */
	FIELD_OBJECT,		/* any object of up to max bytes */
	FIELD_INDICATORS,	/* up to 32 texts of 1..64 characters, or an object of up to max bytes */
	FIELD_CHOICES,		/* a list of some of values, each once */
	FIELD_PASSWORD,		/* what password.h says */
	FIELD_SECRET,		/* min..max bytes, taken as they are */
	FIELD_CONSENT,		/* {given, at?, source?} */
	FIELD_RECORD,		/* an object as table says */
	FIELD_LIST,		/* min..max objects as table says */
	FIELD_READ_ONLY,	/* known, but set by the server */
};

struct field {
	const char *name;	/* NULL ends a table */
	enum field_kind kind;
	bool is_required;
	bool is_nullable;
	bool refuses_empty;	/* of a query: an empty value is a mistake, not "nobody said" */
	double min;
	double max;
	const char *const *values;
	const struct field *table;
};

#define FIELD_END { .name = NULL }

struct field_problem {
	const char *field;
	const char *message;
};

#define FIELD_PROBLEMS_MAX 32

struct field_problems {
	struct field_problem list[FIELD_PROBLEMS_MAX];
	size_t count;	/* further ones are not kept */
};

#define FIELD_UUID_LEN 36

/* Whether text[0..len) has the form of a uuid, in letters of either case. */
bool field_is_uuid(const char *text, size_t len);

/* A table without fields: the body may be empty or {}. */
extern const struct field no_fields[];

/*
 * Check the object against the table. is_text: its values are all texts (a form); is_lenient (a
 * query): members the table lacks are left out instead of refused, and so are empty texts.
 * Returns the JSON for the database, in the arena; NULL with problems_r filled.
 */
const char *fields_check(struct arena *arena, const struct field *table, const struct json *object,
    bool is_text, bool is_lenient, struct field_problems *problems_r);

#endif
