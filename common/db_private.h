/*
 * db_private.h - what the files behind db.h share
 *
 *   db.c              the handle
 *   db_connect.c      opening the connection, seeing that it is gone, backing off
 *   db_exchange.c     what is sent and comes back, and how it ended
 *   db_cancel.c       asking the server to stop
 *   db_call.c         statements, prepared and run
 *   db_transaction.c  begin, commit, rollback
 *   db_script.c       whole scripts
 *   db_notify.c       NOTIFY and LISTEN
 *   db_result.c       rows and columns
 *   db_error.c        what the server said was wrong
 *   db_status.c       what that means to the client
 *
 * Everybody else includes db.h only.
 */
#ifndef VALS_DB_PRIVATE_H
#define VALS_DB_PRIVATE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "name_set.h"

/* A transaction whose connection broke stays lost until its owner ends it. */
enum transaction {
	TRANSACTION_NONE,
	TRANSACTION_OPEN,
	TRANSACTION_LOST,
};

struct db {
	char *url;
	char *role;
	char *name;
	bool is_prepared;
	bool accepts_standby;
	int timeout_ms;
	PGconn *conn;			/* NULL while not connected */
	bool is_doomed;			/* the server said that it will hang up */
	enum transaction transaction;
	struct name_set prepared;	/* statements the connection knows */
	bool has_stale_statements;	/* prepared ones must be forgotten before the next */
	char **channels;		/* to LISTEN on after each connect */
	size_t channel_count;
	int backoff_ms;			/* 0 after a success */
	int64_t retry_at;		/* on clock_ms */
	struct db_counters counters;
	struct db_error error;
	int error_position;		/* character of the text sent, from 1; 0 = unknown */
};

struct db_result {
	PGresult *pg;
};

/* What happened between sending something and its last result. */
struct exchange {
	PGresult *result;	/* the last good one; the owner clears it */
	bool was_sent;		/* all of it, including what makes it take effect */
	bool was_late;		/* the deadline passed and a cancel went out */
	bool has_ended;		/* libpq said that nothing more comes */
	bool has_failed;	/* there was an error; it is in db->error */
	bool was_fatal;		/* and it ended the session */
	bool was_copy;		/* it was a COPY, which cannot be ended in bounded time */
};

/* Why a call may be made again. */
enum repeat {
	REPEAT_NEVER,
	REPEAT_UNSENT,		/* the connection broke before anything was executed */
	REPEAT_STATEMENTS,	/* the server forgot our statements or they are outdated */
	REPEAT_CONFLICT,	/* serialisation failure or deadlock */
};

/* ---- db_connect.c ---- */

/* Make the connection ready for a statement. A transaction never moves to another one. */
bool db_ready(struct db *db);

/*
 * Whether the idle connection is still good: a server that hung up, or is about
 * to, has made the socket readable. Costs one poll when nothing came.
 */
bool db_is_alive(struct db *db);

/* Close the connection; an open transaction is lost with it. */
void db_drop(struct db *db);

/* Whether fd shows one of events before the deadline; an odd poll counts as yes, libpq sees why. */
bool db_wait(int fd, short events, int64_t deadline);

/* ---- db_exchange.c ---- */

/*
 * Complete what a PQsend function has queued (was_queued is its result): flush,
 * collect, and cancel at the deadline. db_judge says what came of it.
 */
struct exchange db_exchange(struct db *db, int was_queued, int64_t deadline);

/*
 * The outcome of an exchange, the only place where something becomes a success.
 * Leaves *repeat_r at REPEAT_NEVER when the same must not be sent again.
 */
enum db_outcome db_judge(struct db *db, struct exchange *x, bool is_commit, enum repeat *repeat_r);

/* Send text as it is. The result, if wanted, is the last statement's. */
enum db_outcome db_command(struct db *db, const char *sql, bool is_commit, enum repeat *repeat_r,
    PGresult **result_r);

/* ---- db_cancel.c ---- */

/* Ask the server to stop; the answer, if any, comes as the statement's error. */
void db_cancel(PGconn *conn);

/* ---- db_notify.c ---- */

/* LISTEN on all channels over a fresh connection. */
bool db_listen_all(struct db *db);

/* ---- db_error.c ---- */

/* Replace the last error; sqlstate is "" when it is not the server's. */
void db_set_error(struct db *db, const char *sqlstate, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same from a result that failed. */
void db_set_error_from(struct db *db, const PGresult *result);

/* Whether the last error has this SQLSTATE. */
bool db_error_is(const struct db *db, const char *sqlstate);

/* Whether the server ended the session with this message. */
bool db_is_fatal(const PGresult *result);

/* Copy text into out, cut at a character's start if it does not fit. */
void db_copy_text(char *out, size_t size, const char *text);

#endif
