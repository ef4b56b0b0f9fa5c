/*
 * test_lead_import.c - leads from a file, in pieces of any size
 */
#include "../../common/lead_import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"

struct heard {
	struct buf rows;
	struct buf problems;
	bool is_stopped;
};

static bool
hear_rows(struct lead_import *import, const char *rows, void *arg)
{
	struct heard *heard = arg;

	(void)import;
	buf_adds(&heard->rows, rows);
	return !heard->is_stopped;
}

static void
hear_problem(const struct lead_problem *problem, void *arg)
{
	struct heard *heard = arg;

	buf_addf(&heard->problems, "%zu:%s:%s:%s\n", problem->line, lead_verdicts[problem->verdict],
	    problem->field != NULL ? problem->field : "", problem->message);
}

/* Import text in pieces of so many bytes. */
static enum lead_import_end
import_in(size_t piece, enum lead_format format, const char *text, size_t len, struct heard *heard, struct buf *reason)
{
	struct lead_import_hooks hooks = { hear_rows, hear_problem, heard };
	struct lead_import *import = lead_import_new(format, &hooks);
	enum lead_import_end end = LEAD_IMPORT_FINE;

	for (size_t at = 0; at < len && end == LEAD_IMPORT_FINE; at += piece)
		end = lead_import_feed(import, text + at, piece < len - at ? piece : len - at);
	if (end == LEAD_IMPORT_FINE)
		end = lead_import_finish(import);
	if (end == LEAD_IMPORT_MALFORMED)
		buf_adds(reason, lead_import_reason(import));
	if (end == LEAD_IMPORT_COLUMNS)
		buf_adds(reason, lead_import_columns(import)->list[0].field);
	lead_import_free(&import);
	return end;
}

/* rows, problems and reason: NULL = nothing. */
static void
expect_bytes(enum lead_format format, const char *text, size_t len, enum lead_import_end end, const char *rows,
    const char *problems, const char *reason)
{
	for (size_t piece = 1; piece <= len; piece++) {
		struct heard heard = { .is_stopped = false };
		struct buf why = { 0 };

		assert_int_equal(import_in(piece, format, text, len, &heard, &why), end);
		assert_string_equal(heard.rows.len > 0 ? heard.rows.data : "", rows != NULL ? rows : "");
		assert_string_equal(heard.problems.len > 0 ? heard.problems.data : "", problems != NULL ? problems : "");
		assert_string_equal(why.len > 0 ? why.data : "", reason != NULL ? reason : "");
		buf_free(&heard.rows);
		buf_free(&heard.problems);
		buf_free(&why);
	}
}

static void
expect(enum lead_format format, const char *text, enum lead_import_end end, const char *rows, const char *problems,
    const char *reason)
{
	expect_bytes(format, text, strlen(text), end, rows, problems, reason);
}

static void
csv_is_the_same_in_pieces_of_any_size(void **state)
{
	(void)state;
	expect(LEAD_CSV,
	    "\xef\xbb\xbf" "firstName,lastName,phone,kevinNotes,source\r\n"
	    "\"A \"\"q\"\"\",\"L, M\",+12125550100,\"two\nlines\",\n\r\n"
	    "B,C,12,,x",
	    LEAD_IMPORT_FINE,
	    "[{\"line\":2,\"lead\":{\"firstName\":\"A \\\"q\\\"\",\"lastName\":\"L, M\",\"phone\":\"+12125550100\","
	    "\"kevinNotes\":\"two\\nlines\",\"source\":null}}]",
	    "5:invalid:phone:must be a phone number like +12125550100 (+ and 8 to 15 digits)\n", NULL);
}

static void
cells_become_what_the_field_is(void **state)
{
	(void)state;
	expect(LEAD_CSV,
	    "firstName,lastName,phone,customFields.n,tags,customFields.t,createdAt,consent,doNotCall\n"
	    "'=A,''-B,+12125550100,1,a;b,'x,2020,\"{\"\"given\"\":true}\",0\n"
	    "'A,'5,+12125550101,,\"[\"\"c;d\"\"]\",,,,\n",
	    LEAD_IMPORT_FINE,
	    "[{\"line\":2,\"lead\":{\"firstName\":\"=A\",\"lastName\":\"'-B\",\"phone\":\"+12125550100\","
	    "\"customFields\":{\"n\":\"1\",\"t\":\"'x\"},\"tags\":[\"a\",\"b\"],\"consent\":{\"given\":true},"
	    "\"doNotCall\":false}},"
	    "{\"line\":3,\"lead\":{\"firstName\":\"'A\",\"lastName\":\"'5\",\"phone\":\"+12125550101\","
	    "\"tags\":[\"c;d\"],\"consent\":null}}]",
	    NULL, NULL);
}

