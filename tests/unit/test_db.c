/*
 * test_db.c - calls, outcomes and what becomes of them when the server fails
 *
 * Runs against a server of its own, which it stops, freezes, kills and restarts.
 */
#include "db.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <poll.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "cluster.h"
#include "log.h"

#define ARGS(...) ((const char *const[]){ __VA_ARGS__ })
#define NO_ARGS ((const char *const[]){ NULL })
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct db_stmt echo = { "echo", "select * from api.echo($1)", 1 };
static const struct db_stmt add = { "add", "select api.add($1)", 1 };
static const struct db_stmt count_all = { "count_all", "select count(*) from things", 0 };
static const struct db_stmt deferred = { "deferred", "select api.add_deferred($1)", 1 };
static const struct db_stmt refuse = { "refuse", "select api.refuse($1, $2)", 2 };
static const struct db_stmt backend = { "backend", "select pg_backend_pid()", 0 };
static const struct db_stmt nap = { "nap", "select api.nap($1)", 1 };
static const struct db_stmt nap_once = { "nap_once", "select api.nap_once($1)", 1 };
static const struct db_stmt asleep = { "asleep",
    "select from pg_stat_activity where pid = $1::integer and wait_event = 'PgSleep'", 1 };
static const struct db_stmt conflict = { "conflict", "select api.conflict($1, $2)", 2 };
static const struct db_stmt whoami = { "whoami",
    "select current_user, current_setting('application_name'), current_setting('TimeZone'), "
    "current_setting('client_encoding'), current_setting('statement_timeout')", 0 };
static const struct db_stmt star = { "star", "select * from wide", 0 };
static const struct db_stmt attempts = { "attempts", "select last_value from attempts", 0 };
static const struct db_stmt late = { "late", "select api.add_late($1)", 1 };
static const struct db_stmt missing = { "missing", "select api.there_is_no_such($1)", 1 };
static const struct db_stmt length = { "length", "select length($1)", 1 };
static const struct db_stmt copy = { "copy", "copy things to stdout", 0 };

static const char schema[] =
    "create schema api;\n"
    "create table things (name text not null constraint things_name_key unique);\n"
    "create table later (name text, constraint later_name_key unique (name)\n"
    "    deferrable initially deferred);\n"
    "create table slow (name text);\n"
    "create table wide (a int);\n"
    "create sequence attempts;\n"
    "create function api.echo(_text text) returns table (\"Text\" text, nothing text)\n"
    "language sql as $$ select _text, null::text $$;\n"
    "create function api.add(_name text) returns text language sql as\n"
    "$$ insert into things values (_name) returning name $$;\n"
    "create function api.add_deferred(_name text) returns text language sql as\n"
    "$$ insert into later values (_name) returning name $$;\n"
    "create function api.add_late(_name text) returns text language sql as\n"
    "$$ insert into slow values (_name) returning name $$;\n"
    "create function api.refuse(_code text, _detail text) returns void language plpgsql as $$\n"
    "begin raise exception using errcode = _code, message = repeat('ä', 400), hint = 'TAKEN',\n"
    "    detail = _detail; end $$;\n"
    "create function api.nap(_s float) returns text language plpgsql as $$\n"
    "begin perform nextval('attempts'); perform pg_sleep(_s); return 'slept'; end $$;\n"
    "create function api.nap_once(_s float) returns text language plpgsql as $$\n"
    "begin if nextval('attempts') = 1 then perform pg_sleep(_s); end if; return 'slept'; end $$;\n"
    "create function api.conflict(_code text, _until int) returns text language plpgsql as $$\n"
    "begin if nextval('attempts') < _until then raise exception using errcode = _code; end if;\n"
    "return 'done'; end $$;\n"
    "create function slow_commit() returns trigger language plpgsql as\n"
    "$$ begin perform pg_sleep(new.name::float); return new; end $$;\n"
    "create constraint trigger slow_commit after insert on slow deferrable initially deferred\n"
    "for each row execute function slow_commit();\n"
    "create role somebody login; create role frozen login;\n"
    "alter role frozen set default_transaction_read_only = on;\n";

/* A handle of the superuser; a short timeout where the test waits for it. */
static struct db *
open_db(bool prepared, int timeout_ms)
{
	return db_new(cluster_url(), "postgres", "test_db", prepared, timeout_ms);
}

/* Run one statement which must succeed; *out gets the first value. */
static void
must_call(struct db *db, const struct db_stmt *stmt, const char *const *args, char *out,
    size_t size)
{
	struct db_result *result;
	enum db_outcome outcome = db_call(db, stmt, args, &result);
	const char *value;

	if (outcome != DB_OK)
		print_error("%s: %s\n", stmt->name, db_error(db)->message);
	assert_int_equal(outcome, DB_OK);
	value = db_rows(result) > 0 ? db_value(result, 0, 0) : NULL;
	snprintf(out, size, "%s", value != NULL ? value : "");
	db_result_free(&result);
	assert_null(result);
}

