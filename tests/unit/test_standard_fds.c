/*
 * test_standard_fds.c - standard input, output and error are never another file
 */
#include "standard_fds.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool
is_null(int fd)
{
	struct stat open_file, null;

	return fstat(fd, &open_file) == 0 && stat("/dev/null", &null) == 0 && S_ISCHR(open_file.st_mode) &&
	    open_file.st_rdev == null.st_rdev;
}

/* In a child without the descriptors of a set of bits; its exit status is the set of those that lead to /dev/null then. */
static int
held(unsigned closed)
{
	unsigned null = 0;
	int pipes[2], status;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		/* None of the three is /dev/null by itself. */
		for (int fd = 0; fd <= STDERR_FILENO; fd++)
			dup2(pipes[0], fd);
		for (int fd = 0; fd <= STDERR_FILENO; fd++)
			if ((closed & 1u << fd) != 0)
				close(fd);
		standard_fds_hold();
		for (int fd = 0; fd <= STDERR_FILENO; fd++)
			null |= (unsigned)is_null(fd) << fd;
		_exit((int)null);
	}
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
each_that_is_closed_leads_nowhere(void **state)
{
	(void)state;
	for (unsigned closed = 0; closed < 8; closed++)
		assert_int_equal(held(closed), closed);
}

static void
no_other_descriptor_is_left_open(void **state)
{
	int before, after;

	(void)state;
	standard_fds_hold();
	before = open("/dev/null", O_RDONLY);
	assert_true(before > STDERR_FILENO);
	close(before);
	standard_fds_hold();
	after = open("/dev/null", O_RDONLY);
	assert_int_equal(after, before);
	close(after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_that_is_closed_leads_nowhere),
		cmocka_unit_test(no_other_descriptor_is_left_open),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
