/*
 * commands.c - command rows: take, send, store how it ended
 *
 * A row taken becomes a struct command, which is in exactly one list: under way
 * (a request of it is with the HTTP client), or ended (its last statement
 * waits to be executed). All its memory is one arena.
 *
 * The provider remembers a command_id for 60 s. As long as that surely
 * holds, an unknown outcome is cured by sending the same again; later we
 * ask first, for a dial done twice is a telephone that rings twice.
 */
#include "commands.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "arena.h"
#include "clock.h"
#include "ending.h"
#include "failpoint.h"
#include "json.h"
#include "log.h"
#include "stmts.h"
#include "verdict.h"
#include "xalloc.h"

#define LEASE_S "30"
#define LEASE_MS 30000
#define PACE_S 5 /* the provider counts dials over this long */
#define ARENA_SIZE 2048

/* Sent this long after the first time a command still arrives within the 60 s. */
#define RESEND_MS 50000
/* An absence counts when the list of active calls had time to show a last late dial. */
#define ABSENT_MS 75000
#define ABSENT_AGAIN_MS 5000
/* The questions of one command must end well within its lease. */
#define ASK_MS 20000

#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 8000
#define LATER_MAX_MS 60000
#define BARRED_MS 30000
#define STRANGE_MS 5000 /* a kind which only a newer runner knows */

enum column {
	COL_COMMAND_ID,
	COL_KIND,
	COL_ATTEMPT,
	COL_AGE_MS,
	COL_CALL_ID,
	COL_CALL_CONTROL_ID,
	COL_PARAMS,
	COL__MAX
};

static const char *const column_names[COL__MAX] = {
	"command_id",
	"kind",
	"attempt",
	"age_ms",
	"call_id",
	"call_control_id",
	"params",
};

struct command {
	struct command *prev, *next;
	struct commands *owner;
	struct arena *arena;
	struct telnyx_command row;
	int attempt;
	int64_t age_ms; /* since it was first sent, when taken */
	bool may_have_acted; /* the provider may have carried it out already */
	int64_t taken_at; /* or somewhat later; see start */
	struct ending ending; /* once ended */
};

struct commands {
	const struct telnyx_account *account;
	struct db *db;
	struct http_client *http;
	char *worker;
	char *dials_max, *calls_max; /* as the database takes them */
	size_t max, held;
	struct command *under_way, *ended;
	int64_t barred_until; /* the provider refused our key */
	int64_t due_at; /* a retry of ours is due then; 0 when none is known */
	bool is_more; /* the last take filled all room: there may be more */
	struct commands_counters counters;
};

static http_done on_answer, on_finding;
static void ask(struct command *command, const char *cursor);

struct commands *
commands_new(const struct telnyx_account *account, struct db *db, struct http_client *http,
    const char *worker, const struct commands_limits *limits)
{
	struct commands *commands = xcalloc(1, sizeof(*commands));

	commands->account = account;
	commands->db = db;
	commands->http = http;
	commands->worker = xstrdup(worker);
	commands->max = limits->held;
	commands->dials_max = xasprintf("%ld", limits->dials_per_s * PACE_S);
	commands->calls_max = xasprintf("%ld", limits->calls);
	return commands;
}

static void
command_free(struct command **list, struct command *command)
{
	struct arena *arena = command->arena;

	DL_DELETE(*list, command);
	command->owner->held--;
	arena_free(&arena); /* the command lies in it */
}

void
commands_free(struct commands **commands_p)
{
	struct commands *commands = *commands_p;
	struct command *command;

	if (commands == NULL)
		return;
	while ((command = commands->under_way) != NULL)
		command_free(&commands->under_way, command);
	while ((command = commands->ended) != NULL)
		command_free(&commands->ended, command);
	free(commands->worker);
	free(commands->dials_max);
	free(commands->calls_max);
	free(commands);
	*commands_p = NULL;
}

static int64_t
age_ms(const struct command *command)
{
	return command->age_ms + (clock_ms() - command->taken_at);
}

/* Half a second, doubling to eight. */
static int
backoff_ms(int attempt)
{
	return ending_backoff_ms(attempt, BACKOFF_MIN_MS, BACKOFF_MAX_MS);
}

/*
 * The ends of a command. Each moves it to the list of the ended with the statement
 * that will store it; the first two arguments are always the same.
 */
