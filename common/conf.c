/*
 * conf.c - settings: built-in < file < environment < command line
 *
 * A load fills a fresh set of values layer by layer and puts it in the place of
 * the old one only when every layer was good. Each layer goes through
 * conf_assign, which knows the KEY_file form and has the value checked.
 */
#include "conf.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf_args.h"
#include "conf_secret.h"
#include "conf_setting.h"
#include "crypto.h"
#include "db.h"
#include "json.h"
#include "xalloc.h"

#define CONF_LINE_MAX 8192		/* longest line of the file, bytes */
#define CONF_ENV_NAME_SIZE 64

struct values {
	char *text[CONF__MAX];
};

static struct values current;
static struct conf_args args;

/* ---- values ---- */

static void
conf_values_free(struct values *values)
{
	for (size_t i = 0; i < CONF__MAX; i++)
		xfree_secret(&values->text[i]);
}

static int
conf_find(const char *key)
{
	for (int i = 0; i < CONF__MAX; i++) {
		if (strcmp(conf_settings[i].key, key) == 0)
			return i;
	}
	return -1;
}

/* The setting whose KEY_file form this is, -1 if it is none. */
static int
conf_find_file_form(const char *key)
{
	static const char suffix[] = "_file";
	size_t len = strlen(key), suffix_len = sizeof(suffix) - 1;
	char base[CONF_ENV_NAME_SIZE];
	int i;

	if (len <= suffix_len || len >= sizeof(base) ||
	    strcmp(key + len - suffix_len, suffix) != 0)
		return -1;
	memcpy(base, key, len - suffix_len);
	base[len - suffix_len] = '\0';
	i = conf_find(base);
	if (i < 0 || (conf_settings[i].type != TEXT && conf_settings[i].type != SECRET))
		return -1;
	return i;
}

/* ---- the layers ---- */

/*
 * Set `key`, or the setting whose KEY_file form it is. *key_r gets the setting
 * when the value itself was given, else -1. Returns 0, or -1 with a reason.
 */
static int
conf_assign(struct values *values, const char *key, const char *text, int *key_r,
    char reason[static CONF_REASON_SIZE])
{
	int i = conf_find(key);
	char *value;

	*key_r = i;
	if (i >= 0) {
		value = xstrdup(text);
	} else {
		i = conf_find_file_form(key);
		if (i < 0) {
			snprintf(reason, CONF_REASON_SIZE, "there is no setting %s", key);
			return -1;
		}
		value = conf_read_secret(text, reason);
		if (value == NULL)
			return -1;
	}
	if (!conf_is_valid(i, value, reason)) {
		xfree_secret(&value);
		return -1;
	}
	xfree_secret(&values->text[i]);
	values->text[i] = value;
	return 0;
}

static void
conf_load_defaults(struct values *values)
{
	for (size_t i = 0; i < CONF__MAX; i++)
		values->text[i] = xstrdup(conf_settings[i].fallback);
}

/* inih's reader and handler share this; the reader counts, as the handler is not told. */
struct conf_file {
	FILE *stream;
	struct values *values;
	bool is_open_to_others;
	int line;
	int error_line;		/* of the first error, 0 = none */
	char reason[CONF_REASON_SIZE];
};

static void
conf_file_fail(struct conf_file *file, const char *reason)
{
	if (file->error_line != 0)
		return;
	file->error_line = file->line;
	if (reason != NULL)
		snprintf(file->reason, sizeof(file->reason), "%s", reason);
}

/* A line that does not fit would be taken for two. */
static char *
conf_file_line(char *out, int size, void *arg)
{
	struct conf_file *file = arg;
	char *line = fgets(out, size, file->stream);

	if (line == NULL)
		return NULL;
	file->line++;
	if (strchr(line, '\n') == NULL && !feof(file->stream)) {
		conf_file_fail(file, "the line is too long");
		return NULL;
	}
	return line;
}

