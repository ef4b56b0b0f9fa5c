/*
 * auth.h - token or cookie to who
 *
 * A signature says who somebody was when he signed in; the database says whether he still
 * is. Both are asked, the second without waiting.
 */
#ifndef VALS_WS_AUTH_H
#define VALS_WS_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "token.h"

#define AUTH_NAME_SIZE 404	/* 100 characters of UTF-8 */

struct pgasync;

struct who {
	char user_id[TOKEN_ID_SIZE];	/* of an API key: the key's */
	char session_id[TOKEN_ID_SIZE];	/* "" if there is none */
	char key_hash[TOKEN_HASH_HEX_SIZE];	/* of an API key, else "" */
	char role[TOKEN_ROLE_SIZE];
	int64_t expires_at;		/* unix seconds, 0 for never */
};

enum auth_verdict {
	AUTH_GRANTED,
	AUTH_REFUSED,	/* for good: bad, expired or revoked */
	AUTH_AWAY,	/* cannot be told now */
};

/* who is set when granted, and borrowed for the time of the call. */
typedef void auth_done(void *owner, enum auth_verdict verdict, const struct who *who);

/* One question under way. */
struct auth;

/* Questions go over this connection from now on. */
void auth_start(struct pgasync *pg);

/*
 * Ask about a bearer token (JWT or API key), or about the socket cookie. done is called
 * later, once, unless the question is dropped before. A token that is already seen to be
 * bad returns NULL and done is not called.
 */
struct auth *auth_token(const char *token, size_t len, auth_done *done, void *owner);
struct auth *auth_cookie(const char *cookie, auth_done *done, void *owner);

/* Ask again about somebody without a session. */
struct auth *auth_again(const struct who *who, auth_done *done, void *owner);

/* Do not call back; nulls *auth. NULL is fine. */
void auth_drop(struct auth **auth);

#endif
