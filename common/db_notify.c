/*
 * db_notify.c - NOTIFY and LISTEN
 */
#include "db_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "xalloc.h"

/* Run `verb "channel"`. */
static enum db_outcome
db_channel_command(struct db *db, const char *verb, const char *channel, enum repeat *repeat_r)
{
	char *quoted = PQescapeIdentifier(db->conn, channel, strlen(channel));
	enum db_outcome outcome;
	char *sql;

	*repeat_r = REPEAT_NEVER;
	if (quoted == NULL) {
		db_set_error(db, "", "bad channel name: %s", PQerrorMessage(db->conn));
		return DB_REFUSED;
	}
	sql = xasprintf("%s %s", verb, quoted);
	outcome = db_command(db, sql, false, repeat_r, NULL);
	free(sql);
	PQfreemem(quoted);
	return outcome;
}

void
db_notify(struct db *db, const char *channel)
{
	enum repeat repeat;

	assert(db->transaction == TRANSACTION_NONE);
	if (db->conn == NULL || !db_is_alive(db))
		return;
	if (db_channel_command(db, "notify", channel, &repeat) != DB_OK)
		log_debug("db_notify", "could not notify %s: %s", channel, db->error.message);
}

bool
db_listen_all(struct db *db)
{
	enum repeat repeat;

	for (size_t i = 0; i < db->channel_count; i++) {
		if (db_channel_command(db, "listen", db->channels[i], &repeat) != DB_OK)
			return false;
	}
	return true;
}

static bool
db_has_channel(const struct db *db, const char *channel)
{
	for (size_t i = 0; i < db->channel_count; i++) {
		if (strcmp(db->channels[i], channel) == 0)
			return true;
	}
	return false;
}

enum db_outcome
db_listen(struct db *db, const char *channel)
{
	enum db_outcome outcome;
	enum repeat repeat;

	assert(db->transaction == TRANSACTION_NONE);
	if (!db_has_channel(db, channel)) {
		db->channels = xrealloc(db->channels,
		    (db->channel_count + 1) * sizeof(db->channels[0]));
		db->channels[db->channel_count++] = xstrdup(channel);
	}
	/* Connecting listens on all of them. */
	if (db->conn == NULL)
		return db_ready(db) ? DB_OK : DB_AWAY;
	outcome = db_channel_command(db, "listen", channel, &repeat);
	if (db->conn == NULL)
		return db_ready(db) ? DB_OK : DB_AWAY;
	return outcome;
}

int
db_socket(const struct db *db)
{
	return db->conn != NULL ? PQsocket(db->conn) : -1;
}

int
db_notifications(struct db *db)
{
	PGnotify *notify;
	int count = 0;

	if (db->conn == NULL)
		return -1;
	if (!db_is_alive(db)) {
		log_warn("db", "lost the connection which listens: %s", PQerrorMessage(db->conn));
		db_drop(db);
		return -1;
	}
	while ((notify = PQnotifies(db->conn)) != NULL) {
		PQfreemem(notify);
		count++;
	}
	return count;
}
