/*
 * test_conf.c - settings: built-in < file < environment < command line
 */
#include "conf.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static char dir[] = "/tmp/vals-conf.XXXXXX";
static char conf_path[64];
static char secret_path[64];
static char said[8192];		/* what the last load wrote */

static const char *const variables[] = {
	"VALS_CONF", "API_WORKERS", "CALLING_HOURS", "DATABASE_URL", "DATABASE_URL_FILE",
	"LOG_LEVEL", "TELNYX_API_KEY", "TELNYX_API_KEY_FILE", "TELNYX_PUBLIC_KEY_FILE",
	"API_SOCKET_FILE", "RATE_LIMIT_MAX", "DATABASE_PREPARED", "ALLOWED_ORIGINS",
};

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
read_said(int fd)
{
	ssize_t len;

	len = pread(fd, said, sizeof(said) - 1, 0);
	said[len > 0 ? len : 0] = '\0';
}

/* Run act(arg) with standard error in said. */
static int
listen_to(int (*act)(void *), void *arg)
{
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO), result;

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	result = act(arg);
	dup2(before, STDERR_FILENO);
	close(before);
	read_said(fileno(file));
	fclose(file);
	return result;
}

struct command_line {
	int argc;
	char *argv[16];
};

static int
do_load(void *arg)
{
	struct command_line *line = arg;

	return conf_load("test", &line->argc, line->argv);
}

static int
do_reload(void *arg)
{
	(void)arg;
	return conf_reload();
}

static void
split(struct command_line *line, char *words)
{
	static char program[] = "test";

	*line = (struct command_line){ .argc = 1, .argv = { program } };
	for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
		line->argv[line->argc++] = word;
}

/* Load with these words as command line. */
static int
load(const char *text)
{
	struct command_line line;
	char words[512];

	snprintf(words, sizeof(words), "%s", text);
	split(&line, words);
	return listen_to(do_load, &line);
}

/* Load with this file and nothing else. */
static int
load_file(const char *text)
{
	write_file(conf_path, text, 0640);
	setenv("VALS_CONF", conf_path, 1);
	return load("");
}

static int
prepare(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(variables); i++)
		unsetenv(variables[i]);
	write_file(conf_path, "", 0640);
	setenv("VALS_CONF", conf_path, 1);
	return 0;
}

static void
assert_says(const char *wanted)
{
	if (strstr(said, wanted) == NULL)
		fail_msg("expected `%s` in: %s", wanted, said);
}

/* ---- layers ---- */

static void
defaults_hold_before_and_after_a_load(void **state)
{
	(void)state;
	assert_string_equal(conf_text(CONF_log_level), "info");
	assert_int_equal(conf_int(CONF_rate_limit_max), 1000);
	assert_true(conf_bool(CONF_database_prepared));
	assert_int_equal(load(""), 0);
	assert_string_equal(conf_text(CONF_calling_hours), "08:00-21:00");
	assert_int_equal(conf_int(CONF_waiting_workers), 8);
	assert_string_equal(said, "");
}

static void
every_default_is_a_good_value(void **state)
{
	static const char *const fallbacks[][2] = {
#define SETTING(key, type, fallback, help) { #key, fallback },
#include "settings.def"
#undef SETTING
	};
	static const char *const types[] = {
#define SETTING(key, type, fallback, help) #type,
#include "settings.def"
#undef SETTING
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < LENGTH(fallbacks); i++) {
		snprintf(text, sizeof(text), "%s = %s\n", fallbacks[i][0], fallbacks[i][1]);
		if (load_file(text) != 0)
			fail_msg("%s (%s): %s", fallbacks[i][0], types[i], said);
	}
}

