/*
 * imports.c - leads from a file: CSV or NDJSON
 *
 * Each row is checked by the table a body of POST /api/leads is checked by, and against the rows
 * before it; batches of those which passed go to the database, in the one transaction the frame has opened. A dry run
 * only judges. Without one a single invalid row means that nothing is imported.
 */
#include "handlers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "csv.h"
#include "fields.h"
#include "json.h"
#include "reply.h"
#include "xalloc.h"

#define IMPORT_BATCH 500
#define IMPORT_PROBLEMS_MAX 1000	/* listed; all are counted */
#define IMPORT_REFUSALS_MAX 100
#define IMPORT_ARENA_SIZE 65536

const struct field leads_import_filters[] = {
	{ .name = "dryRun", .kind = FIELD_BOOL },
	FIELD_END
};

enum import_verdict { IMPORT_NEW, IMPORT_DUPLICATE, IMPORT_INVALID, IMPORT_DO_NOT_CALL, IMPORT_VERDICT__MAX };

static const char *const import_verdicts[IMPORT_VERDICT__MAX] = { "new", "duplicate", "invalid", "doNotCall" };

struct import_problem {
	size_t line;
	enum import_verdict verdict;
	const char *field;	/* NULL: the whole line */
	const char *message;
};

/* A telephone number or e-mail address of an earlier line. */
struct import_key {
	UT_hash_handle hh;
	size_t line;
	char text[];
};

/* A column of a CSV file: a field, or a member of one that is an object; both NULL if it is ignored. */
struct import_column {
	const char *field;
	const char *member;
};

struct import {
	struct request *rq;
	struct arena *arena;	/* of the batch */
	bool is_dry;
	struct buf batch;	/* its rows as JSON */
	size_t batch_rows;
	size_t rows;
	size_t counts[IMPORT_VERDICT__MAX];
	struct import_problem problems[IMPORT_PROBLEMS_MAX];
	size_t problems_count;
	struct import_key *seen;
	struct import_column columns[CSV_CELLS_MAX];
	size_t columns_count;
};

static void
import_note(struct import *import, size_t line, enum import_verdict verdict, const char *field, const char *message)
{
	struct arena *arena = import->rq->arena;

	if (import->problems_count == IMPORT_PROBLEMS_MAX)
		return;
	import->problems[import->problems_count++] = (struct import_problem){
		.line = line,
		.verdict = verdict,
		.field = field != NULL ? arena_strdup(arena, field) : NULL,
		.message = arena_strdup(arena, message),
	};
}

static void
import_refuse_row(struct import *import, size_t line, const char *message)
{
	import->counts[IMPORT_INVALID]++;
	import_note(import, line, IMPORT_INVALID, NULL, message);
}

/* The verdicts of the database on a batch. */
static void
import_judged(struct import *import, const struct db_result *result)
{
	for (int row = 0; row < db_rows(result); row++) {
		size_t line = strtoul(db_value(result, row, 0), NULL, 10);
		const char *name = db_value(result, row, 1);
		enum import_verdict verdict = IMPORT_NEW;

		while (strcmp(import_verdicts[verdict], name) != 0)
			verdict++;
		import->counts[verdict]++;
		if (verdict != IMPORT_NEW) {
			import_note(import, line, verdict, db_value(result, row, 2), db_value(result, row, 3));
		} else if (*db_value(result, row, 4) == 't') {
			import->counts[IMPORT_DO_NOT_CALL]++;
			import_note(import, line, IMPORT_DO_NOT_CALL, "phone", "wants no calls");
		}
	}
}

/* Hand the batch over. False when that failed: the failure has been answered. */
static bool
import_flush(struct import *import)
{
	struct db_result *result;

	if (import->batch_rows == 0)
		return true;
	buf_addc(&import->batch, ']');
	result = reply_rows(import->rq, STMT_leads_import,
	    ARGS(import->rq->who_json, import->batch.data, import->is_dry ? "true" : "false"));
	if (result != NULL)
		import_judged(import, result);
	buf_clear(&import->batch);
	import->batch_rows = 0;
	arena_reset(import->arena);
	return result != NULL;
}

