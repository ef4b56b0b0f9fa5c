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

#define NO_GROUP 100

/* The nice value of our group; NO_GROUP where the kernel makes none, or lets nobody change it. */
static int
group_nice(void)
{
	FILE *file = fopen("/proc/self/autogroup", "r+");
	int nice;

	if (file == NULL)
		return NO_GROUP;
	if (fscanf(file, "/autogroup-%*d nice %d", &nice) != 1)
		nice = NO_GROUP;
	fclose(file);
	return nice;
}

/* What a process's group had before it adopted NICE and has after it. */
struct groups {
	int before;
	int after;
};

/* Adopt in a process of its own, as the leader of a session or not. */
static struct groups
adopted(bool is_leader)
{
	struct groups groups;
	int ends[2];
	int status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (is_leader && setsid() == -1)
			_exit(1);
		groups.before = group_nice();
		if (setpriority(PRIO_PROCESS, 0, NICE) == -1)
			_exit(2);
		sched_nice_adopt();
		groups.after = group_nice();
		_exit(write(ends[1], &groups, sizeof(groups)) == sizeof(groups) ? 0 : 3);
	}
	assert_int_not_equal(pid, -1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(read(ends[0], &groups, sizeof(groups)), sizeof(groups));
	close(ends[0]);
	close(ends[1]);
	return groups;
}

/* A kernel without groups must not disturb the leader either. */
static void
a_leader_gives_it_to_its_session(void **state)
{
	struct groups groups = adopted(true);

	(void)state;
	assert_int_equal(groups.after, groups.before == NO_GROUP ? NO_GROUP : NICE);
}

static void
others_leave_the_session_alone(void **state)
{
	struct groups groups = adopted(false);

	(void)state;
	assert_int_equal(groups.after, groups.before);
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
