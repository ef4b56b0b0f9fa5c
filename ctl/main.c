/*
 * main.c - valsctl: the admin's tool
 *
 * A command is a row of the table: its words, the options it needs, its function. Secrets
 * come by standard input and go to standard output, never through arguments.
 */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "crypto.h"
#include "log.h"
#include "standard_fds.h"

#define CTL_TIMEOUT_MS 600000	/* a migration may take its time */
#define CTL_TOKEN_TTL_S 43200

static const struct ctl_command {
	const char *words[2];
	int (*run)(const struct ctl_options *options);
	const char *help;
	bool has_operand;
} ctl_commands[] = {
	{ { "migrate", NULL }, ctl_migrate, "[--sql DIR] [--dry-run]: bring the database up to date", false },
	{ { "user", "add" }, ctl_user_add, "--email E --name N --role admin|kevin|operator|analyst [--password-stdin]", false },
	{ { "user", "password" }, ctl_user_password, "--email E [--password-stdin]: another password, ends the sessions", false },
	{ { "user", "list" }, ctl_user_list, "the users", false },
	{ { "apikey", "add" }, ctl_apikey_add, "--name N [--expires TIME]: prints the key, once", false },
	{ { "apikey", "list" }, ctl_apikey_list, "the API keys by their prefix", false },
	{ { "apikey", "revoke" }, ctl_apikey_revoke, "--prefix P: end an API key", false },
	{ { "key", "rotate" }, ctl_key_rotate, "make a new key for access tokens; reload the programs then", false },
	{ { "import", NULL }, ctl_import,
	    "FILE|- [--format csv|ndjson] [--dry-run|--commit]: leads from a file; without --commit only judged", true },
	{ { "webhook", "replay" }, ctl_webhook_replay,
	    "--since TIME | --id UUID | --unprocessed: apply stored events of the provider again", false },
	{ { "doctor", NULL }, ctl_doctor, "whether this installation can do its work", false },
	{ { "token", NULL }, ctl_token, "--email E [--ttl SECONDS|12h]: prints an access token", false },
};

static const struct option ctl_options_table[] = {
	{ "email", required_argument, NULL, 'e' },
	{ "name", required_argument, NULL, 'n' },
	{ "role", required_argument, NULL, 'r' },
	{ "expires", required_argument, NULL, 'x' },
	{ "prefix", required_argument, NULL, 'p' },
	{ "sql", required_argument, NULL, 's' },
	{ "ttl", required_argument, NULL, 't' },
	{ "password-stdin", no_argument, NULL, 'P' },
	{ "dry-run", no_argument, NULL, 'd' },
	{ "commit", no_argument, NULL, 'c' },
	{ "format", required_argument, NULL, 'f' },
	{ "since", required_argument, NULL, 'S' },
	{ "id", required_argument, NULL, 'i' },
	{ "unprocessed", no_argument, NULL, 'u' },
	{ NULL, 0, NULL, 0 },
};

static int
ctl_usage(void)
{
	fputs("usage: valsctl [--config FILE] COMMAND\n", stderr);
	for (size_t i = 0; i < sizeof(ctl_commands) / sizeof(*ctl_commands); i++)
		fprintf(stderr, "  %s%s%s %s\n", ctl_commands[i].words[0],
		    ctl_commands[i].words[1] != NULL ? " " : "",
		    ctl_commands[i].words[1] != NULL ? ctl_commands[i].words[1] : "", ctl_commands[i].help);
	return 2;
}

/* Seconds of `3600`, `90s`, `15m` or `12h`; -1 if it is none of them. */
static long
ctl_seconds(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || value <= 0 || value > 86400L * 365 || (*end != '\0' && end[1] != '\0'))
		return -1;
	switch (*end) {
	case '\0':
	case 's': return value;
	case 'm': return value * 60;
	case 'h': return value * 3600;
	default: return -1;
	}
}

static int
ctl_parse(int argc, char **argv, bool has_operand, struct ctl_options *options)
{
	int c;

	*options = (struct ctl_options){ .ttl_s = CTL_TOKEN_TTL_S };
	optind = 1;
	while ((c = getopt_long(argc, argv, "", ctl_options_table, NULL)) != -1) {
		switch (c) {
		case 'e': options->email = optarg; break;
		case 'n': options->name = optarg; break;
		case 'r': options->role = optarg; break;
		case 'x': options->expires = optarg; break;
		case 'p': options->prefix = optarg; break;
		case 's': options->sql_dir = optarg; break;
		case 't':
			if ((options->ttl_s = ctl_seconds(optarg)) == -1) {
				fprintf(stderr, "valsctl: --ttl takes seconds, or a number with s, m or h\n");
				return -1;
			}
			break;
		case 'P': options->has_password_stdin = true; break;
		case 'd': options->is_dry_run = true; break;
		case 'c': options->is_commit = true; break;
		case 'f': options->format = optarg; break;
		case 'S': options->since = optarg; break;
		case 'i': options->id = optarg; break;
		case 'u': options->is_unprocessed = true; break;
		default: return -1;
		}
	}
	options->operand = argv[optind];
	return argc - optind == (has_operand ? 1 : 0) ? 0 : -1;
}

static const struct ctl_command *
ctl_find(int argc, char **argv, int *words_r)
{
	for (size_t i = 0; i < sizeof(ctl_commands) / sizeof(*ctl_commands); i++) {
		const struct ctl_command *command = &ctl_commands[i];
		int words = command->words[1] == NULL ? 1 : 2;

		if (argc <= words || strcmp(argv[1], command->words[0]) != 0 ||
		    (words == 2 && strcmp(argv[2], command->words[1]) != 0))
			continue;
		*words_r = words;
		return command;
	}
	return NULL;
}

struct db *
ctl_connect(void)
{
	const char *direct = conf_text(CONF_database_listen_url);
	struct db *db = db_new(*direct != '\0' ? direct : conf_text(CONF_database_url), "vals_migrate",
	    "valsctl", true, CTL_TIMEOUT_MS);

	if (!db_connect(db)) {
		ctl_complain(db, "could not connect to the database");
		db_free(&db);
	}
	return db;
}

void
ctl_complain(const struct db *db, const char *what)
{
	const struct db_error *error = db_error(db);

	fprintf(stderr, "valsctl: %s: %s%s%s\n", what, error->message, *error->sqlstate != '\0' ? " " : "",
	    error->sqlstate);
}

struct db_result *
ctl_call(struct db *db, enum stmt stmt, const char *const *args)
{
	struct db_result *result = NULL;

	if (db_call(db, &stmts[stmt], args, &result) != DB_OK) {
		ctl_complain(db, stmts[stmt].name);
		return NULL;
	}
	return result;
}

/* The exit status, once what was printed has arrived: a key or password is never shown again. */
static int
ctl_end(int status)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return status;
	fprintf(stderr, "valsctl: could not write the output: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	const struct ctl_command *command;
	struct ctl_options options;
	int words;

	standard_fds_hold();
	log_open("valsctl", LOG_LEVEL_WARN);
	crypto_init();
	if (conf_load("valsctl", &argc, argv) == -1)
		return EXIT_FAILURE;
	command = ctl_find(argc, argv, &words);
	if (command == NULL || ctl_parse(argc - words, argv + words, command->has_operand, &options) == -1)
		return ctl_usage();
	return ctl_end(command->run(&options));
}
