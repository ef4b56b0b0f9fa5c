/*
 * dispatch.c - the frame around the handlers
 *
 * A request passes its steps in order; the first that answers ends it: who asks, limit, route,
 * right, id, query, body, work. The work is one database call; with an Idempotency-Key it is one
 * transaction with the claim and the stored answer. Only after the commit
 * the relay and the runner are woken and a waiting route begins to wait.
 */
#include "dispatch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access.h"
#include "clock.h"
#include "conf.h"
#include "crypto.h"
#include "fcgx.h"
#include "fields.h"
#include "form.h"
#include "json.h"
#include "log.h"
#include "metrics.h"
#include "reply.h"
#include "routes.h"
#include "shared.h"

#define IDEMPOTENCY_KEY_MAX 255
#define DISPATCH_CANCELED "57014"	/* SQLSTATE: statement_timeout */
#define PLACE_PATIENCE_MS 2000
#define PLACE_POLL_MS 10

static enum http_status
dispatch_other_method(struct request *rq, unsigned allow)
{
	char list[64] = "";

	for (int method = 0; method < HTTP_METHOD__MAX; method++) {
		if ((allow & (1u << method)) == 0)
			continue;
		if (*list != '\0')
			strncat(list, ", ", sizeof(list) - strlen(list) - 1);
		strncat(list, http_method_name((enum http_method)method), sizeof(list) - strlen(list) - 1);
	}
	reply_header(rq, "Allow", list);
	return reply_problem(rq, HTTP_METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "Method not allowed");
}

static enum http_status
dispatch_limit(struct request *rq, bool is_unlimited)
{
	if (is_unlimited || strncmp(rq->env.path, "/api/", 5) != 0)
		return 0;
	return access_limit(rq);
}

/* Route, caller, limit and right, in this order, whatever of it is there. */
static enum http_status
dispatch_admit(struct request *rq)
{
	const struct route *route;
	enum route_match match;
	enum http_status status;
	const char *id;
	unsigned allow;

	match = route_find(rq->env.method, rq->env.path, &route, &id, &allow);
	rq->route = route;
	if (match == ROUTE_FOUND && id != NULL)
		rq->id = arena_strndup(rq->arena, id, FIELD_UUID_LEN);
	status = access_identify(rq);
	if (status == HTTP_UNAUTHORIZED && route != NULL && route->access == OPEN) {
		/* Who signs in again may still send the token that ran out. */
		reply_clear(rq);
		status = 0;
	}
	if (status != 0) {
		/* A wrong token is counted too: guessing keys must not be free. */
		enum http_status over = dispatch_limit(rq, false);

		return over != 0 ? over : status;
	}
	if ((status = dispatch_limit(rq, route != NULL && (route->flags & UNLIMITED) != 0)) != 0)
		return status;
	if (match == ROUTE_UNKNOWN)
		return reply_problem(rq, HTTP_NOT_FOUND, "NOT_FOUND", "Not found");
	if (match == ROUTE_OTHER_METHOD)
		return dispatch_other_method(rq, allow);
	assert(route != NULL);
	rq->method = route->method;
	if ((status = access_check(rq)) != 0)
		return status;
	if (match == ROUTE_BAD_ID)
		return reply_problem(rq, HTTP_NOT_FOUND, "NOT_FOUND",
		    arena_printf(rq->arena, "%s not found", route->thing));
	return 0;
}

/* Parse text that is JSON by now; NULL with the refusal answered. */
static struct json *
dispatch_parse(struct request *rq, const char *text, size_t len, const char *what)
{
	const char *reason;
	struct json *json = json_parse(text, len, &reason);

	if (json == NULL) {
		reply_problem(rq, HTTP_BAD_REQUEST, "MALFORMED",
		    arena_printf(rq->arena, "%s: %s", what, reason));
		return NULL;
	}
	request_take_json(rq, json);
	if (json_type(json) != JSON_OBJECT) {
		reply_problem(rq, HTTP_BAD_REQUEST, "MALFORMED",
		    arena_printf(rq->arena, "%s must be an object", what));
		return NULL;
	}
	return json;
}

static enum http_status
dispatch_check(struct request *rq, const struct field *table, const struct json *json, bool is_text,
    bool is_lenient, const char **json_r)
{
	struct field_problems problems;

	*json_r = fields_check(rq->arena, table, json, is_text, is_lenient, &problems);
	return *json_r != NULL ? 0 : reply_invalid(rq, problems.list, problems.count);
}

