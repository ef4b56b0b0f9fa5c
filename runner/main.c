/*
 * main.c - vals-runner: tells the telephone provider what the database wants told
 *
 * One thread, one loop: it sleeps in the HTTP client until an answer, a
 * notification or a signal comes, or the next poll is due. A notification is only
 * a hint; the poll finds what it missed.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "commands.h"
#include "conf.h"
#include "crypto.h"
#include "db.h"
#include "http_client.h"
#include "log.h"
#include "provider_conf.h"
#include "recordings.h"
#include "standard_fds.h"
#include "stmts.h"
#include "telnyx.h"
#include "upkeep.h"

#define PROGRAM "vals-runner"
#define ROLE "vals_run"
#define WEBHOOK_PATH "/api/webhooks/telnyx"

#define POLL_MS UPKEEP_DEADLINES_MS
#define DRAIN_MS 6000 /* a request takes 5 s at most */
#define MEGABYTE 1000000L

enum state {
	RUNNING,
	STOPPING, /* takes nothing more, waits for what is under way, exits */
	RELOADING, /* the same, then becomes a fresh process with today's settings */
};

struct runner {
	enum state state;
	struct db *db;
	struct db *listener; /* its own connection: may not go through PgBouncer */
	struct http_client *http;
	struct commands *commands;
	struct recordings *recordings;
	struct arena *arena; /* the account's texts, our name in the rows */
	struct telnyx_account account;
	int signals; /* signalfd */
	bool is_configured; /* the provider's settings are complete */
	bool is_prepared; /* the database has all our functions */
	struct upkeep upkeep;
	int64_t poll_at, drained_by;
};

/* The text of a setting without slashes at its end, in the runner's arena. */
static const char *
trimmed(struct runner *runner, enum conf_key key)
{
	const char *text = conf_text(key);
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '/')
		len--;
	return arena_strndup(runner->arena, text, len);
}

/* Whether the settings let us work: telephones of which nobody would hear again are not dialled. */
static bool
is_configured(void)
{
	struct buf problems = { 0 };
	bool is_complete = provider_conf_is_complete(&problems);

	if (!is_complete)
		log_error("start", "no command is sent, they stay queued: %s", problems.data);
	buf_free(&problems);
	return is_complete;
}

/* The signals we are told about arrive as bytes, between two turns of the loop. */
static int
open_signals(void)
{
	sigset_t wanted;
	int fd;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &wanted, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -1;
	fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd;
}

/* Whether a runner can begin with these settings; the reason why not is logged. */
static bool
would_start(void)
{
	bool may_call = http_client_may_call(conf_text(CONF_telnyx_api_base));

	if (!may_call)
		log_error("start", "telnyx_api_base must be https, or http on loopback");
	return may_call;
}

static void
drain(struct runner *runner, enum state state)
{
	log_info("stop", "%s, %zu commands under way",
	    state == RELOADING ? "starting anew" : "stopping", commands_held(runner->commands));
	runner->state = state;
	runner->drained_by = clock_ms() + DRAIN_MS;
}

static void
read_signals(struct runner *runner)
{
	struct signalfd_siginfo info;

	while (read(runner->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGHUP && runner->state == STOPPING)
			log_info("stop", "already stopping");
		else if (info.ssi_signo != SIGHUP)
			drain(runner, STOPPING);
		else if (runner->state != RUNNING)
			log_info("reload", "already stopping");
		else if (conf_would_do(would_start))
			drain(runner, RELOADING);
		else
			log_error("reload", "the settings are wrong, going on with the old ones");
	}
}

/* Check once that the database has our functions; false if it has not. */
static bool
prepare(struct runner *runner)
{
	enum db_outcome outcome;

	if (runner->is_prepared)
		return true;
	outcome = db_prepare_all(runner->db, stmts, STMT__MAX);
	if (outcome == DB_REFUSED) {
		log_error("start", "the database lacks our functions: run valsctl migrate");
		return false;
	}
	runner->is_prepared = outcome == DB_OK;
	return true;
}

/* Listen, also again after the connection was lost. Returns whether somebody called. */
static bool
hear(struct runner *runner)
{
	int count;

	if (db_socket(runner->listener) < 0) {
		if (db_retry_after_ms(runner->listener) > 0 ||
		    db_listen(runner->listener, "vals_command") != DB_OK)
			return false;
		return true; /* what was called meanwhile is gone: look */
	}
	count = db_notifications(runner->listener);
	return count > 0;
}

/* Milliseconds the loop may sleep. */
static int
wait_ms(const struct runner *runner)
{
	int64_t left = runner->poll_at - clock_ms();

	if (left <= 0)
		return 0;
	if (runner->state != RUNNING || !runner->is_configured)
		return (int)left;
	return commands_wait_ms(runner->commands, (int)left);
}

/* What is due by the clock, or because somebody called. */
static void
work(struct runner *runner, bool is_called)
{
	const struct upkeep_of of = {
		.db = runner->db,
		.commands = runner->commands,
		.recordings = runner->recordings,
		.webhooks_days = conf_text(CONF_webhooks_days),
		.is_configured = runner->is_configured,
	};
	bool is_due = is_called || clock_ms() >= runner->poll_at;

	if (clock_ms() >= runner->poll_at)
		runner->poll_at = clock_ms() + POLL_MS;
	if (!runner->is_prepared)
		return;
	is_due |= upkeep_run(&runner->upkeep, &of);
	if (runner->state != RUNNING || !runner->is_configured)
		return;
	if (is_due || commands_wait_ms(runner->commands, POLL_MS) == 0)
		(void)commands_take(runner->commands);
	if (is_due)
		(void)recordings_take(runner->recordings);
}

