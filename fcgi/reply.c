/*
 * reply.c - envelopes, headers, and what a failed database call means to the client
 */
#include "reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "fcgx.h"
#include "fields.h"
#include "json.h"
#include "limiter.h"
#include "log.h"
#include "shared.h"

/* What a broken constraint means; anything not named here is answered by its SQLSTATE alone. */
static const struct reply_constraint {
	const char *name;
	enum http_status status;
	const char *code;
	const char *field;
	const char *message;
} reply_constraints[] = {
	{ "leads_phone_unique", HTTP_CONFLICT, "PHONE_TAKEN", "phone", "A lead with this phone number already exists" },
	{ "leads_email_unique", HTTP_CONFLICT, "EMAIL_TAKEN", "email", "A lead with this email already exists" },
	{ "leads_custom_fields_size", HTTP_BAD_REQUEST, "VALIDATION", "customFields", "is larger than 8192 bytes" },
	{ "calls_one_live_per_lead", HTTP_CONFLICT, "LEAD_ON_CALL", "leadId", "Lead is already on a call" },
	{ "users_email_unique", HTTP_CONFLICT, "EMAIL_TAKEN", "email", "A user with this email already exists" },
};

static const char *
reply_status_text(enum http_status status)
{
	switch (status) {
	case HTTP_OK: return "OK";
	case HTTP_CREATED: return "Created";
	case HTTP_ACCEPTED: return "Accepted";
	case HTTP_BAD_REQUEST: return "Bad Request";
	case HTTP_UNAUTHORIZED: return "Unauthorized";
	case HTTP_FORBIDDEN: return "Forbidden";
	case HTTP_NOT_FOUND: return "Not Found";
	case HTTP_METHOD_NOT_ALLOWED: return "Method Not Allowed";
	case HTTP_CONFLICT: return "Conflict";
	case HTTP_TOO_LARGE: return "Content Too Large";
	case HTTP_UNSUPPORTED_TYPE: return "Unsupported Media Type";
	case HTTP_TOO_MANY_REQUESTS: return "Too Many Requests";
	case HTTP_INTERNAL_ERROR: return "Internal Server Error";
	case HTTP_BAD_GATEWAY: return "Bad Gateway";
	case HTTP_UNAVAILABLE: return "Service Unavailable";
	}
	return "Unknown";
}

void
reply_header(struct request *rq, const char *name, const char *value)
{
	buf_adds(rq->tools->headers, name);
	buf_add(rq->tools->headers, ": ", 2);
	buf_adds(rq->tools->headers, value);
	buf_add(rq->tools->headers, "\r\n", 2);
}

void
reply_clear(struct request *rq)
{
	buf_clear(rq->tools->out);
	buf_clear(rq->tools->headers);
	rq->status = 0;
	rq->is_raw_answer = false;
	rq->etag = NULL;
	rq->location = NULL;
}

/* Begin an answer; a later one replaces an earlier one, headers stay. */
static struct buf *
reply_begin(struct request *rq, enum http_status status, const char *content_type)
{
	if (rq->status == 0)
		reply_header(rq, "Content-Type", content_type);
	rq->status = status;
	buf_clear(rq->tools->out);
	return rq->tools->out;
}

static struct buf *
reply_begin_json(struct request *rq, enum http_status status)
{
	return reply_begin(rq, status, "application/json; charset=utf-8");
}

enum http_status
reply_data(struct request *rq, enum http_status status, const char *data, const char *message)
{
	struct buf *out = reply_begin_json(rq, status);

	buf_adds(out, "{\"success\":true,\"data\":");
	buf_adds(out, data);
	if (message != NULL) {
		buf_adds(out, ",\"message\":");
		buf_add_json_string(out, message, strlen(message));
	}
	buf_addc(out, '}');
	return status;
}

enum http_status
reply_page(struct request *rq, const char *page)
{
	struct buf *out = reply_begin_json(rq, HTTP_OK);

	/* page is an object: its members move into the envelope. */
	buf_adds(out, "{\"success\":true,");
	buf_adds(out, page + 1);
	return HTTP_OK;
}

static struct buf *
reply_begin_problem(struct request *rq, enum http_status status, const char *code, const char *message)
{
	struct buf *out = reply_begin_json(rq, status);

	buf_adds(out, "{\"success\":false,\"error\":");
	buf_add_json_string(out, message, strlen(message));
	if (code != NULL && *code != '\0') {
		buf_adds(out, ",\"code\":");
		buf_add_json_string(out, code, strlen(code));
	}
	return out;
}

