/*
 * unix_socket.c - a listening socket in the file system, never over somebody's head
 */
#include "unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "xalloc.h"

/* Whether the file that is open is the one of this name: its last owner may have removed it just before we locked it. */
static bool
unix_socket_is_still(int fd, const char *path)
{
	struct stat open_file, named;

	return fstat(fd, &open_file) == 0 && stat(path, &named) == 0 && open_file.st_dev == named.st_dev &&
	    open_file.st_ino == named.st_ino;
}

int
unix_socket_lock(const char *path)
{
	char *lock_path = xasprintf("%s.lock", path);
	bool is_locked = false;
	int fd;

	for (;;) {
		fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		is_locked = fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0;
		if (!is_locked || unix_socket_is_still(fd, lock_path))
			break;
		close(fd);
	}
	free(lock_path);
	if (is_locked)
		return fd;
	log_error("unix_socket", "%s: could not lock it, is another process there? %s", path,
	    strerror(errno));
	if (fd != -1)
		close(fd);
	return -1;
}

/* The file goes before the lock: whoever gets a lock on it still sees that it has no name. */
void
unix_socket_unlock(const char *path, int lock)
{
	char *lock_path = xasprintf("%s.lock", path);

	unlink(lock_path);
	free(lock_path);
	close(lock);
}

/* Whether there is a file that is no socket: a slip in the settings must not cost it. */
static bool
unix_socket_is_other_file(const char *path)
{
	struct stat file;

	return lstat(path, &file) == 0 && !S_ISSOCK(file.st_mode);
}

/* Whether somebody accepts connections there; a queue that is full is somebody's, too. */
static bool
unix_socket_is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_answered;

	if (fd == -1)
		return true;
	is_answered = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno == EAGAIN;
	close(fd);
	return is_answered;
}

/* The pid of who listened here last and did not give the path up; 0 if nobody. */
static pid_t
unix_socket_former(int lock)
{
	char text[16];
	ssize_t len = pread(lock, text, sizeof(text) - 1, 0);

	if (len <= 0)
		return 0;
	text[len] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

/*
 * Whether the socket is left over from a process that was killed. Its children may hold it still, and each of
 * them may be in something that takes long: whoever takes the path over must not wait for that.
 */
static bool
unix_socket_is_left(int lock)
{
	pid_t former = unix_socket_former(lock);

	return former > 0 && kill(former, 0) == -1 && errno == ESRCH;
}

static void
unix_socket_sign(const char *path, int lock)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(lock, 0) == -1 || pwrite(lock, text, (size_t)len, 0) != len)
		log_warn("unix_socket", "%s: could not sign the lock: %s", path, strerror(errno));
}

static void
unix_socket_set_group(const char *path, const char *name)
{
	const struct group *group;
	struct stat st;

	if (*name == '\0')
		return;
	group = getgrnam(name);
	/* Our units give us that group and forbid chown. */
	if (group != NULL && lstat(path, &st) == 0 && st.st_gid == group->gr_gid)
		return;
	if (group == NULL || chown(path, (uid_t)-1, group->gr_gid) == -1)
		log_warn("unix_socket", "%s: could not give the socket to the group", name);
}

/* Make, bind and open the socket; -1 with errno set. */
static int
unix_socket_bind(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int bound, saved;
	mode_t mask;

	if (fd == -1)
		return -1;
	mask = umask(0117);
	bound = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	saved = errno;
	umask(mask);
	errno = saved;
	if (bound == 0 && listen(fd, UNIX_SOCKET_BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
unix_socket_listen(const char *path, const char *group, int lock)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		log_error("unix_socket", "%s: longer than the %zu bytes a socket's path may have",
		    path, sizeof(address.sun_path) - 1);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	if (unix_socket_is_other_file(path)) {
		log_error("unix_socket", "%s: there is a file which is no socket", path);
		return -1;
	}
	if (unix_socket_is_answered(&address) && !unix_socket_is_left(lock)) {
		log_error("unix_socket", "%s: somebody already answers there", path);
		return -1;
	}
	unlink(path);
	fd = unix_socket_bind(&address);
	if (fd == -1) {
		log_error("unix_socket", "%s: could not listen: %s", path, strerror(errno));
		return -1;
	}
	unix_socket_sign(path, lock);
	unix_socket_set_group(path, group);
	return fd;
}
