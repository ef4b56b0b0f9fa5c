/*
 * clientevents.c - what signed-in clients may ask for
 *
 * Each event is a row of a table: who may send it, what its payload must look like, and a
 * handler. Whoever asks for an acknowledgement gets exactly one: {success:true}, or
 * {success:false, error}. Writes call the same SQL functions as the HTTP routes.
 */
#include "clientevents.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "client.h"
#include "events.h"
#include "json.h"
#include "log.h"
#include "pgasync.h"
#include "presence.h"
#include "recovery.h"
#include "shapes.h"
#include "xalloc.h"

#define CLIENTEVENTS_PENDING_MAX 32	/* answers one socket may wait for */

static struct pgasync *clientevents_reads, *clientevents_writes;

void
clientevents_start(struct pgasync *reads, struct pgasync *writes)
{
	clientevents_reads = reads;
	clientevents_writes = writes;
}

/* ---- acknowledgements ---- */

static void
clientevents_succeed(struct member *member, struct span id)
{
	socket_acknowledge(member->socket, id, "{\"success\":true}");
}

static void
clientevents_fail(struct member *member, struct span id, const char *error)
{
	struct buf args = { 0 };

	buf_adds(&args, "{\"success\":false,\"error\":");
	buf_add_json_string(&args, error, strlen(error));
	buf_addc(&args, '}');
	socket_acknowledge(member->socket, id, args.data);
	buf_free(&args);
}

/* ---- calls to the database on somebody's errand ---- */

struct errand {
	struct member *member;	/* NULL once he is gone */
	char id[SOCKETIO_ID_MAX + 1];	/* of the acknowledgement, or "" */
	char *room;		/* the one being joined, or NULL */
	struct errand *next, **back;	/* of the same member */
};

static struct errand *
clientevents_errand(struct member *member, struct span id)
{
	struct errand *errand = xcalloc(1, sizeof(*errand));

	errand->member = member;
	if (id.text != NULL)
		memcpy(errand->id, id.text, id.len);
	errand->next = member->errands;
	errand->back = &member->errands;
	if (errand->next != NULL)
		errand->next->back = &errand->next;
	member->errands = errand;
	member->errand_count++;
	return errand;
}

/* End an errand; returns for whom it was, or NULL, and leaves the id in id_r. */
static struct member *
clientevents_errand_end(struct errand *errand, char id_r[static SOCKETIO_ID_MAX + 1])
{
	struct member *member = errand->member;

	memcpy(id_r, errand->id, sizeof(errand->id));
	if (member != NULL) {
		*errand->back = errand->next;
		if (errand->next != NULL)
			errand->next->back = errand->back;
		member->errand_count--;
	}
	free(errand->room);
	free(errand);
	return member;
}

void
clientevents_forget(struct member *member)
{
	struct errand *errand;

	while ((errand = member->errands) != NULL) {
		member->errands = errand->next;
		errand->member = NULL;
	}
}

static struct span
clientevents_id(const char *id)
{
	return (struct span){ *id != '\0' ? id : NULL, strlen(id) };
}

/* What a client is told of a call that did not work; our own refusals are his to read. */
static const char *
clientevents_problem(enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	switch (outcome) {
	case PGASYNC_REFUSED:
		if (strncmp(pgasync_sqlstate(result), "RS", 2) == 0)
			return pgasync_message(result);
		if (strncmp(pgasync_sqlstate(result), "22", 2) == 0)
			return "a value is not acceptable";
		log_error("clientevents", "call failed: %s %s", pgasync_sqlstate(result),
		    pgasync_message(result));
		return "Internal server error";
	case PGASYNC_AWAY:
		return "Service unavailable";
	case PGASYNC_UNKNOWN:
		return "Service unavailable; the change may have been made";
	case PGASYNC_OK:
		break;
	}
	return NULL;
}

/* Acknowledge what came of an errand. */
static void
clientevents_answer(struct member *member, const char *id, enum pgasync_outcome outcome,
    const struct pgasync_result *result)
{
	if (outcome == PGASYNC_OK)
		clientevents_succeed(member, clientevents_id(id));
	else
		clientevents_fail(member, clientevents_id(id),
		    clientevents_problem(outcome, result));
}

