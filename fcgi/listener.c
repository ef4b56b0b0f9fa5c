/*
 * listener.c - inherit or bind, never both, never over somebody's head
 */
#include "listener.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "conf.h"
#include "log.h"
#include "unix_socket.h"

#define LISTENER_FIRST_FD 3	/* sd_listen_fds(3) */
#define LISTENER_OWNED "VALS_LISTENER_OWNED"	/* set across an exec of ourselves: we bound them */

static void
listener_check_somaxconn(void)
{
	FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
	char text[32];
	long max = UNIX_SOCKET_BACKLOG;

	if (file == NULL)
		return;
	if (fgets(text, sizeof(text), file) != NULL)
		max = strtol(text, NULL, 10);
	if (max < UNIX_SOCKET_BACKLOG)
		log_warn("listener", "net.core.somaxconn is %ld, below %d: a burst of requests will fail", max,
		    UNIX_SOCKET_BACKLOG);
	fclose(file);
}

/* The descriptor passed under a name, -1 if none was. */
static int
listener_passed(const char *name)
{
	const char *names = getenv("LISTEN_FDNAMES");
	const char *count = getenv("LISTEN_FDS");
	const char *pid = getenv("LISTEN_PID");
	long passed;

	if (names == NULL || count == NULL || pid == NULL || strtol(pid, NULL, 10) != (long)getpid())
		return -1;
	passed = strtol(count, NULL, 10);
	for (long i = 0; i < passed && *names != '\0'; i++) {
		size_t len = strcspn(names, ":");

		if (len == strlen(name) && strncmp(names, name, len) == 0)
			return LISTENER_FIRST_FD + (int)i;
		names += len;
		names += *names == ':';
	}
	return -1;
}

/* Own the path, and listen there. */
static int
listener_bind(struct listener *listener)
{
	listener->lock_fd = unix_socket_lock(listener->path);
	if (listener->lock_fd == -1)
		return -1;
	listener->fd = unix_socket_listen(listener->path, conf_text(CONF_socket_group), listener->lock_fd);
	if (listener->fd != -1)
		return 0;
	/* It may be another's path: nothing of it is ours to remove. */
	unix_socket_unlock(listener->path, listener->lock_fd);
	listener->lock_fd = -1;
	return -1;
}

static int
listener_open(struct listener *listener)
{
	int passed = listener_passed(listener->name);

	listener->lock_fd = -1;
	if (passed == -1)
		return listener_bind(listener);
	listener->fd = passed;
	/* Our former self owned the path and dropped the lock in exec. */
	if (getenv(LISTENER_OWNED) != NULL) {
		listener->lock_fd = unix_socket_lock(listener->path);
		if (listener->lock_fd == -1)
			return -1;
	}
	if (fcntl(passed, F_SETFD, FD_CLOEXEC) == -1 || fcntl(passed, F_SETFL, O_NONBLOCK) == -1) {
		log_error("listener", "%s: the passed socket is no descriptor: %s", listener->name,
		    strerror(errno));
		return -1;
	}
	return 0;
}

int
listeners_open(struct listener *listeners, size_t count)
{
	listener_check_somaxconn();
	for (size_t i = 0; i < count; i++)
		if (listener_open(&listeners[i]) == -1)
			return -1;
	unsetenv("LISTEN_PID");
	unsetenv(LISTENER_OWNED);
	return 0;
}

/* What stood where the passed ones go; -1 = nothing did. */
static int listeners_displaced[LISTENERS_MAX];

/* The listeners' names with colons between, and their number. */
static void
listeners_announce(const struct listener *listeners, size_t count)
{
	struct buf names = { 0 };
	char number[32];

	for (size_t i = 0; i < count; i++)
		buf_addf(&names, "%s%s", i == 0 ? "" : ":", listeners[i].name);
	snprintf(number, sizeof(number), "%zu", count);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names.data, 1);
	snprintf(number, sizeof(number), "%ld", (long)getpid());
	setenv("LISTEN_PID", number, 1);
	if (listeners[0].lock_fd != -1)
		setenv(LISTENER_OWNED, "1", 1);
	buf_free(&names);
}

void
listeners_pass(const struct listener *listeners, size_t count)
{
	int copies[LISTENERS_MAX], behind = LISTENER_FIRST_FD + (int)count;

	assert(count > 0 && count <= LISTENERS_MAX);
	/* First out of the way, then into place: one may sit where another must go. */
	for (size_t i = 0; i < count; i++) {
		listeners_displaced[i] = fcntl(LISTENER_FIRST_FD + (int)i, F_DUPFD_CLOEXEC, behind);
		copies[i] = fcntl(listeners[i].fd, F_DUPFD_CLOEXEC, behind);
	}
	for (size_t i = 0; i < count; i++) {
		dup2(copies[i], LISTENER_FIRST_FD + (int)i);
		close(copies[i]);
	}
	listeners_announce(listeners, count);
}

void
listeners_take_back(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		close(LISTENER_FIRST_FD + (int)i);
		if (listeners_displaced[i] == -1)
			continue;
		dup3(listeners_displaced[i], LISTENER_FIRST_FD + (int)i, O_CLOEXEC);
		close(listeners_displaced[i]);
	}
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("LISTEN_PID");
	unsetenv(LISTENER_OWNED);
}

void
listeners_close(struct listener *listeners, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (listeners[i].fd != -1)
			close(listeners[i].fd);
		if (listeners[i].lock_fd != -1) {
			unlink(listeners[i].path);
			unix_socket_unlock(listeners[i].path, listeners[i].lock_fd);
			listeners[i].lock_fd = -1;
		}
		listeners[i].fd = -1;
	}
}
