/*
 * recordings.h - recordings: fetched from the provider at once, kept, deleted when their time is over
 *
 * A row is taken under a lease and an attempt number, as commands are. The provider's link is good for ten
 * minutes; an older or refused one is replaced by asking for the leg's recordings.
 */
#ifndef VALS_RECORDINGS_H
#define VALS_RECORDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "http_client.h"
#include "telnyx.h"

struct recordings;

struct recordings_settings {
	const char *dir; /* made if missing */
	int64_t max_bytes; /* of one file */
	long days; /* kept so long; 0 = for ever */
	bool may_be_loopback; /* links may lead to this machine itself: the provider is a stand-in on it */
};

/* What happened since the start. */
struct recordings_counters {
	uint64_t stored;
	uint64_t bytes;
	uint64_t retried;
	uint64_t failed;
	uint64_t deleted; /* their time was over */
};

/* All is borrowed and must live longer. Removes what a dead runner left half done. */
struct recordings *recordings_new(const struct telnyx_account *account, struct db *db,
    struct http_client *http, const char *worker, const struct recordings_settings *settings);

/* Give back what is under way, so that the next runner need not wait for the lease. Free the http client first. */
void recordings_free(struct recordings **recordings);

/* Take what is due and start fetching it, a few at once. Returns DB_OK or why nothing could be taken. */
enum db_outcome recordings_take(struct recordings *recordings);

/* Store the ends of rows; those that cannot be stored are kept for the next call. */
void recordings_settle(struct recordings *recordings);

/* Delete a batch of files whose time is over. Returns whether there may be more. */
bool recordings_expire(struct recordings *recordings);

const struct recordings_counters *recordings_counters(const struct recordings *recordings);

#endif
