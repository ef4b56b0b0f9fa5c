/*
 * replay.h - sockets that are behind the feed
 *
 * A socket that came back first hears what it missed, from the event log, and then goes
 * on with the others. While it is behind it is in no room, so nothing reaches it
 * twice or out of order.
 */
#ifndef VALS_WS_REPLAY_H
#define VALS_WS_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct member;
struct pgasync;

struct replay_settings {
	struct pgasync *pg;

	/* Whether a member hears of this event, which one of these rooms gets. */
	bool (*hears)(const struct member *member, const char *const *rooms, size_t count,
	    int64_t seq);

	/* The member has heard all there was; it is not behind any more. */
	void (*caught_up)(struct member *member);

	/* What the member missed is not in the log any more. */
	void (*lost)(struct member *member);
};

/* A member's place in the line; no other file looks inside. */
struct replay_place {
	bool is_behind;
	int64_t after;		/* number of the last event it was sent, or passed over */
	struct member *next, **back;
};

void replay_start(const struct replay_settings *settings);
void replay_stop(void);

/* Send this member what came after this number. */
void replay_add(struct member *member, int64_t after);

/* Forget the member, if it is behind. */
void replay_drop(struct member *member);

/* The number of the last event this member was sent or passed over. */
int64_t replay_position(const struct member *member);

/* The feed went on. */
void replay_look(void);

#endif
