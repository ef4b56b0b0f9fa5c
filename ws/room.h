/*
 * room.h - names to sockets
 *
 * A room exists while somebody is in it. Names that begin with '@' are the
 * daemon's own (everybody of a kind); clients cannot ask for them.
 */
#ifndef VALS_WS_ROOM_H
#define VALS_WS_ROOM_H

#include <stdbool.h>
#include <stddef.h>

struct frame;
struct socket;

#define ROOM_NAME_MAX 64

/* Joining twice is joining once. */
void room_join(struct socket *socket, const char *name);

void room_leave(struct socket *socket, const char *name);
void room_leave_all(struct socket *socket);
bool room_has(const struct socket *socket, const char *name);
size_t room_count(const struct socket *socket);

/*
 * Send frames, in a row, to each socket that is in at least one of the rooms
 * names[0..count): once, however many it is in.
 */
void room_send(const char *const *names, size_t count, struct frame *const *frames,
    size_t frame_count);

/* Some socket of a room, or NULL when nobody is in it. */
struct socket *room_any(const char *name);

#endif
