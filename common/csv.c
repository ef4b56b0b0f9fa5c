/*
 * csv.c - comma-separated values (RFC 4180)
 */
#include "csv.h"

#include <stdbool.h>
#include <string.h>

size_t
csv_byte_order_mark(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

void
csv_init(struct csv *csv, const char *text, size_t len)
{
	csv->line = 1;
	csv_resume(csv, text, len);
}

void
csv_resume(struct csv *csv, const char *text, size_t len)
{
	csv->at = text;
	csv->end = text + len;
	if (csv->line == 1)
		csv->at += csv_byte_order_mark(text, len);
}

size_t
csv_whole_rows(const char *text, size_t len)
{
	bool is_quoted = false, is_start = true;
	size_t whole = 0;

	for (size_t i = 0; i < len; i++) {
		/* A doubled quote closes and opens again, which comes to the same. */
		if (text[i] == '"' && (is_start || is_quoted))
			is_quoted = !is_quoted;
		else if (text[i] == '\n' && !is_quoted)
			whole = i + 1;
		is_start = !is_quoted && (text[i] == ',' || text[i] == '\n' || text[i] == '"');
	}
	return whole;
}

/* Bytes of the line end here: 0 if there is none. */
static size_t
csv_line_end(const struct csv *csv)
{
	if (csv->at < csv->end && *csv->at == '\n')
		return 1;
	return csv->end - csv->at >= 2 && csv->at[0] == '\r' && csv->at[1] == '\n' ? 2 : 0;
}

static void
csv_skip_line_end(struct csv *csv)
{
	size_t len = csv_line_end(csv);

	csv->at += len;
	csv->line += len != 0;
}

/* A cell in quotes: anything stands for itself, a doubled quote for one. */
static const char *
csv_quoted(struct csv *csv, struct arena *arena, struct csv_cell *cell)
{
	const char *from = ++csv->at;
	char *text, *to;

	for (;; csv->at++) {
		csv->at = memchr(csv->at, '"', (size_t)(csv->end - csv->at));
		if (csv->at == NULL)
			return "has a quote that is never closed";
		if (csv->at + 1 == csv->end || csv->at[1] != '"')
			break;
		csv->at++;
	}
	text = to = arena_alloc(arena, (size_t)(csv->at - from) + 1);
	for (const char *c = from; c < csv->at; c++) {
		csv->line += *c == '\n';
		*to++ = *c;
		c += *c == '"';
	}
	*to = '\0';
	*cell = (struct csv_cell){ text, (size_t)(to - text) };
	csv->at++;
	return NULL;
}

static const char *
csv_plain(struct csv *csv, struct arena *arena, struct csv_cell *cell)
{
	const char *from = csv->at;

	while (csv->at < csv->end && *csv->at != ',' && csv_line_end(csv) == 0) {
		if (*csv->at == '"')
			return "has a quote in the middle of a cell";
		csv->at++;
	}
	*cell = (struct csv_cell){ arena_strndup(arena, from, (size_t)(csv->at - from)), (size_t)(csv->at - from) };
	return NULL;
}

const char *
csv_next(struct csv *csv, struct arena *arena, struct csv_row *row)
{
	row->count = 0;
	while (csv_line_end(csv) != 0)
		csv_skip_line_end(csv);
	row->line = csv->line;
	while (csv->at < csv->end || row->count > 0) {
		struct csv_cell *cell = &row->cells[row->count];
		bool is_quoted = csv->at < csv->end && *csv->at == '"';
		const char *problem;

		if (row->count == CSV_CELLS_MAX)
			return "has more than 200 cells";
		problem = is_quoted ? csv_quoted(csv, arena, cell) : csv_plain(csv, arena, cell);
		if (problem != NULL)
			return problem;
		row->count++;
		if (csv->at == csv->end || csv_line_end(csv) != 0)
			break;
		if (*csv->at++ != ',')
			return "has something behind a closing quote";
	}
	csv_skip_line_end(csv);
	return NULL;
}
