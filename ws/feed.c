/*
 * feed.c - the numbered events of the database, in order, each once
 *
 * All work goes over one connection, one call at a time, chosen in this order: become
 * the relay if nobody is, number what was committed, read what was numbered. Which of them are
 * due is noted in flags; notifications and a timer set them.
 *
 * The relay's lock ends with its connection, and with it the right to number; numbers
 * are given in one transaction with the head they continue, so even two relays could not
 * give one twice.
 */
#include "feed.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "pgasync.h"
#include "recovery.h"
#include "replay.h"
#include "session.h"
#include "status.h"

#define FEED_BATCH 500		/* events numbered or read with one call, at most */
#define FEED_SLICE (128 * 1024)	/* bytes published before the peers get a turn to read */
#define FEED_TICK_MS 250	/* how often the relay looks for unnumbered events */
#define FEED_READ_MS 500	/* how often every daemon reads without being told */
#define FEED_RELAY_MS 1000	/* how often the others try to become the relay */

#define FEED_HINT "vals_event"		/* events were committed */
#define FEED_NUMBERED "vals_seq"	/* events were numbered */

static struct {
	struct feed_settings settings;
	struct pgasync *pg;
	struct loop_timer *timer;
	bool is_known;		/* last is the number read last */
	bool is_settled;	/* the database was asked for its head since it is connected */
	bool is_relay;
	bool is_busy;		/* a call is under way */
	bool may_number, may_read;	/* there may be something */
	int64_t last;
	int batch;		/* events to read with the next call */
	int64_t relay_at;	/* when to try to become the relay */
	int64_t read_at;	/* when to read at the latest */
	int64_t hinted_at;	/* when we first heard of what is not delivered yet, or 0 */
} feed;

static void feed_step(void);

static void
feed_note_hint(void)
{
	if (feed.hinted_at == 0)
		feed.hinted_at = loop_now();
}

/* Everything that was announced is delivered. */
static void
feed_note_delivery(void)
{
	int64_t lag;

	if (feed.hinted_at == 0)
		return;
	lag = loop_now() - feed.hinted_at;
	if (lag > metrics.event_lag_ms)
		metrics.event_lag_ms = lag;
	feed.hinted_at = 0;
}

/* A text of a result's one row; "" if it is not there. */
static const char *
feed_text(const struct pgasync_result *result, int column)
{
	const char *text = pgasync_rows(result) == 1 ? pgasync_value(result, 0, column) : NULL;

	return text != NULL ? text : "";
}

/* Whether a call went well; says what went wrong otherwise. */
static bool
feed_succeeded(const char *call, enum pgasync_outcome outcome,
    const struct pgasync_result *result)
{
	feed.is_busy = false;
	if (outcome == PGASYNC_REFUSED)
		log_error("feed", "%s failed: %s %s", call, pgasync_sqlstate(result),
		    pgasync_message(result));
	return outcome == PGASYNC_OK;
}

/*
 * A database that has fewer events than we saw lost some, after a failover or a restore: its next
 * numbers mean other events than ours. Nobody can go on from there, so all start afresh.
 */
static void
feed_head_read(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	int64_t head;

	(void)owner;
	if (!feed_succeeded("head", outcome, result))
		return;
	head = strtoll(feed_text(result, 0), NULL, 10);
	feed.is_settled = true;
	if (feed.is_known && head < feed.last) {
		log_error("feed", "the database went back from event %" PRId64 " to %" PRId64
		    ": all sockets start afresh", feed.last, head);
		feed.settings.went_back();
	}
	if (!feed.is_known || head < feed.last) {
		feed.last = head;
		metrics.last_seq = head;
		log_info("feed", "reading on after %" PRId64, head);
	}
	feed.is_known = true;
	feed_step();
}

static void
feed_relay_tried(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	(void)owner;
	if (!feed_succeeded("relay_try", outcome, result))
		return;
	feed.is_relay = strcmp(feed_text(result, 0), "t") == 0;
	if (feed.is_relay) {
		log_info("feed", "this daemon is the relay now");
		feed.may_number = true;
	}
	feed_step();
}

static void
feed_numbered(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	long count;

	(void)owner;
	if (!feed_succeeded("relay_number", outcome, result))
		return;
	count = strtol(feed_text(result, 0), NULL, 10);
	if (count > 0) {
		metrics.events_numbered += (uint64_t)count;
		feed_note_hint();
		feed.may_read = true;
		pgasync_notify(feed.pg, FEED_NUMBERED);
	}
	if (count == FEED_BATCH)
		feed.may_number = true;
	feed_step();
}

/* Rows come in order; one that was seen is never passed on again. Returns its bytes. */
static size_t
feed_publish_row(const struct pgasync_result *result, int row)
{
	const char *seq_text = pgasync_field(result, row, "seq");
	const char *kind = pgasync_field(result, row, "kind");
	const char *payload = pgasync_field(result, row, "payload");
	int64_t seq = strtoll(seq_text, NULL, 10);

	if (seq <= feed.last)
		return 0;
	feed.last = seq;
	metrics.last_seq = seq;
	metrics.events_read++;
	events_publish(kind, pgasync_field(result, row, "call_id"), payload, seq_text);
	if (events_change_status(kind))
		status_touch();
	return strlen(payload);
}

