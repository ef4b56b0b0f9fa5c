/*
 * sched_nice.c - a nice value that counts between services
 */
#include "sched_nice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define TRIES 20

/* The kernel takes one change in a tenth of a second from all who are not root, and says EAGAIN to the others. */
static bool
write_nice(int fd, int nice)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	int left = TRIES;

	while (dprintf(fd, "%d", nice) < 0) {
		if (errno != EAGAIN || --left == 0)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

void
sched_nice_adopt(void)
{
	int nice = getpriority(PRIO_PROCESS, 0);
	int fd;

	if (nice <= 0 || getsid(0) != getpid())
		return;
	fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return;
	if (!write_nice(fd, nice))
		log_warn("sched_nice", "the session does not get nice %d: %s", nice, strerror(errno));
	close(fd);
}
