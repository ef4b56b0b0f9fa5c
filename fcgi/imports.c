/*
 * imports.c - leads from a file: CSV or NDJSON
 *
 * The batches go to the database in the one transaction the frame has opened. A dry run only judges. Without one
 * a single invalid row means that nothing is imported.
 */
#include "handlers.h"

#include <string.h>

#include "json.h"
#include "lead_import.h"
#include "reply.h"

#define IMPORT_REFUSALS_MAX 100

const struct field leads_import_filters[] = {
	{ .name = "dryRun", .kind = FIELD_BOOL },
	FIELD_END
};

struct import {
	struct request *rq;
	bool is_dry;
	struct lead_problem *problems;
	size_t problems_count;
};

static void
import_note(const struct lead_problem *problem, void *arg)
{
	struct import *import = arg;
	struct arena *arena = import->rq->arena;
	struct lead_problem *kept = &import->problems[import->problems_count];

	if (import->problems_count == LEAD_PROBLEMS_MAX)
		return;
	*kept = *problem;
	kept->field = problem->field != NULL ? arena_strdup(arena, problem->field) : NULL;
	kept->message = arena_strdup(arena, problem->message);
	import->problems_count++;
}

/* Hand a batch over. False when that failed: the failure has been answered. */
static bool
import_judge(struct lead_import *file, const char *rows, void *arg)
{
	struct import *import = arg;
	struct db_result *verdicts = reply_rows(import->rq, STMT_leads_import,
	    ARGS(import->rq->who_json, rows, import->is_dry ? "true" : "false"));

	if (verdicts != NULL)
		lead_import_judged(file, verdicts);
	return verdicts != NULL;
}

/* Invalid rows, as the fields of a body would be told. */
static enum http_status
import_refuse(struct import *import)
{
	struct request *rq = import->rq;
	struct field_problem *details = arena_alloc(rq->arena, IMPORT_REFUSALS_MAX * sizeof(*details));
	size_t count = 0;

	for (size_t i = 0; i < import->problems_count && count < IMPORT_REFUSALS_MAX; i++) {
		const struct lead_problem *problem = &import->problems[i];

		if (problem->verdict != LEAD_INVALID)
			continue;
		details[count].field = arena_printf(rq->arena, "line %zu%s%s", problem->line,
		    problem->field != NULL ? ": " : "", problem->field != NULL ? problem->field : "");
		details[count++].message = problem->message;
	}
	return reply_invalid(rq, details, count);
}

static void
import_print_problem(struct buf *out, const struct lead_problem *problem)
{
	buf_addf(out, "{\"line\":%zu,\"verdict\":\"%s\",\"field\":", problem->line, lead_verdicts[problem->verdict]);
	if (problem->field == NULL)
		buf_adds(out, "null");
	else
		buf_add_json_string(out, problem->field, strlen(problem->field));
	buf_adds(out, ",\"message\":");
	buf_add_json_string(out, problem->message, strlen(problem->message));
	buf_addc(out, '}');
}

static enum http_status
import_report(struct import *import, const struct lead_counts *counts)
{
	struct request *rq = import->rq;
	struct buf out = { 0 };
	const char *data;

	buf_addf(&out, "{\"dryRun\":%s,\"rows\":%zu", import->is_dry ? "true" : "false", counts->rows);
	for (int verdict = 0; verdict < LEAD_VERDICT__MAX; verdict++)
		buf_addf(&out, ",\"%s\":%zu", lead_verdicts[verdict], counts->by_verdict[verdict]);
	buf_adds(&out, ",\"problems\":[");
	for (size_t i = 0; i < import->problems_count; i++) {
		if (i > 0)
			buf_addc(&out, ',');
		import_print_problem(&out, &import->problems[i]);
	}
	buf_adds(&out, "]}");
	data = arena_strndup(rq->arena, out.data, out.len);
	buf_free(&out);
	return reply_data(rq, HTTP_OK, data,
	    import->is_dry ? NULL : arena_printf(rq->arena, "%zu leads imported", counts->by_verdict[LEAD_NEW]));
}

static enum http_status
import_end(struct import *import, const struct lead_counts *counts)
{
	const char *count = arena_printf(import->rq->arena, "%zu", counts->by_verdict[LEAD_NEW]);

	if (!import->is_dry && counts->by_verdict[LEAD_INVALID] > 0)
		return import_refuse(import);
	if (!import->is_dry && counts->by_verdict[LEAD_NEW] > 0 &&
	    reply_rows(import->rq, STMT_leads_import_done, ARGS(import->rq->who_json, count)) == NULL)
		return import->rq->status;
	return import_report(import, counts);
}

static enum http_status
import_answer(struct import *import, const struct lead_import *file, enum lead_import_end end)
{
	struct request *rq = import->rq;

	switch (end) {
	case LEAD_IMPORT_FINE:
		return import_end(import, lead_import_counts(file));
	case LEAD_IMPORT_COLUMNS:
		return reply_invalid(rq, lead_import_columns(file)->list, lead_import_columns(file)->count);
	case LEAD_IMPORT_MALFORMED:
		return reply_problem(rq, HTTP_BAD_REQUEST, "MALFORMED", lead_import_reason(file));
	case LEAD_IMPORT_STOPPED:
		break;
	}
	return rq->status;
}

/* A trial unless it is said to be none. */
static bool
import_is_dry(struct request *rq)
{
	const struct json *is_dry = json_get(request_query(rq), "dryRun");

	return is_dry == NULL || json_bool(is_dry);
}

/* POST /api/leads/import - judge the rows of a file, and make leads of them unless it is a dry run. */
enum http_status
leads_import(struct request *rq)
{
	bool is_csv = request_is_type(rq, "text/csv");
	struct import import = { .rq = rq, .is_dry = import_is_dry(rq) };
	struct lead_import_hooks hooks = { .judge = import_judge, .note = import_note, .arg = &import };
	enum lead_import_end end;
	struct lead_import *file;

	if (!is_csv && !request_is_type(rq, "application/x-ndjson"))
		return reply_problem(rq, HTTP_UNSUPPORTED_TYPE, "UNSUPPORTED_TYPE",
		    "Content-Type must be text/csv or application/x-ndjson");
	import.problems = arena_alloc(rq->arena, LEAD_PROBLEMS_MAX * sizeof(*import.problems));
	file = lead_import_new(is_csv ? LEAD_CSV : LEAD_NDJSON, &hooks);
	end = lead_import_feed(file, rq->raw, rq->raw_len);
	if (end == LEAD_IMPORT_FINE)
		end = lead_import_finish(file);
	import_answer(&import, file, end);
	lead_import_free(&file);
	return rq->status;
}
