/*
 * recording_link.h - links to recordings which carry their own right
 *
 * /api/recordings/ID/file?expires=UNIX&signature=HEX: a browser's audio element sends no token, so the
 * signature is the right to this one file, for a short time. It is made with the key that signs the
 * tokens, and goes when that goes.
 */
#ifndef VALS_RECORDING_LINK_H
#define VALS_RECORDING_LINK_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* The link to a recording until a time (unix seconds), in the arena; NULL when there is no key. */
const char *recording_link(struct arena *arena, const char *id, int64_t expires);

/*
 * Whether the link's two parameters were made by us for this recording; both may be NULL. That its time has passed is
 * the caller's to see: *expires_r gets it.
 */
bool recording_link_is_ours(struct arena *arena, const char *id, const char *expires, const char *signature,
    int64_t *expires_r);

#endif
