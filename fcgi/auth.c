/*
 * auth.c - signing in and out
 *
 * The access token is short-lived and kept in memory by the browser; the refresh token is single-use
 * and lives in an HttpOnly cookie of /api/auth only. A second cookie, of /socket.io/
 * only, lets a browser's socket in. The database knows both only as hashes.
 */
#include "handlers.h"

#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "password.h"
#include "passwords.h"
#include "reply.h"
#include "token.h"

const struct field auth_login_fields[] = {
	{ .name = "email", .kind = FIELD_EMAIL, .is_required = true },
	{ .name = "password", .kind = FIELD_SECRET, .is_required = true, .min = 1, .max = PASSWORD_MAX },
	FIELD_END
};

/* A fresh pair of secrets and what the database keeps of them. */
struct auth_secrets {
	char refresh[TOKEN_SECRET_SIZE];
	char refresh_hash[TOKEN_HASH_HEX_SIZE];
	char handle[TOKEN_SECRET_SIZE];
	char handle_hash[TOKEN_HASH_HEX_SIZE];
};

static void
auth_secrets_make(struct auth_secrets *secrets)
{
	token_secret(secrets->refresh);
	token_hash(secrets->refresh, secrets->refresh_hash);
	token_secret(secrets->handle);
	token_hash(secrets->handle, secrets->handle_hash);
}

static const char *
auth_refresh_cookie_name(const struct request *rq)
{
	/* Browsers accept the prefix only over TLS, and then only with Secure. */
	return request_is_secure(rq) ? "__Secure-vals_refresh" : "vals_refresh";
}

static void
auth_set_cookie(struct request *rq, const char *name, const char *value, const char *path, long max_age)
{
	reply_header(rq, "Set-Cookie",
	    arena_printf(rq->arena, "%s=%s; Path=%s; Max-Age=%ld; HttpOnly; SameSite=Strict%s", name, value,
		path, max_age, request_is_secure(rq) ? "; Secure" : ""));
}

static void
auth_set_cookies(struct request *rq, const char *refresh, const char *handle, long max_age)
{
	auth_set_cookie(rq, auth_refresh_cookie_name(rq), refresh, "/api/auth", max_age);
	auth_set_cookie(rq, "vals_ws", handle, "/socket.io/", max_age);
}

/* Answer with an access token for a session that is open now. */
static enum http_status
auth_reply_token(struct request *rq, const char *user_id, const char *session_id, const char *role,
    const char *profile, const struct auth_secrets *secrets)
{
	struct token_claims claims = { .user_id = "" };
	char token[TOKEN_MAX];

	snprintf(claims.user_id, sizeof(claims.user_id), "%s", user_id);
	snprintf(claims.session_id, sizeof(claims.session_id), "%s", session_id);
	snprintf(claims.role, sizeof(claims.role), "%s", role);
	if (token_sign(&claims, conf_int(CONF_access_token_ttl), token) == -1)
		return reply_problem(rq, HTTP_INTERNAL_ERROR, "INTERNAL", "Internal server error");
	auth_set_cookies(rq, secrets->refresh, secrets->handle, conf_int(CONF_refresh_token_ttl));
	return reply_data(rq, HTTP_OK,
	    arena_printf(rq->arena,
		"{\"token\":\"%s\",\"tokenType\":\"Bearer\",\"expiresIn\":%ld,\"user\":%s}", token,
		conf_int(CONF_access_token_ttl), profile),
	    NULL);
}

/* POST /api/auth/login */
enum http_status
auth_login(struct request *rq)
{
	const char *rehash = NULL;
	const char *user_id, *ttl;
	struct auth_secrets secrets;
	struct db_result *account, *session;

	account = reply_rows(rq, STMT_login_begin, ARGS(rq->who_json, request_field(rq, "email")));
	if (account == NULL)
		return rq->status;
	user_id = db_value(account, 0, 0);
	if (passwords_check(rq, db_value(account, 0, 1), request_field(rq, "password"), &rehash) != 0)
		return rq->status;

	auth_secrets_make(&secrets);
	ttl = arena_printf(rq->arena, "%ld", conf_int(CONF_refresh_token_ttl));
	session = reply_rows(rq, STMT_login_finish,
	    ARGS(rq->who_json, user_id, secrets.refresh_hash, secrets.handle_hash, ttl, rehash));
	if (session == NULL)
		return rq->status;
	return auth_reply_token(rq, user_id, db_value(session, 0, 0), db_value(session, 0, 1),
	    db_value(session, 0, 2), &secrets);
}

/*
 * A cookie comes along with any request of the browser, so a route that lives by one demands what
 * another site cannot send: our Origin, and a header that costs a preflight.
 */
static enum http_status
auth_check_cookie_request(struct request *rq)
{
	if (!request_origin_is_ours(rq))
		return reply_problem(rq, HTTP_FORBIDDEN, "FOREIGN_ORIGIN", "Origin is missing or not allowed");
	if (*rq->env.requested_with == '\0')
		return reply_problem(rq, HTTP_FORBIDDEN, "HEADER_REQUIRED", "X-Requested-With is required");
	return 0;
}

/* POST /api/auth/refresh - exchange the refresh cookie for a new pair. */
enum http_status
auth_refresh(struct request *rq)
{
	const char *cookie = request_cookie(rq, auth_refresh_cookie_name(rq));
	char old_hash[TOKEN_HASH_HEX_SIZE];
	struct auth_secrets secrets;
	struct db_result *session;
	const char *ttl;

	if (auth_check_cookie_request(rq) != 0)
		return rq->status;
	if (cookie == NULL)
		return reply_problem(rq, HTTP_UNAUTHORIZED, "UNAUTHORIZED", "Sign in first");
	token_hash(cookie, old_hash);
	auth_secrets_make(&secrets);
	ttl = arena_printf(rq->arena, "%ld", conf_int(CONF_refresh_token_ttl));
	session = reply_rows(rq, STMT_session_refresh,
	    ARGS(rq->who_json, old_hash, secrets.refresh_hash, secrets.handle_hash, ttl));
	if (session == NULL)
		return rq->status;
	if (db_value(session, 0, 0) == NULL) {
		auth_set_cookies(rq, "", "", 0);
		return reply_problem(rq, HTTP_UNAUTHORIZED, "UNAUTHORIZED", "Session is over, sign in again");
	}
	return auth_reply_token(rq, db_value(session, 0, 1), db_value(session, 0, 0), db_value(session, 0, 2),
	    db_value(session, 0, 3), &secrets);
}

/* POST /api/auth/logout - by token or by cookie; ends the whole session. */
enum http_status
auth_logout(struct request *rq)
{
	const char *cookie = request_cookie(rq, auth_refresh_cookie_name(rq));
	const char *session_id = *rq->who.session_id != '\0' ? rq->who.session_id : NULL;
	char hash[TOKEN_HASH_HEX_SIZE] = "";

	if (session_id == NULL) {
		if (cookie == NULL)
			return reply_problem(rq, HTTP_UNAUTHORIZED, "UNAUTHORIZED", "Sign in first");
		if (auth_check_cookie_request(rq) != 0)
			return rq->status;
		token_hash(cookie, hash);
	}
	if (reply_rows(rq, STMT_session_revoke, ARGS(session_id, hash)) == NULL)
		return rq->status;
	auth_set_cookies(rq, "", "", 0);
	return reply_data(rq, HTTP_OK, "null", "Signed out");
}

/* GET /api/auth/me */
enum http_status
auth_me(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_me, ARGS(rq->who_json));
}
