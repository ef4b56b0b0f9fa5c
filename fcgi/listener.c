/*
 * listener.c - inherit or bind, never both, never over somebody's head
 */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf.h"
#include "log.h"
#include "xalloc.h"

#define LISTENER_FIRST_FD 3	/* sd_listen_fds(3) */
#define LISTENER_OWNED "VALS_LISTENER_OWNED"	/* set across an exec of ourselves: we bound them */

static void
listener_check_somaxconn(void)
{
	FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
	char text[32];
	long max = LISTENER_BACKLOG;

	if (file == NULL)
		return;
	if (fgets(text, sizeof(text), file) != NULL)
		max = strtol(text, NULL, 10);
	if (max < LISTENER_BACKLOG)
		log_warn("listener", "net.core.somaxconn is %ld, below %d: a burst of requests will fail", max,
		    LISTENER_BACKLOG);
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

static bool
listener_is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_answered;

	if (fd == -1)
		return true;
	is_answered = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	close(fd);
	return is_answered;
}

/* Own the path: a lock beside it, so that of two starting at once one loses. */
static int
listener_lock(struct listener *listener)
{
	char *path = xasprintf("%s.lock", listener->path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	free(path);
	if (fd == -1 || flock(fd, LOCK_EX | LOCK_NB) == -1) {
		log_error("listener", "%s: could not lock the socket: %s", listener->path, strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	listener->lock_fd = fd;
	return 0;
}

static void
listener_unlock(struct listener *listener)
{
	char *path = xasprintf("%s.lock", listener->path);

	unlink(path);
	free(path);
	close(listener->lock_fd);
	listener->lock_fd = -1;
}

static void
listener_set_group(const char *path)
{
	const char *name = conf_text(CONF_socket_group);
	struct group *group;

	if (*name == '\0')
		return;
	group = getgrnam(name);
	if (group == NULL || chown(path, (uid_t)-1, group->gr_gid) == -1)
		log_warn("listener", "%s: could not give the socket to the group", name);
}

static int
listener_bind(struct listener *listener)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int rc;

	if (strlen(listener->path) >= sizeof(address.sun_path)) {
		log_error("listener", "%s: socket path is longer than %zu bytes", listener->path,
		    sizeof(address.sun_path) - 1);
		return -1;
	}
	memcpy(address.sun_path, listener->path, strlen(listener->path) + 1);
	if (listener_lock(listener) == -1)
		return -1;
	if (listener_is_answered(&address)) {
		log_error("listener", "%s: somebody already answers there", listener->path);
		/* His path: nothing of it is ours to remove. */
		listener_unlock(listener);
		return -1;
	}
	unlink(listener->path);
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mask = umask(0117);
	rc = listener->fd == -1 ? -1 : bind(listener->fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (rc == -1 || listen(listener->fd, LISTENER_BACKLOG) == -1) {
		log_error("listener", "%s: could not listen: %s", listener->path, strerror(errno));
		return -1;
	}
	listener_set_group(listener->path);
	return 0;
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
	if (getenv(LISTENER_OWNED) != NULL && listener_lock(listener) == -1)
		return -1;
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

void
listeners_pass(const struct listener *listeners, size_t count)
{
	char names[256] = "";
	char number[32];
	int copies[8];

	/* First out of the way, then into place: one may sit where another must go. */
	for (size_t i = 0; i < count; i++)
		copies[i] = fcntl(listeners[i].fd, F_DUPFD, LISTENER_FIRST_FD + (int)count);
	for (size_t i = 0; i < count; i++) {
		dup2(copies[i], LISTENER_FIRST_FD + (int)i);
		close(copies[i]);
		strncat(names, i == 0 ? "" : ":", sizeof(names) - strlen(names) - 1);
		strncat(names, listeners[i].name, sizeof(names) - strlen(names) - 1);
	}
	snprintf(number, sizeof(number), "%zu", count);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	snprintf(number, sizeof(number), "%ld", (long)getpid());
	setenv("LISTEN_PID", number, 1);
	if (listeners[0].lock_fd != -1)
		setenv(LISTENER_OWNED, "1", 1);
}

void
listeners_close(struct listener *listeners, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (listeners[i].fd != -1)
			close(listeners[i].fd);
		if (listeners[i].lock_fd != -1) {
			unlink(listeners[i].path);
			listener_unlock(&listeners[i]);
		}
		listeners[i].fd = -1;
	}
}
