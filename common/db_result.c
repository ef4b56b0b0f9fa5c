/*
 * db_result.c - rows and columns
 */
#include "db_private.h"

#include <stdlib.h>
#include <string.h>

int
db_rows(const struct db_result *result)
{
	return PQntuples(result->pg);
}

int
db_columns(const struct db_result *result)
{
	return PQnfields(result->pg);
}

const char *
db_value(const struct db_result *result, int row, int column)
{
	if (PQgetisnull(result->pg, row, column))
		return NULL;
	return PQgetvalue(result->pg, row, column);
}

size_t
db_value_len(const struct db_result *result, int row, int column)
{
	return (size_t)PQgetlength(result->pg, row, column);
}

/* Not PQfnumber, which folds case unless the name comes in quotes. */
int
db_column(const struct db_result *result, const char *name)
{
	for (int i = 0; i < PQnfields(result->pg); i++) {
		if (strcmp(PQfname(result->pg, i), name) == 0)
			return i;
	}
	return -1;
}

void
db_result_free(struct db_result **result)
{
	if (*result == NULL)
		return;
	PQclear((*result)->pg);
	free(*result);
	*result = NULL;
}
