/*
 * test_fields.c - each kind of field: what it takes, how it writes it, what it says
 */
#include "../../common/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "json.h"

static struct arena *arena;
static struct json *parsed;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(65536);
	parsed = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_free(parsed);
	arena_free(&arena);
	return 0;
}

/* The object {"f": value}, living until the next call. */
static const struct json *
object_of(const char *value)
{
	const char *text = arena_printf(arena, "{\"f\":%s}", value);
	const char *reason = "";

	json_free(parsed);
	parsed = json_parse(text, strlen(text), &reason);
	if (parsed == NULL)
		fail_msg("%s: %s", reason, text);
	return parsed;
}

/* What a field makes of a value: the JSON written, or "! " and what is wrong with it. */
static const char *
outcome(const struct field *field, const char *value, bool is_text)
{
	const struct field table[] = { *field, FIELD_END };
	struct field_problems problems;
	const char *json = fields_check(arena, table, object_of(value), is_text, false, &problems);
	size_t len;

	if (json == NULL) {
		assert_int_equal(problems.count, 1);
		assert_string_equal(problems.list[0].field, "f");
		return arena_printf(arena, "! %s", problems.list[0].message);
	}
	len = strlen(json);
	assert_memory_equal(json, "{\"f\":", 5);
	assert_int_equal(json[len - 1], '}');
	return arena_strndup(arena, json + 5, len - 6);
}

static const char *
problem_text(const struct field_problem *problem)
{
	return arena_printf(arena, "%s %s", problem->field, problem->message);
}

struct row {
	const char *value;	/* as it stands in the body */
	const char *expected;	/* as it is written, NULL for the same; or "! " and the problem */
};

static void
check_rows(const struct field *field, const struct row *rows, size_t count, bool is_text)
{
	for (size_t i = 0; i < count; i++) {
		const char *got = outcome(field, rows[i].value, is_text);
		const char *expected = rows[i].expected != NULL ? rows[i].expected : rows[i].value;

		if (strcmp(got, expected) != 0)
			fail_msg("%s: got %s, expected %s", rows[i].value, got, expected);
	}
}

#define CHECK(field, rows) check_rows(&(field), rows, sizeof(rows) / sizeof(*(rows)), false)
#define CHECK_FORM(field, rows) check_rows(&(field), rows, sizeof(rows) / sizeof(*(rows)), true)

/* A JSON text of count times unit. */
static const char *
repeated(const char *unit, size_t count)
{
	size_t len = strlen(unit);
	char *text = arena_alloc(arena, len * count + 3);

	text[0] = '"';
	for (size_t i = 0; i < count; i++)
		memcpy(text + 1 + i * len, unit, len);
	memcpy(text + 1 + len * count, "\"", 2);
	return text;
}

/* A JSON list of count times item. */
static const char *
list_of(const char *item, size_t count)
{
	const char *list = "";

	for (size_t i = 0; i < count; i++)
		list = arena_printf(arena, "%s%s%s", list, i > 0 ? "," : "", item);
	return arena_printf(arena, "[%s]", list);
}

static void
text_is_trimmed_and_counted_in_characters(void **state)
{
	static const struct field field = { .name = "f", .kind = FIELD_TEXT, .min = 1, .max = 5 };
	static const struct field at_least = { .name = "f", .kind = FIELD_TEXT, .min = 3, .max = 5 };
	static const struct row rows[] = {
		{ "\"a\"", NULL },
		{ "\"  Ann \"", "\"Ann\"" },
		{ "\"\\t\\nAnn\\r\"", "\"Ann\"" },
		{ "\"12345\"", NULL },
		{ "\"123456\"", "! must have at most 5 characters" },
		{ "\"  12345  \"", "\"12345\"" },
		{ "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80xy\"", NULL },
		{ "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80xyz\"", "! must have at most 5 characters" },
		{ "\"\\u00e4\"", "\"\xc3\xa4\"" },
		{ "\"a\\\"b\\\\\"", NULL },
		{ "\"\"", "! must not be empty" },
		{ "\"   \"", "! must not be empty" },
		{ "\"a\\nb\"", "! must not contain control characters" },
		{ "\"a\\u0001\"", "! must not contain control characters" },
		{ "\"a\\u007fb\"", "! must not contain control characters" },
		{ "5", "! must be a text" },
		{ "true", "! must be a text" },
		{ "[\"a\"]", "! must be a text" },
		{ "{}", "! must be a text" },
		{ "null", "! must not be null" },
	};
	static const struct row short_rows[] = {
		{ "\"ab\"", "! must have at least 3 characters" },
		{ "\"abc\"", NULL },
	};

	(void)state;
	CHECK(field, rows);
	CHECK(at_least, short_rows);
}

