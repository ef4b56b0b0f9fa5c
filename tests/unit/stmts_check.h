/*
 * stmts_check.h - what holds for the statements of every program
 */
#ifndef VALS_TEST_STMTS_CHECK_H
#define VALS_TEST_STMTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "db.h"

/* Fail unless each statement calls one function of schema with $1 to $arity, under a name of its own. */
static inline void
stmts_check(const char *schema, const struct db_stmt *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char expected[256];
		int len;

		assert_non_null(list[i].name);
		assert_int_equal(strncmp(list[i].name, schema, strlen(schema)), 0);
		assert_int_equal(list[i].name[strlen(schema)], '.');
		assert_in_range(list[i].arity, 0, 20);
		len = snprintf(expected, sizeof(expected), "select * from %s(", list[i].name);
		for (int k = 1; k <= list[i].arity; k++)
			len += snprintf(expected + len, sizeof(expected) - (size_t)len, "%s$%d", k > 1 ? "," : "", k);
		snprintf(expected + len, sizeof(expected) - (size_t)len, ")");
		assert_string_equal(list[i].sql, expected);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(list[i].name, list[k].name);
	}
}

#endif
