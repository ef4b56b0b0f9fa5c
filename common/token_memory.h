/*
 * token_memory.h - tokens that were found good, so that the next request need not prove it again
 *
 * A few dozen of them per process, the newest in a place winning. What is remembered is the whole
 * token, signature included: a text that differs in one byte is another token. Not for several threads.
 */
#ifndef VALS_TOKEN_MEMORY_H
#define VALS_TOKEN_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "token.h"

/* Remember a token that was verified; one of unusual length is not. */
void token_memory_keep(const char *token, size_t len, const struct token_claims *claims);

/* Whether token[0..len) is remembered and still lives at now (unix seconds); then its claims. */
bool token_memory_find(const char *token, size_t len, int64_t now, struct token_claims *claims_r);

/* Forget all of them: the keys have changed. */
void token_memory_clear(void);

#endif