static enum db_outcome
try_call(struct db *db, const struct db_stmt *stmt, const char *const *args)
{
	struct db_result *result;
	enum db_outcome outcome = db_call(db, stmt, args, &result);

	assert_true((outcome == DB_OK) == (result != NULL));
	db_result_free(&result);
	return outcome;
}

static long
number(struct db *db, const struct db_stmt *stmt)
{
	char text[64];

	must_call(db, stmt, NO_ARGS, text, sizeof(text));
	return strtol(text, NULL, 10);
}

/* Wait until a call works again, as a program would. */
static void
recover(struct db *db)
{
	int64_t give_up = clock_ms() + 60000;

	while (try_call(db, &backend, NO_ARGS) != DB_OK) {
		assert_true(clock_ms() < give_up);
		clock_sleep_ms(20);
	}
}

static void
script(const char *sql)
{
	struct db *db = open_db(true, 5000);

	if (db_script(db, sql) != DB_OK)
		fail_msg("%s", db_error(db)->message);
	db_free(&db);
	assert_null(db);
}

/* Signal a process from another one, as soon as a backend sleeps in what it was asked for. */
static pid_t
signal_asleep(pid_t sleeper, pid_t target, int signal)
{
	int64_t give_up = clock_ms() + 20000;
	bool is_asleep = false;
	char number[16];
	struct db_result *result;
	struct db *db;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	db = open_db(true, 5000);
	snprintf(number, sizeof(number), "%ld", (long)sleeper);
	while (!is_asleep && clock_ms() < give_up) {
		clock_sleep_ms(10);
		if (db_call(db, &asleep, ARGS(number), &result) == DB_OK)
			is_asleep = db_rows(result) == 1;
		db_result_free(&result);
	}
	db_free(&db);
	_exit(is_asleep && kill(target, signal) == 0 ? 0 : 1);
}

static pid_t
signal_itself_asleep(struct db *db, int signal)
{
	pid_t pid = (pid_t)number(db, &backend);

	return signal_asleep(pid, pid, signal);
}