static void
ndjson_is_the_same_in_pieces_of_any_size(void **state)
{
	(void)state;
	expect(LEAD_NDJSON,
	    "\xef\xbb\xbf{\"id\":\"x\",\"firstName\":\"A\",\"lastName\":\"B\",\"phone\":\"+12125550100\",\"version\":3}\n\n[]\n{\"a\"",
	    LEAD_IMPORT_FINE,
	    "[{\"line\":1,\"lead\":{\"firstName\":\"A\",\"lastName\":\"B\",\"phone\":\"+12125550100\"}}]",
	    "3:invalid::must be an object\n4:invalid::the text ends too early\n", NULL);
}

static void
a_row_with_a_nul_is_invalid_whatever_its_cell_is(void **state)
{
	static const char csv[] = "firstName,lastName,phone,city,tags,customFields\n"
				  "A\0,B,+12125550100,,,\n"
				  "A,B,+1212\0" "5550100,,,\n"
				  "A,B,+12125550100,x\0y,,\n"
				  "A,B,+12125550100,,a;b\0c;d,\n"
				  "A,B,+12125550100,,,\"{\"\"a\"\":\"\"\0\"\"}\"\n";
	static const char ndjson[] = "{\"firstName\":\"A\",\"lastName\":\"B\",\"phone\":\"+12125550100\",\"tags\":[\"a\0b\"]}\n"
				     "{\"firstName\":\"A\",\"lastName\":\"B\",\"phone\":\"+12125550100\",\"tags\":[\"a\\u0000\"]}\n"
				     "\0\n";

	(void)state;
	expect_bytes(LEAD_CSV, csv, sizeof(csv) - 1, LEAD_IMPORT_FINE, NULL,
	    "2:invalid::NUL in a string\n3:invalid::NUL in a string\n4:invalid::NUL in a string\n"
	    "5:invalid::NUL in a string\n6:invalid::control character in a string\n",
	    NULL);
	expect_bytes(LEAD_NDJSON, ndjson, sizeof(ndjson) - 1, LEAD_IMPORT_FINE, NULL,
	    "1:invalid::control character in a string\n2:invalid::NUL in a string\n3:invalid::unexpected character\n", NULL);
}

static void
what_is_no_file_ends_the_import(void **state)
{
	(void)state;
	expect(LEAD_CSV, "firstName,colour\nA,B\n", LEAD_IMPORT_COLUMNS, NULL, NULL, "colour");
	expect(LEAD_CSV, "phone,city,phone\n", LEAD_IMPORT_COLUMNS, NULL, NULL, "phone");
	expect(LEAD_CSV, "consent.given,customFields.a,customFields.b,consent\n", LEAD_IMPORT_COLUMNS, NULL, NULL, "consent");
	expect(LEAD_CSV, "Pr\xe9nom,lastName\nA,B\n", LEAD_IMPORT_MALFORMED, NULL, NULL, "Line 1 is not text in UTF-8");
	expect(LEAD_CSV, "firstName\n\"A\nB\n", LEAD_IMPORT_MALFORMED, NULL, NULL,
	    "Line 2 has a quote that is never closed");
	expect(LEAD_CSV, "firstName\nA\"B\n\"", LEAD_IMPORT_MALFORMED, NULL, NULL,
	    "Line 2 has a quote in the middle of a cell");
	expect(LEAD_CSV, "firstName\n\"A\"B\nC\n", LEAD_IMPORT_MALFORMED, NULL, NULL,
	    "Line 2 has something behind a closing quote");
}

static void
a_row_has_its_limit(void **state)
{
	struct heard heard = { .is_stopped = false };
	struct buf text = { 0 }, reason = { 0 };

	(void)state;
	buf_adds(&text, "firstName\n\"");
	for (size_t i = 0; i < LEAD_ROW_MAX; i++)
		buf_addc(&text, 'a');
	assert_int_equal(import_in(4096, LEAD_CSV, text.data, text.len, &heard, &reason), LEAD_IMPORT_MALFORMED);
	assert_string_equal(reason.data, "Line 2 is longer than 1 MiB, or has a quote that is never closed");
	buf_free(&text);
	buf_free(&reason);
}

static void
a_refused_batch_stops_the_import(void **state)
{
	static const char text[] = "{\"firstName\":\"A\",\"lastName\":\"B\",\"phone\":\"+12125550100\"}\n";
	struct heard heard = { .is_stopped = true };
	struct buf reason = { 0 };

	(void)state;
	assert_int_equal(import_in(16, LEAD_NDJSON, text, strlen(text), &heard, &reason), LEAD_IMPORT_STOPPED);
	assert_int_equal(reason.len, 0);
	buf_free(&heard.rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_is_the_same_in_pieces_of_any_size),
		cmocka_unit_test(cells_become_what_the_field_is),
		cmocka_unit_test(ndjson_is_the_same_in_pieces_of_any_size),
		cmocka_unit_test(a_row_with_a_nul_is_invalid_whatever_its_cell_is),
		cmocka_unit_test(what_is_no_file_ends_the_import),
		cmocka_unit_test(a_row_has_its_limit),
		cmocka_unit_test(a_refused_batch_stops_the_import),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
