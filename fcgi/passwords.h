/*
 * passwords.h - hashing passwords in a request, at one of the few places for it
 */
#ifndef VALS_PASSWORDS_H
#define VALS_PASSWORDS_H

#include "request.h"

/* The password's hash, in the arena; NULL with 429 answered when all places are taken. */
const char *passwords_hash(struct request *rq, const char *password);

/*
 * Check a password against a stored hash; NULL stands for an account that does not exist, and
 * takes as long. 0, with *rehash_r set to a fresh hash if the stored one is of old costs, else
 * the status answered: 401, or 429 when all places are taken.
 */
enum http_status passwords_check(struct request *rq, const char *stored, const char *password,
    const char **rehash_r);

#endif
