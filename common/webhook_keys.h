/*
 * webhook_keys.h - the provider's public keys, as the setting telnyx_public_key has them
 *
 * One key in base64 of its 32 bytes, or two with a comma between while the provider changes it.
 */
#ifndef VALS_WEBHOOK_KEYS_H
#define VALS_WEBHOOK_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto.h"

/* How many keys the text has; -1 if something in it is none. */
int webhook_keys_count(const char *text);

/* Why the text is of no use, to be read behind the setting's name; NULL when it holds good keys only. */
const char *webhook_keys_problem(const char *text);

/* Whether one of the text's keys made this signature of message[0..len). */
bool webhook_keys_verify(const char *text, const uint8_t signature[static CRYPTO_ED25519_SIG_LEN],
    const void *message, size_t len);

#endif