static void
join(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- calls and results ---- */

static void
a_new_handle_opens_nothing(void **state)
{
	struct db *db = open_db(true, 1000);

	(void)state;
	assert_int_equal(db_socket(db), -1);
	assert_int_equal(db_notifications(db), -1);
	assert_int_equal(db_retry_after_ms(db), 0);
	db_free(&db);
	db_free(&db);
}

static void
a_call_returns_rows_and_columns(void **state)
{
	struct db *db = open_db(true, 5000);
	struct db_result *result = NULL;

	(void)state;
	assert_int_equal(db_call(db, &echo, ARGS("ä€😀"), &result), DB_OK);
	assert_int_equal(db_rows(result), 1);
	assert_int_equal(db_columns(result), 2);
	assert_int_equal(db_column(result, "Text"), 0);
	assert_int_equal(db_column(result, "text"), -1);
	assert_int_equal(db_column(result, "nothing"), 1);
	assert_string_equal(db_value(result, 0, 0), "ä€😀");
	assert_int_equal(db_value_len(result, 0, 0), 9);
	assert_null(db_value(result, 0, 1));
	db_result_free(&result);
	assert_int_equal(db_call(db, &echo, ARGS(NULL), &result), DB_OK);
	assert_null(db_value(result, 0, 0));
	db_result_free(&result);
	assert_true(db_connect(db));
	assert_int_equal(db_retry_after_ms(db), 0);
	assert_true(db_socket(db) >= 0);
	db_free(&db);
}

static void
a_call_works_without_prepared_statements(void **state)
{
	struct db *db = open_db(false, 5000);
	char text[16];

	(void)state;
	must_call(db, &echo, ARGS("hello"), text, sizeof(text));
	assert_string_equal(text, "hello");
	assert_int_equal(db_prepare_all(db, (const struct db_stmt[]){ echo, nap }, 2), DB_OK);
	assert_int_equal(db_prepare_all(db, &missing, 1), DB_REFUSED);
	assert_string_equal(db_error(db)->sqlstate, "42883");
	db_free(&db);
}

static void
the_role_is_only_a_default(void **state)
{
	struct db *db = db_new(cluster_url(), "somebody", "vals-test", true, 4321);
	struct db_result *result = NULL;
	char url[256];

	(void)state;
	assert_int_equal(db_call(db, &whoami, NO_ARGS, &result), DB_OK);
	assert_string_equal(db_value(result, 0, 0), "somebody");
	assert_string_equal(db_value(result, 0, 1), "vals-test");
	assert_string_equal(db_value(result, 0, 2), "UTC");
	assert_string_equal(db_value(result, 0, 3), "UTF8");
	assert_string_equal(db_value(result, 0, 4), "4321ms");
	db_result_free(&result);
	db_free(&db);
	snprintf(url, sizeof(url), "postgresql://postgres@/postgres?host=%s", cluster_dir());
	db = db_new(url, "somebody", "vals-test", false, 4321);
	assert_int_equal(db_call(db, &whoami, NO_ARGS, &result), DB_OK);
	assert_string_equal(db_value(result, 0, 0), "postgres");
	assert_string_equal(db_value(result, 0, 4), "0");
	db_result_free(&result);
	db_free(&db);
}

static void
many_statements_are_kept_apart(void **state)
{
	struct db *db = open_db(true, 5000);
	struct db_stmt stmts[200];
	char names[LENGTH(stmts)][16], sqls[LENGTH(stmts)][32];

	(void)state;
	for (size_t i = 0; i < LENGTH(stmts); i++) {
		snprintf(names[i], sizeof(names[i]), "s%zu", i * 7919 % 1000);
		snprintf(sqls[i], sizeof(sqls[i]), "select %zu", i);
		stmts[i] = (struct db_stmt){ names[i], sqls[i], 0 };
	}
	assert_int_equal(db_prepare_all(db, stmts, LENGTH(stmts)), DB_OK);
	assert_int_equal(db_prepare_all(db, stmts, LENGTH(stmts)), DB_OK);
	for (size_t i = 0; i < LENGTH(stmts); i++)
		assert_int_equal(number(db, &stmts[i]), i);
	db_free(&db);
}

/* ---- errors ---- */

static void
an_error_carries_its_fields(void **state)
{
	struct db *db = open_db(true, 5000);
	const struct db_error *error = db_error(db);
	char long_detail[3000];

	(void)state;
	assert_int_equal(try_call(db, &refuse, ARGS("RS409", "{\"a\":1}")), DB_REFUSED);
	assert_string_equal(error->sqlstate, "RS409");
	assert_string_equal(error->hint, "TAKEN");
	assert_string_equal(error->detail, "{\"a\":1}");
	/* 511 bytes do not hold a whole number of two-byte characters. */
	assert_int_equal(strlen(error->message), 510);
	assert_int_equal(db_http_status(DB_REFUSED, error), 409);
	memset(long_detail, 'x', sizeof(long_detail));
	long_detail[sizeof(long_detail) - 1] = '\0';
	assert_int_equal(try_call(db, &refuse, ARGS("RS400", long_detail)), DB_REFUSED);
	assert_string_equal(error->detail, "");
	db_free(&db);
}

static void
a_constraint_is_named(void **state)
{
	struct db *db = open_db(true, 5000);

	(void)state;
	assert_int_equal(try_call(db, &add, ARGS("twice")), DB_OK);
	assert_int_equal(try_call(db, &add, ARGS("twice")), DB_REFUSED);
	assert_string_equal(db_error(db)->sqlstate, "23505");
	assert_string_equal(db_error(db)->constraint, "things_name_key");
	assert_int_equal(try_call(db, &add, ARGS(NULL)), DB_REFUSED);
	assert_string_equal(db_error(db)->sqlstate, "23502");
	assert_int_equal(try_call(db, &add, ARGS("\xff")), DB_REFUSED);
	assert_string_equal(db_error(db)->sqlstate, "22021");
	db_free(&db);
}

/* The function's own result has arrived by then. */
static void
a_failure_at_the_commit_is_no_success(void **state)
{
	struct db *db = open_db(true, 5000);

	(void)state;
	assert_int_equal(try_call(db, &deferred, ARGS("once")), DB_OK);
	assert_int_equal(try_call(db, &deferred, ARGS("once")), DB_REFUSED);
	assert_string_equal(db_error(db)->constraint, "later_name_key");
	db_free(&db);
}

static void
conflicts_are_repeated_three_times(void **state)
{
	struct db *db = open_db(true, 5000);

	(void)state;
	script("alter sequence attempts restart");
	assert_int_equal(try_call(db, &conflict, ARGS("40001", "4")), DB_OK);
	assert_int_equal(number(db, &attempts), 4);
	script("alter sequence attempts restart");
	assert_int_equal(try_call(db, &conflict, ARGS("40P01", "99")), DB_REFUSED);
	assert_int_equal(number(db, &attempts), 4);
	assert_int_equal(db_http_status(DB_REFUSED, db_error(db)), 503);
	db_free(&db);
}

static void
other_errors_are_not_repeated(void **state)
{
	struct db *db = open_db(true, 5000);

	(void)state;
	script("alter sequence attempts restart");
	assert_int_equal(try_call(db, &conflict, ARGS("23505", "99")), DB_REFUSED);
	assert_int_equal(try_call(db, &conflict, ARGS("57014", "99")), DB_DEADLINE);
	assert_int_equal(number(db, &attempts), 2);
	db_free(&db);
}

/* ---- statements the server has forgotten ---- */

static void
a_changed_table_is_prepared_anew(void **state)
{
	struct db *db = open_db(true, 5000);
	struct db_result *result = NULL;

	(void)state;
	script("alter table wide drop column if exists b");
	assert_int_equal(try_call(db, &star, NO_ARGS), DB_OK);
	script("alter table wide add column b int");
	assert_int_equal(db_call(db, &star, NO_ARGS, &result), DB_OK);
	assert_int_equal(db_columns(result), 2);
	db_result_free(&result);
	/* In a transaction it must fail, but only there. */
	assert_int_equal(db_begin(db), DB_OK);
	script("alter table wide drop column b");
	assert_int_equal(try_call(db, &star, NO_ARGS), DB_REFUSED);
	assert_string_equal(db_error(db)->sqlstate, "0A000");
	db_rollback(db);
	assert_int_equal(try_call(db, &star, NO_ARGS), DB_OK);
	db_free(&db);
}

static void
forgotten_statements_are_prepared_anew(void **state)
{
	struct db *db = open_db(true, 5000);
	long pid = number(db, &backend);

	(void)state;
	assert_int_equal(db_script(db, "deallocate all"), DB_OK);
	assert_int_equal(number(db, &backend), pid);
	assert_int_equal(db_script(db, "prepare nap as select 1"), DB_OK);
	assert_int_equal(try_call(db, &nap, ARGS("0")), DB_OK);
	assert_int_equal(number(db, &backend), pid);
	db_free(&db);
}

static void
a_missing_function_is_noticed_at_the_start(void **state)
{
	struct db *db = open_db(true, 5000);
	const struct db_stmt some[] = { echo, missing, nap };

	(void)state;
	assert_int_equal(db_prepare_all(db, some, LENGTH(some)), DB_REFUSED);
	assert_int_equal(try_call(db, &missing, ARGS("x")), DB_REFUSED);
	assert_int_equal(db_http_status(DB_REFUSED, db_error(db)), 500);
	db_free(&db);
}

static void
copy_is_refused(void **state)
{
	struct db *db = open_db(true, 2000);

	(void)state;
	assert_int_equal(try_call(db, &copy, NO_ARGS), DB_REFUSED);
	assert_int_equal(db_script(db, "copy things from stdin"), DB_REFUSED);
	assert_true(strstr(db_error(db)->message, "COPY") != NULL);
	recover(db);
	db_free(&db);
}

/* ---- transactions ---- */

static void
a_transaction_is_kept_or_undone(void **state)
{
	struct db *db = open_db(true, 5000);
	long before = number(db, &count_all);

	(void)state;
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(try_call(db, &add, ARGS("kept")), DB_OK);
	assert_int_equal(db_commit(db), DB_OK);
	assert_int_equal(number(db, &count_all), before + 1);
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(try_call(db, &add, ARGS("undone")), DB_OK);
	db_rollback(db);
	assert_int_equal(number(db, &count_all), before + 1);
	db_rollback(db);
	db_free(&db);
}

static void
a_commit_that_rolled_back_is_refused(void **state)
{
	struct db *db = open_db(true, 5000);

	(void)state;
	assert_int_equal(try_call(db, &add, ARGS("there")), DB_OK);
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(try_call(db, &add, ARGS("there")), DB_REFUSED);
	assert_int_equal(db_commit(db), DB_REFUSED);
	assert_string_equal(db_error(db)->sqlstate, "23505");
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(db_script(db, "rollback"), DB_OK);
	assert_int_equal(db_commit(db), DB_REFUSED);
	assert_string_equal(db_error(db)->sqlstate, "25P01");
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(db_script(db, "do $$ begin raise '' using errcode = '23505'; end $$"),
	    DB_REFUSED);
	assert_int_equal(db_commit(db), DB_REFUSED);
	db_free(&db);
}

static void
a_conflict_in_a_transaction_is_not_repeated(void **state)
{
	struct db *db = open_db(true, 5000);

	(void)state;
	script("alter sequence attempts restart");
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(try_call(db, &conflict, ARGS("40001", "99")), DB_REFUSED);
	db_rollback(db);
	assert_string_equal(db_error(db)->sqlstate, "40001");
	assert_int_equal(number(db, &attempts), 1);
	db_free(&db);
}

static void
a_lost_transaction_never_goes_on_elsewhere(void **state)
{
	struct db *db = open_db(true, 5000);
	long before = number(db, &count_all);
	char kill_it[64];

	(void)state;
	snprintf(kill_it, sizeof(kill_it), "select pg_terminate_backend(%ld, 5000)",
	    number(db, &backend));
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(try_call(db, &add, ARGS("lost 1")), DB_OK);
	script(kill_it);
	assert_int_equal(try_call(db, &add, ARGS("lost 2")), DB_AWAY);
	assert_int_equal(try_call(db, &add, ARGS("lost 3")), DB_AWAY);
	assert_int_equal(db_commit(db), DB_AWAY);
	assert_int_equal(number(db, &count_all), before);
	snprintf(kill_it, sizeof(kill_it), "select pg_terminate_backend(%ld, 5000)",
	    number(db, &backend));
	assert_int_equal(db_begin(db), DB_OK);
	script(kill_it);
	db_rollback(db);
	assert_int_equal(number(db, &count_all), before);
	db_free(&db);
}

static void
a_transaction_lost_in_a_statement_is_away(void **state)
{
	struct db *db = open_db(true, 20000);
	pid_t killer;

	(void)state;
	assert_int_equal(db_begin(db), DB_OK);
	killer = signal_itself_asleep(db, SIGTERM);
	assert_int_equal(try_call(db, &nap, ARGS("20")), DB_AWAY);
	join(killer);
	assert_int_equal(db_commit(db), DB_AWAY);
	db_free(&db);
}

static void
a_deadline_loses_the_transaction(void **state)
{
	struct db *db = open_db(false, 1500);
	long before = number(db, &count_all);

	(void)state;
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(try_call(db, &add, ARGS("too slow")), DB_OK);
	assert_int_equal(try_call(db, &nap, ARGS("5")), DB_DEADLINE);
	assert_int_equal(db_commit(db), DB_AWAY);
	assert_int_equal(number(db, &count_all), before);
	db_free(&db);
}

static void
a_commit_past_the_deadline_was_undone(void **state)
{
	struct db *db = open_db(false, 1500);

	(void)state;
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(try_call(db, &late, ARGS("5")), DB_OK);
	assert_int_equal(db_commit(db), DB_DEADLINE);
	db_free(&db);
}

/* ---- scripts ---- */

static void
a_script_error_names_its_line(void **state)
{
	struct db *db = open_db(true, 5000);

	(void)state;
	assert_int_equal(db_script(db, "select 'ä€';\nselect 1;\nselekt 2;\n"), DB_REFUSED);
	assert_string_equal(db_error(db)->sqlstate, "42601");
	assert_int_equal(strncmp(db_error(db)->message, "line 3: ", 8), 0);
	assert_int_equal(db_script(db, "do $$ begin raise exception 'no'; end $$"), DB_REFUSED);
	assert_string_equal(db_error(db)->message, "no");
	db_free(&db);
}

static void
a_script_must_end_its_transaction(void **state)
{
	struct db *db = open_db(true, 5000);
	long before = number(db, &count_all);

	(void)state;
	assert_int_equal(db_script(db, "begin; insert into things values ('open')"), DB_REFUSED);
	assert_string_equal(db_error(db)->sqlstate, "25001");
	assert_int_equal(db_script(db, "begin; insert into things values ('open'); select 1/0"),
	    DB_REFUSED);
	assert_string_equal(db_error(db)->sqlstate, "22012");
	assert_int_equal(number(db, &count_all), before);
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(db_script(db, "insert into things values ('by script'); select 1"), DB_OK);
	assert_int_equal(db_commit(db), DB_OK);
	assert_int_equal(number(db, &count_all), before + 1);
	assert_int_equal(db_script(db, ""), DB_OK);
	db_free(&db);
}

static void
a_script_cut_off_is_unknown(void **state)
{
	struct db *db = open_db(true, 20000);
	pid_t killer = signal_itself_asleep(db, SIGTERM);

	(void)state;
	assert_int_equal(db_script(db, "select pg_sleep(20)"), DB_UNKNOWN);
	join(killer);
	db_free(&db);
}

/* ---- notifications ---- */

/* The notifications that are there, or come before patience ends. */
static int
await_notifications(struct db *db)
{
	struct pollfd pfd = { .fd = db_socket(db), .events = POLLIN };
	int64_t give_up = clock_ms() + 20000;
	int count = 0;

	while (count == 0 && clock_ms() < give_up) {
		poll(&pfd, 1, 100);
		count = db_notifications(db);
	}
	return count;
}

static void
a_notification_arrives(void **state)
{
	struct db *listener = open_db(true, 5000), *speaker = open_db(true, 5000);

	(void)state;
	db_notify(speaker, "vals_event");
	assert_int_equal(db_listen(listener, "vals_event"), DB_OK);
	assert_int_equal(db_listen(listener, "Other \"channel\""), DB_OK);
	assert_int_equal(db_listen(listener, "vals_event"), DB_OK);
	assert_int_equal(db_notifications(listener), 0);
	assert_true(db_connect(speaker));
	db_notify(speaker, "vals_event");
	assert_int_equal(await_notifications(listener), 1);
	db_notify(speaker, "Other \"channel\"");
	assert_int_equal(await_notifications(listener), 1);
	assert_int_equal(db_listen(listener, "\xff"), DB_REFUSED);
	db_free(&listener);
	db_free(&speaker);
}

static void
listening_goes_on_after_a_reconnect(void **state)
{
	struct db *listener = open_db(true, 5000), *speaker = open_db(true, 5000);
	struct pollfd pfd;

	(void)state;
	assert_int_equal(db_listen(listener, "vals_event"), DB_OK);
	kill((pid_t)number(listener, &backend), SIGTERM);
	pfd = (struct pollfd){ .fd = db_socket(listener), .events = POLLIN };
	assert_int_equal(poll(&pfd, 1, 5000), 1);
	assert_int_equal(db_notifications(listener), -1);
	assert_int_equal(db_notifications(listener), -1);
	assert_true(db_connect(listener));
	assert_true(db_connect(speaker));
	db_notify(speaker, "vals_event");
	assert_int_equal(await_notifications(listener), 1);
	/* Also when it is the LISTEN that finds the connection dead. */
	kill((pid_t)number(listener, &backend), SIGTERM);
	pfd.fd = db_socket(listener);
	assert_int_equal(poll(&pfd, 1, 5000), 1);
	assert_int_equal(db_listen(listener, "vals_command"), DB_OK);
	db_notify(speaker, "vals_command");
	assert_int_equal(await_notifications(listener), 1);
	db_free(&listener);
	db_free(&speaker);
}

/* ---- deadlines ---- */

static void
a_slow_statement_is_cancelled(void **state)
{
	const bool modes[] = { true, false };

	(void)state;
	for (size_t i = 0; i < LENGTH(modes); i++) {
		struct db *db = open_db(modes[i], 1500);
		int64_t start = clock_ms();

		assert_int_equal(try_call(db, &nap, ARGS("5")), DB_DEADLINE);
		assert_true(clock_ms() - start >= 1450);
		assert_string_equal(db_error(db)->sqlstate, "57014");
		assert_int_equal(db_http_status(DB_DEADLINE, db_error(db)), 503);
		assert_int_equal(try_call(db, &echo, ARGS("next")), DB_OK);
		db_free(&db);
	}
}

static void
a_frozen_backend_is_given_up(void **state)
{
	struct db *db = open_db(true, 1500);
	pid_t pid = (pid_t)number(db, &backend);
	int64_t start;

	(void)state;
	assert_int_equal(try_call(db, &add, ARGS("before the frost")), DB_OK);
	start = clock_ms();
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(try_call(db, &add, ARGS("who knows")), DB_UNKNOWN);
	assert_true(clock_ms() - start >= 2400);
	assert_true(number(db, &backend) != pid);
	assert_int_equal(kill(pid, SIGCONT), 0);
	/* Preparing would have done nothing, so that much is known. */
	pid = (pid_t)number(db, &backend);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(try_call(db, &echo, ARGS("not even prepared")), DB_AWAY);
	assert_int_equal(kill(pid, SIGCONT), 0);
	db_free(&db);
}

static void
what_cannot_be_sent_was_not_done(void **state)
{
	struct db *db = open_db(true, 5000);
	size_t size = 8 << 20;
	char *text = malloc(size);
	pid_t pid;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size - 1);
	text[size - 1] = '\0';
	assert_int_equal(try_call(db, &length, ARGS(text)), DB_OK);
	pid = (pid_t)number(db, &backend);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(try_call(db, &length, ARGS(text)), DB_DEADLINE);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(try_call(db, &length, ARGS(text)), DB_OK);
	free(text);
	db_free(&db);
}

