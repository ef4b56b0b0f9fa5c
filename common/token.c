/*
 * token.c - bearer tokens: our JWTs and API keys
 *
 * A token is three base64url parts with two dots. The order of the checks is the
 * point: length before decoding, form before the key, the key (which brings its
 * algorithm) before the signature, the signature before a byte of the payload
 * is read. json_parse refuses duplicate members, so a claim has one meaning.
 */
#include "token.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "crypto.h"
#include "json.h"
#include "token_keys.h"
#include "token_memory.h"

#define LEEWAY 60		/* seconds by which clocks may differ */

static const char ourselves[] = "vals";	/* both issuer and audience */

/* ---- signing ---- */

static void
token_add_base64url(struct buf *out, const void *data, size_t len)
{
	buf_reserve(out, CRYPTO_BASE64URL_SIZE(len));
	crypto_base64url(data, len, out->data + out->len);
	out->len += CRYPTO_BASE64URL_SIZE(len) - 1;
}

static void
token_add_claim(struct buf *payload, const char *name, const char *text)
{
	buf_addf(payload, ",\"%s\":", name);
	buf_add_json_string(payload, text, strlen(text));
}

static void
token_add_payload(struct buf *out, const struct token_claims *claims)
{
	struct buf payload = { 0 };

	buf_addf(&payload, "{\"iss\":\"%s\",\"aud\":\"%s\"", ourselves, ourselves);
	token_add_claim(&payload, "sub", claims->user_id);
	if (claims->session_id[0] != '\0')
		token_add_claim(&payload, "sid", claims->session_id);
	token_add_claim(&payload, "role", claims->role);
	buf_addf(&payload, ",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld}",
	    (long long)claims->issued_at, (long long)claims->issued_at,
	    (long long)claims->expires_at);
	token_add_base64url(out, payload.data, payload.len);
	buf_free(&payload);
}

