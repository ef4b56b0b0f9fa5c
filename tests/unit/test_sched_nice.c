/*
 * test_sched_nice.c - the session gets the nice value of its leader
 */
#include "sched_nice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NICE 7

/* The group's nice value; -1 where the kernel makes no groups. */
static int
group_nice(void)
{
	FILE *file = fopen("/proc/self/autogroup", "r");
	int nice = -1;

	if (file == NULL)
		return -1;
	if (fscanf(file, "/autogroup-%*d nice %d", &nice) != 1)
		nice = -1;
	fclose(file);
	return nice;
}

/* In a process of its own: what its group has after it adopted NICE, as the leader of a session or not. */
static int
adopted(bool is_leader)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (is_leader && setsid() == -1)
			_exit(100);
		if (setpriority(PRIO_PROCESS, 0, NICE) == -1)
			_exit(101);
		sched_nice_adopt();
		_exit(group_nice());
	}
	assert_int_not_equal(pid, -1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_leader_gives_it_to_its_session(void **state)
{
	(void)state;
	if (group_nice() == -1)
		skip();
	assert_int_equal(adopted(true), NICE);
}

static void
others_leave_the_session_alone(void **state)
{
	int before = group_nice();

	(void)state;
	if (before == -1)
		skip();
	assert_int_equal(adopted(false), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leader_gives_it_to_its_session),
		cmocka_unit_test(others_leave_the_session_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
