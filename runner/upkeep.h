/*
 * upkeep.h - what the runner does by the clock: deadlines, its counters, what it keeps ready, old rows
 */
#ifndef VALS_UPKEEP_H
#define VALS_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

struct commands;
struct db;
struct recordings;

/* When to act next, on clock_ms; a zeroed one is due at once. */
struct upkeep {
	int64_t status_at;
	int64_t refresh_at;
	int64_t deadlines_at;
	int64_t retention_at;
};

#define UPKEEP_DEADLINES_MS 250 /* how late a deadline may fire */

/* Whom to look after; all borrowed. */
struct upkeep_of {
	struct db *db;
	const struct commands *commands;
	struct recordings *recordings;
	const char *webhooks_days; /* how long the provider's events are kept */
	bool is_configured;
};

/*
 * Do what is due: four times a second act on deadlines that have passed, every 5 s store our counters, every 4 s make
 * the dashboard anew, every hour delete rows and recordings past their time, one batch per call. What fails is logged and
 * tried again at its next time. Returns whether commands may have been queued.
 */
bool upkeep_run(struct upkeep *upkeep, const struct upkeep_of *of);

#endif
