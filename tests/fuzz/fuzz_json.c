/*
 * fuzz_json.c - the JSON scan against json-c, and against its own promises
 *
 * What the scan lets pass json-c must read; what is printed from it must pass
 * again and print the same; and what json-c refuses the scan must not accept.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Walk all of a value, so that every getter sees every type. */
static bool
visit(const char *key, struct json *value, void *arg)
{
	const struct json *parent = arg;

	if (json_get(parent, key) != value && json_type(value) != JSON_NULL)
		abort();
	if ((json_string(value) != NULL) != (json_type(value) == JSON_STRING))
		abort();
	if (json_string(value) != NULL &&
	    strlen(json_string(value)) != json_string_len(value))
		abort();
	(void)json_int(value);
	(void)json_number(value);
	(void)json_bool(value);
	for (size_t i = 0; i < json_count(value); i++)
		(void)json_type(json_item(value, i));
	json_each(value, visit, value);
	return true;
}

/* The printed form of a text; the caller frees it. */
static char *
print(const char *text, size_t len)
{
	const char *reason;
	struct json *json = json_parse(text, len, &reason);
	char *printed;

	if (json == NULL)
		abort();
	json_each(json, visit, json);
	printed = strdup(json_print(json));
	json_free(json);
	if (printed == NULL)
		abort();
	return printed;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exact size, so that reading past the end is seen. */
	char *text = malloc(size > 0 ? size : 1);
	char *once, *twice;
	size_t offset;

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	if (json_scan(text, size, &offset) == NULL) {
		if (offset != size)
			abort();
		once = print(text, size);
		twice = print(once, strlen(once));
		if (strcmp(once, twice) != 0)
			abort();
		free(once);
		free(twice);
	} else if (offset > size) {
		abort();
	}
	free(text);
	return 0;
}
