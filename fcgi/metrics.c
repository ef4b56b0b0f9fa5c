/*
 * metrics.c - the metrics page, in Prometheus' text format 0.0.4
 *
 * Requests are counted in shared memory by route template, never by path, so there is no unbounded
 * label. What the database and the other programs know comes from one statement; when it is
 * away the page shows the rest.
 */
#include "metrics.h"

#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "handlers.h"
#include "reply.h"
#include "routes.h"
#include "shared.h"

/* Upper bounds of the latency buckets, microseconds; the last is everything. */
static const int64_t metrics_bounds_us[SHARED_BUCKETS - 1] = { 1000, 2500, 5000, 10000, 25000, 50000, 100000,
	250000, 1000000, 5000000 };

/* Requests that fit no route share the slot after the last one. */
static struct shared_route *
metrics_slot(const struct request *rq)
{
	size_t index = rq->route == NULL ? routes_count : (size_t)(rq->route - routes);

	return &rq->tools->shared->routes[index < SHARED_ROUTES_MAX ? index : SHARED_ROUTES_MAX - 1];
}

static void
metrics_time(struct shared_times *times, int64_t us)
{
	size_t bucket = 0;

	while (bucket < SHARED_BUCKETS - 1 && us > metrics_bounds_us[bucket])
		bucket++;
	atomic_fetch_add(&times->buckets[bucket], 1);
	atomic_fetch_add(&times->total_us, (uint64_t)us);
}

/* What a connection counted since the last time. */
static void
metrics_database(const struct db *db, struct db_counters *told, struct shared *shared)
{
	const struct db_counters *now = db_counters(db);

	if (now->connects != told->connects)
		atomic_fetch_add(&shared->database_connects, now->connects - told->connects);
	if (now->repeats != told->repeats)
		atomic_fetch_add(&shared->database_repeats, now->repeats - told->repeats);
	for (int outcome = 0; outcome < DB_OUTCOMES; outcome++)
		if (now->by_outcome[outcome] != told->by_outcome[outcome])
			atomic_fetch_add(&shared->database_calls[outcome],
			    now->by_outcome[outcome] - told->by_outcome[outcome]);
	*told = *now;
}

void
metrics_count(const struct request *rq)
{
	static struct db_counters primary, replica;	/* of this worker, as told */
	struct shared_route *slot = metrics_slot(rq);
	int64_t us = clock_us() - rq->started_us;

	atomic_fetch_add(&slot->by_class[(unsigned)rq->status / 100 % SHARED_CLASSES], 1);
	metrics_time(&slot->times, us);
	if (rq->queued_us >= 0)
		metrics_time(&rq->tools->shared->queue, rq->queued_us);
	metrics_database(rq->tools->db, &primary, rq->tools->shared);
	if (rq->tools->replica != NULL)
		metrics_database(rq->tools->replica, &replica, rq->tools->shared);
}