static enum http_status
dispatch_read_query(struct request *rq)
{
	const char *reason, *text;
	struct json *json;

	if (rq->route->query == NULL || *rq->env.query == '\0')
		return 0;
	text = form_to_json(rq->arena, rq->env.query, strlen(rq->env.query), &reason);
	if (text == NULL)
		return reply_problem(rq, HTTP_BAD_REQUEST, "MALFORMED",
		    arena_printf(rq->arena, "Query string: %s", reason));
	if ((json = dispatch_parse(rq, text, strlen(text), "Query string")) == NULL)
		return rq->status;
	return dispatch_check(rq, rq->route->query, json, true, true, &rq->query_json);
}

static enum http_status
dispatch_read_body(struct request *rq)
{
	const char *text = rq->raw;
	size_t len = rq->raw_len;
	bool is_form = false;
	const char *reason;

	if (rq->route->body == NULL || (rq->route->flags & RAW_BODY) != 0)
		return 0;
	if (len == 0) {
		text = "{}";
		len = 2;
	} else if (request_is_type(rq, "application/x-www-form-urlencoded")) {
		is_form = true;
		text = form_to_json(rq->arena, text, len, &reason);
		if (text == NULL)
			return reply_problem(rq, HTTP_BAD_REQUEST, "MALFORMED",
			    arena_printf(rq->arena, "Body: %s", reason));
		len = strlen(text);
	} else if (!request_is_type(rq, "application/json")) {
		return reply_problem(rq, HTTP_UNSUPPORTED_TYPE, "UNSUPPORTED_TYPE",
		    "Content-Type must be application/json or application/x-www-form-urlencoded");
	}
	if ((rq->body = dispatch_parse(rq, text, len, "Body")) == NULL)
		return rq->status;
	if (dispatch_check(rq, rq->route->body, rq->body, is_form, false, &rq->body_json) != 0)
		return rq->status;
	/* Handlers read what was checked and normalised, not what was sent. */
	rq->body = dispatch_parse(rq, rq->body_json, strlen(rq->body_json), "Body");
	return rq->body == NULL ? rq->status : 0;
}

/* Whether the body is for us to read. What the provider signed is his, whatever is in it. */
static bool
dispatch_takes_body(const struct route *route)
{
	return route->access != BY_SIGNATURE && (route->body != NULL || (route->flags & RAW_BODY) != 0);
}

static enum http_status
dispatch_receive(struct request *rq)
{
	enum http_status status = request_read_body(rq);

	if (status == HTTP_TOO_LARGE)
		return reply_problem(rq, status, "TOO_LARGE", "Body is larger than 10 MB");
	if (status != 0)
		return reply_problem(rq, status, "MALFORMED", "Body ended before its Content-Length");
	if ((status = dispatch_read_query(rq)) != 0)
		return status;
	if (dispatch_takes_body(rq->route) && rq->raw_len > 0 && request_is_encoded(rq))
		return reply_problem(rq, HTTP_UNSUPPORTED_TYPE, "UNSUPPORTED_TYPE",
		    "Content-Encoding is not supported: send the body as it is");
	return dispatch_read_body(rq);
}

/* An answer worth keeping: a success or a rule's refusal, nothing that may pass by itself. */
static bool
dispatch_is_final(enum http_status status)
{
	return status < 500 && status != HTTP_UNAUTHORIZED && status != HTTP_FORBIDDEN &&
	    status != HTTP_TOO_MANY_REQUESTS;
}

struct idempotency {
	const char *route;
	const char *key;
	char body_hash[CRYPTO_SHA256_LEN * 2 + 1];
};

static enum db_outcome
dispatch_store(struct request *rq, const struct idempotency *id)
{
	struct db_result *result = NULL;
	char status[8];
	enum db_outcome outcome;

	snprintf(status, sizeof(status), "%d", (int)rq->status);
	outcome = db_call(rq->db, &stmts[STMT_idempotency_store],
	    ARGS(rq->who_json, id->route, id->key, id->body_hash, status, rq->tools->out->data,
		rq->resource_id, rq->etag, rq->location),
	    &result);
	db_result_free(&result);
	return outcome;
}

