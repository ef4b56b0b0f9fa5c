/*
 * json.c - strict JSON in, JSON out
 *
 * A struct json is a json-c object under another name, except that json-c has
 * no object for null: ours is the address of null_value, so that a null and an
 * absent member stay apart.
 */
#include "json.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

/* json-c has types of these names. */
#define json_bool json_c_bool
#define json_type json_c_type
#include <json-c/json.h>
#undef json_bool
#undef json_type

static char null_value;

static struct json *
json_wrap(struct json_object *object)
{
	return object != NULL ? (struct json *)object : (struct json *)&null_value;
}

/* json-c reads through pointers to what is not const, and keeps its printed text in the object. */
static struct json_object *
json_unwrap(const struct json *json)
{
	if ((const void *)json == &null_value)
		return NULL;
	return (struct json_object *)(uintptr_t)json;
}

/* json-c on a text which json_scan has let pass; the blanks at its end would confuse it. */
static struct json_object *
json_tokenize(const char *src, size_t len, bool *is_good_r)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
	struct json_object *object;

	*is_good_r = false;
	if (tokener == NULL)
		return NULL;
	while (len > 0 && (src[len - 1] == ' ' || src[len - 1] == '\t' || src[len - 1] == '\n' ||
	    src[len - 1] == '\r'))
		len--;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, src, (int)len);
	if (json_tokener_get_error(tokener) == json_tokener_success) {
		*is_good_r = json_tokener_get_parse_end(tokener) == len;
	} else if (json_tokener_get_error(tokener) == json_tokener_continue) {
		/* A number or a word at the top ends only with the text. */
		object = json_tokener_parse_ex(tokener, "", 1);
		*is_good_r = json_tokener_get_error(tokener) == json_tokener_success;
	}
	json_tokener_free(tokener);
	return object;
}

struct json *
json_parse(const char *src, size_t len, const char **reason_r)
{
	struct json_object *object;
	size_t offset;
	bool is_good;

	*reason_r = len > INT_MAX ? "the text is too long" : json_scan(src, len, &offset);
	if (*reason_r != NULL)
		return NULL;
	object = json_tokenize(src, len, &is_good);
	if (!is_good) {
		json_object_put(object);
		*reason_r = "the text cannot be read";
		return NULL;
	}
	return json_wrap(object);
}

void
json_free(struct json *json)
{
	if (json != NULL)
		json_object_put(json_unwrap(json));
}

enum json_type
json_type(const struct json *json)
{
	if (json == NULL)
		return JSON_NULL;
	switch (json_object_get_type(json_unwrap(json))) {
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_int:
		return JSON_INT;
	case json_type_double:
		return JSON_NUMBER;
	case json_type_string:
		return JSON_STRING;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_object:
		return JSON_OBJECT;
	case json_type_null:
		break;
	}
	return JSON_NULL;
}

/* ---- parts ---- */

struct json *
json_get(const struct json *json, const char *key)
{
	struct json_object *member;

	if (json_type(json) != JSON_OBJECT ||
	    !json_object_object_get_ex(json_unwrap(json), key, &member))
		return NULL;
	return json_wrap(member);
}

struct json *
json_path(const struct json *json, ...)
{
	const struct json *part = json;
	const char *key;
	va_list ap;

	va_start(ap, json);
	while (part != NULL && (key = va_arg(ap, const char *)) != NULL)
		part = json_get(part, key);
	va_end(ap);
	return (struct json *)(uintptr_t)part;
}

size_t
json_count(const struct json *json)
{
	switch (json_type(json)) {
	case JSON_ARRAY:
		return json_object_array_length(json_unwrap(json));
	case JSON_OBJECT:
		return (size_t)json_object_object_length(json_unwrap(json));
	default:
		return 0;
	}
}

struct json *
json_item(const struct json *array, size_t index)
{
	if (json_type(array) != JSON_ARRAY || index >= json_count(array))
		return NULL;
	return json_wrap(json_object_array_get_idx(json_unwrap(array), index));
}

void
json_each(const struct json *object, bool (*visit)(const char *key, struct json *value, void *arg),
    void *arg)
{
	if (json_type(object) != JSON_OBJECT)
		return;
	json_object_object_foreach(json_unwrap(object), key, value) {
		if (!visit(key, json_wrap(value), arg))
			return;
	}
}

/* ---- values ---- */

const char *
json_string(const struct json *json)
{
	return json_type(json) == JSON_STRING ? json_object_get_string(json_unwrap(json)) : NULL;
}

size_t
json_string_len(const struct json *json)
{
	if (json_type(json) != JSON_STRING)
		return 0;
	return (size_t)json_object_get_string_len(json_unwrap(json));
}

bool
json_bool(const struct json *json)
{
	return json_type(json) == JSON_BOOL && json_object_get_boolean(json_unwrap(json));
}

/* json-c would also make numbers of strings and switches. */
int64_t
json_int(const struct json *json)
{
	if (json_type(json) != JSON_INT && json_type(json) != JSON_NUMBER)
		return 0;
	return json_object_get_int64(json_unwrap(json));
}

double
json_number(const struct json *json)
{
	if (json_type(json) != JSON_INT && json_type(json) != JSON_NUMBER)
		return 0;
	return json_object_get_double(json_unwrap(json));
}

const char *
json_print(const struct json *json)
{
	if (json_type(json) == JSON_NULL)
		return "null";
	return json_object_to_json_string_ext(json_unwrap(json),
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

const char *
json_library(void)
{
	static char name[32];

	snprintf(name, sizeof(name), "json-c %s", json_c_version());
	return name;
}
