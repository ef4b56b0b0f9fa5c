/*
 * export.c - datasets as files, streamed
 *
 * The database keeps a cursor in one transaction; a batch of lines is fetched, sent and forgotten before
 * the next, so neither side holds more than that. The answer has begun when something goes wrong later: the
 * connection is cut then, so that nobody takes half a file for a whole one.
 */
#include "handlers.h"

#include <string.h>

#include "clock.h"
#include "json.h"
#include "log.h"
#include "paging.h"
#include "reply.h"
#include "shared.h"

#define EXPORT_BATCH "1000"

static const char *const export_datasets[] = { "leads", "calls", "transfers", "engagement", NULL };
static const char *const export_formats[] = { "csv", "json", "ndjson", NULL };

/* What the lists of all datasets take; the list itself says which of its values are good. */
const struct field export_filters[] = {
	{ .name = "dataset", .kind = FIELD_ENUM, .is_required = true, .values = export_datasets },
	{ .name = "format", .kind = FIELD_ENUM, .values = export_formats },
	{ .name = "bom", .kind = FIELD_BOOL },
	{ .name = "status", .kind = FIELD_TEXT, .min = 1, .max = 50 },
	{ .name = "finalStatus", .kind = FIELD_TEXT, .min = 1, .max = 50 },
	{ .name = "state", .kind = FIELD_TEXT, .min = 1, .max = 50 },
	{ .name = "conversionResult", .kind = FIELD_TEXT, .min = 1, .max = 50 },
	{ .name = "source", .kind = FIELD_TEXT, .min = 1, .max = 100 },
	{ .name = "qualificationScore", .kind = FIELD_INTEGER, .min = 0, .max = 100 },
	{ .name = "createdAfter", .kind = FIELD_TIME },
	{ .name = "createdBefore", .kind = FIELD_TIME },
	{ .name = "leadId", .kind = FIELD_UUID },
	{ .name = "from", .kind = FIELD_TIME },
	{ .name = "to", .kind = FIELD_TIME },
	{ .name = "minScore", .kind = FIELD_NUMBER, .min = 0, .max = 100 },
	{ .name = "transferred", .kind = FIELD_BOOL },
	{ .name = "answeredBy", .kind = FIELD_TEXT, .min = 1, .max = 50 },
	{ .name = "agentVersion", .kind = FIELD_TEXT, .min = 1, .max = 64 },
	{ .name = "search", .kind = FIELD_TEXT, .min = 1, .max = 200 },
	FIELD_END
};

/* The filters a dataset shares with its list; engagement has none. */
static const struct {
	const char *dataset;
	const struct field *filters;
} export_lists[] = {
	{ "leads", leads_filters },
	{ "calls", calls_filters },
	{ "transfers", kevin_transfers_filters },
};

struct export {
	const char *dataset;
	const char *format;
	const char *content_type;
	bool is_json;	/* one array: commas between, brackets around */
};

static void
export_describe(const struct json *filters, struct export *export_r)
{
	const char *format = json_string(json_get(filters, "format"));

	export_r->dataset = json_string(json_get(filters, "dataset"));
	export_r->format = format == NULL ? "csv" : format;
	export_r->is_json = strcmp(export_r->format, "json") == 0;
	if (export_r->is_json)
		export_r->content_type = "application/json; charset=utf-8";
	else if (strcmp(export_r->format, "ndjson") == 0)
		export_r->content_type = "application/x-ndjson";
	else
		export_r->content_type = "text/csv; charset=utf-8; header=present";
}

/* Send one batch. Returns the number of lines, or -1 when the database or the client failed. */
static int
export_batch(struct request *rq, const struct export *export, bool is_first)
{
	struct db_result *lines = NULL;
	struct buf *out = rq->tools->out;
	int count;

	if (db_call(rq->db, &stmts[STMT_export_fetch], ARGS(EXPORT_BATCH), &lines) != DB_OK) {
		log_warn("export", "%s: %s", export->dataset, db_error(rq->db)->message);
		return -1;
	}
	count = db_rows(lines);
	buf_clear(out);
	for (int i = 0; i < count; i++) {
		if (export->is_json && (i > 0 || !is_first))
			buf_addc(out, ',');
		buf_add(out, db_value(lines, i, 0), db_value_len(lines, i, 0));
	}
	db_result_free(&lines);
	/* A long export is not a hanging worker. */
	atomic_store(&rq->tools->slot->busy_since_ms, clock_ms());
	return count == 0 || reply_stream(rq, out->data, out->len) ? count : -1;
}

/* Send all of it; the head has been fetched. False when it broke off. */
static bool
export_stream(struct request *rq, const struct export *export, const char *head)
{
	bool is_first = true;
	int count;

	reply_header(rq, "Content-Disposition",
	    arena_printf(rq->arena, "attachment; filename=\"vals-%s.%s\"", export->dataset, export->format));
	if (!reply_stream_begin(rq, export->content_type) ||
	    (*head != '\0' && !reply_stream(rq, head, strlen(head))))
		return false;
	while ((count = export_batch(rq, export, is_first)) > 0)
		is_first = false;
	if (count < 0)
		return false;
	return !export->is_json || reply_stream(rq, "]", 1);
}

/* Open the cursor and stream; the transaction ends with the audit row kept or, broken off, without it. */
static enum http_status
export_run(struct request *rq, const struct export *export)
{
	enum db_outcome outcome = db_begin(rq->db);
	struct db_result *head;

	if (outcome != DB_OK)
		return reply_db_problem(rq, outcome);
	head = reply_rows(rq, STMT_export_open, ARGS(rq->who_json, rq->query_json));
	if (head == NULL) {
		db_rollback(rq->db);
		return rq->status;
	}
	if (export_stream(rq, export, db_value(head, 0, 0)) && db_commit(rq->db) == DB_OK)
		return rq->status;
	db_rollback(rq->db);
	reply_stream_abort(rq);
	return rq->status;
}

/* Hold the filters against those of the dataset's list. False when that would refuse them: so has been answered. */
static bool
export_check(struct request *rq, const char *dataset, const struct json *filters)
{
	struct field_problems problems;

	for (size_t i = 0; i < sizeof(export_lists) / sizeof(*export_lists); i++) {
		if (strcmp(export_lists[i].dataset, dataset) != 0 ||
		    fields_check(rq->arena, export_lists[i].filters, filters, false, true, &problems) != NULL)
			continue;
		reply_invalid(rq, problems.list, problems.count);
		return false;
	}
	return true;
}

/* GET /api/analytics/export - at most a few at once, for each holds a transaction. */
enum http_status
export_get(struct request *rq)
{
	const struct json *filters = request_query(rq);
	enum http_status status;
	struct export export;

	if (*rq->env.query == '\0')
		return reply_invalid(rq, &(struct field_problem){ "dataset", "is required" }, 1);
	export_describe(filters, &export);
	if (!export_check(rq, export.dataset, filters))
		return rq->status;
	if (!shared_place_enter(rq->tools->shared->exporters, SHARED_EXPORTERS)) {
		reply_header(rq, "Retry-After", "5");
		return reply_problem(rq, HTTP_TOO_MANY_REQUESTS, "EXPORT_BUSY",
		    "Too many exports at once, try again");
	}
	status = export_run(rq, &export);
	shared_place_leave(rq->tools->shared->exporters, SHARED_EXPORTERS);
	return status;
}