static void
later_layers_win(void **state)
{
	(void)state;
	assert_int_equal(load_file("# a comment\n\napi_workers = 3\n; another\n"
	    "allowed_origins=https://a.example,https://b.example ; c # d\ncalling_hours =\n"), 0);
	assert_int_equal(conf_int(CONF_api_workers), 3);
	assert_string_equal(conf_text(CONF_calling_hours), "");
	assert_string_equal(conf_text(CONF_allowed_origins),
	    "https://a.example,https://b.example ; c # d");
	setenv("API_WORKERS", "4", 1);
	setenv("ALLOWED_ORIGINS", "", 1);
	assert_int_equal(load(""), 0);
	assert_int_equal(conf_int(CONF_api_workers), 4);
	assert_string_equal(conf_text(CONF_allowed_origins), "");
	assert_int_equal(load("--set api_workers=5"), 0);
	assert_int_equal(conf_int(CONF_api_workers), 5);
	assert_int_equal(load("--set=api_workers=6 --set api_workers=7"), 0);
	assert_int_equal(conf_int(CONF_api_workers), 7);
}

static void
the_file_can_be_named_in_three_ways(void **state)
{
	char words[128];

	(void)state;
	write_file(conf_path, "api_workers = 9\n", 0640);
	unsetenv("VALS_CONF");
	snprintf(words, sizeof(words), "--config %s", conf_path);
	assert_int_equal(load(words), 0);
	assert_int_equal(conf_int(CONF_api_workers), 9);
	snprintf(words, sizeof(words), "-c /nonexistent --config=%s", conf_path);
	assert_int_equal(load(words), 0);
	assert_int_equal(load("-c /nonexistent"), -1);
	assert_says("/nonexistent: could not read it: No such file");
	setenv("VALS_CONF", "/nonexistent", 1);
	assert_int_equal(load(""), -1);
	assert_int_equal(load("-c /"), -1);
}

static void
no_file_is_needed(void **state)
{
	(void)state;
	if (access(SYSCONFDIR "/vals/vals.conf", F_OK) == 0)
		return;		/* VALS is installed here */
	unsetenv("VALS_CONF");
	assert_int_equal(load(""), 0);
}

/* ---- what is refused ---- */

static void
a_bad_file_is_refused_by_line(void **state)
{
	static const struct {
		const char *text;
		const char *reason;
	} rows[] = {
		{ "api_workers = 1\n\nnonsense = 1\n", ":3: there is no setting nonsense" },
		{ "api_workers = many\n", ":1: api_workers is not a whole number from 0 to 256" },
		{ "api_workers = 257\n", ":1: api_workers is not" },
		{ "waiting_workers = 257\n", ":1: waiting_workers is not a whole number from 1 to 256" },
		{ "waiting_workers = 0\n", ":1: waiting_workers is not" },
		{ "api_workers = -1\n", ":1: api_workers is not" },
		{ "api_workers = +1\n", ":1: api_workers is not" },
		{ "api_workers =\n", ":1: api_workers is not" },
		{ "rate_limit_max = 99999999999999999999\n", ":1: rate_limit_max is not" },
		{ "database_prepared = maybe\n", ":1: database_prepared must be on or off" },
		{ "log_level = loud\n", ":1: log_level must be error, warn, info or debug" },
		{ "log_requests = all\n", ":1: log_requests must be" },
		{ "calling_hours = 8-21\n", ":1: calling_hours must be" },
		{ "calling_hours = 08:00-24:00\n", ":1: calling_hours must be" },
		{ "calling_hours = 21:00-08:00\n", ":1: calling_hours must be" },
		{ "calling_hours = 08:60-21:00\n", ":1: calling_hours must be" },
		{ "calling_hours = 08.00-21:00\n", ":1: calling_hours must be" },
		{ "ws_node = 100\n", ":1: ws_node is not a whole number from 0 to 99" },
		{ "[api]\napi_workers = 1\n", ":2: there are no sections" },
		{ "api_workers = 1\njust words\n", ":2: this is not `key = value`" },
		{ "api_workers = 1\n[open\n", ":2: this is not `key = value`" },
		{ "socket_group = a\x01z\n", ":1: socket_group has a control character" },
		{ "api_socket_file = /etc/hostname\n", ":1: there is no setting api_socket_file" },
		{ "_file = x\n", ":1: there is no setting _file" },
		{ "telnyx_api_key_file = /nonexistent\n", ":1: could not read /nonexistent" },
	};

	(void)state;
	assert_int_equal(load_file("api_workers = 77\n"), 0);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		if (load_file(rows[i].text) != -1)
			fail_msg("accepted: %s", rows[i].text);
		assert_says(conf_path);
		assert_says(rows[i].reason);
		assert_int_equal(conf_int(CONF_api_workers), 77);
	}
}