/* Whether an earlier line has this number or address; remembers it otherwise. */
static bool
import_is_repeated(struct import *import, size_t line, const struct json *lead, const char *field)
{
	const char *text = json_string(json_get(lead, field));
	struct import_key *key;
	size_t len;

	if (text == NULL)
		return false;
	len = strlen(text);
	HASH_FIND(hh, import->seen, text, len, key);
	if (key != NULL) {
		import->counts[IMPORT_DUPLICATE]++;
		import_note(import, line, IMPORT_DUPLICATE, field,
		    arena_printf(import->arena, "is in line %zu already", key->line));
		return true;
	}
	key = xcalloc(1, sizeof(*key) + len + 1);
	key->line = line;
	memcpy(key->text, text, len + 1);
	HASH_ADD(hh, import->seen, text[0], len, key);
	return false;
}

/* Take a well-formed row into the batch, unless an earlier line has made it superfluous. */
static bool
import_accept(struct import *import, size_t line, const char *lead_json)
{
	const char *reason;
	struct json *lead = json_parse(lead_json, strlen(lead_json), &reason);
	bool is_repeated =
	    import_is_repeated(import, line, lead, "phone") || import_is_repeated(import, line, lead, "email");

	json_free(lead);
	if (is_repeated)
		return true;
	buf_addf(&import->batch, "%s{\"line\":%zu,\"lead\":", import->batch_rows == 0 ? "[" : ",", line);
	buf_adds(&import->batch, lead_json);
	buf_addc(&import->batch, '}');
	return ++import->batch_rows < IMPORT_BATCH || import_flush(import);
}

/* Judge a row that is a JSON object as text. False when the database failed. */
static bool
import_row(struct import *import, size_t line, const char *text, size_t len, bool is_text)
{
	struct field_problems problems;
	const char *reason, *lead;
	struct json *json = json_parse(text, len, &reason);

	import->rows++;
	if (json == NULL || json_type(json) != JSON_OBJECT) {
		import_refuse_row(import, line, json == NULL ? reason : "must be an object");
		json_free(json);
		return true;
	}
	lead = fields_check(import->arena, leads_import_fields, json, is_text, false, &problems);
	json_free(json);
	if (lead != NULL)
		return import_accept(import, line, lead);
	import->counts[IMPORT_INVALID]++;
	for (size_t i = 0; i < problems.count; i++)
		import_note(import, line, IMPORT_INVALID, problems.list[i].field, problems.list[i].message);
	return true;
}

static const struct field *
import_field(const char *name)
{
	for (const struct field *field = leads_import_fields; field->name != NULL; field++)
		if (strcmp(field->name, name) == 0)
			return field;
	return NULL;
}

/* What the server sets is left out of what it gave away before. */
static bool
import_keep_member(const char *name, struct json *value, void *arg)
{
	const struct field *field = import_field(name);
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

static bool
import_ndjson_line(struct import *import, size_t line, const char *text, size_t len)
{
	struct buf out = { 0 };
	const char *reason;
	struct json *json = json_parse(text, len, &reason);
	bool is_fine;

	if (json_type(json) == JSON_OBJECT) {
		buf_addc(&out, '{');
		json_each(json, import_keep_member, &out);
		buf_addc(&out, '}');
		is_fine = import_row(import, line, out.data, out.len, false);
	} else {
		is_fine = import_row(import, line, text, len, false);
	}
	buf_free(&out);
	json_free(json);
	return is_fine;
}

static bool
import_ndjson(struct import *import)
{
	const char *at = import->rq->raw, *end = at + import->rq->raw_len;

	for (size_t line = 1; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop != NULL ? stop : end) - at);

		if (strspn(at, " \t\r") < len && !import_ndjson_line(import, line, at, len))
			return false;
		at += len + 1;
	}
	return true;
}

/* Read the first line of a CSV file. False when it was refused. */
static bool
import_header(struct import *import, const struct csv_row *row)
{
	struct field_problems problems = { .count = 0 };
	struct arena *arena = import->rq->arena;

	for (size_t i = 0; i < row->count; i++) {
		const char *name = row->cells[i].text;
		const char *dot = strchr(name, '.');
		char *head = arena_strndup(arena, name, dot != NULL ? (size_t)(dot - name) : strlen(name));
		const struct field *field = import_field(head);
		bool has_members = field != NULL && (field->kind == FIELD_OBJECT || field->kind == FIELD_CONSENT);

		if ((field == NULL || (dot != NULL && !has_members)) && problems.count < FIELD_PROBLEMS_MAX)
			problems.list[problems.count++] = (struct field_problem){ name, "is not a known column" };
		else if (field != NULL && field->kind != FIELD_READ_ONLY)
			import->columns[i] = (struct import_column){ head, dot != NULL ? dot + 1 : NULL };
	}
	import->columns_count = row->count;
	if (problems.count > 0)
		reply_invalid(import->rq, problems.list, problems.count);
	return problems.count == 0;
}

