/*
 * test_json.c - what is JSON, what is not, and what is in it
 */
#include "json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- scanning ---- */

static void
good_texts_pass(void **state)
{
	static const char *const texts[] = {
		"{}", "[]", " \t\r\n{ } \n", "null", "true", "false", "0", "-0", "7 ", "-12.50",
		"1e5", "1E+5", "1e-5", "0.1e1", "123456789012345678.9", "9223372036854775807",
		"-9223372036854775808", "1e308", "1e-308", "\"\"", "\"ä€😀\"",
		"\"\\u00e4\\ud83d\\ude00\"",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\x7f\"", "\"\xf4\x8f\xbf\xbf\"",
		"\"\xed\x9f\xbf\"",
		"\"\xee\x80\x80\"", "\"\xc2\x80\"", "\"\xe0\xa0\x80\"", "\"\xf0\x90\x80\x80\"",
		"[1,2,[3,{\"a\":[]}]]", "{\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":3},{\"a\":4}]}",
		"{\"\":1,\"a\":2,\"aa\":3,\"A\":4}", "[null,true,false]",
	};
	size_t offset;

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		const char *reason = json_scan(texts[i], strlen(texts[i]), &offset);

		if (reason != NULL)
			fail_msg("%s: %s at %zu", texts[i], reason, offset);
	}
}