static void
metrics_help(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
metrics_route_label(struct buf *out, size_t index)
{
	if (index < routes_count)
		buf_addf(out, "method=\"%s\",route=\"%s\"", http_method_name(routes[index].method),
		    routes[index].path);
	else
		buf_adds(out, "method=\"\",route=\"none\"");
}

static uint64_t
metrics_times_count(const struct shared_times *times)
{
	uint64_t count = 0;

	for (size_t i = 0; i < SHARED_BUCKETS; i++)
		count += atomic_load(&times->buckets[i]);
	return count;
}

static void
metrics_requests(struct buf *out, struct shared *shared)
{
	metrics_help(out, "vals_requests_total", "counter", "answered requests by route and class of status");
	for (size_t i = 0; i <= routes_count && i < SHARED_ROUTES_MAX; i++) {
		for (unsigned class = 0; class < SHARED_CLASSES; class ++) {
			uint64_t count = atomic_load(&shared->routes[i].by_class[class]);

			if (count == 0)
				continue;
			buf_adds(out, "vals_requests_total{");
			metrics_route_label(out, i);
			buf_addf(out, ",code=\"%uxx\"} %llu\n", class, (unsigned long long)count);
		}
	}
}

/* Print times as a histogram; label is that of all its samples, "" for none. */
static void
metrics_histogram(struct buf *out, const char *name, const char *label, const struct shared_times *times)
{
	uint64_t count = 0;

	for (size_t bucket = 0; bucket < SHARED_BUCKETS; bucket++) {
		count += atomic_load(&times->buckets[bucket]);
		buf_addf(out, "%s_bucket{%s%sle=\"", name, label, *label != '\0' ? "," : "");
		if (bucket < SHARED_BUCKETS - 1)
			buf_addf(out, "%g\"} %llu\n", (double)metrics_bounds_us[bucket] / 1e6,
			    (unsigned long long)count);
		else
			buf_addf(out, "+Inf\"} %llu\n", (unsigned long long)count);
	}
	buf_addf(out, *label != '\0' ? "%s_sum{%s} " : "%s_sum%s ", name, label);
	buf_addf(out, "%.6f\n", (double)atomic_load(&times->total_us) / 1e6);
	buf_addf(out, *label != '\0' ? "%s_count{%s} " : "%s_count%s ", name, label);
	buf_addf(out, "%llu\n", (unsigned long long)count);
}

static void
metrics_latency(struct buf *out, struct shared *shared)
{
	struct buf label = { 0 };

	metrics_help(out, "vals_request_seconds", "histogram", "time from the accepted request to its answer");
	for (size_t i = 0; i <= routes_count && i < SHARED_ROUTES_MAX; i++) {
		if (metrics_times_count(&shared->routes[i].times) == 0)
			continue;
		buf_clear(&label);
		metrics_route_label(&label, i);
		metrics_histogram(out, "vals_request_seconds", label.data, &shared->routes[i].times);
	}
	buf_free(&label);
	metrics_help(out, "vals_queue_seconds", "histogram", "time from nginx to a worker that was free");
	metrics_histogram(out, "vals_queue_seconds", "", &shared->queue);
}

/* A counter without labels. */
static void
metrics_counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
	metrics_help(out, name, "counter", help);
	buf_addf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void
metrics_calls(struct buf *out, struct shared *shared)
{
	static const char *const outcomes[DB_OUTCOMES] = { "ok", "refused", "away", "unknown", "deadline" };

	metrics_counter(out, "vals_database_connects_total", "connections that were opened",
	    atomic_load(&shared->database_connects));
	metrics_counter(out, "vals_database_repeats_total", "calls made again after a conflict or a lost connection",
	    atomic_load(&shared->database_repeats));
	metrics_help(out, "vals_database_calls_total", "counter", "calls by how they ended");
	for (int outcome = 0; outcome < DB_OUTCOMES; outcome++)
		buf_addf(out, "vals_database_calls_total{outcome=\"%s\"} %llu\n", outcomes[outcome],
		    (unsigned long long)atomic_load(&shared->database_calls[outcome]));
}

static void
metrics_workers(struct buf *out, struct shared *shared)
{
	unsigned busy = 0, idle = 0;

	for (size_t i = 0; i < SHARED_WORKERS_MAX; i++) {
		if (atomic_load(&shared->slots[i].pid) == 0)
			continue;
		if (atomic_load(&shared->slots[i].busy_since_ms) != 0)
			busy++;
		else
			idle++;
	}
	metrics_help(out, "vals_workers", "gauge", "worker processes");
	buf_addf(out, "vals_workers{state=\"busy\"} %u\nvals_workers{state=\"idle\"} %u\n", busy, idle);
	metrics_counter(out, "vals_worker_deaths_total", "workers that ended other than by being told to",
	    atomic_load(&shared->worker_deaths));
}

/* Who was kept out, and what came in twice. */
static void
metrics_refusals(struct buf *out, struct shared *shared)
{
	metrics_counter(out, "vals_rate_limited_total", "requests refused by the rate limit",
	    atomic_load(&shared->rate_limited));
	metrics_counter(out, "vals_logins_throttled_total", "sign-ins refused after too many failed ones",
	    atomic_load(&shared->logins_throttled));
	metrics_counter(out, "vals_webhooks_refused_total", "provider events without a valid signature",
	    atomic_load(&shared->webhooks_refused));
	metrics_counter(out, "vals_webhooks_late_total", "of the refused, those signed too long ago or ahead of time",
	    atomic_load(&shared->webhooks_late));
	metrics_counter(out, "vals_webhooks_repeated_total", "provider events that had come before",
	    atomic_load(&shared->webhooks_repeated));
}

static void
metrics_replica(struct buf *out, struct shared *shared)
{
	metrics_counter(out, "vals_replica_reads_total", "requests answered by the replica",
	    atomic_load(&shared->replica_reads));
	metrics_counter(out, "vals_replica_failures_total", "requests the primary answered in its place",
	    atomic_load(&shared->replica_failures));
}

/* The database's samples; a name begins a new group. */
static void
metrics_rows(struct buf *out, const struct db_result *rows)
{
	const char *before = "";

	for (int i = 0; i < db_rows(rows); i++) {
		const char *name = db_value(rows, i, 0);
		const char *labels = db_value(rows, i, 1);

		if (strcmp(name, before) != 0)
			buf_addf(out, "# TYPE %s gauge\n", name);
		if (*labels == '\0')
			buf_addf(out, "%s %s\n", name, db_value(rows, i, 2));
		else
			buf_addf(out, "%s{%s} %s\n", name, labels, db_value(rows, i, 2));
		before = name;
	}
}

/* GET /metrics - for loopback only, which is nginx's to see to. */
enum http_status
metrics_get(struct request *rq)
{
	struct buf page = { 0 };
	struct db_result *rows = NULL;
	enum db_outcome outcome = db_call(rq->db, &stmts[STMT_metrics], NULL, &rows);
	const char *text;

	metrics_requests(&page, rq->tools->shared);
	metrics_latency(&page, rq->tools->shared);
	metrics_workers(&page, rq->tools->shared);
	metrics_calls(&page, rq->tools->shared);
	metrics_refusals(&page, rq->tools->shared);
	if (rq->tools->replica != NULL)
		metrics_replica(&page, rq->tools->shared);
	metrics_help(&page, "vals_database_up", "gauge", "whether the database answered this page");
	buf_addf(&page, "vals_database_up %d\n", outcome == DB_OK);
	if (outcome == DB_OK)
		metrics_rows(&page, rows);
	db_result_free(&rows);
	text = arena_strndup(rq->arena, page.data, page.len);
	buf_free(&page);
	return reply_raw(rq, HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text);
}
