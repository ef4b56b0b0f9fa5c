/*
 * test_events_shapes.c - whether values sent over a socket are what they should be
 */
#include "../../ws/shapes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Whether a JSON text has a shape. */
static bool
fits(shape *check, const char *text)
{
	const char *reason;
	struct json *json = json_parse(text, strlen(text), &reason);
	bool is_fine;

	assert_non_null(json);
	is_fine = check(json) == NULL;
	json_free(json);
	return is_fine;
}

static void
values_of_each_shape_are_told_from_others(void **state)
{
	static const struct {
		shape *check;
		const char *good[8], *bad[10];
	} cases[] = {
		{ shape_bool, { "true", "false" }, { "0", "\"true\"", "[]" } },
		{ shape_uuid, { "\"3f0d6c1e-58a5-4c70-9f0b-0c6f2d0f3a11\"", "\"3F0D6C1E-58A5-4C70-9F0B-0C6F2D0F3A11\"" },
		    { "\"\"", "\"3f0d6c1e58a54c709f0b0c6f2d0f3a11\"", "\"3f0d6c1e-58a5-4c70-9f0b-0c6f2d0f3a111\"",
		    "\"3f0d6c1e-58a5-4c70-9f0b-0c6f2d0f3a1g\"", "1", "{}" } },
		{ shape_score, { "0", "100", "85.25", "1e1" }, { "-1", "101", "100.01", "\"50\"", "true", "[50]" } },
		{ shape_phase, { "1", "12" }, { "0", "13", "1.5", "\"1\"", "[]" } },
		{ shape_indicators, { "[]", "[\"asked a question\"]", "{}", "{\"questionsAsked\":3}" },
		    { "\"x\"", "1", "[\"\"]", "[1]", "[[\"x\"]]" } },
		{ shape_reason, { "\"\"", "\"at lunch\"" }, { "1", "[]" } },
		{ shape_time, { "\"2026-01-31T15:04:05Z\"", "\"2026-01-31T15:04:05.123Z\"", "\"2026-01-31T15:04Z\"",
		    "\"2026-01-31T15:04:05+02:00\"", "\"2026-01-31T15:04:05.1-11:30\"" },
		    { "\"2026-01-31\"", "\"2026-01-31T15:04:05\"", "\"2026-01-31 15:04:05Z\"", "\"tomorrow\"", "\"infinity\"",
		    "\"2026-01-31T15:04:05Zx\"", "\"2026-01-31T15:04:05.Z\"", "1767225600" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t k = 0; k < COUNT(cases[i].good) && cases[i].good[k] != NULL; k++)
			if (!fits(cases[i].check, cases[i].good[k]))
				fail_msg("refused: %s", cases[i].good[k]);
		for (size_t k = 0; k < COUNT(cases[i].bad) && cases[i].bad[k] != NULL; k++)
			if (fits(cases[i].check, cases[i].bad[k]))
				fail_msg("taken: %s", cases[i].bad[k]);
	}
}

/* A JSON string of count characters of two bytes each. */
static void
add_text(struct buf *out, size_t count)
{
	buf_addc(out, '"');
	while (count-- > 0)
		buf_adds(out, "\xc3\xbc");
	buf_addc(out, '"');
}

static void
lengths_are_counted_in_characters(void **state)
{
	struct buf text = { 0 };

	(void)state;
	add_text(&text, 200);
	assert_true(fits(shape_reason, text.data));
	buf_clear(&text);
	add_text(&text, 201);
	assert_false(fits(shape_reason, text.data));
	buf_clear(&text);
	buf_addc(&text, '[');
	add_text(&text, 64);
	buf_addc(&text, ']');
	assert_true(fits(shape_indicators, text.data));
	buf_clear(&text);
	buf_addc(&text, '[');
	add_text(&text, 65);
	buf_addc(&text, ']');
	assert_false(fits(shape_indicators, text.data));
	buf_free(&text);
}

static void
indicators_are_bounded_in_number_and_size(void **state)
{
	struct buf text = { 0 };

	(void)state;
	for (int count = 32; count <= 33; count++) {
		buf_clear(&text);
		buf_addc(&text, '[');
		for (int i = 0; i < count; i++)
			buf_addf(&text, "%s\"x\"", i > 0 ? "," : "");
		buf_addc(&text, ']');
		assert_int_equal(fits(shape_indicators, text.data), count == 32);
	}
	for (int len = 8192; len <= 8193; len++) {
		buf_clear(&text);
		buf_addf(&text, "{\"a\":\"%0*d\"}", len - 8, 0);
		assert_int_equal(text.len, len);
		assert_int_equal(fits(shape_indicators, text.data), len == 8192);
	}
	buf_free(&text);
}

static const struct shape_field table[] = {
	{ "score", true, false, shape_score },
	{ "until", false, true, shape_time },
	{ "on", true, true, shape_bool },
	{ 0 }
};

static void
an_object_is_checked_against_its_table(void **state)
{
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{ "{\"score\":1,\"on\":true}", NULL },
		{ "{\"score\":1,\"on\":null,\"until\":null}", NULL },
		{ "{\"on\":true}", "score is required" },
		{ "{\"score\":1}", "on is required" },
		{ "{\"score\":null,\"on\":true}", "score must not be null" },
		{ "{\"score\":101,\"on\":true}", "score must be a number from 0 to 100" },
		{ "{\"score\":1,\"on\":true,\"role\":\"admin\"}", "role is not a known field" },
		{ "[]", "the payload must be an object" },
		{ "\"x\"", "the payload must be an object" },
		{ "null", "the payload must be an object" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char problem[SHAPES_PROBLEM_SIZE] = "";
		const char *reason;
		struct json *json = json_parse(cases[i].text, strlen(cases[i].text), &reason);

		assert_int_equal(shapes_check(json, table, problem), cases[i].problem == NULL);
		assert_string_equal(problem, cases[i].problem != NULL ? cases[i].problem : "");
		json_free(json);
	}
}

static void
an_absent_payload_is_no_object(void **state)
{
	char problem[SHAPES_PROBLEM_SIZE];

	(void)state;
	assert_false(shapes_check(NULL, table, problem));
	assert_string_equal(problem, "the payload must be an object");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_each_shape_are_told_from_others),
		cmocka_unit_test(lengths_are_counted_in_characters),
		cmocka_unit_test(indicators_are_bounded_in_number_and_size),
		cmocka_unit_test(an_object_is_checked_against_its_table),
		cmocka_unit_test(an_absent_payload_is_no_object),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
