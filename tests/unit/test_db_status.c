/*
 * test_db_status.c - what an SQLSTATE means to the client
 */
#include "db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	char sqlstate[6];
	int status;
} rows[] = {
	{ "RS404", 404 }, { "RS409", 409 }, { "RS422", 422 }, { "RS503", 503 }, { "RS400", 400 },
	{ "RS200", 500 }, { "RS700", 500 }, { "RSxyz", 500 }, { "RS", 500 },
	{ "22021", 400 }, { "22P05", 400 }, { "22P02", 400 }, { "22003", 400 }, { "22008", 400 }, { "22007", 400 }, { "22009", 400 },
	{ "2201W", 400 }, { "2201B", 400 }, { "22023", 400 }, { "23502", 400 }, { "23503", 400 },
	{ "23514", 400 }, { "23505", 409 },
	{ "40001", 503 }, { "40P01", 503 }, { "55P03", 503 }, { "57014", 503 }, { "25006", 503 },
	{ "53100", 503 }, { "53300", 503 }, { "57P01", 503 }, { "57P03", 503 }, { "08006", 503 },
	{ "22012", 500 }, { "42883", 500 }, { "42501", 500 }, { "XX000", 500 }, { "", 500 },
};

static void
each_sqlstate_has_its_status(void **state)
{
	struct db_error error = { .sqlstate = "" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(error.sqlstate, rows[i].sqlstate, sizeof(error.sqlstate));
		if (db_http_status(DB_REFUSED, &error) != rows[i].status)
			fail_msg("%s is not %d", rows[i].sqlstate, rows[i].status);
	}
}

static void
other_outcomes_do_not_look_at_it(void **state)
{
	const struct db_error error = { .sqlstate = "23505" };

	(void)state;
	assert_int_equal(db_http_status(DB_OK, &error), 200);
	assert_int_equal(db_http_status(DB_AWAY, &error), 503);
	assert_int_equal(db_http_status(DB_UNKNOWN, &error), 503);
	assert_int_equal(db_http_status(DB_DEADLINE, &error), 503);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sqlstate_has_its_status),
		cmocka_unit_test(other_outcomes_do_not_look_at_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
