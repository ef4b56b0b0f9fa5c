/*
 * recordings.c - recordings: fetched from the provider at once, kept, deleted when their time is over
 *
 * A row taken becomes a struct recording, which is in exactly one list: under way (a request or
 * a download of it is with the HTTP client), or ended (its last statement waits to be
 * executed). All its memory is one arena. A file gets its name before the row is stored: a death between
 * the two fetches the same file again and puts it in the same place.
 */
#include "recordings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "arena.h"
#include "clock.h"
#include "ending.h"
#include "failpoint.h"
#include "log.h"
#include "recording_file.h"
#include "recording_name.h"
#include "stmts.h"
#include "xalloc.h"

#define AT_ONCE 4
/* Longer than a question and a download may take together. */
#define LEASE_S "120"
#define ARENA_SIZE 2048
#define FRESH_S 540 /* a link is good for ten minutes; the download must begin by then */

/* The first attempts come soon, for the provider may still be writing the file; the last after some hours. */
#define BACKOFF_MIN_MS 2000
#define BACKOFF_MAX_MS 1800000
#define ATTEMPTS_MAX 16

#define EXPIRE_BATCH 100
#define EXPIRE_BATCH_TEXT "100"

struct recording {
	struct recording *prev, *next;
	struct recordings *owner;
	struct arena *arena;
	const char *id, *call_id, *call_leg_id, *format;
	const char *provider_id; /* NULL if the provider named none */
	int attempt;
	bool is_fresh; /* the link was asked for just now */
	struct recording_file file;
	struct ending ending; /* once ended */
};

struct recordings {
	const struct telnyx_account *account;
	struct db *db;
	struct http_client *http;
	const char *worker;
	struct recordings_settings settings;
	int dir_fd; /* -1 = the folder cannot be used */
	size_t held;
	struct recording *under_way, *ended;
	struct recordings_counters counters;
};

static http_done on_list, on_file;

/* Have the folder open, if it can be. */
static bool
open_dir(struct recordings *recordings)
{
	int swept;

	if (recordings->dir_fd != -1)
		return true;
	recordings->dir_fd = recording_dir_open(recordings->settings.dir);
	if (recordings->dir_fd == -1) {
		log_error("recordings", "%s cannot be used, nothing is fetched: %s", recordings->settings.dir,
		    strerror(errno));
		return false;
	}
	swept = recording_files_sweep(recordings->dir_fd);
	if (swept != 0)
		log_info("recordings", "%d files left half done were removed", swept);
	return true;
}

struct recordings *
recordings_new(const struct telnyx_account *account, struct db *db, struct http_client *http,
    const char *worker, const struct recordings_settings *settings)
{
	struct recordings *recordings = xcalloc(1, sizeof(*recordings));

	recordings->account = account;
	recordings->db = db;
	recordings->http = http;
	recordings->worker = worker;
	recordings->settings = *settings;
	recordings->dir_fd = -1;
	open_dir(recordings);
	return recordings;
}

static void
recording_free(struct recording **list, struct recording *recording)
{
	struct arena *arena = recording->arena;

	recording_file_drop(&recording->file);
	DL_DELETE(*list, recording);
	recording->owner->held--;
	arena_free(&arena); /* the recording lies in it */
}

