/*
 * sched_nice.c - a nice value that counts between services
 */
#include "sched_nice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"

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
	if (dprintf(fd, "%d", nice) < 0)
		log_warn("sched_nice", "the session does not get nice %d: %s", nice, strerror(errno));
	close(fd);
}
