/*
 * db_call.c - statements, prepared when first used and run again when that is safe
 */
#include "db_private.h"

#include <assert.h>

#include "clock.h"
#include "log.h"
#include "xalloc.h"

#define DB_CONFLICT_REPEATS 3
#define DB_CONFLICT_JITTER_MS 50

/* Preparing has no effect beyond the connection: an unknown end of it is a harmless one. */
static enum db_outcome
db_harmless(enum db_outcome outcome, enum repeat *repeat_r)
{
	if (outcome != DB_UNKNOWN)
		return outcome;
	*repeat_r = REPEAT_UNSENT;
	return DB_AWAY;
}

/* Let the server forget what it has prepared, as it may be outdated. */
static enum db_outcome
db_forget_statements(struct db *db, enum repeat *repeat_r)
{
	enum db_outcome outcome = db_command(db, "deallocate all", false, repeat_r, NULL);

	if (outcome == DB_OK && db->conn == NULL)
		return DB_DEADLINE;
	if (outcome == DB_OK) {
		name_set_clear(&db->prepared);
		db->has_stale_statements = false;
	}
	return db_harmless(outcome, repeat_r);
}

/* Make stmt known to the connection; without named statements only check that it could be. */
static enum db_outcome
db_prepare(struct db *db, const struct db_stmt *stmt, int64_t deadline, enum repeat *repeat_r)
{
	const char *name = db->is_prepared ? stmt->name : "";
	enum db_outcome outcome;
	struct exchange x;

	if (db->has_stale_statements && db->transaction == TRANSACTION_NONE) {
		outcome = db_forget_statements(db, repeat_r);
		if (outcome != DB_OK)
			return outcome;
	}
	if (db->is_prepared && name_set_has(&db->prepared, name))
		return DB_OK;
	x = db_exchange(db, PQsendPrepare(db->conn, name, stmt->sql, 0, NULL), deadline);
	outcome = db_judge(db, &x, false, repeat_r);
	PQclear(x.result);
	/* An answer past the deadline is still one, but costs the connection. */
	if (outcome == DB_OK && db->conn == NULL)
		outcome = DB_DEADLINE;
	if (outcome == DB_OK && db->is_prepared)
		name_set_add(&db->prepared, name);
	return db_harmless(outcome, repeat_r);
}

/* One attempt of a call; *repeat_r says whether another one is allowed. */
static enum db_outcome
db_attempt(struct db *db, const struct db_stmt *stmt, const char *const *args, int64_t deadline,
    PGresult **result_r, enum repeat *repeat_r)
{
	enum db_outcome outcome;
	struct exchange x;
	int was_queued;

	*repeat_r = REPEAT_NEVER;
	if (!db_ready(db))
		return DB_AWAY;
	if (db->is_prepared) {
		outcome = db_prepare(db, stmt, deadline, repeat_r);
		if (outcome != DB_OK)
			return outcome;
		was_queued = PQsendQueryPrepared(db->conn, stmt->name, stmt->arity, args, NULL,
		    NULL, 0);
	} else {
		was_queued = PQsendQueryParams(db->conn, stmt->sql, stmt->arity, NULL, args, NULL,
		    NULL, 0);
	}
	x = db_exchange(db, was_queued, deadline);
	outcome = db_judge(db, &x, false, repeat_r);
	if (outcome == DB_OK)
		*result_r = x.result;
	else
		PQclear(x.result);
	return outcome;
}

/* Whether the allowance for this kind of repetition is not used up; takes from it. */
static bool
db_may_repeat(enum repeat repeat, int used[static REPEAT_CONFLICT + 1], int64_t deadline)
{
	static const int allowed[] = {
		[REPEAT_NEVER] = 0,
		[REPEAT_UNSENT] = 1,
		[REPEAT_STATEMENTS] = 1,
		[REPEAT_CONFLICT] = DB_CONFLICT_REPEATS,
	};

	return used[repeat]++ < allowed[repeat] && clock_ms() < deadline;
}

enum db_outcome
db_call(struct db *db, const struct db_stmt *stmt, const char *const *args,
    struct db_result **result_r)
{
	int64_t deadline = clock_ms() + db->timeout_ms;
	int used[REPEAT_CONFLICT + 1] = { 0 };
	enum db_outcome outcome;
	enum repeat repeat;
	PGresult *pg = NULL;

	assert(stmt->arity <= DB_ARGS_MAX);
	*result_r = NULL;
	for (;;) {
		outcome = db_attempt(db, stmt, args, deadline, &pg, &repeat);
		if (!db_may_repeat(repeat, used, deadline))
			break;
		log_debug("db", "%s again: %s", stmt->name, db->error.message);
		db->counters.repeats++;
		if (repeat == REPEAT_CONFLICT)
			clock_sleep_ms(1 + clock_jitter(DB_CONFLICT_JITTER_MS));
	}
	db->counters.by_outcome[outcome]++;
	if (outcome == DB_OK) {
		*result_r = xcalloc(1, sizeof(**result_r));
		(*result_r)->pg = pg;
	}
	return outcome;
}

/* Prepare one statement, over a new connection if the old one turns out dead. */
static enum db_outcome
db_prepare_checked(struct db *db, const struct db_stmt *stmt)
{
	int64_t deadline = clock_ms() + db->timeout_ms;
	int used[REPEAT_CONFLICT + 1] = { 0 };
	enum db_outcome outcome;
	enum repeat repeat;

	do {
		repeat = REPEAT_NEVER;
		if (!db_ready(db))
			return DB_AWAY;
		outcome = db_prepare(db, stmt, deadline, &repeat);
	} while (db_may_repeat(repeat, used, deadline));
	return outcome;
}

enum db_outcome
db_prepare_all(struct db *db, const struct db_stmt *stmts, size_t count)
{
	enum db_outcome outcome;

	for (size_t i = 0; i < count; i++) {
		outcome = db_prepare_checked(db, &stmts[i]);
		if (outcome == DB_OK)
			continue;
		/* A server that is short of something now does not lack a function. */
		if (db_http_status(outcome, &db->error) == 503)
			return DB_AWAY;
		log_error("db_prepare", "could not prepare %s: %s", stmts[i].name,
		    db->error.message);
		return DB_REFUSED;
	}
	return DB_OK;
}
