/*
 * test_loop.c - timers are kept by the monotonic clock
 */
#include "../../ws/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#define HOUR 3600.0
#define PATIENCE_MS 60000	/* after which a timer will not fire any more */

/* libev's name for the wall clock, as loop.c would see it; the library itself goes on with the true one. */
double ev_time(void);

static double set_forward;

double
ev_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9 + set_forward;
}

/* A timer that a callback sets, when it is to fire, and what came of it. */
static struct {
	struct loop_timer *timer;
	int64_t due;
	bool has_fired, was_early;
} late;

static void
late_fires(void *owner)
{
	(void)owner;
	late.has_fired = true;
	late.was_early = loop_now() < late.due;
	loop_stop();
}

static void
late_set(int64_t after_ms)
{
	late.due = loop_now() + after_ms;
	loop_timer_set(late.timer, late.due);
}

static void
set_the_clock_forward(void *owner)
{
	(void)owner;
	set_forward = HOUR;
	late_set(10);
}

static void
take_long(void *owner)
{
	int64_t until = loop_now() + 300;

	(void)owner;
	while (loop_now() < until)
		continue;
	late_set(200);
}

static void
give_up(void *owner)
{
	(void)owner;
	loop_stop();
}

/* Run a turn with this callback, and on until the timer it sets has fired. */
static void
run(loop_callback *turn)
{
	struct loop_timer *first, *last;

	set_forward = 0;
	loop_open();
	late.has_fired = late.was_early = false;
	late.timer = loop_timer_new(late_fires, NULL);
	first = loop_timer_new(turn, NULL);
	last = loop_timer_new(give_up, NULL);
	loop_timer_set(first, loop_now());
	loop_timer_set(last, loop_now() + PATIENCE_MS);
	loop_run();
	loop_timer_free(&first);
	loop_timer_free(&last);
	loop_timer_free(&late.timer);
	loop_close();
}

static void
a_timer_is_not_late_because_the_clock_was_set_forward(void **state)
{
	(void)state;
	run(set_the_clock_forward);
	assert_true(late.has_fired);
}

static void
a_timer_is_not_early_because_the_turn_was_long(void **state)
{
	(void)state;
	run(take_long);
	assert_true(late.has_fired);
	assert_false(late.was_early);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_is_not_late_because_the_clock_was_set_forward),
		cmocka_unit_test(a_timer_is_not_early_because_the_turn_was_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
