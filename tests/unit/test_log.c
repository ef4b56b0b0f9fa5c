/*
 * test_log.c - one line per event, on standard error
 */
#include "log.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int real_stderr;
static int fds[2];		/* of the pipe or the file that stands for standard error */
static char got[3 * PIPE_BUF];

static int
open_pipe(void **state)
{
	(void)state;
	real_stderr = dup(STDERR_FILENO);
	if (pipe2(fds, O_NONBLOCK) != 0 || dup2(fds[1], STDERR_FILENO) < 0)
		return -1;
	log_open("test", LOG_LEVEL_INFO);
	return 0;
}

static int
close_pipe(void **state)
{
	(void)state;
	log_request(NULL);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(fds[0]);
	close(fds[1]);
	return 0;
}

/* What was written since the last time. */
static const char *
written(void)
{
	ssize_t len = read(fds[0], got, sizeof(got) - 1);

	got[len > 0 ? len : 0] = '\0';
	return got;
}

static void
a_line_has_priority_fields_and_message(void **state)
{
	char wanted[256];

	(void)state;
	log_warn("somewhere", "could not %s", "do it");
	snprintf(wanted, sizeof(wanted),
	    "<4>level=warn at=somewhere program=test pid=%d msg=\"could not do it\"\n",
	    (int)getpid());
	assert_string_equal(written(), wanted);
	log_request("7f3a");
	log_fields(LOG_LEVEL_INFO, "request", "status=%d ms=3", 200);
	snprintf(wanted, sizeof(wanted),
	    "<6>level=info at=request program=test pid=%d request=7f3a status=200 ms=3\n",
	    (int)getpid());
	assert_string_equal(written(), wanted);
}

static void
what_is_below_the_level_is_silent(void **state)
{
	(void)state;
	log_debug("x", "hidden");
	log_fields(LOG_LEVEL_DEBUG, "x", "hidden=1");
	assert_string_equal(written(), "");
	log_open("test", LOG_LEVEL_DEBUG);
	log_debug("x", "shown");
	assert_non_null(strstr(written(), "<7>level=debug"));
	log_open("test", LOG_LEVEL_ERROR);
	log_warn("x", "hidden");
	assert_string_equal(written(), "");
	log_error("x", "shown");
	assert_non_null(strstr(written(), "<3>level=error"));
}

static void
a_line_cannot_be_forged(void **state)
{
	(void)state;
	log_request("a\nb");
	log_info("x", "one\ntwo\t\"three\" \\ \x1b[0m\x7f ä");
	assert_non_null(strstr(written(),
	    "request=a\\nb msg=\"one\\ntwo\\t\\\"three\\\" \\\\ \\x1b[0m\\x7f ä\"\n"));
	log_fields(LOG_LEVEL_INFO, "x", "a=1\nlevel=error");
	assert_non_null(strstr(written(), "a=1\\nlevel=error\n"));
	assert_ptr_equal(strchr(got, '\n'), got + strlen(got) - 1);
}

static void
a_long_line_is_cut_not_split(void **state)
{
	char text[2 * PIPE_BUF];
	const char *line;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_info("x", "%s", text);
	line = written();
	assert_true(strlen(line) <= PIPE_BUF);
	assert_string_equal(line + strlen(line) - 3, "x\"\n");
	memset(text, '\n', sizeof(text) - 1);
	log_info("x", "%s", text);
	line = written();
	assert_true(strlen(line) <= PIPE_BUF);
	assert_string_equal(line + strlen(line) - 2, "\"\n");
}

static void
a_file_gets_the_time_instead(void **state)
{
	FILE *file = tmpfile();
	char line[512] = "";

	(void)state;
	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	log_open("test", LOG_LEVEL_INFO);
	log_info("x", "to a file");
	dup2(fds[1], STDERR_FILENO);
	rewind(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_int_equal(strncmp(line, "time=20", 7), 0);
	assert_non_null(strstr(line, "Z level=info at=x"));
	fclose(file);
}

static void
levels_have_names(void **state)
{
	(void)state;
	assert_int_equal(log_level_parse("error"), LOG_LEVEL_ERROR);
	assert_int_equal(log_level_parse("warn"), LOG_LEVEL_WARN);
	assert_int_equal(log_level_parse("info"), LOG_LEVEL_INFO);
	assert_int_equal(log_level_parse("debug"), LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_parse("INFO"), -1);
	assert_int_equal(log_level_parse(""), -1);
}

#define IN_PIPE(test) cmocka_unit_test_setup_teardown(test, open_pipe, close_pipe)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PIPE(a_line_has_priority_fields_and_message),
		IN_PIPE(what_is_below_the_level_is_silent),
		IN_PIPE(a_line_cannot_be_forged),
		IN_PIPE(a_long_line_is_cut_not_split),
		IN_PIPE(a_file_gets_the_time_instead),
		cmocka_unit_test(levels_have_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
