/*
 * pgasync.c - a PostgreSQL connection that never waits
 *
 *	DOWN ──timer──▶ CONNECTING ──▶ PREPARING ──▶ READY
 *	  ▲                 │              │            │
 *	  └────────── lost, or too late ───┴────────────┘
 *
 * The connection has one timer, whose meaning follows from the state: when to
 * connect again, or until when the handshake, the preparation or the call under
 * way may take. Whatever is late loses the connection: cancelling would have to wait for
 * the server, and a server that hangs would not listen.
 *
 * libpq resolves host names itself and would block on that: give it an address or a socket.
 */
#include "pgasync.h"

#include <libpq-fe.h>

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "loop.h"
#include "xalloc.h"

#define PGASYNC_ARGS_MAX 2		/* of any statement in stmts.def */
#define PGASYNC_CONNECT_MS 5000
#define PGASYNC_BACKOFF_MIN_MS 100
#define PGASYNC_BACKOFF_MAX_MS 5000

enum pgasync_state {
	PGASYNC_DOWN,		/* no connection; the timer brings the next attempt */
	PGASYNC_CONNECTING,	/* libpq shakes hands */
	PGASYNC_PREPARING,	/* statements, then channels, one at a time */
	PGASYNC_READY,		/* calls are made */
};

/* A call, or a NOTIFY when channel is set. */
struct pgasync_request {
	enum stmt stmt;
	char *channel;
	char *args[PGASYNC_ARGS_MAX];
	pgasync_done *done;
	void *owner;
	struct pgasync_request *next;
};

struct pgasync {
	struct pgasync_settings settings;
	char *url;
	enum pgasync_state state;
	PGconn *conn;
	struct loop_io *io;
	struct loop_timer *timer;
	int backoff_ms;
	size_t step;			/* while PREPARING */
	bool was_ready;			/* ever */
	bool is_sent;			/* the first request is under way */
	bool is_pump_due;		/* when the loop turns */
	PGresult *result;		/* of it, as far as it came */
	struct pgasync_request *requests, **requests_end;
	struct pgasync_request *orphans, **orphans_end;	/* asked for while DOWN */
	size_t backlog;
};

static void pgasync_connect(struct pgasync *pg);
static void pgasync_pump(struct pgasync *pg);

/* The only assignment to ->state. */
static void
pgasync_set_state(struct pgasync *pg, enum pgasync_state state)
{
	assert(state == PGASYNC_DOWN || state == pg->state + 1);
	pg->state = state;
}

/* ---- requests ---- */

static void
pgasync_request_free(struct pgasync_request *request)
{
	for (size_t i = 0; i < PGASYNC_ARGS_MAX; i++)
		free(request->args[i]);
	free(request->channel);
	free(request);
}

/* Take the first request off, free it and call back. */
static void
pgasync_finish(struct pgasync *pg, enum pgasync_outcome outcome, PGresult *result)
{
	struct pgasync_request *request = pg->requests;

	pg->requests = request->next;
	if (pg->requests == NULL)
		pg->requests_end = &pg->requests;
	pg->backlog--;
	pg->is_sent = false;
	if (request->done != NULL)
		request->done(request->owner, outcome, (const struct pgasync_result *)result);
	pgasync_request_free(request);
}

/* Tell those who asked while there was no connection. */
static void
pgasync_fail_orphans(void *owner)
{
	struct pgasync *pg = owner;
	struct pgasync_request *request;

	while ((request = pg->orphans) != NULL) {
		pg->orphans = request->next;
		if (pg->orphans == NULL)
			pg->orphans_end = &pg->orphans;
		if (request->done != NULL)
			request->done(request->owner, PGASYNC_AWAY, NULL);
		pgasync_request_free(request);
	}
}

/* Whoever asks is never called back before he has his own answer that he asked. */
static void
pgasync_pump_later(void *owner)
{
	struct pgasync *pg = owner;

	pg->is_pump_due = false;
	pgasync_pump(pg);
}

static void
pgasync_add(struct pgasync *pg, struct pgasync_request *request)
{
	if (pg->state != PGASYNC_READY) {
		if (pg->orphans == NULL)
			loop_later(pgasync_fail_orphans, pg);
		*pg->orphans_end = request;
		pg->orphans_end = &request->next;
		return;
	}
	*pg->requests_end = request;
	pg->requests_end = &request->next;
	pg->backlog++;
	if (!pg->is_sent && !pg->is_pump_due) {
		pg->is_pump_due = true;
		loop_later(pgasync_pump_later, pg);
	}
}

/* ---- losing the connection ---- */

