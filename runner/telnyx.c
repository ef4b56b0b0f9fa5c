/*
 * telnyx.c - what we ask of the telephone provider, as requests
 *
 * One table names the kinds of commands: how a request of each is addressed, who
 * writes its body, and which question tells whether it was carried out.
 */
#include "telnyx.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "crypto.h"
#include "json.h"

#define CALL_PLACE ":call" /* in a path: the leg's call_control_id */
#define LEG_LEAD "lead" /* whose leg a dial makes */
#define PAGE_LIMIT "250" /* the provider's maximum */
#define STATE_SIZE 512 /* longest client_state worth reading, bytes */
#define TIMEOUT_SECS 30 /* ringing, unless the row says otherwise */
#define TIME_LIMIT_SECS 3600 /* a forgotten leg costs money by the minute */

/* Append a body's members after command_id. Returns NULL, or why it cannot be said. */
typedef const char *add_members(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command);

/* Read the answer to a question. */
typedef enum telnyx_finding find_traces(const struct telnyx_command *command,
    const struct http_answer *answer, struct arena *arena, const char **text_r);

static add_members add_dial, add_nothing, add_recording;
static find_traces find_active_call, find_end;

static const struct kind {
	const char *name;
	const char *path;
	add_members *add;
	const char *question; /* NULL: the connection's active calls */
	find_traces *find;
	bool is_repeatable;
} kinds[TELNYX_KIND__MAX] = {
	[TELNYX_DIAL] = {
	    .name = "dial",
	    .path = "/calls",
	    .add = add_dial,
	    .find = find_active_call,
	},
	[TELNYX_HANGUP] = {
	    .name = "hangup",
	    .path = "/calls/" CALL_PLACE "/actions/hangup",
	    .add = add_nothing,
	    .question = "/calls/" CALL_PLACE,
	    .find = find_end,
	    .is_repeatable = true,
	},
	/* Two recordings of one conversation do less harm than none. */
	[TELNYX_RECORD_START] = {
	    .name = "record_start",
	    .path = "/calls/" CALL_PLACE "/actions/record_start",
	    .add = add_recording,
	    .question = "/calls/" CALL_PLACE,
	    .find = find_end,
	    .is_repeatable = true,
	},
	[TELNYX_RECORD_STOP] = {
	    .name = "record_stop",
	    .path = "/calls/" CALL_PLACE "/actions/record_stop",
	    .add = add_nothing,
	    .question = "/calls/" CALL_PLACE,
	    .find = find_end,
	    .is_repeatable = true,
	},
};

int
telnyx_kind_parse(const char *name)
{
	for (int kind = 0; kind < TELNYX_KIND__MAX; kind++)
		if (strcmp(kinds[kind].name, name) == 0)
			return kind;
	return -1;
}

const char *
telnyx_kind_name(enum telnyx_kind kind)
{
	return kinds[kind].name;
}

bool
telnyx_is_repeatable(enum telnyx_kind kind)
{
	return kinds[kind].is_repeatable;
}

static void
add_text(struct buf *body, const char *name, const char *text)
{
	buf_addf(body, ",\"%s\":", name);
	buf_add_json_string(body, text, strlen(text));
}

/*
 * What the provider repeats in every webhook of the leg: the only handle on it
 * before the dial's answer is stored. No personal data goes into it.
 */
static void
add_client_state(struct buf *body, const char *call_id)
{
	struct buf state = { 0 };
	char text[STATE_SIZE * 2];

	buf_adds(&state, "{\"v\":1,\"call\":");
	buf_add_json_string(&state, call_id, strlen(call_id));
	buf_adds(&state, ",\"leg\":\"" LEG_LEAD "\"}");
	crypto_base64(state.data, state.len, text);
	add_text(body, "client_state", text);
	buf_free(&state);
}

static const char *
add_dial(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	const char *to = json_string(json_get(command->params, "to"));
	const char *detection =
	    json_string(json_get(command->params, "answeringMachineDetection"));
	const struct json *timeout = json_get(command->params, "timeoutSecs");

	if (to == NULL)
		return "the dial has no number";
	add_text(body, "connection_id", account->connection_id);
	add_text(body, "to", to);
	add_text(body, "from", account->number);
	add_text(body, "webhook_url", account->webhook_url);
	add_text(body, "webhook_url_method", "POST");
	add_client_state(body, command->call_id);
	buf_addf(body, ",\"timeout_secs\":%lld,\"time_limit_secs\":%d",
	    timeout != NULL ? (long long)json_int(timeout) : TIMEOUT_SECS, TIME_LIMIT_SECS);
	/* Otherwise ringing may go on by other routes after the time is up. */
	buf_adds(body, ",\"retry_on_timeout\":false");
	add_text(body, "answering_machine_detection", detection != NULL ? detection : "premium");
	buf_adds(body, ",\"custom_headers\":[{\"name\":\"X-Call-ID\",\"value\":");
	buf_add_json_string(body, command->call_id, strlen(command->call_id));
	buf_adds(body, "}]");
	return NULL;
}

static const char *
add_nothing(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	(void)body;
	(void)account;
	(void)command;
	return NULL;
}

/* In stereo the lead is on one channel and everybody else on the other. */
static const char *
add_recording(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	const char *channels = json_string(json_get(command->params, "channels"));

	(void)account;
	add_text(body, "format", "mp3");
	add_text(body, "channels", channels != NULL ? channels : "dual");
	return NULL;
}

