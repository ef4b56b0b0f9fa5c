/*
 * db_status.c - what an SQLSTATE means to the client
 *
 * Our SQL functions raise class RS with the status as its digits. Everything
 * else goes through one table; the most specific row wins, and what is not in
 * it is our fault, 500. Source: PostgreSQL documentation, appendix A.
 */
#include "db.h"

#include <string.h>

#define STATUS_OK 200
#define STATUS_BAD_REQUEST 400
#define STATUS_CONFLICT 409
#define STATUS_INTERNAL 500
#define STATUS_UNAVAILABLE 503

/* A full code, or its beginning: 53 stands for all of its class. */
static const struct {
	const char *prefix;
	int status;
} sqlstates[] = {
	/* the client's data */
	{ "22003", STATUS_BAD_REQUEST },	/* number out of range */
	{ "22007", STATUS_BAD_REQUEST },	/* no date or time */
	{ "22008", STATUS_BAD_REQUEST },	/* date out of range */
	{ "22009", STATUS_BAD_REQUEST },	/* time zone out of range */
	{ "22021", STATUS_BAD_REQUEST },	/* bad UTF-8 */
	{ "22023", STATUS_BAD_REQUEST },	/* bad parameter value, e.g. a time zone */
	{ "2201B", STATUS_BAD_REQUEST },	/* bad regular expression */
	{ "2201W", STATUS_BAD_REQUEST },	/* negative limit */
	{ "22P02", STATUS_BAD_REQUEST },	/* no uuid, number, enum or json */
	{ "22P05", STATUS_BAD_REQUEST },	/* NUL in jsonb */
	{ "23502", STATUS_BAD_REQUEST },	/* not null */
	{ "23503", STATUS_BAD_REQUEST },	/* foreign key */
	{ "23514", STATUS_BAD_REQUEST },	/* check */
	{ "23505", STATUS_CONFLICT },		/* unique */
	/* may work in a moment */
	{ "08", STATUS_UNAVAILABLE },		/* connection trouble */
	{ "25006", STATUS_UNAVAILABLE },	/* this is no longer the primary */
	{ "40001", STATUS_UNAVAILABLE },	/* serialisation failure */
	{ "40P01", STATUS_UNAVAILABLE },	/* deadlock */
	{ "53", STATUS_UNAVAILABLE },		/* out of connections, disk, memory */
	{ "55P03", STATUS_UNAVAILABLE },	/* lock_timeout */
	{ "57014", STATUS_UNAVAILABLE },	/* cancelled, statement_timeout */
	{ "57P0", STATUS_UNAVAILABLE },		/* shutting down or starting */
};

/* RS409 is 409; a number that is no error status is a bug in the function. */
static int
db_status_of_ours(const char *sqlstate)
{
	int status = 0;

	for (const char *c = sqlstate + 2; *c != '\0'; c++) {
		if (*c < '0' || *c > '9')
			return STATUS_INTERNAL;
		status = status * 10 + (*c - '0');
	}
	return status >= 400 && status <= 599 ? status : STATUS_INTERNAL;
}

static int
db_status_of_sqlstate(const char *sqlstate)
{
	if (strncmp(sqlstate, "RS", 2) == 0)
		return db_status_of_ours(sqlstate);
	for (size_t i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++) {
		if (strncmp(sqlstate, sqlstates[i].prefix, strlen(sqlstates[i].prefix)) == 0)
			return sqlstates[i].status;
	}
	return STATUS_INTERNAL;
}

int
db_http_status(enum db_outcome outcome, const struct db_error *error)
{
	switch (outcome) {
	case DB_OK:
		return STATUS_OK;
	case DB_REFUSED:
		return db_status_of_sqlstate(error->sqlstate);
	case DB_AWAY:
	case DB_UNKNOWN:
	case DB_DEADLINE:
		return STATUS_UNAVAILABLE;
	}
	return STATUS_INTERNAL;
}