static int
conf_file_setting(void *arg, const char *section, const char *key, const char *value)
{
	struct conf_file *file = arg;
	char reason[CONF_REASON_SIZE];
	int assigned;

	if (section[0] != '\0') {
		conf_file_fail(file, "there are no sections in this file");
		return 0;
	}
	if (conf_assign(file->values, key, value, &assigned, reason) != 0) {
		conf_file_fail(file, reason);
		return 0;
	}
	if (assigned >= 0 && conf_settings[assigned].type == SECRET && value[0] != '\0' &&
	    file->is_open_to_others) {
		snprintf(reason, sizeof(reason), "%s is secret, and others may read this file "
		    "(chmod o-rwx it, or use %s_file)", key, key);
		conf_file_fail(file, reason);
		return 0;
	}
	return 1;
}

/* Debian's inih takes its options at run time. */
static void
conf_file_options(void)
{
	ini_use_stack = false;
	ini_max_line = CONF_LINE_MAX;
	ini_initial_alloc = CONF_LINE_MAX;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_allow_no_value = false;
	ini_stop_on_first_error = true;
}

/* Read the file at path; it may be missing unless it was asked for. */
static int
conf_load_file(struct values *values, const char *path, bool is_required)
{
	struct conf_file file = { .values = values, .reason = "this is not `key = value`" };
	struct stat sb;
	int bad_line;

	file.stream = fopen(path, "re");
	if (file.stream == NULL) {
		if (errno == ENOENT && !is_required)
			return 0;
		fprintf(stderr, "%s: could not read it: %s\n", path, strerror(errno));
		return -1;
	}
	file.is_open_to_others = fstat(fileno(file.stream), &sb) != 0 ||
	    (sb.st_mode & S_IROTH) != 0;
	conf_file_options();
	bad_line = ini_parse_stream(conf_file_line, &file, conf_file_setting, &file);
	if (ferror(file.stream)) {
		file.line++;
		conf_file_fail(&file, "could not read it");
	}
	fclose(file.stream);
	if (file.error_line == 0 && bad_line == 0)
		return 0;
	fprintf(stderr, "%s:%d: %s\n", path, file.error_line != 0 ? file.error_line : bad_line,
	    file.reason);
	return -1;
}

static void
conf_upper(char *text)
{
	for (; *text != '\0'; text++)
		*text = (char)toupper((unsigned char)*text);
}

/* One name of the environment, lower case in key; 1 when it is set. */
static int
conf_load_variable(struct values *values, const char *key)
{
	char name[CONF_ENV_NAME_SIZE], reason[CONF_REASON_SIZE];
	const char *value;
	int assigned;

	snprintf(name, sizeof(name), "%s", key);
	conf_upper(name);
	value = getenv(name);
	if (value == NULL)
		return 0;
	if (conf_assign(values, key, value, &assigned, reason) == 0)
		return 1;
	fprintf(stderr, "environment: %s: %s\n", name, reason);
	return -1;
}

static int
conf_load_environment(struct values *values)
{
	char file_key[CONF_ENV_NAME_SIZE];
	int from_variable, from_file;

	for (size_t i = 0; i < CONF__MAX; i++) {
		from_variable = conf_load_variable(values, conf_settings[i].key);
		from_file = 0;
		snprintf(file_key, sizeof(file_key), "%s_file", conf_settings[i].key);
		if (from_variable >= 0 && conf_find_file_form(file_key) >= 0)
			from_file = conf_load_variable(values, file_key);
		if (from_variable < 0 || from_file < 0)
			return -1;
		if (from_variable > 0 && from_file > 0) {
			fprintf(stderr, "environment: %s is given both as a value and as a file\n",
			    conf_settings[i].key);
			return -1;
		}
	}
	return 0;
}

/* One KEY=VALUE of the command line, which everybody on the machine can read. */
static int
conf_load_set(struct values *values, const char *set)
{
	char key[CONF_ENV_NAME_SIZE], reason[CONF_REASON_SIZE];
	const char *equals = strchr(set, '=');
	int assigned;

	if (equals == NULL || (size_t)(equals - set) >= sizeof(key)) {
		fprintf(stderr, "command line: --set needs KEY=VALUE\n");
		return -1;
	}
	memcpy(key, set, (size_t)(equals - set));
	key[equals - set] = '\0';
	assigned = conf_find(key);
	if (assigned >= 0 && conf_settings[assigned].type == SECRET) {
		fprintf(stderr, "command line: %s is secret: use %s_file or the environment\n",
		    key, key);
		return -1;
	}
	if (conf_assign(values, key, equals + 1, &assigned, reason) == 0)
		return 0;
	fprintf(stderr, "command line: %s\n", reason);
	return -1;
}

