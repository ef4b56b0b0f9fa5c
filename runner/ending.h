/*
 * ending.h - the last statement of a row that was taken
 *
 * A row is taken under a lease; how it ended is stored by one statement that answers whether the lease was
 * still ours. While the database is away the ending waits.
 */
#ifndef VALS_ENDING_H
#define VALS_ENDING_H

#include "stmts.h"

#define ENDING_ARGS_MAX 5

struct db;

struct ending {
	enum stmt stmt;
	/* The first two are always the row's id and the attempt; all are borrowed. */
	const char *args[ENDING_ARGS_MAX];
};

enum ending_fate {
	ENDING_STORED,
	ENDING_LOST, /* the lease had run out, somebody else has the row */
	ENDING_REFUSED, /* the lease will run out and the row be taken again, by us or a wiser runner */
	ENDING_WAITS, /* the database is away: try again */
};

/* Store an ending; what went wrong is logged, with `what` for the kind of row. */
enum ending_fate ending_store(const struct ending *ending, struct db *db, const char *what);

/* Milliseconds before the next attempt: min_ms doubling to max_ms, each between a half and the whole of it. */
int ending_backoff_ms(int attempt, int min_ms, int max_ms);

#endif
