/*
 * failpoint.c - places where a test may have the process die
 */
#include "failpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether this death is the first; without a file each is. */
static bool
failpoint_is_first(void)
{
	const char *path = getenv("VALS_FAILPOINT_ONCE");
	int fd;

	if (path == NULL)
		return true;
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd == -1)
		return false;
	close(fd);
	return true;
}

void
failpoint_pass(const char *name)
{
	static long passes;
	const char *wish = getenv("VALS_FAILPOINT");
	size_t len = strlen(name);
	long nth = 1;

	if (wish == NULL || strncmp(wish, name, len) != 0 || (wish[len] != '\0' && wish[len] != ':'))
		return;
	if (wish[len] == ':')
		nth = strtol(wish + len + 1, NULL, 10);
	/* Only the chosen place counts, so one counter is enough. */
	if (++passes == nth && failpoint_is_first())
		raise(SIGKILL);
}
