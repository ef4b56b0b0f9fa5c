/*
 * listener.c - the unix socket the proxy connects to
 *
 * We accept ourselves and hand the connections to the websocket library, because
 * then stopping is as simple as closing one descriptor. A lock beside the socket
 * keeps two daemons from taking it from each other while both start.
 */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "xalloc.h"

#define LISTENER_BACKLOG 4096
#define LISTENER_BURST 64	/* connections taken per turn */
#define LISTENER_PAUSE_MS 100	/* when descriptors have run out */

struct listener {
	int fd;
	int lock;		/* -1 for an adopted one */
	char *path, *lock_path;	/* NULL for an adopted one */
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

static void
listener_ready(void *owner, bool can_read, bool can_write)
{
	struct listener *listener = owner;

	(void)can_read;
	(void)can_write;
	for (int i = 0; i < LISTENER_BURST; i++) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd == -1 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
			log_warn("listener", "could not accept: %s", strerror(errno));
			loop_io_want(listener->io, false, false);
			loop_timer_set(listener->pause, loop_now() + LISTENER_PAUSE_MS);
		}
		if (fd == -1)
			return;
		listener->accepted(fd);
	}
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

/* The lock beside the socket, or -1 if another process holds it. */
static int
listener_lock(const char *lock_path)
{
	int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Whether somebody accepts connections on this address. */
static bool
listener_is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_answered = fd != -1 && (connect(fd, (const struct sockaddr *)address,
	    sizeof(*address)) == 0 || errno == EAGAIN);

	if (fd != -1)
		close(fd);
	return is_answered;
}

static int
listener_set_group(const char *path, const char *name)
{
	const struct group *group;

	if (*name == '\0')
		return 0;
	group = getgrnam(name);
	if (group == NULL) {
		errno = ENOENT;
		return -1;
	}
	return chown(path, (uid_t)-1, group->gr_gid);
}

/* Make, bind and open the socket; -1 with errno set. */
static int
listener_bind(const struct sockaddr_un *address, const char *group)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int bound, saved;

	if (fd == -1)
		return -1;
	mask = umask(0117);
	bound = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	saved = errno;
	umask(mask);
	errno = saved;
	if (bound == 0 && listener_set_group(address->sun_path, group) == 0 &&
	    listen(fd, LISTENER_BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

struct listener *
listener_new(const char *path, const char *group, listener_accept *accepted)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct listener *listener;
	char *lock_path;
	int lock, fd = -1;

	if (strlen(path) >= sizeof(address.sun_path)) {
		log_error("listener", "%s is too long for a socket", path);
		return NULL;
	}
	memcpy(address.sun_path, path, strlen(path));
	lock_path = xasprintf("%s.lock", path);
	lock = listener_lock(lock_path);
	if (lock == -1 || listener_is_answered(&address)) {
		log_error("listener", "%s is in use by another process, or its folder is not "
		    "ours to write", path);
	} else {
		unlink(path);
		fd = listener_bind(&address, group);
		if (fd == -1)
			log_error("listener", "could not listen on %s: %s", path,
			    strerror(errno));
	}
	if (fd == -1) {
		if (lock != -1)
			close(lock);
		free(lock_path);
		return NULL;
	}
	listener = listener_adopt(fd, accepted);
	listener->lock = lock;
	listener->lock_path = lock_path;
	listener->path = xstrdup(path);
	return listener;
}

/* The lock file goes before the lock, so that nobody waits on a file without a name. */
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
		unlink(dying->lock_path);
		close(dying->lock);
	}
	free(dying->path);
	free(dying->lock_path);
	free(dying);
}