static const struct bad {
	const char *text;
	const char *reason;
	size_t offset;
} bad[] = {
	{ "", "the text ends too early", 0 },
	{ "  ", "the text ends too early", 2 },
	{ "{", "the text ends too early", 1 },
	{ "[", "the text ends too early", 1 },
	{ "[1", "the text ends too early", 2 },
	{ "[1,", "the text ends too early", 3 },
	{ "[1,]", "unexpected character", 3 },
	{ "[,1]", "unexpected character", 1 },
	{ "[1 2]", "unexpected character", 3 },
	{ "{\"a\"}", "unexpected character", 4 },
	{ "{\"a\":}", "unexpected character", 5 },
	{ "{\"a\":1,}", "unexpected character", 7 },
	{ "{\"a\" 1}", "unexpected character", 5 },
	{ "{a:1}", "unexpected character", 1 },
	{ "{1:1}", "unexpected character", 1 },
	{ "{\"a\":1 \"b\":2}", "unexpected character", 7 },
	{ "{\"a\":1", "the text ends too early", 6 },
	{ "{'a':1}", "unexpected character", 1 },
	{ "'a'", "unexpected character", 0 },
	{ "NaN", "unexpected character", 0 },
	{ "-NaN", "unexpected character", 1 },
	{ "Infinity", "unexpected character", 0 },
	{ "-Infinity", "unexpected character", 1 },
	{ "nul", "the text ends too early", 3 },
	{ "nulL", "unexpected character", 3 },
	{ "True", "unexpected character", 0 },
	{ "truex", "text after the value", 4 },
	{ "{} {}", "text after the value", 3 },
	{ "{}\xef\xbb\xbf", "text after the value", 2 },
	{ "\xef\xbb\xbf{}", "unexpected character", 0 },
	{ "// c\n1", "unexpected character", 0 },
	{ "1 /* c */", "text after the value", 2 },
	/* numbers */
	{ "01", "text after the value", 1 },
	{ "-01", "text after the value", 2 },
	{ "+1", "unexpected character", 0 },
	{ "-", "the text ends too early", 1 },
	{ ".5", "unexpected character", 0 },
	{ "1.", "the text ends too early", 2 },
	{ "1.e5", "unexpected character", 2 },
	{ "1e", "the text ends too early", 2 },
	{ "1e+", "the text ends too early", 3 },
	{ "0x10", "text after the value", 1 },
	{ "1_000", "text after the value", 1 },
	{ "1234567890123456789012345", "number too long", 25 },
	{ "0.12345678901234567890123", "number too long", 25 },
	{ "9223372036854775808", "number out of range", 19 },
	{ "-9223372036854775809", "number out of range", 20 },
	{ "99999999999999999999", "number out of range", 20 },
	{ "1e309", "number out of range", 5 },
	{ "99999e308", "number out of range", 9 },
	{ "1e-309", "number out of range", 6 },
	{ "1e9999999999999999", "number out of range", 18 },
	/* strings */
	{ "\"", "the text ends too early", 1 },
	{ "\"a", "the text ends too early", 2 },
	{ "\"\\", "the text ends too early", 2 },
	{ "\"\\x41\"", "bad escape in a string", 2 },
	{ "\"\\'\"", "bad escape in a string", 2 },
	{ "\"\\u12\"", "bad escape in a string", 5 },
	{ "\"\\u12g4\"", "bad escape in a string", 5 },
	{ "\"\\u\"", "bad escape in a string", 3 },
	{ "\"\\u0000\"", "NUL in a string", 7 },
	{ "\"\\ud800\"", "lone surrogate in a string", 7 },
	{ "\"\\ud800\\n\"", "lone surrogate in a string", 7 },
	{ "\"\\ud800\\ud800\"", "lone surrogate in a string", 13 },
	{ "\"\\ud800\\u0041\"", "lone surrogate in a string", 13 },
	{ "\"\\ud800\\uzz\"", "lone surrogate in a string", 9 },
	{ "\"\\udc00\"", "lone surrogate in a string", 7 },
	{ "\"a\nb\"", "control character in a string", 2 },
	{ "\"a\tb\"", "control character in a string", 2 },
	{ "\"\x1f\"", "control character in a string", 1 },
	/* UTF-8: Unicode table 3-7 */
	{ "\"\x80\"", "invalid UTF-8", 1 },
	{ "\"\xc0\xaf\"", "invalid UTF-8", 1 },
	{ "\"\xc1\xbf\"", "invalid UTF-8", 1 },
	{ "\"\xc3\"", "invalid UTF-8", 1 },
	{ "\"\xc3", "invalid UTF-8", 1 },
	{ "\"\xe0\x9f\xbf\"", "invalid UTF-8", 1 },
	{ "\"\xe2\x82\"", "invalid UTF-8", 1 },
	{ "\"\xed\xa0\x80\"", "invalid UTF-8", 1 },
	{ "\"\xf0\x8f\xbf\xbf\"", "invalid UTF-8", 1 },
	{ "\"\xf0\x9f\x98\"", "invalid UTF-8", 1 },
	{ "\"\xf4\x90\x80\x80\"", "invalid UTF-8", 1 },
	{ "\"\xf5\x80\x80\x80\"", "invalid UTF-8", 1 },
	{ "\"\xff\"", "invalid UTF-8", 1 },
	/* duplicate names, however they are written */
	{ "{\"a\":1,\"a\":2}", "duplicate key", 7 },
	{ "{\"a\":1,\"b\":2,\"\\u0061\":3}", "duplicate key", 13 },
	{ "{\"b\":{},\"a\":{\"c\":1,\"c\":2}}", "duplicate key", 19 },
	{ "{\"\":1,\"\":2}", "duplicate key", 6 },
	{ "{\"\\u20ac\":1,\"€\":2}", "duplicate key", 12 },
	{ "{\"\\ud83d\\ude00\":1,\"😀\":2}", "duplicate key", 18 },
	{ "{\"\\u00e4\":1,\"ä\":2}", "duplicate key", 12 },
	{ "{\"\\n\":1,\"\\u000a\":2}", "duplicate key", 8 },
	{ "{\"a\\u0000b\":1}", "NUL in a string", 9 },
};

