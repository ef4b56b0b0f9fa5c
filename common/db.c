/*
 * db.c - one PostgreSQL connection, statements, rows, SQLSTATE
 *
 * Everything sent goes through db_exchange: queue, flush, read until libpq says
 * that nothing more comes. Only then is anything a success, for with the
 * extended protocol the statement's own result arrives before its commit.
 * db_judge turns an exchange into an outcome; it alone decides whether a
 * statement can have been executed, and it drops connections that are done for.
 *
 * libpq's functions never block here: the socket is non-blocking and each wait
 * is our own poll with a deadline, because statement_timeout does not fire in a
 * server that hangs. The exceptions are the name lookup at connecting, which
 * libpq does itself, and PQcancel, which gets a thread of its own.
 */
#include "db.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "name_set.h"
#include "xalloc.h"

#define DB_CONNECT_MS 2000	/* longest wait for a connection */
#define DB_CANCEL_MS 1000	/* longest wait for the answer to a cancel */
#define DB_CANCELS_MAX 4	/* cancel threads at once; a dead host holds them for a while */
#define DB_BACKOFF_MIN_MS 100
#define DB_BACKOFF_MAX_MS 5000
#define DB_CONFLICT_REPEATS 3
#define DB_CONFLICT_JITTER_MS 50

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

static atomic_int cancels_running;

/* ---- errors ---- */

/* Copy text into out, cut at a character's start if it does not fit. */
static void
db_copy_text(char *out, size_t size, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len >= size) {
		len = size - 1;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	if (len > 0)
		memcpy(out, text, len);
	out[len] = '\0';
}

