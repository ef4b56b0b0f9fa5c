/*
 * test_stmts_ctl.c - the database calls of valsctl, as the database gets them
 */
#include "../../ctl/stmts.h"

#include "stmts_check.h"

static void
every_call_is_one_function_with_its_parameters(void **state)
{
	(void)state;
	stmts_check("admin", stmts, STMT__MAX);
}

static void
a_call_may_have_no_parameter(void **state)
{
	(void)state;
	assert_string_equal(stmts[STMT_users].sql, "select * from admin.users()");
	assert_int_equal(stmts[STMT_users].arity, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_is_one_function_with_its_parameters),
		cmocka_unit_test(a_call_may_have_no_parameter),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