static void
a_frozen_server_costs_two_seconds_once(void **state)
{
	struct db *db = open_db(true, 5000);
	int64_t start, took;

	(void)state;
	assert_int_equal(kill(cluster_pid(), SIGSTOP), 0);
	start = clock_ms();
	assert_int_equal(try_call(db, &backend, NO_ARGS), DB_AWAY);
	assert_true(clock_ms() - start >= 1900);
	/* The wait for the next attempt may be over when the call comes, but not each time. */
	took = 1900;
	for (int i = 0; i < 20 && took >= 1900; i++) {
		start = clock_ms();
		assert_int_equal(try_call(db, &backend, NO_ARGS), DB_AWAY);
		took = clock_ms() - start;
	}
	assert_true(took < 1900);
	assert_int_equal(kill(cluster_pid(), SIGCONT), 0);
	recover(db);
	db_free(&db);
}

/* With all of it frozen even a cancel request gets no answer. */
static void
cancels_without_answer_are_bounded(void **state)
{
	struct db *dbs[6];
	pid_t pids[LENGTH(dbs)];
	int64_t start;

	(void)state;
	for (size_t i = 0; i < LENGTH(dbs); i++) {
		dbs[i] = open_db(false, 1500);
		pids[i] = (pid_t)number(dbs[i], &backend);
	}
	for (size_t i = 0; i < LENGTH(dbs); i++)
		kill(pids[i], SIGSTOP);
	kill(cluster_pid(), SIGSTOP);
	for (size_t i = 0; i < LENGTH(dbs); i++) {
		start = clock_ms();
		assert_int_equal(try_call(dbs[i], &backend, NO_ARGS), DB_UNKNOWN);
		assert_true(clock_ms() - start < 20000);
	}
	kill(cluster_pid(), SIGCONT);
	for (size_t i = 0; i < LENGTH(dbs); i++) {
		kill(pids[i], SIGCONT);
		db_free(&dbs[i]);
	}
}

