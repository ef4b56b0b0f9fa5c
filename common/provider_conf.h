/*
 * provider_conf.h - whether the settings suffice to speak with the telephone provider
 */
#ifndef VALS_PROVIDER_CONF_H
#define VALS_PROVIDER_CONF_H

#include <stdbool.h>

#include "buf.h"

/*
 * Whether all is set that the provider must be told, and the key by which he is believed. What
 * is wrong is added to problems, which lists it behind commas.
 */
bool provider_conf_is_complete(struct buf *problems);

#endif
