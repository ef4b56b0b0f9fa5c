/*
 * test_token.c - bearer tokens, good and forged
 */
#include "token.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "crypto.h"
#include "log.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define USER "11111111-2222-3333-4444-555555555555"
#define SESSION "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

static const char header[] = "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}";
static const char secret[] = "0123456789abcdef0123456789abcdef";	/* of k1 */
static char dir[] = "/tmp/vals-token.XXXXXX";

static void
write_key(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
remove_key(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	remove(path);
}

/* The text of a key file for a secret. */
static void
write_secret(const char *name, const char *key, size_t len)
{
	char encoded[1024], text[1100];

	crypto_base64url(key, len, encoded);
	snprintf(text, sizeof(text), "HS256 %s\n", encoded);
	write_key(name, text, 0640);
}

static int
load_k1(void **state)
{
	(void)state;
	write_secret("k1.key", secret, strlen(secret));
	return token_keys_load(dir);
}

static int
remove_all(void **state)
{
	static const char *const names[] = { "k1.key", "k2.key", "bad.key", "note.txt", ".x.key",
	    "a b.key", ".key" };
	char name[32];

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++)
		remove_key(names[i]);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "many%d.key", i);
		remove_key(name);
	}
	return 0;
}

/* A token of these parts, signed with k1's secret. */
static const char *
forge(const char *head, const char *payload)
{
	static char token[3 * TOKEN_MAX];
	uint8_t hash[CRYPTO_SHA256_LEN];
	size_t len;

	crypto_base64url(head, strlen(head), token);
	strcat(token, ".");
	len = strlen(token);
	crypto_base64url(payload, strlen(payload), token + len);
	len = strlen(token);
	crypto_hmac_sha256(secret, strlen(secret), token, len, hash);
	token[len++] = '.';
	crypto_base64url(hash, sizeof(hash), token + len);
	return token;
}

/* A payload that is good but for what is put in: its claims and its times from now. */
static const char *
payload_of(const char *claims, int issued, int not_before, int expires)
{
	static char payload[TOKEN_MAX];
	long long now = clock_unix();

	snprintf(payload, sizeof(payload), "{%s,\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld}", claims,
	    now + issued, now + not_before, now + expires);
	return payload;
}

static int
verify(const char *token)
{
	struct token_claims claims;

	return token_verify(token, strlen(token), &claims);
}

#define GOOD "\"iss\":\"vals\",\"aud\":\"vals\",\"sub\":\"u\",\"role\":\"admin\""

static void
what_was_signed_is_verified(void **state)
{
	struct token_claims claims = { USER, SESSION, "operator", 0, 0 }, got;
	char token[TOKEN_MAX];
	int len = token_sign(&claims, 900, token);

	(void)state;
	assert_int_equal(len, strlen(token));
	assert_in_range(claims.issued_at, clock_unix() - 60, clock_unix());
	assert_int_equal(claims.expires_at, claims.issued_at + 900);
	assert_int_equal(token_verify(token, (size_t)len, &got), 0);
	assert_string_equal(got.user_id, USER);
	assert_string_equal(got.session_id, SESSION);
	assert_string_equal(got.role, "operator");
	assert_int_equal(got.issued_at, claims.issued_at);
	assert_int_equal(got.expires_at, claims.expires_at);
	claims.session_id[0] = '\0';
	token_sign(&claims, 900, token);
	assert_int_equal(token_verify(token, strlen(token), &got), 0);
	assert_string_equal(got.session_id, "");
}

static void
every_changed_byte_is_noticed(void **state)
{
	struct token_claims claims = { USER, "", "admin", 0, 0 };
	char token[TOKEN_MAX];
	int len = token_sign(&claims, 900, token);

	(void)state;
	/* Also by one who remembers it. */
	assert_int_equal(verify(token), 0);
	for (int i = 0; i < len; i++) {
		char was = token[i];

		token[i] = was == 'A' ? 'B' : 'A';
		if (verify(token) == 0)
			fail_msg("byte %d may be changed", i);
		token[i] = was;
	}
	assert_int_equal(verify(token), 0);
	for (int i = 0; i < len; i++)
		assert_int_equal(token_verify(token, (size_t)i, &claims), -1);
}