static int
conf_load_layers(struct values *values, const struct conf_args *from)
{
	const char *path = from->file;
	bool is_required = true;

	conf_load_defaults(values);
	if (path == NULL)
		path = getenv("VALS_CONF");
	if (path == NULL || path[0] == '\0') {
		path = SYSCONFDIR "/vals/vals.conf";
		is_required = false;
	}
	if (conf_load_file(values, path, is_required) != 0 ||
	    conf_load_environment(values) != 0)
		return -1;
	for (size_t i = 0; i < from->set_count; i++) {
		if (conf_load_set(values, from->sets[i]) != 0)
			return -1;
	}
	return 0;
}

/* Replace the current values by what the layers say now. */
static int
conf_replace(const struct conf_args *from)
{
	struct values values = { 0 };

	if (conf_load_layers(&values, from) != 0) {
		conf_values_free(&values);
		return -1;
	}
	conf_values_free(&current);
	current = values;
	return 0;
}

/* ---- what the command line can ask for ---- */

static void
conf_print_version(const char *program)
{
	printf("%s %s (%s, %s, %s)\n", program, PACKAGE_VERSION, db_library(), json_library(),
	    crypto_library());
}

static void
conf_print_help(const char *program)
{
	printf("Usage: %s [OPTION]...\n\n%s\n", program, conf_args_usage);
	puts("Settings, by file, environment (in capitals) or --set:");
	for (size_t i = 0; i < CONF__MAX; i++)
		printf("  %-22s %s [%s]\n", conf_settings[i].key, conf_settings[i].help,
		    conf_settings[i].fallback);
}

/* Do what needs no program, and end. */
static void
conf_act(const struct conf_args *wish)
{
	switch (wish->action) {
	case CONF_RUN:
		return;
	case CONF_CHECK:
		fprintf(stderr, "%s: the settings are good\n", wish->program);
		break;
	case CONF_DUMP:
		conf_dump(stdout);
		break;
	case CONF_HELP:
		conf_print_help(wish->program);
		break;
	case CONF_VERSION:
		conf_print_version(wish->program);
		break;
	}
	exit(fflush(stdout) == 0 ? 0 : 1);
}

/* ---- the interface ---- */

int
conf_load(const char *program, int *argc, char **argv)
{
	struct conf_args fresh;

	if (conf_args_parse(program, argc, argv, &fresh) != 0)
		return -1;
	/* Help must not depend on good settings. */
	if (fresh.action == CONF_HELP || fresh.action == CONF_VERSION)
		conf_act(&fresh);
	if (conf_replace(&fresh) != 0) {
		conf_args_free(&fresh);
		return -1;
	}
	conf_args_free(&args);
	args = fresh;
	conf_act(&args);
	return 0;
}

char **
conf_copy_arguments(int argc, char **argv)
{
	char **copy = xcalloc((size_t)argc + 1, sizeof(*copy));

	for (int i = 0; i < argc; i++)
		copy[i] = argv[i];
	return copy;
}

int
conf_reload(void)
{
	return conf_replace(&args);
}

bool
conf_would_do(bool is_enough(void))
{
	struct values before = current;
	bool would_do;

	current = (struct values){ 0 };
	would_do = conf_replace(&args) == 0 && is_enough();
	conf_values_free(&current);
	current = before;
	return would_do;
}

const char *
conf_text(enum conf_key key)
{
	return current.text[key] != NULL ? current.text[key] : conf_settings[key].fallback;
}

long
conf_int(enum conf_key key)
{
	return strtol(conf_text(key), NULL, 10);
}

bool
conf_bool(enum conf_key key)
{
	return conf_parse_bool(conf_text(key)) == 1;
}

void
conf_dump(FILE *out)
{
	const char *text;

	for (size_t i = 0; i < CONF__MAX; i++) {
		text = conf_text((enum conf_key)i);
		if (conf_settings[i].type == SECRET && text[0] != '\0')
			text = "***";
		fprintf(out, "%s = %s\n", conf_settings[i].key, text);
	}
}
