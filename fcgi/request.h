/*
 * request.h - one request: what came in, and what it may use
 *
 * The frame fills it in the order of the struct; a handler runs only when all of it is there.
 * Every text lives as long as the request's arena.
 */
#ifndef VALS_REQUEST_H
#define VALS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "http.h"
#include "token.h"

#define REQUEST_BODY_MAX (10 * 1024 * 1024)

struct fcgx;
struct json;
struct limiter;
struct route;
struct shared;

/* What a worker lends to its requests. */
struct worker_tools {
	struct db *db;
	struct db *replica;	/* NULL = there is none */
	struct fcgx *fcgx;
	struct limiter *limiter;
	struct shared *shared;
	struct shared_slot *slot;
	struct buf *out;	/* the answer's body is gathered here */
	struct buf *headers;	/* and its headers */
};

/* Who asks. */
enum caller_kind {
	CALLER_NOBODY,
	CALLER_USER,
	CALLER_KEY,
};

struct caller {
	enum caller_kind kind;
	char id[TOKEN_ID_SIZE];
	char session_id[TOKEN_ID_SIZE];	/* of a user's access token, else "" */
	char role[TOKEN_ROLE_SIZE];
	unsigned scopes;		/* of a key: bits 1 << enum access */
};

/* The variables of the environment the API looks at; "" when absent. */
struct request_env {
	const char *method;
	const char *path;
	const char *query;
	const char *content_type;
	const char *content_encoding;
	const char *content_length;
	const char *address;
	const char *request_id;
	const char *passed_at;		/* seconds since 1970 at nginx, with a fraction */
	const char *scheme;
	const char *host;
	const char *origin;
	const char *authorization;
	const char *cookie;
	const char *if_match;
	const char *idempotency_key;
	const char *prefer;
	const char *requested_with;
	const char *telnyx_signature;
	const char *telnyx_timestamp;
	bool has_repeated_header;	/* two of a kind where only one makes sense */
};

struct request {
	struct arena *arena;
	const struct worker_tools *tools;
	struct db *db;
	struct request_env env;
	enum http_method method;
	const struct route *route;
	const char *id;			/* the :id of the path, a uuid; NULL if the route has none */
	struct caller who;
	const char *who_json;		/* first argument of every database call */
	const char *raw;		/* the body as it came, NUL-terminated */
	size_t raw_len;
	struct json *body;		/* validated against the route's table */
	const char *body_json;		/* the same as the database gets it */
	const char *query_json;		/* the query parameters, likewise */
	const char *resource_id;	/* what was made, and what a waiting route waits for */
	const char *etag;		/* header of the answer, NULL = none; kept with it for a replay */
	const char *location;		/* likewise: where what was made is found, of a 201 only */
	enum http_status status;	/* what was answered; 0 until then */
	bool is_raw_answer;		/* the answer is not in an envelope */
	bool is_streamed;		/* the answer has been sent piece by piece */
	int64_t queued_us;		/* between nginx, whose clock has milliseconds, and us; -1 = unknown */
	int64_t started_us;
	int64_t db_us;			/* spent waiting for the database */
};

/* Start a request: read the environment. Nothing is judged yet. */
void request_init(struct request *rq, struct arena *arena, const struct worker_tools *tools);

/* Have a parsed value, or a result, end with the request; both may be NULL. */
void request_take_json(struct request *rq, struct json *json);
void request_take_result(struct request *rq, struct db_result *result);

/* The checked query parameters, parsed; they end with the request. */
const struct json *request_query(struct request *rq);

/* Read the body into the arena. 0, or the status to refuse with. */
enum http_status request_read_body(struct request *rq);

/* A text member of the validated body, NULL if absent or null. */
const char *request_field(const struct request *rq, const char *name);

/* Whether the Prefer header names this preference (RFC 7240). */
bool request_prefers(const struct request *rq, const char *preference);

/* The value of a cookie, NULL if absent. */
const char *request_cookie(struct request *rq, const char *name);

/* Whether the content type is this one, parameters aside. */
bool request_is_type(const struct request *rq, const char *type);

/* Whether the body was compressed, or written otherwise than its type says. */
bool request_is_encoded(const struct request *rq);

/* Whether the request came over TLS, as nginx saw it. */
bool request_is_secure(const struct request *rq);

/*
 * Whether the Origin header names ourselves or an allowed site. An absent one is
 * not allowed here: that is for callers with a token.
 */
bool request_origin_is_ours(const struct request *rq);

/* Write the caller's JSON for the database once it is known. */
void request_set_caller(struct request *rq, const struct caller *who);

#endif
