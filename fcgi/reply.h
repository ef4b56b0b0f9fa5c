/*
 * reply.h - the only ways to answer
 *
 * An answer is gathered in the worker's buffers and sent by the frame, so that it can be
 * kept for an Idempotency-Key first. Each function returns the status it answered with: a
 * handler ends with `return reply_...`.
 */
#ifndef VALS_REPLY_H
#define VALS_REPLY_H

#include "request.h"
#include "stmts.h"

struct field_problem;
struct limiter_verdict;

/* Add a header; value is ours, never the client's. */
void reply_header(struct request *rq, const char *name, const char *value);

/* {"success":true,"data":<data>,"message":"..."}; message may be NULL. */
enum http_status reply_data(struct request *rq, enum http_status status, const char *data, const char *message);

/* {"success":true,<members of page>}: a list with its pagination. */
enum http_status reply_page(struct request *rq, const char *page);

/* {"success":false,"error":message,"code":code}; code may be NULL. */
enum http_status reply_problem(struct request *rq, enum http_status status, const char *code,
    const char *message);

/* 400 with the fields that are wrong. */
enum http_status reply_invalid(struct request *rq, const struct field_problem *problems, size_t count);

/* A body outside the envelope. */
enum http_status reply_raw(struct request *rq, enum http_status status, const char *content_type,
    const char *body);

/* Answer again what was stored: the body is the whole envelope. */
enum http_status reply_stored(struct request *rq, enum http_status status, const char *body);

/* Forget what was answered so far and its headers. */
void reply_clear(struct request *rq);

/* 503 with Retry-After. */
enum http_status reply_unavailable(struct request *rq);

/* Set the limit headers; 429 if over, else 0. */
enum http_status reply_limit(struct request *rq, const struct limiter_verdict *verdict);

/*
 * Run a statement; its result lives as long as the request. NULL when it failed: the failure
 * has been answered then, rq->status says how.
 */
struct db_result *reply_rows(struct request *rq, enum stmt stmt, const char *const *args);

/*
 * Run a statement and answer its first row's first column as data. Columns named
 * etag and resource_id, if there are, become the ETag and rq->resource_id.
 */
enum http_status reply_call(struct request *rq, enum http_status status, const char *message, enum stmt stmt,
    const char *const *args);

/* The same for what makes something: 201, found at collection/<resource_id> from then on. */
enum http_status reply_created(struct request *rq, const char *collection, const char *message, enum stmt stmt,
    const char *const *args);

/* Run a statement whose first column is a page. */
enum http_status reply_call_page(struct request *rq, enum stmt stmt, const char *const *args);

/* Answer for a database call that did not end well. */
enum http_status reply_db_problem(struct request *rq, enum db_outcome outcome);

/* Send the headers of a 200 whose body follows piece by piece; each is false when the peer is gone. */
bool reply_stream_begin(struct request *rq, const char *content_type);
bool reply_stream(struct request *rq, const char *data, size_t len);

/* Break a stream off, so that the peer does not take it for whole. */
void reply_stream_abort(struct request *rq);

/* Send what was gathered. False when the peer is gone. */
bool reply_send(struct request *rq);

#endif