static void
a_forged_header_is_refused(void **state)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS512\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
		"{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
		"{\"alg\":\"hs256\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
		"{\"alg\":null,\"kid\":\"k1\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"kid\":\"k9\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"kid\":1,\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"kid\":\"../k1\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"kid\":\"k1\"}",
		"{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"jwt\"}",
		"{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\",\"jku\":\"http://x\"}",
		"{\"alg\":\"HS256\",\"alg\":\"none\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"} x",
		"[]", "null", "", "\"HS256\"", "{",
	};

	(void)state;
	assert_int_equal(verify(forge(header, payload_of(GOOD, 0, 0, 900))), 0);
	assert_int_equal(verify(forge("{\"typ\":\"at+jwt\",\"kid\":\"k1\",\"alg\":\"HS256\"}",
	    payload_of(GOOD, 0, 0, 900))), 0);
	for (size_t i = 0; i < LENGTH(headers); i++) {
		if (verify(forge(headers[i], payload_of(GOOD, 0, 0, 900))) == 0)
			fail_msg("accepted: %s", headers[i]);
	}
}

static void
a_forged_payload_is_refused(void **state)
{
	static const char *const claims[] = {
		"\"iss\":\"else\",\"aud\":\"vals\",\"sub\":\"u\",\"role\":\"admin\"",
		"\"aud\":\"vals\",\"sub\":\"u\",\"role\":\"admin\"",
		"\"iss\":\"vals\",\"aud\":\"else\",\"sub\":\"u\",\"role\":\"admin\"",
		"\"iss\":\"vals\",\"aud\":[\"vals\"],\"sub\":\"u\",\"role\":\"admin\"",
		"\"iss\":\"vals\",\"sub\":\"u\",\"role\":\"admin\"",
		"\"iss\":\"vals\",\"aud\":\"vals\",\"role\":\"admin\"",
		"\"iss\":\"vals\",\"aud\":\"vals\",\"sub\":\"\",\"role\":\"admin\"",
		"\"iss\":\"vals\",\"aud\":\"vals\",\"sub\":7,\"role\":\"admin\"",
		"\"iss\":\"vals\",\"aud\":\"vals\",\"sub\":\"" USER "x\",\"role\":\"admin\"",
		"\"iss\":\"vals\",\"aud\":\"vals\",\"sub\":\"u\"",
		"\"iss\":\"vals\",\"aud\":\"vals\",\"sub\":\"u\",\"role\":\"0123456789abcdef\"",
		"\"iss\":\"vals\",\"aud\":\"vals\",\"sub\":\"u\",\"role\":null",
		GOOD ",\"sid\":\"\"",
		GOOD ",\"sid\":{}",
		GOOD ",\"sub\":\"other\"",
		GOOD ",\"r\\u006fle\":\"other\"",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(claims); i++) {
		if (verify(forge(header, payload_of(claims[i], 0, 0, 900))) == 0)
			fail_msg("accepted: %s", claims[i]);
	}
	assert_int_equal(verify(forge(header, "{}")), -1);
	assert_int_equal(verify(forge(header, "[]")), -1);
	assert_int_equal(verify(forge(header, "{" GOOD ",\"iat\":1,\"exp\":\"9999999999\"}")), -1);
	assert_int_equal(verify(forge(header, "{" GOOD ",\"iat\":1,\"exp\":9999999999.5}")), -1);
	assert_int_equal(verify(forge(header,
	    "{" GOOD ",\"iat\":1,\"nbf\":\"1\",\"exp\":9999999999}")), -1);
	assert_int_equal(verify(forge(header, "{" GOOD ",\"iat\":1,\"exp\":9999999999}")), 0);
}

