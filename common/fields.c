/*
 * fields.c - one checker per kind of field
 *
 * A checker writes the accepted value to out and returns NULL, or returns what is wrong
 * with it as the end of a sentence about the field.
 */
#include "fields.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "calendar.h"
#include "json.h"
#include "password.h"

#define FIELD_TAG_LENGTH_MAX 40
#define FIELD_STRATEGY_LENGTH_MAX 64
#define FIELD_INDICATORS_MAX 32
#define FIELD_INDICATOR_LENGTH_MAX 64
#define FIELD_CONSENT_SOURCE_MAX 200
#define FIELD_LIST_SIZE_MAX 65536	/* bytes of a list of texts */
#define FIELD_TABLE_MAX 64	/* rows of a table */

const struct field no_fields[] = { FIELD_END };

struct field_check {
	struct arena *arena;
	const struct field *table;
	bool is_text;
	bool is_lenient;
	struct buf *out;
	bool seen[FIELD_TABLE_MAX];	/* which rows of the table were sent */
	struct field_problems *problems;
};

static void
field_problem_add(struct field_check *check, const char *name, const char *message)
{
	struct field_problems *problems = check->problems;

	if (problems->count < FIELD_PROBLEMS_MAX)
		problems->list[problems->count++] = (struct field_problem){ name, message };
}

/* Characters of UTF-8 text that json_scan has accepted. */
static size_t
field_length(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

static bool
field_has_control(const char *text, size_t len, bool allows_lines)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (allows_lines && (c == '\n' || c == '\r' || c == '\t'))
			continue;
		if (c < 0x20 || c == 0x7f)
			return true;
	}
	return false;
}

static void
field_trim(const char **text, size_t *len)
{
	while (*len > 0 && isspace((unsigned char)**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && isspace((unsigned char)(*text)[*len - 1]))
		(*len)--;
}

static const char *
field_text(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *text = json_string(value);
	size_t len, chars;

	if (text == NULL)
		return "must be a text";
	len = json_string_len(value);
	field_trim(&text, &len);
	chars = field_length(text, len);
	if ((double)chars < field->min)
		return field->min == 1
		    ? "must not be empty"
		    : arena_printf(check->arena, "must have at least %.0f characters", field->min);
	if ((double)chars > field->max)
		return arena_printf(check->arena, "must have at most %.0f characters", field->max);
	if (field_has_control(text, len, field->kind == FIELD_NOTES))
		return "must not contain control characters";
	buf_add_json_string(check->out, text, len);
	return NULL;
}

/* A number from JSON, or from text in a form; false if it is none. 7.0 is a whole one, as some languages write it. */
static bool
field_read_number(const struct field_check *check, const struct json *value, bool is_whole, double *number_r)
{
	enum json_type type = json_type(value);
	const char *text;
	char *end;

	if (type == JSON_INT || type == JSON_NUMBER) {
		*number_r = json_number(value);
		return !is_whole || *number_r == floor(*number_r);
	}
	text = json_string(value);
	if (!check->is_text || text == NULL || *text == '\0' || strspn(text, "+-.0123456789") != strlen(text))
		return false;
	errno = 0;
	*number_r = strtod(text, &end);
	return errno == 0 && *end == '\0' && (!is_whole || *number_r == floor(*number_r));
}

static const char *
field_number(struct field_check *check, const struct field *field, const struct json *value)
{
	bool is_whole = field->kind == FIELD_INTEGER;
	double number;

	if (!field_read_number(check, value, is_whole, &number))
		return is_whole ? "must be a whole number" : "must be a number";
	if (!(number >= field->min && number <= field->max))
		return arena_printf(check->arena, "must be between %.0f and %.0f", field->min, field->max);
	buf_addf(check->out, is_whole ? "%.0f" : "%.6f", number);
	return NULL;
}

static const char *
field_bool(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *text = check->is_text ? json_string(value) : NULL;

	(void)field;
	if (json_type(value) == JSON_BOOL)
		buf_adds(check->out, json_bool(value) ? "true" : "false");
	else if (text != NULL && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0))
		buf_adds(check->out, "true");
	else if (text != NULL && (strcmp(text, "false") == 0 || strcmp(text, "0") == 0))
		buf_adds(check->out, "false");
	else
		return "must be true or false";
	return NULL;
}

