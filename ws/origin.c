/*
 * origin.c - which web origins may talk to us, and their socket cookie
 */
#include "origin.h"

#include <stdio.h>
#include <string.h>

static bool
origin_is_own(const char *origin, const char *proto, const char *host)
{
	size_t proto_len = strlen(proto);

	return proto_len > 0 && *host != '\0' &&
	    strncmp(origin, proto, proto_len) == 0 &&
	    strncmp(origin + proto_len, "://", 3) == 0 &&
	    strcmp(origin + proto_len + 3, host) == 0;
}

bool
origin_is_allowed(const char *origin, const char *allowed, const char *proto, const char *host)
{
	size_t len = strlen(origin);

	while (len > 0 && *allowed != '\0') {
		size_t start = strspn(allowed, " \t,");
		size_t item = strcspn(allowed + start, " \t,");

		if (item == len && memcmp(allowed + start, origin, len) == 0)
			return true;
		allowed += start + item;
	}
	return origin_is_own(origin, proto, host);
}

size_t
origin_cookie(const char *header, const char *name, char *out, size_t size)
{
	size_t name_len = strlen(name), len;

	while (*header != '\0') {
		header += strspn(header, "; \t");
		len = strcspn(header, ";");
		if (len > name_len && strncmp(header, name, name_len) == 0 &&
		    header[name_len] == '=') {
			header += name_len + 1;
			len -= name_len + 1;
			if (len == 0 || len >= size)
				return 0;
			memcpy(out, header, len);
			out[len] = '\0';
			return len;
		}
		header += len;
	}
	return 0;
}
