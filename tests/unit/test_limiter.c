/*
 * test_limiter.c - requests per window, whoever counts them
 */
#include "../../fcgi/limiter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto.h"

#define WINDOW 900
#define START (WINDOW * INT64_C(1000000))	/* a window begins here */

static struct limiter *limiter;

static int
setup(void **state)
{
	(void)state;
	limiter = limiter_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	limiter_free(&limiter);
	assert_null(limiter);
	return 0;
}

static struct limiter_verdict
count(const char *subject, long limit, int64_t now)
{
	return limiter_count(limiter, subject, limit, WINDOW, now);
}

static void
the_request_over_the_limit_is_over(void **state)
{
	struct limiter_verdict verdict;

	(void)state;
	for (long i = 1; i <= 5; i++) {
		verdict = count("192.0.2.1", 5, START);
		assert_false(verdict.is_over);
		assert_int_equal(verdict.limit, 5);
		assert_int_equal(verdict.remaining, 5 - i);
	}
	for (int i = 0; i < 3; i++) {
		verdict = count("192.0.2.1", 5, START);
		assert_true(verdict.is_over);
		assert_int_equal(verdict.remaining, 0);
	}
}

static void
a_window_ends_for_all_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		count("192.0.2.1", 5, START + 100);
	assert_true(count("192.0.2.1", 5, START + WINDOW - 1).is_over);
	assert_int_equal(count("192.0.2.1", 5, START).reset_s, WINDOW);
	assert_int_equal(count("192.0.2.1", 5, START + 1).reset_s, WINDOW - 1);
	assert_int_equal(count("192.0.2.1", 5, START + WINDOW - 1).reset_s, 1);
	assert_false(count("192.0.2.1", 5, START + WINDOW).is_over);
	assert_int_equal(count("192.0.2.1", 5, START + WINDOW).remaining, 3);
}

static void
subjects_count_by_themselves(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		count("192.0.2.1", 3, START);
	assert_true(count("192.0.2.1", 3, START).is_over);
	assert_int_equal(count("192.0.2.2", 3, START).remaining, 2);
	assert_int_equal(count("0a000000-0000-4000-8000-000000000001", 3, START).remaining, 2);
	assert_int_equal(count("", 3, START).remaining, 2);
}

static void
IPv6_counts_by_its_64(void **state)
{
	(void)state;
	assert_int_equal(count("2001:db8:1:2::1", 9, START).remaining, 8);
	assert_int_equal(count("2001:db8:1:2:ffff:ffff:ffff:ffff", 9, START).remaining, 7);
	assert_int_equal(count("2001:0DB8:0001:0002::5", 9, START).remaining, 6);
	assert_int_equal(count("2001:db8:1:3::1", 9, START).remaining, 8);
}

static void
IPv4_written_as_IPv6_counts_by_its_address(void **state)
{
	(void)state;
	assert_int_equal(count("::ffff:192.0.2.1", 9, START).remaining, 8);
	assert_int_equal(count("::ffff:192.0.2.2", 9, START).remaining, 8);
	assert_int_equal(count("::ffff:192.0.2.1", 9, START).remaining, 7);
}

static void
a_flood_of_others_in_an_older_window_does_not_forget_the_newest(void **state)
{
	char subject[32];

	(void)state;
	for (int i = 0; i < 7; i++)
		count("192.0.2.1", 100, START + WINDOW);
	for (int i = 0; i < 300000; i++) {
		snprintf(subject, sizeof(subject), "flood %d", i);
		count(subject, 100, START);
	}
	assert_int_equal(count("192.0.2.1", 100, START + WINDOW).remaining, 92);
}

static void
a_full_table_still_counts(void **state)
{
	char subject[32];

	(void)state;
	for (int i = 0; i < 300000; i++) {
		snprintf(subject, sizeof(subject), "flood %d", i);
		assert_int_equal(count(subject, 100, START).remaining, 99);
	}
	assert_int_equal(count("newcomer", 100, START).remaining, 99);
	assert_int_equal(count("newcomer", 100, START).remaining, 98);
}

static void
processes_count_together(void **state)
{
	enum { PROCESSES = 4, EACH = 20000 };
	pid_t pids[PROCESSES];

	(void)state;
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_int_not_equal(pids[i], -1);
		if (pids[i] == 0) {
			for (int k = 0; k < EACH; k++)
				count("192.0.2.1", 1000000, START);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count("192.0.2.1", 1000000, START).remaining, 1000000 - PROCESSES * EACH - 1);
}

static void
two_tables_are_two(void **state)
{
	struct limiter *other = limiter_new();

	(void)state;
	count("192.0.2.1", 9, START);
	assert_int_equal(limiter_count(other, "192.0.2.1", 9, WINDOW, START).remaining, 8);
	limiter_free(&other);
	limiter_free(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_request_over_the_limit_is_over),
		TEST(a_window_ends_for_all_at_once),
		TEST(subjects_count_by_themselves),
		TEST(IPv6_counts_by_its_64),
		TEST(IPv4_written_as_IPv6_counts_by_its_address),
		TEST(a_flood_of_others_in_an_older_window_does_not_forget_the_newest),
		TEST(a_full_table_still_counts),
		TEST(processes_count_together),
		TEST(two_tables_are_two),
	};

	crypto_init();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
