/*
 * request.c - reading a request's environment, cookies and body
 */
#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "conf.h"
#include "fcgx.h"
#include "json.h"

#define REQUEST_CALLER_SIZE 256	/* bytes that nearly every caller's JSON fits into */

#define REQUEST_QUEUED_MAX_US 86400e6

/* Which variable fills which member; REPEAT_REFUSED where two make no sense. */
struct request_variable {
	const char *name;
	size_t name_len;
	size_t offset;
	bool refuses_repeat;
};

#define VARIABLE(name, member) { name, sizeof(name) - 1, offsetof(struct request_env, member), false }
#define VARIABLE_ONCE(name, member) { name, sizeof(name) - 1, offsetof(struct request_env, member), true }

static const struct request_variable request_variables[] = {
	VARIABLE("REQUEST_METHOD", method),
	VARIABLE("DOCUMENT_URI", path),
	VARIABLE("QUERY_STRING", query),
	VARIABLE("CONTENT_TYPE", content_type),
	VARIABLE("HTTP_CONTENT_ENCODING", content_encoding),
	VARIABLE("CONTENT_LENGTH", content_length),
	VARIABLE("REMOTE_ADDR", address),
	VARIABLE("REQUEST_ID", request_id),
	VARIABLE("REQUEST_PASSED", passed_at),
	VARIABLE("REQUEST_SCHEME", scheme),
	VARIABLE("HTTP_HOST", host),
	VARIABLE("HTTP_ORIGIN", origin),
	VARIABLE_ONCE("HTTP_AUTHORIZATION", authorization),
	VARIABLE("HTTP_COOKIE", cookie),
	VARIABLE_ONCE("HTTP_IF_MATCH", if_match),
	VARIABLE_ONCE("HTTP_IDEMPOTENCY_KEY", idempotency_key),
	VARIABLE("HTTP_PREFER", prefer),
	VARIABLE("HTTP_X_REQUESTED_WITH", requested_with),
	VARIABLE_ONCE("HTTP_TELNYX_SIGNATURE_ED25519", telnyx_signature),
	VARIABLE_ONCE("HTTP_TELNYX_TIMESTAMP", telnyx_timestamp),
};

#define REQUEST_VARIABLES (sizeof(request_variables) / sizeof(*request_variables))

static const char **
request_member(struct request_env *env, const struct request_variable *variable)
{
	return (const char **)(void *)((char *)env + variable->offset);
}

static void
request_take_param(const char *name, size_t name_len, const char *value, void *arg)
{
	struct request *rq = arg;

	for (size_t i = 0; i < REQUEST_VARIABLES; i++) {
		const struct request_variable *variable = &request_variables[i];
		const char **member;

		if (variable->name_len != name_len || memcmp(variable->name, name, name_len) != 0)
			continue;
		member = request_member(&rq->env, variable);
		if (**member == '\0')
			*member = value;	/* the first wins, as FCGX_GetParam has it */
		else if (variable->refuses_repeat)
			rq->env.has_repeated_header = true;
		return;
	}
}

/* How long the request lay in the queue of our socket. */
static int64_t
request_queued_us(const struct request *rq)
{
	double passed_at = strtod(rq->env.passed_at, NULL);
	double queued_us = (double)clock_unix_us() - passed_at * 1e6;

	/* Anything but a time of today's makes no sense. */
	if (!(passed_at > 0 && queued_us < REQUEST_QUEUED_MAX_US))
		return -1;
	return queued_us > 0 ? (int64_t)queued_us : 0;
}

void
request_init(struct request *rq, struct arena *arena, const struct worker_tools *tools)
{
	*rq = (struct request){
		.arena = arena,
		.tools = tools,
		.db = tools->db,
		.who_json = "{}",
		.raw = "",
		.body_json = "{}",
		.query_json = "{}",
		.started_us = clock_us(),
	};
	for (size_t i = 0; i < REQUEST_VARIABLES; i++)
		*request_member(&rq->env, &request_variables[i]) = "";
	fcgx_each_param(tools->fcgx, request_take_param, rq);
	rq->queued_us = request_queued_us(rq);
}

static void
request_free_json(void *json)
{
	json_free(json);
}

void
request_take_json(struct request *rq, struct json *json)
{
	arena_cleanup(rq->arena, request_free_json, json);
}

static void
request_free_result(void *result)
{
	struct db_result *owned = result;

	db_result_free(&owned);
}

void
request_take_result(struct request *rq, struct db_result *result)
{
	arena_cleanup(rq->arena, request_free_result, result);
}