/* ---- broken connections ---- */

static void
an_idle_connection_is_replaced_unnoticed(void **state)
{
	struct db *db = open_db(true, 5000), *killer = open_db(true, 5000);
	const struct db_stmt end = { "end", "select pg_terminate_backend($1, 5000)", 1 };
	char pid[32];

	(void)state;
	for (int i = 0; i < 20; i++) {
		must_call(db, &backend, NO_ARGS, pid, sizeof(pid));
		assert_int_equal(try_call(killer, &end, ARGS(pid)), DB_OK);
		assert_int_equal(try_call(db, &echo, ARGS("still there")), DB_OK);
		must_call(db, &backend, NO_ARGS, pid, sizeof(pid));
		assert_int_equal(try_call(killer, &end, ARGS(pid)), DB_OK);
		assert_int_equal(db_begin(db), DB_OK);
		assert_int_equal(db_commit(db), DB_OK);
	}
	db_free(&db);
	db_free(&killer);
}

static void
a_statement_ended_by_shutdown_is_repeated(void **state)
{
	struct db *db = open_db(true, 20000);
	pid_t killer;

	(void)state;
	script("alter sequence attempts restart");
	killer = signal_itself_asleep(db, SIGTERM);
	assert_int_equal(try_call(db, &nap_once, ARGS("20")), DB_OK);
	join(killer);
	assert_int_equal(number(db, &attempts), 2);
	db_free(&db);
}

