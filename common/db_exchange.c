/*
 * db_exchange.c - what is sent and comes back, and how it ended
 *
 * Everything sent goes through db_exchange: queue, flush, read until libpq says
 * that nothing more comes. Only then is anything a success, for with the
 * extended protocol the statement's own result arrives before its commit.
 * db_judge turns an exchange into an outcome; it alone decides whether a
 * statement can have been executed, and it drops connections that are done for.
 */
#include "db_private.h"

#include <poll.h>

#include "clock.h"
#include "log.h"

#define DB_CANCEL_MS 1000	/* longest wait for the answer to a cancel */

/* Hand all bytes to the kernel. Returns false with x->was_late or not when it cannot. */
static bool
db_flush(struct db *db, int64_t deadline, struct exchange *x)
{
	int left;

	while ((left = PQflush(db->conn)) > 0) {
		if (!db_wait(PQsocket(db->conn), POLLIN | POLLOUT, deadline)) {
			x->was_late = true;
			return false;
		}
		/* The server may have to write before it reads on. */
		if (PQconsumeInput(db->conn) == 0)
			return false;
	}
	return left == 0;
}

/* Note one result; the first error stays, for those after it are only its echoes. */
static void
db_take_result(struct db *db, struct exchange *x, PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		PQclear(x->result);
		x->result = result;
		return;
	default:
		break;
	}
	if (!x->has_failed)
		db_set_error_from(db, result);
	x->has_failed = true;
	x->was_fatal = x->was_fatal || db_is_fatal(result);
	PQclear(result);
}

static bool
db_is_copy(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Read results until there are no more; false when the deadline came first. */
static bool
db_collect(struct db *db, int64_t deadline, struct exchange *x)
{
	PGresult *result;

	for (;;) {
		while (PQisBusy(db->conn)) {
			if (!db_wait(PQsocket(db->conn), POLLIN, deadline))
				return false;
			/* After a failure PQgetResult has the reason, and does not block. */
			if (PQconsumeInput(db->conn) == 0)
				break;
		}
		result = PQgetResult(db->conn);
		if (result == NULL)
			break;
		if (db_is_copy(result)) {
			db_set_error(db, "0A000", "COPY is not possible here");
			PQclear(result);
			x->was_copy = true;
			break;
		}
		db_take_result(db, x, result);
	}
	x->has_ended = true;
	return true;
}

struct exchange
db_exchange(struct db *db, int was_queued, int64_t deadline)
{
	struct exchange x = { .result = NULL };

	if (was_queued == 0 || !db_flush(db, deadline, &x)) {
		db_set_error(db, "", "could not send: %s", PQerrorMessage(db->conn));
		return x;
	}
	x.was_sent = true;
	if (db_collect(db, deadline, &x))
		return x;
	x.was_late = true;
	db_cancel(db->conn);
	db_collect(db, clock_ms() + DB_CANCEL_MS, &x);
	return x;
}

/*
 * The connection broke. A server that was told to stop, or that is only starting, says so
 * instead of executing; then the statement has had no effect, for an unfinished
 * one is rolled back. 57P02 (crash) may come at any moment and proves nothing.
 */
static bool
db_was_refused_at_the_door(const struct db *db, const struct exchange *x)
{
	return x->was_fatal && x->result == NULL &&
	    (db_error_is(db, "57P01") || db_error_is(db, "57P03") || db_error_is(db, "57P05"));
}

static enum db_outcome
db_judge_lost(struct db *db, const struct exchange *x, bool is_commit, enum repeat *repeat_r)
{
	bool was_in_transaction = db->transaction == TRANSACTION_OPEN;

	log_warn("db", "lost the connection: %s", db->error.message);
	db_drop(db);
	if (was_in_transaction && !is_commit)
		return DB_AWAY;
	if (!x->was_sent || (db_was_refused_at_the_door(db, x) && !is_commit)) {
		*repeat_r = REPEAT_UNSENT;
		return DB_AWAY;
	}
	return DB_UNKNOWN;
}

/* Too late: the connection goes in any case, as a cancel may still be under way to it. */
static enum db_outcome
db_judge_late(struct db *db, const struct exchange *x, bool is_commit)
{
	bool was_in_transaction = db->transaction == TRANSACTION_OPEN;
	bool was_lost = db->conn == NULL || PQstatus(db->conn) == CONNECTION_BAD;
	bool has_answer = x->has_ended && !was_lost && !x->was_fatal;

	db_drop(db);
	if (has_answer && !x->has_failed && (!was_in_transaction || is_commit))
		return DB_OK;
	db_set_error(db, "57014", "no answer from the database within %d ms", db->timeout_ms);
	if (!x->was_sent || has_answer || (was_in_transaction && !is_commit))
		return DB_DEADLINE;
	return DB_UNKNOWN;
}

static enum repeat
db_repeat_of_error(const struct db *db)
{
	if (db_error_is(db, "26000") || db_error_is(db, "0A000") || db_error_is(db, "42P05"))
		return REPEAT_STATEMENTS;
	if (db_error_is(db, "40001") || db_error_is(db, "40P01"))
		return REPEAT_CONFLICT;
	return REPEAT_NEVER;
}

enum db_outcome
db_judge(struct db *db, struct exchange *x, bool is_commit, enum repeat *repeat_r)
{
	*repeat_r = REPEAT_NEVER;
	if (x->was_late)
		return db_judge_late(db, x, is_commit);
	if (!x->was_sent || x->was_fatal || PQstatus(db->conn) == CONNECTION_BAD)
		return db_judge_lost(db, x, is_commit, repeat_r);
	if (x->was_copy) {
		db_drop(db);
		return DB_REFUSED;
	}
	if (!x->has_failed)
		return DB_OK;
	*repeat_r = db_repeat_of_error(db);
	if (*repeat_r == REPEAT_STATEMENTS)
		db->has_stale_statements = true;
	if (db->transaction == TRANSACTION_OPEN)
		*repeat_r = REPEAT_NEVER;
	else if (db_error_is(db, "25006"))
		db_drop(db);	/* the next connect looks for the new primary */
	return db_error_is(db, "57014") ? DB_DEADLINE : DB_REFUSED;
}

enum db_outcome
db_command(struct db *db, const char *sql, bool is_commit, enum repeat *repeat_r,
    PGresult **result_r)
{
	int64_t deadline = clock_ms() + db->timeout_ms;
	struct exchange x = db_exchange(db, PQsendQuery(db->conn, sql), deadline);
	enum db_outcome outcome = db_judge(db, &x, is_commit, repeat_r);

	if (result_r != NULL && outcome == DB_OK)
		*result_r = x.result;
	else
		PQclear(x.result);
	return outcome;
}