/* The address of a path; NULL if the path names a leg that has no id. */
static const char *
address(const struct telnyx_account *account, const struct telnyx_command *command,
    const char *path, struct arena *arena)
{
	const char *place = strstr(path, CALL_PLACE);
	const char *url;
	char *id;

	if (place == NULL)
		return arena_printf(arena, "%s%s", account->base, path);
	if (command->call_control_id == NULL)
		return NULL;
	id = http_client_escape(command->call_control_id);
	url = arena_printf(arena, "%s%.*s%s%s", account->base, (int)(place - path), path, id,
	    place + strlen(CALL_PLACE));
	free(id);
	return url;
}

const char *
telnyx_build(const struct telnyx_account *account, const struct telnyx_command *command,
    struct arena *arena, struct telnyx_request *request_r)
{
	const struct kind *kind = &kinds[command->kind];
	struct buf body = { 0 };
	const char *problem;

	request_r->method = "POST";
	request_r->url = address(account, command, kind->path, arena);
	if (request_r->url == NULL)
		return "the leg has no call_control_id";
	buf_adds(&body, "{\"command_id\":");
	buf_add_json_string(&body, command->id, strlen(command->id));
	problem = kind->add(&body, account, command);
	buf_addc(&body, '}');
	request_r->body = arena_strndup(arena, body.data, body.len);
	buf_free(&body);
	return problem;
}

static const char *
active_calls_address(const struct telnyx_account *account, const char *cursor,
    struct arena *arena)
{
	char *connection = http_client_escape(account->connection_id);
	char *after = http_client_escape(cursor != NULL ? cursor : "");
	const char *url = arena_printf(arena,
	    "%s/connections/%s/active_calls?page%%5Blimit%%5D=" PAGE_LIMIT "%s%s", account->base,
	    connection, cursor != NULL ? "&page%5Bafter%5D=" : "", after);

	free(connection);
	free(after);
	return url;
}

const char *
telnyx_question(const struct telnyx_account *account, const struct telnyx_command *command,
    const char *cursor, struct arena *arena, struct telnyx_request *request_r)
{
	const struct kind *kind = &kinds[command->kind];

	request_r->method = "GET";
	request_r->body = NULL;
	if (kind->question == NULL)
		request_r->url = active_calls_address(account, cursor, arena);
	else
		request_r->url = address(account, command, kind->question, arena);
	return request_r->url == NULL ? "the leg has no call_control_id" : NULL;
}

/* Whether this client_state is the one our dial of this call carried. */
static bool
is_ours(const struct telnyx_command *command, const char *client_state)
{
	char text[STATE_SIZE];
	const char *reason, *call, *leg;
	struct json *state;
	long len;
	bool is_same;

	if (client_state == NULL)
		return false;
	len = crypto_base64_decode(client_state, strlen(client_state), text, sizeof(text));
	if (len < 0)
		return false;
	state = json_parse(text, (size_t)len, &reason);
	call = json_string(json_get(state, "call"));
	leg = json_string(json_get(state, "leg"));
	is_same = call != NULL && leg != NULL && strcmp(call, command->call_id) == 0 &&
	    strcmp(leg, LEG_LEAD) == 0;
	json_free(state);
	return is_same;
}

/* A dial was carried out if one of the connection's calls carries its client_state. */
static enum telnyx_finding
find_active_call(const struct telnyx_command *command, const struct http_answer *answer,
    struct arena *arena, const char **text_r)
{
	enum telnyx_finding finding = TELNYX_ABSENT;
	const char *reason, *cursor;
	struct json *page, *calls, *call;

	if (answer->status != 200)
		return TELNYX_UNCLEAR;
	page = json_parse(answer->body, answer->body_len, &reason);
	calls = json_get(page, "data");
	cursor = json_string(json_path(page, "meta", "cursors", "after", NULL));
	if (calls == NULL || json_type(calls) != JSON_ARRAY)
		finding = TELNYX_UNCLEAR;
	else if (cursor != NULL && json_count(calls) > 0)
		finding = TELNYX_MORE;
	for (size_t i = 0; finding != TELNYX_UNCLEAR && i < json_count(calls); i++) {
		call = json_item(calls, i);
		if (!is_ours(command, json_string(json_get(call, "client_state"))))
			continue;
		*text_r = arena_printf(arena, "{\"data\":%s}", json_print(call));
		finding = TELNYX_FOUND;
		break;
	}
	if (finding == TELNYX_MORE)
		*text_r = arena_strdup(arena, cursor);
	json_free(page);
	return finding;
}

/* A command to a leg was carried out, or is not needed any more, if the call is over. */
static enum telnyx_finding
find_end(const struct telnyx_command *command, const struct http_answer *answer,
    struct arena *arena, const char **text_r)
{
	enum telnyx_finding finding = TELNYX_UNCLEAR;
	const char *reason;
	struct json *body, *alive;

	(void)command;
	(void)arena;
	*text_r = "{}";
	/* Ten minutes after its end the provider has forgotten the call. */
	if (answer->status == 404 || answer->status == 422)
		return TELNYX_FOUND;
	if (answer->status != 200)
		return TELNYX_UNCLEAR;
	body = json_parse(answer->body, answer->body_len, &reason);
	alive = json_path(body, "data", "is_alive", NULL);
	if (alive != NULL && json_type(alive) == JSON_BOOL)
		finding = json_bool(alive) ? TELNYX_ABSENT : TELNYX_FOUND;
	json_free(body);
	return finding;
}

enum telnyx_finding
telnyx_find(const struct telnyx_command *command, const struct http_answer *answer,
    struct arena *arena, const char **text_r)
{
	return kinds[command->kind].find(command, answer, arena, text_r);
}