static void
times_are_kept_to(void **state)
{
	(void)state;
	assert_int_equal(verify(forge(header, payload_of(GOOD, -900, -900, 2))), 0);
	assert_int_equal(verify(forge(header, payload_of(GOOD, -900, -900, 0))), -1);
	assert_int_equal(verify(forge(header, payload_of(GOOD, -900, -900, -1))), -1);
	assert_int_equal(verify(forge(header, payload_of(GOOD, 50, 50, 900))), 0);
	assert_int_equal(verify(forge(header, payload_of(GOOD, 70, 0, 900))), -1);
	assert_int_equal(verify(forge(header, payload_of(GOOD, 0, 70, 900))), -1);
}

static void
a_bad_form_is_refused(void **state)
{
	char token[2 * TOKEN_MAX];
	char long_claims[TOKEN_MAX];
	const char *good = forge(header, payload_of(GOOD, 0, 0, 900));

	(void)state;
	assert_int_equal(verify(""), -1);
	assert_int_equal(verify("."), -1);
	assert_int_equal(verify(".."), -1);
	assert_int_equal(verify("a.b.c"), -1);
	snprintf(token, sizeof(token), "%s.", good);
	assert_int_equal(verify(token), -1);
	snprintf(token, sizeof(token), "%s=", good);
	assert_int_equal(verify(token), -1);
	snprintf(token, sizeof(token), "%s ", good);
	assert_int_equal(verify(token), -1);
	snprintf(token, sizeof(token), ".%s", good);
	assert_int_equal(verify(token), -1);
	/* Good in everything but its length. */
	memset(long_claims, 'x', sizeof(long_claims));
	memcpy(long_claims, GOOD ",\"x\":\"", sizeof(GOOD ",\"x\":\"") - 1);
	memcpy(long_claims + 2000, "\"", 2);
	assert_int_equal(verify(forge(header, payload_of(long_claims, 0, 0, 900))), 0);
	memset(long_claims + 2000, 'x', 1500);
	memcpy(long_claims + 3500, "\"", 2);
	assert_int_equal(verify(forge(header, payload_of(long_claims, 0, 0, 900))), -1);
}

/* ---- keys ---- */

static void
the_newest_key_signs_and_all_verify(void **state)
{
	const struct timespec past[] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct token_claims claims = { USER, "", "admin", 0, 0 };
	char old_token[TOKEN_MAX], new_token[TOKEN_MAX], path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/k1.key", dir);
	token_sign(&claims, 900, old_token);
	assert_int_equal(utimensat(AT_FDCWD, path, past, 0), 0);
	write_secret("k2.key", "another secret, which is long enough", 36);
	assert_int_equal(token_keys_load(dir), 0);
	token_sign(&claims, 900, new_token);
	assert_int_equal(verify(old_token), 0);
	assert_int_equal(verify(new_token), 0);
	remove_key("k2.key");
	assert_int_equal(token_keys_load(dir), 0);
	assert_int_equal(verify(old_token), 0);
	assert_int_equal(verify(new_token), -1);
	/* Files of one moment: the last name signs. */
	write_secret("k2.key", "another secret, which is long enough", 36);
	snprintf(path, sizeof(path), "%s/k2.key", dir);
	assert_int_equal(utimensat(AT_FDCWD, path, past, 0), 0);
	assert_int_equal(token_keys_load(dir), 0);
	token_sign(&claims, 900, new_token);
	remove_key("k1.key");
	assert_int_equal(token_keys_load(dir), 0);
	assert_int_equal(verify(new_token), 0);
	assert_int_equal(verify(old_token), -1);
}

static void
a_bad_key_keeps_the_old_ones(void **state)
{
	static const char *const texts[] = {
		"", "\n", "HS256", "HS256 ", "HS512 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
		"HS256 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ",
		"HS256 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		"HS256 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\n\n",
		"HS256  MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\n",
	};
	char large[257] = "", path[128];

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		write_key("bad.key", texts[i], 0640);
		if (token_keys_load(dir) == 0)
			fail_msg("accepted: %s", texts[i]);
	}
	memset(large, 'x', sizeof(large) - 1);
	write_secret("bad.key", large, 256);
	assert_true(token_keys_would_load(dir));
	assert_int_equal(token_keys_load(dir), 0);
	write_secret("bad.key", large, 257);
	assert_false(token_keys_would_load(dir));
	assert_int_equal(token_keys_load(dir), -1);
	write_key("bad.key", "HS256 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\n", 0644);
	assert_int_equal(token_keys_load(dir), -1);
	remove_key("bad.key");
	snprintf(path, sizeof(path), "%s/bad.key", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(token_keys_load(dir), -1);
	rmdir(path);
	assert_int_equal(symlink("/nonexistent", path), 0);
	assert_int_equal(token_keys_load(dir), -1);
	assert_int_equal(verify(forge(header, payload_of(GOOD, 0, 0, 900))), 0);
}