const struct json *
request_query(struct request *rq)
{
	const char *reason;
	struct json *query = json_parse(rq->query_json, strlen(rq->query_json), &reason);

	request_take_json(rq, query);
	return query;
}

enum http_status
request_read_body(struct request *rq)
{
	const char *text = rq->env.content_length;
	char *body, *end;
	unsigned long long len;

	if (*text == '\0')
		return 0;
	errno = 0;
	len = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || *text < '0' || *text > '9')
		return HTTP_BAD_REQUEST;
	if (len > REQUEST_BODY_MAX)
		return HTTP_TOO_LARGE;
	body = arena_alloc(rq->arena, (size_t)len + 1);
	if (!fcgx_read(rq->tools->fcgx, body, (size_t)len))
		return HTTP_BAD_REQUEST;
	body[len] = '\0';
	rq->raw = body;
	rq->raw_len = (size_t)len;
	return 0;
}

const char *
request_field(const struct request *rq, const char *name)
{
	return rq->body == NULL ? NULL : json_string(json_get(rq->body, name));
}

const char *
request_cookie(struct request *rq, const char *name)
{
	const char *at = rq->env.cookie;
	size_t name_len = strlen(name);

	/* RFC 6265, section 4.2.1: pairs with "; " between them. */
	while (*at != '\0') {
		size_t pair_len = strcspn(at, ";");

		if (pair_len > name_len && at[name_len] == '=' && strncmp(at, name, name_len) == 0)
			return arena_strndup(rq->arena, at + name_len + 1, pair_len - name_len - 1);
		at += pair_len;
		at += strspn(at, "; ");
	}
	return NULL;
}

bool
request_prefers(const struct request *rq, const char *preference)
{
	const char *at = rq->env.prefer;
	size_t len = strlen(preference);

	while (*at != '\0') {
		at += strspn(at, ", \t");
		if (strncasecmp(at, preference, len) == 0 && strchr(",; \t", at[len]) != NULL)
			return true;
		at += strcspn(at, ",");
	}
	return false;
}

bool
request_is_type(const struct request *rq, const char *type)
{
	size_t len = strlen(type);

	return strncasecmp(rq->env.content_type, type, len) == 0 &&
	    strchr("; ", rq->env.content_type[len]) != NULL;
}

bool
request_is_encoded(const struct request *rq)
{
	return *rq->env.content_encoding != '\0' && strcasecmp(rq->env.content_encoding, "identity") != 0;
}

bool
request_is_secure(const struct request *rq)
{
	return strcmp(rq->env.scheme, "https") == 0;
}

/* Whether a comma-separated list holds the origin, byte for byte. */
static bool
request_list_has(const char *list, const char *origin)
{
	size_t len = strlen(origin);

	while (*list != '\0') {
		size_t item = strcspn(list, ", ");

		if (item == len && strncmp(list, origin, len) == 0)
			return true;
		list += item;
		list += strspn(list, ", ");
	}
	return false;
}

bool
request_origin_is_ours(const struct request *rq)
{
	const char *origin = rq->env.origin;
	size_t scheme_len = strlen(rq->env.scheme);

	if (*origin == '\0')
		return false;
	if (strncmp(origin, rq->env.scheme, scheme_len) == 0 && strncmp(origin + scheme_len, "://", 3) == 0 &&
	    *rq->env.host != '\0' && strcasecmp(origin + scheme_len + 3, rq->env.host) == 0)
		return true;
	return request_list_has(conf_text(CONF_allowed_origins), origin);
}

void
request_set_caller(struct request *rq, const struct caller *who)
{
	struct buf json = { 0 };

	/* Id and role are ours; address and request id come from nginx. */
	rq->who = *who;
	buf_reserve(&json, REQUEST_CALLER_SIZE);
	if (who->kind == CALLER_NOBODY) {
		buf_adds(&json, "{\"id\":null,\"role\":\"");
	} else {
		buf_adds(&json, "{\"id\":\"");
		buf_adds(&json, who->id);
		buf_adds(&json, "\",\"role\":\"");
	}
	buf_adds(&json, who->role);
	buf_adds(&json, "\",\"address\":");
	buf_add_json_string(&json, rq->env.address, strlen(rq->env.address));
	buf_adds(&json, ",\"requestId\":");
	buf_add_json_string(&json, rq->env.request_id, strlen(rq->env.request_id));
	buf_addc(&json, '}');
	rq->who_json = arena_strndup(rq->arena, json.data, json.len);
	buf_free(&json);
}