static void
notes_may_have_lines(void **state)
{
	static const struct field field = { .name = "f", .kind = FIELD_NOTES, .max = 10 };
	static const struct row rows[] = {
		{ "\"a\\nb\\r\\n\\tc\"", NULL },
		{ "\"\"", NULL },
		{ "\"a\\u001bb\"", "! must not contain control characters" },
		{ "\"1234567890\"", NULL },
		{ "\"12345678901\"", "! must have at most 10 characters" },
	};

	(void)state;
	CHECK(field, rows);
}

static void
integers_are_whole_and_in_range(void **state)
{
	static const struct field field = { .name = "f", .kind = FIELD_INTEGER, .min = 1, .max = 12 };
	static const struct field signed_field = { .name = "f", .kind = FIELD_INTEGER, .min = -5, .max = 1e15 };
	static const struct row rows[] = {
		{ "1", NULL },
		{ "12", NULL },
		{ "0", "! must be between 1 and 12" },
		{ "13", "! must be between 1 and 12" },
		{ "-1", "! must be between 1 and 12" },
		{ "9223372036854775807", "! must be between 1 and 12" },
		{ "1.5", "! must be a whole number" },
		{ "1.0", "1" },
		{ "1e1", "10" },
		{ "1e300", "! must be between 1 and 12" },
		{ "\"1\"", "! must be a whole number" },
		{ "true", "! must be a whole number" },
		{ "null", "! must not be null" },
	};
	static const struct row signed_rows[] = {
		{ "-5", NULL },
		{ "-6", "! must be between -5 and 1000000000000000" },
		{ "999999999999999", NULL },
		{ "1000000000000000", NULL },
		{ "1000000000000001", "! must be between -5 and 1000000000000000" },
	};
	static const struct row form_rows[] = {
		{ "\"7\"", "7" },
		{ "\"+7\"", "7" },
		{ "\"7.0\"", "7" },
		{ "\"7.5\"", "! must be a whole number" },
		{ "\"\"", "! must be a whole number" },
		{ "\".\"", "! must be a whole number" },
		{ "\"--7\"", "! must be a whole number" },
		{ "\"1e1\"", "! must be a whole number" },
		{ "\"0x7\"", "! must be a whole number" },
		{ "\"inf\"", "! must be a whole number" },
		{ "\"nan\"", "! must be a whole number" },
		{ "\" 7\"", "! must be a whole number" },
		{ "\"7 \"", "! must be a whole number" },
		{ "\"13\"", "! must be between 1 and 12" },
		{ "[\"7\"]", "! must be a whole number" },
	};

	(void)state;
	CHECK(field, rows);
	CHECK(signed_field, signed_rows);
	CHECK_FORM(field, form_rows);
}

static void
numbers_may_have_a_fraction(void **state)
{
	static const struct field field = { .name = "f", .kind = FIELD_NUMBER, .min = 0, .max = 100 };
	static const struct row rows[] = {
		{ "0", "0.000000" },
		{ "100", "100.000000" },
		{ "72.456", "72.456000" },
		{ "1e1", "10.000000" },
		{ "100.000001", "! must be between 0 and 100" },
		{ "-0.01", "! must be between 0 and 100" },
		{ "1e308", "! must be between 0 and 100" },
		{ "\"5\"", "! must be a number" },
		{ "false", "! must be a number" },
	};
	static const struct row form_rows[] = { { "\"72.5\"", "72.500000" }, { "\"abc\"", "! must be a number" } };

	(void)state;
	CHECK(field, rows);
	CHECK_FORM(field, form_rows);
}

