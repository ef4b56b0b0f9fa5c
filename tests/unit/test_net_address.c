/*
 * test_net_address.c - what is public, what is ourselves
 */
#include "net_address.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static struct sockaddr_storage
address_of(const char *text)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in *v4 = (void *)&storage;
	struct sockaddr_in6 *v6 = (void *)&storage;

	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
		storage.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
		storage.ss_family = AF_INET6;
	else
		fail_msg("%s is no address", text);
	return storage;
}

static bool
is_public(const char *text)
{
	struct sockaddr_storage storage = address_of(text);

	return net_address_is_public((const struct sockaddr *)&storage);
}

static bool
is_loopback(const char *text)
{
	struct sockaddr_storage storage = address_of(text);

	return net_address_is_loopback((const struct sockaddr *)&storage);
}

static void
addresses_of_others_are_public(void **state)
{
	static const char *const list[] = {
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2001:200::1", "2001:4860:4860::8888",
		"2002:101:101::1", "3ffe::1", "3fff:1000::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (!is_public(list[i]) || is_loopback(list[i]))
			fail_msg("%s is public", list[i]);
}

static void
special_addresses_are_not_public(void **state)
{
	static const char *const list[] = {
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
		"127.255.255.255", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1",
		"192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
		"239.255.255.255", "240.0.0.0", "255.255.255.255", "::", "::1", "::10.0.0.1", "::ffff:10.0.0.1",
		"::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:1ff::1", "2001:db8::1",
		"2002:a00:1::1", "2002:7f00:1::1", "3fff::1", "4000::1", "fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (is_public(list[i]))
			fail_msg("%s is not public", list[i]);
}

static void
loopback_is_this_machine(void **state)
{
	(void)state;
	assert_true(is_loopback("127.0.0.1"));
	assert_true(is_loopback("127.255.255.255"));
	assert_true(is_loopback("::1"));
	assert_true(is_loopback("::ffff:127.0.0.1"));
	assert_false(is_loopback("0.0.0.0"));
	assert_false(is_loopback("128.0.0.1"));
	assert_false(is_loopback("::"));
	assert_false(is_loopback("::ffff:10.0.0.1"));
}

static void
a_socket_in_the_file_system_is_neither(void **state)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };

	(void)state;
	assert_false(net_address_is_public((const struct sockaddr *)&local));
	assert_false(net_address_is_loopback((const struct sockaddr *)&local));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_others_are_public),
		cmocka_unit_test(special_addresses_are_not_public),
		cmocka_unit_test(loopback_is_this_machine),
		cmocka_unit_test(a_socket_in_the_file_system_is_neither),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
