/*
 * recording_file.c - files of recordings, from half to whole to gone
 */
#include "recording_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording_name.h"

#define TEMP "tmp"
/* Ours to write, the group's (nginx's) to read; a folder with the setgid bit hands its group on. */
#define DIR_MODE 0750
#define FILE_MODE 0640

/* Make a folder below dir_fd unless it is there. 0, or -1 with errno. */
static int
make_dir(int dir_fd, const char *name)
{
	/* With the umask of a daemon nginx would be kept out; a chmod afterwards would lose the setgid bit. */
	mode_t mask = umask(~(mode_t)DIR_MODE & 0777);
	int status = mkdirat(dir_fd, name, DIR_MODE);

	umask(mask);
	return status == 0 || errno == EEXIST ? 0 : -1;
}

int
recording_dir_open(const char *path)
{
	int fd, error;

	if (make_dir(AT_FDCWD, path) == -1)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (make_dir(fd, TEMP) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int
recording_file_begin(struct recording_file *file, int dir_fd, const char *id, int attempt)
{
	*file = (struct recording_file){ .dir_fd = dir_fd, .fd = -1 };
	if ((size_t)snprintf(file->temp, sizeof(file->temp), TEMP "/%s.%d", id, attempt) >= sizeof(file->temp)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	file->fd = openat(dir_fd, file->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (file->fd == -1)
		return -1;
	/* A sweep may have come between; then the file is gone already. */
	if (flock(file->fd, LOCK_EX | LOCK_NB) == 0 && fchmod(file->fd, FILE_MODE) == 0)
		return 0;
	recording_file_drop(file);
	errno = EAGAIN;
	return -1;
}

/* The folders a name stands in. */
static int
make_parents(int dir_fd, const char *name)
{
	char path[RECORDING_NAME_SIZE];

	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(path, sizeof(path), "%.*s", (int)(slash - name), name);
		if (make_dir(dir_fd, path) == -1)
			return -1;
	}
	return 0;
}

/* Have the folders the name stands in, and the folder of recordings, remember what is in them. */
static int
sync_parents(int dir_fd, const char *name)
{
	char path[RECORDING_NAME_SIZE];
	int fd, status;

	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(path, sizeof(path), "%.*s", (int)(slash - name), name);
		fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd == -1)
			return -1;
		status = fsync(fd);
		close(fd);
		if (status == -1)
			return -1;
	}
	return fsync(dir_fd);
}

int
recording_file_keep(struct recording_file *file, const char *name)
{
	int error = 0;

	if (!recording_name_is_valid(name)) {
		recording_file_drop(file);
		errno = EINVAL;
		return -1;
	}
	if (fsync(file->fd) == -1 || make_parents(file->dir_fd, name) == -1 ||
	    renameat(file->dir_fd, file->temp, file->dir_fd, name) == -1) {
		error = errno;
		recording_file_drop(file);
	} else {
		close(file->fd);
		file->fd = -1;
		if (sync_parents(file->dir_fd, name) == -1) {
			error = errno;
			unlinkat(file->dir_fd, name, 0);
		}
	}
	errno = error;
	return error == 0 ? 0 : -1;
}

void
recording_file_drop(struct recording_file *file)
{
	if (file->fd == -1)
		return;
	unlinkat(file->dir_fd, file->temp, 0);
	close(file->fd);
	file->fd = -1;
}

int
recording_file_delete(int dir_fd, const char *name)
{
	if (!recording_name_is_valid(name)) {
		errno = EINVAL;
		return -1;
	}
	return unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT ? 0 : -1;
}

/* Remove a file of tmp if nobody holds it. Returns how many that were. */
static int
sweep_one(int temp_fd, const char *name)
{
	int fd = openat(temp_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int count = 0;

	if (fd == -1)
		return 0;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(temp_fd, name, 0) == 0)
		count = 1;
	close(fd);
	return count;
}

int
recording_files_sweep(int dir_fd)
{
	int temp_fd = openat(dir_fd, TEMP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	if (temp_fd == -1)
		return -1;
	dir = fdopendir(temp_fd);
	if (dir == NULL) {
		close(temp_fd);
		return -1;
	}
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			count += sweep_one(temp_fd, entry->d_name);
	closedir(dir);
	return count;
}
