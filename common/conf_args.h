/*
 * conf_args.h - the command line options every program has
 *
 * Used by conf.c alone.
 */
#ifndef VALS_CONF_ARGS_H
#define VALS_CONF_ARGS_H

#include <stddef.h>

enum conf_action {
	CONF_RUN,
	CONF_CHECK,
	CONF_DUMP,
	CONF_HELP,
	CONF_VERSION,
};

struct conf_args {
	char *program;
	char *file;		/* of --config, or NULL */
	char **sets;		/* KEY=VALUE texts in their order */
	size_t set_count;
	enum conf_action action;
};

/*
 * Take our options out of argv, up to `--`; the rest moves up in its order, with
 * a NULL after it. Returns 0 and *args_r, which conf_args_free frees, or -1 after
 * printing the reason to standard error.
 */
int conf_args_parse(const char *program, int *argc, char **argv, struct conf_args *args_r);

void conf_args_free(struct conf_args *args);

/* The options, for --help. */
extern const char conf_args_usage[];

#endif
