/*
 * test_stmts.c - the database calls of vals-api, as the database gets them
 */
#include "../../fcgi/stmts.h"

#include "stmts_check.h"

static void
every_call_is_one_function_with_its_parameters(void **state)
{
	(void)state;
	stmts_check("api", stmts, STMT__MAX);
}

static void
a_name_is_its_functions_name(void **state)
{
	(void)state;
	assert_string_equal(stmts[STMT_leads_get].sql, "select * from api.leads_get($1,$2)");
	assert_int_equal(stmts[STMT_leads_get].arity, 2);
	assert_string_equal(stmts[STMT_idempotency_store].sql,
	    "select * from api.idempotency_store($1,$2,$3,$4,$5,$6,$7,$8,$9)");
}

static void
arguments_are_texts_in_order(void **state)
{
	const char *const *args = ARGS("one", NULL, "three");

	(void)state;
	assert_string_equal(args[0], "one");
	assert_null(args[1]);
	assert_string_equal(args[2], "three");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_is_one_function_with_its_parameters),
		cmocka_unit_test(a_name_is_its_functions_name),
		cmocka_unit_test(arguments_are_texts_in_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
