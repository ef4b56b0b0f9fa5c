/*
 * lead_import.c - leads from a file: CSV or NDJSON
 *
 * Pieces are read where they lie; only the beginning of a row whose end has not come yet is kept. All that a batch
 * needs lies in one arena, which is emptied when the batch has been judged.
 */
#include "lead_import.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "csv.h"
#include "db.h"
#include "json.h"
#include "lead_columns.h"
#include "lead_fields.h"
#include "xalloc.h"

#define LEAD_BATCH 500
#define LEAD_ARENA_SIZE 65536

const char *const lead_verdicts[LEAD_VERDICT__MAX] = { "new", "duplicate", "invalid", "doNotCall" };

struct lead_import {
	enum lead_format format;
	struct lead_import_hooks hooks;
	struct arena *arena;	/* of the import */
	struct arena *batch_arena;
	struct buf batch;	/* its rows as JSON */
	bool has_rows;		/* whether there are any in it */
	size_t batch_seen;	/* rows since the last one, with those which did not pass */
	struct buf rest;	/* the row whose end is missing */
	struct buf row;		/* a row as JSON */
	struct lead_counts counts;
	struct csv csv;		/* its line counts for both formats */
	struct csv_row cells;
	struct lead_columns columns;
	struct field_problems column_problems;
	const char *reason;
};

struct lead_import *
lead_import_new(enum lead_format format, const struct lead_import_hooks *hooks)
{
	struct lead_import *import = xcalloc(1, sizeof(*import));

	import->format = format;
	import->hooks = *hooks;
	import->arena = arena_new(LEAD_ARENA_SIZE);
	import->batch_arena = arena_new(LEAD_ARENA_SIZE);
	csv_init(&import->csv, "", 0);
	return import;
}

void
lead_import_free(struct lead_import **import)
{
	struct lead_import *old = *import;

	buf_free(&old->batch);
	buf_free(&old->rest);
	buf_free(&old->row);
	arena_free(&old->batch_arena);
	arena_free(&old->arena);
	free(old);
	*import = NULL;
}

static void
lead_import_note(struct lead_import *import, size_t line, enum lead_verdict verdict, const char *field,
    const char *message)
{
	struct lead_problem problem = { line, verdict, field, message };

	import->hooks.note(&problem, import->hooks.arg);
}

static void
lead_import_refuse(struct lead_import *import, size_t line, const char *message)
{
	import->counts.by_verdict[LEAD_INVALID]++;
	lead_import_note(import, line, LEAD_INVALID, NULL, message);
}

void
lead_import_judged(struct lead_import *import, const struct db_result *verdicts)
{
	for (int row = 0; row < db_rows(verdicts); row++) {
		size_t line = strtoul(db_value(verdicts, row, 0), NULL, 10);
		const char *name = db_value(verdicts, row, 1);
		enum lead_verdict verdict = LEAD_NEW;

		while (strcmp(lead_verdicts[verdict], name) != 0)
			verdict++;
		import->counts.by_verdict[verdict]++;
		if (verdict != LEAD_NEW) {
			lead_import_note(import, line, verdict, db_value(verdicts, row, 2), db_value(verdicts, row, 3));
		} else if (*db_value(verdicts, row, 4) == 't') {
			import->counts.by_verdict[LEAD_DO_NOT_CALL]++;
			lead_import_note(import, line, LEAD_DO_NOT_CALL, "phone", "wants no calls");
		}
	}
}

static enum lead_import_end
lead_import_flush(struct lead_import *import)
{
	bool goes_on = true;

	if (import->has_rows) {
		buf_addc(&import->batch, ']');
		goes_on = import->hooks.judge(import, import->batch.data, import->hooks.arg);
	}
	buf_clear(&import->batch);
	import->has_rows = false;
	import->batch_seen = 0;
	arena_reset(import->batch_arena);
	return goes_on ? LEAD_IMPORT_FINE : LEAD_IMPORT_STOPPED;
}

/* Check a row that was parsed, or could not be, and take it into the batch. Frees it. */
static enum lead_import_end
lead_import_row(struct lead_import *import, size_t line, struct json *json, const char *reason)
{
	struct field_problems problems = { .count = 0 };
	const char *lead = NULL;

	import->counts.rows++;
	if (json_type(json) != JSON_OBJECT)
		lead_import_refuse(import, line, reason != NULL ? reason : "must be an object");
	else
		lead = fields_check(import->batch_arena, lead_file_fields, json, import->format == LEAD_CSV, false,
		    &problems);
	json_free(json);
	import->counts.by_verdict[LEAD_INVALID] += problems.count > 0;
	for (size_t i = 0; i < problems.count; i++)
		lead_import_note(import, line, LEAD_INVALID, problems.list[i].field, problems.list[i].message);
	if (lead != NULL) {
		buf_addf(&import->batch, "%s{\"line\":%zu,\"lead\":", import->has_rows ? "," : "[", line);
		buf_adds(&import->batch, lead);
		buf_addc(&import->batch, '}');
		import->has_rows = true;
	}
	return ++import->batch_seen < LEAD_BATCH ? LEAD_IMPORT_FINE : lead_import_flush(import);
}

/* What the server sets is left out of what it gave away before. */
static bool
lead_import_keep(const char *name, struct json *value, void *arg)
{
	const struct field *field = lead_field(name);
	struct buf *out = arg;

	if (field != NULL && field->kind == FIELD_READ_ONLY)
		return true;
	if (out->len > 1)
		buf_addc(out, ',');
	buf_add_json_string(out, name, strlen(name));
	buf_addc(out, ':');
	buf_adds(out, json_print(value));
	return true;
}