static void
switches_are_true_or_false(void **state)
{
	static const struct field field = { .name = "f", .kind = FIELD_BOOL };
	static const struct row rows[] = {
		{ "true", NULL },
		{ "false", NULL },
		{ "1", "! must be true or false" },
		{ "\"true\"", "! must be true or false" },
		{ "null", "! must not be null" },
	};
	static const struct row form_rows[] = {
		{ "\"true\"", "true" },
		{ "\"1\"", "true" },
		{ "\"false\"", "false" },
		{ "\"0\"", "false" },
		{ "\"yes\"", "! must be true or false" },
		{ "\"TRUE\"", "! must be true or false" },
		{ "\"\"", "! must be true or false" },
	};

	(void)state;
	CHECK(field, rows);
	CHECK_FORM(field, form_rows);
}

static void
uuids_have_their_form(void **state)
{
	static const struct field field = { .name = "f", .kind = FIELD_UUID };
	static const struct row rows[] = {
		{ "\"0a000000-0000-4000-8000-00000000000f\"", NULL },
		{ "\"0A000000-0000-4000-8000-00000000000F\"", NULL },
		{ "\"0a000000-0000-4000-8000-00000000000\"", "! must be a UUID" },
		{ "\"0a000000-0000-4000-8000-00000000000ff\"", "! must be a UUID" },
		{ "\"0a000000-0000-4000-8000-00000000000g\"", "! must be a UUID" },
		{ "\"0a0000000-000-4000-8000-00000000000f\"", "! must be a UUID" },
		{ "\"{a000000-0000-4000-8000-00000000000}\"", "! must be a UUID" },
		{ "\"\"", "! must be a UUID" },
		{ "7", "! must be a UUID" },
	};

	(void)state;
	CHECK(field, rows);
}

static void
enums_are_one_of_their_values(void **state)
{
	static const char *const values[] = { "new", "closed", NULL };
	static const struct field field = { .name = "f", .kind = FIELD_ENUM, .values = values };
	static const struct row rows[] = {
		{ "\"new\"", NULL },
		{ "\"closed\"", NULL },
		{ "\"New\"", "! must be one of new, closed" },
		{ "\"new \"", "! must be one of new, closed" },
		{ "\"\"", "! must be one of new, closed" },
		{ "1", "! must be one of new, closed" },
		{ "[]", "! must be one of new, closed" },
	};

	(void)state;
	CHECK(field, rows);
}

static void
phones_are_cleaned_to_E_164(void **state)
{
	static const char bad[] = "! must be a phone number like +12125550100 (+ and 8 to 15 digits)";
	static const struct field field = { .name = "f", .kind = FIELD_PHONE };
	static const struct row rows[] = {
		{ "\"+12125550100\"", NULL },
		{ "\"+1 (212) 555-01.00\"", "\"+12125550100\"" },
		{ "\"+[49] 1511 234\"", "\"+491511234\"" },
		{ "\"+12345678\"", NULL },
		{ "\"+1234567\"", bad },
		{ "\"+123456789012345\"", NULL },
		{ "\"+1234567890123456\"", bad },
		{ "\"+1-2-3-4-5-6-7-8-9-0-1-2-3-4-5\"", "\"+123456789012345\"" },
		{ "\"+01234567890\"", bad },
		{ "\"12125550100\"", bad },
		{ "\"  +12125550100 \"", "\"+12125550100\"" },
		{ "\"\\t+12125550100\"", bad },
		{ "\"+1212555o100\"", bad },
		{ "\"++12125550100\"", bad },
		{ "\"+1212555\\n0100\"", bad },
		{ "\"+\"", bad },
		{ "\"\"", bad },
		{ "12125550100", bad },
	};

	(void)state;
	CHECK(field, rows);
}

static void
emails_are_written_in_lower_case(void **state)
{
	static const char bad[] = "! must be an email address";
	static const struct field field = { .name = "f", .kind = FIELD_EMAIL };
	static const struct row rows[] = {
		{ "\"Ann@Example.ORG\"", "\"ann@example.org\"" },
		{ "\" a@b.c \"", "\"a@b.c\"" },
		{ "\"first.last+tag@mail.example.org\"", NULL },
		{ "\"\"", bad },
		{ "\"ann\"", bad },
		{ "\"@example.org\"", bad },
		{ "\"ann@\"", bad },
		{ "\"ann@example\"", bad },
		{ "\"ann@.org\"", bad },
		{ "\"ann@example.\"", bad },
		{ "\"a.b@example\"", bad },
		{ "\"a@b@example.org\"", bad },
		{ "\"a b@example.org\"", bad },
		{ "\"a\\u0001@example.org\"", bad },
		{ "5", "! must be a text" },
	};

	(void)state;
	CHECK(field, rows);
	for (size_t len = 254; len <= 256; len++) {
		const char *local = arena_strndup(arena, repeated("a", len - 4) + 1, len - 4);
		const char *value = arena_printf(arena, "\"%s@b.c\"", local);
		const char *expected = len <= 255 ? value : "! must have at most 255 characters";

		assert_string_equal(outcome(&field, value, false), expected);
	}
}

