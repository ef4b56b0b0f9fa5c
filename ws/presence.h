/*
 * presence.h - who is connected
 *
 * The daemon's app on Socket.IO: lets clients in, puts them in the rooms of their role,
 * passes their events on, and watches that they leave when their token ends.
 */
#ifndef VALS_WS_PRESENCE_H
#define VALS_WS_PRESENCE_H

#include <stdbool.h>

#include "auth.h"
#include "conn.h"
#include "recovery.h"
#include "replay.h"

struct app;
struct errand;
struct pgasync;
struct presence_claim;
struct socket;

/* One signed-in socket. */
struct member {
	struct socket *socket;
	struct who who;
	char address[VISITOR_ADDRESS_SIZE];	/* where it signed in from */
	struct auth *auth;		/* question under way, or NULL */
	struct presence_claim *claim;	/* what it wants to come back to, until that is settled */
	struct recovery *recovery;	/* NULL while not in, or without recovery */
	struct replay_place place;
	bool wants_status;		/* once it is not behind any more */
	bool is_cut_off;		/* cannot go on, and shall not come back */
	struct loop_timer *expiry;	/* NULL without an end */
	unsigned round;			/* of the check that asks about its session */
	struct errand *errands;		/* clientevents.c's */
	unsigned errand_count;
	struct member *next, **back;	/* all signed-in sockets, longest unchecked first */
};

extern const struct app presence_app;

/*
 * Watch for revoked sessions over this connection. is_recovering: sockets may come back
 * to what they were, see recovery.h.
 */
void presence_start(struct pgasync *pg, bool is_recovering);
void presence_stop(void);

/* Whether a role may join a room by this name. */
bool presence_may_join(const char *role, const char *room);

/*
 * Put a member in a room, now or as soon as it is not behind any more. Returns false if it is in
 * too many. What the database keeps is the caller's business.
 */
bool presence_join(struct member *member, const char *room);

/* Take it out; false if it was not in. */
bool presence_part(struct member *member, const char *room);

bool presence_is_in(const struct member *member, const char *room);

/* Emit an event of this member alone, at its place among the others. */
void presence_emit(struct member *member, const char *name, const char *args);

/* Send system-status, now or as soon as the member is not behind any more. */
void presence_send_status(struct member *member);

/* For recovery.h and replay.h, of a member. */
void presence_lost(void *member);
bool presence_is_reachable(void *member);
void presence_cut_off(struct member *member);
void presence_cut_off_all(void);	/* who is here shall not come back to what he was */
void presence_caught_up(struct member *member);
bool presence_hears(const struct member *member, const char *const *rooms, size_t count,
    int64_t seq);

#endif
