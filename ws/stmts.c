/*
 * stmts.c - stmts.def expanded into the texts the database prepares
 */
#include "stmts.h"

const struct db_stmt stmts[STMT__MAX] = {
#define STMT(name, arity) DB_STMT("feed", name, arity),
#include "stmts.def"
#undef STMT
};