/*
 * Publish rows, but not so many at once that peers which read fast look slow. Returns
 * how many; the rest is read again. The next batch is about as long as one slice.
 */
static int
feed_publish(const struct pgasync_result *result)
{
	int rows = pgasync_rows(result), row = 0;
	size_t bytes = 0;

	/* One event goes out as it is; several leave each socket together. */
	if (rows > 1)
		session_hold();
	while (row < rows && bytes < FEED_SLICE)
		bytes += feed_publish_row(result, row++);
	if (rows > 1)
		session_release();
	feed.batch = row < rows ? row : feed.batch * 2;
	if (feed.batch > FEED_BATCH)
		feed.batch = FEED_BATCH;
	return row;
}

static void
feed_rows_read(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	int asked = feed.batch;
	int rows;

	(void)owner;
	if (!feed_succeeded("read", outcome, result))
		return;
	rows = pgasync_rows(result);
	if (feed_publish(result) < rows || rows == asked)
		feed.may_read = true;
	else if (!feed.may_read)
		feed_note_delivery();
	replay_look();
	feed_step();
}

/* Make the most urgent call that is due, unless one is under way. */
static void
feed_step(void)
{
	char after[24], limit[12];

	if (feed.is_busy || !pgasync_is_ready(feed.pg))
		return;
	feed.is_busy = true;
	if (!feed.is_settled) {
		pgasync_call(feed.pg, STMT_head, NULL, feed_head_read, NULL);
	} else if (!feed.is_relay && loop_now() >= feed.relay_at) {
		feed.relay_at = loop_now() + FEED_RELAY_MS;
		pgasync_call(feed.pg, STMT_relay_try, NULL, feed_relay_tried, NULL);
	} else if (feed.is_relay && feed.may_number) {
		feed.may_number = false;
		snprintf(limit, sizeof(limit), "%d", FEED_BATCH);
		pgasync_call(feed.pg, STMT_relay_number, (const char *[]){ limit },
		    feed_numbered, NULL);
	} else if (feed.may_read) {
		feed.may_read = false;
		feed.read_at = loop_now() + FEED_READ_MS;
		snprintf(after, sizeof(after), "%" PRId64, feed.last);
		snprintf(limit, sizeof(limit), "%d", feed.batch);
		pgasync_call(feed.pg, STMT_read, (const char *[]){ after, limit },
		    feed_rows_read, NULL);
	} else {
		feed.is_busy = false;
	}
}

static void
feed_tick(void *owner)
{
	(void)owner;
	feed.may_number = true;
	if (loop_now() >= feed.read_at)
		feed.may_read = true;
	feed_step();
	loop_timer_set(feed.timer, loop_now() + FEED_TICK_MS);
}

/* LISTEN is in force: what comes from now on is heard of, the rest is read now. */
static void
feed_ready(void *owner)
{
	(void)owner;
	feed.is_busy = false;
	feed.is_settled = false;
	feed.relay_at = 0;
	feed.may_read = true;
	feed_step();
}

static void
feed_lost(void *owner)
{
	(void)owner;
	if (feed.is_relay)
		log_warn("feed", "no longer the relay");
	feed.is_relay = false;
	metrics.feed_reconnects++;
}

static void
feed_notified(void *owner, const char *channel, bool is_own)
{
	(void)owner;
	if (strcmp(channel, FEED_HINT) == 0) {
		feed.may_number = true;
		if (feed.is_relay)
			feed_note_hint();
	} else if (strcmp(channel, RECOVERY_CHANNEL) == 0) {
		recovery_hint();
	} else if (!is_own) {
		feed_note_hint();
		feed.may_read = true;
	}
	feed_step();
}

void
feed_start(const struct feed_settings *settings)
{
	static const char *const channels[] = { FEED_HINT, FEED_NUMBERED, RECOVERY_CHANNEL,
	    NULL };

	memset(&feed, 0, sizeof(feed));
	feed.settings = *settings;
	feed.batch = FEED_BATCH;
	feed.pg = pgasync_new(&(struct pgasync_settings){
	    .url = settings->url, .role = "vals_ws", .name = "vals-ws feed", .is_prepared = true,
	    .timeout_ms = settings->timeout_ms, .channels = channels, .ready = feed_ready,
	    .lost = feed_lost, .notified = feed_notified, .unfit = settings->unfit });
	feed.timer = loop_timer_new(feed_tick, NULL);
	loop_timer_set(feed.timer, loop_now() + FEED_TICK_MS);
}

bool
feed_is_ready(void)
{
	return feed.is_known;
}

int64_t
feed_last(void)
{
	return feed.last;
}

bool
feed_is_relay(void)
{
	return feed.is_relay;
}

void
feed_stop(void)
{
	loop_timer_free(&feed.timer);
	pgasync_free(&feed.pg);
}
