/*
 * xalloc.h - allocation that cannot fail
 *
 * A daemon that is out of memory has nothing sensible to say, so these abort;
 * the master (or systemd) starts a fresh process.
 */
#ifndef VALS_XALLOC_H
#define VALS_XALLOC_H

#include <stddef.h>

void *xmalloc(size_t size);

/* Zeroed memory for count members of size bytes each; overflow aborts. */
void *xcalloc(size_t count, size_t size);

void *xrealloc(void *ptr, size_t size);

char *xstrdup(const char *str);

char *xstrndup(const char *str, size_t len);

/* Overwrite a text that may hold a secret, then free it; nulls *str, which may be NULL. */
void xfree_secret(char **str);

/* printf into fresh memory; the caller frees it. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