static void
times_are_ISO_8601_with_a_zone(void **state)
{
	static const char bad[] = "! must be a time like 2026-01-31T15:04:05Z";
	static const struct field field = { .name = "f", .kind = FIELD_TIME };
	static const struct row rows[] = {
		{ "\"2026-01-31\"", NULL },
		{ "\"2026-01-31T15:04Z\"", NULL },
		{ "\"2026-01-31T15:04:05Z\"", NULL },
		{ "\"2026-01-31T15:04:05.123456Z\"", NULL },
		{ "\"2026-01-31T15:04:05+05:30\"", NULL },
		{ "\"2026-01-31T15:04:05-08:00\"", NULL },
		{ "\"2026-01-31T15:04:05\"", bad },
		{ "\"2026-01-31T15Z\"", bad },
		{ "\"2026-01-31 15:04:05Z\"", bad },
		{ "\"2026-01-31t15:04:05z\"", bad },
		{ "\"2026-01-31T15:04:05.Z\"", bad },
		{ "\"2026-01-31T15:04:05+0530\"", bad },
		{ "\"2026-01-31T15:04:05Zx\"", bad },
		{ "\"2026-1-31\"", bad },
		{ "\"2024-02-29\"", NULL },
		{ "\"2000-02-29T00:00Z\"", NULL },
		{ "\"2025-02-29\"", bad },
		{ "\"2100-02-29\"", bad },
		{ "\"2026-04-31\"", bad },
		{ "\"2026-12-31T23:59:59Z\"", NULL },
		{ "\"2026-13-01\"", bad },
		{ "\"2026-00-01\"", bad },
		{ "\"2026-01-00\"", bad },
		{ "\"0000-01-01\"", bad },
		{ "\"2026-01-31T24:00Z\"", bad },
		{ "\"2026-01-31T23:60Z\"", bad },
		{ "\"2026-01-31T23:59:60Z\"", bad },
		{ "\"2026-01-31T15:04+14:00\"", NULL },
		{ "\"2026-01-31T15:04+16:00\"", bad },
		{ "\"2026-01-31T15:04+05:60\"", bad },
		{ "\"0001-01-01T00:00Z\"", NULL },
		{ "\"0001-01-01T23:00-01:00\"", NULL },
		{ "\"0001-01-01T00:00+01:00\"", bad },
		{ "\"9999-12-31T23:59:59Z\"", NULL },
		{ "\"9999-12-31T01:00+01:00\"", NULL },
		{ "\"9999-12-31T23:59-01:00\"", bad },
		{ "\"now\"", bad },
		{ "\"infinity\"", bad },
		{ "\"\"", bad },
		{ "1769871845", bad },
	};

	(void)state;
	CHECK(field, rows);
}

static void
days_and_hours_have_their_form(void **state)
{
	static const struct field day = { .name = "f", .kind = FIELD_DATE };
	static const struct field clock = { .name = "f", .kind = FIELD_CLOCK };
	static const struct field hour = { .name = "f", .kind = FIELD_HOUR };
	static const char bad_day[] = "! must be a day like 2026-01-31";
	static const char bad_hour[] = "! must be a time of the day like 09:30";
	static const struct row days[] = {
		{ "\"2026-01-31\"", NULL },
		{ "\"2026-01-31T00:00Z\"", bad_day },
		{ "\"31.01.2026\"", bad_day },
		{ "\"2024-02-29\"", NULL },
		{ "\"2026-02-29\"", bad_day },
		{ "\"2026-01-3\"", bad_day },
		{ "\"2026-01-311\"", bad_day },
		{ "20260131", bad_day },
	};
	static const struct row times[] = {
		{ "\"00:00\"", NULL },
		{ "\"23:59\"", NULL },
		{ "\"24:00\"", bad_hour },
		{ "\"12:60\"", bad_hour },
	};
	static const struct row hours[] = {
		{ "\"00:00\"", NULL },
		{ "\"09:30\"", NULL },
		{ "\"23:59\"", NULL },
		{ "\"24:00\"", NULL },
		{ "\"24:01\"", bad_hour },
		{ "\"25:00\"", bad_hour },
		{ "\"12:60\"", bad_hour },
		{ "\"9:30\"", bad_hour },
		{ "\"09:30:00\"", bad_hour },
		{ "930", bad_hour },
	};

	(void)state;
	CHECK(day, days);
	CHECK(clock, times);
	CHECK(hour, hours);
}

