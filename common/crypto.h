/*
 * crypto.h - hashes, random bytes, passwords and signatures
 *
 * The only user of OpenSSL and libsodium. Nothing here keeps a secret alive longer than its
 * caller does.
 */
#ifndef VALS_CRYPTO_H
#define VALS_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_SHA256_LEN 32
#define CRYPTO_PASSWORD_SIZE 128	/* room for a PHC string */
#define CRYPTO_ED25519_KEY_LEN 32
#define CRYPTO_ED25519_SIG_LEN 64

/* Room for n bytes as unpadded base64url, with the NUL. */
#define CRYPTO_BASE64URL_SIZE(n) (((n) * 4 + 2) / 3 + 1)

/* Prepare the libraries; call once in each program. Aborts when it cannot. */
void crypto_init(void);

/* len bytes fit for secrets. */
void crypto_random(void *out, size_t len);

void crypto_sha256(const void *data, size_t len, uint8_t out[static CRYPTO_SHA256_LEN]);

void crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
    uint8_t out[static CRYPTO_SHA256_LEN]);

/* Compare in constant time. */
bool crypto_equal(const void *a, const void *b, size_t len);

/* Lower-case hex with a NUL; out holds 2 * len + 1 bytes. */
void crypto_hex(const void *data, size_t len, char *out);

/* Unpadded base64url of data; out holds CRYPTO_BASE64URL_SIZE(len). */
void crypto_base64url(const void *data, size_t len, char *out);

/*
 * Strict decoding: canonical, no blanks; base64url without padding, base64 with
 * it. Returns the number of bytes written to out, or -1.
 */
long crypto_base64url_decode(const char *text, size_t text_len, void *out, size_t out_size);
long crypto_base64_decode(const char *text, size_t text_len, void *out, size_t out_size);

/* Standard base64 with padding; out holds (len + 2) / 3 * 4 + 1 bytes. */
void crypto_base64(const void *data, size_t len, char *out);

/* Argon2id of a password as a PHC string. Returns 0, or -1 when memory is short. */
int crypto_password_hash(const char *password, char out[static CRYPTO_PASSWORD_SIZE]);

/* Whether the password fits the PHC string; a bad string fits nothing. */
bool crypto_password_verify(const char *phc, const char *password);

/* The hash of a password nobody knows, with today's costs: to compare with where there is none, and take as long. */
extern const char crypto_password_of_nobody[];

/* Whether the PHC string was made with other costs than today's. */
bool crypto_password_outdated(const char *phc);

/* Ed25519 signature of msg by the holder of the raw public key. */
bool crypto_ed25519_verify(const uint8_t key[static CRYPTO_ED25519_KEY_LEN],
    const uint8_t sig[static CRYPTO_ED25519_SIG_LEN], const void *msg, size_t len);

/* Names and versions of the libraries in use. */
const char *crypto_library(void);

#endif
