/*
 * test_guests.c - how many sessions come from one address
 */
#include "../../ws/guests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void
an_address_may_have_as_many_as_is_said(void **state)
{
	struct guest *first, *second;

	(void)state;
	guests_start(2);
	assert_true(guests_may_add("192.0.2.1"));
	first = guests_add("192.0.2.1");
	assert_true(guests_may_add("192.0.2.1"));
	second = guests_add("192.0.2.1");
	assert_false(guests_may_add("192.0.2.1"));
	assert_true(guests_may_add("192.0.2.2"));
	guests_drop(&first);
	assert_null(first);
	assert_true(guests_may_add("192.0.2.1"));
	guests_drop(&second);
	guests_drop(&second);
}

static void
without_a_limit_everybody_may_come(void **state)
{
	struct guest *guest[100];

	(void)state;
	guests_start(0);
	for (size_t i = 0; i < 100; i++)
		guest[i] = guests_add("192.0.2.1");
	assert_true(guests_may_add("192.0.2.1"));
	for (size_t i = 0; i < 100; i++)
		guests_drop(&guest[i]);
}

static void
an_ipv6_network_counts_as_one_address(void **state)
{
	struct guest *guest;

	(void)state;
	guests_start(1);
	guest = guests_add("2001:db8:1:2::1");
	assert_false(guests_may_add("2001:db8:1:2:ffff::9"));
	assert_true(guests_may_add("2001:db8:1:3::1"));
	guests_drop(&guest);
	assert_true(guests_may_add("2001:db8:1:2:ffff::9"));
}

static void
what_is_no_address_is_not_counted(void **state)
{
	struct guest *guest;

	(void)state;
	guests_start(1);
	guest = guests_add("");
	assert_null(guest);
	assert_null(guests_add("unix:"));
	assert_true(guests_may_add(""));
	guests_drop(&guest);
}

static void
many_addresses_are_kept_apart(void **state)
{
	struct guest *guest[256];
	char address[16];

	(void)state;
	guests_start(1);
	for (unsigned i = 0; i < 256; i++) {
		snprintf(address, sizeof(address), "10.0.0.%u", i);
		guest[i] = guests_add(address);
		assert_non_null(guest[i]);
	}
	assert_false(guests_may_add("10.0.0.200"));
	assert_true(guests_may_add("10.0.1.200"));
	for (unsigned i = 0; i < 256; i++)
		guests_drop(&guest[i]);
	assert_true(guests_may_add("10.0.0.200"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_may_have_as_many_as_is_said),
		cmocka_unit_test(without_a_limit_everybody_may_come),
		cmocka_unit_test(an_ipv6_network_counts_as_one_address),
		cmocka_unit_test(what_is_no_address_is_not_counted),
		cmocka_unit_test(many_addresses_are_kept_apart),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