static void
a_crash_in_a_statement_is_unknown(void **state)
{
	struct db *db = open_db(true, 20000), *other = open_db(true, 20000);
	pid_t killer;

	(void)state;
	killer = signal_itself_asleep(db, SIGKILL);
	assert_int_equal(try_call(db, &nap, ARGS("20")), DB_UNKNOWN);
	join(killer);
	assert_string_equal(db_error(db)->sqlstate, "");
	recover(db);
	/* Another backend's crash: 57P02 proves nothing either. */
	killer = signal_asleep((pid_t)number(db, &backend), (pid_t)number(other, &backend), SIGKILL);
	assert_int_equal(try_call(db, &nap, ARGS("20")), DB_UNKNOWN);
	join(killer);
	recover(db);
	db_free(&db);
	db_free(&other);
}

static void
a_crash_in_a_commit_is_unknown(void **state)
{
	struct db *db = open_db(true, 20000);
	pid_t killer;

	(void)state;
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(try_call(db, &late, ARGS("20")), DB_OK);
	killer = signal_itself_asleep(db, SIGKILL);
	assert_int_equal(db_commit(db), DB_UNKNOWN);
	join(killer);
	recover(db);
	db_free(&db);
}

static void
a_restart_is_survived(void **state)
{
	struct db *db = open_db(true, 5000);
	struct db *away = open_db(true, 5000);
	int64_t start;

	(void)state;
	assert_int_equal(try_call(db, &echo, ARGS("before")), DB_OK);
	cluster_stop();
	for (int i = 0; i < 20; i++) {
		start = clock_ms();
		assert_int_equal(try_call(db, &echo, ARGS("meanwhile")), DB_AWAY);
		assert_true(clock_ms() - start < 5000);
	}
	assert_int_equal(db_prepare_all(away, &echo, 1), DB_AWAY);
	assert_int_equal(db_begin(away), DB_AWAY);
	assert_int_equal(db_listen(away, "vals_event"), DB_AWAY);
	assert_int_equal(db_script(away, "select 1"), DB_AWAY);
	db_notify(away, "vals_event");
	cluster_start();
	recover(db);
	assert_int_equal(try_call(db, &echo, ARGS("after")), DB_OK);
	db_free(&db);
	db_free(&away);
}

