/*
 * token_memory.c - tokens that were found good
 *
 * To verify a token costs several times what the rest of a simple request does. A token's place
 * follows from its signature, which is random, so no table of hashes is needed. The comparison takes
 * the same time wherever the texts differ, or a forger could find a signature byte by byte.
 */
#include "token_memory.h"

#include <string.h>

#include "crypto.h"

#define TOKEN_MEMORY_PLACES 64
#define TOKEN_MEMORY_LEN 512	/* ours are shorter unless a key has a very long name */
#define TOKEN_MEMORY_LEN_MIN 4

struct token_place {
	struct token_claims claims;
	size_t len;		/* 0 = empty */
	char token[TOKEN_MEMORY_LEN];
};

static struct token_place places[TOKEN_MEMORY_PLACES];

/* NULL for a token that is never remembered. The last character has two bits only. */
static struct token_place *
token_memory_place(const char *token, size_t len)
{
	unsigned hash;

	if (len < TOKEN_MEMORY_LEN_MIN || len > TOKEN_MEMORY_LEN)
		return NULL;
	hash = (unsigned char)token[len - 2] * 31u + (unsigned char)token[len - 3];
	return &places[hash % TOKEN_MEMORY_PLACES];
}

void
token_memory_keep(const char *token, size_t len, const struct token_claims *claims)
{
	struct token_place *place = token_memory_place(token, len);

	if (place == NULL)
		return;
	place->claims = *claims;
	place->len = len;
	memcpy(place->token, token, len);
}

bool
token_memory_find(const char *token, size_t len, int64_t now, struct token_claims *claims_r)
{
	const struct token_place *place = token_memory_place(token, len);

	if (place == NULL || place->len != len || place->claims.expires_at <= now ||
	    !crypto_equal(place->token, token, len))
		return false;
	*claims_r = place->claims;
	return true;
}

void
token_memory_clear(void)
{
	explicit_bzero(places, sizeof(places));
}
