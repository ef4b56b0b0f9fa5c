/*
 * test_xalloc.c - allocation that cannot fail
 */
#include "xalloc.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>

#define ABORTED 99

/* The address sanitizer would end the program by itself. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static volatile size_t huge = SIZE_MAX / 2;	/* volatile: compilers warn of the constant */

static void
memory_comes_as_asked_for(void **state)
{
	char *ptr = xmalloc(0);
	int *zeroed = xcalloc(3, sizeof(*zeroed));

	(void)state;
	assert_non_null(ptr);
	ptr = xrealloc(ptr, 100);
	memset(ptr, 'x', 100);
	ptr = xrealloc(ptr, 0);
	free(ptr);
	for (int i = 0; i < 3; i++)
		assert_int_equal(zeroed[i], 0);
	free(zeroed);
	ptr = xcalloc(0, 10);
	assert_non_null(ptr);
	free(ptr);
}

static void
strings_are_copied(void **state)
{
	char *str = xstrdup("hello");

	(void)state;
	assert_string_equal(str, "hello");
	free(str);
	str = xstrndup("hello", 2);
	assert_string_equal(str, "he");
	free(str);
	str = xstrndup("hello", 99);
	assert_string_equal(str, "hello");
	free(str);
	str = xasprintf("%s %d", "number", 7);
	assert_string_equal(str, "number 7");
	free(str);
}

static void
ask_malloc(void)
{
	free(xmalloc(huge));
}

static void
ask_calloc(void)
{
	free(xcalloc(huge, 4));
}

static void
ask_realloc(void)
{
	free(xrealloc(NULL, huge));
}

/* Fails because the C locale has no such character: cheaper than using up the memory. */
static void
ask_asprintf(void)
{
	free(xasprintf("%ls", L"\u20ac"));
}

/* exit, unlike abort, lets the coverage of the child be counted. */
static void
on_abort(int signal)
{
	(void)signal;
	exit(ABORTED);
}

/* Run act in a child; it must abort after saying why. */
static void
assert_aborts(void (*act)(void))
{
	char message[4096] = "";
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGABRT, on_abort);
		dup2(fds[1], STDERR_FILENO);
		act();
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(read(fds[0], message, sizeof(message) - 1) > 0);
	close(fds[0]);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ABORTED);
	assert_non_null(strstr(message, "out of memory"));
}

static void
a_secret_is_gone_once_it_is_freed(void **state)
{
	char *secret = xstrdup("secret");

	(void)state;
	xfree_secret(&secret);
	assert_null(secret);
	xfree_secret(&secret);
	assert_null(secret);
}

static void
no_memory_is_the_end(void **state)
{
	(void)state;
	assert_aborts(ask_malloc);
	assert_aborts(ask_calloc);
	assert_aborts(ask_realloc);
	assert_aborts(ask_asprintf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_comes_as_asked_for),
		cmocka_unit_test(strings_are_copied),
		cmocka_unit_test(a_secret_is_gone_once_it_is_freed),
		cmocka_unit_test(no_memory_is_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