static void
other_files_are_no_keys(void **state)
{
	(void)state;
	write_key("note.txt", "not a key", 0644);
	write_key(".x.key", "not a key", 0644);
	write_key("a b.key", "not a key", 0644);
	write_key(".key", "not a key", 0644);
	assert_int_equal(token_keys_load(dir), 0);
	remove_key("k1.key");
	assert_int_equal(token_keys_load(dir), -1);
	assert_int_equal(token_keys_load("/nonexistent"), -1);
}

static void
keys_are_limited(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < 15; i++) {
		snprintf(name, sizeof(name), "many%d.key", i);
		write_secret(name, secret, strlen(secret));
	}
	assert_int_equal(token_keys_load(dir), 0);
	write_secret("many15.key", secret, strlen(secret));
	assert_int_equal(token_keys_load(dir), -1);
}

static void
without_a_key_nothing_is_signed(void **state)
{
	struct token_claims claims = { USER, "", "admin", 0, 0 };
	char token[TOKEN_MAX];

	(void)state;
	assert_int_equal(token_sign(&claims, 900, token), -1);
	assert_int_equal(verify(forge(header, payload_of(GOOD, 0, 0, 900))), -1);
}

/* ---- secrets ---- */

static void
secrets_have_a_form_and_a_hash(void **state)
{
	char one[TOKEN_SECRET_SIZE], two[TOKEN_SECRET_SIZE], key[64], hash[TOKEN_HASH_HEX_SIZE];
	struct token_api_key made;

	(void)state;
	token_secret(one);
	token_secret(two);
	assert_int_equal(strlen(one), 43);
	assert_string_not_equal(one, two);
	snprintf(key, sizeof(key), "vals_%s", one);
	assert_true(token_is_api_key(key));
	assert_false(token_is_api_key(one));
	key[10] = '+';
	assert_false(token_is_api_key(key));
	snprintf(key, sizeof(key), "vals_%sx", one);
	assert_false(token_is_api_key(key));
	assert_false(token_is_api_key("vals_"));
	assert_false(token_is_api_key(""));
	token_api_key_make(&made);
	assert_true(token_is_api_key(made.text));
	token_hash(made.text, hash);
	assert_string_equal(made.hash, hash);
	assert_int_equal(strlen(made.shown), 13);
	assert_int_equal(strncmp(made.text, made.shown, 13), 0);
	token_hash("abc", hash);
	assert_string_equal(hash,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static int
create(void **state)
{
	(void)state;
	crypto_init();
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
destroy(void **state)
{
	(void)state;
	return rmdir(dir);
}

#define WITH_KEY(test) cmocka_unit_test_setup_teardown(test, load_k1, remove_all)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_key_nothing_is_signed),
		WITH_KEY(what_was_signed_is_verified),
		WITH_KEY(every_changed_byte_is_noticed),
		WITH_KEY(a_forged_header_is_refused),
		WITH_KEY(a_forged_payload_is_refused),
		WITH_KEY(times_are_kept_to),
		WITH_KEY(a_bad_form_is_refused),
		WITH_KEY(the_newest_key_signs_and_all_verify),
		WITH_KEY(a_bad_key_keeps_the_old_ones),
		WITH_KEY(other_files_are_no_keys),
		WITH_KEY(keys_are_limited),
		cmocka_unit_test(secrets_have_a_form_and_a_hash),
	};

	log_open("test_token", LOG_LEVEL_ERROR);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, create, destroy);
}
