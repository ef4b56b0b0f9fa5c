/*
 * upkeep.h - what the runner does by the clock: its counters, what it keeps ready, old rows
 */
#ifndef VALS_UPKEEP_H
#define VALS_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

struct commands;
struct db;

/* When to act next, on clock_ms; a zeroed one is due at once. */
struct upkeep {
	int64_t status_at;
	int64_t refresh_at;
	int64_t retention_at;
};

/*
 * Do what is due: every 5 s store our counters, every 4 s make the dashboard anew, every hour
 * delete rows past their time, one batch per call. What fails is logged and tried again at its next time.
 */
void upkeep_run(struct upkeep *upkeep, struct db *db, const struct commands *commands,
    bool is_configured);

#endif
