/*
 * auth.c - token or cookie to who
 *
 * Three kinds of proof, three statements, one way to finish: a row means yes, no row means
 * no, anything else means that we do not know.
 */
#include "auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "pgasync.h"
#include "xalloc.h"

struct auth {
	auth_done *done;	/* NULL once dropped */
	void *owner;
	struct who who;		/* as far as the proof itself says */
};

static struct pgasync *auth_pg;

void
auth_start(struct pgasync *pg)
{
	auth_pg = pg;
}

static struct auth *
auth_new(auth_done *done, void *owner)
{
	struct auth *auth = xcalloc(1, sizeof(*auth));

	auth->done = done;
	auth->owner = owner;
	return auth;
}

/* Copy a column, if the row has it; texts of the database fit or are not ours. */
static bool
auth_copy(const struct pgasync_result *result, const char *column, char *out, size_t size)
{
	const char *text = pgasync_field(result, 0, column);

	if (text == NULL || strlen(text) >= size)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

/*
 * Complete who from the row. A token whose role is no longer its user's is out of date:
 * neither the old nor the new rights should come from it.
 */
static bool
auth_read_row(struct who *who, const struct pgasync_result *result)
{
	char role[TOKEN_ROLE_SIZE];
	const char *expires_at = pgasync_field(result, 0, "expires_at");

	if (!auth_copy(result, "user_id", who->user_id, sizeof(who->user_id)) ||
	    !auth_copy(result, "role", role, sizeof(role)))
		return false;
	if (who->role[0] != '\0' && strcmp(who->role, role) != 0)
		return false;
	memcpy(who->role, role, sizeof(role));
	auth_copy(result, "session_id", who->session_id, sizeof(who->session_id));
	if (expires_at != NULL)
		who->expires_at = strtoll(expires_at, NULL, 10);
	return true;
}

static void
auth_answered(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	struct auth *auth = owner;
	enum auth_verdict verdict = AUTH_AWAY;

	if (outcome == PGASYNC_OK)
		verdict = pgasync_rows(result) == 1 && auth_read_row(&auth->who, result) ?
		    AUTH_GRANTED : AUTH_REFUSED;
	else if (outcome == PGASYNC_REFUSED)
		log_error("auth", "could not ask: %s %s", pgasync_sqlstate(result),
		    pgasync_message(result));
	if (auth->done != NULL)
		auth->done(auth->owner, verdict, &auth->who);
	free(auth);
}

static struct auth *
auth_api_key(struct auth *auth)
{
	pgasync_call(auth_pg, STMT_api_key, (const char *[]){ auth->who.key_hash },
	    auth_answered, auth);
	return auth;
}

static struct auth *
auth_user(struct auth *auth)
{
	pgasync_call(auth_pg, STMT_user,
	    (const char *[]){ auth->who.user_id, auth->who.session_id }, auth_answered, auth);
	return auth;
}

struct auth *
auth_token(const char *token, size_t len, auth_done *done, void *owner)
{
	struct token_claims claims;
	struct auth *auth;

	if (token_is_api_key(token)) {
		auth = auth_new(done, owner);
		token_hash(token, auth->who.key_hash);
		return auth_api_key(auth);
	}
	if (token_verify(token, len, &claims) == -1)
		return NULL;
	auth = auth_new(done, owner);
	memcpy(auth->who.user_id, claims.user_id, sizeof(claims.user_id));
	memcpy(auth->who.session_id, claims.session_id, sizeof(claims.session_id));
	memcpy(auth->who.role, claims.role, sizeof(claims.role));
	auth->who.expires_at = claims.expires_at;
	return auth_user(auth);
}

struct auth *
auth_cookie(const char *cookie, auth_done *done, void *owner)
{
	struct auth *auth = auth_new(done, owner);
	char hash[TOKEN_HASH_HEX_SIZE];

	token_hash(cookie, hash);
	pgasync_call(auth_pg, STMT_session, (const char *[]){ hash }, auth_answered, auth);
	return auth;
}

struct auth *
auth_again(const struct who *who, auth_done *done, void *owner)
{
	struct auth *auth = auth_new(done, owner);

	auth->who = *who;
	return who->key_hash[0] != '\0' ? auth_api_key(auth) : auth_user(auth);
}

void
auth_drop(struct auth **auth)
{
	if (*auth != NULL)
		(*auth)->done = NULL;
	*auth = NULL;
}
