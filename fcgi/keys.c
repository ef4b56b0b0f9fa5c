/*
 * keys.c - API keys of programs
 */
#include "handlers.h"

#include "access.h"
#include "paging.h"
#include "reply.h"

/* FIELD_CHOICES reads the names from the table of permissions. */
const struct field keys_create_fields[] = {
	{ .name = "name", .kind = FIELD_TEXT, .is_required = true, .min = 1, .max = 100 },
	{ .name = "scopes", .kind = FIELD_CHOICES, .is_nullable = true, .values = access_scopes },
	{ .name = "expiresAt", .kind = FIELD_TIME, .is_nullable = true },
	FIELD_END
};

const struct field keys_filters[] = { PAGING_FIELDS, FIELD_END };

/* GET /api/keys */
enum http_status
keys_list(struct request *rq)
{
	return reply_call_page(rq, STMT_keys_list, ARGS(rq->who_json, rq->query_json));
}

/* POST /api/keys - the answer is the only place the key is ever shown. */
enum http_status
keys_create(struct request *rq)
{
	struct token_api_key key;
	struct db_result *created;

	token_api_key_make(&key);
	created = reply_rows(rq, STMT_keys_create, ARGS(rq->who_json, rq->body_json, key.hash, key.shown));
	if (created == NULL)
		return rq->status;
	return reply_data(rq, HTTP_CREATED,
	    arena_printf(rq->arena, "{\"key\":\"%s\",%s", key.text, db_value(created, 0, 0) + 1),
	    "Keep this key, it is not shown again");
}

/* DELETE /api/keys/:id - revoke a key. */
enum http_status
keys_delete(struct request *rq)
{
	return reply_call(rq, HTTP_OK, "API key revoked", STMT_keys_delete, ARGS(rq->who_json, rq->id));
}