/* The ends of a recording. Each moves it to the list of the ended with the statement that will store it. */
static void
end(struct recording *recording, enum stmt stmt)
{
	recording_file_drop(&recording->file);
	recording->ending.stmt = stmt;
	recording->ending.args[0] = recording->id;
	recording->ending.args[1] = arena_printf(recording->arena, "%d", recording->attempt);
	/* A list member has both neighbours. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	DL_DELETE(recording->owner->under_way, recording);
	DL_APPEND(recording->owner->ended, recording);
}

static void
end_stored(struct recording *recording, const char *name, size_t bytes)
{
	recording->owner->counters.bytes += bytes;
	recording->ending.args[2] = arena_strdup(recording->arena, name);
	recording->ending.args[3] = arena_printf(recording->arena, "%zu", bytes);
	end(recording, STMT_recording_stored);
}

static void
end_failed(struct recording *recording, const char *reason)
{
	log_warn("recording", "%s of call %s is lost to us: %s", recording->id, recording->call_id, reason);
	recording->ending.args[2] = reason;
	end(recording, STMT_recording_failed);
}

/* Try again later, unless that was tried often enough. */
static void
end_retry(struct recording *recording, const char *reason)
{
	int delay_ms = ending_backoff_ms(recording->attempt, BACKOFF_MIN_MS, BACKOFF_MAX_MS);

	reason = arena_strdup(recording->arena, reason);
	if (recording->attempt >= ATTEMPTS_MAX) {
		end_failed(recording, reason);
		return;
	}
	log_info("recording", "%s again in %d ms: %s", recording->id, delay_ms, reason);
	recording->ending.args[2] = arena_printf(recording->arena, "%d", delay_ms);
	recording->ending.args[3] = reason;
	end(recording, STMT_recording_retry);
}

void
recordings_free(struct recordings **recordings_p)
{
	struct recordings *recordings = *recordings_p;
	struct recording *recording;

	if (recordings == NULL)
		return;
	while ((recording = recordings->under_way) != NULL) {
		recording->ending.args[2] = "0";
		recording->ending.args[3] = "the runner stopped";
		end(recording, STMT_recording_retry);
	}
	recordings_settle(recordings);
	while ((recording = recordings->ended) != NULL)
		recording_free(&recordings->ended, recording);
	if (recordings->dir_fd != -1)
		close(recordings->dir_fd);
	free(recordings);
	*recordings_p = NULL;
}

static void
fetch(struct recording *recording, const char *url)
{
	struct recordings *recordings = recording->owner;
	struct http_download download = {
		.url = url,
		.may_be_loopback = recordings->settings.may_be_loopback,
		.max_bytes = recordings->settings.max_bytes,
	};

	if (recording_file_begin(&recording->file, recordings->dir_fd, recording->id, recording->attempt) == -1) {
		log_error("recording", "%s cannot be written: %s", recording->id, strerror(errno));
		end_retry(recording, "the file cannot be written");
		return;
	}
	download.fd = recording->file.fd;
	http_client_download(recordings->http, &download, on_file, recording);
}

/* Ask the provider for a fresh link. */
static void
ask(struct recording *recording)
{
	struct telnyx_request request;

	recording->is_fresh = true;
	telnyx_recordings(recording->owner->account, recording->call_leg_id, recording->arena, &request);
	http_client_start(recording->owner->http, request.method, request.url, request.body, on_list, recording);
}

static void
on_list(void *arg, const struct http_answer *answer)
{
	struct recording *recording = arg;
	const char *url;

	if (answer->status != 200) {
		end_retry(recording, answer->error != NULL ? answer->error : "the provider did not list the recordings");
		return;
	}
	url = telnyx_recording_url(answer, recording->provider_id, recording->format, recording->arena);
	if (url == NULL)
		end_retry(recording, "the provider has no link to it");
	else
		fetch(recording, url);
}

static void
keep(struct recording *recording, size_t bytes)
{
	char name[RECORDING_NAME_SIZE];

	FAILPOINT("recording_after_download");
	if (!recording_name(name, recording->id, recording->format, clock_unix())) {
		end_failed(recording, "the format is none we keep");
	} else if (recording_file_keep(&recording->file, name) == -1) {
		log_error("recording", "%s cannot be kept: %s", recording->id, strerror(errno));
		end_retry(recording, "the file cannot be written");
	} else {
		FAILPOINT("recording_after_rename");
		end_stored(recording, name, bytes);
	}
}

static void
on_file(void *arg, const struct http_answer *answer)
{
	struct recording *recording = arg;

	if (answer->status == 200 && answer->body_len > 0) {
		keep(recording, answer->body_len);
		return;
	}
	recording_file_drop(&recording->file);
	if (answer->is_too_long)
		end_failed(recording, "the file is larger than allowed");
	else if (!recording->is_fresh && answer->status != 0)
		ask(recording); /* the link ran out */
	else
		end_retry(recording, answer->error != NULL ? answer->error : "the link was refused");
}

/* The text of a column in the recording's arena; NULL if it is null or not there. */
static const char *
text_of(struct recording *recording, const struct db_result *rows, int row, const char *column)
{
	int i = db_column(rows, column);
	const char *text = i >= 0 ? db_value(rows, row, i) : NULL;

	return text != NULL ? arena_strdup(recording->arena, text) : NULL;
}

static void
start(struct recordings *recordings, const struct db_result *rows, int row)
{
	struct arena *arena = arena_new(ARENA_SIZE);
	struct recording *recording = arena_zalloc(arena, sizeof(*recording));
	const char *url, *age, *attempt;

	recording->arena = arena;
	recording->owner = recordings;
	recording->file.fd = -1;
	recording->id = text_of(recording, rows, row, "recording_id");
	recording->call_id = text_of(recording, rows, row, "call_id");
	recording->call_leg_id = text_of(recording, rows, row, "call_leg_id");
	recording->provider_id = text_of(recording, rows, row, "provider_id");
	recording->format = text_of(recording, rows, row, "format");
	attempt = text_of(recording, rows, row, "attempt");
	recording->attempt = (int)strtol(attempt, NULL, 10);
	url = text_of(recording, rows, row, "url");
	age = text_of(recording, rows, row, "url_age_s");
	DL_APPEND(recordings->under_way, recording);
	recordings->held++;
	if (url != NULL && age != NULL && strtol(age, NULL, 10) < FRESH_S)
		fetch(recording, url);
	else
		ask(recording);
}

enum db_outcome
recordings_take(struct recordings *recordings)
{
	const char *limit, *args[] = { recordings->worker, NULL, LEASE_S };
	struct db_result *rows = NULL;
	enum db_outcome outcome;
	struct arena *arena;

	if (recordings->held >= AT_ONCE || !open_dir(recordings))
		return DB_OK;
	arena = arena_new(64);
	limit = arena_printf(arena, "%zu", AT_ONCE - recordings->held);
	args[1] = limit;
	outcome = db_call(recordings->db, &stmts[STMT_recordings_take], args, &rows);
	arena_free(&arena);
	if (outcome == DB_REFUSED)
		log_error("database", "recordings cannot be taken: %s", db_error(recordings->db)->message);
	if (outcome != DB_OK)
		return outcome;
	for (int row = 0; row < db_rows(rows); row++)
		start(recordings, rows, row);
	db_result_free(&rows);
	return DB_OK;
}

static void
count_end(struct recordings_counters *counters, enum stmt stmt)
{
	if (stmt == STMT_recording_stored)
		counters->stored++;
	else if (stmt == STMT_recording_retry)
		counters->retried++;
	else
		counters->failed++;
}

void
recordings_settle(struct recordings *recordings)
{
	struct recording *recording;
	enum ending_fate fate;
	bool is_told = false;

	while ((recording = recordings->ended) != NULL) {
		fate = ending_store(&recording->ending, recordings->db, "recording");
		if (fate == ENDING_WAITS)
			break;
		if (fate == ENDING_STORED)
			count_end(&recordings->counters, recording->ending.stmt);
		is_told |= recording->ending.stmt != STMT_recording_retry;
		recording_free(&recordings->ended, recording);
	}
	if (is_told)
		db_notify(recordings->db, "vals_event");
}

/* Delete one file, then its row: what is listed can be played. Returns whether both are gone. */
static bool
expire(struct recordings *recordings, const char *id, const char *name)
{
	struct db_result *rows = NULL;
	enum db_outcome outcome;

	if (name != NULL && recording_file_delete(recordings->dir_fd, name) == -1) {
		log_error("recordings", "%s cannot be deleted: %s", id, strerror(errno));
		return false;
	}
	outcome = db_call(recordings->db, &stmts[STMT_recording_forgotten], ARGS(id), &rows);
	db_result_free(&rows);
	if (outcome == DB_REFUSED)
		log_error("database", "%s cannot be forgotten: %s", id, db_error(recordings->db)->message);
	else if (outcome == DB_OK)
		recordings->counters.deleted++;
	return outcome == DB_OK;
}

bool
recordings_expire(struct recordings *recordings)
{
	struct db_result *rows = NULL;
	enum db_outcome outcome;
	char days[32];
	int gone = 0;
	bool is_full;

	if (recordings->settings.days == 0 || !open_dir(recordings))
		return false;
	snprintf(days, sizeof(days), "%ld", recordings->settings.days);
	outcome = db_call(recordings->db, &stmts[STMT_recordings_expired], ARGS(days, EXPIRE_BATCH_TEXT), &rows);
	if (outcome == DB_REFUSED)
		log_error("database", "old recordings cannot be found: %s", db_error(recordings->db)->message);
	if (outcome != DB_OK)
		return false;
	for (int row = 0; row < db_rows(rows); row++)
		gone += expire(recordings, db_value(rows, row, 0), db_value(rows, row, 1));
	is_full = db_rows(rows) == EXPIRE_BATCH;
	db_result_free(&rows);
	/* Where none could be deleted the same ones would come again at once. */
	return is_full && gone > 0;
}

const struct recordings_counters *
recordings_counters(const struct recordings *recordings)
{
	return &recordings->counters;
}
