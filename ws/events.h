/*
 * events.h - database event to client event and rooms
 *
 * Which event goes where is a table. Every event also goes to the room of its
 * call; nobody gets one twice.
 */
#ifndef VALS_WS_EVENTS_H
#define VALS_WS_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "room.h"

struct frame;

#define EVENTS_ROOMS_MAX 3

/* Everybody of a kind is in these from the start; clients cannot name them. */
#define ROOM_ALL "@all"
#define ROOM_STAFF "@staff"		/* all but agents */
#define ROOM_KEVIN_HIMSELF "@kevin"

/* These can be joined, see presence.c for who may. */
#define ROOM_CALL_MONITORING "call-monitoring"
#define ROOM_LEADS "leads"
#define ROOM_KEVIN "kevin"
#define ROOM_ANALYTICS "analytics"
#define ROOM_CALL_PREFIX "call:"

struct event_rule {
	const char *kind;	/* in the database */
	const char *name;	/* at the client */
	const char *rooms[EVENTS_ROOMS_MAX];
};

/* The rule of a kind, or NULL for one that clients do not hear of. */
const struct event_rule *events_rule(const char *kind);

/* The rooms that hear of one event. */
struct event_address {
	const char *rooms[EVENTS_ROOMS_MAX + 1];
	size_t count;
	char call_room[ROOM_NAME_MAX + 1];	/* one of them, if the event is of a call */
};

/* Rooms by rule and call; call_id may be NULL. rooms points into the address itself. */
void events_address(const struct event_rule *rule, const char *call_id,
    struct event_address *address_r);

/*
 * One event as a frame for all: payload is a JSON object, which gets `seq`, a
 * decimal string, as its last member; seq is also the event's last argument, with which
 * the client comes back (recovery.h). Returns NULL if payload is no object.
 */
struct frame *events_encode(const struct event_rule *rule, const char *payload,
    const char *seq);

/* Encode and send to everybody concerned. call_id may be NULL. */
void events_publish(const char *kind, const char *call_id, const char *payload,
    const char *seq);

/* Whether an event of this kind changes what system-status says. */
bool events_change_status(const char *kind);

#endif
