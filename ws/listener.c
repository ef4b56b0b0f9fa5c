/*
 * listener.c - the unix socket the proxy connects to
 *
 * We accept ourselves and hand the connections to the websocket library, because
 * then stopping is as simple as closing one descriptor.
 */
#include "listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "unix_socket.h"
#include "xalloc.h"

#define LISTENER_BURST 64	/* connections taken per turn */
#define LISTENER_PAUSE_MS 100	/* when descriptors have run out */

struct listener {
	int fd;
	int lock;		/* -1 for an adopted one */
	char *path;		/* NULL for an adopted one */
	listener_accept *accepted;
	struct loop_io *io;
	struct loop_timer *pause;
};

static void
listener_resume(void *owner)
{
	struct listener *listener = owner;

	loop_io_want(listener->io, true, false);
}

/* The next connection, or -1: there is none, or there may be none for a while. */
static int
listener_take(struct listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd == -1 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
		log_warn("listener", "could not accept: %s", strerror(errno));
		loop_io_want(listener->io, false, false);
		loop_timer_set(listener->pause, loop_now() + LISTENER_PAUSE_MS);
	}
	return fd;
}

/*
 * Of several that are readable at once libev serves first whom it was told of last. So they are
 * handed over last come first, and what one client said on two of them is heard in order.
 */
static void
listener_ready(void *owner, bool can_read, bool can_write)
{
	struct listener *listener = owner;
	int fds[LISTENER_BURST];
	int count = 0;

	(void)can_read;
	(void)can_write;
	while (count < LISTENER_BURST && (fds[count] = listener_take(listener)) != -1)
		count++;
	while (count > 0)
		listener->accepted(fds[--count]);
}

struct listener *
listener_adopt(int fd, listener_accept *accepted)
{
	struct listener *listener = xcalloc(1, sizeof(*listener));

	listener->fd = fd;
	listener->lock = -1;
	listener->accepted = accepted;
	listener->io = loop_io_new(fd, listener_ready, listener);
	listener->pause = loop_timer_new(listener_resume, listener);
	loop_io_want(listener->io, true, false);
	return listener;
}

struct listener *
listener_new(const char *path, const char *group, listener_accept *accepted)
{
	struct listener *listener;
	int lock = unix_socket_lock(path), fd;

	if (lock == -1)
		return NULL;
	fd = unix_socket_listen(path, group, lock);
	if (fd == -1) {
		unix_socket_unlock(path, lock);
		return NULL;
	}
	listener = listener_adopt(fd, accepted);
	listener->lock = lock;
	listener->path = xstrdup(path);
	return listener;
}

void
listener_free(struct listener **listener)
{
	struct listener *dying = *listener;

	if (dying == NULL)
		return;
	*listener = NULL;
	loop_io_free(&dying->io);
	loop_timer_free(&dying->pause);
	close(dying->fd);
	if (dying->path != NULL) {
		unlink(dying->path);
		unix_socket_unlock(dying->path, dying->lock);
	}
	free(dying->path);
	free(dying);
}
