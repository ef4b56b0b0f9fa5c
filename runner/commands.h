/*
 * commands.h - command rows: take, send, store how it ended
 *
 * A row is taken under a lease and an attempt number; what became of it is stored under
 * the same number, so that a runner which slept through its lease changes nothing.
 * An end that cannot be stored because the database is away is kept until it can.
 */
#ifndef VALS_COMMANDS_H
#define VALS_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "http_client.h"
#include "telnyx.h"

struct commands;

/* What happened since the start. */
struct commands_counters {
	uint64_t taken; /* leases got */
	uint64_t sent; /* requests which carry out a command */
	uint64_t asked; /* requests which ask whether one was carried out */
	uint64_t done;
	uint64_t retried;
	uint64_t failed;
	uint64_t unsure; /* questions which the provider did not answer */
	uint64_t lost; /* ends that came after the lease */
};

/* How much at once. */
struct commands_limits {
	size_t held; /* rows held at once, over 0 */
	long dials_per_s; /* over a few seconds and all runners, over 0 */
	long calls; /* legs alive at once; 0 = no limit */
};

/*
 * account, db and http are borrowed and must live longer. worker names us in the rows.
 */
struct commands *commands_new(const struct telnyx_account *account, struct db *db,
    struct http_client *http, const char *worker, const struct commands_limits *limits);

/* Forgets what is under way; free the http client first. */
void commands_free(struct commands **commands);

/*
 * Take what is due and start sending it. Does nothing while the provider refuses our key
 * or no more rows may be held. Returns DB_OK or why nothing could be taken.
 */
enum db_outcome commands_take(struct commands *commands);

/*
 * Store the ends of rows; those that cannot be stored are kept for the next call. Returns whether
 * one of them may have brought the next commands.
 */
bool commands_settle(struct commands *commands);

/* Milliseconds until commands_take is worth a call, as far as we know; at most limit_ms. */
int commands_wait_ms(const struct commands *commands, int limit_ms);

/* Rows held: under way, or ended and not yet stored. */
size_t commands_held(const struct commands *commands);

const struct commands_counters *commands_counters(const struct commands *commands);

#endif
