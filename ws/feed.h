/*
 * feed.h - the numbered events of the database, in order, each once
 *
 * One daemon is the relay: it numbers committed events. Every daemon reads by
 * that number and publishes what it reads. Notifications only say that it may be worth
 * looking; polling finds what they missed.
 */
#ifndef VALS_WS_FEED_H
#define VALS_WS_FEED_H

#include <stdbool.h>
#include <stdint.h>

struct feed_settings {
	const char *url;	/* direct, not through a pooler: the relay's lock and LISTEN live on it */
	int timeout_ms;		/* for one call */
	void (*unfit)(void *owner);	/* the database lacks our functions */

	/* The database has lost events that were published: nobody can go on. */
	void (*went_back)(void);
};

void feed_start(const struct feed_settings *settings);

/* Whether the place to read from is known. Stays true when the database goes away. */
bool feed_is_ready(void);

/* The number of the last event that was published, 0 while nothing is known. */
int64_t feed_last(void);

bool feed_is_relay(void);

/* Stop without another word. */
void feed_stop(void);

#endif
