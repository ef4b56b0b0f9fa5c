/*
 * health.c - is this process alive, can this installation serve
 */
#include "handlers.h"

#include "reply.h"

/* GET /healthz - touches nothing. */
enum http_status
health_live(struct request *rq)
{
	return reply_raw(rq, HTTP_OK, "application/json", "{\"status\":\"ok\"}\n");
}

/* The database's view; NULL with 503 answered when it is away. */
static const char *
health_check(struct request *rq)
{
	struct db_result *result = reply_rows(rq, STMT_ready, ARGS("{}"));

	return result == NULL ? NULL : db_value(result, 0, 0);
}

/* GET /readyz - 200 with each check, 503 when the database is away. */
enum http_status
health_ready(struct request *rq)
{
	const char *checks = health_check(rq);

	if (checks == NULL)
		return rq->status;
	return reply_raw(rq, HTTP_OK, "application/json",
	    arena_printf(rq->arena, "{\"status\":\"ready\",\"checks\":%s}\n", checks));
}

/* GET /api/health - the same in the envelope. */
enum http_status
health_get(struct request *rq)
{
	const char *checks = health_check(rq);

	if (checks == NULL)
		return rq->status;
	return reply_data(rq, HTTP_OK,
	    arena_printf(rq->arena, "{\"status\":\"ready\",\"checks\":%s}", checks), NULL);
}