bool
field_is_uuid(const char *text, size_t len)
{
	if (len != FIELD_UUID_LEN)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

static const char *
field_uuid(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *text = json_string(value);

	(void)field;
	if (text == NULL || !field_is_uuid(text, json_string_len(value)))
		return "must be a UUID";
	buf_add_json_string(check->out, text, FIELD_UUID_LEN);
	return NULL;
}

static const char *
field_enum(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *text = json_string(value);
	struct buf names = { 0 };
	const char *message;

	for (const char *const *name = field->values; text != NULL && *name != NULL; name++) {
		if (strcmp(*name, text) == 0) {
			buf_addf(check->out, "\"%s\"", text);
			return NULL;
		}
	}
	buf_adds(&names, "must be one of");
	for (const char *const *name = field->values; *name != NULL; name++)
		buf_addf(&names, "%s %s", name == field->values ? "" : ",", *name);
	message = arena_strndup(check->arena, names.data, names.len);
	buf_free(&names);
	return message;
}

static const char *
field_phone(struct field_check *check, const struct field *field, const struct json *value)
{
	static const char message[] = "must be a phone number like +12125550100 (+ and 8 to 15 digits)";
	const char *text = json_string(value);
	char digits[17];
	size_t len = 0;

	(void)field;
	if (text == NULL)
		return message;
	text += strspn(text, " ");
	if (*text != '+')
		return message;
	digits[len++] = '+';
	for (text++; *text != '\0'; text++) {
		if (strchr(" .-()[]", *text) != NULL)
			continue;
		if (!isdigit((unsigned char)*text) || len == 16)
			return message;
		digits[len++] = *text;
	}
	if (len < 9 || digits[1] == '0')
		return message;
	buf_add_json_string(check->out, digits, len);
	return NULL;
}

static const char *
field_email(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *text = json_string(value);
	const char *at, *dot;
	char lower[256];
	size_t len;

	(void)field;
	if (text == NULL)
		return "must be a text";
	len = json_string_len(value);
	field_trim(&text, &len);
	if (len > 255)
		return "must have at most 255 characters";
	for (size_t i = 0; i < len; i++) {
		if (isspace((unsigned char)text[i]) || iscntrl((unsigned char)text[i]))
			return "must be an email address";
		lower[i] = (char)tolower((unsigned char)text[i]);
	}
	lower[len] = '\0';
	at = strchr(lower, '@');
	dot = strrchr(lower, '.');
	if (at == NULL || at == lower || strchr(at + 1, '@') != NULL || dot == NULL || dot < at + 2 ||
	    dot[1] == '\0')
		return "must be an email address";
	buf_add_json_string(check->out, lower, len);
	return NULL;
}

static const char *
field_time(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *text = json_string(value);

	(void)field;
	if (text == NULL || !calendar_is_time(text))
		return "must be a time like 2026-01-31T15:04:05Z";
	buf_add_json_string(check->out, text, strlen(text));
	return NULL;
}

static const char *
field_date(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *text = json_string(value);

	(void)field;
	if (text == NULL || !calendar_is_date(text))
		return "must be a day like 2026-01-31";
	buf_add_json_string(check->out, text, 10);
	return NULL;
}

static const char *
field_hour(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *text = json_string(value);

	if (text == NULL || !calendar_is_hour(text) ||
	    (field->kind == FIELD_CLOCK && strcmp(text, "24:00") == 0))
		return "must be a time of the day like 09:30";
	buf_add_json_string(check->out, text, 5);
	return NULL;
}

static const char *
field_country(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *text = json_string(value);

	(void)field;
	if (text == NULL || strlen(text) != 2 || !isalpha((unsigned char)text[0]) ||
	    !isalpha((unsigned char)text[1]))
		return "must be a country code of two letters";
	buf_addf(check->out, "\"%c%c\"", toupper((unsigned char)text[0]), toupper((unsigned char)text[1]));
	return NULL;
}

/* Whether value is an array of at most max texts of 1..length_max characters. */
static bool
field_is_text_list(const struct json *value, size_t max, size_t length_max)
{
	if (json_type(value) != JSON_ARRAY || json_count(value) > max)
		return false;
	for (size_t i = 0; i < json_count(value); i++) {
		const struct json *item = json_item(value, i);
		size_t chars = json_type(item) == JSON_STRING
		    ? field_length(json_string(item), json_string_len(item))
		    : 0;

		if (chars < 1 || chars > length_max)
			return false;
	}
	return true;
}

static const char *
field_print(struct field_check *check, const struct json *value, double max)
{
	const char *text = json_print(value);

	if ((double)strlen(text) > max)
		return arena_printf(check->arena, "must have at most %.0f bytes", max);
	buf_adds(check->out, text);
	return NULL;
}

static const char *
field_texts(struct field_check *check, const struct field *field, const struct json *value)
{
	int length_max = field->kind == FIELD_TAGS ? FIELD_TAG_LENGTH_MAX : FIELD_STRATEGY_LENGTH_MAX;

	if (!field_is_text_list(value, (size_t)field->max, (size_t)length_max))
		return arena_printf(check->arena, "must be a list of up to %.0f texts of 1 to %d characters",
		    field->max, length_max);
	return field_print(check, value, FIELD_LIST_SIZE_MAX);
}

static const char *
field_object(struct field_check *check, const struct field *field, const struct json *value)
{
	if (json_type(value) != JSON_OBJECT)
		return "must be an object";
	return field_print(check, value, field->max);
}

static const char *
field_indicators(struct field_check *check, const struct field *field, const struct json *value)
{
	if (json_type(value) == JSON_OBJECT)
		return field_print(check, value, field->max);
	if (!field_is_text_list(value, FIELD_INDICATORS_MAX, FIELD_INDICATOR_LENGTH_MAX))
		return arena_printf(check->arena,
		    "must be an object, or a list of up to %d texts of 1 to %d characters",
		    FIELD_INDICATORS_MAX, FIELD_INDICATOR_LENGTH_MAX);
	return field_print(check, value, FIELD_LIST_SIZE_MAX);
}

static const struct field field_consent_table[] = {
	{ .name = "given", .kind = FIELD_BOOL, .is_required = true },
	{ .name = "at", .kind = FIELD_TIME, .is_nullable = true },
	{ .name = "source", .kind = FIELD_TEXT, .max = FIELD_CONSENT_SOURCE_MAX, .is_nullable = true },
	FIELD_END
};

static const char *
field_consent(struct field_check *check, const struct field *field, const struct json *value)
{
	struct field_problems problems = { .count = 0 };
	const char *json;

	(void)field;
	if (json_type(value) != JSON_OBJECT)
		return "must be an object {given, at, source}";
	json = fields_check(check->arena, field_consent_table, value, check->is_text, false, &problems);
	if (json == NULL)
		return arena_printf(check->arena, "%s %s", problems.list[0].field, problems.list[0].message);
	buf_adds(check->out, json);
	return NULL;
}

static bool
field_is_choice(const struct field *field, const char *text)
{
	for (const char *const *name = field->values; *name != NULL; name++)
		if (text != NULL && strcmp(*name, text) == 0)
			return true;
	return false;
}

static const char *
field_choices(struct field_check *check, const struct field *field, const struct json *value)
{
	if (json_type(value) != JSON_ARRAY || json_count(value) == 0)
		return "must be a list of at least one";
	for (size_t i = 0; i < json_count(value); i++) {
		if (!field_is_choice(field, json_string(json_item(value, i))))
			return arena_printf(check->arena, "has an unknown value; known are those like %s",
			    field->values[0]);
		for (size_t j = 0; j < i; j++)
			if (strcmp(json_string(json_item(value, i)), json_string(json_item(value, j))) == 0)
				return "has a value twice";
	}
	return field_print(check, value, FIELD_LIST_SIZE_MAX);
}

static const char *
field_password(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *text = json_string(value);
	const char *problem = text == NULL ? "must be a text" : password_problem(text);

	(void)field;
	if (problem != NULL)
		return problem;
	buf_add_json_string(check->out, text, json_string_len(value));
	return NULL;
}

/*
 * Check an object by the field's own table. What is wrong inside is told by its path, and
 * field_told says that it was.
 */
static const char field_told[] = "";

static const char *
field_object_of(struct field_check *check, const struct field *field, const struct json *value,
    const char *path)
{
	struct field_problems problems = { .count = 0 };
	const char *json;

	if (json_type(value) != JSON_OBJECT) {
		field_problem_add(check, path, "must be an object");
		return field_told;
	}
	json = fields_check(check->arena, field->table, value, check->is_text, false, &problems);
	for (size_t i = 0; i < problems.count; i++)
		field_problem_add(check, arena_printf(check->arena, "%s.%s", path, problems.list[i].field),
		    problems.list[i].message);
	if (json == NULL)
		return field_told;
	buf_adds(check->out, json);
	return NULL;
}

static const char *
field_record(struct field_check *check, const struct field *field, const struct json *value)
{
	return field_object_of(check, field, value, field->name);
}

static const char *
field_list(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *message = NULL;

	if (json_type(value) != JSON_ARRAY || (double)json_count(value) < field->min ||
	    (double)json_count(value) > field->max)
		return arena_printf(check->arena, "must be a list of %.0f to %.0f objects", field->min,
		    field->max);
	buf_addc(check->out, '[');
	for (size_t i = 0; i < json_count(value); i++) {
		const char *path = arena_printf(check->arena, "%s[%zu]", field->name, i);

		if (i > 0)
			buf_addc(check->out, ',');
		if (field_object_of(check, field, json_item(value, i), path) != NULL)
			message = field_told;
	}
	buf_addc(check->out, ']');
	return message;
}

static const char *
field_secret(struct field_check *check, const struct field *field, const struct json *value)
{
	const char *text = json_string(value);

	if (text == NULL)
		return "must be a text";
	if ((double)json_string_len(value) < field->min || (double)json_string_len(value) > field->max)
		return arena_printf(check->arena, "must have %.0f to %.0f bytes", field->min, field->max);
	buf_add_json_string(check->out, text, json_string_len(value));
	return NULL;
}

static const char *
field_read_only(struct field_check *check, const struct field *field, const struct json *value)
{
	(void)check;
	(void)field;
	(void)value;
	return "is set by the server";
}

typedef const char *field_checker(struct field_check *check, const struct field *field,
    const struct json *value);

static field_checker *const field_checkers[] = {
	[FIELD_TEXT] = field_text,
	[FIELD_NOTES] = field_text,
	[FIELD_INTEGER] = field_number,
	[FIELD_NUMBER] = field_number,
	[FIELD_BOOL] = field_bool,
	[FIELD_UUID] = field_uuid,
	[FIELD_ENUM] = field_enum,
	[FIELD_PHONE] = field_phone,
	[FIELD_EMAIL] = field_email,
	[FIELD_TIME] = field_time,
	[FIELD_DATE] = field_date,
	[FIELD_CLOCK] = field_hour,
	[FIELD_HOUR] = field_hour,
	[FIELD_COUNTRY] = field_country,
	[FIELD_TAGS] = field_texts,
	[FIELD_STRATEGIES] = field_texts,
	[FIELD_OBJECT] = field_object,
	[FIELD_INDICATORS] = field_indicators,
	[FIELD_CHOICES] = field_choices,
	[FIELD_PASSWORD] = field_password,
	[FIELD_SECRET] = field_secret,
	[FIELD_CONSENT] = field_consent,
	[FIELD_RECORD] = field_record,
	[FIELD_LIST] = field_list,
	[FIELD_READ_ONLY] = field_read_only,
};

/* Whether a lenient check leaves a member out: an empty text where something may be said or not. */
static bool
field_is_left_out(const struct field_check *check, const struct field *field, const struct json *value)
{
	return check->is_lenient && !field->refuses_empty && json_type(value) == JSON_STRING &&
	    json_string_len(value) == 0;
}

static bool
field_visit(const char *name, struct json *value, void *arg)
{
	struct field_check *check = arg;
	const struct field *field = check->table;
	size_t mark = check->out->len;
	const char *message = NULL;

	while (field->name != NULL && strcmp(field->name, name) != 0)
		field++;
	if (field->name == NULL) {
		if (!check->is_lenient)
			field_problem_add(check, arena_strdup(check->arena, name), "is not a known field");
		return true;
	}
	if (field_is_left_out(check, field, value))
		return true;
	assert(field - check->table < FIELD_TABLE_MAX);
	check->seen[field - check->table] = true;
	if (check->out->len > 1)
		buf_addc(check->out, ',');
	buf_addf(check->out, "\"%s\":", name);
	if (json_type(value) == JSON_NULL && field->kind != FIELD_READ_ONLY) {
		if (field->is_nullable)
			buf_adds(check->out, "null");
		else
			message = "must not be null";
	} else {
		message = field_checkers[field->kind](check, field, value);
	}
	if (message != NULL) {
		check->out->len = mark;
		if (message != field_told)
			field_problem_add(check, field->name, message);
	}
	return true;
}

const char *
fields_check(struct arena *arena, const struct field *table, const struct json *object, bool is_text,
    bool is_lenient, struct field_problems *problems_r)
{
	struct buf out = { 0 };
	struct field_check check = {
		.arena = arena,
		.table = table,
		.is_text = is_text,
		.is_lenient = is_lenient,
		.out = &out,
		.problems = problems_r,
	};
	const char *json = NULL;

	problems_r->count = 0;
	buf_addc(&out, '{');
	json_each(object, field_visit, &check);
	for (const struct field *field = table; field->name != NULL; field++)
		if (field->is_required && !check.seen[field - table])
			field_problem_add(&check, field->name, "is required");
	buf_addc(&out, '}');
	if (problems_r->count == 0)
		json = arena_strndup(arena, out.data, out.len);
	buf_free(&out);
	return json;
}
