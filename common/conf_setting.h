/*
 * conf_setting.h - the table of settings, and what each may be
 *
 * Used by conf.c and conf_secret.c alone.
 */
#ifndef VALS_CONF_SETTING_H
#define VALS_CONF_SETTING_H

#include <stdbool.h>

#include "conf.h"

#define CONF_REASON_SIZE 512	/* room for why a value is refused */

enum conf_type { TEXT, SECRET, INT, BOOL, PATH };

struct setting {
	const char *key;
	enum conf_type type;
	const char *fallback;
	const char *help;
};

extern const struct setting conf_settings[CONF__MAX];

/* Whether the text is a value for the setting of this number; if not, why. */
bool conf_is_valid(int key, const char *text, char reason[static CONF_REASON_SIZE]);

/* 1 or 0, or -1 if the word is no switch. */
int conf_parse_bool(const char *text);

#endif
