/*
 * xalloc.c - allocation that cannot fail
 */
#include "xalloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Plain write(2): there is no memory for anything grander. */
static _Noreturn void
xalloc_fail(void)
{
	static const char message[] = "level=error at=xalloc msg=\"out of memory\"\n";

	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		abort();
	abort();
}

void *
xmalloc(size_t size)
{
	void *ptr = malloc(size > 0 ? size : 1);

	if (ptr == NULL)
		xalloc_fail();
	return ptr;
}

void *
xcalloc(size_t count, size_t size)
{
	void *ptr;

	if (count == 0 || size == 0)
		count = size = 1;
	ptr = calloc(count, size);
	if (ptr == NULL)
		xalloc_fail();
	return ptr;
}

void *
xrealloc(void *ptr, size_t size)
{
	void *grown = realloc(ptr, size > 0 ? size : 1);

	if (grown == NULL)
		xalloc_fail();
	return grown;
}

char *
xstrdup(const char *str)
{
	return xstrndup(str, strlen(str));
}

char *
xstrndup(const char *str, size_t len)
{
	char *copy;

	len = strnlen(str, len);
	if (len == SIZE_MAX)
		xalloc_fail();
	copy = xmalloc(len + 1);
	memcpy(copy, str, len);
	copy[len] = '\0';
	return copy;
}

void
xfree_secret(char **str)
{
	if (*str != NULL)
		explicit_bzero(*str, strlen(*str));
	free(*str);
	*str = NULL;
}

char *
xasprintf(const char *format, ...)
{
	va_list ap;
	char *str;
	int len;

	va_start(ap, format);
	len = vasprintf(&str, format, ap);
	va_end(ap);
	if (len < 0)
		xalloc_fail();
	return str;
}
