/*
 * origin.h - which web origins may talk to us, and their socket cookie
 *
 * Origins are compared whole, byte for byte: the websocket handshake is not guarded by
 * CORS, so this is what keeps a foreign page from using a visitor's cookie.
 */
#ifndef VALS_WS_ORIGIN_H
#define VALS_WS_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether origin is one of allowed (comma-separated, blanks around them ignored)
 * or equals proto://host, which is what the browser would send from our own
 * pages. proto and host may be "".
 */
bool origin_is_allowed(const char *origin, const char *allowed, const char *proto,
    const char *host);

/*
 * Find a cookie's value in a Cookie header; the first of that name counts. Returns its
 * length and copies it with a NUL into out, or 0 if it is absent or does not fit.
 */
size_t origin_cookie(const char *header, const char *name, char *out, size_t size);

#endif
