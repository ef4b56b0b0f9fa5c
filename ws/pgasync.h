/*
 * pgasync.h - a PostgreSQL connection that never waits
 *
 * One connection on the event loop: calls are queued and made one after the other,
 * each with a deadline. It connects by itself and, when lost, again with back-off
 * (100 ms doubling to 5 s, full jitter). Calls are never repeated here.
 */
#ifndef VALS_WS_PGASYNC_H
#define VALS_WS_PGASYNC_H

#include <stdbool.h>
#include <stddef.h>

#include "stmts.h"

struct pgasync;
struct pgasync_result;

struct pgasync_settings {
	const char *url;		/* copied; the other texts are borrowed */
	const char *role;		/* user, unless the url names one */
	const char *name;		/* application_name */
	bool is_prepared;		/* off behind a transaction pooler */
	int timeout_ms;			/* for one call */
	const char *const *channels;	/* to LISTEN on, ended by NULL; or NULL */

	void (*ready)(void *owner);	/* connected and listening; may be NULL */
	void (*lost)(void *owner);	/* after ready only; may be NULL */
	void (*notified)(void *owner, const char *channel, bool is_own);

	/* The database lacks one of our functions: the program should not go on. */
	void (*unfit)(void *owner);
	void *owner;
};

/* Starts to connect. */
struct pgasync *pgasync_new(const struct pgasync_settings *settings);

/* Close; the calls still waiting are answered as when the connection is lost. */
void pgasync_free(struct pgasync **pg);

bool pgasync_is_ready(const struct pgasync *pg);

enum pgasync_outcome {
	PGASYNC_OK,		/* done and committed; the result has its rows */
	PGASYNC_REFUSED,	/* the database raised an error: see the result */
	PGASYNC_AWAY,		/* nothing was done: no connection */
	PGASYNC_UNKNOWN,	/* sent, but the answer did not come */
};

/* The result is borrowed for the time of the call; NULL for AWAY and UNKNOWN. */
typedef void pgasync_done(void *owner, enum pgasync_outcome outcome,
    const struct pgasync_result *result);

/*
 * Call a function; args holds as many texts as it has arguments, NULL for null, and is
 * copied. done is called once, never before this returns.
 */
void pgasync_call(struct pgasync *pg, enum stmt stmt, const char *const *args,
    pgasync_done *done, void *owner);

/* Send an empty NOTIFY after the calls already waiting; a failure is not one. */
void pgasync_notify(struct pgasync *pg, const char *channel);

/* Calls waiting or under way. */
size_t pgasync_backlog(const struct pgasync *pg);

int pgasync_rows(const struct pgasync_result *result);

/* A text by column number, NULL for null; and by name. Live as long as the result. */
const char *pgasync_value(const struct pgasync_result *result, int row, int column);
const char *pgasync_field(const struct pgasync_result *result, int row, const char *name);

/* Of a refusal. */
const char *pgasync_sqlstate(const struct pgasync_result *result);
const char *pgasync_message(const struct pgasync_result *result);

#endif
