/*
 * webhooks.c - the provider's events once more
 *
 * After a fault in what we make of an event was mended, or when events came whose leg nobody knew. An event that is
 * true already changes nothing.
 */
#include "ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

#define REPLAY_MAX 100000
#define REPLAY_MAX_TEXT "100000"

int
ctl_webhook_replay(const struct ctl_options *options)
{
	struct db_result *result;
	struct db *db;
	long seen;

	if (options->since == NULL && options->id == NULL && !options->is_unprocessed) {
		fprintf(stderr, "valsctl: webhook replay needs --since TIME, --id UUID or --unprocessed\n");
		return 2;
	}
	if ((db = ctl_connect()) == NULL)
		return EXIT_FAILURE;
	result = ctl_call(db, STMT_webhooks_replay,
	    ARGS(options->since, options->id, options->is_unprocessed ? "true" : "false", REPLAY_MAX_TEXT));
	if (result == NULL) {
		db_free(&db);
		return EXIT_FAILURE;
	}
	seen = strtol(db_value(result, 0, 0), NULL, 10);
	printf("%ld events seen, %s applied\n", seen, db_value(result, 0, 1));
	if (seen == REPLAY_MAX)
		printf("there may be more: these were the oldest\n");
	db_result_free(&result);
	/* What became true is told to the browsers, what is to be done to the provider. */
	db_notify(db, "vals_event");
	db_notify(db, "vals_command");
	db_free(&db);
	return EXIT_SUCCESS;
}
