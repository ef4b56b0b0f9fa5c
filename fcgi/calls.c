/*
 * calls.c - conversations, live and past
 */
#include "handlers.h"

#include "reply.h"

/* GET /api/calls/active - the calls that are alive. */
enum http_status
calls_active(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_calls_active, ARGS(rq->who_json));
}

/* GET /api/calls/:id - everything known about a call. */
enum http_status
calls_get(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_calls_get, ARGS(rq->who_json, rq->id));
}