static void db_set_error(struct db *db, const char *sqlstate, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
db_set_error(struct db *db, const char *sqlstate, const char *format, ...)
{
	char message[sizeof(db->error.message)];
	va_list ap;
	size_t len;

	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	len = strlen(message);
	while (len > 0 && message[len - 1] == '\n')
		message[--len] = '\0';
	db->error = (struct db_error){ 0 };
	db->error_position = 0;
	db_copy_text(db->error.sqlstate, sizeof(db->error.sqlstate), sqlstate);
	db_copy_text(db->error.message, sizeof(db->error.message), message);
}

static void
db_set_error_from(struct db *db, const PGresult *result)
{
	struct db_error *error = &db->error;
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);

	/* Errors libpq makes up itself have no fields, only a text. */
	if (PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) == NULL) {
		db_set_error(db, "", "%s", PQresultErrorMessage(result));
		return;
	}
	db_copy_text(error->sqlstate, sizeof(error->sqlstate),
	    PQresultErrorField(result, PG_DIAG_SQLSTATE));
	db_copy_text(error->message, sizeof(error->message),
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	db_copy_text(error->constraint, sizeof(error->constraint),
	    PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
	db_copy_text(error->hint, sizeof(error->hint),
	    PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
	/* Half a JSON text would be worse than none. */
	if (detail != NULL && strlen(detail) >= sizeof(error->detail))
		detail = NULL;
	db_copy_text(error->detail, sizeof(error->detail), detail);
	db->error_position = position != NULL ? (int)strtol(position, NULL, 10) : 0;
}

static bool
db_error_is(const struct db *db, const char *sqlstate)
{
	return strcmp(db->error.sqlstate, sqlstate) == 0;
}

static bool
db_is_fatal(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	return severity != NULL &&
	    (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

const struct db_error *
db_error(const struct db *db)
{
	return &db->error;
}

/* ---- connecting ---- */

static void
db_drop(struct db *db)
{
	if (db->conn != NULL)
		PQfinish(db->conn);
	db->conn = NULL;
	db->is_doomed = false;
	name_set_clear(&db->prepared);
	db->has_stale_statements = false;
	if (db->transaction == TRANSACTION_OPEN)
		db->transaction = TRANSACTION_LOST;
}

/* Whether fd shows one of events before the deadline; an odd poll counts as yes, libpq sees why. */
static bool
db_wait(int fd, short events, int64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int64_t left;
	int ready;

	for (;;) {
		left = deadline - clock_ms();
		if (left < 0)
			left = 0;
		ready = poll(&pfd, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (ready > 0 || (ready < 0 && errno != EINTR))
			return true;
		if (ready == 0 && left == 0)
			return false;
	}
}

/* Outside a command, a fatal message is how the server says good-bye. */
static void
db_notice(void *arg, const PGresult *result)
{
	struct db *db = arg;

	if (db_is_fatal(result))
		db->is_doomed = true;
	log_debug("db", "server says: %s", PQresultErrorMessage(result));
}

/*
 * Start connecting. libpq lets a later keyword win, and the url stands where its
 * dbname does: what comes before it is a default, what comes after is fixed.
 */
static PGconn *
db_connect_start(const struct db *db)
{
	char options[64];
	const char *keywords[16], *values[16];
	size_t count = 0;

#define ADD(keyword, value) (keywords[count] = (keyword), values[count++] = (value))
	if (db->role != NULL)
		ADD("user", db->role);
	ADD("application_name", db->name);
	ADD("connect_timeout", "2");
	ADD("keepalives", "1");
	ADD("keepalives_idle", "30");
	ADD("keepalives_interval", "5");
	ADD("keepalives_count", "3");
	ADD("tcp_user_timeout", "10000");
	ADD("target_session_attrs", db->accepts_standby ? "any" : "read-write");
	/* PgBouncer refuses a start with options. */
	if (db->is_prepared) {
		snprintf(options, sizeof(options), "-c statement_timeout=%d -c timezone=UTC",
		    db->timeout_ms);
		ADD("options", options);
	}
	ADD("dbname", db->url);
	ADD("client_encoding", "UTF8");
	ADD(NULL, NULL);
#undef ADD
	assert(count <= sizeof(keywords) / sizeof(keywords[0]));
	return PQconnectStartParams(keywords, values, 1);
}

/* Drive the handshake. Returns whether it ended well; if not, the error is set. */
static bool
db_connect_finish(struct db *db)
{
	int64_t deadline = clock_ms() + DB_CONNECT_MS;
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;
	short events;

	if (db->conn == NULL || PQstatus(db->conn) == CONNECTION_BAD)
		next = PGRES_POLLING_FAILED;
	while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
		events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		if (!db_wait(PQsocket(db->conn), events, deadline)) {
			db_set_error(db, "", "no answer within %d ms", DB_CONNECT_MS);
			return false;
		}
		next = PQconnectPoll(db->conn);
	}
	if (next == PGRES_POLLING_OK)
		return true;
	db_set_error(db, "", "%s", PQerrorMessage(db->conn));
	return false;
}

static void
db_back_off(struct db *db)
{
	int ceiling = db->backoff_ms * 2;

	if (ceiling < DB_BACKOFF_MIN_MS)
		ceiling = DB_BACKOFF_MIN_MS;
	if (ceiling > DB_BACKOFF_MAX_MS)
		ceiling = DB_BACKOFF_MAX_MS;
	db->backoff_ms = ceiling;
	db->retry_at = clock_ms() + 1 + clock_jitter((uint32_t)ceiling);
}

static bool db_listen_all(struct db *db);

/* Open a connection unless it is too soon to try. */
static bool
db_open(struct db *db)
{
	assert(db->conn == NULL);
	if (clock_ms() < db->retry_at)
		return false;
	db->conn = db_connect_start(db);
	if (db->conn != NULL)
		PQsetNoticeReceiver(db->conn, db_notice, db);
	if (db_connect_finish(db) && PQsetnonblocking(db->conn, 1) == 0 && db_listen_all(db)) {
		db->backoff_ms = 0;
		db->retry_at = 0;
		db->counters.connects++;
		log_info("db_connect", "connected to the database");
		return true;
	}
	log_warn("db_connect", "could not connect to the database: %s", db->error.message);
	db_drop(db);
	db_back_off(db);
	return false;
}

/*
 * Whether the idle connection is still good: a server that hung up, or is about
 * to, has made the socket readable. Costs one poll when nothing came.
 */
static bool
db_is_alive(struct db *db)
{
	struct pollfd pfd = { .fd = PQsocket(db->conn), .events = POLLIN };

	if (poll(&pfd, 1, 0) > 0) {
		if (PQconsumeInput(db->conn) == 0)
			return false;
		PQisBusy(db->conn);	/* reads the messages, whence db_notice */
	}
	return PQstatus(db->conn) == CONNECTION_OK && !db->is_doomed;
}

/* Make the connection ready for a statement. A transaction never moves to another one. */
static bool
db_ready(struct db *db)
{
	if (db->conn != NULL && !db_is_alive(db)) {
		log_warn("db", "the server closed the connection");
		db_set_error(db, "", "the server closed the connection");
		db_drop(db);
	}
	if (db->transaction == TRANSACTION_LOST)
		return false;
	return db->conn != NULL || db_open(db);
}

bool
db_connect(struct db *db)
{
	return db_ready(db);
}

int
db_retry_after_ms(const struct db *db)
{
	int64_t left;

	if (db->conn != NULL)
		return 0;
	left = db->retry_at - clock_ms();
	return left > 0 ? (int)left : 0;
}

/* ---- cancelling ---- */

/* PQcancel connects and waits without a limit of its own (trap of every libpq before 17). */
static void *
db_cancel_run(void *arg)
{
	PGcancel *cancel = arg;
	char reason[256];

	if (PQcancel(cancel, reason, sizeof(reason)) == 0)
		log_warn("db_cancel", "could not cancel a statement: %s", reason);
	PQfreeCancel(cancel);
	atomic_fetch_sub(&cancels_running, 1);
	return NULL;
}

/* The thread must not take signals which are meant for the program. */
static int
db_cancel_spawn(PGcancel *cancel)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int problem;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	problem = pthread_create(&thread, &attr, db_cancel_run, cancel);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return problem;
}

/* Ask the server to stop; the answer, if any, comes as the statement's error. */
static void
db_cancel(PGconn *conn)
{
	PGcancel *cancel = NULL;
	int problem = EAGAIN;

	if (atomic_fetch_add(&cancels_running, 1) < DB_CANCELS_MAX) {
		cancel = PQgetCancel(conn);
		if (cancel != NULL)
			problem = db_cancel_spawn(cancel);
	}
	if (problem != 0) {
		log_warn("db_cancel", "could not start a cancel: %s", strerror(problem));
		PQfreeCancel(cancel);
		atomic_fetch_sub(&cancels_running, 1);
	}
}

/* ---- the exchange ---- */

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

/*
 * Complete what a PQsend function has queued (was_queued is its result): flush,
 * collect, and cancel at the deadline. db_judge says what came of it.
 */
static struct exchange
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

/*
 * The outcome of an exchange, the only place where something becomes a success.
 * Leaves *repeat_r at REPEAT_NEVER when the same must not be sent again.
 */
static enum db_outcome
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

/* Send text as it is. The result, if wanted, is the last statement's. */
static enum db_outcome
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

/* ---- calls ---- */

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

const struct db_counters *
db_counters(const struct db *db)
{
	return &db->counters;
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

/* ---- transactions ---- */

enum db_outcome
db_begin(struct db *db)
{
	enum db_outcome outcome;
	enum repeat repeat = REPEAT_NEVER;

	assert(db->transaction == TRANSACTION_NONE);
	if (!db_ready(db))
		return DB_AWAY;
	db_set_error(db, "", "%s", "");
	outcome = db_command(db, "begin", false, &repeat, NULL);
	if (repeat == REPEAT_UNSENT && db_ready(db))
		outcome = db_command(db, "begin", false, &repeat, NULL);
	/* A deadline leaves no connection, even if the answer still came. */
	if (outcome == DB_OK && db->conn != NULL)
		db->transaction = TRANSACTION_OPEN;
	else if (outcome == DB_OK || outcome == DB_UNKNOWN)
		outcome = DB_AWAY;
	return outcome;
}

/*
 * The server answers COMMIT with success in two cases where nothing is committed:
 * a failed transaction (with the tag ROLLBACK) and none at all (with COMMIT).
 */
enum db_outcome
db_commit(struct db *db)
{
	enum db_outcome outcome = DB_AWAY;
	enum repeat repeat;
	PGresult *result = NULL;

	assert(db->transaction != TRANSACTION_NONE);
	if (db_ready(db) && PQtransactionStatus(db->conn) == PQTRANS_IDLE) {
		db_set_error(db, "25P01", "the transaction had ended before its commit");
		outcome = DB_REFUSED;
	} else if (db->transaction == TRANSACTION_OPEN) {
		outcome = db_command(db, "commit", true, &repeat, &result);
	}
	if (outcome == DB_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
		/* The statement that broke it has left the better message. */
		if (db->error.sqlstate[0] == '\0')
			db_set_error(db, "25P02", "the transaction had failed before its commit");
		outcome = DB_REFUSED;
	}
	PQclear(result);
	db->transaction = TRANSACTION_NONE;
	return outcome;
}

void
db_rollback(struct db *db)
{
	const struct db_error error = db->error;
	enum repeat repeat;

	if (db->transaction == TRANSACTION_OPEN && db->conn != NULL &&
	    db_command(db, "rollback", false, &repeat, NULL) != DB_OK)
		db_drop(db);	/* which is a rollback, too */
	db->transaction = TRANSACTION_NONE;
	db->error = error;
}

/* ---- scripts ---- */

/* The line of text in which its character number position (from 1) stands. */
static int
db_script_line(const char *text, int position)
{
	int line = 1;

	for (int i = 1; i < position && *text != '\0'; i++) {
		if (*text == '\n')
			line++;
		do
			text++;
		while (((unsigned char)*text & 0xc0) == 0x80);
	}
	return line;
}

/* The server knows where in a script it stopped; say it in the administrator's terms. */
static void
db_script_locate(struct db *db, const char *sql)
{
	char *message;

	if (db->error_position <= 0)
		return;
	message = xasprintf("line %d: %s", db_script_line(sql, db->error_position),
	    db->error.message);
	db_copy_text(db->error.message, sizeof(db->error.message), message);
	free(message);
}

enum db_outcome
db_script(struct db *db, const char *sql)
{
	enum db_outcome outcome;
	enum repeat repeat = REPEAT_NEVER;

	if (!db_ready(db))
		return DB_AWAY;
	outcome = db_command(db, sql, true, &repeat, NULL);
	if (repeat == REPEAT_UNSENT && db_ready(db))
		outcome = db_command(db, sql, true, &repeat, NULL);
	if (outcome == DB_REFUSED)
		db_script_locate(db, sql);
	/* A script that stops between its own begin and commit leaves that open. */
	if (db->conn != NULL && db->transaction == TRANSACTION_NONE &&
	    PQtransactionStatus(db->conn) != PQTRANS_IDLE) {
		if (outcome == DB_OK)
			db_set_error(db, "25001", "the script left a transaction open");
		db_drop(db);
		outcome = outcome == DB_OK ? DB_REFUSED : outcome;
	}
	return outcome;
}

/* ---- notifications ---- */

/* Run `verb "channel"`. */
static enum db_outcome
db_channel_command(struct db *db, const char *verb, const char *channel, enum repeat *repeat_r)
{
	char *quoted = PQescapeIdentifier(db->conn, channel, strlen(channel));
	enum db_outcome outcome;
	char *sql;

	*repeat_r = REPEAT_NEVER;
	if (quoted == NULL) {
		db_set_error(db, "", "bad channel name: %s", PQerrorMessage(db->conn));
		return DB_REFUSED;
	}
	sql = xasprintf("%s %s", verb, quoted);
	outcome = db_command(db, sql, false, repeat_r, NULL);
	free(sql);
	PQfreemem(quoted);
	return outcome;
}

void
db_notify(struct db *db, const char *channel)
{
	enum repeat repeat;

	assert(db->transaction == TRANSACTION_NONE);
	if (db->conn == NULL || !db_is_alive(db))
		return;
	if (db_channel_command(db, "notify", channel, &repeat) != DB_OK)
		log_debug("db_notify", "could not notify %s: %s", channel, db->error.message);
}

/* LISTEN on all channels over a fresh connection. */
static bool
db_listen_all(struct db *db)
{
	enum repeat repeat;

	for (size_t i = 0; i < db->channel_count; i++) {
		if (db_channel_command(db, "listen", db->channels[i], &repeat) != DB_OK)
			return false;
	}
	return true;
}

static bool
db_has_channel(const struct db *db, const char *channel)
{
	for (size_t i = 0; i < db->channel_count; i++) {
		if (strcmp(db->channels[i], channel) == 0)
			return true;
	}
	return false;
}

enum db_outcome
db_listen(struct db *db, const char *channel)
{
	enum db_outcome outcome;
	enum repeat repeat;

	assert(db->transaction == TRANSACTION_NONE);
	if (!db_has_channel(db, channel)) {
		db->channels = xrealloc(db->channels,
		    (db->channel_count + 1) * sizeof(db->channels[0]));
		db->channels[db->channel_count++] = xstrdup(channel);
	}
	/* Connecting listens on all of them. */
	if (db->conn == NULL)
		return db_ready(db) ? DB_OK : DB_AWAY;
	outcome = db_channel_command(db, "listen", channel, &repeat);
	if (db->conn == NULL)
		return db_ready(db) ? DB_OK : DB_AWAY;
	return outcome;
}

int
db_socket(const struct db *db)
{
	return db->conn != NULL ? PQsocket(db->conn) : -1;
}

int
db_notifications(struct db *db)
{
	PGnotify *notify;
	int count = 0;

	if (db->conn == NULL)
		return -1;
	if (!db_is_alive(db)) {
		log_warn("db", "lost the connection which listens: %s", PQerrorMessage(db->conn));
		db_drop(db);
		return -1;
	}
	while ((notify = PQnotifies(db->conn)) != NULL) {
		PQfreemem(notify);
		count++;
	}
	return count;
}

/* ---- the handle ---- */

struct db *
db_new(const char *url, const char *role, const char *name, bool prepared, int timeout_ms)
{
	struct db *db = xcalloc(1, sizeof(*db));

	assert(timeout_ms > 0);
	db->url = xstrdup(url);
	db->role = role != NULL ? xstrdup(role) : NULL;
	db->name = xstrdup(name);
	db->is_prepared = prepared;
	db->timeout_ms = timeout_ms;
	return db;
}

void
db_accept_standby(struct db *db)
{
	db->accepts_standby = true;
}

void
db_free(struct db **db_p)
{
	struct db *db = *db_p;

	if (db == NULL)
		return;
	db_drop(db);
	for (size_t i = 0; i < db->channel_count; i++)
		free(db->channels[i]);
	free(db->channels);
	name_set_free(&db->prepared);
	free(db->name);
	free(db->role);
	xfree_secret(&db->url);
	free(db);
	*db_p = NULL;
}

const char *
db_library(void)
{
	static char name[32];
	int version = PQlibVersion();

	snprintf(name, sizeof(name), "libpq %d.%d", version / 10000, version % 10000);
	return name;
}

/* ---- results ---- */

int
db_rows(const struct db_result *result)
{
	return PQntuples(result->pg);
}

int
db_columns(const struct db_result *result)
{
	return PQnfields(result->pg);
}

const char *
db_value(const struct db_result *result, int row, int column)
{
	if (PQgetisnull(result->pg, row, column))
		return NULL;
	return PQgetvalue(result->pg, row, column);
}

size_t
db_value_len(const struct db_result *result, int row, int column)
{
	return (size_t)PQgetlength(result->pg, row, column);
}

/* Not PQfnumber, which folds case unless the name comes in quotes. */
int
db_column(const struct db_result *result, const char *name)
{
	for (int i = 0; i < PQnfields(result->pg); i++) {
		if (strcmp(PQfname(result->pg, i), name) == 0)
			return i;
	}
	return -1;
}

void
db_result_free(struct db_result **result)
{
	if (*result == NULL)
		return;
	PQclear((*result)->pg);
	free(*result);
	*result = NULL;
}
