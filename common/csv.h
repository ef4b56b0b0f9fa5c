/*
 * csv.h - comma-separated values (RFC 4180)
 *
 * Lines may end in CRLF or LF, a byte order mark at the beginning is skipped, empty lines are none.
 */
#ifndef VALS_CSV_H
#define VALS_CSV_H

#include <stddef.h>

#include "arena.h"

#define CSV_CELLS_MAX 200

/* A text being read; it is borrowed. */
struct csv {
	const char *at;
	const char *end;
	size_t line;	/* of the next row, from 1 */
};

struct csv_cell {
	const char *text;	/* NUL-terminated, in the arena; may hold line breaks */
	size_t len;
};

struct csv_row {
	size_t line;	/* where it begins */
	size_t count;
	struct csv_cell cells[CSV_CELLS_MAX];
};

/* Bytes of the UTF-8 byte order mark which text[0..len) begins with; 0 if it has none. */
size_t csv_byte_order_mark(const char *text, size_t len);

void csv_init(struct csv *csv, const char *text, size_t len);

/* Go on with the next piece of the text. The one before ended behind a row. */
void csv_resume(struct csv *csv, const char *text, size_t len);

/* The bytes of text[0..len), which begins with a row, up to the end of its last row that has one; 0 if none has. */
size_t csv_whole_rows(const char *text, size_t len);

/*
 * Read the next row. NULL with row->count over 0, or 0 at the end of the text; else what is
 * wrong with it, and the text cannot be read any further.
 */
const char *csv_next(struct csv *csv, struct arena *arena, struct csv_row *row);

#endif