static void
countries_are_written_in_capitals(void **state)
{
	static const char bad[] = "! must be a country code of two letters";
	static const struct field field = { .name = "f", .kind = FIELD_COUNTRY };
	static const struct row rows[] = {
		{ "\"us\"", "\"US\"" },
		{ "\"De\"", "\"DE\"" },
		{ "\"USA\"", bad },
		{ "\"U\"", bad },
		{ "\"U1\"", bad },
		{ "\"\xc3\xa4\"", bad },
		{ "1", bad },
	};

	(void)state;
	CHECK(field, rows);
}

static void
tags_are_few_and_short(void **state)
{
	static const char bad[] = "! must be a list of up to 20 texts of 1 to 40 characters";
	static const struct field field = { .name = "f", .kind = FIELD_TAGS, .max = 20 };
	static const struct row rows[] = {
		{ "[]", NULL },
		{ "[\"vip\",\"a/b\"]", NULL },
		{ "[\"\"]", bad },
		{ "[1]", bad },
		{ "[null]", bad },
		{ "[[\"a\"]]", bad },
		{ "\"vip\"", bad },
		{ "{\"a\":\"b\"}", bad },
	};

	const char *longest = list_of(repeated("\xc3\xa4", 40), 1);

	(void)state;
	CHECK(field, rows);
	assert_string_equal(outcome(&field, list_of("\"t\"", 20), false), list_of("\"t\"", 20));
	assert_string_equal(outcome(&field, list_of("\"t\"", 21), false), bad);
	assert_string_equal(outcome(&field, longest, false), longest);
	assert_string_equal(outcome(&field, list_of(repeated("\xc3\xa4", 41), 1), false), bad);
}

static void
objects_are_bounded_in_bytes(void **state)
{
	static const struct field field = { .name = "f", .kind = FIELD_OBJECT, .max = 20 };
	static const struct row rows[] = {
		{ "{}", NULL },
		{ "{ \"a\" : [ 1 , true ] }", "{\"a\":[1,true]}" },
		{ "{\"a\":\"123456789012\"}", NULL },
		{ "{\"a\":\"1234567890123\"}", "! must have at most 20 bytes" },
		{ "[]", "! must be an object" },
		{ "\"{}\"", "! must be an object" },
	};

	(void)state;
	CHECK(field, rows);
}

static void
indicators_are_tags_or_measures(void **state)
{
	static const char bad[] = "! must be an object, or a list of up to 32 texts of 1 to 64 characters";
	static const struct field field = { .name = "f", .kind = FIELD_INDICATORS, .max = 30 };
	static const struct row rows[] = {
		{ "[]", NULL },
		{ "[\"asks questions\"]", NULL },
		{ "{\"questionsAsked\":3}", NULL },
		{ "{\"a\":\"1234567890123456789012\"}", NULL },
		{ "{\"a\":\"12345678901234567890123\"}", "! must have at most 30 bytes" },
		{ "[7]", bad },
		{ "\"x\"", bad },
	};

	(void)state;
	CHECK(field, rows);
	assert_string_equal(outcome(&field, list_of(repeated("x", 64), 32), false), list_of(repeated("x", 64), 32));
	assert_string_equal(outcome(&field, list_of("\"x\"", 33), false), bad);
	assert_string_equal(outcome(&field, list_of(repeated("x", 65), 1), false), bad);
}

static void
choices_are_each_named_once(void **state)
{
	static const char *const values[] = { "leads:view", "reports", NULL };
	static const struct field field = { .name = "f", .kind = FIELD_CHOICES, .values = values };
	static const struct row rows[] = {
		{ "[\"reports\"]", NULL },
		{ "[\"reports\",\"leads:view\"]", NULL },
		{ "[]", "! must be a list of at least one" },
		{ "\"reports\"", "! must be a list of at least one" },
		{ "[\"reports\",\"reports\"]", "! has a value twice" },
		{ "[\"everything\"]", "! has an unknown value; known are those like leads:view" },
		{ "[1]", "! has an unknown value; known are those like leads:view" },
	};

	(void)state;
	CHECK(field, rows);
}

