/*
 * stmts.c - stmts.def expanded into the texts the database prepares
 */
#include "stmts.h"

#define STMT_PARAMS_1 "$1"
#define STMT_PARAMS_2 STMT_PARAMS_1 ",$2"
#define STMT_PARAMS_3 STMT_PARAMS_2 ",$3"
#define STMT_PARAMS_4 STMT_PARAMS_3 ",$4"
#define STMT_PARAMS_5 STMT_PARAMS_4 ",$5"
#define STMT_PARAMS_6 STMT_PARAMS_5 ",$6"
#define STMT_PARAMS_7 STMT_PARAMS_6 ",$7"

const struct db_stmt stmts[STMT__MAX] = {
#define STMT(name, arity) [STMT_##name] = { #name, "select * from api." #name "(" STMT_PARAMS_##arity ")", arity },
#include "stmts.def"
#undef STMT
};
