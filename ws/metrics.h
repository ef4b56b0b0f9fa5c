/*
 * metrics.h - what the daemon counts
 *
 * Written wherever the thing happens, read by status.c; one thread, so plain
 * numbers do.
 */
#ifndef VALS_WS_METRICS_H
#define VALS_WS_METRICS_H

#include <stdint.h>

struct metrics {
	/* now */
	int64_t sessions_polling;
	int64_t sessions_websocket;
	int64_t sockets;		/* signed in */

	/* since the start */
	uint64_t sessions_opened;
	uint64_t sessions_refused;	/* too many, stopping, or the database away */
	uint64_t upgrades;
	uint64_t messages_sent;		/* frames, to one peer each */
	uint64_t messages_received;
	uint64_t queue_drops;		/* peers closed because they read too slowly */
	uint64_t ping_timeouts;
	uint64_t protocol_errors;
	uint64_t connects_refused;	/* bad or revoked tokens */
	uint64_t expired;		/* sockets closed by their token's end */
	uint64_t revoked;		/* sockets closed because their session ended */
	uint64_t events_read;
	uint64_t events_numbered;	/* as the relay */
	uint64_t feed_reconnects;
	uint64_t recoveries;		/* sockets that came back to what they were */
	uint64_t recoveries_refused;	/* sockets that wanted to and could not */
	uint64_t sockets_fenced;	/* sockets closed because another connection took over */
	uint64_t events_replayed;	/* events sent again, to one peer each */
	int64_t last_seq;
	int64_t event_lag_ms;		/* worst since the last report: hint to delivery */
};

extern struct metrics metrics;

#endif
