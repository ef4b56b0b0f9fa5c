/*
 * room.c - names to sockets
 *
 * A membership is one small record in two lists: the room's members and the
 * socket's rooms. Rooms are found by hash of their name.
 */
#include "room.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "xalloc.h"

#define ROOM_BUCKETS 1024

struct room {
	char name[ROOM_NAME_MAX + 1];
	struct room_link *members;
	struct room *next;	/* in its bucket */
};

struct room_link {
	struct room *room;
	struct socket *socket;
	struct room_link *next_member, **back_member;
	struct room_link *next_room;	/* of the same socket */
};

static struct room *room_buckets[ROOM_BUCKETS];
static uint64_t room_mark;

static struct room **
room_find(const char *name)
{
	uint32_t hash = 2166136261u;	/* FNV-1a */
	struct room **place;

	for (const char *c = name; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	place = &room_buckets[hash % ROOM_BUCKETS];
	while (*place != NULL && strcmp((*place)->name, name) != 0)
		place = &(*place)->next;
	return place;
}

/* The link to a socket's membership, or to the NULL at the end of its list. */
static struct room_link **
room_link_of(struct socket *socket, const char *name)
{
	struct room_link **link = &socket->rooms;

	while (*link != NULL && strcmp((*link)->room->name, name) != 0)
		link = &(*link)->next_room;
	return link;
}

bool
room_has(const struct socket *socket, const char *name)
{
	for (const struct room_link *link = socket->rooms; link != NULL; link = link->next_room)
		if (strcmp(link->room->name, name) == 0)
			return true;
	return false;
}

size_t
room_count(const struct socket *socket)
{
	size_t count = 0;

	for (const struct room_link *link = socket->rooms; link != NULL; link = link->next_room)
		count++;
	return count;
}

void
room_join(struct socket *socket, const char *name)
{
	struct room_link *link;
	struct room **place, *room;

	if (strlen(name) > ROOM_NAME_MAX || room_has(socket, name))
		return;
	place = room_find(name);
	if (*place == NULL) {
		*place = xcalloc(1, sizeof(**place));
		memcpy((*place)->name, name, strlen(name) + 1);
	}
	room = *place;
	link = xcalloc(1, sizeof(*link));
	link->room = room;
	link->socket = socket;
	link->next_room = socket->rooms;
	socket->rooms = link;
	link->next_member = room->members;
	link->back_member = &room->members;
	if (room->members != NULL)
		room->members->back_member = &link->next_member;
	room->members = link;
}

/* Take a membership, already off the socket's list, off the room's. */
static void
room_unlink(struct room_link *link)
{
	struct room *room = link->room;
	struct room **place;

	*link->back_member = link->next_member;
	if (link->next_member != NULL)
		link->next_member->back_member = link->back_member;
	free(link);
	if (room->members != NULL)
		return;
	place = room_find(room->name);
	*place = room->next;
	free(room);
}

void
room_leave(struct socket *socket, const char *name)
{
	struct room_link **place = room_link_of(socket, name);
	struct room_link *link = *place;

	if (link == NULL)
		return;
	*place = link->next_room;
	room_unlink(link);
}

void
room_leave_all(struct socket *socket)
{
	struct room_link *link;

	while ((link = socket->rooms) != NULL) {
		socket->rooms = link->next_room;
		room_unlink(link);
	}
}

void
room_send(const char *const *names, size_t count, struct frame *const *frames,
    size_t frame_count)
{
	const struct room *room;
	struct socket *socket;

	room_mark++;
	for (size_t i = 0; i < count; i++) {
		room = *room_find(names[i]);
		if (room == NULL)
			continue;
		for (const struct room_link *link = room->members; link != NULL;
		    link = link->next_member) {
			socket = link->socket;
			if (socket->mark == room_mark)
				continue;
			socket->mark = room_mark;
			socket_send(socket, frames, frame_count);
		}
	}
}

struct socket *
room_any(const char *name)
{
	const struct room *room = *room_find(name);

	return room != NULL ? room->members->socket : NULL;
}
