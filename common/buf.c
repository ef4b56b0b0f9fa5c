/*
 * buf.c - growable bytes
 */
#include "buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

#define BUF_MIN_SIZE 64

/* Doubling keeps appending byte by byte linear. */
void
buf_reserve(struct buf *buf, size_t more)
{
	size_t needed, size;

	assert(more < SIZE_MAX / 2 - buf->len);
	needed = buf->len + more + 1;
	if (needed <= buf->size)
		return;
	size = buf->size > 0 ? buf->size : BUF_MIN_SIZE;
	while (size < needed)
		size *= 2;
	buf->data = xrealloc(buf->data, size);
	buf->size = size;
}

void
buf_add(struct buf *buf, const void *data, size_t len)
{
	buf_reserve(buf, len);
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
buf_adds(struct buf *buf, const char *str)
{
	buf_add(buf, str, strlen(str));
}

void
buf_addc(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

/* Most texts fit into the room that is there, and are printed once. */
void
buf_addf(struct buf *buf, const char *format, ...)
{
	va_list ap;
	size_t room;
	int len;

	buf_reserve(buf, BUF_MIN_SIZE / 2);
	room = buf->size - buf->len;
	va_start(ap, format);
	len = vsnprintf(buf->data + buf->len, room, format, ap);
	va_end(ap);
	assert(len >= 0);
	if ((size_t)len >= room) {
		buf_reserve(buf, (size_t)len);
		va_start(ap, format);
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, ap);
		va_end(ap);
	}
	buf->len += (size_t)len;
}

/* The two-character escape of c, or 0 (RFC 8259 section 7). */
static char
buf_json_short_escape(unsigned char c)
{
	switch (c) {
	case '"':
		return '"';
	case '\\':
		return '\\';
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

void
buf_add_json_string(struct buf *buf, const char *str, size_t len)
{
	size_t i, plain = 0;	/* str[plain..i) needs no escape */
	unsigned char c;
	char escape;

	buf_reserve(buf, len + 2);
	buf_addc(buf, '"');
	for (i = 0; i < len; i++) {
		c = (unsigned char)str[i];
		escape = buf_json_short_escape(c);
		if (escape == 0 && c >= 0x20)
			continue;
		buf_add(buf, str + plain, i - plain);
		plain = i + 1;
		if (escape != 0)
			buf_addf(buf, "\\%c", escape);
		else
			buf_addf(buf, "\\u%04x", c);
	}
	if (len > plain)
		buf_add(buf, str + plain, len - plain);
	buf_addc(buf, '"');
}

void
buf_clear(struct buf *buf)
{
	buf->len = 0;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

void
buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ 0 };
}
