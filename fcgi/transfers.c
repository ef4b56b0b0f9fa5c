/*
 * transfers.c - hand the lead to the closer while he is on the line
 */
#include "handlers.h"

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "reply.h"
#include "waiting.h"

#define TRANSFER_RING_S 25
/* Ringing, briefing and the key, and some slack; then the state is answered instead of the result. */
#define TRANSFER_WAIT_MS 45000

const struct field call_transfer_fields[] = {
	{ .name = "note", .kind = FIELD_NOTES, .max = 500, .is_nullable = true },
	FIELD_END
};

/* What the database is told of our settings. */
static const char *
transfer_rules(struct request *rq)
{
	const char *number = conf_text(CONF_kevin_phone_number);
	struct buf rules = { 0 };
	const char *text;

	buf_adds(&rules, "{\"closerNumber\":");
	buf_add_json_string(&rules, number, strlen(number));
	buf_addf(&rules, ",\"acceptKey\":%s,\"ringSecs\":%d}", conf_bool(CONF_accept_key) ? "true" : "false",
	    TRANSFER_RING_S);
	text = arena_strndup(rq->arena, rules.data, rules.len);
	buf_free(&rules);
	return text;
}

/* POST /api/calls/:id/transfer - Kevin is reserved and the command to dial him queued, in one transaction. */
enum http_status
call_transfer_start(struct request *rq)
{
	return reply_call(rq, HTTP_ACCEPTED, NULL, STMT_call_transfer_start,
	    ARGS(rq->who_json, transfer_rules(rq), rq->id, rq->body_json));
}

/* Then wait for what comes of it, unless the client would rather hear it from the events. */
enum http_status
call_transfer_wait(struct request *rq)
{
	struct db_result *row = NULL;

	if (request_prefers(rq, "respond-async"))
		return rq->status;
	switch (waiting_for_row(rq, STMT_call_transfer_result, TRANSFER_WAIT_MS, &row)) {
	case WAITED_FOUND:
		return reply_data(rq, (enum http_status)strtol(db_value(row, 0, 0), NULL, 10), db_value(row, 0, 1), NULL);
	case WAITED_IN_VAIN:
		return reply_call(rq, HTTP_ACCEPTED, NULL, STMT_call_transfer_state, ARGS(rq->resource_id));
	case WAITED_FOR_NOBODY:
	case WAITED_FAILED:
		break;
	}
	return rq->status;
}

/* DELETE /api/calls/:id/transfer - take it back, as long as the two have not been put through. */
enum http_status
call_transfer_cancel(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_call_transfer_cancel, ARGS(rq->who_json, rq->id));
}
