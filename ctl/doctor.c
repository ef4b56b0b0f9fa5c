/*
 * doctor.c - whether this installation can do its work, as far as can be seen from here
 *
 * Looks and changes nothing. To be run as the user of the programs, with their settings.
 */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "conf.h"
#include "db.h"
#include "http_client.h"
#include "provider_conf.h"
#include "token.h"

/* Print a line about one thing; problem is NULL when it is well. Returns whether it is. */
static bool
doctor_says(const char *what, const char *problem)
{
	printf("%-7s %s%s%s\n", problem == NULL ? "ok" : "FAILED", what, problem != NULL ? ": " : "",
	    problem != NULL ? problem : "");
	return problem == NULL;
}

static bool
doctor_provider(void)
{
	struct buf problems = { 0 };
	bool is_complete = provider_conf_is_complete(&problems);

	/* The runner does not even start with such an address. */
	if (!http_client_may_call(conf_text(CONF_telnyx_api_base))) {
		buf_addf(&problems, "%stelnyx_api_base is neither https nor http on loopback", problems.len > 0 ? ", " : "");
		is_complete = false;
	}
	(void)doctor_says("settings of the telephone provider", is_complete ? NULL : problems.data);
	buf_free(&problems);
	return is_complete;
}

static bool
doctor_recordings(void)
{
	bool is_writable = access(conf_text(CONF_recordings_dir), W_OK | X_OK) == 0;

	return doctor_says("folder of the recordings", is_writable ? NULL : strerror(errno));
}

static bool
doctor_token_keys(void)
{
	/* Why not is logged, which goes to standard error here. */
	bool is_readable = token_keys_would_load(conf_text(CONF_jwt_keys_dir));

	return doctor_says("keys of access tokens", is_readable ? NULL : "they cannot be used");
}

static bool
doctor_database(void)
{
	struct db *db = ctl_connect();
	bool is_prepared = db != NULL && db_prepare_all(db, stmts, STMT__MAX) == DB_OK;

	(void)doctor_says("database",
	    db == NULL	       ? "it cannot be reached"
		: !is_prepared ? "it lacks our functions: run valsctl migrate"
			       : NULL);
	db_free(&db);
	return is_prepared;
}

int
ctl_doctor(const struct ctl_options *options)
{
	bool is_well = true;

	(void)options;
	is_well &= doctor_database();
	is_well &= doctor_token_keys();
	is_well &= doctor_provider();
	is_well &= doctor_recordings();
	return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