static void
pgasync_lose(struct pgasync *pg, const char *why)
{
	bool was_ready = pg->state == PGASYNC_READY;

	log_warn("pgasync", "%s: no database: %.*s", pg->settings.name,
	    (int)strcspn(why, "\n"), why);
	loop_io_free(&pg->io);
	PQclear(pg->result);
	pg->result = NULL;
	PQfinish(pg->conn);
	pg->conn = NULL;
	pgasync_set_state(pg, PGASYNC_DOWN);
	loop_timer_set(pg->timer, loop_now() + clock_jitter((uint32_t)pg->backoff_ms) + 1);
	pg->backoff_ms *= 2;
	if (pg->backoff_ms > PGASYNC_BACKOFF_MAX_MS)
		pg->backoff_ms = PGASYNC_BACKOFF_MAX_MS;
	if (was_ready && pg->settings.lost != NULL)
		pg->settings.lost(pg->settings.owner);
	while (pg->requests != NULL)
		pgasync_finish(pg, pg->is_sent ? PGASYNC_UNKNOWN : PGASYNC_AWAY, NULL);
}

static void
pgasync_timeout(void *owner)
{
	struct pgasync *pg = owner;

	if (pg->state == PGASYNC_DOWN)
		pgasync_connect(pg);
	else
		pgasync_lose(pg, "no answer in time");
}

/* ---- what goes out ---- */

static void
pgasync_flush(struct pgasync *pg)
{
	int left = PQflush(pg->conn);

	if (left == -1)
		pgasync_lose(pg, PQerrorMessage(pg->conn));
	else
		loop_io_want(pg->io, true, left == 1);
}

/* Names are ours, but quoted all the same. Returns libpq's success. */
static int
pgasync_send_command(struct pgasync *pg, const char *command, const char *channel)
{
	char *quoted = PQescapeIdentifier(pg->conn, channel, strlen(channel));
	char *text;
	int sent;

	if (quoted == NULL)
		return 0;
	text = xasprintf("%s %s", command, quoted);
	PQfreemem(quoted);
	sent = PQsendQuery(pg->conn, text);
	free(text);
	return sent;
}

/* The next step of the preparation; READY when there is none. */
static void
pgasync_prepare(struct pgasync *pg)
{
	const char *const *channels = pg->settings.channels;
	const struct db_stmt *stmt;
	int sent;

	if (pg->step < STMT__MAX) {
		stmt = &stmts[pg->step];
		sent = PQsendPrepare(pg->conn, pg->settings.is_prepared ? stmt->name : "",
		    stmt->sql, 0, NULL);
	} else if (channels != NULL && channels[pg->step - STMT__MAX] != NULL) {
		sent = pgasync_send_command(pg, "listen", channels[pg->step - STMT__MAX]);
	} else {
		pgasync_set_state(pg, PGASYNC_READY);
		loop_timer_stop(pg->timer);
		pg->backoff_ms = PGASYNC_BACKOFF_MIN_MS;
		pg->was_ready = true;
		log_info("pgasync", "%s: connected", pg->settings.name);
		if (pg->settings.ready != NULL)
			pg->settings.ready(pg->settings.owner);
		return;
	}
	if (sent == 1)
		pgasync_flush(pg);
	else
		pgasync_lose(pg, PQerrorMessage(pg->conn));
}

/* Send the first request, unless it is under way. */
static void
pgasync_pump(struct pgasync *pg)
{
	struct pgasync_request *request = pg->requests;
	const struct db_stmt *stmt;
	const char *args[PGASYNC_ARGS_MAX];
	int sent;

	if (pg->state != PGASYNC_READY || pg->is_sent || request == NULL)
		return;
	stmt = &stmts[request->stmt];
	memcpy(args, request->args, sizeof(args));
	if (request->channel != NULL)
		sent = pgasync_send_command(pg, "notify", request->channel);
	else if (pg->settings.is_prepared)
		sent = PQsendQueryPrepared(pg->conn, stmt->name, stmt->arity, args, NULL, NULL, 0);
	else
		sent = PQsendQueryParams(pg->conn, stmt->sql, stmt->arity, NULL, args, NULL,
		    NULL, 0);
	if (sent != 1) {
		pgasync_lose(pg, PQerrorMessage(pg->conn));
		return;
	}
	pg->is_sent = true;
	loop_timer_set(pg->timer, loop_now() + pg->settings.timeout_ms);
	pgasync_flush(pg);
}

/* ---- what comes in ---- */

static bool
pgasync_is_failure(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
}

/*
 * Success is known only when there is no further result: the first may say OK and the
 * commit still fail, so a later failure replaces it.
 */
