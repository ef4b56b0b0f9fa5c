/*
 * lead_columns.c - the rows of a CSV file of leads as JSON objects
 */
#include "lead_columns.h"

#include <string.h>

#include "lead_fields.h"

const struct field *
lead_field(const char *name)
{
	for (const struct field *field = lead_file_fields; field->name != NULL; field++)
		if (strcmp(field->name, name) == 0)
			return field;
	return NULL;
}

/* Whether one of the first count columns brings this field or member already, or a field that has it. */
static bool
lead_columns_bring(const struct lead_columns *columns, size_t count, const struct lead_column *column)
{
	for (size_t i = 0; i < count; i++) {
		const struct lead_column *other = &columns->list[i];

		if (column->field != NULL && other->field == column->field &&
		    (other->member == NULL || column->member == NULL || strcmp(other->member, column->member) == 0))
			return true;
	}
	return false;
}

/* What is wrong with a column, as the end of a sentence about its name; NULL, and the column is added. */
static const char *
lead_columns_add(struct lead_columns *columns, struct arena *arena, const char *name)
{
	const char *dot = strchr(name, '.');
	const struct field *field =
	    lead_field(dot != NULL ? arena_strndup(arena, name, (size_t)(dot - name)) : name);
	bool has_members = field != NULL && (field->kind == FIELD_OBJECT || field->kind == FIELD_CONSENT);
	struct lead_column *column = &columns->list[columns->count];

	if (field == NULL || (dot != NULL && !has_members))
		return "is not a known column";
	*column = (struct lead_column){ field, dot != NULL ? dot + 1 : NULL };
	if (field->kind == FIELD_READ_ONLY)
		column->field = NULL;
	if (lead_columns_bring(columns, columns->count, column))
		return "says the same as an earlier column";
	columns->count++;
	return NULL;
}

bool
lead_columns_read(struct lead_columns *columns, struct arena *arena, const struct csv_row *row,
    struct field_problems *problems_r)
{
	columns->count = 0;
	problems_r->count = 0;
	for (size_t i = 0; i < row->count; i++) {
		const char *name = arena_strdup(arena, row->cells[i].text);
		const char *message = lead_columns_add(columns, arena, name);

		if (message != NULL && problems_r->count < FIELD_PROBLEMS_MAX)
			problems_r->list[problems_r->count++] = (struct field_problem){ name, message };
	}
	return problems_r->count == 0;
}

/* A text without the apostrophe of vals.csv_cell. */
static void
lead_column_text(struct buf *out, const char *text, size_t len)
{
	size_t quotes = strspn(text, "'");

	if (quotes > 0 && quotes < len && strchr("=+@-\t\r", text[quotes]) != NULL) {
		text++;
		len--;
	}
	buf_add_json_string(out, text, len);
}

static void
lead_column_list(struct buf *out, const char *text, size_t len)
{
	const char *end = text + len;
	const char *stop;

	buf_addc(out, '[');
	/* Not up to a NUL: it has to be seen to be refused. */
	while ((stop = memchr(text, ';', (size_t)(end - text))) != NULL) {
		buf_add_json_string(out, text, (size_t)(stop - text));
		buf_addc(out, ',');
		text = stop + 1;
	}
	buf_add_json_string(out, text, (size_t)(end - text));
	buf_addc(out, ']');
}

static void
lead_column_cell(struct buf *out, const struct lead_column *column, const struct csv_cell *cell)
{
	enum field_kind kind = column->field->kind;
	bool is_plain = column->member != NULL || kind == FIELD_TEXT || kind == FIELD_NOTES;

	if (!is_plain && (*cell->text == '{' || *cell->text == '['))
		buf_add(out, cell->text, cell->len);
	else if (!is_plain && kind == FIELD_TAGS)
		lead_column_list(out, cell->text, cell->len);
	else
		lead_column_text(out, cell->text, cell->len);
}

/* Whether column i is a member of the field and this row has something for it. */
static bool
lead_column_has_member(const struct lead_columns *columns, const struct csv_row *row, size_t i,
    const struct field *field)
{
	return columns->list[i].field == field && columns->list[i].member != NULL && row->cells[i].len > 0;
}

/* The members of a field in all columns from the first that has one, as one object. */
static void
lead_column_members(struct buf *out, const struct lead_columns *columns, const struct csv_row *row, size_t first)
{
	const struct field *field = columns->list[first].field;

	buf_addf(out, "\"%s\":", field->name);
	for (size_t i = first; i < columns->count; i++) {
		const char *member = columns->list[i].member;

		if (!lead_column_has_member(columns, row, i, field))
			continue;
		buf_addc(out, i == first ? '{' : ',');
		buf_add_json_string(out, member, strlen(member));
		buf_addc(out, ':');
		lead_column_cell(out, &columns->list[i], &row->cells[i]);
	}
	buf_addc(out, '}');
}

/* Whether an earlier column has brought this one's field. */
static bool
lead_column_is_done(const struct lead_columns *columns, const struct csv_row *row, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (lead_column_has_member(columns, row, j, columns->list[i].field))
			return true;
	return false;
}

void
lead_columns_print(const struct lead_columns *columns, const struct csv_row *row, struct buf *out)
{
	size_t start = out->len;

	buf_addc(out, '{');
	for (size_t i = 0; i < columns->count; i++) {
		const struct lead_column *column = &columns->list[i];
		bool is_empty = row->cells[i].len == 0;

		if (column->field == NULL || (is_empty && (column->member != NULL || !column->field->is_nullable)) ||
		    (column->member != NULL && lead_column_is_done(columns, row, i)))
			continue;
		if (out->len > start + 1)
			buf_addc(out, ',');
		if (column->member != NULL) {
			lead_column_members(out, columns, row, i);
			continue;
		}
		buf_addf(out, "\"%s\":", column->field->name);
		if (is_empty)
			buf_adds(out, "null");
		else
			lead_column_cell(out, column, &row->cells[i]);
	}
	buf_addc(out, '}');
}
