/*
 * test_webhook_keys.c - one key, two of them, and what is none
 */
#include "webhook_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Two keys of RFC 8032, section 7.1, and what the second one's owner signed. */
#define OTHER_KEY "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define KEY "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
#define SIGNATURE "kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA=="
#define MESSAGE "\x72"

static bool
is_verified(const char *keys)
{
	uint8_t signature[CRYPTO_ED25519_SIG_LEN];

	assert_int_equal(crypto_base64_decode(SIGNATURE, strlen(SIGNATURE), signature, sizeof(signature)),
	    sizeof(signature));
	return webhook_keys_verify(keys, signature, MESSAGE, strlen(MESSAGE));
}

static void
keys_are_counted(void **state)
{
	(void)state;
	assert_int_equal(webhook_keys_count(""), 0);
	assert_int_equal(webhook_keys_count(KEY), 1);
	assert_int_equal(webhook_keys_count(KEY "," OTHER_KEY), 2);
	assert_int_equal(webhook_keys_count(" " KEY ", " OTHER_KEY " "), 2);
}

static void
what_is_no_key_is_told(void **state)
{
	(void)state;
	assert_int_equal(webhook_keys_count("KEY0123456789"), -1);
	assert_int_equal(webhook_keys_count(KEY ",x"), -1);
	assert_int_equal(webhook_keys_count("AAAA"), -1);
	assert_int_equal(webhook_keys_count(KEY "=="), -1);
	assert_string_equal(webhook_keys_problem(" "), "is not set");
	assert_non_null(strstr(webhook_keys_problem(KEY ",x"), "is no key"));
	assert_null(webhook_keys_problem(KEY "," OTHER_KEY));
}

static void
either_key_may_have_signed(void **state)
{
	(void)state;
	assert_true(is_verified(KEY));
	assert_true(is_verified(OTHER_KEY "," KEY));
	assert_true(is_verified(KEY "," OTHER_KEY));
	assert_true(is_verified("x," KEY));
	assert_false(is_verified(OTHER_KEY));
	assert_false(is_verified("x"));
	assert_false(is_verified(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_counted),
		cmocka_unit_test(what_is_no_key_is_told),
		cmocka_unit_test(either_key_may_have_signed),
	};

	crypto_init();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
