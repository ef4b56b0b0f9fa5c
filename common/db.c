/*
 * db.c - one PostgreSQL connection: the handle
 *
 * libpq's functions never block here: the socket is non-blocking and each wait
 * is our own poll with a deadline, because statement_timeout does not fire in a
 * server that hangs. The exceptions are the name lookup at connecting, which
 * libpq does itself, and PQcancel, which gets a thread of its own.
 */
#include "db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "db_private.h"
#include "xalloc.h"

struct db *
db_new(const char *url, const char *role, const char *name, bool prepared, int timeout_ms)
{
	struct db *db = xcalloc(1, sizeof(*db));

	assert(timeout_ms > 0);
	db->url = xstrdup(url);
	db->role = role != NULL ? xstrdup(role) : NULL;
	db->name = xstrdup(name);
	db->is_prepared = prepared;
	db->timeout_ms = timeout_ms;
	return db;
}

void
db_accept_standby(struct db *db)
{
	db->accepts_standby = true;
}

void
db_free(struct db **db_p)
{
	struct db *db = *db_p;

	if (db == NULL)
		return;
	db_drop(db);
	for (size_t i = 0; i < db->channel_count; i++)
		free(db->channels[i]);
	free(db->channels);
	name_set_free(&db->prepared);
	free(db->name);
	free(db->role);
	xfree_secret(&db->url);
	free(db);
	*db_p = NULL;
}

const struct db_counters *
db_counters(const struct db *db)
{
	return &db->counters;
}

const char *
db_library(void)
{
	static char name[32];
	int version = PQlibVersion();

	snprintf(name, sizeof(name), "libpq %d.%d", version / 10000, version % 10000);
	return name;
}
