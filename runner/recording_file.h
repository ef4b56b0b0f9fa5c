/*
 * recording_file.h - files of recordings, from half to whole to gone
 *
 * A file grows under DIR/tmp, locked by whoever writes it, and gets its name only when all of it is
 * on the disk. So a name means a whole file, and an unlocked file in tmp is
 * nobody's any more, on whatever host it was begun.
 */
#ifndef VALS_RECORDING_FILE_H
#define VALS_RECORDING_FILE_H

#include <limits.h>

struct recording_file {
	int dir_fd; /* the folder of recordings */
	int fd; /* -1 = none is open */
	char temp[NAME_MAX]; /* where it grows, below dir_fd */
};

/* The folder of recordings, made with its tmp if it is missing. A descriptor, or -1 with errno. */
int recording_dir_open(const char *path);

/*
 * Begin a file for this attempt at a recording; id and attempt name it among those that grow. 0, or -1 with
 * errno. dir_fd is borrowed.
 */
int recording_file_begin(struct recording_file *file, int dir_fd, const char *id, int attempt);

/* Give the file its name (recording_name.h), whole and durable; closes it. 0, or -1 with errno and the file gone. */
int recording_file_keep(struct recording_file *file, const char *name);

/* Throw it away; nothing happens without an open one. */
void recording_file_drop(struct recording_file *file);

/* Delete a file that was kept; one that is not there is fine. 0, or -1 with errno. */
int recording_file_delete(int dir_fd, const char *name);

/* Remove what others left half done. Returns how many, or -1 with errno. */
int recording_files_sweep(int dir_fd);

#endif
