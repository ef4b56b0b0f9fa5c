/*
 * upkeep.c - what the runner does by the clock: deadlines, its counters, what it keeps ready, old rows
 */
#include "upkeep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "commands.h"
#include "log.h"
#include "recordings.h"
#include "stmts.h"

#define PROGRAM "vals-runner"
#define STATUS_MS 5000
#define REFRESH_MS 4000 /* readers are promised 5 s */
#define RETENTION_MS 3600000
#define RETENTION_AGAIN_MS 1000 /* lets others in between two batches */
#define RETENTION_BATCH 1000
#define RETENTION_BATCH_TEXT "1000"
#define REAPPLY_BATCH_TEXT "100"
#define DEADLINES_BATCH_TEXT "100"

/* Why a statement failed, or that it took too long; while the database is away the commands say so. */
static void
note_failure(struct db *db, enum stmt stmt, enum db_outcome outcome)
{
	if (outcome == DB_REFUSED || outcome == DB_DEADLINE)
		log_warn("upkeep", "%s: %s", stmts[stmt].name, db_error(db)->message);
}

/* A name no other runner has, on this host or another. */
static void
name_program(char *out, size_t size)
{
	char host[65] = "";

	if (gethostname(host, sizeof(host) - 1) == -1)
		host[0] = '\0';
	snprintf(out, size, PROGRAM "-%s:%ld", host, (long)getpid());
}

static void
put_status(const struct upkeep_of *of)
{
	const struct commands_counters *counters = commands_counters(of->commands);
	const struct recordings_counters *files = recordings_counters(of->recordings);
	struct db_result *rows = NULL;
	struct buf json = { 0 };
	char program[128];
	const char *args[] = { program, NULL };

	name_program(program, sizeof(program));
	buf_addf(&json, "{\"held\":%zu,\"configured\":%d", commands_held(of->commands),
	    of->is_configured);
	buf_addf(&json, ",\"taken\":%" PRIu64 ",\"sent\":%" PRIu64 ",\"asked\":%" PRIu64,
	    counters->taken, counters->sent, counters->asked);
	buf_addf(&json, ",\"done\":%" PRIu64 ",\"retried\":%" PRIu64 ",\"failed\":%" PRIu64,
	    counters->done, counters->retried, counters->failed);
	buf_addf(&json, ",\"unsure\":%" PRIu64 ",\"lost\":%" PRIu64, counters->unsure, counters->lost);
	buf_addf(&json, ",\"recordings_stored\":%" PRIu64 ",\"recordings_bytes\":%" PRIu64, files->stored, files->bytes);
	buf_addf(&json, ",\"recordings_retried\":%" PRIu64 ",\"recordings_failed\":%" PRIu64, files->retried, files->failed);
	buf_addf(&json, ",\"recordings_deleted\":%" PRIu64 "}", files->deleted);
	args[1] = json.data;
	note_failure(of->db, STMT_status_put, db_call(of->db, &stmts[STMT_status_put], args, &rows));
	db_result_free(&rows);
	buf_free(&json);
}

/* Make anew what readers find ready; the feed hears of it where it changed. */
static void
refresh(struct db *db)
{
	struct db_result *rows = NULL;
	enum db_outcome outcome = db_call(db, &stmts[STMT_refresh], ARGS(NULL), &rows);

	note_failure(db, STMT_refresh, outcome);
	if (outcome == DB_OK && strcmp(db_value(rows, 0, 0), "t") == 0)
		db_notify(db, "vals_event");
	db_result_free(&rows);
}

/* Run a statement that acts on a batch of rows and answers how many; the feed hears of what became true. */
static bool
act(struct db *db, enum stmt stmt, const char *batch)
{
	struct db_result *rows = NULL;
	enum db_outcome outcome = db_call(db, &stmts[stmt], ARGS(batch), &rows);
	bool has_acted = outcome == DB_OK && strcmp(db_value(rows, 0, 0), "0") != 0;

	note_failure(db, stmt, outcome);
	if (has_acted)
		db_notify(db, "vals_event");
	db_result_free(&rows);
	return has_acted;
}

/* Delete a batch of old rows. Returns whether there may be more. */
static bool
forget(struct db *db, const char *webhooks_days)
{
	const char *args[] = { RETENTION_BATCH_TEXT, webhooks_days };
	struct db_result *rows = NULL;
	enum db_outcome outcome = db_call(db, &stmts[STMT_retention], args, &rows);
	const char *gone = NULL;
	bool is_more;

	note_failure(db, STMT_retention, outcome);
	if (outcome == DB_OK && db_rows(rows) > 0)
		gone = db_value(rows, 0, 0);
	is_more = gone != NULL && strtol(gone, NULL, 10) >= RETENTION_BATCH;
	db_result_free(&rows);
	return is_more;
}

bool
upkeep_run(struct upkeep *upkeep, const struct upkeep_of *of)
{
	int64_t now = clock_ms();
	bool has_acted = false, is_more;

	if (now >= upkeep->deadlines_at) {
		upkeep->deadlines_at = now + UPKEEP_DEADLINES_MS;
		has_acted = act(of->db, STMT_deadlines_fire, DEADLINES_BATCH_TEXT);
	}
	if (now >= upkeep->status_at) {
		upkeep->status_at = now + STATUS_MS;
		put_status(of);
		/* Events whose leg has become known since they came. */
		has_acted |= act(of->db, STMT_webhooks_reapply, REAPPLY_BATCH_TEXT);
	}
	if (now >= upkeep->refresh_at) {
		upkeep->refresh_at = now + REFRESH_MS;
		refresh(of->db);
	}
	if (now >= upkeep->retention_at) {
		is_more = forget(of->db, of->webhooks_days);
		is_more |= recordings_expire(of->recordings);
		upkeep->retention_at = now + (is_more ? RETENTION_AGAIN_MS : RETENTION_MS);
	}
	return has_acted;
}
