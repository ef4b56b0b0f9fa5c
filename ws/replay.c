/*
 * replay.c - sockets that are behind the feed
 *
 * Those who are behind share their reading, since they come in crowds: a batch is read
 * from where the hindmost is, each event of it is encoded once, and whoever stands
 * within the batch is sent his part. That goes on in short turns, so that the
 * others' heartbeats and events are not late, and passes over peers with much to read already.
 * A member at the feed's own place joins the feed: both run in one thread, so
 * nothing can come between.
 *
 * Numbers are dense. A gap means that the log was cut meanwhile, and is never passed over.
 */
#include "replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "events.h"
#include "feed.h"
#include "frame.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "pgasync.h"
#include "presence.h"
#include "session.h"
#include "xalloc.h"

#define REPLAY_BATCH 500	/* events read with one call */
#define REPLAY_TURN 2000	/* events looked at, for one member each, per turn of the loop */
#define REPLAY_BACKLOG (64 * 1024)	/* bytes a peer may have waiting */
#define REPLAY_RETRY_MS 10	/* to look at such peers again */
#define REPLAY_AWAY_MS 500	/* when the database is away */

/* One event of the batch; frame is NULL for one that no client hears of. */
struct replay_event {
	struct frame *frame;
	struct event_address address;
};

static struct {
	struct replay_settings settings;
	struct loop_timer *timer;
	struct member *first, **end;	/* all who are behind */
	struct member *next;		/* of the turn under way, NULL between rounds */
	struct replay_event *events;	/* the batch */
	int64_t before;			/* number of the event before the batch */
	int count;
	bool is_reading;
} replay;

/* ---- the line ---- */

static void
replay_append(struct member *member)
{
	member->place.next = NULL;
	member->place.back = replay.end;
	*replay.end = member;
	replay.end = &member->place.next;
}

static void
replay_remove(struct member *member)
{
	if (replay.next == member)
		replay.next = member->place.next;
	*member->place.back = member->place.next;
	if (member->place.next != NULL)
		member->place.next->place.back = member->place.back;
	else
		replay.end = member->place.back;
	member->place.is_behind = false;
}

static bool
replay_is_busy(const struct member *member)
{
	return socket_backlog(member->socket) > REPLAY_BACKLOG;
}

/* ---- the batch ---- */

static void
replay_free_batch(void)
{
	for (int i = 0; i < replay.count; i++)
		frame_free(&replay.events[i].frame);
	free(replay.events);
	replay.events = NULL;
	replay.count = 0;
}

static void
replay_take_row(struct replay_event *event, const struct pgasync_result *result, int row)
{
	const struct event_rule *rule = events_rule(pgasync_field(result, row, "kind"));

	if (rule == NULL)
		return;
	event->frame = events_encode(rule, pgasync_field(result, row, "payload"),
	    pgasync_field(result, row, "seq"));
	events_address(rule, pgasync_field(result, row, "call_id"), &event->address);
}

/* Keep the rows as far as their numbers follow each other; returns how many. */
static int
replay_take_rows(const struct pgasync_result *result)
{
	int rows = pgasync_rows(result), row;

	replay.events = xcalloc((size_t)rows + 1, sizeof(*replay.events));
	for (row = 0; row < rows; row++) {
		const char *seq = pgasync_field(result, row, "seq");

		if (strtoll(seq, NULL, 10) != replay.before + row + 1)
			break;
		replay_take_row(&replay.events[row], result, row);
	}
	replay.count = row;
	return row;
}

/* Nobody can go on from here: the next event is gone. */
static void
replay_lose(void)
{
	struct member *member, *next;

	log_warn("replay", "event %" PRId64 " is not in the log any more", replay.before + 1);
	for (member = replay.first; member != NULL; member = next) {
		next = member->place.next;
		if (member->place.after > replay.before)
			continue;
		replay_remove(member);
		replay.settings.lost(member);
	}
}

