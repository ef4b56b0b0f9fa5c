/*
 * token_keys.c - the keys that sign our tokens
 */
#include "token_keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto.h"
#include "log.h"
#include "token.h"
#include "token_memory.h"

#define KEYS_MAX 16
#define KEY_SECRET_MIN 32	/* RFC 7518 section 3.2: at least the hash's size */
#define KEY_FILE_MAX 512

struct keys {
	struct token_key key[KEYS_MAX];
	size_t count;
};

static struct keys keys;

/* The KID of KID.key; false if the name is no such. */
static bool
token_key_id(const char *name, char id[static TOKEN_KEY_ID_SIZE])
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
	static const char suffix[] = ".key";
	size_t len = strlen(name), suffix_len = sizeof(suffix) - 1;

	if (len <= suffix_len || strcmp(name + len - suffix_len, suffix) != 0)
		return false;
	len -= suffix_len;
	if (name[0] == '.' || len >= TOKEN_KEY_ID_SIZE || strspn(name, allowed) < len)
		return false;
	memcpy(id, name, len);
	id[len] = '\0';
	return true;
}

/* `HS256 SECRET`, one line. Returns why not, or NULL. */
static const char *
token_key_parse(const char *text, size_t text_len, struct token_key *key)
{
	size_t prefix_len = sizeof(TOKEN_KEY_ALGORITHM) - 1;
	long len;

	if (text_len > 0 && text[text_len - 1] == '\n')
		text_len--;
	if (text_len < prefix_len + 1 || memcmp(text, TOKEN_KEY_ALGORITHM, prefix_len) != 0 ||
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
token_key_read(int dir_fd, const char *name, struct token_key *key)
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
	char id[TOKEN_KEY_ID_SIZE];
	struct token_key *key;

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

const struct token_key *
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
token_key_is_newer(const struct token_key *a, const struct token_key *b)
{
	if (a->modified.tv_sec != b->modified.tv_sec)
		return a->modified.tv_sec > b->modified.tv_sec;
	if (a->modified.tv_nsec != b->modified.tv_nsec)
		return a->modified.tv_nsec > b->modified.tv_nsec;
	return strcmp(a->id, b->id) > 0;
}

const struct token_key *
token_key_newest(void)
{
	const struct token_key *newest = NULL;

	for (size_t i = 0; i < keys.count; i++) {
		if (newest == NULL || token_key_is_newer(&keys.key[i], newest))
			newest = &keys.key[i];
	}
	return newest;
}

const struct token_key *
token_key_at(size_t index)
{
	return index < keys.count ? &keys.key[index] : NULL;
}