static void
passwords_are_kept_as_they_are(void **state)
{
	static const char length[] = "! must have 12 to 128 characters";
	static const char mixture[] =
	    "! must have a lower-case and an upper-case letter, a digit and a special character";
	static const struct field field = { .name = "f", .kind = FIELD_PASSWORD };
	static const struct row rows[] = {
		{ "\"Abcdefgh1!xy\"", NULL },
		{ "\" Abcdefgh1!x \"", NULL },
		{ "\"Abcdefgh1!x\"", length },
		{ "\"abcdefgh1!xy\"", mixture },
		{ "\"ABCDEFGH1!XY\"", mixture },
		{ "\"Abcdefghi!xy\"", mixture },
		{ "\"Abcdefgh12xy\"", mixture },
		{ "7", "! must be a text" },
	};
	const char *tail;

	(void)state;
	CHECK(field, rows);
	for (size_t len = 127; len <= 129; len++) {
		const char *value;

		tail = arena_strndup(arena, repeated("x", len - 4) + 1, len - 4);
		value = arena_printf(arena, "\"Aa1!%s\"", tail);
		assert_string_equal(outcome(&field, value, false), len <= 128 ? value : length);
	}
}

static void
secrets_are_bounded_in_bytes_and_nothing_else(void **state)
{
	static const struct field field = { .name = "f", .kind = FIELD_SECRET, .min = 1, .max = 8 };
	static const struct row rows[] = {
		{ "\" a\\n b \"", NULL },
		{ "\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"", NULL },
		{ "\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4x\"", "! must have 1 to 8 bytes" },
		{ "\"\"", "! must have 1 to 8 bytes" },
		{ "12345", "! must be a text" },
	};

	(void)state;
	CHECK(field, rows);
}

static void
consent_says_at_least_whether_it_was_given(void **state)
{
	static const struct field field = { .name = "f", .kind = FIELD_CONSENT };
	static const struct row rows[] = {
		{ "{\"given\":true}", NULL },
		{ "{\"given\":false,\"at\":\"2026-01-31\",\"source\":\"web form\"}", NULL },
		{ "{\"given\":true,\"at\":null,\"source\":null}", NULL },
		{ "{}", "! given is required" },
		{ "{\"given\":\"yes\"}", "! given must be true or false" },
		{ "{\"given\":true,\"at\":\"yesterday\"}", "! at must be a time like 2026-01-31T15:04:05Z" },
		{ "{\"given\":true,\"more\":1}", "! more is not a known field" },
		{ "true", "! must be an object {given, at, source}" },
	};
	static const struct row form_rows[] = { { "{\"given\":\"true\"}", "{\"given\":true}" } };
	const char *source;

	(void)state;
	CHECK(field, rows);
	CHECK_FORM(field, form_rows);
	source = arena_printf(arena, "{\"given\":true,\"source\":%s}", repeated("s", 200));
	assert_string_equal(outcome(&field, source, false), source);
	source = arena_printf(arena, "{\"given\":true,\"source\":%s}", repeated("s", 201));
	assert_string_equal(outcome(&field, source, false), "! source must have at most 200 characters");
}

static const struct field slot_table[] = {
	{ .name = "day", .kind = FIELD_INTEGER, .is_required = true, .min = 0, .max = 6 },
	{ .name = "note", .kind = FIELD_TEXT, .max = 5 },
	FIELD_END
};

static void
problems_of_parts_are_told_by_their_path(void **state)
{
	static const struct field table[] = {
		{ .name = "slots", .kind = FIELD_LIST, .min = 1, .max = 3, .table = slot_table },
		{ .name = "one", .kind = FIELD_RECORD, .table = slot_table },
		FIELD_END
	};
	static const struct {
		const char *body;
		const char *first, *second;	/* "path message" of the problems, NULL for none */
	} rows[] = {
		{ "{\"slots\":[{\"day\":1},{\"day\":2,\"note\":\"x\"}],\"one\":{\"day\":0}}", NULL, NULL },
		{ "{\"slots\":[]}", "slots must be a list of 1 to 3 objects", NULL },
		{ "{\"slots\":[{\"day\":1},{\"day\":1},{\"day\":1},{\"day\":1}]}", "slots must be a list of 1 to 3 objects", NULL },
		{ "{\"slots\":[{\"day\":1},7]}", "slots[1] must be an object", NULL },
		{ "{\"slots\":[{\"day\":7},{}]}", "slots[0].day must be between 0 and 6", "slots[1].day is required" },
		{ "{\"one\":{\"day\":1,\"note\":\"123456\",\"x\":1}}", "one.note must have at most 5 characters", "one.x is not a known field" },
		{ "{\"one\":[]}", "one must be an object", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct field_problems problems;
		const char *reason;
		struct json *body = json_parse(rows[i].body, strlen(rows[i].body), &reason);
		const char *json = fields_check(arena, table, body, false, false, &problems);
		const char *const expected[] = { rows[i].first, rows[i].second };
		size_t count = (rows[i].first != NULL) + (rows[i].second != NULL);

		if (problems.count != count)
			fail_msg("%s: %zu problems", rows[i].body, problems.count);
		for (size_t k = 0; k < count; k++)
			assert_string_equal(problem_text(&problems.list[k]), expected[k]);
		if (count == 0)
			assert_string_equal(json, rows[i].body);
		else
			assert_null(json);
		json_free(body);
	}
}

static void
what_the_server_sets_is_refused(void **state)
{
	static const struct field field = { .name = "f", .kind = FIELD_READ_ONLY };
	static const struct row rows[] = { { "1", "! is set by the server" }, { "null", "! is set by the server" } };

	(void)state;
	CHECK(field, rows);
}

static void
null_is_for_nullable_fields(void **state)
{
	static const struct field field = { .name = "f", .kind = FIELD_EMAIL, .is_nullable = true };
	static const struct field required = {
		.name = "f", .kind = FIELD_TEXT, .is_required = true, .is_nullable = true
	};
	static const struct row rows[] = { { "null", NULL }, { "\"a@b.c\"", NULL } };

	(void)state;
	CHECK(field, rows);
	assert_string_equal(outcome(&required, "null", false), "null");
}

static const struct field pair_table[] = {
	{ .name = "a", .kind = FIELD_INTEGER, .is_required = true, .min = 0, .max = 9 },
	{ .name = "b", .kind = FIELD_TEXT, .is_required = true, .max = 3 },
	{ .name = "c", .kind = FIELD_BOOL },
	FIELD_END
};

static void
all_problems_are_told_at_once(void **state)
{
	static const char text[] = "{\"a\":10,\"c\":1,\"d\":true}";
	static const char *const expected[] = {
		"a must be between 0 and 9", "c must be true or false", "d is not a known field", "b is required",
	};
	struct field_problems problems;
	const char *reason;
	struct json *body = json_parse(text, sizeof(text) - 1, &reason);

	(void)state;
	assert_null(fields_check(arena, pair_table, body, false, false, &problems));
	assert_int_equal(problems.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(problem_text(&problems.list[i]), expected[i]);
	json_free(body);
}

static void
unknown_members_can_be_left_out(void **state)
{
	static const char text[] = "{\"x\":1,\"a\":1,\"y\":[2],\"b\":\"b\",\"z\":null}";
	struct field_problems problems;
	const char *reason;
	struct json *body = json_parse(text, sizeof(text) - 1, &reason);

	(void)state;
	assert_string_equal(fields_check(arena, pair_table, body, false, true, &problems), "{\"a\":1,\"b\":\"b\"}");
	json_free(body);
}

static void
what_a_query_has_no_value_for_can_be_left_out(void **state)
{
	static const struct field table[] = {
		{ .name = "status", .kind = FIELD_TEXT, .min = 1, .max = 9 },
		{ .name = "page", .kind = FIELD_INTEGER, .refuses_empty = true, .min = 1, .max = 9 },
		{ .name = "dataset", .kind = FIELD_TEXT, .is_required = true, .min = 1, .max = 9 },
		FIELD_END
	};
	static const struct {
		const char *query, *outcome;
	} rows[] = {
		{ "{\"status\":\"\",\"dataset\":\"x\"}", "{\"dataset\":\"x\"}" },
		{ "{\"dataset\":\"x\",\"status\":\"\",\"page\":\"2\"}", "{\"dataset\":\"x\",\"page\":2}" },
		{ "{\"status\":\" \",\"dataset\":\"x\"}", "status must not be empty" },
		{ "{\"page\":\"\",\"dataset\":\"x\"}", "page must be a whole number" },
		{ "{\"dataset\":\"\"}", "dataset is required" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct field_problems problems;
		const char *reason;
		struct json *query = json_parse(rows[i].query, strlen(rows[i].query), &reason);
		const char *json = fields_check(arena, table, query, true, true, &problems);

		assert_string_equal(json != NULL ? json : problem_text(&problems.list[0]), rows[i].outcome);
		json_free(query);
	}
}

static void
a_refused_member_leaves_nothing_behind(void **state)
{
	static const struct field table[] = {
		{ .name = "a", .kind = FIELD_TEXT, .max = 9 },
		{ .name = "b", .kind = FIELD_LIST, .min = 1, .max = 2, .table = slot_table },
		{ .name = "c", .kind = FIELD_TEXT, .max = 9 },
		FIELD_END
	};
	static const char text[] = "{\"a\":\"x\",\"b\":[{\"day\":9}],\"c\":\"y\"}";
	struct field_problems problems;
	const char *reason;
	struct json *body = json_parse(text, sizeof(text) - 1, &reason);

	(void)state;
	assert_null(fields_check(arena, table, body, false, false, &problems));
	assert_int_equal(problems.count, 1);
	assert_string_equal(problems.list[0].field, "b[0].day");
	json_free(body);
}

static void
of_many_problems_the_first_are_kept(void **state)
{
	const char *text = "{\"m0\":0";
	struct field_problems problems;
	const char *reason;
	struct json *body;

	(void)state;
	for (int i = 1; i < 100; i++)
		text = arena_printf(arena, "%s,\"m%d\":%d", text, i, i);
	text = arena_printf(arena, "%s}", text);
	body = json_parse(text, strlen(text), &reason);
	assert_non_null(body);
	assert_null(fields_check(arena, no_fields, body, false, false, &problems));
	assert_int_equal(problems.count, FIELD_PROBLEMS_MAX);
	assert_string_equal(problems.list[0].field, "m0");
	assert_string_equal(problems.list[FIELD_PROBLEMS_MAX - 1].field, "m31");
	json_free(body);
}

static void
an_empty_table_takes_nothing_or_an_empty_object(void **state)
{
	struct field_problems problems;
	const char *reason;
	struct json *body = json_parse("{}", 2, &reason);

	(void)state;
	assert_string_equal(fields_check(arena, no_fields, body, false, false, &problems), "{}");
	assert_string_equal(fields_check(arena, no_fields, NULL, false, false, &problems), "{}");
	assert_null(fields_check(arena, pair_table, NULL, false, false, &problems));
	assert_int_equal(problems.count, 2);
	json_free(body);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(text_is_trimmed_and_counted_in_characters),
		TEST(notes_may_have_lines),
		TEST(integers_are_whole_and_in_range),
		TEST(numbers_may_have_a_fraction),
		TEST(switches_are_true_or_false),
		TEST(uuids_have_their_form),
		TEST(enums_are_one_of_their_values),
		TEST(phones_are_cleaned_to_E_164),
		TEST(emails_are_written_in_lower_case),
		TEST(times_are_ISO_8601_with_a_zone),
		TEST(days_and_hours_have_their_form),
		TEST(countries_are_written_in_capitals),
		TEST(tags_are_few_and_short),
		TEST(objects_are_bounded_in_bytes),
		TEST(indicators_are_tags_or_measures),
		TEST(choices_are_each_named_once),
		TEST(passwords_are_kept_as_they_are),
		TEST(secrets_are_bounded_in_bytes_and_nothing_else),
		TEST(consent_says_at_least_whether_it_was_given),
		TEST(problems_of_parts_are_told_by_their_path),
		TEST(what_the_server_sets_is_refused),
		TEST(null_is_for_nullable_fields),
		TEST(all_problems_are_told_at_once),
		TEST(unknown_members_can_be_left_out),
		TEST(what_a_query_has_no_value_for_can_be_left_out),
		TEST(a_refused_member_leaves_nothing_behind),
		TEST(of_many_problems_the_first_are_kept),
		TEST(an_empty_table_takes_nothing_or_an_empty_object),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
