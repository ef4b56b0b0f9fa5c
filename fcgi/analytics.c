/*
 * analytics.c - figures about calls and leads
 */
#include "handlers.h"

#include "reply.h"

static const char *const time_ranges[] = { "24h", "7d", "30d", "90d", NULL };
static const char *const performance_steps[] = { "hour", "day", "week", NULL };

#define PERIOD_FIELDS \
	{ .name = "from", .kind = FIELD_TIME }, { .name = "to", .kind = FIELD_TIME }, \
	    { .name = "timeRange", .kind = FIELD_ENUM, .values = time_ranges }, \
	{ \
		.name = "timezone", .kind = FIELD_TEXT, .min = 1, .max = 50 \
	}

const struct field analytics_filters[] = { PERIOD_FIELDS, FIELD_END };

const struct field agent_performance_filters[] = {
	PERIOD_FIELDS,
	{ .name = "groupBy", .kind = FIELD_ENUM, .values = performance_steps },
	{ .name = "agentVersion", .kind = FIELD_TEXT, .min = 1, .max = 64 },
	FIELD_END
};

/* GET /api/agent/performance - how the voice agent did. */
enum http_status
agent_performance(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_agent_performance, ARGS(rq->who_json, rq->query_json));
}

/* GET /api/analytics/dashboard - the state of the business at a glance. */
enum http_status
analytics_dashboard(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_analytics_dashboard, ARGS(rq->who_json, rq->query_json));
}

/* GET /api/analytics/performance - calls: how many, how well, how long, how warm, and when. */
enum http_status
analytics_performance(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_analytics_performance, ARGS(rq->who_json, rq->query_json));
}

/* GET /api/analytics/conversion - what becomes of leads, and where they are lost. */
enum http_status
analytics_conversion(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_analytics_conversion, ARGS(rq->who_json, rq->query_json));
}