int
token_sign(struct token_claims *claims, int64_t ttl, char out[static TOKEN_MAX])
{
	const struct token_key *key = token_key_newest();
	uint8_t signature[CRYPTO_SHA256_LEN];
	struct buf token = { 0 }, header = { 0 };
	int len;

	if (key == NULL)
		return -1;
	claims->issued_at = clock_unix();
	claims->expires_at = claims->issued_at + ttl;
	buf_addf(&header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", TOKEN_KEY_ALGORITHM, key->id);
	token_add_base64url(&token, header.data, header.len);
	buf_addc(&token, '.');
	token_add_payload(&token, claims);
	crypto_hmac_sha256(key->secret, key->len, token.data, token.len, signature);
	buf_addc(&token, '.');
	token_add_base64url(&token, signature, sizeof(signature));
	len = snprintf(out, TOKEN_MAX, "%s", token.data);
	buf_free(&header);
	buf_free(&token);
	return len;
}

/* ---- verifying ---- */

struct parts {
	const char *header, *payload, *signature;
	size_t header_len, payload_len, signature_len;
	size_t signed_len;	/* of header, dot and payload */
};

static bool
token_split(const char *token, size_t len, struct parts *parts_r)
{
	const char *end = token + len;
	const char *first = memchr(token, '.', len);
	const char *second;

	if (first == NULL)
		return false;
	second = memchr(first + 1, '.', (size_t)(end - first - 1));
	if (second == NULL || memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
		return false;
	*parts_r = (struct parts){
		.header = token,
		.header_len = (size_t)(first - token),
		.payload = first + 1,
		.payload_len = (size_t)(second - first - 1),
		.signature = second + 1,
		.signature_len = (size_t)(end - second - 1),
		.signed_len = (size_t)(second - token),
	};
	return true;
}

/* The JSON object that is in one part, or NULL. The caller frees it. */
static struct json *
token_parse_part(const char *part, size_t part_len)
{
	char text[TOKEN_MAX];
	const char *reason;
	struct json *json;
	long len;

	len = crypto_base64url_decode(part, part_len, text, sizeof(text));
	if (len < 0)
		return NULL;
	json = json_parse(text, (size_t)len, &reason);
	if (json != NULL && json_type(json) != JSON_OBJECT) {
		json_free(json);
		json = NULL;
	}
	return json;
}

/* Whether the member is the text wanted. The length sees what strcmp would not. */
static bool
token_member_is(const struct json *json, const char *name, const char *wanted)
{
	const char *text = json_string(json_get(json, name));

	return text != NULL && strcmp(text, wanted) == 0;
}

/*
 * The key the header names, if all else in it is as we write it. RFC 8725 section
 * 3.1: our key decides the algorithm, the header may only agree. Members besides
 * the three (crit, jku, x5c ...) mean a token that is not ours.
 */
static const struct token_key *
token_header_key(const struct parts *parts)
{
	struct json *header = token_parse_part(parts->header, parts->header_len);
	const char *id = json_string(json_get(header, "kid"));
	const struct token_key *key = NULL;

	if (id != NULL && json_count(header) == 3 && token_member_is(header, "alg", TOKEN_KEY_ALGORITHM) &&
	    (token_member_is(header, "typ", "JWT") || token_member_is(header, "typ", "at+jwt")))
		key = token_key_find(id);
	json_free(header);
	return key;
}

static bool
token_is_signed(const struct parts *parts, const struct token_key *key)
{
	uint8_t given[CRYPTO_SHA256_LEN], wanted[CRYPTO_SHA256_LEN];

	if (crypto_base64url_decode(parts->signature, parts->signature_len, given,
	    sizeof(given)) != sizeof(given))
		return false;
	crypto_hmac_sha256(key->secret, key->len, parts->header, parts->signed_len, wanted);
	return crypto_equal(given, wanted, sizeof(wanted));
}

/* Copy a claim that must be a text which fits; an absent one is "" if it may be absent. */
static bool
token_copy_claim(const struct json *payload, const char *name, bool is_optional, char *out,
    size_t size)
{
	const struct json *claim = json_get(payload, name);
	size_t len = json_string_len(claim);

	out[0] = '\0';
	if (claim == NULL)
		return is_optional;
	if (json_type(claim) != JSON_STRING || len == 0 || len >= size)
		return false;
	memcpy(out, json_string(claim), len + 1);
	return true;
}

static bool
token_read_claims(const struct json *payload, struct token_claims *claims)
{
	const struct json *issued = json_get(payload, "iat");
	const struct json *expires = json_get(payload, "exp");
	const struct json *not_before = json_get(payload, "nbf");
	int64_t now = clock_unix();

	if (!token_member_is(payload, "iss", ourselves) ||
	    !token_member_is(payload, "aud", ourselves) ||
	    json_type(issued) != JSON_INT || json_type(expires) != JSON_INT ||
	    (not_before != NULL && json_type(not_before) != JSON_INT))
		return false;
	claims->issued_at = json_int(issued);
	claims->expires_at = json_int(expires);
	return claims->expires_at > now && claims->issued_at <= now + LEEWAY &&
	    (not_before == NULL || json_int(not_before) <= now + LEEWAY) &&
	    token_copy_claim(payload, "sub", false, claims->user_id, TOKEN_ID_SIZE) &&
	    token_copy_claim(payload, "sid", true, claims->session_id, TOKEN_ID_SIZE) &&
	    token_copy_claim(payload, "role", false, claims->role, TOKEN_ROLE_SIZE);
}

int
token_verify(const char *token, size_t len, struct token_claims *claims_r)
{
	struct token_claims claims = { .issued_at = 0 };
	const struct token_key *key;
	struct json *payload;
	struct parts parts;
	bool is_good;

	if (token_memory_find(token, len, clock_unix(), claims_r))
		return 0;
	if (len >= TOKEN_MAX || !token_split(token, len, &parts))
		return -1;
	key = token_header_key(&parts);
	if (key == NULL || !token_is_signed(&parts, key))
		return -1;
	payload = token_parse_part(parts.payload, parts.payload_len);
	is_good = token_read_claims(payload, &claims);
	json_free(payload);
	if (!is_good)
		return -1;
	token_memory_keep(token, len, &claims);
	*claims_r = claims;
	return 0;
}

/* ---- texts ---- */

static void
token_key_mac(const struct token_key *key, const char *text, size_t len, char out[static TOKEN_MAC_HEX_SIZE])
{
	uint8_t mac[CRYPTO_SHA256_LEN];

	crypto_hmac_sha256(key->secret, key->len, text, len, mac);
	crypto_hex(mac, sizeof(mac), out);
}

int
token_mac(const char *text, size_t len, char out[static TOKEN_MAC_HEX_SIZE])
{
	const struct token_key *key = token_key_newest();

	if (key == NULL)
		return -1;
	token_key_mac(key, text, len, out);
	return 0;
}

bool
token_mac_is_ours(const char *text, size_t len, const char *mac)
{
	char ours[TOKEN_MAC_HEX_SIZE];
	const struct token_key *key;

	if (strlen(mac) != sizeof(ours) - 1)
		return false;
	for (size_t i = 0; (key = token_key_at(i)) != NULL; i++) {
		token_key_mac(key, text, len, ours);
		if (crypto_equal(ours, mac, sizeof(ours) - 1))
			return true;
	}
	return false;
}

/* ---- secrets and API keys ---- */

void
token_secret(char out[static TOKEN_SECRET_SIZE])
{
	uint8_t random[32];

	crypto_random(random, sizeof(random));
	crypto_base64url(random, sizeof(random), out);
	explicit_bzero(random, sizeof(random));
}

void
token_hash(const char *secret, char out[static TOKEN_HASH_HEX_SIZE])
{
	uint8_t hash[CRYPTO_SHA256_LEN];

	crypto_sha256(secret, strlen(secret), hash);
	crypto_hex(hash, sizeof(hash), out);
}

void
token_api_key_make(struct token_api_key *key_r)
{
	size_t prefix_len = sizeof(TOKEN_API_KEY_PREFIX) - 1;

	memcpy(key_r->text, TOKEN_API_KEY_PREFIX, prefix_len);
	token_secret(key_r->text + prefix_len);
	token_hash(key_r->text, key_r->hash);
	memcpy(key_r->shown, key_r->text, TOKEN_API_KEY_SHOWN_SIZE - 1);
	key_r->shown[TOKEN_API_KEY_SHOWN_SIZE - 1] = '\0';
}

bool
token_is_api_key(const char *token)
{
	static const char base64url[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t prefix_len = sizeof(TOKEN_API_KEY_PREFIX) - 1;
	const char *secret = token + prefix_len;

	return strncmp(token, TOKEN_API_KEY_PREFIX, prefix_len) == 0 &&
	    strlen(secret) == TOKEN_SECRET_SIZE - 1 &&
	    strspn(secret, base64url) == TOKEN_SECRET_SIZE - 1;
}