/* The claim was refused: replay the answer, wait on for its resource, or say that it is under way. */
static enum http_status
dispatch_replay(struct request *rq, const struct db_result *claim)
{
	const char *answer = db_value(claim, 0, db_column(claim, "answer"));
	const char *status = db_value(claim, 0, db_column(claim, "http_status"));

	if (answer == NULL || status == NULL)
		return reply_problem(rq, HTTP_CONFLICT, "IDEMPOTENCY_IN_PROGRESS",
		    "A request with this Idempotency-Key is under way");
	rq->resource_id = db_value(claim, 0, db_column(claim, "resource_id"));
	rq->etag = db_value(claim, 0, db_column(claim, "etag"));
	rq->location = db_value(claim, 0, db_column(claim, "location"));
	reply_stored(rq, (enum http_status)strtol(status, NULL, 10), answer);
	if (rq->route->waiter != NULL && rq->resource_id != NULL)
		return rq->route->waiter(rq);
	return rq->status;
}

/* Run the handler in one transaction with the claim of its key and the stored answer. */
static enum http_status
dispatch_once(struct request *rq, const struct idempotency *id, bool *is_replay_r)
{
	struct db_result *claim;
	enum db_outcome outcome = db_begin(rq->db);

	if (outcome != DB_OK)
		return reply_db_problem(rq, outcome);
	claim = reply_rows(rq, STMT_idempotency_claim, ARGS(rq->who_json, id->route, id->key, id->body_hash));
	if (claim == NULL) {
		bool is_waiting = strcmp(db_error(rq->db)->sqlstate, "55P03") == 0;

		db_rollback(rq->db);
		if (!is_waiting)
			return rq->status;
		reply_clear(rq);
		return reply_problem(rq, HTTP_CONFLICT, "IDEMPOTENCY_IN_PROGRESS",
		    "A request with this Idempotency-Key is under way");
	}
	*is_replay_r = strcmp(db_value(claim, 0, db_column(claim, "is_claimed")), "f") == 0;
	if (*is_replay_r) {
		db_rollback(rq->db);
		return dispatch_replay(rq, claim);
	}

	rq->route->handler(rq);
	if (rq->status >= 400) {
		/* The refusal broke the transaction; it is kept by itself. */
		db_rollback(rq->db);
		if (dispatch_is_final(rq->status))
			dispatch_store(rq, id);
		return rq->status;
	}
	if ((outcome = dispatch_store(rq, id)) == DB_OK)
		outcome = db_commit(rq->db);
	if (outcome != DB_OK) {
		db_rollback(rq->db);
		reply_clear(rq);
		return reply_db_problem(rq, outcome);
	}
	return rq->status;
}

static void
dispatch_wake(struct request *rq)
{
	if ((rq->route->flags & EMITS) != 0)
		db_notify(rq->db, "vals_event");
	if ((rq->route->flags & COMMANDS) != 0)
		db_notify(rq->db, "vals_command");
}

/* Run a handler of several calls as one transaction. */
static enum http_status
dispatch_whole(struct request *rq)
{
	enum db_outcome outcome = db_begin(rq->db);

	if (outcome != DB_OK)
		return reply_db_problem(rq, outcome);
	rq->route->handler(rq);
	if (rq->status >= 400) {
		db_rollback(rq->db);
		return rq->status;
	}
	if ((outcome = db_commit(rq->db)) == DB_OK)
		return rq->status;
	reply_clear(rq);
	return reply_db_problem(rq, outcome);
}

/*
 * Ask the replica, and the primary if that one is away, cancels what holds up its replay, or has not got our
 * functions yet. What took it too long is not begun anew.
 */
static void
dispatch_from_replica(struct request *rq)
{
	struct db *primary = rq->db;
	bool was_slow;

	rq->db = rq->tools->replica;
	rq->route->handler(rq);
	was_slow = rq->status >= 500 && strcmp(db_error(rq->db)->sqlstate, DISPATCH_CANCELED) == 0;
	rq->db = primary;
	if (rq->status < 500 || was_slow) {
		atomic_fetch_add(&rq->tools->shared->replica_reads, 1);
		return;
	}
	atomic_fetch_add(&rq->tools->shared->replica_failures, 1);
	reply_clear(rq);
	rq->route->handler(rq);
}

static void
dispatch_handle(struct request *rq)
{
	if ((rq->route->flags & IN_TRANSACTION) != 0)
		dispatch_whole(rq);
	else if ((rq->route->flags & FROM_REPLICA) != 0 && rq->tools->replica != NULL)
		dispatch_from_replica(rq);
	else
		rq->route->handler(rq);
}