enum http_status
reply_problem(struct request *rq, enum http_status status, const char *code, const char *message)
{
	buf_addc(reply_begin_problem(rq, status, code, message), '}');
	return status;
}

enum http_status
reply_invalid(struct request *rq, const struct field_problem *problems, size_t count)
{
	struct buf *out = reply_begin_problem(rq, HTTP_BAD_REQUEST, "VALIDATION", "Validation failed");

	buf_adds(out, ",\"details\":[");
	for (size_t i = 0; i < count; i++) {
		buf_adds(out, i == 0 ? "{\"field\":" : ",{\"field\":");
		buf_add_json_string(out, problems[i].field, strlen(problems[i].field));
		buf_adds(out, ",\"message\":");
		buf_add_json_string(out, problems[i].message, strlen(problems[i].message));
		buf_addc(out, '}');
	}
	buf_adds(out, "]}");
	return HTTP_BAD_REQUEST;
}

enum http_status
reply_raw(struct request *rq, enum http_status status, const char *content_type, const char *body)
{
	buf_adds(reply_begin(rq, status, content_type), body);
	rq->is_raw_answer = true;
	return status;
}

enum http_status
reply_stored(struct request *rq, enum http_status status, const char *body)
{
	reply_header(rq, "Idempotency-Replayed", "true");
	buf_adds(reply_begin_json(rq, status), body);
	return status;
}

enum http_status
reply_unavailable(struct request *rq)
{
	reply_header(rq, "Retry-After", "1");
	return reply_problem(rq, HTTP_UNAVAILABLE, "UNAVAILABLE", "Service temporarily unavailable, try again");
}

enum http_status
reply_limit(struct request *rq, const struct limiter_verdict *verdict)
{
	char number[32];

	snprintf(number, sizeof(number), "%ld", verdict->limit);
	reply_header(rq, "RateLimit-Limit", number);
	reply_header(rq, "X-RateLimit-Limit", number);
	snprintf(number, sizeof(number), "%ld", verdict->remaining);
	reply_header(rq, "RateLimit-Remaining", number);
	reply_header(rq, "X-RateLimit-Remaining", number);
	snprintf(number, sizeof(number), "%ld", verdict->reset_s);
	reply_header(rq, "RateLimit-Reset", number);
	if (verdict->is_over)
		reply_header(rq, "Retry-After", number);
	snprintf(number, sizeof(number), "%lld", (long long)clock_unix() + verdict->reset_s);
	reply_header(rq, "X-RateLimit-Reset", number);
	if (!verdict->is_over)
		return 0;
	/* The wording is the one clients of the first system know. */
	buf_addf(reply_begin_json(rq, HTTP_TOO_MANY_REQUESTS),
	    "{\"success\":false,\"error\":\"Too many requests from this IP\",\"retryAfter\":\"%ld minutes\"}",
	    (conf_int(CONF_rate_limit_window) + 59) / 60);
	return HTTP_TOO_MANY_REQUESTS;
}

static const struct reply_constraint *
reply_constraint_find(const char *name)
{
	for (size_t i = 0; i < sizeof(reply_constraints) / sizeof(*reply_constraints); i++)
		if (strcmp(reply_constraints[i].name, name) == 0)
			return &reply_constraints[i];
	return NULL;
}

/* A detail which is an object brings members of its own; one of them is a header too. */
static void
reply_add_detail(struct request *rq, struct buf *out, const char *detail)
{
	static const char member[] = "\"retryAfterSeconds\"";
	const char *retry = strstr(detail, member);

	if (retry != NULL) {
		retry += strcspn(retry, "0123456789");
		reply_header(rq, "Retry-After", arena_printf(rq->arena, "%ld", strtol(retry, NULL, 10)));
	}
	if (*detail == '[') {
		buf_adds(out, ",\"details\":");
		buf_adds(out, detail);
	} else if (*detail == '{' && detail[1] != '}') {
		buf_addc(out, ',');
		buf_add(out, detail + 1, strlen(detail) - 2);
	}
}