static void
end(struct command *command, enum stmt stmt)
{
	command->ending.stmt = stmt;
	command->ending.args[0] = command->row.id;
	command->ending.args[1] = arena_printf(command->arena, "%d", command->attempt);
	/* A list member has both neighbours. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	DL_DELETE(command->owner->under_way, command);
	DL_APPEND(command->owner->ended, command);
}

static void
end_done(struct command *command, long status, const char *answer)
{
	command->ending.args[2] = arena_printf(command->arena, "%ld", status);
	command->ending.args[3] = arena_strdup(command->arena, answer);
	end(command, STMT_command_done);
}

static void
end_failed(struct command *command, long status, const char *code, const char *reason)
{
	log_warn("command", "%s %s of call %s failed: %s (status %ld, code %s)",
	    telnyx_kind_name(command->row.kind), command->row.id, command->row.call_id, reason,
	    status, code[0] != '\0' ? code : "none");
	command->ending.args[2] = arena_printf(command->arena, "%ld", status);
	command->ending.args[3] = arena_strdup(command->arena, code);
	command->ending.args[4] = reason;
	end(command, STMT_command_failed);
}

static void
end_retry(struct command *command, int delay_ms, const char *reason)
{
	int64_t due_at = clock_ms() + delay_ms;

	log_info("command", "%s %s again in %d ms: %s", telnyx_kind_name(command->row.kind),
	    command->row.id, delay_ms, reason);
	command->ending.args[2] = arena_printf(command->arena, "%d", delay_ms);
	command->ending.args[3] = reason;
	command->ending.args[4] = command->may_have_acted ? "true" : "false";
	if (command->owner->due_at == 0 || due_at < command->owner->due_at)
		command->owner->due_at = due_at;
	end(command, STMT_command_retry);
}

/* The provider could not be asked either: it is asked again soon, until it can say. */
static void
end_unsure(struct command *command, const char *reason)
{
	log_warn("command", "%s %s of call %s: cannot be found out yet: %s",
	    telnyx_kind_name(command->row.kind), command->row.id, command->row.call_id, reason);
	command->ending.args[2] = reason;
	end(command, STMT_command_unsure);
}

/* Our key is refused: every further request would be, so nothing is taken for a while. */
static void
end_barred(struct command *command, const char *reason)
{
	struct commands *commands = command->owner;

	if (clock_ms() >= commands->barred_until)
		log_error("provider", "%s: nothing is sent for %d s", reason, BARRED_MS / 1000);
	commands->barred_until = clock_ms() + BARRED_MS;
	end_retry(command, BARRED_MS, reason);
}

/* The provider says how long, in its own words or not at all. */
static void
end_later(struct command *command, const struct http_answer *answer, const char *reason)
{
	int64_t ms = backoff_ms(command->attempt);

	if (answer->retry_after >= 0 && answer->retry_after <= LATER_MAX_MS / 1000)
		ms += answer->retry_after * 1000;
	else if (answer->retry_after >= 0)
		ms += LATER_MAX_MS;
	end_retry(command, (int)ms, reason);
}

/* Perhaps it was carried out: within a minute the same again is harmless. */
static void
end_unknown(struct command *command, const struct http_answer *answer, const char *reason)
{
	if (answer->error != NULL)
		reason = arena_strdup(command->arena, answer->error);
	command->may_have_acted |= answer->was_sent;
	end_retry(command, backoff_ms(command->attempt), reason);
}

static void
send_command(struct command *command)
{
	struct commands *commands = command->owner;
	struct telnyx_request request;
	const char *problem;

	problem = telnyx_build(commands->account, &command->row, command->arena, &request);
	if (problem != NULL) {
		end_failed(command, 0, "", problem);
		return;
	}
	commands->counters.sent++;
	FAILPOINT("runner_before_send");
	http_client_start(commands->http, request.method, request.url, request.body, on_answer,
	    command);
}

static void
on_answer(void *arg, const struct http_answer *answer)
{
	struct command *command = arg;
	struct verdict verdict;

	FAILPOINT("runner_after_answer");
	verdict_of(command->row.kind, command->attempt, answer, &verdict);
	switch (verdict.meaning) {
	case VERDICT_DONE:
		end_done(command, answer->status, verdict.answer != NULL ? verdict.answer : answer->body);
		break;
	case VERDICT_EXISTS:
		ask(command, NULL);
		break;
	case VERDICT_UNKNOWN:
		end_unknown(command, answer, verdict.reason);
		break;
	case VERDICT_LATER:
		end_later(command, answer, verdict.reason);
		break;
	case VERDICT_BARRED:
		end_barred(command, verdict.reason);
		break;
	case VERDICT_REFUSED:
		end_failed(command, answer->status, verdict.code, verdict.reason);
		break;
	}
}

/* Ask whether the command was carried out; cursor as for telnyx_question. */
static void
ask(struct command *command, const char *cursor)
{
	struct commands *commands = command->owner;
	struct telnyx_request request;
	const char *problem;

	problem = telnyx_question(commands->account, &command->row, cursor, command->arena,
	    &request);
	if (problem != NULL) {
		end_failed(command, 0, "", problem);
		return;
	}
	commands->counters.asked++;
	http_client_start(commands->http, request.method, request.url, request.body, on_finding,
	    command);
}

static void
on_absent(struct command *command)
{
	if (telnyx_is_repeatable(command->row.kind))
		send_command(command);
	else if (age_ms(command) <= RESEND_MS)
		/* What stood in its way a moment ago is gone. */
		end_retry(command, backoff_ms(command->attempt), "it exists no more");
	else if (age_ms(command) < ABSENT_MS)
		end_retry(command, ABSENT_AGAIN_MS, "not carried out, as far as can be seen");
	else
		end_failed(command, 0, "", "the provider never carried it out");
}

static void
on_unclear(struct command *command, const struct http_answer *answer)
{
	struct verdict verdict;

	verdict_of(command->row.kind, command->attempt, answer, &verdict);
	if (verdict.meaning == VERDICT_BARRED)
		end_barred(command, verdict.reason);
	else if (verdict.meaning == VERDICT_LATER)
		end_later(command, answer, verdict.reason);
	else
		end_unsure(command, verdict.reason);
}

static void
on_finding(void *arg, const struct http_answer *answer)
{
	struct command *command = arg;
	const char *text = NULL;

	switch (telnyx_find(&command->row, answer, command->arena, &text)) {
	case TELNYX_FOUND:
		end_done(command, 200, text);
		break;
	case TELNYX_ABSENT:
		on_absent(command);
		break;
	case TELNYX_MORE:
		if (clock_ms() - command->taken_at < ASK_MS)
			ask(command, text);
		else
			end_retry(command, backoff_ms(command->attempt), "too many calls to look through");
		break;
	case TELNYX_UNCLEAR:
		on_unclear(command, answer);
		break;
	}
}

/* Go on with a command sent so long ago that the provider may have forgotten its id. */
static void
resume(struct command *command)
{
	if (telnyx_has_question(command->row.kind))
		ask(command, NULL);
	else if (telnyx_is_repeatable(command->row.kind))
		send_command(command);
	else
		end_failed(command, 0, "", "it is too late to say it");
}

static void
free_json(void *json)
{
	json_free(json);
}

static const char *
copy(struct arena *arena, const char *text)
{
	return text != NULL ? arena_strdup(arena, text) : NULL;
}

/*
 * Build a command from the row's texts and start it. It is ours since asked_at at the earliest: a process
 * that was stopped meanwhile finds the answer to its asking, but the lease is over.
 */
static void
start(struct commands *commands, const char *const texts[static COL__MAX], int64_t asked_at)
{
	struct arena *arena = arena_new(ARENA_SIZE);
	struct command *command = arena_zalloc(arena, sizeof(*command));
	const char *params = texts[COL_PARAMS] != NULL ? texts[COL_PARAMS] : "{}";
	const char *reason = NULL;
	struct json *json = json_parse(params, strlen(params), &reason);
	int kind = telnyx_kind_parse(texts[COL_KIND]);

	arena_cleanup(arena, free_json, json);
	command->arena = arena;
	command->owner = commands;
	command->attempt = (int)strtol(texts[COL_ATTEMPT], NULL, 10);
	command->age_ms = strtoll(texts[COL_AGE_MS], NULL, 10);
	command->may_have_acted = command->age_ms > 0;
	command->taken_at = asked_at;
	command->row.kind = (enum telnyx_kind)(kind < 0 ? 0 : kind);
	command->row.id = arena_strdup(arena, texts[COL_COMMAND_ID]);
	command->row.call_id = arena_strdup(arena, texts[COL_CALL_ID]);
	command->row.call_control_id = copy(arena, texts[COL_CALL_CONTROL_ID]);
	command->row.params = json;
	DL_APPEND(commands->under_way, command);
	commands->held++;
	commands->counters.taken++;
	if (kind < 0)
		end_retry(command, STRANGE_MS, "this runner does not know the kind");
	else if (json == NULL)
		end_failed(command, 0, "", "the parameters are no JSON");
	else if (clock_ms() - asked_at >= LEASE_MS)
		end_retry(command, 0, "the lease was over before it could be sent");
	else if (age_ms(command) <= RESEND_MS)
		send_command(command);
	else
		resume(command);
}

static void
start_rows(struct commands *commands, const struct db_result *rows, int64_t asked_at)
{
	const char *texts[COL__MAX];
	int columns[COL__MAX];

	for (int i = 0; i < COL__MAX; i++) {
		columns[i] = db_column(rows, column_names[i]);
		assert(columns[i] >= 0);
	}
	for (int row = 0; row < db_rows(rows); row++) {
		for (int i = 0; i < COL__MAX; i++)
			texts[i] = db_value(rows, row, columns[i]);
		start(commands, texts, asked_at);
	}
}

enum db_outcome
commands_take(struct commands *commands)
{
	const char *args[] = { commands->worker, NULL, LEASE_S, commands->dials_max, commands->calls_max };
	struct db_result *rows = NULL;
	struct arena *arena;
	enum db_outcome outcome;
	int64_t asked_at = clock_ms();
	size_t room = commands->max - commands->held;

	if (room == 0 || clock_ms() < commands->barred_until)
		return DB_OK;
	commands->due_at = 0;
	commands->is_more = false;
	arena = arena_new(64);
	args[1] = arena_printf(arena, "%zu", room);
	outcome = db_call(commands->db, &stmts[STMT_commands_take], args, &rows);
	arena_free(&arena);
	if (outcome == DB_REFUSED)
		log_error("database", "commands cannot be taken: %s", db_error(commands->db)->message);
	if (outcome != DB_OK)
		return outcome;
	FAILPOINT("runner_after_take");
	commands->is_more = (size_t)db_rows(rows) == room;
	start_rows(commands, rows, asked_at);
	db_result_free(&rows);
	return DB_OK;
}

static void
count_end(struct commands *commands, const struct command *command, enum ending_fate fate)
{
	struct commands_counters *counters = &commands->counters;

	if (fate == ENDING_LOST)
		counters->lost++;
	else if (fate != ENDING_STORED)
		return;
	else if (command->ending.stmt == STMT_command_done)
		counters->done++;
	else if (command->ending.stmt == STMT_command_retry)
		counters->retried++;
	else if (command->ending.stmt == STMT_command_failed)
		counters->failed++;
	else
		counters->unsure++;
}

/* Whether the end may have told the world something, or brought the next commands. */
static bool
is_news(const struct command *command)
{
	return command->ending.stmt == STMT_command_done || command->ending.stmt == STMT_command_failed;
}

bool
commands_settle(struct commands *commands)
{
	struct command *command;
	enum ending_fate fate;
	bool is_told = false;

	while ((command = commands->ended) != NULL) {
		fate = ending_store(&command->ending, commands->db, "command");
		if (fate == ENDING_WAITS)
			break;
		count_end(commands, command, fate);
		is_told |= is_news(command);
		command_free(&commands->ended, command);
	}
	if (is_told)
		db_notify(commands->db, "vals_event");
	return is_told;
}

int
commands_wait_ms(const struct commands *commands, int limit_ms)
{
	int64_t now = clock_ms();
	int64_t until = now + limit_ms;

	if (now < commands->barred_until || commands->held == commands->max)
		return limit_ms;
	if (commands->is_more)
		return 0;
	if (commands->due_at != 0 && commands->due_at < until)
		until = commands->due_at;
	return until > now ? (int)(until - now) : 0;
}

size_t
commands_held(const struct commands *commands)
{
	return commands->held;
}

const struct commands_counters *
commands_counters(const struct commands *commands)
{
	return &commands->counters;
}
