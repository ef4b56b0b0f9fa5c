/*
 * db_script.c - whole SQL scripts, and where in them the server stopped
 */
#include "db_private.h"

#include <stdlib.h>

#include "xalloc.h"

/* The line of text in which its character number position (from 1) stands. */
static int
db_script_line(const char *text, int position)
{
	int line = 1;

	for (int i = 1; i < position && *text != '\0'; i++) {
		if (*text == '\n')
			line++;
		do
			text++;
		while (((unsigned char)*text & 0xc0) == 0x80);
	}
	return line;
}

/* The server knows where in a script it stopped; say it in the administrator's terms. */
static void
db_script_locate(struct db *db, const char *sql)
{
	char *message;

	if (db->error_position <= 0)
		return;
	message = xasprintf("line %d: %s", db_script_line(sql, db->error_position),
	    db->error.message);
	db_copy_text(db->error.message, sizeof(db->error.message), message);
	free(message);
}

enum db_outcome
db_script(struct db *db, const char *sql)
{
	enum db_outcome outcome;
	enum repeat repeat = REPEAT_NEVER;

	if (!db_ready(db))
		return DB_AWAY;
	outcome = db_command(db, sql, true, &repeat, NULL);
	if (repeat == REPEAT_UNSENT && db_ready(db))
		outcome = db_command(db, sql, true, &repeat, NULL);
	if (outcome == DB_REFUSED)
		db_script_locate(db, sql);
	/* A script that stops between its own begin and commit leaves that open. */
	if (db->conn != NULL && db->transaction == TRANSACTION_NONE &&
	    PQtransactionStatus(db->conn) != PQTRANS_IDLE) {
		if (outcome == DB_OK)
			db_set_error(db, "25001", "the script left a transaction open");
		db_drop(db);
		outcome = outcome == DB_OK ? DB_REFUSED : outcome;
	}
	return outcome;
}