static void
a_line_too_long_is_refused(void **state)
{
	char text[12000];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "api_workers = 1\nsocket_group = ", 31);
	text[sizeof(text) - 1] = '\0';
	text[sizeof(text) - 2] = '\n';
	assert_int_equal(load_file(text), -1);
	assert_says(":2: the line is too long");
	text[4000] = '\0';
	assert_int_equal(load_file(text), 0);
	assert_int_equal(strlen(conf_text(CONF_socket_group)), 4000 - 31);
}

static void
a_bad_environment_is_refused(void **state)
{
	(void)state;
	setenv("RATE_LIMIT_MAX", "lots", 1);
	assert_int_equal(load(""), -1);
	assert_says("environment: RATE_LIMIT_MAX: rate_limit_max is not a whole number");
	unsetenv("RATE_LIMIT_MAX");
	setenv("TELNYX_API_KEY_FILE", "/nonexistent", 1);
	assert_int_equal(load(""), -1);
	assert_says("environment: TELNYX_API_KEY_FILE: could not read");
	unsetenv("TELNYX_API_KEY_FILE");
	/* Only texts and secrets have that form. */
	setenv("API_SOCKET_FILE", "/nonexistent", 1);
	assert_int_equal(load(""), 0);
}

static void
a_bad_command_line_is_refused(void **state)
{
	(void)state;
	assert_int_equal(load("--set"), -1);
	assert_says("--set needs a value");
	assert_int_equal(load("--set api_workers"), -1);
	assert_says("--set needs KEY=VALUE");
	assert_int_equal(load("--set api_workers=x"), -1);
	assert_says("command line: api_workers is not");
	assert_int_equal(load("--log-level loud"), -1);
	assert_says("log_level must be");
	assert_int_equal(load("--log-level debug"), 0);
	assert_string_equal(conf_text(CONF_log_level), "debug");
}

/* ---- secrets ---- */

static void
a_secret_is_never_taken_from_the_command_line(void **state)
{
	(void)state;
	assert_int_equal(load("--set telnyx_api_key=KEY123"), -1);
	assert_says("telnyx_api_key is secret");
	assert_null(strstr(said, "KEY123"));
}

static void
a_secret_can_stand_in_a_file(void **state)
{
	char text[128];

	(void)state;
	write_file(secret_path, "KEY123\n", 0640);
	snprintf(text, sizeof(text), "telnyx_api_key_file = %s\n", secret_path);
	assert_int_equal(load_file(text), 0);
	assert_string_equal(conf_text(CONF_telnyx_api_key), "KEY123");
	snprintf(text, sizeof(text), "--set telnyx_api_key_file=%s", secret_path);
	assert_int_equal(load_file(""), 0);
	assert_string_equal(conf_text(CONF_telnyx_api_key), "");
	assert_int_equal(load(text), 0);
	assert_string_equal(conf_text(CONF_telnyx_api_key), "KEY123");
	setenv("TELNYX_PUBLIC_KEY_FILE", secret_path, 1);
	assert_int_equal(load(""), 0);
	assert_string_equal(conf_text(CONF_telnyx_public_key), "KEY123");
}

static void
a_secret_open_to_others_is_refused(void **state)
{
	char text[128];

	(void)state;
	write_file(secret_path, "KEY123\n", 0644);
	snprintf(text, sizeof(text), "telnyx_api_key_file = %s\n", secret_path);
	assert_int_equal(load_file(text), -1);
	assert_says(":1: ");
	assert_says("has rights for others (mode 0644)");
	/* The same for the configuration itself, once it holds one. */
	write_file(conf_path, "\ntelnyx_api_key = KEY123\n", 0644);
	assert_int_equal(load(""), -1);
	assert_says(":2: telnyx_api_key is secret, and others may read this file");
	write_file(conf_path, "telnyx_api_key =\napi_workers = 2\n", 0644);
	assert_int_equal(load(""), 0);
}

