/*
 * users.c - accounts of people
 */
#include "handlers.h"

#include "json.h"
#include "paging.h"
#include "password.h"
#include "passwords.h"
#include "reply.h"

static const char *const user_roles[] = { "admin", "kevin", "operator", "analyst", NULL };

const struct field users_filters[] = {
	PAGING_FIELDS,
	{ .name = "role", .kind = FIELD_ENUM, .values = user_roles },
	FIELD_END
};

const struct field users_create_fields[] = {
	{ .name = "email", .kind = FIELD_EMAIL, .is_required = true },
	{ .name = "name", .kind = FIELD_TEXT, .is_required = true, .min = 1, .max = 100 },
	{ .name = "role", .kind = FIELD_ENUM, .is_required = true, .values = user_roles },
	{ .name = "password", .kind = FIELD_PASSWORD, .is_required = true },
	FIELD_END
};

const struct field users_update_fields[] = {
	{ .name = "name", .kind = FIELD_TEXT, .min = 1, .max = 100 },
	{ .name = "role", .kind = FIELD_ENUM, .values = user_roles },
	{ .name = "isActive", .kind = FIELD_BOOL },
	{ .name = "password", .kind = FIELD_PASSWORD },
	{ .name = "id", .kind = FIELD_READ_ONLY },
	{ .name = "email", .kind = FIELD_READ_ONLY },
	{ .name = "createdAt", .kind = FIELD_READ_ONLY },
	{ .name = "lastLoginAt", .kind = FIELD_READ_ONLY },
	FIELD_END
};

/* GET /api/users */
enum http_status
users_list(struct request *rq)
{
	return reply_call_page(rq, STMT_users_list, ARGS(rq->who_json, rq->query_json));
}

/* POST /api/users - the database gets the password's hash only. */
enum http_status
users_create(struct request *rq)
{
	const char *hash = passwords_hash(rq, request_field(rq, "password"));

	if (hash == NULL)
		return rq->status;
	return reply_created(rq, "/api/users", "User created successfully", STMT_users_create,
	    ARGS(rq->who_json, request_field(rq, "email"), request_field(rq, "name"),
		request_field(rq, "role"), hash));
}

/* GET /api/users/:id */
enum http_status
users_get(struct request *rq)
{
	return reply_call(rq, HTTP_OK, NULL, STMT_users_get, ARGS(rq->who_json, rq->id));
}

/* PUT /api/users/:id - another password or role signs the user out. */
enum http_status
users_update(struct request *rq)
{
	const char *password = request_field(rq, "password");
	const struct json *is_active = json_get(rq->body, "isActive");
	const char *hash = NULL;

	if (password != NULL && (hash = passwords_hash(rq, password)) == NULL)
		return rq->status;
	return reply_call(rq, HTTP_OK, "User updated successfully", STMT_users_update,
	    ARGS(rq->who_json, rq->id, request_field(rq, "name"), request_field(rq, "role"),
	        is_active == NULL ? NULL : json_bool(is_active) ? "true" : "false", hash));
}

/* DELETE /api/users/:id - deactivate; what he did stays his. */
enum http_status
users_delete(struct request *rq)
{
	return reply_call(rq, HTTP_OK, "User deactivated", STMT_users_update,
	    ARGS(rq->who_json, rq->id, NULL, NULL, "false", NULL));
}
