/*
 * passwords.c - Argon2id under the limit of places
 */
#include "passwords.h"

#include "crypto.h"
#include "reply.h"
#include "shared.h"

static enum http_status
passwords_busy(struct request *rq)
{
	reply_header(rq, "Retry-After", "1");
	return reply_problem(rq, HTTP_TOO_MANY_REQUESTS, "LOGIN_BUSY",
	    "Too many passwords are being checked, try again");
}

const char *
passwords_hash(struct request *rq, const char *password)
{
	char *hash = arena_alloc(rq->arena, CRYPTO_PASSWORD_SIZE);
	int rc;

	if (!shared_place_enter(rq->tools->shared->hashers, SHARED_HASHERS)) {
		passwords_busy(rq);
		return NULL;
	}
	rc = crypto_password_hash(password, hash);
	shared_place_leave(rq->tools->shared->hashers, SHARED_HASHERS);
	if (rc == -1) {
		passwords_busy(rq);
		return NULL;
	}
	return hash;
}

enum http_status
passwords_check(struct request *rq, const char *stored, const char *password, const char **rehash_r)
{
	bool is_right;

	if (!shared_place_enter(rq->tools->shared->hashers, SHARED_HASHERS))
		return passwords_busy(rq);
	is_right = crypto_password_verify(stored != NULL ? stored : crypto_password_of_nobody, password) &&
	    stored != NULL;
	if (is_right && crypto_password_outdated(stored)) {
		char *fresh = arena_alloc(rq->arena, CRYPTO_PASSWORD_SIZE);

		/* When memory is short the old hash serves on. */
		*rehash_r = crypto_password_hash(password, fresh) == 0 ? fresh : NULL;
	}
	shared_place_leave(rq->tools->shared->hashers, SHARED_HASHERS);
	if (!is_right)
		return reply_problem(rq, HTTP_UNAUTHORIZED, "INVALID_CREDENTIALS", "Invalid email or password");
	return 0;
}
