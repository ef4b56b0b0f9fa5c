/*
 * shapes.h - whether values sent over a socket are what they should be
 *
 * The same limits as the HTTP routes have. Each check of a value returns NULL, or what is
 * wrong as a phrase that follows the field's name.
 */
#ifndef VALS_WS_SHAPES_H
#define VALS_WS_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

struct json;

typedef const char *shape(const struct json *value);

/* A field of an event's payload. */
struct shape_field {
	const char *name;	/* NULL ends a table */
	bool is_required;
	bool is_nullable;
	shape *check;
};

#define SHAPES_PROBLEM_SIZE 128

/*
 * Check that an object has the fields of the table and no others. Returns true, or
 * false with the first problem (`score must be ...`) in out.
 */
bool shapes_check(const struct json *object, const struct shape_field *table,
    char out[static SHAPES_PROBLEM_SIZE]);

bool shapes_is_uuid(const char *text);

const char *shape_any(const struct json *value);
const char *shape_bool(const struct json *value);
const char *shape_uuid(const struct json *value);
const char *shape_score(const struct json *value);	/* 0 to 100 */
const char *shape_phase(const struct json *value);	/* 1 to 12, whole */
const char *shape_indicators(const struct json *value);
const char *shape_reason(const struct json *value);	/* up to 200 characters */
const char *shape_time(const struct json *value);	/* ISO 8601; its form only */

#endif
