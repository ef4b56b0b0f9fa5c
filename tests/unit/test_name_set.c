/*
 * test_name_set.c - a small sorted set of names
 */
#include "name_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
names_are_found_once_added(void **state)
{
	struct name_set set = { 0 };
	char names[500][8];

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		snprintf(names[i], sizeof(names[i]), "n%zu", i * 7919 % 500);
		assert_false(name_set_has(&set, names[i]));
		name_set_add(&set, names[i]);
		name_set_add(&set, names[i]);
		assert_int_equal(set.count, i + 1);
	}
	for (size_t i = 0; i < 500; i++)
		assert_true(name_set_has(&set, names[i]));
	for (size_t i = 1; i < 500; i++)
		assert_true(strcmp(set.names[i - 1], set.names[i]) < 0);
	name_set_clear(&set);
	assert_false(name_set_has(&set, "n1"));
	name_set_add(&set, "n1");
	assert_true(name_set_has(&set, "n1"));
	name_set_free(&set);
	assert_false(name_set_has(&set, "n1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_once_added),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
