/*
 * token.h - bearer tokens: our JWTs and API keys
 *
 * A JWT's algorithm belongs to its key, never to its header. Source: RFC 7519, RFC 8725.
 * API keys are `vals_` and 43 base64url characters; the database knows only
 * their SHA-256.
 */
#ifndef VALS_TOKEN_H
#define VALS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_MAX 4096		/* longest token looked at, bytes */
#define TOKEN_API_KEY_PREFIX "vals_"
#define TOKEN_HASH_HEX_SIZE 65	/* SHA-256 as hex with its NUL */
#define TOKEN_SECRET_SIZE 44	/* 32 random bytes as base64url with the NUL */
#define TOKEN_ID_SIZE 37	/* a uuid with its NUL */
#define TOKEN_ROLE_SIZE 16
#define TOKEN_MAC_HEX_SIZE 65	/* HMAC-SHA256 as hex with its NUL */

struct token_claims {
	char user_id[TOKEN_ID_SIZE];
	char session_id[TOKEN_ID_SIZE];	/* "" for a token without a session */
	char role[TOKEN_ROLE_SIZE];
	int64_t issued_at;		/* unix seconds */
	int64_t expires_at;
};

/*
 * Read the keys of a directory (KID.key, one line `HS256 <base64url>`, at
 * least 32 bytes, mode without rights for others); the newest signs. Reading again replaces
 * them only on success. Returns 0, or -1 with the reason logged.
 */
int token_keys_load(const char *dir);

/* Whether they could be read now; the reason why not is logged. Nothing is replaced. */
bool token_keys_would_load(const char *dir);

/*
 * Sign claims that live ttl seconds from now; fills issued_at and expires_at.
 * Returns the token's length in out, or -1 when there is no key.
 */
int token_sign(struct token_claims *claims, int64_t ttl, char out[static TOKEN_MAX]);

/*
 * Check a token wholly: form, key, signature, times (60 s leeway for clocks that
 * differ on nbf and iat, none on exp), issuer, audience, type.
 * Returns 0 and the claims, or -1. A good token is remembered until it expires or the
 * keys are read again.
 */
int token_verify(const char *token, size_t len, struct token_claims *claims_r);

/*
 * Sign a text that is no token: its HMAC under the newest key. Returns 0, or -1 when there is no key.
 */
int token_mac(const char *text, size_t len, char out[static TOKEN_MAC_HEX_SIZE]);

/* Whether one of the keys signed the text so. */
bool token_mac_is_ours(const char *text, size_t len, const char *mac);

/* A fresh secret of 256 random bits as base64url. */
void token_secret(char out[static TOKEN_SECRET_SIZE]);

/* The hash under which a secret is stored: SHA-256, lower-case hex. */
void token_hash(const char *secret, char out[static TOKEN_HASH_HEX_SIZE]);

#define TOKEN_API_KEY_SIZE (sizeof(TOKEN_API_KEY_PREFIX) - 1 + TOKEN_SECRET_SIZE)
#define TOKEN_API_KEY_SHOWN_SIZE 14	/* the prefix and eight characters, with the NUL */

struct token_api_key {
	char text[TOKEN_API_KEY_SIZE];		/* to be shown once, and never stored */
	char hash[TOKEN_HASH_HEX_SIZE];
	char shown[TOKEN_API_KEY_SHOWN_SIZE];	/* its beginning, to recognise it by */
};

/* A fresh API key. */
void token_api_key_make(struct token_api_key *key_r);

/* Whether this bearer text has the form of an API key. */
bool token_is_api_key(const char *token);

#endif
