/*
 * test_recording_file.c - files of recordings, from half to whole to gone
 */
#include "../../runner/recording_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ID "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
#define NAME "2026/01/" ID ".mp3"
#define TEMP "tmp/" ID ".1"

#define SYNCED_MAX 8

/* What was synced, and how many syncs go well; the linker puts __wrap_fsync in the place of fsync. */
static struct {
	ino_t inodes[SYNCED_MAX];
	int count;
	int good;
} synced;

int __wrap_fsync(int fd);

int
__wrap_fsync(int fd)
{
	struct stat sb;

	assert_int_equal(fstat(fd, &sb), 0);
	assert_true(synced.count < SYNCED_MAX);
	if (synced.count == synced.good) {
		errno = EIO;
		return -1;
	}
	synced.inodes[synced.count++] = sb.st_ino;
	return 0;
}

struct fixture {
	char path[64];
	int dir_fd;
	struct recording_file file;
};

static int
make(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char base[] = "/tmp/vals-recordings.XXXXXX";

	umask(077);
	assert_non_null(mkdtemp(base));
	snprintf(fixture->path, sizeof(fixture->path), "%s/new", base);
	fixture->dir_fd = recording_dir_open(fixture->path);
	assert_true(fixture->dir_fd >= 0);
	synced.count = 0;
	synced.good = SYNCED_MAX;
	*state = fixture;
	return 0;
}

static int
unmake(void **state)
{
	struct fixture *fixture = *state;
	static const char *const files[] = { NAME, TEMP, "tmp/other.1" };
	static const char *const folders[] = { "2026/01", "2026", "tmp" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlinkat(fixture->dir_fd, files[i], 0);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		unlinkat(fixture->dir_fd, folders[i], AT_REMOVEDIR);
	close(fixture->dir_fd);
	rmdir(fixture->path);
	*strrchr(fixture->path, '/') = '\0';
	assert_int_equal(rmdir(fixture->path), 0);
	free(fixture);
	return 0;
}

static bool
is_there(const struct fixture *fixture, const char *name)
{
	return faccessat(fixture->dir_fd, name, F_OK, 0) == 0;
}

static void
begin(struct fixture *fixture)
{
	assert_int_equal(recording_file_begin(&fixture->file, fixture->dir_fd, ID, 1), 0);
	assert_int_equal(write(fixture->file.fd, "sound", 5), 5);
}

static void
a_kept_file_is_whole_and_under_its_name(void **state)
{
	struct fixture *fixture = *state;
	struct stat sb;

	begin(fixture);
	assert_true(is_there(fixture, TEMP));
	assert_int_equal(recording_file_keep(&fixture->file, NAME), 0);
	assert_int_equal(fixture->file.fd, -1);
	assert_false(is_there(fixture, TEMP));
	assert_int_equal(fstatat(fixture->dir_fd, NAME, &sb, 0), 0);
	assert_int_equal(sb.st_size, 5);
}

static void
the_group_may_read_what_is_kept(void **state)
{
	struct fixture *fixture = *state;
	struct stat sb;

	begin(fixture);
	assert_int_equal(recording_file_keep(&fixture->file, NAME), 0);
	assert_int_equal(fstatat(fixture->dir_fd, NAME, &sb, 0), 0);
	assert_int_equal(sb.st_mode & 0777, 0640);
	assert_int_equal(fstatat(fixture->dir_fd, "2026/01", &sb, 0), 0);
	assert_int_equal(sb.st_mode & 0777, 0750);
}

static bool
is_synced(const struct fixture *fixture, const char *name)
{
	struct stat sb;

	assert_int_equal(fstatat(fixture->dir_fd, name, &sb, 0), 0);
	for (int i = 0; i < synced.count; i++)
		if (synced.inodes[i] == sb.st_ino)
			return true;
	return false;
}

static void
a_kept_file_and_the_folders_it_stands_in_are_on_the_disk(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture);
	assert_int_equal(recording_file_keep(&fixture->file, NAME), 0);
	assert_true(is_synced(fixture, NAME));
	assert_true(is_synced(fixture, "2026/01"));
	assert_true(is_synced(fixture, "2026"));
	assert_true(is_synced(fixture, "."));
}

