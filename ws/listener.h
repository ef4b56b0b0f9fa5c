/*
 * listener.h - the unix socket the proxy connects to
 */
#ifndef VALS_WS_LISTENER_H
#define VALS_WS_LISTENER_H

struct listener;

/* Called with each accepted connection, which it then owns; it does not block. */
typedef void listener_accept(int fd);

/*
 * Listen on a unix socket, mode 0660, of this group unless it is "". A socket file
 * that nobody answers on is replaced; one that answers is another daemon's.
 * Returns NULL with the reason logged.
 */
struct listener *listener_new(const char *path, const char *group, listener_accept *accepted);

/* Accept on a descriptor that listens already; it is closed with the listener. */
struct listener *listener_adopt(int fd, listener_accept *accepted);

/* Stop accepting and remove the socket file. Nulls *listener. */
void listener_free(struct listener **listener);

#endif
