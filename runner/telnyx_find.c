/*
 * telnyx_find.c - traces of commands in the provider's answers to questions
 */
#include "telnyx_find.h"

#include <string.h>

#include "arena.h"
#include "crypto.h"
#include "json.h"

#define STATE_SIZE 512 /* longest client_state worth reading, bytes */

/* The answer's data, a list; NULL if it has none. *whole_r is to be freed in any case. */
static struct json *
list_of(const struct http_answer *answer, struct json **whole_r)
{
	const char *reason;
	struct json *list;

	*whole_r = answer->status == 200 ? json_parse(answer->body, answer->body_len, &reason) : NULL;
	list = json_get(*whole_r, "data");
	return json_type(list) == JSON_ARRAY ? list : NULL;
}

/* Whether both are absent or both the same text. */
static bool
is_same(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

/* Whether this client_state is the one our dial carried: its call, its leg and its transfer. */
static bool
is_ours(const struct telnyx_command *command, const char *client_state)
{
	const char *leg = json_string(json_get(command->params, "leg"));
	const char *transfer = json_string(json_get(command->params, "xfer"));
	char text[STATE_SIZE];
	const char *reason;
	struct json *state;
	bool is_match;
	long len;

	if (client_state == NULL)
		return false;
	len = crypto_base64_decode(client_state, strlen(client_state), text, sizeof(text));
	if (len < 0)
		return false;
	state = json_parse(text, (size_t)len, &reason);
	is_match = is_same(json_string(json_get(state, "call")), command->call_id) &&
	    is_same(json_string(json_get(state, "leg")), leg != NULL ? leg : "lead") &&
	    is_same(json_string(json_get(state, "xfer")), transfer);
	json_free(state);
	return is_match;
}

enum telnyx_finding
telnyx_find_active_call(const struct telnyx_command *command, const struct http_answer *answer,
    struct arena *arena, const char **text_r)
{
	enum telnyx_finding finding = TELNYX_ABSENT;
	struct json *page, *calls = list_of(answer, &page), *call;
	const char *cursor = json_string(json_path(page, "meta", "cursors", "after", NULL));

	if (calls == NULL)
		finding = TELNYX_UNCLEAR;
	else if (cursor != NULL && json_count(calls) > 0)
		finding = TELNYX_MORE;
	for (size_t i = 0; i < json_count(calls); i++) {
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

enum telnyx_finding
telnyx_find_end(const struct telnyx_command *command, const struct http_answer *answer,
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
	if (json_type(alive) == JSON_BOOL)
		finding = json_bool(alive) ? TELNYX_ABSENT : TELNYX_FOUND;
	json_free(body);
	return finding;
}

enum telnyx_finding
telnyx_find_conference(const struct telnyx_command *command, const struct http_answer *answer,
    struct arena *arena, const char **text_r)
{
	const char *name = json_string(json_get(command->params, "name"));
	struct json *page, *list = list_of(answer, &page), *conference;
	enum telnyx_finding finding = list == NULL ? TELNYX_UNCLEAR : TELNYX_ABSENT;

	for (size_t i = 0; i < json_count(list); i++) {
		conference = json_item(list, i);
		if (!is_same(json_string(json_get(conference, "name")), name) ||
		    is_same(json_string(json_get(conference, "status")), "completed") ||
		    json_string(json_get(conference, "id")) == NULL)
			continue;
		*text_r = arena_printf(arena, "{\"data\":%s}", json_print(conference));
		finding = TELNYX_FOUND;
		break;
	}
	json_free(page);
	return finding;
}

/* Who left again had joined: the webhooks tell the rest. */
enum telnyx_finding
telnyx_find_participant(const struct telnyx_command *command, const struct http_answer *answer,
    struct arena *arena, const char **text_r)
{
	struct json *page, *list = list_of(answer, &page), *participant;
	enum telnyx_finding finding = list == NULL ? TELNYX_UNCLEAR : TELNYX_ABSENT;

	/* A conference that is forgotten has no participants. */
	if (answer->status == 404)
		finding = TELNYX_ABSENT;
	for (size_t i = 0; i < json_count(list); i++) {
		participant = json_item(list, i);
		if (!is_same(json_string(json_get(participant, "call_control_id")),
			command->call_control_id))
			continue;
		*text_r = arena_printf(arena, "{\"data\":%s}", json_print(participant));
		finding = TELNYX_FOUND;
		break;
	}
	json_free(page);
	return finding;
}