static void
bad_texts_are_refused_with_reason_and_place(void **state)
{
	size_t offset;

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		const char *reason = json_scan(bad[i].text, strlen(bad[i].text), &offset);

		if (reason == NULL || strcmp(reason, bad[i].reason) != 0 || offset != bad[i].offset)
			fail_msg("%s: %s at %zu", bad[i].text, reason, offset);
	}
	assert_string_equal(json_scan("\"a\0b\"", 5, &offset), "control character in a string");
	assert_string_equal(json_scan("\"\\\0\"", 4, &offset), "bad escape in a string");
	assert_string_equal(json_scan("1\0", 2, &offset), "text after the value");
}

static void
depth_is_limited(void **state)
{
	char text[2 * (JSON_DEPTH_MAX + 1)];
	size_t offset;

	(void)state;
	for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		if (depth == JSON_DEPTH_MAX)
			assert_null(json_scan(text, 2 * (size_t)depth, &offset));
		else
			assert_string_equal(json_scan(text, 2 * (size_t)depth, &offset),
			    "nested too deeply");
	}
}

/* Many names must not cost their square: this many would take minutes. */
static void
many_members_are_quick(void **state)
{
	const int count = 300000;
	char *text = malloc((size_t)count * 24), *end = text;
	size_t offset;

	(void)state;
	assert_non_null(text);
	*end++ = '{';
	for (int i = 0; i < count; i++)
		end += sprintf(end, "\"k%d\":%d,", i, i);
	strcpy(end - 1, "}");
	assert_null(json_scan(text, strlen(text), &offset));
	strcpy(end - 1, ",\"k7\":1}");
	assert_string_equal(json_scan(text, strlen(text), &offset), "duplicate key");
	assert_int_equal(offset, end - text);
	free(text);
}

/* ---- parsing ---- */

static struct json *
parse(const char *text)
{
	const char *reason;
	struct json *json = json_parse(text, strlen(text), &reason);

	if (json == NULL)
		fail_msg("%s: %s", text, reason);
	assert_null(reason);
	return json;
}

static void
values_keep_their_type(void **state)
{
	static const struct {
		const char *text;
		enum json_type type;
	} rows[] = {
		{ "null", JSON_NULL }, { "true", JSON_BOOL }, { "false ", JSON_BOOL },
		{ "12", JSON_INT }, { "-12\n", JSON_INT }, { "12.0", JSON_NUMBER },
		{ "1e2", JSON_NUMBER }, { "\"x\"", JSON_STRING }, { "[]", JSON_ARRAY },
		{ " {} ", JSON_OBJECT },
	};
	struct json *json;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		json = parse(rows[i].text);
		assert_int_equal(json_type(json), rows[i].type);
		json_free(json);
	}
	assert_int_equal(json_type(NULL), JSON_NULL);
	json_free(NULL);
}

static void
what_the_scan_refuses_is_not_parsed(void **state)
{
	const char *reason;

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		assert_null(json_parse(bad[i].text, strlen(bad[i].text), &reason));
		assert_string_equal(reason, bad[i].reason);
	}
	assert_null(json_parse("x", (size_t)INT32_MAX + 1, &reason));
	assert_string_equal(reason, "the text is too long");
}

/* json-c's own depth limit must not be the tighter one. */
static void
the_deepest_text_is_parsed(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 2];
	struct json *json;

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	text[JSON_DEPTH_MAX] = '1';
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX);
	text[sizeof(text) - 1] = '\0';
	json = parse(text);
	json_free(json);
}

static void
parts_are_found(void **state)
{
	struct json *json = parse("{\"a\":{\"b\":[10,null,\"x\"]},\"n\":null}");
	struct json *array;

	(void)state;
	array = json_path(json, "a", "b", NULL);
	assert_int_equal(json_type(array), JSON_ARRAY);
	assert_int_equal(json_count(array), 3);
	assert_int_equal(json_count(json), 2);
	assert_int_equal(json_int(json_item(array, 0)), 10);
	assert_non_null(json_item(array, 1));
	assert_int_equal(json_type(json_item(array, 1)), JSON_NULL);
	assert_null(json_item(array, 3));
	assert_null(json_item(json, 0));
	assert_ptr_equal(json_path(json, NULL), json);
	assert_null(json_path(json, "a", "x", "y", NULL));
	assert_null(json_path(json, "n", "x", NULL));
	assert_null(json_get(json, "x"));
	assert_null(json_get(array, "x"));
	assert_non_null(json_get(json, "n"));
	assert_int_equal(json_type(json_get(json, "n")), JSON_NULL);
	assert_int_equal(json_count(json_get(json, "n")), 0);
	json_free(json);
}

