/*
 * test_buf.c - growable bytes
 */
#include "buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
a_zeroed_buffer_is_empty(void **state)
{
	struct buf buf = { 0 };

	(void)state;
	buf_clear(&buf);
	assert_null(buf.data);
	buf_free(&buf);
	buf_add(&buf, NULL, 0);
	assert_string_equal(buf.data, "");
	buf_free(&buf);
	assert_null(buf.data);
	assert_int_equal(buf.size, 0);
}

static void
appending_keeps_the_end_terminated(void **state)
{
	struct buf buf = { 0 };

	(void)state;
	buf_adds(&buf, "ab");
	buf_addc(&buf, 'c');
	buf_addf(&buf, "%d-%s", 12, "x");
	buf_add(&buf, "\0y", 2);
	assert_int_equal(buf.len, 9);
	assert_memory_equal(buf.data, "abc12-x\0y", 10);
	buf_clear(&buf);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf.data, "");
	buf_free(&buf);
}

static void
growth_keeps_what_is_there(void **state)
{
	struct buf buf = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_addc(&buf, (char)('a' + i % 26));
	for (int i = 0; i < 100000; i++)
		assert_int_equal(buf.data[i], 'a' + i % 26);
	assert_true(buf.size < 300000);
	buf_reserve(&buf, 1000000);
	assert_true(buf.size > 1100000);
	buf_free(&buf);
}

static void
json_strings_are_escaped(void **state)
{
	static const char text[] = "a\"\\/\b\f\n\r\t\x01\x1f\x7fä€😀";
	struct buf buf = { 0 };

	(void)state;
	buf_add_json_string(&buf, text, sizeof(text) - 1);
	assert_string_equal(buf.data,
	    "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7fä€😀\"");
	buf_clear(&buf);
	buf_add_json_string(&buf, "a\0b", 3);
	assert_string_equal(buf.data, "\"a\\u0000b\"");
	buf_clear(&buf);
	buf_add_json_string(&buf, "", 0);
	assert_string_equal(buf.data, "\"\"");
	buf_free(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zeroed_buffer_is_empty),
		cmocka_unit_test(appending_keeps_the_end_terminated),
		cmocka_unit_test(growth_keeps_what_is_there),
		cmocka_unit_test(json_strings_are_escaped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
