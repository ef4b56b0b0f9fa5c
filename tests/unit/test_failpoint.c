/*
 * test_failpoint.c - a chosen place kills at the chosen pass, and no other
 */
#include "failpoint.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Pass `name` so many times in a child; the signal that ended it, 0 if none did. */
static int
passes(const char *wish, const char *once, const char *name, int times)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setenv("VALS_FAILPOINT", wish, 1);
		if (once != NULL)
			setenv("VALS_FAILPOINT_ONCE", once, 1);
		for (int i = 0; i < times; i++)
			failpoint_pass(name);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void
the_chosen_place_kills(void **state)
{
	(void)state;
	assert_int_equal(passes("after_send", NULL, "after_send", 1), SIGKILL);
	assert_int_equal(passes("after_send", NULL, "before_send", 3), 0);
	assert_int_equal(passes("after_send", NULL, "after", 3), 0);
	assert_int_equal(passes("after", NULL, "after_send", 3), 0);
	assert_int_equal(passes("", NULL, "after_send", 3), 0);
}

static void
the_nth_pass_kills(void **state)
{
	(void)state;
	assert_int_equal(passes("after_send:3", NULL, "after_send", 2), 0);
	assert_int_equal(passes("after_send:3", NULL, "after_send", 3), SIGKILL);
}

static void
with_a_file_only_the_first_dies(void **state)
{
	char dir[] = "/tmp/vals-failpoint.XXXXXX";
	char file[sizeof(dir) + 8];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/once", dir);
	assert_int_equal(passes("after_send", file, "after_send", 1), SIGKILL);
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(passes("after_send", file, "after_send", 1), 0);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(passes("after_send", file, "after_send", 1), SIGKILL);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chosen_place_kills),
		cmocka_unit_test(the_nth_pass_kills),
		cmocka_unit_test(with_a_file_only_the_first_dies),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
