/*
 * access.c - bearer tokens, API keys, roles and limits
 *
 * An API key costs a query; each worker remembers the keys it saw for a few seconds,
 * so that an agent reporting several times a second does not ask twice for each report. Whoever changes a key has the
 * workers of this host forget all of them at once; on other hosts a revoked key lives those seconds longer.
 */
#include "access.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "conf.h"
#include "limiter.h"
#include "reply.h"
#include "routes.h"
#include "shared.h"
#include "stmts.h"

#define ACCESS_KEY_TTL_MS 5000
#define ACCESS_KEYS 64

#define ADMIN 1u
#define KEVIN 2u
#define OPERATOR 4u
#define ANALYST 8u
#define AGENT 16u
#define EVERYBODY (ADMIN | KEVIN | OPERATOR | ANALYST | AGENT)

static const struct {
	const char *name;
	unsigned bit;
} access_roles[] = {
	{ "admin", ADMIN }, { "kevin", KEVIN }, { "operator", OPERATOR }, { "analyst", ANALYST }, { "agent", AGENT },
};

static const unsigned access_matrix[ACCESS__MAX] = {
	[OPEN] = EVERYBODY,
	[BY_SIGNATURE] = EVERYBODY,
	[SIGNED_IN] = EVERYBODY,
	[MAY_VIEW_LEADS] = EVERYBODY,
	[MAY_CREATE_LEADS] = ADMIN | KEVIN | OPERATOR,
	[MAY_UPDATE_LEADS] = ADMIN | KEVIN | OPERATOR | AGENT,
	[MAY_DELETE_LEADS] = ADMIN | KEVIN,
	[MAY_IMPORT_LEADS] = ADMIN | KEVIN,
	[MAY_VIEW_CALLS] = EVERYBODY,
	[MAY_RUN_CALLS] = ADMIN | KEVIN | OPERATOR | AGENT,
	[MAY_EDIT_CALLS] = ADMIN | KEVIN | AGENT,
	[MAY_REPORT] = ADMIN | AGENT,
	[MAY_VIEW_AVAILABILITY] = EVERYBODY,
	[MAY_SET_AVAILABILITY] = ADMIN | KEVIN,
	[MAY_VIEW_TRANSFERS] = ADMIN | KEVIN | OPERATOR | ANALYST,
	[MAY_RECORD_OUTCOMES] = ADMIN | KEVIN,
	[MAY_VIEW_ANALYTICS] = ADMIN | KEVIN | OPERATOR | ANALYST,
	[MAY_VIEW_USERS] = ADMIN | KEVIN,
	[MAY_EXPORT] = ADMIN | KEVIN | ANALYST,
	[MAY_ADMINISTER] = ADMIN,
};

/* What an API key can be limited to; SIGNED_IN needs no scope. */
#define ACCESS_SCOPES(SCOPE)                        \
	SCOPE("leads:view", MAY_VIEW_LEADS)         \
	SCOPE("leads:update", MAY_UPDATE_LEADS)     \
	SCOPE("calls:view", MAY_VIEW_CALLS)         \
	SCOPE("calls:run", MAY_RUN_CALLS)           \
	SCOPE("calls:edit", MAY_EDIT_CALLS)         \
	SCOPE("reports", MAY_REPORT)                \
	SCOPE("availability:view", MAY_VIEW_AVAILABILITY)

#define SCOPE_NAME(name, access) name,
#define SCOPE_BIT(name, access) 1u << (access),

const char *const access_scopes[] = { ACCESS_SCOPES(SCOPE_NAME) NULL };
static const unsigned access_scope_bit[] = { ACCESS_SCOPES(SCOPE_BIT) };

struct access_key {
	char hash[TOKEN_HASH_HEX_SIZE];
	struct caller who;
	int64_t until_ms;
	uint64_t changes;	/* how often keys had been changed when it was asked for */
};

static struct access_key access_keys[ACCESS_KEYS];
static unsigned access_keys_next;

bool
access_role_may(const char *role, enum access access)
{
	for (size_t i = 0; i < sizeof(access_roles) / sizeof(*access_roles); i++)
		if (strcmp(access_roles[i].name, role) == 0)
			return (access_matrix[access] & access_roles[i].bit) != 0;
	return false;
}

void
access_print(FILE *out, enum access access)
{
	const char *comma = "";

	if (access == OPEN || access == BY_SIGNATURE) {
		fputs(access == OPEN ? "open" : "signature", out);
		return;
	}
	for (size_t i = 0; i < sizeof(access_roles) / sizeof(*access_roles); i++) {
		if ((access_matrix[access] & access_roles[i].bit) == 0)
			continue;
		fprintf(out, "%s%s", comma, access_roles[i].name);
		comma = ",";
	}
}

/* Which permissions the words of text stand for, a bit each; all of them when text is NULL. */
static unsigned
access_scope_bits(const char *text)
{
	unsigned bits = 0;

	if (text == NULL)
		return ~0u;
	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		for (size_t i = 0; access_scopes[i] != NULL; i++)
			if (strlen(access_scopes[i]) == len && strncmp(access_scopes[i], text, len) == 0)
				bits |= access_scope_bit[i];
		text += len;
		text += strspn(text, " ");
	}
	return bits;
}

