/*
 * stmts.h - the database calls of vals-ws
 */
#ifndef VALS_WS_STMTS_H
#define VALS_WS_STMTS_H

#include "statement.h"

enum stmt {
#define STMT(name, arity) STMT_##name,
#include "stmts.def"
#undef STMT
	STMT__MAX
};

extern const struct db_stmt stmts[STMT__MAX];

#endif