static bool
is_drained(const struct runner *runner)
{
	return runner->state != RUNNING &&
	    (commands_held(runner->commands) == 0 || clock_ms() >= runner->drained_by);
}

/* Returns 0 once asked to stop, 1 if the database is not ours. */
static int
loop(struct runner *runner)
{
	bool is_called;

	while (!is_drained(runner)) {
		int fds[] = { runner->signals, db_socket(runner->listener) };

		http_client_run(runner->http, wait_ms(runner), fds, sizeof(fds) / sizeof(fds[0]));
		read_signals(runner);
		is_called = commands_settle(runner->commands);
		recordings_settle(runner->recordings);
		is_called |= hear(runner);
		if (!prepare(runner))
			return 1;
		work(runner, is_called);
	}
	if (commands_held(runner->commands) > 0)
		log_warn("stop", "%zu commands are left to the next runner, after their lease",
		    commands_held(runner->commands));
	return 0;
}

static const char *
listen_url(void)
{
	const char *url = conf_text(CONF_database_listen_url);

	return url[0] != '\0' ? url : conf_text(CONF_database_url);
}

static void
open_database(struct runner *runner)
{
	int timeout = (int)conf_int(CONF_database_timeout_ms);

	runner->db = db_new(conf_text(CONF_database_url), ROLE, PROGRAM,
	    conf_bool(CONF_database_prepared), timeout);
	runner->listener = db_new(listen_url(), ROLE, PROGRAM " listen", false, timeout);
}

static void
open_provider(struct runner *runner)
{
	runner->account = (struct telnyx_account){
		.base = trimmed(runner, CONF_telnyx_api_base),
		.connection_id = arena_strdup(runner->arena, conf_text(CONF_telnyx_connection_id)),
		.number = arena_strdup(runner->arena, conf_text(CONF_telnyx_phone_number)),
		.webhook_url = arena_printf(runner->arena, "%s" WEBHOOK_PATH,
		    trimmed(runner, CONF_api_base_url)),
		.voice = arena_strdup(runner->arena, conf_text(CONF_speech_voice)),
	};
	runner->http = http_client_new(conf_text(CONF_telnyx_api_key));
}

/* What works on the rows, under the name they will bear. */
static void
open_work(struct runner *runner)
{
	const struct commands_limits limits = {
		.held = (size_t)conf_int(CONF_provider_max_inflight),
		.dials_per_s = conf_int(CONF_dial_rate),
		.calls = conf_int(CONF_calls_max),
	};
	const struct recordings_settings settings = {
		.dir = arena_strdup(runner->arena, conf_text(CONF_recordings_dir)),
		.max_bytes = conf_int(CONF_recordings_max_mb) * MEGABYTE,
		.days = conf_int(CONF_recordings_days),
		.may_be_loopback = http_client_is_loopback(runner->account.base),
	};
	char host[64] = "";
	const char *worker;

	(void)gethostname(host, sizeof(host) - 1);
	worker = arena_printf(runner->arena, "%s:%d", host, (int)getpid());
	runner->commands = commands_new(&runner->account, runner->db, runner->http, worker, &limits);
	runner->recordings = recordings_new(&runner->account, runner->db, runner->http, worker, &settings);
}

static void
close_all(struct runner *runner)
{
	http_client_free(&runner->http);
	recordings_free(&runner->recordings);
	commands_free(&runner->commands);
	db_free(&runner->listener);
	db_free(&runner->db);
	arena_free(&runner->arena);
	close(runner->signals);
}

/* Become a fresh process of today's program; the rest of the arguments are as they were. */
static int
start_anew(char **argv)
{
	execvp(argv[0], argv);
	log_error("reload", "could not start %s anew: %s", argv[0], strerror(errno));
	return 1;
}

static int
run(char **argv)
{
	struct runner runner = { 0 };
	int status;

	runner.signals = open_signals();
	if (runner.signals < 0) {
		log_error("start", "could not catch signals: %s", strerror(errno));
		return 1;
	}
	if (!would_start())
		return 1;
	runner.is_configured = is_configured();
	runner.arena = arena_new(1024);
	open_database(&runner);
	open_provider(&runner);
	open_work(&runner);
	log_info("start", "started");
	status = loop(&runner);
	close_all(&runner);
	if (runner.state == RELOADING)
		return start_anew(argv);
	log_info("stop", "stopped");
	return status;
}

/* Returns the exit status: 0 is well, 1 a failure, 2 a wrong command line. */
static int
start(int argc, char **argv, char **arguments)
{
	if (conf_load(PROGRAM, &argc, argv) != 0)
		return 1;
	if (argc > 1) {
		fprintf(stderr, "%s: unknown argument: %s\n", PROGRAM, argv[1]);
		return 2;
	}
	log_open(PROGRAM, (enum log_level)log_level_parse(conf_text(CONF_log_level)));
	crypto_init();
	return run(arguments);
}

int
main(int argc, char **argv)
{
	char **arguments = conf_copy_arguments(argc, argv);
	int status;

	standard_fds_hold();
	status = start(argc, argv, arguments);
	free(arguments);
	return status;
}
