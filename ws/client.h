/*
 * client.h - Socket.IO on a session: namespaces, events, acknowledgements
 *
 * A client is the Socket.IO side of one session; a socket is its membership of
 * one namespace. What sockets are for is the app's business: the daemon's is
 * presence.c, the conformance program in tests/ has another.
 */
#ifndef VALS_WS_CLIENT_H
#define VALS_WS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session.h"
#include "socketio.h"

#define SOCKET_ID_SIZE 21

struct client;
struct frame;
struct room_link;

struct socket {
	struct client *client;
	const char *nsp;		/* one of the app's names */
	char id[SOCKET_ID_SIZE];	/* public; has nothing to do with the session's sid */
	bool is_connected;		/* the CONNECT was answered; else still being decided */
	bool has_left;			/* the client took its leave (DISCONNECT) */
	void *member;			/* the app's, NULL until it sets it */
	struct room_link *rooms;	/* room.c's */
	uint64_t mark;			/* room.c's: the last message it was sent */
	struct socket *next;		/* of the same client */
};

/* An event as the app gets it. Everything is borrowed for the time of the call. */
struct socket_event {
	struct span name;	/* JSON */
	struct span args;	/* JSON, joined by commas; may be empty */
	struct span id;		/* of the acknowledgement asked for, or absent */
	struct frame *const *attachments;
	unsigned attachment_count;
};

struct app {
	const char *const *namespaces;	/* ended by NULL */
	int64_t connect_timeout_ms;	/* for a client without any socket */

	/*
	 * A client asks to join; auth is the JSON object it sent, "{}" if none. To be answered
	 * by socket_accept, socket_refuse or socket_close, at once or later.
	 */
	void (*connect)(struct socket *socket, struct span auth);
	void (*event)(struct socket *socket, const struct socket_event *event);

	/* The socket is over; called for each one `connect` was called for. */
	void (*gone)(struct socket *socket);
};

/* The app for all clients from now on; must outlive them. */
void client_start(const struct app *app);

/* Give this to the server for the Socket.IO path. */
extern const struct session_handler client_handler;

/*
 * Answer the CONNECT: the socket is in. With a pid, by which the client may come back
 * (recovery.h), or NULL.
 */
void socket_accept(struct socket *socket, const char *pid);

/*
 * Refuse it for good: the stock client will not come back by itself. Never use this
 * for trouble that passes. The socket is gone afterwards.
 */
void socket_refuse(struct socket *socket, const char *message, const char *code);

/* End the whole connection when the loop turns; the client may reconnect. */
void socket_close(struct socket *socket, enum session_end end);

/* Who speaks: only while `connect` or `event` run. */
const struct visitor *socket_visitor(const struct socket *socket);

/* Send frames of message.h and attachments, in a row. */
void socket_send(struct socket *socket, struct frame *const *frames, size_t count);

/* Whether a connection to its client is open at this moment. */
bool socket_is_reachable(const struct socket *socket);

/* Bytes that wait to be sent on its connection. */
size_t socket_backlog(const struct socket *socket);

/* Emit one event; args is JSON, its elements joined by commas. */
void socket_emit(struct socket *socket, const char *name, const char *args);

/* Acknowledge; args is JSON, its elements joined by commas. */
void socket_acknowledge(struct socket *socket, struct span id, const char *args);

#endif
