/*
 * waiting.c - wait for a row, with no transaction open
 *
 * By looking again and again: a LISTEN would not pass a pooler which lends connections by transaction.
 */
#include "waiting.h"

#include "clock.h"
#include "fcgx.h"
#include "reply.h"
#include "shared.h"

#define WAITING_POLL_MS 50

enum waited
waiting_for_row(struct request *rq, enum stmt stmt, int64_t limit_ms, struct db_result **row_r)
{
	int64_t deadline = clock_ms() + limit_ms;

	while (clock_ms() < deadline) {
		enum db_outcome outcome = db_call(rq->db, &stmts[stmt], ARGS(rq->resource_id), row_r);

		if (outcome != DB_OK) {
			reply_db_problem(rq, outcome);
			return WAITED_FAILED;
		}
		if (db_rows(*row_r) > 0) {
			request_take_result(rq, *row_r);
			return WAITED_FOUND;
		}
		db_result_free(row_r);
		if (fcgx_is_deserted(rq->tools->fcgx))
			return WAITED_FOR_NOBODY;
		atomic_store(&rq->tools->slot->busy_since_ms, clock_ms());
		clock_sleep_ms(WAITING_POLL_MS);
	}
	return WAITED_IN_VAIN;
}
