/*
 * standard_fds.c - standard input, output and error are never another file
 */
#include "standard_fds.h"

#include <fcntl.h>
#include <unistd.h>

/* The lowest free descriptor is the next one, so the closed ones come first. */
void
standard_fds_hold(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd != -1 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
}
