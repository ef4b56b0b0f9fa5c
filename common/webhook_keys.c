/*
 * webhook_keys.c - the provider's public keys, as the setting telnyx_public_key has them
 */
#include "webhook_keys.h"

#include <string.h>

#define WEBHOOK_KEYS_SEPARATORS ", "

/* Read the next key and go behind it. Returns 1, 0 at the end of the text, -1 for what is no key. */
static int
webhook_keys_next(const char **text, uint8_t key[static CRYPTO_ED25519_KEY_LEN])
{
	size_t len;
	long size;

	*text += strspn(*text, WEBHOOK_KEYS_SEPARATORS);
	len = strcspn(*text, WEBHOOK_KEYS_SEPARATORS);
	if (len == 0)
		return 0;
	size = crypto_base64_decode(*text, len, key, CRYPTO_ED25519_KEY_LEN);
	*text += len;
	return size == CRYPTO_ED25519_KEY_LEN ? 1 : -1;
}

int
webhook_keys_count(const char *text)
{
	uint8_t key[CRYPTO_ED25519_KEY_LEN];
	int count = 0, found;

	while ((found = webhook_keys_next(&text, key)) > 0)
		count++;
	return found == 0 ? count : -1;
}

const char *
webhook_keys_problem(const char *text)
{
	int count = webhook_keys_count(text);

	if (count == 0)
		return "is not set";
	return count < 0 ? "holds what is no key: it must be the base64 of 32 bytes" : NULL;
}

bool
webhook_keys_verify(const char *text, const uint8_t signature[static CRYPTO_ED25519_SIG_LEN],
    const void *message, size_t len)
{
	uint8_t key[CRYPTO_ED25519_KEY_LEN];
	int found;

	while ((found = webhook_keys_next(&text, key)) != 0)
		if (found > 0 && crypto_ed25519_verify(key, signature, message, len))
			return true;
	return false;
}
