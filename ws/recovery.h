/*
 * recovery.h - sockets that come back
 *
 * Each socket has a row in the database under the hash of a secret, its pid: who it is,
 * which rooms it is in, from where on it has to hear. A client that lost its connection
 * brings the pid to any daemon and goes on there. The row belongs to one connection: who
 * takes it over raises its epoch, and the former holder is told to close.
 */
#ifndef VALS_WS_RECOVERY_H
#define VALS_WS_RECOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "pgasync.h"
#include "room.h"
#include "token.h"

#define RECOVERY_ROOMS_MAX 100	/* rooms a socket may ask for */
#define RECOVERY_PID_SIZE TOKEN_SECRET_SIZE

/* Notified when a daemon took sockets over from another: call recovery_hint then. */
#define RECOVERY_CHANNEL "vals_fence"

/* One socket's row, as this daemon knows it. */
struct recovery;

struct recovery_settings {
	struct pgasync *pg;
	int node;
	long window_ms;		/* how long a socket may be away */

	/* Another connection took this owner's socket over: to be closed. */
	void (*lost)(void *owner);

	/*
	 * Whether its client is connected at this moment. One that is not may well be the one who
	 * comes back: a lost link can leave both sides without a connection to notice it by.
	 */
	bool (*is_reachable)(void *owner);
};

/* A socket that wants in. Everything is borrowed for the time of the call. */
struct recovery_claim {
	const char *principal;	/* id of the user or API key */
	const char *pid;	/* what the client brought, NULL for nothing */
	const char *offset;	/* its last event's number, digits; NULL for none */
	const char *socket_id;	/* the socket's id, unless it had another before */
	int64_t start;		/* number of the last event before it */
};

/* What came of it; borrowed for the time of the call. */
struct recovery_outcome {
	bool is_recovered;
	const char *pid;
	const char *socket_id;
	int64_t after;		/* number of the last event it has heard of */
};

/* outcome is NULL when the database cannot tell. */
typedef void recovery_done(void *owner, const struct recovery_outcome *outcome);

void recovery_start(const struct recovery_settings *settings);
void recovery_stop(void);

/* Whether the database knows this daemon, so that sockets may come in. */
bool recovery_is_ready(void);

/* Some daemon took a socket over; it may have been one of ours. */
void recovery_hint(void);

/*
 * Find or make the row. done is called later, once, unless recovery_leave came
 * before. The result belongs to the caller.
 */
struct recovery *recovery_enter(const struct recovery_claim *claim, recovery_done *done,
    void *owner);

/*
 * The rooms that were asked for, in no order, each with the number of the last event
 * before the socket joined it. Valid until the next change.
 */
struct recovery_room {
	char name[ROOM_NAME_MAX + 1];
	int64_t since;
};

const struct recovery_room *recovery_rooms(const struct recovery *recovery, size_t *count_r);

/* The membership of a room by this name, or NULL. */
const struct recovery_room *recovery_room(const struct recovery *recovery, const char *name);

/* Note a room; false if there are too many. One it knows already stays as it is. */
bool recovery_join(struct recovery *recovery, const char *name, int64_t since);

/* Forget a room; false if it was none. */
bool recovery_part(struct recovery *recovery, const char *name);

/* Have the database keep the rooms as they are now. */
void recovery_save(struct recovery *recovery, pgasync_done *done, void *owner);

/* Whoever is away now shall not come back to what he was. */
void recovery_forget_away(void);

/*
 * The connection ended; is_final when the client took its leave and will not be
 * known again. Nulls *recovery; NULL is fine.
 */
void recovery_leave(struct recovery **recovery, bool is_final);

#endif
