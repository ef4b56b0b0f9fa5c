/*
 * fuzz_token.c - the token verifier
 *
 * The input is tried as a whole token, which must never be good, and as header
 * and payload of one which is correctly signed, so that the claims are reached.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "crypto.h"
#include "log.h"
#include "token.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char secret[] = "0123456789abcdef0123456789abcdef";

/* Make the verifier load a key of ours. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char dir[] = "/tmp/vals-fuzz.XXXXXX", path[64], encoded[64];
	FILE *file;

	(void)argc;
	(void)argv;
	crypto_init();
	log_open("fuzz_token", LOG_LEVEL_ERROR);
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/k1.key", dir);
	file = fopen(path, "w");
	if (file == NULL || fchmod(fileno(file), 0600) != 0)
		abort();
	crypto_base64url(secret, sizeof(secret) - 1, encoded);
	fprintf(file, "HS256 %s\n", encoded);
	if (fclose(file) != 0 || token_keys_load(dir) != 0)
		abort();
	unlink(path);
	rmdir(dir);
	return 0;
}

/* A good signature over what stands in token[0..len); returns the new length. */
static size_t
sign(char *token, size_t len)
{
	uint8_t hash[CRYPTO_SHA256_LEN];

	crypto_hmac_sha256(secret, sizeof(secret) - 1, token, len, hash);
	token[len++] = '.';
	crypto_base64url(hash, sizeof(hash), token + len);
	return len + strlen(token + len);
}

static void
check_claims(const struct token_claims *claims)
{
	if (claims->expires_at <= clock_unix() - 1 || claims->user_id[0] == '\0' ||
	    claims->role[0] == '\0' || strlen(claims->user_id) >= TOKEN_ID_SIZE ||
	    strlen(claims->session_id) >= TOKEN_ID_SIZE || strlen(claims->role) >= TOKEN_ROLE_SIZE)
		abort();
}

/* header.payload, one of them from the input. */
static void
try_signed(const void *header, size_t header_len, const void *payload, size_t payload_len)
{
	char token[3 * TOKEN_MAX];
	struct token_claims claims;
	size_t len;

	crypto_base64url(header, header_len, token);
	len = strlen(token);
	token[len++] = '.';
	crypto_base64url(payload, payload_len, token + len);
	len = sign(token, len + strlen(token + len));
	if (token_verify(token, len, &claims) == 0)
		check_claims(&claims);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char header[] = "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}";
	static const char payload[] = "{\"iss\":\"vals\",\"aud\":\"vals\",\"sub\":\"u\","
	    "\"role\":\"agent\",\"iat\":1,\"exp\":99999999999}";
	struct token_claims claims;
	char *text;

	if (size > TOKEN_MAX)
		return 0;
	text = malloc(size + 1);
	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (token_verify(text, size, &claims) == 0)
		abort();
	(void)token_is_api_key(text);
	try_signed(header, sizeof(header) - 1, data, size);
	try_signed(data, size, payload, sizeof(payload) - 1);
	free(text);
	return 0;
}