static void
clientevents_written(void *owner, enum pgasync_outcome outcome,
    const struct pgasync_result *result)
{
	char id[SOCKETIO_ID_MAX + 1];
	struct member *member = clientevents_errand_end(owner, id);

	if (outcome == PGASYNC_OK)
		pgasync_notify(clientevents_writes, "vals_event");
	if (member != NULL)
		clientevents_answer(member, id, outcome, result);
}

static void
clientevents_write(struct member *member, struct span id, enum stmt stmt, const char *body)
{
	pgasync_call(clientevents_writes, stmt, (const char *[]){ member->who.user_id, body },
	    clientevents_written, clientevents_errand(member, id));
}

/* ---- the events ---- */

/* The room asked for: `{room}` or just its name. */
static const char *
clientevents_room(const struct json *payload)
{
	if (json_type(payload) == JSON_STRING)
		return json_string(payload);
	return json_string(json_get(payload, "room"));
}

/*
 * A room is acknowledged once the database keeps it: from then on a client that
 * comes back is in it. One that could not be kept is left again.
 */
static void
clientevents_joined(void *owner, enum pgasync_outcome outcome,
    const struct pgasync_result *result)
{
	struct errand *errand = owner;
	char id[SOCKETIO_ID_MAX + 1];
	struct member *member = errand->member;

	if (member != NULL && outcome != PGASYNC_OK)
		presence_part(member, errand->room);
	clientevents_errand_end(errand, id);
	if (member == NULL)
		return;
	clientevents_answer(member, id, outcome, result);
	if (outcome == PGASYNC_OK)
		presence_send_status(member);
}

static void
clientevents_join_room(struct member *member, const struct json *payload, struct span id)
{
	const char *room = clientevents_room(payload);
	struct errand *errand;
	bool was_in;

	if (room == NULL) {
		clientevents_fail(member, id, "room is required");
		return;
	}
	if (!presence_may_join(member->who.role, room)) {
		clientevents_fail(member, id, "no such room, or not for your role");
		return;
	}
	was_in = presence_is_in(member, room);
	if (!presence_join(member, room)) {
		clientevents_fail(member, id, "too many rooms");
	} else if (was_in || member->recovery == NULL) {
		clientevents_succeed(member, id);
		presence_send_status(member);
	} else {
		errand = clientevents_errand(member, id);
		errand->room = xstrdup(room);
		recovery_save(member->recovery, clientevents_joined, errand);
	}
}

static void
clientevents_left(void *owner, enum pgasync_outcome outcome,
    const struct pgasync_result *result)
{
	char id[SOCKETIO_ID_MAX + 1];
	struct member *member = clientevents_errand_end(owner, id);

	if (member != NULL)
		clientevents_answer(member, id, outcome, result);
}

static void
clientevents_leave_room(struct member *member, const struct json *payload, struct span id)
{
	const char *room = clientevents_room(payload);

	if (room == NULL || *room == '@')
		clientevents_fail(member, id, "room is required");
	else if (!presence_part(member, room) || member->recovery == NULL)
		clientevents_succeed(member, id);
	else
		recovery_save(member->recovery, clientevents_left,
		    clientevents_errand(member, id));
}

static void
clientevents_calls_read(void *owner, enum pgasync_outcome outcome,
    const struct pgasync_result *result)
{
	char id[SOCKETIO_ID_MAX + 1];
	struct member *member = clientevents_errand_end(owner, id);
	const char *calls = NULL;

	if (member == NULL)
		return;
	if (outcome == PGASYNC_OK && pgasync_rows(result) == 1)
		calls = pgasync_value(result, 0, 0);
	if (outcome == PGASYNC_OK)
		presence_emit(member, "active-calls-update", calls != NULL ? calls : "[]");
	clientevents_answer(member, id, outcome, result);
}

static void
clientevents_monitor_calls(struct member *member, const struct json *payload, struct span id)
{
	(void)payload;
	if (!presence_is_in(member, ROOM_CALL_MONITORING)) {
		if (!presence_join(member, ROOM_CALL_MONITORING)) {
			clientevents_fail(member, id, "too many rooms");
			return;
		}
		/* The read below goes the same way: if this fails, so does that. */
		if (member->recovery != NULL)
			recovery_save(member->recovery, NULL, NULL);
	}
	pgasync_call(clientevents_reads, STMT_active_calls, NULL, clientevents_calls_read,
	    clientevents_errand(member, id));
}