static void
a_secret_file_must_hold_a_short_text(void **state)
{
	char text[20000];
	int fd;

	(void)state;
	setenv("TELNYX_API_KEY_FILE", secret_path, 1);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	write_file(secret_path, text, 0600);
	assert_int_equal(load(""), -1);
	assert_says("does not hold a text of at most");
	fd = open(secret_path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "a\0b", 3), 3);
	close(fd);
	assert_int_equal(load(""), -1);
	write_file(secret_path, "two\nlines\n", 0600);
	assert_int_equal(load(""), -1);
	assert_says("control character");
	setenv("TELNYX_API_KEY_FILE", dir, 1);
	assert_int_equal(load(""), -1);
	assert_says("Is a directory");
}

static void
a_value_and_a_file_are_one_too_many(void **state)
{
	(void)state;
	write_file(secret_path, "KEY123\n", 0600);
	setenv("TELNYX_API_KEY", "KEY456", 1);
	setenv("TELNYX_API_KEY_FILE", secret_path, 1);
	assert_int_equal(load(""), -1);
	assert_says("given both as a value and as a file");
}

static void
a_dump_hides_secrets(void **state)
{
	char text[16384] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	setenv("TELNYX_API_KEY", "KEY456", 1);
	assert_int_equal(load("--set api_workers=12"), 0);
	conf_dump(out);
	fclose(out);
	assert_null(strstr(text, "KEY456"));
	assert_non_null(strstr(text, "\ntelnyx_api_key = ***\n"));
	assert_non_null(strstr(text, "\ndatabase_listen_url = \n"));
	assert_non_null(strstr(text, "\napi_workers = 12\n"));
}

/* ---- the command line ---- */

static void
what_is_not_ours_is_left(void **state)
{
	struct command_line line;
	char words[] = "user --config=/dev/null add --dump --log-level warn -x --setup --settle=1 "
	    "-- -t --set";

	(void)state;
	split(&line, words);
	assert_int_equal(listen_to(do_load, &line), 0);
	assert_int_equal(line.argc, 10);
	assert_string_equal(line.argv[1], "user");
	assert_string_equal(line.argv[2], "add");
	assert_string_equal(line.argv[3], "--dump");
	assert_string_equal(line.argv[4], "-x");
	assert_string_equal(line.argv[5], "--setup");
	assert_string_equal(line.argv[6], "--settle=1");
	assert_string_equal(line.argv[7], "--");
	assert_string_equal(line.argv[8], "-t");
	assert_string_equal(line.argv[9], "--set");
	assert_null(line.argv[10]);
	assert_string_equal(conf_text(CONF_log_level), "warn");
}

/* Load in a child, which may exit; its status, and what it printed in said. */
static int
load_in_child(const char *words)
{
	FILE *file = tmpfile();
	int status;
	pid_t pid;

	assert_non_null(file);
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct command_line line;
		char copy[256];

		dup2(fileno(file), STDOUT_FILENO);
		dup2(fileno(file), STDERR_FILENO);
		snprintf(copy, sizeof(copy), "%s", words);
		split(&line, copy);
		exit(conf_load("test", &line.argc, line.argv) == 0 ? 42 : 43);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	read_said(fileno(file));
	fclose(file);
	return WEXITSTATUS(status);
}

static void
questions_are_answered_without_running(void **state)
{
	(void)state;
	assert_int_equal(load_in_child(""), 42);
	assert_int_equal(load_in_child("-t"), 0);
	assert_says("the settings are good");
	assert_int_equal(load_in_child("--dump-config --set api_workers=31"), 0);
	assert_says("\napi_workers = 31\n");
	assert_int_equal(load_in_child("--help"), 0);
	assert_says("Usage: test [OPTION]...");
	assert_says("calling_hours");
	assert_int_equal(load_in_child("--version"), 0);
	assert_says("test " PACKAGE_VERSION " (libpq 1");
	assert_says("json-c 0.");
	assert_says("OpenSSL 3.");
	assert_says("libsodium 1.");
	write_file(conf_path, "nonsense\n", 0640);
	assert_int_equal(load_in_child("-t"), 43);
	assert_int_equal(load_in_child("--help"), 0);
}

/* ---- reload ---- */

