/*
 * token.c - bearer tokens: our JWTs and API keys
 *
 * A token is three base64url parts with two dots. The order of the checks is the
 * point: length before decoding, form before the key, the key (which brings its
 * algorithm) before the signature, the signature before a byte of the payload
 * is read. json_parse refuses duplicate members, so a claim has one meaning.
 */
#include "token.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "crypto.h"
#include "json.h"
#include "log.h"
#include "token_memory.h"

#define KEYS_MAX 16
#define KEY_ID_SIZE 64
#define KEY_SECRET_MIN 32	/* RFC 7518 section 3.2: at least the hash's size */
#define KEY_SECRET_MAX 256
#define KEY_FILE_MAX 512
#define LEEWAY 60		/* seconds by which clocks may differ */

static const char algorithm[] = "HS256";
static const char ourselves[] = "vals";	/* both issuer and audience */

struct key {
	char id[KEY_ID_SIZE];
	uint8_t secret[KEY_SECRET_MAX];
	size_t len;
	struct timespec modified;
};

struct keys {
	struct key key[KEYS_MAX];
	size_t count;
};

static struct keys keys;

/* ---- keys ---- */

/* The KID of KID.key; false if the name is no such. */
static bool
token_key_id(const char *name, char id[static KEY_ID_SIZE])
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
	static const char suffix[] = ".key";
	size_t len = strlen(name), suffix_len = sizeof(suffix) - 1;

	if (len <= suffix_len || strcmp(name + len - suffix_len, suffix) != 0)
		return false;
	len -= suffix_len;
	if (name[0] == '.' || len >= KEY_ID_SIZE || strspn(name, allowed) < len)
		return false;
	memcpy(id, name, len);
	id[len] = '\0';
	return true;
}

/* `HS256 SECRET`, one line. Returns why not, or NULL. */
static const char *
token_key_parse(const char *text, size_t text_len, struct key *key)
{
	size_t prefix_len = sizeof(algorithm) - 1;
	long len;

	if (text_len > 0 && text[text_len - 1] == '\n')
		text_len--;
	if (text_len < prefix_len + 1 || memcmp(text, algorithm, prefix_len) != 0 ||
	    text[prefix_len] != ' ')
		return "it is not `HS256 SECRET`";
	len = crypto_base64url_decode(text + prefix_len + 1, text_len - prefix_len - 1,
	    key->secret, sizeof(key->secret));
	if (len < 0)
		return "its secret is not unpadded base64url of at most 256 bytes";
	if (len < KEY_SECRET_MIN)
		return "its secret is shorter than 32 bytes";
	key->len = (size_t)len;
	return NULL;
}

/* Read one file into *key. Returns why not, or NULL. */
static const char *
token_key_read(int dir_fd, const char *name, struct key *key)
{
	char text[KEY_FILE_MAX];
	const char *reason;
	struct stat sb;
	ssize_t len;
	int fd;

	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &sb) != 0) {
		reason = strerror(errno);
	} else if (!S_ISREG(sb.st_mode)) {
		reason = "it is not a file";
	} else if ((sb.st_mode & S_IRWXO) != 0) {
		reason = "it has rights for others";
	} else {
		len = read(fd, text, sizeof(text));
		reason = len < 0 ? strerror(errno) : token_key_parse(text, (size_t)len, key);
		explicit_bzero(text, sizeof(text));
		key->modified = sb.st_mtim;
	}
	close(fd);
	return reason;
}

/* Read all KID.key files of an open directory; other names are not ours to judge. */
static int
token_keys_read_all(DIR *dir, struct keys *fresh)
{
	const struct dirent *entry;
	const char *reason;
	char id[KEY_ID_SIZE];
	struct key *key;

	while ((entry = readdir(dir)) != NULL) {
		if (!token_key_id(entry->d_name, id))
			continue;
		if (fresh->count == KEYS_MAX) {
			log_error("token_keys", "there are more than %d keys", KEYS_MAX);
			return -1;
		}
		key = &fresh->key[fresh->count];
		memcpy(key->id, id, sizeof(id));
		reason = token_key_read(dirfd(dir), entry->d_name, key);
		if (reason != NULL) {
			log_error("token_keys", "could not use key %s: %s", id, reason);
			return -1;
		}
		fresh->count++;
	}
	return 0;
}

