/*
 * keys.c - API keys of programs
 */
#include "handlers.h"

#include "access.h"
#include "paging.h"
#include "reply.h"

/* FIELD_CHOICES reads the names from the table of permissions. */
#define KEY_FIELDS(required)                                                                          \
	{ .name = "name", .kind = FIELD_TEXT, .is_required = required, .min = 1, .max = 100 },        \
	    { .name = "scopes", .kind = FIELD_CHOICES, .is_nullable = true, .values = access_scopes }, \
	{                                                                                             \
		.name = "expiresAt", .kind = FIELD_TIME, .is_nullable = true                          \
	}

const struct field keys_create_fields[] = { KEY_FIELDS(true), FIELD_END };

const struct field keys_update_fields[] = {
	KEY_FIELDS(false),
	{ .name = "id", .kind = FIELD_READ_ONLY },
	{ .name = "role", .kind = FIELD_READ_ONLY },
	{ .name = "prefix", .kind = FIELD_READ_ONLY },
	{ .name = "createdBy", .kind = FIELD_READ_ONLY },
	{ .name = "createdAt", .kind = FIELD_READ_ONLY },
	{ .name = "revokedAt", .kind = FIELD_READ_ONLY },
	{ .name = "lastUsedAt", .kind = FIELD_READ_ONLY },
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
	rq->location = arena_printf(rq->arena, "/api/keys/%s", db_value(created, 0, db_column(created, "resource_id")));
	return reply_data(rq, HTTP_CREATED,
	    arena_printf(rq->arena, "{\"key\":\"%s\",%s", key.text, db_value(created, 0, 0) + 1),
	    "Keep this key, it is not shown again");
}

/* GET /api/keys/:id */
enum http_status
keys_get(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_keys_get, ARGS(rq->who_json, rq->id));
}

/* PUT /api/keys/:id - another name, other scopes, another end; the key itself stays. */
enum http_status
keys_update(struct request *rq)
{
	enum http_status status = reply_call(rq, HTTP_OK, "API key updated", STMT_keys_update,
	    ARGS(rq->who_json, rq->id, rq->body_json));

	access_forget_keys(rq);
	return status;
}

/* DELETE /api/keys/:id - revoke a key. */
enum http_status
keys_delete(struct request *rq)
{
	enum http_status status =
	    reply_call(rq, HTTP_OK, "API key revoked", STMT_keys_delete, ARGS(rq->who_json, rq->id));

	access_forget_keys(rq);
	return status;
}
