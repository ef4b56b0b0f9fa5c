/*
 * test_form.c - urlencoded text as JSON
 */
#include "../../fcgi/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "json.h"

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(65536);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static const char malformed[] = "is not urlencoded";
static const char contradiction[] = "a name is used as value and as object";

/* json: what it becomes; or NULL and the reason. */
struct row {
	const char *text;
	const char *json;
	const char *reason;
};

static void
check_row(const struct row *row)
{
	const char *reason = NULL;
	const char *json = form_to_json(arena, row->text, strlen(row->text), &reason);

	if (row->json == NULL) {
		if (json != NULL)
			fail_msg("%s: became %s", row->text, json);
		assert_string_equal(reason, row->reason);
		return;
	}
	if (json == NULL)
		fail_msg("%s: %s", row->text, reason);
	assert_string_equal(json, row->json);
}

#define CHECK(rows)                                                     \
	for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)     \
		check_row(&(rows)[i])

static void
pairs_become_members(void **state)
{
	static const struct row rows[] = {
		{ "", "{}", NULL },
		{ "a=1", "{\"a\":\"1\"}", NULL },
		{ "a=1&b=two", "{\"a\":\"1\",\"b\":\"two\"}", NULL },
		{ "a=", "{\"a\":\"\"}", NULL },
		{ "a", "{\"a\":\"\"}", NULL },
		{ "a=b=c", "{\"a\":\"b=c\"}", NULL },
		{ "&&a=1&&b=2&", "{\"a\":\"1\",\"b\":\"2\"}", NULL },
		{ "=x", "{\"\":\"x\"}", NULL },
		{ "a;b=1", "{\"a;b\":\"1\"}", NULL },
	};

	(void)state;
	CHECK(rows);
}

static void
escapes_are_decoded(void **state)
{
	static const struct row rows[] = {
		{ "a+b=c+d", "{\"a b\":\"c d\"}", NULL },
		{ "a=%2B%26%3D%25", "{\"a\":\"+&=%\"}", NULL },
		{ "a=%C3%A4%e2%82%ac", "{\"a\":\"\xc3\xa4\xe2\x82\xac\"}", NULL },
		{ "%61=1", "{\"a\":\"1\"}", NULL },
		{ "a=%22%5C%0A", "{\"a\":\"\\\"\\\\\\n\"}", NULL },
		{ "a=%", NULL, malformed },
		{ "a=%4", NULL, malformed },
		{ "a=%4g", NULL, malformed },
		{ "a=%g4", NULL, malformed },
		{ "a=x%&b=1", NULL, malformed },
		{ "a=%00", NULL, malformed },
		{ "a%00b=1", NULL, malformed },
		{ "%zz=1", NULL, malformed },
	};

	(void)state;
	CHECK(rows);
}

static void
repeated_names_gather_a_list(void **state)
{
	static const struct row rows[] = {
		{ "a=1&a=2", "{\"a\":[\"1\",\"2\"]}", NULL },
		{ "a=1&b=x&a=2&a=3", "{\"a\":[\"1\",\"2\",\"3\"],\"b\":\"x\"}", NULL },
		{ "a[]=1", "{\"a\":[\"1\"]}", NULL },
		{ "a[]=1&a[]=2", "{\"a\":[\"1\",\"2\"]}", NULL },
		{ "a%5B%5D=1", "{\"a\":[\"1\"]}", NULL },
		{ "a=1&a[]=2", "{\"a\":[\"1\",\"2\"]}", NULL },
		{ "a[]=1&a=2", "{\"a\":[\"1\",\"2\"]}", NULL },
		{ "a&a", "{\"a\":[\"\",\"\"]}", NULL },
	};

	(void)state;
	CHECK(rows);
}

static void
brackets_with_a_key_gather_an_object(void **state)
{
	static const struct row rows[] = {
		{ "a[k]=1", "{\"a\":{\"k\":\"1\"}}", NULL },
		{ "a[k]=1&b=2&a[l]=3", "{\"a\":{\"k\":\"1\",\"l\":\"3\"},\"b\":\"2\"}", NULL },
		{ "a%5Bk%5D=1", "{\"a\":{\"k\":\"1\"}}", NULL },
		{ "a[0]=x", "{\"a\":{\"0\":\"x\"}}", NULL },
		{ "a[k]=1&a=2", NULL, contradiction },
		{ "a=1&a[k]=2", NULL, contradiction },
		{ "a[]=1&a[k]=2", NULL, contradiction },
		{ "a[k][l]=1", NULL, malformed },
		{ "a[k=1", NULL, malformed },
		{ "ak]=1", NULL, malformed },
		{ "a]k[=1", NULL, malformed },
		{ "a[k]b=1", NULL, malformed },
		{ "[k]=1", NULL, malformed },
		{ "[]=1", NULL, malformed },
		{ "a[[]]=1", NULL, malformed },
	};

	(void)state;
	CHECK(rows);
}

static void
what_it_writes_is_json_unless_bytes_or_keys_are_bad(void **state)
{
	static const struct {
		const char *text;
		bool is_json;
	} rows[] = {
		{ "a=%01%1f%7f%22&b[%22]=%5c", true },
		{ "a=%ff", false },
		{ "a=%c0%80", false },
		{ "a[k]=1&a[k]=2", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *reason = NULL;
		const char *text = form_to_json(arena, rows[i].text, strlen(rows[i].text), &reason);
		struct json *json;

		assert_non_null(text);
		json = json_parse(text, strlen(text), &reason);
		if ((json != NULL) != rows[i].is_json)
			fail_msg("%s became %s", rows[i].text, text);
		json_free(json);
	}
}

static void
only_so_many_pairs_are_read(void **state)
{
	char text[4 * (FORM_PAIRS_MAX + 1)];
	const char *reason = NULL;

	(void)state;
	for (size_t i = 0; i <= FORM_PAIRS_MAX; i++)
		memcpy(text + 4 * i, "a=1&", 4);
	assert_non_null(form_to_json(arena, text, 4 * FORM_PAIRS_MAX - 1, &reason));
	assert_null(form_to_json(arena, text, 4 * (FORM_PAIRS_MAX + 1) - 1, &reason));
	assert_string_equal(reason, "too many parameters");
}

static void
bytes_behind_the_end_are_not_read(void **state)
{
	const char *reason = NULL;

	(void)state;
	assert_string_equal(form_to_json(arena, "a=12345", 4, &reason), "{\"a\":\"12\"}");
	assert_null(form_to_json(arena, "a=%41", 4, &reason));
	assert_string_equal(form_to_json(arena, "a=1&b=2", 3, &reason), "{\"a\":\"1\"}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pairs_become_members),
		TEST(escapes_are_decoded),
		TEST(repeated_names_gather_a_list),
		TEST(brackets_with_a_key_gather_an_object),
		TEST(what_it_writes_is_json_unless_bytes_or_keys_are_bad),
		TEST(only_so_many_pairs_are_read),
		TEST(bytes_behind_the_end_are_not_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
