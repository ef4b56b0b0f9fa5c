/*
 * clock.c - the only clock
 */
#include "clock.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

int64_t
clock_us(void)
{
	struct timespec now;

	/* Fails only for a clock that does not exist. */
	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		abort();
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_ms(void)
{
	return clock_us() / 1000;
}

int64_t
clock_unix_us(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		abort();
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Not time(2), whose clock lags by a tick: a second would be over in one place and not in the other. */
int64_t
clock_unix(void)
{
	return clock_unix_us() / 1000000;
}

/* The calendar changes once a second; whoever asks more often gets the same text with other milliseconds. */
static const char *
clock_iso_second(time_t second)
{
	static _Thread_local time_t known;
	static _Thread_local char text[CLOCK_ISO_SIZE];
	struct tm tm;
	size_t len;

	if (second == known && text[0] != '\0')
		return text;
	if (gmtime_r(&second, &tm) == NULL)
		abort();
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	assert(len > 0);
	known = second;
	return text;
}

static const char *
clock_iso_print(time_t seconds, int ms, char out[static CLOCK_ISO_SIZE])
{
	snprintf(out, CLOCK_ISO_SIZE, "%s.%03dZ", clock_iso_second(seconds), ms);
	return out;
}

const char *
clock_iso(char out[static CLOCK_ISO_SIZE])
{
	int64_t now = clock_unix_us();

	return clock_iso_print((time_t)(now / 1000000), (int)(now / 1000 % 1000), out);
}

const char *
clock_iso_of(int64_t unix_s, char out[static CLOCK_ISO_SIZE])
{
	return clock_iso_print((time_t)unix_s, 0, out);
}

/* An absolute wake-up time, so that being interrupted costs no drift. */
void
clock_sleep_ms(int64_t ms)
{
	int64_t until = clock_us() + ms * 1000;
	struct timespec wake = {
		.tv_sec = (time_t)(until / 1000000),
		.tv_nsec = (long)(until % 1000000) * 1000,
	};

	if (ms <= 0)
		return;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) == EINTR)
		continue;
}

/* From the kernel each time: a generator of our own would repeat itself in forked workers. */
uint32_t
clock_jitter(uint32_t below)
{
	uint32_t random;

	if (below == 0)
		return 0;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = (uint32_t)clock_us();
	return random % below;
}
