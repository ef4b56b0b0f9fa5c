/*
 * ending.c - the last statement of a row that was taken
 */
#include "ending.h"

#include <string.h>

#include "clock.h"
#include "db.h"
#include "failpoint.h"
#include "log.h"

enum ending_fate
ending_store(const struct ending *ending, struct db *db, const char *what)
{
	struct db_result *rows = NULL;
	enum db_outcome outcome = db_call(db, &stmts[ending->stmt], ending->args, &rows);
	const char *ok;
	bool is_ours;

	if (outcome == DB_REFUSED) {
		log_error("database", "%s of %s %s was refused: %s", stmts[ending->stmt].name, what,
		    ending->args[0], db_error(db)->message);
		return ENDING_REFUSED;
	}
	if (outcome != DB_OK)
		return ENDING_WAITS;
	FAILPOINT("runner_after_store");
	ok = db_rows(rows) > 0 ? db_value(rows, 0, 0) : NULL;
	is_ours = ok != NULL && strcmp(ok, "t") == 0;
	db_result_free(&rows);
	if (!is_ours)
		log_warn(what, "%s was somebody else's by then", ending->args[0]);
	return is_ours ? ENDING_STORED : ENDING_LOST;
}

int
ending_backoff_ms(int attempt, int min_ms, int max_ms)
{
	int ms = min_ms;

	for (int i = 1; i < attempt && ms < max_ms; i++)
		ms *= 2;
	if (ms > max_ms)
		ms = max_ms;
	return ms / 2 + (int)clock_jitter((uint32_t)ms / 2);
}
