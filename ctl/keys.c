/*
 * keys.c - API keys of programs, and the keys that sign access tokens
 */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "conf.h"
#include "token.h"
#include "xalloc.h"

#define KEY_FILE_SUFFIX_LEN 6	/* tells keys of one second apart */

int
ctl_apikey_add(const struct ctl_options *options)
{
	struct token_api_key key;
	struct db_result *added;
	struct db *db;

	if (options->name == NULL) {
		fprintf(stderr, "valsctl: apikey add needs --name\n");
		return 2;
	}
	if ((db = ctl_connect()) == NULL)
		return EXIT_FAILURE;
	token_api_key_make(&key);
	added = ctl_call(db, STMT_key_add, ARGS(options->name, key.hash, key.shown, options->expires));
	db_free(&db);
	if (added == NULL)
		return EXIT_FAILURE;
	db_result_free(&added);
	printf("%s\n", key.text);
	return EXIT_SUCCESS;
}

int
ctl_apikey_list(const struct ctl_options *options)
{
	struct db *db = ctl_connect();
	struct db_result *keys;

	(void)options;
	if (db == NULL)
		return EXIT_FAILURE;
	keys = ctl_call(db, STMT_keys, NULL);
	for (int i = 0; keys != NULL && i < db_rows(keys); i++)
		printf("%s\t%s\tcreated %s\tlast used %s\t%s\n", db_value(keys, i, 1), db_value(keys, i, 0),
		    db_value(keys, i, 2), db_value(keys, i, 3) != NULL ? db_value(keys, i, 3) : "never",
		    db_value(keys, i, 4) != NULL ? "revoked" : "active");
	db_free(&db);
	if (keys == NULL)
		return EXIT_FAILURE;
	db_result_free(&keys);
	return EXIT_SUCCESS;
}

int
ctl_apikey_revoke(const struct ctl_options *options)
{
	struct db_result *revoked;
	struct db *db;
	int status;

	if (options->prefix == NULL) {
		fprintf(stderr, "valsctl: apikey revoke needs --prefix, see apikey list\n");
		return 2;
	}
	if ((db = ctl_connect()) == NULL)
		return EXIT_FAILURE;
	revoked = ctl_call(db, STMT_key_revoke, ARGS(options->prefix));
	db_free(&db);
	if (revoked == NULL)
		return EXIT_FAILURE;
	status = db_rows(revoked) > 0 && db_value(revoked, 0, 0) != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
	if (status != EXIT_SUCCESS)
		fprintf(stderr, "valsctl: there is no such API key\n");
	db_result_free(&revoked);
	return status;
}

/* Write a key's text to a new file, down to the disk. Returns 0, or -1 with errno; the file may be there then. */
static int
key_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char secret[TOKEN_SECRET_SIZE];
	int written, closed;

	if (fd == -1)
		return -1;
	token_secret(secret);
	written = dprintf(fd, "HS256 %s\n", secret) > 0 ? fsync(fd) : -1;
	explicit_bzero(secret, sizeof(secret));
	closed = close(fd);
	return written == 0 ? closed : -1;
}

/*
 * Make a key file; older keys go on verifying until they are deleted. It gets its name when it is whole: a program
 * that finds half a key does not start.
 */
int
ctl_key_rotate(const struct ctl_options *options)
{
	const char *dir = conf_text(CONF_jwt_keys_dir);
	char suffix[TOKEN_SECRET_SIZE];
	char *path, *draft;
	int status = EXIT_SUCCESS;

	(void)options;
	if (mkdir(dir, 0700) == -1 && errno != EEXIST) {
		fprintf(stderr, "valsctl: could not make %s: %s\n", dir, strerror(errno));
		return EXIT_FAILURE;
	}
	token_secret(suffix);
	for (char *c = suffix; *c != '\0'; c++)
		if (*c == '-' || *c == '_')
			*c = 'x';
	path = xasprintf("%s/%lld-%.*s.key", dir, (long long)clock_unix(), KEY_FILE_SUFFIX_LEN, suffix);
	draft = xasprintf("%s.draft", path);
	if (key_write(draft) == 0 && rename(draft, path) == 0) {
		printf("%s\n", path);
	} else {
		fprintf(stderr, "valsctl: could not write %s: %s\n", path, strerror(errno));
		unlink(draft);
		status = EXIT_FAILURE;
	}
	free(draft);
	free(path);
	return status;
}