static void
replay_read(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	(void)owner;
	replay.is_reading = false;
	if (outcome == PGASYNC_REFUSED)
		log_error("replay", "could not read: %s %s", pgasync_sqlstate(result),
		    pgasync_message(result));
	if (replay.timer == NULL)
		return;
	if (outcome != PGASYNC_OK)
		loop_timer_set(replay.timer, loop_now() + REPLAY_AWAY_MS);
	else if (replay_take_rows(result) == 0)
		replay_lose();
	replay_look();
}

/* Ask for the batch after this number. */
static void
replay_ask(int64_t after)
{
	char from[24], limit[12];

	replay.is_reading = true;
	replay.before = after;
	snprintf(from, sizeof(from), "%" PRId64, after);
	snprintf(limit, sizeof(limit), "%d", REPLAY_BATCH);
	pgasync_call(replay.settings.pg, STMT_read, (const char *[]){ from, limit },
	    replay_read, NULL);
}

/* ---- sending ---- */

/* Send a member its part of the batch; returns how many events were looked at. */
static int
replay_serve(struct member *member)
{
	struct replay_place *place = &member->place;
	int looked = 0;

	while (place->after >= replay.before && place->after < replay.before + replay.count &&
	    !replay_is_busy(member)) {
		const struct replay_event *event = &replay.events[place->after - replay.before];

		place->after++;
		looked++;
		if (event->frame == NULL || !replay.settings.hears(member, event->address.rooms,
		    event->address.count, place->after))
			continue;
		socket_send(member->socket, &event->frame, 1);
		metrics.events_replayed++;
	}
	return looked;
}

/* Serve the members in their order, for one turn. Returns false if some are left. */
static bool
replay_serve_some(void)
{
	int looked = 0;

	session_hold();
	while (replay.next != NULL && looked < REPLAY_TURN) {
		struct member *member = replay.next;

		replay.next = member->place.next;
		looked += replay_serve(member) + 1;
		if (member->place.after == feed_last()) {
			replay_remove(member);
			replay.settings.caught_up(member);
		}
	}
	session_release();
	return replay.next == NULL;
}

/* Where the hindmost is that could be sent something; the feed's place if there is none. */
static int64_t
replay_hindmost(bool *is_waiting_r)
{
	int64_t after = feed_last();

	*is_waiting_r = false;
	for (const struct member *member = replay.first; member != NULL;
	    member = member->place.next) {
		if (member->place.after >= after)
			continue;
		if (replay_is_busy(member))
			*is_waiting_r = true;
		else
			after = member->place.after;
	}
	return after;
}

/* One turn: on with this batch, or on to the next. */
static void
replay_turn(void *owner)
{
	bool is_waiting;
	int64_t after;

	(void)owner;
	if (replay.is_reading || replay.first == NULL)
		return;
	if (replay.next == NULL)
		replay.next = replay.first;
	if (!replay_serve_some()) {
		loop_timer_set(replay.timer, loop_now());
		return;
	}
	replay_free_batch();
	after = replay_hindmost(&is_waiting);
	if (after < feed_last())
		replay_ask(after);
	else if (is_waiting)
		loop_timer_set(replay.timer, loop_now() + REPLAY_RETRY_MS);
}

/* ---- for everybody ---- */

void
replay_look(void)
{
	if (replay.first != NULL && !replay.is_reading && !loop_timer_is_set(replay.timer))
		loop_timer_set(replay.timer, loop_now());
}

void
replay_add(struct member *member, int64_t after)
{
	member->place.is_behind = true;
	member->place.after = after;
	replay_append(member);
	replay_look();
}

void
replay_drop(struct member *member)
{
	if (member->place.is_behind)
		replay_remove(member);
}

int64_t
replay_position(const struct member *member)
{
	return member->place.is_behind ? member->place.after : feed_last();
}

void
replay_start(const struct replay_settings *settings)
{
	memset(&replay, 0, sizeof(replay));
	replay.settings = *settings;
	replay.end = &replay.first;
	replay.timer = loop_timer_new(replay_turn, NULL);
}

void
replay_stop(void)
{
	loop_timer_free(&replay.timer);
	replay_free_batch();
}
