/*
 * json.h - strict JSON in, JSON out
 *
 * The only user of json-c. A text is scanned first (RFC 8259 without
 * the liberties json-c takes), so whatever was parsed can be printed and stored
 * without surprises.
 */
#ifndef VALS_JSON_H
#define VALS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 32
#define JSON_NUMBER_MAX 24	/* longest number, characters: the longest that JavaScript prints */

/*
 * A parsed value; parts are borrowed from their whole. NULL stands for "absent" and may be
 * asked everything below: it is of type JSON_NULL and counts, is and reads as nothing.
 */
struct json;

/*
 * Why src[0..len) is not acceptable JSON, as a phrase for the client, or NULL if
 * it is. Refuses what json-c would let pass: bad UTF-8 (Unicode table 3-7), NUL
 * and lone surrogate escapes, control characters, single quotes, NaN, leading
 * zeros, numbers over JSON_NUMBER_MAX characters or beyond int64 (whole ones) and
 * 1e308, depth over JSON_DEPTH_MAX, duplicate keys, anything after the value.
 * *offset_r gets the byte where it stopped.
 */
const char *json_scan(const char *src, size_t len, size_t *offset_r);

/* Scan and parse; NULL with *reason_r set. Free the whole with json_free. */
struct json *json_parse(const char *src, size_t len, const char **reason_r);

void json_free(struct json *json);

enum json_type {
	JSON_NULL, JSON_BOOL, JSON_INT, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT,
};

enum json_type json_type(const struct json *json);

/* Member of an object, NULL if absent or if json is no object. */
struct json *json_get(const struct json *json, const char *key);

/* Follow a path of member names, ended by NULL. */
struct json *json_path(const struct json *json, ...) __attribute__((sentinel));

size_t json_count(const struct json *json);
struct json *json_item(const struct json *array, size_t index);

/* Call visit for each member in order until it returns false. */
void json_each(const struct json *object,
    bool (*visit)(const char *key, struct json *value, void *arg), void *arg);

/* The text of a string (NULL for other types); may not contain NUL. */
const char *json_string(const struct json *json);
size_t json_string_len(const struct json *json);

/* The value of a JSON_BOOL, of a JSON_INT or JSON_NUMBER; false and 0 for other types. */
bool json_bool(const struct json *json);
int64_t json_int(const struct json *json);	/* clamped to int64 */
double json_number(const struct json *json);

/* The value printed compactly, slashes unescaped; lives as long as json or until printed again. */
const char *json_print(const struct json *json);

/* Name and version of the library in use. */
const char *json_library(void);

#endif
