/*
 * recording_link.c - links to recordings which carry their own right
 */
#include "recording_link.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "crypto.h"
#include "token.h"

#define RECORDING_LINK_DIGITS 12	/* of a time */

/* What is signed. No token holds a line break, so that neither can be taken for the other. */
static const char *
recording_link_text(struct arena *arena, const char *id, const char *expires)
{
	return arena_printf(arena, "recording\n%s\n%s", id, expires);
}

const char *
recording_link(struct arena *arena, const char *id, int64_t expires)
{
	const char *seconds = arena_printf(arena, "%lld", (long long)expires);
	const char *text = recording_link_text(arena, id, seconds);
	char signature[TOKEN_MAC_HEX_SIZE];

	if (token_mac(text, strlen(text), signature) == -1)
		return NULL;
	return arena_printf(arena, "/api/recordings/%s/file?expires=%s&signature=%s", id, seconds, signature);
}

bool
recording_link_is_ours(struct arena *arena, const char *id, const char *expires, const char *signature,
    int64_t *expires_r)
{
	const char *text;

	if (expires == NULL || signature == NULL || strlen(expires) > RECORDING_LINK_DIGITS)
		return false;
	text = recording_link_text(arena, id, expires);
	*expires_r = strtoll(expires, NULL, 10);
	return token_mac_is_ours(text, strlen(text), signature);
}
