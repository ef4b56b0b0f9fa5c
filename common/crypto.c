/*
 * crypto.c - hashes, random bytes, passwords and signatures
 *
 * SHA-256, HMAC, Ed25519 and random bytes are OpenSSL's; Argon2id and strict
 * base64 decoding are libsodium's, as OpenSSL 3.0 has neither. What can fail
 * only because a library is broken aborts: going on without would be worse.
 */
#include "crypto.h"

#include <assert.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* OWASP's first choice for Argon2id: 19 MiB, two passes; about 20 ms here. */
#define PASSWORD_MEMORY (19ULL * 1024 * 1024)
#define PASSWORD_PASSES 2ULL

static_assert(CRYPTO_PASSWORD_SIZE >= crypto_pwhash_STRBYTES, "a PHC string must fit");
static_assert(CRYPTO_SHA256_LEN == crypto_hash_sha256_BYTES, "SHA-256 has 256 bits");

void
crypto_init(void)
{
	if (sodium_init() < 0 || OPENSSL_init_crypto(0, NULL) != 1) {
		fputs("level=error at=crypto_init msg=\"the crypto libraries do not start\"\n",
		    stderr);
		abort();
	}
}

void
crypto_random(void *out, size_t len)
{
	assert(len <= INT_MAX);
	if (RAND_bytes(out, (int)len) != 1)
		abort();
}

void
crypto_sha256(const void *data, size_t len, uint8_t out[static CRYPTO_SHA256_LEN])
{
	if (EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void
crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
    uint8_t out[static CRYPTO_SHA256_LEN])
{
	assert(key_len <= INT_MAX);
	if (HMAC(EVP_sha256(), key, (int)key_len, data, len, out, NULL) == NULL)
		abort();
}

bool
crypto_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

/* ---- texts ---- */

void
crypto_hex(const void *data, size_t len, char *out)
{
	sodium_bin2hex(out, len * 2 + 1, data, len);
}

void
crypto_base64url(const void *data, size_t len, char *out)
{
	sodium_bin2base64(out, CRYPTO_BASE64URL_SIZE(len), data, len,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void
crypto_base64(const void *data, size_t len, char *out)
{
	sodium_bin2base64(out, (len + 2) / 3 * 4 + 1, data, len, sodium_base64_VARIANT_ORIGINAL);
}

/* libsodium refuses bits left over at the end, so there is one text for each value. */
static long
crypto_decode(const char *text, size_t text_len, void *out, size_t out_size, int variant)
{
	size_t len;

	if (sodium_base642bin(out, out_size, text, text_len, NULL, &len, NULL, variant) != 0)
		return -1;
	return (long)len;
}

long
crypto_base64url_decode(const char *text, size_t text_len, void *out, size_t out_size)
{
	return crypto_decode(text, text_len, out, out_size,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

long
crypto_base64_decode(const char *text, size_t text_len, void *out, size_t out_size)
{
	return crypto_decode(text, text_len, out, out_size, sodium_base64_VARIANT_ORIGINAL);
}

/* ---- passwords ---- */

int
crypto_password_hash(const char *password, char out[static CRYPTO_PASSWORD_SIZE])
{
	return crypto_pwhash_str_alg(out, password, strlen(password), PASSWORD_PASSES,
	    PASSWORD_MEMORY, crypto_pwhash_ALG_ARGON2ID13);
}

/* Made of random bytes that were thrown away. */
const char crypto_password_of_nobody[] =
    "$argon2id$v=19$m=19456,t=2,p=1$hFQffYZk/iOcMcg7dj69KA$+/jy0M4WjYkl72lGcv5CPgC2OQc/I73NWfe0omYu0T0";

/* libsodium wants room for the longest PHC string behind the pointer. */
static bool
crypto_phc_copy(const char *phc, char copy[static crypto_pwhash_STRBYTES])
{
	size_t len = strlen(phc);

	if (len >= crypto_pwhash_STRBYTES)
		return false;
	memset(copy, 0, crypto_pwhash_STRBYTES);
	memcpy(copy, phc, len + 1);
	return true;
}

bool
crypto_password_verify(const char *phc, const char *password)
{
	char copy[crypto_pwhash_STRBYTES];

	return crypto_phc_copy(phc, copy) &&
	    crypto_pwhash_str_verify(copy, password, strlen(password)) == 0;
}

bool
crypto_password_outdated(const char *phc)
{
	char copy[crypto_pwhash_STRBYTES];

	return !crypto_phc_copy(phc, copy) ||
	    crypto_pwhash_str_needs_rehash(copy, PASSWORD_PASSES, PASSWORD_MEMORY) != 0;
}

/* ---- signatures ---- */

bool
crypto_ed25519_verify(const uint8_t key[static CRYPTO_ED25519_KEY_LEN],
    const uint8_t sig[static CRYPTO_ED25519_SIG_LEN], const void *msg, size_t len)
{
	EVP_PKEY *public_key;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_good;

	public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key,
	    CRYPTO_ED25519_KEY_LEN);
	is_good = ctx != NULL && public_key != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public_key) == 1 &&
	    EVP_DigestVerify(ctx, sig, CRYPTO_ED25519_SIG_LEN, msg, len) == 1;
	/* A bad signature leaves an entry in the thread's error queue, which only grows. */
	if (!is_good)
		ERR_clear_error();
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(public_key);
	return is_good;
}

const char *
crypto_library(void)
{
	static char names[64];

	snprintf(names, sizeof(names), "OpenSSL %s, libsodium %s",
	    OpenSSL_version(OPENSSL_VERSION_STRING), sodium_version_string());
	return names;
}
