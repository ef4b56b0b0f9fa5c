/*
 * db.h - one PostgreSQL connection, statements, rows, SQLSTATE
 *
 * Every wait has a deadline on the monotonic clock, also when the server hangs. A connection that broke
 * is opened again by the next call, with back-off (100 ms doubling to 5 s, full
 * jitter); until then calls fail at once. Statements are prepared when first used
 * and forgotten with their connection.
 */
#ifndef VALS_DB_H
#define VALS_DB_H

#include <stdbool.h>
#include <stddef.h>

#define DB_ARGS_MAX 32

/*
 * A statement: its name and `select * from name($1,...)`; see stmts.def. A handle
 * keeps pointers to the names of those it has run.
 */
struct db_stmt {
	const char *name;
	const char *sql;
	int arity;
};

/* How a call ended, coarsely. */
enum db_outcome {
	DB_OK,		/* committed, rows are there */
	DB_REFUSED,	/* the database raised an error: see db_error */
	DB_AWAY,	/* nothing was done: no connection */
	DB_UNKNOWN,	/* sent, but no final answer: it may have been done */
	DB_DEADLINE,	/* cancelled because it took too long; nothing was done */
};

#define DB_OUTCOMES (DB_DEADLINE + 1)

struct db_error {
	char sqlstate[6];	/* "" when the server never said one */
	char message[512];
	char constraint[64];	/* of a constraint violation */
	char hint[64];		/* our functions put the error code there */
	char detail[2048];	/* our functions put JSON there: details or data; "" if too long */
};

struct db;
struct db_result;

/*
 * A handle that will connect to url as role (unless the url names a user, or role
 * is NULL). Nothing is opened yet. name becomes the application_name. timeout_ms
 * (over 0) bounds each statement, on the server's side too when prepared is on.
 */
struct db *db_new(const char *url, const char *role, const char *name, bool prepared,
    int timeout_ms);

/* Let it connect to a server that can only be read, too: a hot standby. Say so before the first call. */
void db_accept_standby(struct db *db);

/* Close and free; nulls *db. */
void db_free(struct db **db);

/* Name and version of the library in use. */
const char *db_library(void);

/*
 * Connect now if not connected and not backing off, waiting at most 2 s. Returns
 * whether connected.
 */
bool db_connect(struct db *db);

/* Milliseconds until a new attempt is allowed; 0 when connected or allowed. */
int db_retry_after_ms(const struct db *db);

/*
 * Prepare stmts[0..count) now. Returns DB_OK, DB_AWAY, or DB_REFUSED when the
 * database lacks one (its name is logged): the program should not start then.
 */
enum db_outcome db_prepare_all(struct db *db, const struct db_stmt *stmts, size_t count);

/*
 * Run one statement as its own transaction (or as part of the one that is open). args
 * holds stmt->arity texts, NULL for null. On DB_OK *result_r is set; free it.
 * Serialisation failures and deadlocks are repeated up to three times when no
 * transaction is open. A connection that had died unnoticed is replaced and the
 * call repeated if nothing can have been executed.
 */
enum db_outcome db_call(struct db *db, const struct db_stmt *stmt, const char *const *args,
    struct db_result **result_r);

/*
 * Transactions around several calls. db_commit is honest: DB_OK only for COMMIT.
 * A connection lost meanwhile makes the calls and the commit DB_AWAY; a db_begin
 * that was DB_OK must be followed by db_commit or db_rollback, whatever happens between. One
 * that was not has begun nothing: no db_commit then, and db_rollback does nothing.
 */
enum db_outcome db_begin(struct db *db);
enum db_outcome db_commit(struct db *db);
void db_rollback(struct db *db);

/* Send an empty NOTIFY channel as its own statement; a failure is not one. */
void db_notify(struct db *db, const char *channel);

/* LISTEN on a channel, again after each reconnect. */
enum db_outcome db_listen(struct db *db, const char *channel);

/* The socket to poll for notifications; -1 while not connected. */
int db_socket(const struct db *db);

/*
 * Read what has arrived. Returns the number of notifications, -1 when the
 * connection was lost.
 */
int db_notifications(struct db *db);

/*
 * Run a whole SQL script (several statements, its own transaction control) for valsctl.
 * Returns DB_OK or how it failed; the message then begins with the line. Outside
 * db_begin a transaction which the script left open is undone, which is DB_REFUSED.
 */
enum db_outcome db_script(struct db *db, const char *sql);

/* The error of the last call that was not DB_OK. */
const struct db_error *db_error(const struct db *db);

/* What became of a handle's connections and calls since it was made. */
struct db_counters {
	unsigned long connects;
	unsigned long repeats;				/* of calls, after a conflict or a lost connection */
	unsigned long by_outcome[DB_OUTCOMES];	/* of calls */
};

const struct db_counters *db_counters(const struct db *db);

/* HTTP status for the last outcome, by the one table of SQLSTATEs. */
int db_http_status(enum db_outcome outcome, const struct db_error *error);

/* Rows and columns; texts live as long as the result; NULL for null. */
int db_rows(const struct db_result *result);
int db_columns(const struct db_result *result);
const char *db_value(const struct db_result *result, int row, int column);
size_t db_value_len(const struct db_result *result, int row, int column);

/* The column's index by name, -1 if there is none. */
int db_column(const struct db_result *result, const char *name);

void db_result_free(struct db_result **result);

#endif
