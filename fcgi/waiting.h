/*
 * waiting.h - wait for a row, with no transaction open
 */
#ifndef VALS_WAITING_H
#define VALS_WAITING_H

#include <stdint.h>

#include "request.h"
#include "stmts.h"

struct db_result;

enum waited {
	WAITED_FOUND,
	WAITED_IN_VAIN,	/* the time is over */
	WAITED_FOR_NOBODY,	/* the client has left */
	WAITED_FAILED,	/* the database failed: it has been answered, rq->status says how */
};

/*
 * Look for what rq->resource_id brings until the statement, whose one argument it is, answers a row. That lives as long
 * as the request. Waiting is no hanging: the master is told that the worker lives.
 */
enum waited waiting_for_row(struct request *rq, enum stmt stmt, int64_t limit_ms, struct db_result **row_r);

#endif
