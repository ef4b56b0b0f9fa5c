/*
 * test_clock.c - the only clock
 */
#include "clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <cmocka.h>

static volatile sig_atomic_t alarms;

static void
on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

static void
the_clock_moves_forward(void **state)
{
	int64_t us = clock_us(), ms = clock_ms();

	(void)state;
	assert_true(ms >= us / 1000);
	clock_sleep_ms(5);
	assert_true(clock_us() >= us + 5000);
	assert_true(clock_ms() >= ms + 4);
	assert_in_range(clock_unix(), 1700000000, 9999999999);
}

static void
iso_time_reads_back(void **state)
{
	char text[CLOCK_ISO_SIZE];
	struct tm tm = { 0 };
	int64_t before = clock_unix();
	const char *rest;

	(void)state;
	assert_ptr_equal(clock_iso(text), text);
	assert_int_equal(strlen(text), 24);
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	assert_non_null(rest);
	assert_int_equal(rest[0], '.');
	assert_int_equal(rest[4], 'Z');
	assert_in_range(timegm(&tm), before, clock_unix());
}

static void
any_second_can_be_written(void **state)
{
	char text[CLOCK_ISO_SIZE];

	(void)state;
	assert_string_equal(clock_iso_of(0, text), "1970-01-01T00:00:00.000Z");
	assert_string_equal(clock_iso_of(-1, text), "1969-12-31T23:59:59.000Z");
	assert_string_equal(clock_iso_of(0, text), "1970-01-01T00:00:00.000Z");
}

static void
iso_time_goes_on(void **state)
{
	char before[CLOCK_ISO_SIZE], after[CLOCK_ISO_SIZE];
	int64_t second = clock_unix();

	(void)state;
	clock_iso(before);
	while (clock_unix() <= second)
		clock_sleep_ms(5);
	clock_iso(after);
	assert_true(strcmp(before, after) < 0);
	assert_memory_not_equal(before, after, strlen("2026-01-31T23:59:59"));
}

static void
signals_do_not_shorten_a_sleep(void **state)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = { 0 };
	int64_t start;

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	/* Signals that are not taken in time become one. */
	for (int i = 0; i < 100 && alarms < 2; i++) {
		start = clock_ms();
		clock_sleep_ms(100);
		assert_true(clock_ms() - start >= 99);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	assert_true(alarms > 1);
	/* These come back at all. */
	clock_sleep_ms(0);
	clock_sleep_ms(-5);
}

static void
jitter_stays_below_and_varies(void **state)
{
	int seen[4] = { 0 };

	(void)state;
	assert_int_equal(clock_jitter(0), 0);
	assert_int_equal(clock_jitter(1), 0);
	for (int i = 0; i < 400; i++) {
		uint32_t value = clock_jitter(4);

		assert_true(value < 4);
		seen[value]++;
	}
	for (int i = 0; i < 4; i++)
		assert_true(seen[i] > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_moves_forward),
		cmocka_unit_test(iso_time_reads_back),
		cmocka_unit_test(any_second_can_be_written),
		cmocka_unit_test(iso_time_goes_on),
		cmocka_unit_test(signals_do_not_shorten_a_sleep),
		cmocka_unit_test(jitter_stays_below_and_varies),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