static enum lead_import_end
lead_import_ndjson_line(struct lead_import *import, const char *text, size_t len)
{
	size_t mark = import->csv.line == 1 ? csv_byte_order_mark(text, len) : 0;
	const char *reason = NULL;
	struct json *json = json_parse(text + mark, len - mark, &reason);

	if (json_type(json) == JSON_OBJECT) {
		buf_clear(&import->row);
		buf_addc(&import->row, '{');
		json_each(json, lead_import_keep, &import->row);
		buf_addc(&import->row, '}');
		json_free(json);
		json = json_parse(import->row.data, import->row.len, &reason);
	}
	return lead_import_row(import, import->csv.line, json, reason);
}

static enum lead_import_end
lead_import_ndjson(struct lead_import *import, const char *text, size_t len)
{
	enum lead_import_end end = LEAD_IMPORT_FINE;

	for (const char *stop; len > 0 && end == LEAD_IMPORT_FINE; import->csv.line++) {
		size_t line_len = (stop = memchr(text, '\n', len)) != NULL ? (size_t)(stop - text) : len;

		if (strspn(text, " \t\r") < line_len)
			end = lead_import_ndjson_line(import, text, line_len);
		line_len += stop != NULL;
		text += line_len;
		len -= line_len;
	}
	return end;
}

static enum lead_import_end
lead_import_malformed(struct lead_import *import, size_t line, const char *reason)
{
	import->reason = arena_printf(import->arena, "Line %zu %s", line, reason);
	return LEAD_IMPORT_MALFORMED;
}

/* Whether the names of the columns are text at all: a file in UTF-16 or of an old code page is found out here. */
static bool
lead_import_is_text(struct lead_import *import, const struct csv_row *row)
{
	size_t offset;

	buf_clear(&import->row);
	for (size_t i = 0; i < row->count; i++) {
		buf_addc(&import->row, i == 0 ? '[' : ',');
		buf_add_json_string(&import->row, row->cells[i].text, row->cells[i].len);
	}
	buf_addc(&import->row, ']');
	return json_scan(import->row.data, import->row.len, &offset) == NULL;
}

static enum lead_import_end
lead_import_names(struct lead_import *import, const struct csv_row *row)
{
	if (!lead_import_is_text(import, row))
		return lead_import_malformed(import, row->line, "is not text in UTF-8");
	return lead_columns_read(&import->columns, import->arena, row, &import->column_problems)
	    ? LEAD_IMPORT_FINE
	    : LEAD_IMPORT_COLUMNS;
}

static enum lead_import_end
lead_import_csv_row(struct lead_import *import)
{
	const struct csv_row *row = &import->cells;
	const char *reason = NULL;
	struct json *json;

	if (import->columns.count == 0)
		return lead_import_names(import, row);
	if (row->count != import->columns.count)
		return lead_import_row(import, row->line, NULL,
		    arena_printf(import->batch_arena, "has %zu cells, the first line %zu", row->count,
			import->columns.count));
	buf_clear(&import->row);
	lead_columns_print(&import->columns, row, &import->row);
	json = json_parse(import->row.data, import->row.len, &reason);
	return lead_import_row(import, row->line, json, reason);
}

static enum lead_import_end
lead_import_csv(struct lead_import *import, const char *text, size_t len)
{
	enum lead_import_end end = LEAD_IMPORT_FINE;
	const char *reason;

	csv_resume(&import->csv, text, len);
	while (end == LEAD_IMPORT_FINE) {
		reason = csv_next(&import->csv, import->batch_arena, &import->cells);
		if (reason != NULL)
			return lead_import_malformed(import, import->cells.line, reason);
		if (import->cells.count == 0)
			break;
		end = lead_import_csv_row(import);
	}
	return end;
}

static enum lead_import_end
lead_import_rows(struct lead_import *import, const char *text, size_t len)
{
	return import->format == LEAD_CSV ? lead_import_csv(import, text, len) : lead_import_ndjson(import, text, len);
}

static size_t
lead_import_whole(const struct lead_import *import, const char *text, size_t len)
{
	if (import->format == LEAD_CSV)
		return csv_whole_rows(text, len);
	while (len > 0 && text[len - 1] != '\n')
		len--;
	return len;
}

enum lead_import_end
lead_import_feed(struct lead_import *import, const char *text, size_t len)
{
	bool is_continued = import->rest.len > 0;
	enum lead_import_end end;
	size_t whole;

	if (is_continued) {
		buf_add(&import->rest, text, len);
		text = import->rest.data;
		len = import->rest.len;
	}
	whole = lead_import_whole(import, text, len);
	end = lead_import_rows(import, text, whole);
	if (end != LEAD_IMPORT_FINE)
		return end;
	if (len - whole > LEAD_ROW_MAX)
		return lead_import_malformed(import, import->csv.line,
		    "is longer than 1 MiB, or has a quote that is never closed");
	if (!is_continued) {
		buf_add(&import->rest, text + whole, len - whole);
	} else {
		memmove(import->rest.data, import->rest.data + whole, len - whole + 1);
		import->rest.len = len - whole;
	}
	return LEAD_IMPORT_FINE;
}

enum lead_import_end
lead_import_finish(struct lead_import *import)
{
	enum lead_import_end end = LEAD_IMPORT_FINE;

	if (import->rest.len > 0)
		end = lead_import_rows(import, import->rest.data, import->rest.len);
	return end == LEAD_IMPORT_FINE ? lead_import_flush(import) : end;
}

const struct lead_counts *
lead_import_counts(const struct lead_import *import)
{
	return &import->counts;
}

const struct field_problems *
lead_import_columns(const struct lead_import *import)
{
	return &import->column_problems;
}

const char *
lead_import_reason(const struct lead_import *import)
{
	return import->reason;
}
