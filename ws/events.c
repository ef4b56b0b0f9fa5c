/*
 * events.c - database event to client event and rooms
 */
#include "events.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "frame.h"
#include "log.h"
#include "message.h"

static const struct event_rule event_rules[] = {
	/* database event       client event                  rooms */
	{ "lead.created",       "lead:created",               { ROOM_STAFF } },
	{ "lead.updated",       "lead:updated",               { ROOM_STAFF } },
	{ "lead.deleted",       "lead:deleted",               { ROOM_STAFF } },
	{ "leads.imported",     "leads:imported",             { ROOM_STAFF } },
	{ "call.started",       "call:started",               { ROOM_ALL } },
	{ "call.status",        "call:status",                { ROOM_CALL_MONITORING } },
	{ "call.ended",         "call:ended",                 { ROOM_CALL_MONITORING } },
	{ "call.phase",         "call:phase-transition",      { ROOM_CALL_MONITORING } },
	{ "call.engagement",    "call:engagement-update",     { ROOM_ALL } },
	{ "call.transcript",    "call:transcript",            { ROOM_CALL_MONITORING } },
	{ "call.recording",     "call:recording",             { ROOM_CALL_MONITORING } },
	{ "call.transfer",      "call:transfer",              { ROOM_ALL } },
	{ "call.opportunity",   "transfer-opportunity",
	    { ROOM_CALL_MONITORING, ROOM_KEVIN, ROOM_KEVIN_HIMSELF } },
	{ "kevin.availability", "kevin-availability-changed", { ROOM_ALL } },
	{ "dashboard.metrics",  "dashboard:metrics-update",
	    { ROOM_CALL_MONITORING, ROOM_ANALYTICS } },
};

const struct event_rule *
events_rule(const char *kind)
{
	for (size_t i = 0; i < sizeof(event_rules) / sizeof(event_rules[0]); i++)
		if (strcmp(event_rules[i].kind, kind) == 0)
			return &event_rules[i];
	return NULL;
}

/* The payload comes from the database as JSON; only its last bracket is looked for. */
struct frame *
events_encode(const struct event_rule *rule, const char *payload, const char *seq)
{
	size_t len = strlen(payload);
	struct frame *frame;
	struct buf args = { 0 };
	bool is_empty;

	while (len > 0 && strchr(" \t\r\n", payload[len - 1]) != NULL)
		len--;
	if (len < 2 || payload[0] != '{' || payload[len - 1] != '}')
		return NULL;
	is_empty = strspn(payload + 1, " \t\r\n") == len - 2;
	buf_add(&args, payload, len - 1);
	buf_addf(&args, "%s\"seq\":\"%s\"},\"%s\"", is_empty ? "" : ",", seq, seq);
	frame = message_event("/", rule->name, args.data, args.len);
	buf_free(&args);
	return frame;
}

void
events_address(const struct event_rule *rule, const char *call_id,
    struct event_address *address_r)
{
	size_t count = 0;

	while (count < EVENTS_ROOMS_MAX && rule->rooms[count] != NULL) {
		address_r->rooms[count] = rule->rooms[count];
		count++;
	}
	if (call_id != NULL) {
		snprintf(address_r->call_room, sizeof(address_r->call_room), "%s%s",
		    ROOM_CALL_PREFIX, call_id);
		address_r->rooms[count++] = address_r->call_room;
	}
	address_r->count = count;
}

void
events_publish(const char *kind, const char *call_id, const char *payload, const char *seq)
{
	const struct event_rule *rule = events_rule(kind);
	struct event_address address;
	struct frame *frame;

	if (rule == NULL)
		return;
	frame = events_encode(rule, payload, seq);
	if (frame == NULL) {
		log_error("events", "event %s of kind %s has no object as payload", seq, kind);
		return;
	}
	events_address(rule, call_id, &address);
	room_send(address.rooms, address.count, &frame, 1);
	frame_free(&frame);
}

bool
events_change_status(const char *kind)
{
	return strncmp(kind, "call.", 5) == 0 || strncmp(kind, "kevin.", 6) == 0;
}