static void
back_off_grows_to_its_limit(void **state)
{
	struct db *db = db_new("postgresql:///x?host=/nonexistent", "x", "test", true, 1000);
	int wait, longest = 0;

	(void)state;
	/* Full jitter: one wait may be short, but not all of them. */
	for (int i = 0; i < 7; i++) {
		assert_false(db_connect(db));
		wait = db_retry_after_ms(db);
		assert_in_range(wait, 0, (100 << i) + 1);
		if (wait > longest)
			longest = wait;
		clock_sleep_ms(wait + 1);
	}
	assert_true(longest > 100);
	db_free(&db);
}

static void
a_bad_url_is_away(void **state)
{
	const char *const urls[] = { "postgresql:///x?nonsense=1", "nonsense", "" };

	(void)state;
	for (size_t i = 0; i < LENGTH(urls); i++) {
		struct db *db = db_new(urls[i], "nobody_of_that_name", "test", true, 1000);

		assert_int_equal(try_call(db, &backend, NO_ARGS), DB_AWAY);
		assert_true(db_error(db)->message[0] != '\0');
		db_free(&db);
	}
}

static void
a_read_only_server_is_not_used(void **state)
{
	struct db *db = db_new(cluster_url(), "frozen", "test", true, 1000);

	(void)state;
	assert_int_equal(try_call(db, &backend, NO_ARGS), DB_AWAY);
	db_free(&db);
}