/* A cell as a JSON value: lists have semicolons between, lists and objects may be JSON themselves. */
static void
import_cell(struct buf *out, const struct import_column *column, const struct csv_cell *cell)
{
	const struct field *field = import_field(column->field);
	const char *at = cell->text;
	bool is_plain = column->member != NULL || field->kind == FIELD_TEXT || field->kind == FIELD_NOTES;

	if (!is_plain && (*at == '{' || *at == '[')) {
		buf_add(out, at, cell->len);
		return;
	}
	if (field->kind != FIELD_TAGS) {
		buf_add_json_string(out, at, cell->len);
		return;
	}
	buf_addc(out, '[');
	for (;;) {
		size_t len = strcspn(at, ";");

		buf_add_json_string(out, at, len);
		if (at[len] == '\0')
			break;
		buf_addc(out, ',');
		at += len + 1;
	}
	buf_addc(out, ']');
}

/* The cells of columns which are members of the field in column first, as one object. */
static void
import_members(struct import *import, const struct csv_row *row, size_t first, struct buf *out)
{
	const char *separator = "{";

	for (size_t i = first; i < row->count; i++) {
		const struct import_column *column = &import->columns[i];

		if (column->member == NULL || row->cells[i].len == 0 ||
		    strcmp(column->field, import->columns[first].field) != 0)
			continue;
		buf_adds(out, separator);
		buf_add_json_string(out, column->member, strlen(column->member));
		buf_addc(out, ':');
		import_cell(out, column, &row->cells[i]);
		separator = ",";
	}
	buf_adds(out, *separator == '{' ? "{}" : "}");
}

/* Whether an earlier column that is not empty has opened this one's object. */
static bool
import_is_member_done(struct import *import, const struct csv_row *row, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (import->columns[j].member == NULL || row->cells[j].len == 0)
			continue;
		/* A member is always one of a field. */
		assert(import->columns[j].field != NULL);
		if (strcmp(import->columns[j].field, import->columns[i].field) == 0)
			return true;
	}
	return false;
}

/* A row of cells as an object; empty cells are absent. */
static bool
import_csv_row(struct import *import, const struct csv_row *row)
{
	struct buf out = { 0 };
	bool is_fine;

	if (row->count != import->columns_count) {
		import->rows++;
		import_refuse_row(import, row->line,
		    arena_printf(import->arena, "has %zu cells, the first line %zu", row->count,
			import->columns_count));
		return true;
	}
	buf_addc(&out, '{');
	for (size_t i = 0; i < row->count; i++) {
		const struct import_column *column = &import->columns[i];

		if (column->field == NULL || row->cells[i].len == 0 ||
		    (column->member != NULL && import_is_member_done(import, row, i)))
			continue;
		buf_addf(&out, "%s\"%s\":", out.len > 1 ? "," : "", column->field);
		if (column->member != NULL)
			import_members(import, row, i, &out);
		else
			import_cell(&out, column, &row->cells[i]);
	}
	buf_addc(&out, '}');
	is_fine = import_row(import, row->line, out.data, out.len, true);
	buf_free(&out);
	return is_fine;
}

static bool
import_csv(struct import *import)
{
	struct csv_row *row = arena_alloc(import->rq->arena, sizeof(*row));
	struct csv csv;
	const char *problem;

	csv_init(&csv, import->rq->raw, import->rq->raw_len);
	problem = csv_next(&csv, import->rq->arena, row);
	if (problem == NULL && row->count > 0 && !import_header(import, row))
		return false;
	while (problem == NULL && row->count > 0) {
		problem = csv_next(&csv, import->arena, row);
		if (problem == NULL && row->count > 0 && !import_csv_row(import, row))
			return false;
	}
	/* Where a quote is wrong nobody knows where the next row begins. */
	if (problem != NULL)
		reply_problem(import->rq, HTTP_BAD_REQUEST, "MALFORMED",
		    arena_printf(import->rq->arena, "Line %zu %s", row->line, problem));
	return problem == NULL;
}

