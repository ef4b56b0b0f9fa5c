/*
 * lead_import.h - leads from a file: CSV or NDJSON
 *
 * A row is checked by the table a body of POST /api/leads is checked by; those which passed go in batches to the
 * caller, who has the database judge them and make leads of them, or not. Memory does not grow with the file.
 */
#ifndef VALS_LEAD_IMPORT_H
#define VALS_LEAD_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "fields.h"

#define LEAD_ROW_MAX 1048576	/* bytes of one row */
#define LEAD_PROBLEMS_MAX 1000	/* worth listing; all are counted */

struct db_result;
struct lead_import;

enum lead_format { LEAD_CSV, LEAD_NDJSON };

enum lead_verdict { LEAD_NEW, LEAD_DUPLICATE, LEAD_INVALID, LEAD_DO_NOT_CALL, LEAD_VERDICT__MAX };

/* Their names in reports. */
extern const char *const lead_verdicts[LEAD_VERDICT__MAX];

/* What is to be said about a row. */
struct lead_problem {
	size_t line;	/* where the row begins, from 1 */
	enum lead_verdict verdict;
	const char *field;	/* NULL: the whole row */
	const char *message;
};

struct lead_counts {
	size_t rows;
	size_t by_verdict[LEAD_VERDICT__MAX];	/* a new lead that wants no calls is in two of them */
};

struct lead_import_hooks {
	/* Run leads_import on a batch, JSON, and tell lead_import_judged what it said; false ends the import. */
	bool (*judge)(struct lead_import *import, const char *rows, void *arg);
	/* Called for each problem; its texts live until this returns. */
	void (*note)(const struct lead_problem *problem, void *arg);
	void *arg;
};

enum lead_import_end {
	LEAD_IMPORT_FINE,
	LEAD_IMPORT_COLUMNS,	/* the first row names what is no column */
	LEAD_IMPORT_MALFORMED,	/* this is no such file; nobody knows where the next row begins */
	LEAD_IMPORT_STOPPED,	/* judge said so */
};

struct lead_import *lead_import_new(enum lead_format format, const struct lead_import_hooks *hooks);
void lead_import_free(struct lead_import **import);

/* Take the next piece of the file, of any size. After anything but FINE the import is over. */
enum lead_import_end lead_import_feed(struct lead_import *import, const char *text, size_t len);

/* The file is at its end: take what is left. */
enum lead_import_end lead_import_finish(struct lead_import *import);

/* Count the verdicts of the database on a batch. */
void lead_import_judged(struct lead_import *import, const struct db_result *verdicts);

const struct lead_counts *lead_import_counts(const struct lead_import *import);

/* What is wrong with the first row after COLUMNS. */
const struct field_problems *lead_import_columns(const struct lead_import *import);

/* What is wrong after MALFORMED, as a sentence. */
const char *lead_import_reason(const struct lead_import *import);

#endif