static void
clientevents_kevin_availability(struct member *member, const struct json *payload,
    struct span id)
{
	clientevents_write(member, id, STMT_kevin_availability_set, json_print(payload));
}

/* Append a member under the name the route uses for it, if it is there. */
static void
clientevents_add(struct buf *body, const char *name, const struct json *value)
{
	if (value == NULL)
		return;
	buf_addf(body, "%s\"%s\":%s", body->len > 1 ? "," : "", name,
	    json_type(value) == JSON_NULL ? "null" : json_print(value));
}

static void
clientevents_engagement(struct member *member, const struct json *payload, struct span id)
{
	struct buf body = { 0 };

	buf_addc(&body, '{');
	clientevents_add(&body, "callId", json_get(payload, "callId"));
	clientevents_add(&body, "engagementScore", json_get(payload, "score"));
	clientevents_add(&body, "phase", json_get(payload, "phase"));
	clientevents_add(&body, "indicators", json_get(payload, "indicators"));
	buf_addc(&body, '}');
	clientevents_write(member, id, STMT_engagement_report, body.data);
	buf_free(&body);
}

/* ---- the table ---- */

static const struct shape_field clientevents_kevin_fields[] = {
	{ "available", true, true, shape_bool },
	{ "reason", false, true, shape_reason },
	{ "until", false, true, shape_time },
	{ 0 }
};

static const struct shape_field clientevents_engagement_fields[] = {
	{ "callId", true, false, shape_uuid },
	{ "score", true, false, shape_score },
	{ "phase", false, false, shape_phase },
	{ "indicators", false, true, shape_indicators },
	{ 0 }
};

static const struct clientevent {
	const char *name;		/* as JSON */
	const char *roles[4];		/* who may; none: everybody */
	const struct shape_field *fields;	/* NULL: the handler looks itself */
	void (*handle)(struct member *member, const struct json *payload, struct span id);
} clientevents[] = {
	{ "\"join-room\"", { 0 }, NULL, clientevents_join_room },
	{ "\"leave-room\"", { 0 }, NULL, clientevents_leave_room },
	{ "\"monitor-calls\"", { "admin", "kevin", "operator" }, NULL,
	    clientevents_monitor_calls },
	{ "\"kevin-availability-update\"", { "admin", "kevin" }, clientevents_kevin_fields,
	    clientevents_kevin_availability },
	{ "\"engagement-update\"", { "admin", "agent" }, clientevents_engagement_fields,
	    clientevents_engagement },
};

static const struct clientevent *
clientevents_find(struct span name)
{
	for (size_t i = 0; i < sizeof(clientevents) / sizeof(clientevents[0]); i++)
		if (span_is(name, clientevents[i].name))
			return &clientevents[i];
	return NULL;
}

static bool
clientevents_may(const struct clientevent *event, const char *role)
{
	if (event->roles[0] == NULL)
		return true;
	for (size_t i = 0; i < sizeof(event->roles) / sizeof(event->roles[0]) &&
	    event->roles[i] != NULL; i++)
		if (strcmp(event->roles[i], role) == 0)
			return true;
	return false;
}

static void
clientevents_handle(struct member *member, const struct clientevent *event,
    const struct json *payload, struct span id)
{
	char problem[SHAPES_PROBLEM_SIZE];

	if (!clientevents_may(event, member->who.role))
		clientevents_fail(member, id, "your role may not do this");
	else if (event->fields != NULL && !shapes_check(payload, event->fields, problem))
		clientevents_fail(member, id, problem);
	else
		event->handle(member, payload, id);
}

void
clientevents_dispatch(struct socket *socket, const struct socket_event *event)
{
	const struct clientevent *known = clientevents_find(event->name);
	struct member *member = socket->member;
	struct buf text = { 0 };
	struct json *args;
	const char *reason;

	if (known == NULL) {
		clientevents_fail(member, event->id, "unknown event");
		return;
	}
	if (member->errand_count >= CLIENTEVENTS_PENDING_MAX) {
		clientevents_fail(member, event->id, "too many requests at once");
		return;
	}
	buf_addc(&text, '[');
	buf_add(&text, event->args.text, event->args.len);
	buf_addc(&text, ']');
	args = json_parse(text.data, text.len, &reason);
	if (args != NULL)
		clientevents_handle(member, known, json_item(args, 0), event->id);
	else
		clientevents_fail(member, event->id, reason);
	json_free(args);
	buf_free(&text);
}
