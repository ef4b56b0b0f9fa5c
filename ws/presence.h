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

struct app;
struct errand;
struct pgasync;
struct socket;

/* One signed-in socket. */
struct member {
	struct socket *socket;
	struct who who;
	char address[VISITOR_ADDRESS_SIZE];	/* where it signed in from */
	struct auth *auth;		/* question under way, or NULL */
	struct loop_timer *expiry;	/* NULL without an end */
	unsigned round;			/* of the check that asks about its session */
	struct errand *errands;		/* clientevents.c's */
	unsigned errand_count;
	struct member *next, **back;	/* all signed-in sockets, longest unchecked first */
};

extern const struct app presence_app;

/* Watch for revoked sessions over this connection. */
void presence_start(struct pgasync *pg);
void presence_stop(void);

/* Whether a role may join a room by this name. */
bool presence_may_join(const char *role, const char *room);

#endif
