/*
 * db_error.c - what the server said was wrong
 */
#include "db_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
db_copy_text(char *out, size_t size, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len >= size) {
		len = size - 1;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	if (len > 0)
		memcpy(out, text, len);
	out[len] = '\0';
}

void
db_set_error(struct db *db, const char *sqlstate, const char *format, ...)
{
	char message[sizeof(db->error.message)];
	va_list ap;
	size_t len;

	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	len = strlen(message);
	while (len > 0 && message[len - 1] == '\n')
		message[--len] = '\0';
	db->error = (struct db_error){ 0 };
	db->error_position = 0;
	db_copy_text(db->error.sqlstate, sizeof(db->error.sqlstate), sqlstate);
	db_copy_text(db->error.message, sizeof(db->error.message), message);
}

void
db_set_error_from(struct db *db, const PGresult *result)
{
	struct db_error *error = &db->error;
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);

	/* Errors libpq makes up itself have no fields, only a text. */
	if (PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) == NULL) {
		db_set_error(db, "", "%s", PQresultErrorMessage(result));
		return;
	}
	db_copy_text(error->sqlstate, sizeof(error->sqlstate),
	    PQresultErrorField(result, PG_DIAG_SQLSTATE));
	db_copy_text(error->message, sizeof(error->message),
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	db_copy_text(error->constraint, sizeof(error->constraint),
	    PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
	db_copy_text(error->hint, sizeof(error->hint),
	    PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
	/* Half a JSON text would be worse than none. */
	if (detail != NULL && strlen(detail) >= sizeof(error->detail))
		detail = NULL;
	db_copy_text(error->detail, sizeof(error->detail), detail);
	db->error_position = position != NULL ? (int)strtol(position, NULL, 10) : 0;
}

bool
db_error_is(const struct db *db, const char *sqlstate)
{
	return strcmp(db->error.sqlstate, sqlstate) == 0;
}

bool
db_is_fatal(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	return severity != NULL &&
	    (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

const struct db_error *
db_error(const struct db *db)
{
	return &db->error;
}
