/*
 * buf.h - growable bytes
 *
 * Always NUL-terminated one past len once anything was appended, so a buffer
 * of text can be read as a C string. A zeroed struct buf is an empty buffer.
 */
#ifndef VALS_BUF_H
#define VALS_BUF_H

#include <stddef.h>

struct buf {
	char *data;	/* NULL until the first append */
	size_t len;	/* bytes used, without the NUL */
	size_t size;	/* bytes allocated */
};

/* Make room for more further bytes (and the NUL). */
void buf_reserve(struct buf *buf, size_t more);

void buf_add(struct buf *buf, const void *data, size_t len);

void buf_adds(struct buf *buf, const char *str);

void buf_addc(struct buf *buf, char c);

void buf_addf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append str[0..len) as a JSON string with its quotes. str must be UTF-8. */
void buf_add_json_string(struct buf *buf, const char *str, size_t len);

/* Empty it, keep the memory. */
void buf_clear(struct buf *buf);

/* Free the memory; the buffer is empty and usable again. */
void buf_free(struct buf *buf);

#endif
