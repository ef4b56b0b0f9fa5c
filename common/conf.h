/*
 * conf.h - settings: built-in < file < environment < command line
 *
 * One table (settings.def) names every setting with its type, default and
 * help; a setting's environment name is its key in capitals. A key may be given as
 * KEY_FILE in the environment or key_file in the file: its value is then the
 * content of that file, which must not be readable by others. The same holds for
 * vals.conf itself once it contains a secret. A secret is refused on the command line.
 */
#ifndef VALS_CONF_H
#define VALS_CONF_H

#include <stdbool.h>
#include <stdio.h>

enum conf_key {
#define SETTING(key, type, fallback, help) CONF_##key,
#include "settings.def"
#undef SETTING
	CONF__MAX
};

/*
 * Load the settings: --config FILE and --set key=value from argv (removed from
 * it as far as known: *argc and argv keep the rest), then the environment.
 * Without --config the file named by VALS_CONF, else SYSCONFDIR/vals/vals.conf if
 * it exists. Handles -t (check and exit), --dump-config, --help and --version too.
 * Returns 0, or -1 after printing file:line and the reason to standard error.
 * Loading again replaces all values only when it succeeds.
 */
int conf_load(const char *program, int *argc, char **argv);

/*
 * The arguments as they came, for a program that will execute itself again: conf_load eats what it knows. The
 * caller frees the array; the texts are the program's own.
 */
char **conf_copy_arguments(int argc, char **argv);

/* Load again with the arguments of the first time; -1 keeps the old values. */
int conf_reload(void);

/*
 * Whether a program that is started with these arguments now could do its work: the settings load,
 * and is_enough, which sees them, says so. Changes nothing; the reason is printed as by conf_load.
 */
bool conf_would_do(bool is_enough(void));

/* A setting's text; never NULL, lives until the next load. */
const char *conf_text(enum conf_key key);

/* A whole number or a switch; the table guarantees that it parses. */
long conf_int(enum conf_key key);
bool conf_bool(enum conf_key key);

/* Every setting as `key = value`, secrets as ***. */
void conf_dump(FILE *out);

#endif
