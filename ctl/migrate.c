/*
 * migrate.c - numbered files with checksums, then the functions
 *
 * Each migration runs in one transaction with its own record. A file that was applied must never
 * change: its checksum is compared each time. The functions of load.sql are dropped and made
 * again, in one transaction, whenever one of their files changed.
 */
#include "ctl.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "crypto.h"
#include "xalloc.h"

#define MIGRATE_HASH_SIZE (CRYPTO_SHA256_LEN * 2 + 1)

struct migrate {
	struct db *db;
	const char *dir;
	bool is_dry_run;
	struct db_result *applied;	/* number, name, checksum */
};

/* A whole file below the sql folder; false with the reason printed. */
static bool
migrate_read(const struct migrate *migrate, const char *name, struct buf *out)
{
	char *path = xasprintf("%s/%s", migrate->dir, name);
	FILE *file = fopen(path, "re");
	char block[65536];
	size_t len;
	bool is_read;

	if (file == NULL) {
		fprintf(stderr, "valsctl: could not read %s: %s\n", path, strerror(errno));
		free(path);
		return false;
	}
	while ((len = fread(block, 1, sizeof(block), file)) > 0)
		buf_add(out, block, len);
	is_read = ferror(file) == 0;
	if (!is_read)
		fprintf(stderr, "valsctl: could not read %s: %s\n", path, strerror(errno));
	fclose(file);
	free(path);
	return is_read;
}

static void
migrate_hash(const struct buf *text, char out[static MIGRATE_HASH_SIZE])
{
	uint8_t hash[CRYPTO_SHA256_LEN];

	crypto_sha256(text->data == NULL ? "" : text->data, text->len, hash);
	crypto_hex(hash, sizeof(hash), out);
}

/* The checksum under which a number was applied, NULL if it was not. */
static const char *
migrate_applied(const struct migrate *migrate, long number)
{
	for (int i = 0; i < db_rows(migrate->applied); i++)
		if (strtol(db_value(migrate->applied, i, 0), NULL, 10) == number)
			return db_value(migrate->applied, i, 2);
	return NULL;
}

/* Run a text and record it, in one transaction. */
static bool
migrate_run(struct migrate *migrate, long number, const char *name, const char *hash, const char *sql,
    bool clears)
{
	struct db_result *result = NULL;
	char *text;

	if (migrate->is_dry_run) {
		printf("would apply %s\n", name);
		return true;
	}
	if (db_begin(migrate->db) != DB_OK)
		goto failed;
	if (clears && (result = ctl_call(migrate->db, STMT_functions_clear, NULL)) == NULL)
		goto failed;
	db_result_free(&result);
	if (db_script(migrate->db, sql) != DB_OK)
		goto failed;
	text = xasprintf("%ld", number);
	result = ctl_call(migrate->db, STMT_migration_add, ARGS(text, name, hash));
	free(text);
	if (result == NULL)
		goto failed;
	db_result_free(&result);
	if (db_commit(migrate->db) != DB_OK)
		goto failed;
	printf("applied %s\n", name);
	return true;
failed:
	ctl_complain(migrate->db, name);
	db_rollback(migrate->db);
	return false;
}

static int
migrate_is_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 8 && strspn(entry->d_name, "0123456789") == 4 && entry->d_name[4] == '_' &&
	    strcmp(entry->d_name + len - 4, ".sql") == 0;
}

static bool
migrate_one(struct migrate *migrate, const char *file)
{
	char *name = xasprintf("migrations/%s", file);
	struct buf sql = { 0 };
	char hash[MIGRATE_HASH_SIZE];
	long number = strtol(file, NULL, 10);
	const char *applied = migrate_applied(migrate, number);
	bool is_done = migrate_read(migrate, name, &sql);

	if (is_done) {
		migrate_hash(&sql, hash);
		if (applied == NULL) {
			is_done = migrate_run(migrate, number, name, hash, sql.data, false);
		} else if (strcmp(applied, hash) != 0) {
			fprintf(stderr, "valsctl: %s was changed after it had been applied\n", name);
			is_done = false;
		}
	}
	buf_free(&sql);
	free(name);
	return is_done;
}

static bool
migrate_numbered(struct migrate *migrate)
{
	char *path = xasprintf("%s/migrations", migrate->dir);
	struct dirent **files;
	int count = scandir(path, &files, migrate_is_file, alphasort);
	bool is_done = count > 0;
	long newest = 0;

	if (count <= 0)
		fprintf(stderr, "valsctl: no migrations in %s\n", path);
	free(path);
	if (count <= 0)
		return false;
	newest = strtol(files[count - 1]->d_name, NULL, 10);
	for (int i = 0; i < db_rows(migrate->applied); i++) {
		if (strtol(db_value(migrate->applied, i, 0), NULL, 10) > newest) {
			fprintf(stderr, "valsctl: the database has %s, which this version does not know\n",
			    db_value(migrate->applied, i, 1));
			is_done = false;
		}
	}
	for (int i = 0; i < count; i++) {
		is_done = is_done && migrate_one(migrate, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	return is_done;
}

/* The files load.sql names, one after the other. */
static bool
migrate_functions(struct migrate *migrate)
{
	struct buf list = { 0 };
	struct buf sql = { 0 };
	char hash[MIGRATE_HASH_SIZE];
	const char *applied = migrate_applied(migrate, 0);
	bool is_done = migrate_read(migrate, "load.sql", &list);
	char *rest = list.data;

	for (char *line; is_done && (line = strsep(&rest, "\n")) != NULL;)
		if (strncmp(line, "\\ir ", 4) == 0)
			is_done = migrate_read(migrate, line + 4, &sql);
	if (is_done) {
		migrate_hash(&sql, hash);
		if (applied == NULL || strcmp(applied, hash) != 0)
			is_done = migrate_run(migrate, 0, "functions", hash, sql.data, true);
	}
	buf_free(&list);
	buf_free(&sql);
	return is_done;
}

static bool
migrate_bootstrap(struct migrate *migrate)
{
	struct buf sql = { 0 };
	struct db_result *locked;
	bool is_done = migrate_read(migrate, "bootstrap.sql", &sql);

	if (is_done && db_script(migrate->db, sql.data) != DB_OK) {
		ctl_complain(migrate->db, "bootstrap.sql");
		is_done = false;
	}
	buf_free(&sql);
	if (!is_done || (locked = ctl_call(migrate->db, STMT_migration_lock, NULL)) == NULL)
		return false;
	db_result_free(&locked);
	migrate->applied = ctl_call(migrate->db, STMT_migrations, NULL);
	return migrate->applied != NULL;
}

int
ctl_migrate(const struct ctl_options *options)
{
	struct migrate migrate = {
		.dir = options->sql_dir != NULL ? options->sql_dir : PKGDATADIR "/sql",
		.is_dry_run = options->is_dry_run,
	};
	bool is_done;

	if ((migrate.db = ctl_connect()) == NULL)
		return EXIT_FAILURE;
	is_done = migrate_bootstrap(&migrate) && migrate_numbered(&migrate) && migrate_functions(&migrate);
	db_result_free(&migrate.applied);
	db_free(&migrate.db);
	return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
