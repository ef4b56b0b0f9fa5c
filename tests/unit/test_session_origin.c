/*
 * test_session_origin.c - which web origins may talk to us, and their cookie
 */
#include "../../ws/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
listed_origins_are_allowed_whole(void **state)
{
	static const char list[] = "http://localhost:3000, https://app.example.com";

	(void)state;
	assert_true(origin_is_allowed("http://localhost:3000", list, "", ""));
	assert_true(origin_is_allowed("https://app.example.com", list, "", ""));
	assert_false(origin_is_allowed("http://localhost", list, "", ""));
	assert_false(origin_is_allowed("http://localhost:30000", list, "", ""));
	assert_false(origin_is_allowed("https://app.example.com.evil.test", list, "", ""));
	assert_false(origin_is_allowed("https://evil.test", list, "", ""));
	assert_false(origin_is_allowed("http://app.example.com", list, "", ""));
	assert_false(origin_is_allowed("HTTPS://APP.EXAMPLE.COM", list, "", ""));
	assert_false(origin_is_allowed(",", list, "", ""));
}

static void
neither_null_nor_star_means_everybody(void **state)
{
	(void)state;
	assert_false(origin_is_allowed("null", "http://a.test", "http", "b.test"));
	assert_false(origin_is_allowed("http://a.test", "*", "", ""));
	assert_false(origin_is_allowed("", "", "", ""));
	assert_false(origin_is_allowed("", "http://a.test", "http", "a.test"));
}

static void
our_own_pages_are_allowed(void **state)
{
	(void)state;
	assert_true(origin_is_allowed("https://vals.test", "", "https", "vals.test"));
	assert_true(origin_is_allowed("http://127.0.0.1:8080", "", "http", "127.0.0.1:8080"));
	assert_false(origin_is_allowed("http://vals.test", "", "https", "vals.test"));
	assert_false(origin_is_allowed("https://vals.test:8443", "", "https", "vals.test"));
	assert_false(origin_is_allowed("https://vals.tes", "", "https", "vals.test"));
	assert_false(origin_is_allowed("://vals.test", "", "", "vals.test"));
	assert_false(origin_is_allowed("https://", "", "https", ""));
}

static void
the_cookie_is_found_among_others(void **state)
{
	static const char *const found[] = {
		"vals_ws=abc", "a=1; vals_ws=abc", "vals_ws=abc; b=2", "xvals_ws=no;vals_ws=abc",
		" vals_ws=abc ;", "vals_wsx=no; vals_ws=abc; vals_ws=second",
	};
	char out[8];

	(void)state;
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		assert_int_not_equal(origin_cookie(found[i], "vals_ws", out, sizeof(out)), 0);
		assert_int_equal(strncmp(out, "abc", 3), 0);
	}
}

static void
an_absent_empty_or_long_cookie_is_none(void **state)
{
	static const char *const none[] = {
		"", ";;;", "vals_ws", "vals_ws=", "vals_ws=; a=b", "a=vals_ws=abc", "vals_ws=12345678",
	};
	char out[8] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(origin_cookie(none[i], "vals_ws", out, sizeof(out)), 0);
	assert_string_equal(out, "");
	assert_int_equal(origin_cookie("vals_ws=1234567", "vals_ws", out, sizeof(out)), 7);
	assert_string_equal(out, "1234567");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_origins_are_allowed_whole),
		cmocka_unit_test(neither_null_nor_star_means_everybody),
		cmocka_unit_test(our_own_pages_are_allowed),
		cmocka_unit_test(the_cookie_is_found_among_others),
		cmocka_unit_test(an_absent_empty_or_long_cookie_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