static void
what_does_not_reach_the_disk_is_gone(void **state)
{
	struct fixture *fixture = *state;

	for (int good = 0; good < 4; good++) {
		synced.count = 0;
		synced.good = good;
		begin(fixture);
		assert_int_equal(recording_file_keep(&fixture->file, NAME), -1);
		assert_int_equal(errno, EIO);
		assert_int_equal(fixture->file.fd, -1);
		assert_false(is_there(fixture, TEMP));
		assert_false(is_there(fixture, NAME));
	}
}

static void
keeping_again_replaces(void **state)
{
	struct fixture *fixture = *state;
	struct stat sb;

	begin(fixture);
	assert_int_equal(recording_file_keep(&fixture->file, NAME), 0);
	begin(fixture);
	assert_int_equal(write(fixture->file.fd, "!", 1), 1);
	assert_int_equal(recording_file_keep(&fixture->file, NAME), 0);
	assert_int_equal(fstatat(fixture->dir_fd, NAME, &sb, 0), 0);
	assert_int_equal(sb.st_size, 6);
}

static void
a_dropped_file_is_gone(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture);
	recording_file_drop(&fixture->file);
	assert_int_equal(fixture->file.fd, -1);
	assert_false(is_there(fixture, TEMP));
	recording_file_drop(&fixture->file);
}

static void
no_other_name_is_kept_or_deleted(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture);
	assert_int_equal(recording_file_keep(&fixture->file, "../evil.mp3"), -1);
	assert_int_equal(errno, EINVAL);
	assert_false(is_there(fixture, TEMP));
	assert_int_equal(recording_file_delete(fixture->dir_fd, "../evil.mp3"), -1);
	assert_int_equal(errno, EINVAL);
}

static void
deleting_what_is_gone_is_fine(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture);
	assert_int_equal(recording_file_keep(&fixture->file, NAME), 0);
	assert_int_equal(recording_file_delete(fixture->dir_fd, NAME), 0);
	assert_false(is_there(fixture, NAME));
	assert_int_equal(recording_file_delete(fixture->dir_fd, NAME), 0);
}

static void
a_sweep_takes_what_the_dead_left(void **state)
{
	struct fixture *fixture = *state;
	struct recording_file file;
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(recording_file_begin(&file, fixture->dir_fd, ID, 1) == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(is_there(fixture, TEMP));
	assert_int_equal(recording_files_sweep(fixture->dir_fd), 1);
	assert_false(is_there(fixture, TEMP));
	assert_int_equal(recording_files_sweep(fixture->dir_fd), 0);
}

static void
a_sweep_leaves_what_is_being_written(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture);
	assert_int_equal(recording_files_sweep(fixture->dir_fd), 0);
	assert_true(is_there(fixture, TEMP));
	assert_int_equal(recording_file_keep(&fixture->file, NAME), 0);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(a_kept_file_is_whole_and_under_its_name),
		WITH_FIXTURE(the_group_may_read_what_is_kept),
		WITH_FIXTURE(a_kept_file_and_the_folders_it_stands_in_are_on_the_disk),
		WITH_FIXTURE(what_does_not_reach_the_disk_is_gone),
		WITH_FIXTURE(keeping_again_replaces),
		WITH_FIXTURE(a_dropped_file_is_gone),
		WITH_FIXTURE(no_other_name_is_kept_or_deleted),
		WITH_FIXTURE(deleting_what_is_gone_is_fine),
		WITH_FIXTURE(a_sweep_takes_what_the_dead_left),
		WITH_FIXTURE(a_sweep_leaves_what_is_being_written),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
