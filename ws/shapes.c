/*
 * shapes.c - whether values sent over a socket are what they should be
 */
#include "shapes.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

#define SHAPES_INDICATORS_MAX 32
#define SHAPES_INDICATOR_CHARS 64
#define SHAPES_INDICATORS_BYTES 8192
#define SHAPES_REASON_CHARS 200
#define SHAPES_PHASE_MAX 12
#define SHAPES_SCORE_MAX 100

/* How many bytes of text fit a pattern, where d is a digit and x a hex digit; 0 for no. */
static size_t
shapes_match(const char *text, const char *pattern)
{
	size_t i;

	for (i = 0; pattern[i] != '\0'; i++) {
		unsigned char c = (unsigned char)text[i];

		if (pattern[i] == 'd' ? !isdigit(c) : pattern[i] == 'x' ? !isxdigit(c) :
		    c != (unsigned char)pattern[i])
			return 0;
	}
	return i;
}

bool
shapes_is_uuid(const char *text)
{
	size_t len = shapes_match(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");

	return len > 0 && text[len] == '\0';
}

/* Characters of valid UTF-8. */
static size_t
shapes_chars(const char *text)
{
	size_t chars = 0;

	for (; *text != '\0'; text++)
		chars += ((unsigned char)*text & 0xc0) != 0x80;
	return chars;
}

const char *
shape_any(const struct json *value)
{
	(void)value;
	return NULL;
}

const char *
shape_bool(const struct json *value)
{
	return json_type(value) == JSON_BOOL ? NULL : "must be true or false";
}

const char *
shape_uuid(const struct json *value)
{
	const char *text = json_string(value);

	return text != NULL && shapes_is_uuid(text) ? NULL : "must be an id";
}

static bool
shapes_is_number(const struct json *value)
{
	return json_type(value) == JSON_INT || json_type(value) == JSON_NUMBER;
}

const char *
shape_score(const struct json *value)
{
	return shapes_is_number(value) && json_number(value) >= 0 &&
	    json_number(value) <= SHAPES_SCORE_MAX ? NULL : "must be a number from 0 to 100";
}

const char *
shape_phase(const struct json *value)
{
	return json_type(value) == JSON_INT && json_int(value) >= 1 &&
	    json_int(value) <= SHAPES_PHASE_MAX ? NULL : "must be a whole number from 1 to 12";
}

const char *
shape_indicators(const struct json *value)
{
	static const char problem[] =
	    "must be an object, or a list of up to 32 texts of 1 to 64 characters";
	size_t chars;

	if (json_type(value) == JSON_OBJECT)
		return strlen(json_print(value)) <= SHAPES_INDICATORS_BYTES ? NULL :
		    "must have at most 8192 bytes";
	if (json_type(value) != JSON_ARRAY || json_count(value) > SHAPES_INDICATORS_MAX)
		return problem;
	for (size_t i = 0; i < json_count(value); i++) {
		const char *text = json_string(json_item(value, i));

		chars = text != NULL ? shapes_chars(text) : 0;
		if (chars < 1 || chars > SHAPES_INDICATOR_CHARS)
			return problem;
	}
	return NULL;
}

const char *
shape_reason(const struct json *value)
{
	const char *text = json_string(value);

	return text != NULL && shapes_chars(text) <= SHAPES_REASON_CHARS ? NULL :
	    "must be a text of up to 200 characters";
}

const char *
shape_time(const struct json *value)
{
	static const char problem[] = "must be a time like 2026-01-31T15:04:05Z";
	const char *text = json_string(value);
	size_t step;

	if (text == NULL || (step = shapes_match(text, "dddd-dd-ddTdd:dd")) == 0)
		return problem;
	text += step;
	text += shapes_match(text, ":dd");
	if (*text == '.' && isdigit((unsigned char)text[1]))
		text += 1 + strspn(text + 1, "0123456789");
	if (*text == 'Z')
		text++;
	else if ((step = shapes_match(text, "+dd:dd")) != 0 ||
	    (step = shapes_match(text, "-dd:dd")) != 0)
		text += step;
	else
		return problem;
	return *text == '\0' ? NULL : problem;
}

/* A walk over the members of an object against a table. */
struct shapes_walk {
	const struct shape_field *table;
	char *out;
	bool is_fine;
};

static bool
shapes_visit(const char *name, struct json *value, void *arg)
{
	struct shapes_walk *walk = arg;
	const struct shape_field *field = walk->table;
	const char *problem;

	while (field->name != NULL && strcmp(field->name, name) != 0)
		field++;
	if (field->name == NULL)
		problem = "is not a known field";
	else if (json_type(value) == JSON_NULL)
		problem = field->is_nullable ? NULL : "must not be null";
	else
		problem = field->check(value);
	if (problem == NULL)
		return true;
	snprintf(walk->out, SHAPES_PROBLEM_SIZE, "%.40s %s", name, problem);
	walk->is_fine = false;
	return false;
}

bool
shapes_check(const struct json *object, const struct shape_field *table,
    char out[static SHAPES_PROBLEM_SIZE])
{
	struct shapes_walk walk = { .table = table, .out = out, .is_fine = true };

	if (json_type(object) != JSON_OBJECT) {
		snprintf(out, SHAPES_PROBLEM_SIZE, "the payload must be an object");
		return false;
	}
	json_each(object, shapes_visit, &walk);
	for (; walk.is_fine && table->name != NULL; table++) {
		if (!table->is_required || json_get(object, table->name) != NULL)
			continue;
		snprintf(out, SHAPES_PROBLEM_SIZE, "%s is required", table->name);
		walk.is_fine = false;
	}
	return walk.is_fine;
}
