/*
 * conn.h - what a session may ask of a connection
 *
 * A connection is one HTTP request or one websocket. server.c makes and owns
 * them; the session tests have a stand-in. After conn_reply or conn_close the
 * asking session must forget the connection, and hears nothing more of it.
 */
#ifndef VALS_WS_CONN_H
#define VALS_WS_CONN_H

#include <stdbool.h>
#include <stddef.h>

#include "token.h"

struct conn;
struct frame;

#define VISITOR_ADDRESS_SIZE 46

/* What HTTP says about who sent a request. */
struct visitor {
	bool is_origin_ours;	/* an Origin header was there, and is allowed */
	char cookie[TOKEN_SECRET_SIZE];	/* the socket cookie, "" if absent */
	char address[VISITOR_ADDRESS_SIZE];	/* the client, as the proxy saw it */
};

/* Borrowed from the connection. */
const struct visitor *conn_visitor(const struct conn *conn);

enum conn_sent {
	CONN_SENT,	/* on its way, or copied by the library */
	CONN_BUSY,	/* the peer's pipe is full */
	CONN_LOST,	/* the connection is broken; session_lost will follow */
};

/*
 * Send frames[0..count) on a websocket, several with one system call where they are
 * small. *sent_r is how many were taken: all, or those before the pipe was full.
 */
enum conn_sent conn_send(struct conn *conn, struct frame *const *frames, size_t count,
    size_t *sent_r);

/* Have session_writable called as soon as something can be written. */
void conn_wake(struct conn *conn);

/* Close a websocket with this code; at most a moment later it is cut. */
void conn_close(struct conn *conn, int code);

/* Answer an HTTP request; the body is copied. */
void conn_reply(struct conn *conn, int status, const char *type, const void *body, size_t len);

#endif
