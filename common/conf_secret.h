/*
 * conf_secret.h - settings that are the content of a file
 */
#ifndef VALS_CONF_SECRET_H
#define VALS_CONF_SECRET_H

#include "conf_setting.h"

/*
 * The content of a file without its last newline, for the caller to free with xfree_secret; NULL with the reason when
 * it cannot be read, others may read it, or it is no text of a sensible length.
 */
char *conf_read_secret(const char *path, char reason[static CONF_REASON_SIZE]);

#endif