static void
values_are_read_only_as_what_they_are(void **state)
{
	struct json *json = parse("{\"s\":\"12abc\",\"i\":-7,\"d\":2.5,\"big\":1e300,\"b\":true,"
	    "\"u\":\"ä€😀\"}");

	(void)state;
	assert_string_equal(json_string(json_get(json, "s")), "12abc");
	assert_int_equal(json_int(json_get(json, "s")), 0);
	assert_true(json_number(json_get(json, "s")) == 0.0);
	assert_false(json_bool(json_get(json, "s")));
	assert_int_equal(json_int(json_get(json, "i")), -7);
	assert_true(json_number(json_get(json, "i")) == -7.0);
	assert_null(json_string(json_get(json, "i")));
	assert_int_equal(json_string_len(json_get(json, "i")), 0);
	assert_false(json_bool(json_get(json, "i")));
	assert_int_equal(json_int(json_get(json, "d")), 2);
	assert_true(json_number(json_get(json, "d")) == 2.5);
	assert_true(json_int(json_get(json, "big")) == INT64_MAX);
	assert_true(json_bool(json_get(json, "b")));
	assert_int_equal(json_int(json_get(json, "b")), 0);
	assert_string_equal(json_string(json_get(json, "u")), "ä€😀");
	assert_int_equal(json_string_len(json_get(json, "u")), 9);
	assert_null(json_string(NULL));
	assert_false(json_bool(NULL));
	json_free(json);
}

static bool
collect(const char *key, struct json *value, void *arg)
{
	char *out = arg;

	strcat(out, key);
	strcat(out, json_type(value) == JSON_NULL ? "0" : "1");
	return strcmp(key, "c") != 0;
}

static void
members_are_visited_in_order(void **state)
{
	struct json *json = parse("{\"b\":1,\"a\":null,\"c\":2,\"d\":3}");
	char seen[32] = "";

	(void)state;
	json_each(json, collect, seen);
	assert_string_equal(seen, "b1a0c1");
	json_each(NULL, collect, seen);
	json_each(json_get(json, "b"), collect, seen);
	assert_string_equal(seen, "b1a0c1");
	json_free(json);
}

static void
printing_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"{\"a\":[1,-2.50,85.0,1e5,0.1,true,null],\"b\":{\"c\":\"/\"},\"ä\":\"€😀\"}",
		"\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\"", "[]", "{}", "null", "9223372036854775807",
	};
	struct json *json;

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		json = parse(texts[i]);
		assert_string_equal(json_print(json), texts[i]);
		json_free(json);
	}
	json = parse("{\"a\": {\"b\" : null}}");
	assert_string_equal(json_print(json_get(json, "a")), "{\"b\":null}");
	assert_string_equal(json_print(json_path(json, "a", "b", NULL)), "null");
	json_free(json);
	assert_int_equal(strncmp(json_library(), "json-c ", 7), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_texts_pass),
		cmocka_unit_test(bad_texts_are_refused_with_reason_and_place),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(many_members_are_quick),
		cmocka_unit_test(values_keep_their_type),
		cmocka_unit_test(what_the_scan_refuses_is_not_parsed),
		cmocka_unit_test(the_deepest_text_is_parsed),
		cmocka_unit_test(parts_are_found),
		cmocka_unit_test(values_are_read_only_as_what_they_are),
		cmocka_unit_test(members_are_visited_in_order),
		cmocka_unit_test(printing_changes_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