/* At least one key is what it takes. */
static int
token_keys_read(const char *path, struct keys *fresh)
{
	DIR *dir = opendir(path);
	int result;

	if (dir == NULL) {
		log_error("token_keys", "could not open %s: %s", path, strerror(errno));
		return -1;
	}
	result = token_keys_read_all(dir, fresh);
	closedir(dir);
	if (result == 0 && fresh->count == 0) {
		log_error("token_keys", "there is no key in %s", path);
		result = -1;
	}
	return result;
}

bool
token_keys_would_load(const char *path)
{
	struct keys fresh = { .count = 0 };
	int result = token_keys_read(path, &fresh);

	explicit_bzero(&fresh, sizeof(fresh));
	return result == 0;
}

int
token_keys_load(const char *path)
{
	struct keys fresh = { .count = 0 };
	int result = token_keys_read(path, &fresh);

	if (result == 0) {
		keys = fresh;
		token_memory_clear();
	}
	explicit_bzero(&fresh, sizeof(fresh));
	return result;
}

static const struct key *
token_key_find(const char *id)
{
	for (size_t i = 0; i < keys.count; i++) {
		if (strcmp(keys.key[i].id, id) == 0)
			return &keys.key[i];
	}
	return NULL;
}

/* Files of one moment are told apart by name, so that all hosts sign with the same. */
static bool
token_key_is_newer(const struct key *a, const struct key *b)
{
	if (a->modified.tv_sec != b->modified.tv_sec)
		return a->modified.tv_sec > b->modified.tv_sec;
	if (a->modified.tv_nsec != b->modified.tv_nsec)
		return a->modified.tv_nsec > b->modified.tv_nsec;
	return strcmp(a->id, b->id) > 0;
}

static const struct key *
token_key_newest(void)
{
	const struct key *newest = NULL;

	for (size_t i = 0; i < keys.count; i++) {
		if (newest == NULL || token_key_is_newer(&keys.key[i], newest))
			newest = &keys.key[i];
	}
	return newest;
}

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
	const struct key *key = token_key_newest();
	uint8_t signature[CRYPTO_SHA256_LEN];
	struct buf token = { 0 }, header = { 0 };
	int len;

	if (key == NULL)
		return -1;
	claims->issued_at = clock_unix();
	claims->expires_at = claims->issued_at + ttl;
	buf_addf(&header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", algorithm, key->id);
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
static const struct key *
token_header_key(const struct parts *parts)
{
	struct json *header = token_parse_part(parts->header, parts->header_len);
	const char *id = json_string(json_get(header, "kid"));
	const struct key *key = NULL;

	if (id != NULL && json_count(header) == 3 && token_member_is(header, "alg", algorithm) &&
	    (token_member_is(header, "typ", "JWT") || token_member_is(header, "typ", "at+jwt")))
		key = token_key_find(id);
	json_free(header);
	return key;
}

static bool
token_is_signed(const struct parts *parts, const struct key *key)
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
	const struct key *key;
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
token_key_mac(const struct key *key, const char *text, size_t len, char out[static TOKEN_MAC_HEX_SIZE])
{
	uint8_t mac[CRYPTO_SHA256_LEN];

	crypto_hmac_sha256(key->secret, key->len, text, len, mac);
	crypto_hex(mac, sizeof(mac), out);
}

int
token_mac(const char *text, size_t len, char out[static TOKEN_MAC_HEX_SIZE])
{
	const struct key *key = token_key_newest();

	if (key == NULL)
		return -1;
	token_key_mac(key, text, len, out);
	return 0;
}

bool
token_mac_is_ours(const char *text, size_t len, const char *mac)
{
	char ours[TOKEN_MAC_HEX_SIZE];

	if (strlen(mac) != sizeof(ours) - 1)
		return false;
	for (size_t i = 0; i < keys.count; i++) {
		token_key_mac(&keys.key[i], text, len, ours);
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
