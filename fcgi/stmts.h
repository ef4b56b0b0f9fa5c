/*
 * stmts.h - the database calls of stmts.def as an enum and a table
 */
#ifndef VALS_STMTS_H
#define VALS_STMTS_H

#include <stddef.h>

#include "db.h"

enum stmt {
#define STMT(name, arity) STMT_##name,
#include "stmts.def"
#undef STMT
	STMT__MAX
};

extern const struct db_stmt stmts[STMT__MAX];

/* Arguments of a call: texts, NULL for null. */
#define ARGS(...) ((const char *const[]){ __VA_ARGS__ })

#endif
