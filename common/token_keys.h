/*
 * token_keys.h - the keys that sign our tokens
 *
 * Used by token.c alone; token.h has how they are loaded. Pointers to keys live until that happens again.
 */
#ifndef VALS_TOKEN_KEYS_H
#define VALS_TOKEN_KEYS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define TOKEN_KEY_ALGORITHM "HS256"	/* of all keys */
#define TOKEN_KEY_ID_SIZE 64
#define TOKEN_KEY_SECRET_MAX 256	/* bytes */

struct token_key {
	char id[TOKEN_KEY_ID_SIZE];
	uint8_t secret[TOKEN_KEY_SECRET_MAX];
	size_t len;		/* of the secret */
	struct timespec modified;
};

/* The key of this id, NULL if there is none. */
const struct token_key *token_key_find(const char *id);

/* The key that signs, NULL as long as none was loaded. */
const struct token_key *token_key_newest(void);

/* The key of this number, counted from 0; NULL behind the last. */
const struct token_key *token_key_at(size_t index);

#endif
