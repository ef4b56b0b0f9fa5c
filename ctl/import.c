/*
 * import.c - leads from a file of any size
 *
 * The rules are those of POST /api/leads/import. The whole file is one transaction: what ends it early, a signal too,
 * leaves nothing behind.
 */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lead_import.h"
#include "progress.h"
#include "xalloc.h"

#define IMPORT_PIECE 262144	/* bytes read at once */

static volatile sig_atomic_t import_signal;

struct import {
	struct db *db;
	bool is_dry;
	size_t told;	/* problems */
	struct progress progress;
};

static void
import_on_signal(int signal)
{
	import_signal = signal;
}

/* The first one ends the import in good order; a second one ends the program. */
static void
import_watch_signals(void)
{
	struct sigaction action = { .sa_handler = import_on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static void
import_note(const struct lead_problem *problem, void *arg)
{
	struct import *import = arg;

	if (++import->told > LEAD_PROBLEMS_MAX)
		return;
	progress_hide(&import->progress);
	fprintf(stderr, "line %zu: %s: %s%s%s\n", problem->line, lead_verdicts[problem->verdict],
	    problem->field != NULL ? problem->field : "", problem->field != NULL ? " " : "", problem->message);
	if (import->told == LEAD_PROBLEMS_MAX)
		fputs("valsctl: further lines are counted, not listed\n", stderr);
}

static bool
import_judge(struct lead_import *file, const char *rows, void *arg)
{
	struct import *import = arg;
	struct db_result *verdicts =
	    ctl_call(import->db, STMT_leads_import, ARGS(rows, import->is_dry ? "true" : "false"));

	if (verdicts == NULL)
		return false;
	lead_import_judged(file, verdicts);
	db_result_free(&verdicts);
	return import_signal == 0;
}

/* Read the file to its end, or until something is wrong. */
static enum lead_import_end
import_read(struct import *import, struct lead_import *file, int fd)
{
	char *piece = xmalloc(IMPORT_PIECE);
	enum lead_import_end end = LEAD_IMPORT_FINE;
	size_t bytes = 0;
	ssize_t len = 0;

	while (end == LEAD_IMPORT_FINE && import_signal == 0 && (len = read(fd, piece, IMPORT_PIECE)) > 0) {
		end = lead_import_feed(file, piece, (size_t)len);
		bytes += (size_t)len;
		progress_set(&import->progress, bytes, lead_import_counts(file)->rows);
	}
	free(piece);
	if (end != LEAD_IMPORT_FINE)
		return end;
	if (len == -1 && errno != EINTR)
		fprintf(stderr, "valsctl: could not read the file: %s\n", strerror(errno));
	if (len == -1 || import_signal != 0)
		return LEAD_IMPORT_STOPPED;
	return lead_import_finish(file);
}

static void
import_explain(const struct lead_import *file, enum lead_import_end end)
{
	const struct field_problems *columns = lead_import_columns(file);

	for (size_t i = 0; end == LEAD_IMPORT_COLUMNS && i < columns->count; i++)
		fprintf(stderr, "line 1: %s %s\n", columns->list[i].field, columns->list[i].message);
	if (end == LEAD_IMPORT_MALFORMED)
		fprintf(stderr, "valsctl: %s\n", lead_import_reason(file));
}

static void
import_print(const struct lead_counts *counts)
{
	printf("rows %zu", counts->rows);
	for (int verdict = 0; verdict < LEAD_VERDICT__MAX; verdict++)
		printf(", %s %zu", lead_verdicts[verdict], counts->by_verdict[verdict]);
	putchar('\n');
}

/* Keep what was imported. Returns the exit status, the reason of a failure printed. */
static int
import_commit(struct import *import, const struct lead_counts *counts)
{
	struct db_result *done = NULL;
	enum db_outcome outcome;
	char count[24];

	snprintf(count, sizeof(count), "%zu", counts->by_verdict[LEAD_NEW]);
	if (counts->by_verdict[LEAD_NEW] > 0 &&
	    (done = ctl_call(import->db, STMT_leads_import_done, ARGS(count))) == NULL)
		return EXIT_FAILURE;
	db_result_free(&done);
	outcome = db_commit(import->db);
	if (outcome != DB_OK) {
		ctl_complain(import->db, outcome == DB_UNKNOWN ? "the leads may be there or not" : "could not keep the leads");
		return EXIT_FAILURE;
	}
	db_notify(import->db, "vals_event");
	printf("%s leads imported\n", count);
	return EXIT_SUCCESS;
}

/* Say what came of it, and keep it if all is well and it was meant to be kept. */
static int
import_end(struct import *import, const struct lead_import *file, enum lead_import_end end)
{
	const struct lead_counts *counts = lead_import_counts(file);

	progress_hide(&import->progress);
	import_explain(file, end);
	if (end == LEAD_IMPORT_FINE)
		import_print(counts);
	if (end != LEAD_IMPORT_FINE || counts->by_verdict[LEAD_INVALID] > 0) {
		fputs("valsctl: nothing was imported\n", stderr);
		return import_signal != 0 ? 128 + import_signal : EXIT_FAILURE;
	}
	if (!import->is_dry)
		return import_commit(import, counts);
	puts("a dry run: nothing was imported");
	return EXIT_SUCCESS;
}

static int
import_run(struct import *import, enum lead_format format, int fd)
{
	struct lead_import_hooks hooks = { .judge = import_judge, .note = import_note, .arg = import };
	struct lead_import *file;
	int status;

	if (db_begin(import->db) != DB_OK) {
		ctl_complain(import->db, "could not begin");
		return EXIT_FAILURE;
	}
	file = lead_import_new(format, &hooks);
	status = import_end(import, file, import_read(import, file, fd));
	lead_import_free(&file);
	db_rollback(import->db);
	return status;
}

/* The format by its name, else by the name of the file; -1 with the reason printed. */
static int
import_format(const struct ctl_options *options, enum lead_format *format_r)
{
	const char *dot = strrchr(options->operand, '.');
	const char *name = options->format != NULL ? options->format : dot != NULL ? dot + 1 : "";

	if (strcmp(name, "csv") == 0) {
		*format_r = LEAD_CSV;
	} else if (strcmp(name, "ndjson") == 0 || strcmp(name, "jsonl") == 0) {
		*format_r = LEAD_NDJSON;
	} else {
		fputs("valsctl: --format csv or --format ndjson must say what the file is\n", stderr);
		return -1;
	}
	return 0;
}

int
ctl_import(const struct ctl_options *options)
{
	struct import import = { .is_dry = !options->is_commit };
	enum lead_format format;
	struct stat file;
	int fd, status = EXIT_FAILURE;

	if (options->is_commit && options->is_dry_run) {
		fputs("valsctl: --dry-run and --commit exclude each other\n", stderr);
		return 2;
	}
	if (import_format(options, &format) == -1)
		return 2;
	fd = strcmp(options->operand, "-") == 0 ? STDIN_FILENO : open(options->operand, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &file) == -1) {
		fprintf(stderr, "valsctl: could not open %s: %s\n", options->operand, strerror(errno));
		return status;
	}
	import_watch_signals();
	progress_begin(&import.progress, "rows", S_ISREG(file.st_mode) ? (size_t)file.st_size : 0);
	if ((import.db = ctl_connect()) != NULL)
		status = import_run(&import, format, fd);
	db_free(&import.db);
	close(fd);
	return status;
}
