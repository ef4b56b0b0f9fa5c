/*
 * lead_columns.h - the rows of a CSV file of leads as JSON objects
 *
 * A column is a field of a lead, or `field.member` of one that is an object. In a cell a list has semicolons between
 * its texts; lists and objects may stand there as JSON, which keeps the types of what is inside. An empty cell
 * is null where a field may be none, else absent. An apostrophe in front of what a spreadsheet would take for
 * a formula goes: the exports put it there.
 */
#ifndef VALS_LEAD_COLUMNS_H
#define VALS_LEAD_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "buf.h"
#include "csv.h"
#include "fields.h"

struct lead_column {
	const struct field *field;	/* NULL: known, but nothing to take over */
	const char *member;		/* NULL: the field itself */
};

struct lead_columns {
	struct lead_column list[CSV_CELLS_MAX];
	size_t count;
};

/* The field of a row of a file by its name, NULL if there is none. */
const struct field *lead_field(const char *name);

/*
 * Read the first row of a file; the texts live in the arena. False when it names what is no column, or one
 * twice, with problems_r saying what.
 */
bool lead_columns_read(struct lead_columns *columns, struct arena *arena, const struct csv_row *row,
    struct field_problems *problems_r);

/* Append a row as an object. It must have as many cells as there are columns. */
void lead_columns_print(const struct lead_columns *columns, const struct csv_row *row, struct buf *out);

#endif