/* Invalid rows, as the fields of a body would be told. */
static enum http_status
import_refuse(struct import *import)
{
	struct request *rq = import->rq;
	struct field_problem *details = arena_alloc(rq->arena, IMPORT_REFUSALS_MAX * sizeof(*details));
	size_t count = 0;

	for (size_t i = 0; i < import->problems_count && count < IMPORT_REFUSALS_MAX; i++) {
		const struct import_problem *problem = &import->problems[i];

		if (problem->verdict != IMPORT_INVALID)
			continue;
		details[count].field = arena_printf(rq->arena, "line %zu%s%s", problem->line,
		    problem->field != NULL ? ": " : "", problem->field != NULL ? problem->field : "");
		details[count++].message = problem->message;
	}
	return reply_invalid(rq, details, count);
}

static enum http_status
import_report(struct import *import)
{
	struct request *rq = import->rq;
	struct buf out = { 0 };
	const char *data;

	buf_addf(&out, "{\"dryRun\":%s,\"rows\":%zu", import->is_dry ? "true" : "false", import->rows);
	for (int verdict = 0; verdict < IMPORT_VERDICT__MAX; verdict++)
		buf_addf(&out, ",\"%s\":%zu", import_verdicts[verdict], import->counts[verdict]);
	buf_adds(&out, ",\"problems\":[");
	for (size_t i = 0; i < import->problems_count; i++) {
		const struct import_problem *problem = &import->problems[i];

		buf_addf(&out, "%s{\"line\":%zu,\"verdict\":\"%s\",\"field\":", i == 0 ? "" : ",", problem->line,
		    import_verdicts[problem->verdict]);
		if (problem->field == NULL)
			buf_adds(&out, "null");
		else
			buf_add_json_string(&out, problem->field, strlen(problem->field));
		buf_adds(&out, ",\"message\":");
		buf_add_json_string(&out, problem->message, strlen(problem->message));
		buf_addc(&out, '}');
	}
	buf_adds(&out, "]}");
	data = arena_strndup(rq->arena, out.data, out.len);
	buf_free(&out);
	return reply_data(rq, HTTP_OK, data,
	    import->is_dry ? NULL : arena_printf(rq->arena, "%zu leads imported", import->counts[IMPORT_NEW]));
}

static enum http_status
import_finish(struct import *import)
{
	const char *count = arena_printf(import->rq->arena, "%zu", import->counts[IMPORT_NEW]);

	if (!import->is_dry && import->counts[IMPORT_INVALID] > 0)
		return import_refuse(import);
	if (!import->is_dry && import->counts[IMPORT_NEW] > 0 &&
	    reply_rows(import->rq, STMT_leads_import_done, ARGS(import->rq->who_json, count)) == NULL)
		return import->rq->status;
	return import_report(import);
}

static void
import_free(struct import *import)
{
	struct import_key *key, *next;

	HASH_ITER(hh, import->seen, key, next)
	{
		/* The analyzer does not follow the table. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		HASH_DEL(import->seen, key);
		free(key);
	}
	buf_free(&import->batch);
	arena_free(&import->arena);
}

static bool
import_is_dry(const struct request *rq)
{
	const char *reason;
	struct json *query = json_parse(rq->query_json, strlen(rq->query_json), &reason);
	bool is_dry = json_get(query, "dryRun") == NULL || json_bool(json_get(query, "dryRun"));

	json_free(query);
	return is_dry;
}

/* POST /api/leads/import - judge the rows of a file, and make leads of them unless it is a dry run. */
enum http_status
leads_import(struct request *rq)
{
	bool is_csv = request_is_type(rq, "text/csv");
	struct import *import;

	if (!is_csv && !request_is_type(rq, "application/x-ndjson"))
		return reply_problem(rq, HTTP_UNSUPPORTED_TYPE, "UNSUPPORTED_TYPE",
		    "Content-Type must be text/csv or application/x-ndjson");
	import = arena_zalloc(rq->arena, sizeof(*import));
	import->rq = rq;
	import->arena = arena_new(IMPORT_ARENA_SIZE);
	import->is_dry = import_is_dry(rq);
	if ((is_csv ? import_csv(import) : import_ndjson(import)) && import_flush(import))
		import_finish(import);
	import_free(import);
	return rq->status;
}
