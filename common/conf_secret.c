/*
 * conf_secret.c - settings that are the content of a file
 */
#include "conf_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "xalloc.h"

#define CONF_SECRET_FILE_MAX 16384	/* longest content, bytes */

/* Read at most size - 1 bytes; returns how many, or -1 with errno. */
static ssize_t
conf_read_all(int fd, char *out, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, out + len, size - 1 - len)) != 0) {
		if (got > 0)
			len += (size_t)got;
		else if (errno != EINTR)
			return -1;
	}
	out[len] = '\0';
	return (ssize_t)len;
}

char *
conf_read_secret(const char *path, char reason[static CONF_REASON_SIZE])
{
	char content[CONF_SECRET_FILE_MAX + 2];
	char *secret = NULL;
	struct stat sb;
	ssize_t len = -1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &sb) == 0)
		len = conf_read_all(fd, content, sizeof(content));
	if (len < 0)
		snprintf(reason, CONF_REASON_SIZE, "could not read %s: %s", path, strerror(errno));
	else if ((sb.st_mode & S_IRWXO) != 0)
		snprintf(reason, CONF_REASON_SIZE, "%s has rights for others (mode %04o)", path,
		    (unsigned)(sb.st_mode & 07777));
	else if (len > CONF_SECRET_FILE_MAX || strlen(content) != (size_t)len)
		snprintf(reason, CONF_REASON_SIZE, "%s does not hold a text of at most %d bytes",
		    path, CONF_SECRET_FILE_MAX);
	else
		reason[0] = '\0';
	if (fd >= 0)
		close(fd);
	if (reason[0] == '\0')
		secret = xstrndup(content, len > 0 && content[len - 1] == '\n' ? (size_t)len - 1 : (size_t)len);
	explicit_bzero(content, sizeof(content));
	return secret;
}