static enum http_status
dispatch_work(struct request *rq)
{
	struct idempotency id = { .key = rq->env.idempotency_key };
	uint8_t hash[CRYPTO_SHA256_LEN];
	bool is_replay = false;

	if (*id.key == '\0' || rq->route->method != POST || (rq->route->flags & NO_REPLAY) != 0) {
		dispatch_handle(rq);
	} else {
		if (strlen(id.key) > IDEMPOTENCY_KEY_MAX)
			return reply_problem(rq, HTTP_BAD_REQUEST, "VALIDATION",
			    "Idempotency-Key is longer than 255 characters");
		id.route = arena_printf(rq->arena, "POST %s%s%s", rq->env.path,
		    rq->route->query != NULL ? "?" : "", rq->route->query != NULL ? rq->env.query : "");
		crypto_sha256(rq->raw, rq->raw_len, hash);
		crypto_hex(hash, sizeof(hash), id.body_hash);
		dispatch_once(rq, &id, &is_replay);
	}
	if (rq->status >= 300 || is_replay)
		return rq->status;
	if (rq->route->waiter != NULL && rq->resource_id != NULL) {
		dispatch_wake(rq);
		return rq->route->waiter(rq);
	}
	return rq->status;
}

/*
 * The same within one of the places for requests that take long. With a little patience, for most of them do not: then
 * a burst only queues.
 */
static enum http_status
dispatch_work_long(struct request *rq)
{
	struct shared *shared = rq->tools->shared;
	int64_t deadline = clock_ms() + PLACE_PATIENCE_MS;
	enum http_status status;

	while (!shared_place_enter(shared->waiters, shared->waiters_max)) {
		if (clock_ms() >= deadline)
			return reply_unavailable(rq);
		clock_sleep_ms(PLACE_POLL_MS);
	}
	status = dispatch_work(rq);
	shared_place_leave(shared->waiters, shared->waiters_max);
	return status;
}

/* The path as one word: nginx has decoded it, so a line break may stand in it. */
static const char *
dispatch_path_word(const struct request *rq)
{
	char *word = arena_strdup(rq->arena, rq->env.path);

	for (char *c = word; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			*c = '?';
	return word;
}

/* What the seed's format says of a request, NULL under another one. The environment dies with the answer. */
static const char *
dispatch_seed_line(const struct request *rq)
{
	if (strcmp(conf_text(CONF_log_requests), "seed") != 0)
		return NULL;
	return arena_printf(rq->arena, "%s %s", rq->env.method, dispatch_path_word(rq));
}

static void
dispatch_log(const struct request *rq, const char *seed_line)
{
	const char *format = conf_text(CONF_log_requests);
	char now[CLOCK_ISO_SIZE];
	int64_t us = clock_us() - rq->started_us;

	if (seed_line != NULL)
		fprintf(stderr, "%s - %s\n", clock_iso(now), seed_line);
	else if (strcmp(format, "fields") == 0)
		log_fields(LOG_LEVEL_INFO, "request",
		    "method=%s route=%s status=%d bytes=%zu ms=%lld.%lld db_ms=%lld.%lld user=%s",
		    rq->route != NULL ? http_method_name(rq->route->method) : "-",
		    rq->route != NULL ? rq->route->path : "-", (int)rq->status, rq->tools->out->len,
		    (long long)us / 1000, (long long)us / 100 % 10, (long long)rq->db_us / 1000,
		    (long long)rq->db_us / 100 % 10,
		    rq->who.kind != CALLER_NOBODY ? rq->who.id : "-");
}

void
dispatch(struct arena *arena, const struct worker_tools *tools)
{
	const char *seed_line;
	struct request rq;

	buf_clear(tools->out);
	buf_clear(tools->headers);
	request_init(&rq, arena, tools);
	log_request(rq.env.request_id);

	if (dispatch_admit(&rq) == 0 && dispatch_receive(&rq) == 0) {
		if ((rq.route->flags & WAITS) != 0)
			dispatch_work_long(&rq);
		else
			dispatch_work(&rq);
	}
	assert(rq.status != 0);

	if (!rq.is_streamed && !reply_send(&rq))
		log_info("dispatch", "client left before the answer");
	seed_line = dispatch_seed_line(&rq);
	/* Whoever has the answer finds it counted. */
	metrics_count(&rq);
	fcgx_finish(tools->fcgx);
	if (rq.route != NULL && rq.route->waiter == NULL && rq.status < 300)
		dispatch_wake(&rq);
	dispatch_log(&rq, seed_line);
	log_request(NULL);
}