static void
a_server_that_turned_read_only_is_left(void **state)
{
	struct db *db = open_db(true, 5000);
	long pid = number(db, &backend);

	(void)state;
	assert_int_equal(db_script(db, "set default_transaction_read_only = on"), DB_OK);
	assert_int_equal(try_call(db, &add, ARGS("read only")), DB_REFUSED);
	assert_string_equal(db_error(db)->sqlstate, "25006");
	assert_true(number(db, &backend) != pid);
	db_free(&db);
}

static int
create(void **state)
{
	(void)state;
	cluster_create();
	script(schema);
	return 0;
}

static int
destroy(void **state)
{
	(void)state;
	cluster_destroy();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_handle_opens_nothing),
		cmocka_unit_test(a_call_returns_rows_and_columns),
		cmocka_unit_test(a_call_works_without_prepared_statements),
		cmocka_unit_test(the_role_is_only_a_default),
		cmocka_unit_test(many_statements_are_kept_apart),
		cmocka_unit_test(an_error_carries_its_fields),
		cmocka_unit_test(a_constraint_is_named),
		cmocka_unit_test(a_failure_at_the_commit_is_no_success),
		cmocka_unit_test(conflicts_are_repeated_three_times),
		cmocka_unit_test(other_errors_are_not_repeated),
		cmocka_unit_test(a_changed_table_is_prepared_anew),
		cmocka_unit_test(forgotten_statements_are_prepared_anew),
		cmocka_unit_test(a_missing_function_is_noticed_at_the_start),
		cmocka_unit_test(copy_is_refused),
		cmocka_unit_test(a_transaction_is_kept_or_undone),
		cmocka_unit_test(a_commit_that_rolled_back_is_refused),
		cmocka_unit_test(a_conflict_in_a_transaction_is_not_repeated),
		cmocka_unit_test(a_lost_transaction_never_goes_on_elsewhere),
		cmocka_unit_test(a_transaction_lost_in_a_statement_is_away),
		cmocka_unit_test(a_deadline_loses_the_transaction),
		cmocka_unit_test(a_commit_past_the_deadline_was_undone),
		cmocka_unit_test(a_script_error_names_its_line),
		cmocka_unit_test(a_script_must_end_its_transaction),
		cmocka_unit_test(a_script_cut_off_is_unknown),
		cmocka_unit_test(a_notification_arrives),
		cmocka_unit_test(listening_goes_on_after_a_reconnect),
		cmocka_unit_test(a_slow_statement_is_cancelled),
		cmocka_unit_test(a_frozen_backend_is_given_up),
		cmocka_unit_test(what_cannot_be_sent_was_not_done),
		cmocka_unit_test(a_frozen_server_costs_two_seconds_once),
		cmocka_unit_test(cancels_without_answer_are_bounded),
		cmocka_unit_test(an_idle_connection_is_replaced_unnoticed),
		cmocka_unit_test(a_statement_ended_by_shutdown_is_repeated),
		cmocka_unit_test(a_crash_in_a_statement_is_unknown),
		cmocka_unit_test(a_crash_in_a_commit_is_unknown),
		cmocka_unit_test(a_restart_is_survived),
		cmocka_unit_test(back_off_grows_to_its_limit),
		cmocka_unit_test(a_bad_url_is_away),
		cmocka_unit_test(a_read_only_server_is_not_used),
		cmocka_unit_test(a_server_that_turned_read_only_is_left),
	};

	if (!cluster_is_possible()) {
		puts("1..0 # SKIP the PostgreSQL server's programs are not installed");
		return CLUSTER_SKIP;
	}
	log_open("test_db", LOG_LEVEL_DEBUG);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, create, destroy);
}
