/*
 * statement.h - a program's database calls, from its stmts.def
 *
 * Each program lists its calls as STMT(name, arity) and expands the list twice: into an enum, and by
 * DB_STMT into the table of texts the database prepares. This is all the SQL there is in C.
 */
#ifndef VALS_STATEMENT_H
#define VALS_STATEMENT_H

#include "db.h"

/* Arguments of a call: texts, NULL for null. */
#define ARGS(...) ((const char *const[]){ __VA_ARGS__ })

/* STMT(leads_get, 2) of schema api is `select * from api.leads_get($1,$2)`. */
#define DB_STMT(schema, name, arity)                                                             \
	[STMT_##name] = { schema "." #name, "select * from " schema "." #name "(" DB_PARAMS_##arity ")", (arity) }

#define DB_PARAMS_0 ""
#define DB_PARAMS_1 "$1"
#define DB_PARAMS_2 DB_PARAMS_1 ",$2"
#define DB_PARAMS_3 DB_PARAMS_2 ",$3"
#define DB_PARAMS_4 DB_PARAMS_3 ",$4"
#define DB_PARAMS_5 DB_PARAMS_4 ",$5"
#define DB_PARAMS_6 DB_PARAMS_5 ",$6"
#define DB_PARAMS_7 DB_PARAMS_6 ",$7"
#define DB_PARAMS_8 DB_PARAMS_7 ",$8"
#define DB_PARAMS_9 DB_PARAMS_8 ",$9"

#endif
