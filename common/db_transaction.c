/*
 * db_transaction.c - transactions around several calls
 */
#include "db_private.h"

#include <assert.h>
#include <string.h>

enum db_outcome
db_begin(struct db *db)
{
	enum db_outcome outcome;
	enum repeat repeat = REPEAT_NEVER;

	assert(db->transaction == TRANSACTION_NONE);
	if (!db_ready(db))
		return DB_AWAY;
	db_set_error(db, "", "%s", "");
	outcome = db_command(db, "begin", false, &repeat, NULL);
	if (repeat == REPEAT_UNSENT && db_ready(db))
		outcome = db_command(db, "begin", false, &repeat, NULL);
	/* A deadline leaves no connection, even if the answer still came. */
	if (outcome == DB_OK && db->conn != NULL)
		db->transaction = TRANSACTION_OPEN;
	else if (outcome == DB_OK || outcome == DB_UNKNOWN)
		outcome = DB_AWAY;
	return outcome;
}

/*
 * The server answers COMMIT with success in two cases where nothing is committed:
 * a failed transaction (with the tag ROLLBACK) and none at all (with COMMIT).
 */
enum db_outcome
db_commit(struct db *db)
{
	enum db_outcome outcome = DB_AWAY;
	enum repeat repeat;
	PGresult *result = NULL;

	assert(db->transaction != TRANSACTION_NONE);
	if (db_ready(db) && PQtransactionStatus(db->conn) == PQTRANS_IDLE) {
		db_set_error(db, "25P01", "the transaction had ended before its commit");
		outcome = DB_REFUSED;
	} else if (db->transaction == TRANSACTION_OPEN) {
		outcome = db_command(db, "commit", true, &repeat, &result);
	}
	if (outcome == DB_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
		/* The statement that broke it has left the better message. */
		if (db->error.sqlstate[0] == '\0')
			db_set_error(db, "25P02", "the transaction had failed before its commit");
		outcome = DB_REFUSED;
	}
	PQclear(result);
	db->transaction = TRANSACTION_NONE;
	return outcome;
}

void
db_rollback(struct db *db)
{
	const struct db_error error = db->error;
	enum repeat repeat;

	if (db->transaction == TRANSACTION_OPEN && db->conn != NULL &&
	    db_command(db, "rollback", false, &repeat, NULL) != DB_OK)
		db_drop(db);	/* which is a rollback, too */
	db->transaction = TRANSACTION_NONE;
	db->error = error;
}
