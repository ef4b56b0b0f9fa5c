/*
 * conf_args.c - the command line options every program has
 *
 * Read by hand because getopt_long accepts abbreviations, and so would take
 * `--dump FILE`, a program's own option, for our --dump-config.
 */
#include "conf_args.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

static const struct option {
	const char *name;
	const char *short_name;
	enum { OPTION_FILE, OPTION_SET, OPTION_LEVEL, OPTION_ACTION } kind;
	enum conf_action action;
} options[] = {
	{ "--config", "-c", OPTION_FILE, CONF_RUN },
	{ "--set", NULL, OPTION_SET, CONF_RUN },
	{ "--log-level", NULL, OPTION_LEVEL, CONF_RUN },
	{ "-t", NULL, OPTION_ACTION, CONF_CHECK },
	{ "--dump-config", NULL, OPTION_ACTION, CONF_DUMP },
	{ "--help", NULL, OPTION_ACTION, CONF_HELP },
	{ "--version", NULL, OPTION_ACTION, CONF_VERSION },
};

const char conf_args_usage[] =
    "  -c, --config FILE      read settings from FILE\n"
    "      --set KEY=VALUE    set one setting; secrets only as KEY_file=PATH\n"
    "      --log-level LEVEL  error, warn, info or debug\n"
    "  -t                     check the settings and exit\n"
    "      --dump-config      print the settings, secrets hidden, and exit\n"
    "      --help             print this help and exit\n"
    "      --version          print the versions and exit\n";

/* The option arg names. *value_r points behind its `=`, or is NULL without one. */
static const struct option *
conf_args_find(const char *arg, const char **value_r)
{
	const struct option *option;
	size_t len;

	*value_r = NULL;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		option = &options[i];
		len = strlen(option->name);
		if (option->short_name != NULL && strcmp(arg, option->short_name) == 0)
			return option;
		if (strncmp(arg, option->name, len) != 0)
			continue;
		if (arg[len] == '\0')
			return option;
		if (arg[len] == '=' && option->kind != OPTION_ACTION) {
			*value_r = arg + len + 1;
			return option;
		}
	}
	return NULL;
}

static void
conf_args_add_set(struct conf_args *args, char *set)
{
	args->sets = xrealloc(args->sets, (args->set_count + 1) * sizeof(args->sets[0]));
	args->sets[args->set_count++] = set;
}

static void
conf_args_apply(struct conf_args *args, const struct option *option, const char *value)
{
	switch (option->kind) {
	case OPTION_FILE:
		free(args->file);
		args->file = xstrdup(value);
		break;
	case OPTION_SET:
		conf_args_add_set(args, xstrdup(value));
		break;
	case OPTION_LEVEL:
		conf_args_add_set(args, xasprintf("log_level=%s", value));
		break;
	case OPTION_ACTION:
		args->action = option->action;
		break;
	}
}

int
conf_args_parse(const char *program, int *argc, char **argv, struct conf_args *args_r)
{
	struct conf_args args = { .program = xstrdup(program) };
	const struct option *option;
	const char *value;
	int from = 1, to = 1;

	while (from < *argc && strcmp(argv[from], "--") != 0) {
		option = conf_args_find(argv[from], &value);
		if (option == NULL) {
			argv[to++] = argv[from++];
			continue;
		}
		from++;
		if (option->kind != OPTION_ACTION && value == NULL) {
			if (from >= *argc) {
				fprintf(stderr, "%s: %s needs a value\n", program, option->name);
				conf_args_free(&args);
				return -1;
			}
			value = argv[from++];
		}
		conf_args_apply(&args, option, value);
	}
	while (from < *argc)
		argv[to++] = argv[from++];
	argv[to] = NULL;
	*argc = to;
	*args_r = args;
	return 0;
}

void
conf_args_free(struct conf_args *args)
{
	for (size_t i = 0; i < args->set_count; i++)
		free(args->sets[i]);
	free(args->sets);
	free(args->file);
	free(args->program);
	*args = (struct conf_args){ 0 };
}