static enum http_status
access_unauthorized(struct request *rq, const char *message)
{
	reply_header(rq, "WWW-Authenticate", "Bearer");
	return reply_problem(rq, HTTP_UNAUTHORIZED, "UNAUTHORIZED", message);
}

static const struct access_key *
access_key_remembered(const char *hash, uint64_t changes)
{
	int64_t now = clock_ms();

	for (size_t i = 0; i < ACCESS_KEYS; i++)
		if (access_keys[i].until_ms > now && access_keys[i].changes == changes &&
		    strcmp(access_keys[i].hash, hash) == 0)
			return &access_keys[i];
	return NULL;
}

/* row: id, role, scopes, and the milliseconds until its end, NULL = it has none. */
static const struct access_key *
access_key_remember(const char *hash, uint64_t changes, const struct db_result *row)
{
	struct access_key *key = &access_keys[access_keys_next++ % ACCESS_KEYS];
	const char *left = db_value(row, 0, 3);
	int64_t left_ms = left != NULL ? strtoll(left, NULL, 10) : ACCESS_KEY_TTL_MS;

	*key = (struct access_key){ .who.kind = CALLER_KEY,
		.who.scopes = access_scope_bits(db_value(row, 0, 2)),
		.until_ms = clock_ms() + (left_ms < ACCESS_KEY_TTL_MS ? left_ms : ACCESS_KEY_TTL_MS),
		.changes = changes };
	memcpy(key->hash, hash, TOKEN_HASH_HEX_SIZE);
	strncpy(key->who.id, db_value(row, 0, 0), TOKEN_ID_SIZE - 1);
	strncpy(key->who.role, db_value(row, 0, 1), TOKEN_ROLE_SIZE - 1);
	return key;
}

static enum http_status
access_identify_key(struct request *rq, const char *token)
{
	/* Counted before the question, so that a change meanwhile makes the answer an old one. */
	uint64_t changes = atomic_load(&rq->tools->shared->key_changes);
	char hash[TOKEN_HASH_HEX_SIZE];
	const struct access_key *key;

	token_hash(token, hash);
	key = access_key_remembered(hash, changes);
	if (key == NULL) {
		struct db_result *result = reply_rows(rq, STMT_key_check, ARGS(hash));

		if (result == NULL)
			return rq->status;
		if (db_rows(result) == 0)
			return access_unauthorized(rq, "API key is unknown, revoked or expired");
		key = access_key_remember(hash, changes, result);
	}
	request_set_caller(rq, &key->who);
	return 0;
}

void
access_forget_keys(struct request *rq)
{
	atomic_fetch_add(&rq->tools->shared->key_changes, 1);
}

static enum http_status
access_identify_token(struct request *rq, const char *token)
{
	struct caller who = { .kind = CALLER_USER };
	struct token_claims claims;

	if (token_verify(token, strlen(token), &claims) == -1)
		return access_unauthorized(rq, "Token is invalid or expired");
	memcpy(who.id, claims.user_id, sizeof(who.id));
	memcpy(who.session_id, claims.session_id, sizeof(who.session_id));
	memcpy(who.role, claims.role, sizeof(who.role));
	request_set_caller(rq, &who);
	return 0;
}

static enum http_status
access_identify_bearer(struct request *rq)
{
	const char *header = rq->env.authorization;

	if (rq->env.has_repeated_header)
		return reply_problem(rq, HTTP_BAD_REQUEST, "REPEATED_HEADER",
		    "A header that may come once came twice");
	if (*header == '\0')
		return 0;
	if (strncasecmp(header, "Bearer ", 7) != 0)
		return access_unauthorized(rq, "Authorization must be a bearer token");
	header += 7 + strspn(header + 7, " ");
	if (token_is_api_key(header))
		return access_identify_key(rq, header);
	return access_identify_token(rq, header);
}

enum http_status
access_identify(struct request *rq)
{
	const struct caller nobody = { .kind = CALLER_NOBODY };
	enum http_status status = access_identify_bearer(rq);

	if (rq->who.kind == CALLER_NOBODY)
		request_set_caller(rq, &nobody);
	return status;
}

enum http_status
access_check(struct request *rq)
{
	enum access access = rq->route->access;

	if (access == OPEN || access == BY_SIGNATURE)
		return 0;
	if (rq->who.kind == CALLER_NOBODY)
		return access_unauthorized(rq, "Sign in first");
	if (!access_role_may(rq->who.role, access))
		return reply_problem(rq, HTTP_FORBIDDEN, "FORBIDDEN", "Your role does not allow this");
	if (rq->who.kind == CALLER_KEY && access != SIGNED_IN && (rq->who.scopes & (1u << access)) == 0)
		return reply_problem(rq, HTTP_FORBIDDEN, "SCOPE", "This API key is not for that");
	return 0;
}

enum http_status
access_limit(struct request *rq)
{
	bool is_key = rq->who.kind == CALLER_KEY;
	long limit = conf_int(is_key ? CONF_rate_limit_key_max : CONF_rate_limit_max);
	struct limiter_verdict verdict;

	if (conf_int(CONF_rate_limit_max) == 0 || limit == 0)
		return 0;
	verdict = limiter_count(rq->tools->limiter, is_key ? rq->who.id : rq->env.address, limit,
	    conf_int(CONF_rate_limit_window), clock_unix());
	if (verdict.is_over)
		atomic_fetch_add(&rq->tools->shared->rate_limited, 1);
	return reply_limit(rq, &verdict);
}