enum http_status
reply_db_problem(struct request *rq, enum db_outcome outcome)
{
	const struct db_error *error = db_error(rq->db);
	enum http_status status = (enum http_status)db_http_status(outcome, error);
	const struct reply_constraint *constraint = reply_constraint_find(error->constraint);
	struct buf *out;

	if (status == HTTP_UNAVAILABLE)
		return reply_unavailable(rq);
	if (outcome == DB_REFUSED && constraint != NULL) {
		struct field_problem problem = { constraint->field, constraint->message };

		if (constraint->status == HTTP_BAD_REQUEST)
			return reply_invalid(rq, &problem, 1);
		return reply_problem(rq, constraint->status, constraint->code, constraint->message);
	}
	if (status == HTTP_INTERNAL_ERROR || strncmp(error->sqlstate, "RS", 2) != 0) {
		log_warn("reply_db_problem", "database refused: sqlstate %s, constraint '%s': %s",
		    error->sqlstate, error->constraint, error->message);
		if (status == HTTP_INTERNAL_ERROR)
			return reply_problem(rq, status, "INTERNAL", "Internal server error");
		return reply_problem(rq, status, "VALIDATION", "A value is not acceptable");
	}
	if (strcmp(error->hint, "LOGIN_THROTTLED") == 0)
		atomic_fetch_add(&rq->tools->shared->logins_throttled, 1);
	out = reply_begin_problem(rq, status, error->hint, error->message);
	reply_add_detail(rq, out, error->detail);
	buf_addc(out, '}');
	return status;
}

struct db_result *
reply_rows(struct request *rq, enum stmt stmt, const char *const *args)
{
	struct db_result *result = NULL;
	int64_t began = clock_us();
	enum db_outcome outcome = db_call(rq->db, &stmts[stmt], args, &result);

	rq->db_us += clock_us() - began;
	if (outcome != DB_OK) {
		reply_db_problem(rq, outcome);
		return NULL;
	}
	request_take_result(rq, result);
	return result;
}

/* The answer's first value; "null" where the function answered nothing. */
static const char *
reply_first(const struct db_result *result)
{
	const char *value = db_rows(result) > 0 ? db_value(result, 0, 0) : NULL;

	return value == NULL ? "null" : value;
}

enum http_status
reply_call(struct request *rq, enum http_status status, const char *message, enum stmt stmt,
    const char *const *args)
{
	struct db_result *result = reply_rows(rq, stmt, args);
	int column;

	if (result == NULL)
		return rq->status;
	if (db_columns(result) > 1 && db_rows(result) > 0) {
		if ((column = db_column(result, "etag")) != -1)
			rq->etag = db_value(result, 0, column);
		if ((column = db_column(result, "resource_id")) != -1)
			rq->resource_id = db_value(result, 0, column);
	}
	return reply_data(rq, status, reply_first(result), message);
}

enum http_status
reply_created(struct request *rq, const char *collection, const char *message, enum stmt stmt,
    const char *const *args)
{
	enum http_status status = reply_call(rq, HTTP_CREATED, message, stmt, args);

	if (status == HTTP_CREATED)
		rq->location = arena_printf(rq->arena, "%s/%s", collection, rq->resource_id);
	return status;
}

enum http_status
reply_call_page(struct request *rq, enum stmt stmt, const char *const *args)
{
	struct db_result *result = reply_rows(rq, stmt, args);

	if (result == NULL)
		return rq->status;
	return reply_page(rq, reply_first(result));
}

bool
reply_stream_begin(struct request *rq, const char *content_type)
{
	struct buf *headers = rq->tools->headers;

	reply_begin(rq, HTTP_OK, content_type);
	rq->is_streamed = true;
	reply_header(rq, "Cache-Control", "no-store");
	buf_adds(headers, "\r\n");
	return fcgx_write(rq->tools->fcgx, headers->data, headers->len);
}

bool
reply_stream(struct request *rq, const char *data, size_t len)
{
	return fcgx_write(rq->tools->fcgx, data, len) && fcgx_flush(rq->tools->fcgx);
}

void
reply_stream_abort(struct request *rq)
{
	fcgx_abort(rq->tools->fcgx);
}

bool
reply_send(struct request *rq)
{
	char head[64];
	int len =
	    snprintf(head, sizeof(head), "Status: %d %s\r\n", (int)rq->status, reply_status_text(rq->status));
	struct buf *headers = rq->tools->headers;

	if (!rq->is_raw_answer)
		reply_header(rq, "Cache-Control", "no-store");
	if (rq->etag != NULL)
		reply_header(rq, "ETag", rq->etag);
	/* RFC 9110, section 15.3.2. What was made may still be refused while it is waited for. */
	if (rq->location != NULL && rq->status == HTTP_CREATED)
		reply_header(rq, "Location", rq->location);
	buf_addf(headers, "Content-Length: %zu\r\n\r\n", rq->tools->out->len);
	return fcgx_write(rq->tools->fcgx, head, (size_t)len) &&
	    fcgx_write(rq->tools->fcgx, headers->data, headers->len) &&
	    (rq->tools->out->len == 0 ||
		fcgx_write(rq->tools->fcgx, rq->tools->out->data, rq->tools->out->len));
}