static void
a_reload_uses_the_first_command_line(void **state)
{
	(void)state;
	assert_int_equal(load_file("api_workers = 1\nwaiting_workers = 1\n"), 0);
	assert_int_equal(load("--set waiting_workers=2"), 0);
	write_file(conf_path, "api_workers = 3\nwaiting_workers = 3\n", 0640);
	assert_int_equal(listen_to(do_reload, NULL), 0);
	assert_int_equal(conf_int(CONF_api_workers), 3);
	assert_int_equal(conf_int(CONF_waiting_workers), 2);
}

static void
a_bad_reload_keeps_the_old_values(void **state)
{
	(void)state;
	assert_int_equal(load_file("api_workers = 5\n"), 0);
	write_file(conf_path, "api_workers = 6\nwaiting_workers = none\n", 0640);
	assert_int_equal(listen_to(do_reload, NULL), -1);
	assert_says(":2: waiting_workers");
	assert_int_equal(conf_int(CONF_api_workers), 5);
}

static int workers_seen;

static bool
sees_workers(void)
{
	workers_seen = (int)conf_int(CONF_api_workers);
	return workers_seen < 10;
}

static int
do_try(void *arg)
{
	(void)arg;
	return conf_would_do(sees_workers) ? 0 : -1;
}

static void
to_try_a_reload_changes_nothing(void **state)
{
	const char *before;

	(void)state;
	assert_int_equal(load_file("api_workers = 5\n"), 0);
	before = conf_text(CONF_api_workers);
	write_file(conf_path, "api_workers = 6\n", 0640);
	assert_int_equal(listen_to(do_try, NULL), 0);
	assert_int_equal(workers_seen, 6);
	write_file(conf_path, "api_workers = 10\n", 0640);
	assert_int_equal(listen_to(do_try, NULL), -1);
	write_file(conf_path, "api_workers = none\n", 0640);
	assert_int_equal(listen_to(do_try, NULL), -1);
	assert_says(":1: api_workers");
	/* Even who holds a text of them goes on holding it. */
	assert_ptr_equal(conf_text(CONF_api_workers), before);
	assert_string_equal(before, "5");
}

static void
switches_have_many_words(void **state)
{
	static const char *const on[] = { "on", "ON", "true", "yes", "1" };
	static const char *const off[] = { "off", "False", "no", "0" };

	(void)state;
	for (size_t i = 0; i < LENGTH(on); i++) {
		setenv("DATABASE_PREPARED", on[i], 1);
		assert_int_equal(load(""), 0);
		assert_true(conf_bool(CONF_database_prepared));
	}
	for (size_t i = 0; i < LENGTH(off); i++) {
		setenv("DATABASE_PREPARED", off[i], 1);
		assert_int_equal(load(""), 0);
		assert_false(conf_bool(CONF_database_prepared));
	}
}

static int
create(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(conf_path, sizeof(conf_path), "%s/vals.conf", dir);
	snprintf(secret_path, sizeof(secret_path), "%s/secret", dir);
	return 0;
}

static int
destroy(void **state)
{
	(void)state;
	unlink(conf_path);
	unlink(secret_path);
	return rmdir(dir);
}

#define FRESH(test) cmocka_unit_test_setup(test, prepare)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(defaults_hold_before_and_after_a_load),
		FRESH(every_default_is_a_good_value),
		FRESH(later_layers_win),
		FRESH(the_file_can_be_named_in_three_ways),
		FRESH(no_file_is_needed),
		FRESH(a_bad_file_is_refused_by_line),
		FRESH(a_line_too_long_is_refused),
		FRESH(a_bad_environment_is_refused),
		FRESH(a_bad_command_line_is_refused),
		FRESH(a_secret_is_never_taken_from_the_command_line),
		FRESH(a_secret_can_stand_in_a_file),
		FRESH(a_secret_open_to_others_is_refused),
		FRESH(a_secret_file_must_hold_a_short_text),
		FRESH(a_value_and_a_file_are_one_too_many),
		FRESH(a_dump_hides_secrets),
		FRESH(what_is_not_ours_is_left),
		FRESH(questions_are_answered_without_running),
		FRESH(a_reload_uses_the_first_command_line),
		FRESH(a_bad_reload_keeps_the_old_values),
		FRESH(to_try_a_reload_changes_nothing),
		FRESH(switches_have_many_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, create, destroy);
}
