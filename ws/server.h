/*
 * server.h - HTTP and websocket connections
 *
 * Translates the library's callbacks into session calls (session.h) and carries
 * out what sessions ask of their connections (conn.h).
 */
#ifndef VALS_WS_SERVER_H
#define VALS_WS_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct session_handler;

/* A path, with its slashes, and who gets the sessions opened there. */
struct server_path {
	const char *path;
	const struct session_handler *handler;
};

struct server_settings {
	const struct server_path *paths;	/* ended by a NULL path */
	const char *allowed_origins;	/* besides our own, see origin.h; NULL: do not look */
	const char *cookie;		/* name of the socket cookie, NULL for none */
	size_t max_payload;		/* bytes of one message or POST body */
	size_t max_connections;		/* HTTP requests and websockets together */
	bool (*is_ready)(void);		/* whether new sessions can be served now */
};

/* Start serving; settings are borrowed. Returns 0, or -1 with the reason logged. */
int server_start(const struct server_settings *settings);

/* Take over an accepted, non-blocking connection. */
void server_take(int fd);

/* Origins allowed from now on; borrowed. */
void server_set_origins(const char *allowed_origins);

/* Connections open now. */
size_t server_connections(void);

/* Cut what is still open and forget everything. */
void server_stop(void);

#endif