static void
pgasync_keep_result(struct pgasync *pg, PGresult *result)
{
	if (pg->result == NULL || pgasync_is_failure(result)) {
		PQclear(pg->result);
		pg->result = result;
	} else {
		PQclear(result);
	}
}

/* A refusal that means this connection's statements are out of date. */
static bool
pgasync_is_stale(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return sqlstate != NULL &&
	    (strcmp(sqlstate, "0A000") == 0 || strcmp(sqlstate, "26000") == 0);
}

static void
pgasync_prepared(struct pgasync *pg, const PGresult *result)
{
	const char *sqlstate;

	if (!pgasync_is_failure(result)) {
		pg->step++;
		pgasync_prepare(pg);
		return;
	}
	sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	log_error("pgasync", "%s: %s: %s", pg->settings.name,
	    pg->step < STMT__MAX ? stmts[pg->step].name : "listen",
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	if (pg->step < STMT__MAX && !pg->was_ready && sqlstate != NULL &&
	    (strncmp(sqlstate, "42", 2) == 0 || strcmp(sqlstate, "3F000") == 0))
		pg->settings.unfit(pg->settings.owner);
	pgasync_lose(pg, "a statement could not be prepared");
}

/* All results of what was sent are here. */
static void
pgasync_answered(struct pgasync *pg)
{
	PGresult *result = pg->result;

	pg->result = NULL;
	if (result == NULL)
		return;
	if (pg->state == PGASYNC_PREPARING) {
		pgasync_prepared(pg, result);
	} else if (pg->is_sent && pgasync_is_failure(result) && pgasync_is_stale(result)) {
		pg->is_sent = false;	/* it was not executed: away, not unknown */
		pgasync_lose(pg, "statements are out of date");
	} else if (pg->is_sent) {
		loop_timer_stop(pg->timer);
		pgasync_finish(pg, pgasync_is_failure(result) ? PGASYNC_REFUSED : PGASYNC_OK,
		    result);
		pgasync_pump(pg);
	}
	PQclear(result);
}

static void
pgasync_read_notifications(struct pgasync *pg)
{
	PGnotify *notify;
	bool is_own;

	while (pg->state == PGASYNC_READY && (notify = PQnotifies(pg->conn)) != NULL) {
		is_own = notify->be_pid == PQbackendPID(pg->conn);
		if (pg->settings.notified != NULL)
			pg->settings.notified(pg->settings.owner, notify->relname, is_own);
		PQfreemem(notify);
	}
}

static void
pgasync_read(struct pgasync *pg)
{
	PGresult *result;

	if (PQconsumeInput(pg->conn) == 0) {
		pgasync_lose(pg, PQerrorMessage(pg->conn));
		return;
	}
	pgasync_flush(pg);
	while (pg->conn != NULL && (pg->is_sent || pg->state == PGASYNC_PREPARING) &&
	    PQisBusy(pg->conn) == 0) {
		result = PQgetResult(pg->conn);
		if (result != NULL)
			pgasync_keep_result(pg, result);
		else if (pg->result != NULL)
			pgasync_answered(pg);
		else
			break;
	}
	if (pg->conn != NULL && PQstatus(pg->conn) == CONNECTION_BAD)
		pgasync_lose(pg, PQerrorMessage(pg->conn));
	pgasync_read_notifications(pg);
}

/* ---- connecting ---- */

static void pgasync_ready(void *owner, bool can_read, bool can_write);

/* libpq may go through several sockets; each gets a fresh watcher. */
static void
pgasync_shake(struct pgasync *pg)
{
	PostgresPollingStatusType next = PQconnectPoll(pg->conn);

	loop_io_free(&pg->io);
	if (next == PGRES_POLLING_FAILED) {
		pgasync_lose(pg, PQerrorMessage(pg->conn));
		return;
	}
	pg->io = loop_io_new(PQsocket(pg->conn), pgasync_ready, pg);
	loop_io_want(pg->io, next != PGRES_POLLING_WRITING, next == PGRES_POLLING_WRITING);
	if (next != PGRES_POLLING_OK)
		return;
	PQsetnonblocking(pg->conn, 1);
	pgasync_set_state(pg, PGASYNC_PREPARING);
	pg->step = 0;
	pgasync_prepare(pg);
}

static void
pgasync_ready(void *owner, bool can_read, bool can_write)
{
	struct pgasync *pg = owner;

	if (pg->state == PGASYNC_CONNECTING) {
		pgasync_shake(pg);
		return;
	}
	if (can_write)
		pgasync_flush(pg);
	if (can_read && pg->conn != NULL)
		pgasync_read(pg);
}

static void
pgasync_connect(struct pgasync *pg)
{
	const char *keywords[] = {
		"user", "application_name", "keepalives", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"target_session_attrs", "dbname", "client_encoding", NULL,
	};
	const char *values[] = {
		pg->settings.role, pg->settings.name, "1", "30", "5", "3", "10000",
		"read-write", pg->url, "UTF8", NULL,
	};

	pgasync_set_state(pg, PGASYNC_CONNECTING);
	loop_timer_set(pg->timer, loop_now() + PGASYNC_CONNECT_MS);
	pg->conn = PQconnectStartParams(keywords, values, 1);
	if (pg->conn == NULL)
		abort();
	if (PQstatus(pg->conn) == CONNECTION_BAD) {
		pgasync_lose(pg, PQerrorMessage(pg->conn));
		return;
	}
	pg->io = loop_io_new(PQsocket(pg->conn), pgasync_ready, pg);
	loop_io_want(pg->io, false, true);
}

/* ---- for everybody ---- */

struct pgasync *
pgasync_new(const struct pgasync_settings *settings)
{
	struct pgasync *pg = xcalloc(1, sizeof(*pg));

	pg->settings = *settings;
	pg->url = xstrdup(settings->url);
	pg->backoff_ms = PGASYNC_BACKOFF_MIN_MS;
	pg->requests_end = &pg->requests;
	pg->orphans_end = &pg->orphans;
	pg->timer = loop_timer_new(pgasync_timeout, pg);
	loop_timer_set(pg->timer, loop_now());
	return pg;
}

/* Calls of this connection may still be due in this turn: they come first. */
static void
pgasync_free_later(void *owner)
{
	struct pgasync *pg = owner;

	free(pg->url);
	free(pg);
}

void
pgasync_free(struct pgasync **pg)
{
	struct pgasync *dying = *pg;

	*pg = NULL;
	if (dying == NULL)
		return;
	loop_io_free(&dying->io);
	loop_timer_free(&dying->timer);
	PQclear(dying->result);
	PQfinish(dying->conn);
	dying->state = PGASYNC_DOWN;
	while (dying->requests != NULL)
		pgasync_finish(dying, dying->is_sent ? PGASYNC_UNKNOWN : PGASYNC_AWAY, NULL);
	pgasync_fail_orphans(dying);
	loop_later(pgasync_free_later, dying);
}

bool
pgasync_is_ready(const struct pgasync *pg)
{
	return pg->state == PGASYNC_READY;
}

void
pgasync_call(struct pgasync *pg, enum stmt stmt, const char *const *args, pgasync_done *done,
    void *owner)
{
	struct pgasync_request *request = xcalloc(1, sizeof(*request));

	assert(stmts[stmt].arity <= PGASYNC_ARGS_MAX);
	request->stmt = stmt;
	request->done = done;
	request->owner = owner;
	for (int i = 0; i < stmts[stmt].arity; i++)
		request->args[i] = args[i] != NULL ? xstrdup(args[i]) : NULL;
	pgasync_add(pg, request);
}

void
pgasync_notify(struct pgasync *pg, const char *channel)
{
	struct pgasync_request *request = xcalloc(1, sizeof(*request));

	request->channel = xstrdup(channel);
	pgasync_add(pg, request);
}

size_t
pgasync_backlog(const struct pgasync *pg)
{
	return pg->backlog;
}

static const PGresult *
pgasync_libpq(const struct pgasync_result *result)
{
	return (const PGresult *)result;
}

int
pgasync_rows(const struct pgasync_result *result)
{
	return PQntuples(pgasync_libpq(result));
}

const char *
pgasync_value(const struct pgasync_result *result, int row, int column)
{
	if (column < 0 || PQgetisnull(pgasync_libpq(result), row, column))
		return NULL;
	return PQgetvalue(pgasync_libpq(result), row, column);
}

const char *
pgasync_field(const struct pgasync_result *result, int row, const char *name)
{
	return pgasync_value(result, row, PQfnumber(pgasync_libpq(result), name));
}

const char *
pgasync_sqlstate(const struct pgasync_result *result)
{
	const char *text = PQresultErrorField(pgasync_libpq(result), PG_DIAG_SQLSTATE);

	return text != NULL ? text : "";
}

const char *
pgasync_message(const struct pgasync_result *result)
{
	const char *text = PQresultErrorField(pgasync_libpq(result), PG_DIAG_MESSAGE_PRIMARY);

	return text != NULL ? text : "";
}
