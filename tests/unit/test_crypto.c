/*
 * test_crypto.c - against published vectors
 */
#include "crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
from_hex(const char *hex, uint8_t *out)
{
	unsigned byte;

	for (; hex[0] != '\0'; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		*out++ = (uint8_t)byte;
	}
}

/* FIPS 180-4, example "abc". */
static void
sha256_fits_its_vector(void **state)
{
	uint8_t hash[CRYPTO_SHA256_LEN];
	char hex[2 * CRYPTO_SHA256_LEN + 1];

	(void)state;
	crypto_sha256("abc", 3, hash);
	crypto_hex(hash, sizeof(hash), hex);
	assert_string_equal(hex,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, test case 2. */
static void
hmac_fits_its_vector(void **state)
{
	uint8_t hash[CRYPTO_SHA256_LEN];
	char hex[2 * CRYPTO_SHA256_LEN + 1];

	(void)state;
	crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, hash);
	crypto_hex(hash, sizeof(hash), hex);
	assert_string_equal(hex,
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* RFC 8032 section 7.1, test 2. */
static void
ed25519_fits_its_vector(void **state)
{
	uint8_t key[CRYPTO_ED25519_KEY_LEN], sig[CRYPTO_ED25519_SIG_LEN];
	const uint8_t other_key[CRYPTO_ED25519_KEY_LEN] = { 1 };

	(void)state;
	from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", key);
	from_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00", sig);
	assert_true(crypto_ed25519_verify(key, sig, "\x72", 1));
	assert_false(crypto_ed25519_verify(key, sig, "\x73", 1));
	assert_false(crypto_ed25519_verify(key, sig, "\x72", 0));
	assert_false(crypto_ed25519_verify(other_key, sig, "\x72", 1));
	sig[63] ^= 1;
	assert_false(crypto_ed25519_verify(key, sig, "\x72", 1));
}

static void
comparing_sees_every_byte(void **state)
{
	char a[64], b[64];

	(void)state;
	memset(a, 'x', sizeof(a));
	memcpy(b, a, sizeof(a));
	assert_true(crypto_equal(a, b, sizeof(a)));
	assert_true(crypto_equal(a, b, 0));
	for (size_t i = 0; i < sizeof(a); i++) {
		b[i] = 'y';
		assert_false(crypto_equal(a, b, sizeof(a)));
		b[i] = 'x';
	}
}

static void
random_bytes_differ(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

/* RFC 4648 section 10, and bytes which need the two special letters. */
static void
base64_comes_and_goes(void **state)
{
	static const struct {
		const char *data, *base64, *base64url;
	} rows[] = {
		{ "", "", "" }, { "f", "Zg==", "Zg" }, { "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" }, { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+", "-__-" },
	};
	char text[32], data[32];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		len = strlen(rows[i].data);
		crypto_base64(rows[i].data, len, text);
		assert_string_equal(text, rows[i].base64);
		assert_int_equal(crypto_base64_decode(text, strlen(text), data, sizeof(data)), len);
		assert_memory_equal(data, rows[i].data, len);
		crypto_base64url(rows[i].data, len, text);
		assert_string_equal(text, rows[i].base64url);
		assert_int_equal(strlen(text) + 1, CRYPTO_BASE64URL_SIZE(len));
		assert_int_equal(crypto_base64url_decode(text, strlen(text), data, sizeof(data)),
		    len);
		assert_memory_equal(data, rows[i].data, len);
	}
}

static void
base64_is_read_strictly(void **state)
{
	static const char *const bad_url[] = { "Zg==", "Zh", "Zm9", "Z", "Zm 9v", "Zm9v\n",
	    "+//+" };
	static const char *const bad[] = { "Zg", "Zg=", "Zh==", "Zm9=", "Zg==x", " Zg==", "-__-" };
	char data[32];

	(void)state;
	for (size_t i = 0; i < sizeof(bad_url) / sizeof(bad_url[0]); i++)
		assert_int_equal(crypto_base64url_decode(bad_url[i], strlen(bad_url[i]), data,
		    sizeof(data)), -1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(crypto_base64_decode(bad[i], strlen(bad[i]), data,
		    sizeof(data)), -1);
	assert_int_equal(crypto_base64_decode("Zm9vYmFy", 8, data, 5), -1);
	assert_int_equal(crypto_base64_decode("Zm9vYmFy", 8, data, 6), 6);
}

static void
a_password_fits_only_its_hash(void **state)
{
	char phc[CRYPTO_PASSWORD_SIZE], again[CRYPTO_PASSWORD_SIZE];
	char too_long[CRYPTO_PASSWORD_SIZE + 10];

	(void)state;
	assert_int_equal(crypto_password_hash("korrekt Pferd", phc), 0);
	assert_int_equal(strncmp(phc, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
	assert_int_equal(crypto_password_hash("korrekt Pferd", again), 0);
	assert_string_not_equal(phc, again);
	assert_true(crypto_password_verify(phc, "korrekt Pferd"));
	assert_false(crypto_password_verify(phc, "korrekt pferd"));
	assert_false(crypto_password_verify(phc, ""));
	assert_false(crypto_password_verify("", "x"));
	assert_false(crypto_password_verify("$argon2id$nonsense", "x"));
	memset(too_long, 'x', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	assert_false(crypto_password_verify(too_long, "x"));
	assert_false(crypto_password_outdated(phc));
	assert_true(crypto_password_outdated(too_long));
	assert_false(crypto_password_outdated(crypto_password_of_nobody));
	assert_false(crypto_password_verify(crypto_password_of_nobody, ""));
	assert_true(crypto_password_outdated("$argon2id$v=19$m=8192,t=3,p=1$"
	    "c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI"));
}

static int
start(void **state)
{
	(void)state;
	crypto_init();
	crypto_init();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_fits_its_vector),
		cmocka_unit_test(hmac_fits_its_vector),
		cmocka_unit_test(ed25519_fits_its_vector),
		cmocka_unit_test(comparing_sees_every_byte),
		cmocka_unit_test(random_bytes_differ),
		cmocka_unit_test(base64_comes_and_goes),
		cmocka_unit_test(base64_is_read_strictly),
		cmocka_unit_test(a_password_fits_only_its_hash),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, NULL);
}
