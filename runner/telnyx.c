/*
 * telnyx.c - what we ask of the telephone provider, as requests
 *
 * One table names the kinds of commands: how a request of each is addressed, who
 * writes its body, which question tells whether it was carried out, and who reads the answer
 * to that.
 */
#include "telnyx.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "telnyx_body.h"
#include "telnyx_find.h"

#define PAGE_LIMIT "250" /* the provider's maximum */

/* In a path these stand for what the row knows: its leg, its conference, that one's name. */
#define CALL ":call"
#define CONFERENCE ":conference"
#define NAME ":name"
#define CONNECTION ":connection"

#define CALL_ACTION(name) "/calls/" CALL "/actions/" name
#define CALL_QUESTION "/calls/" CALL
#define PARTICIPANTS "/conferences/" CONFERENCE "/participants?page%5Bsize%5D=" PAGE_LIMIT

static const struct kind {
	const char *name;
	const char *path;
	telnyx_body *add; /* NULL: a question by itself, without a body */
	const char *question; /* NULL: nothing tells afterwards */
	telnyx_finder *find;
	bool is_repeatable;
} kinds[TELNYX_KIND__MAX] = {
	[TELNYX_DIAL] = { "dial", "/calls", telnyx_body_dial,
	    "/connections/" CONNECTION "/active_calls?page%5Blimit%5D=" PAGE_LIMIT, telnyx_find_active_call, false },
	[TELNYX_HANGUP] = { "hangup", CALL_ACTION("hangup"), telnyx_body_empty,
	    CALL_QUESTION, telnyx_find_end, true },
	/* Two recordings of one conversation do less harm than none. */
	[TELNYX_RECORD_START] = { "record_start", CALL_ACTION("record_start"), telnyx_body_record,
	    CALL_QUESTION, telnyx_find_end, true },
	[TELNYX_RECORD_STOP] = { "record_stop", CALL_ACTION("record_stop"), telnyx_body_empty,
	    CALL_QUESTION, telnyx_find_end, true },
	/* Words are never said twice, nor late. */
	[TELNYX_GATHER] = { "gather", CALL_ACTION("gather_using_speak"), telnyx_body_gather, NULL, NULL, false },
	[TELNYX_GATHER_STOP] = { "gather_stop", CALL_ACTION("gather_stop"), telnyx_body_empty,
	    CALL_QUESTION, telnyx_find_end, true },
	[TELNYX_SPEAK] = { "speak", CALL_ACTION("speak"), telnyx_body_speak, NULL, NULL, false },
	/* Made late it would take the lead away from whoever speaks with him by then. */
	[TELNYX_CONFERENCE_CREATE] = { "conference_create", "/conferences", telnyx_body_conference_create,
	    "/conferences?filter%5Bname%5D=" NAME "&page%5Bsize%5D=" PAGE_LIMIT, telnyx_find_conference, false },
	[TELNYX_CONFERENCE_JOIN] = { "conference_join", "/conferences/" CONFERENCE "/actions/join",
	    telnyx_body_conference_join, PARTICIPANTS, telnyx_find_participant, false },
	[TELNYX_CONFERENCE_LEAVE] = { "conference_leave", "/conferences/" CONFERENCE "/actions/leave",
	    telnyx_body_conference_leave, CALL_QUESTION, telnyx_find_end, true },
	[TELNYX_TRANSCRIPTION_START] = { "transcription_start", CALL_ACTION("transcription_start"),
	    telnyx_body_transcription, CALL_QUESTION, telnyx_find_end, true },
	[TELNYX_INQUIRE] = { "inquire", CALL_QUESTION, NULL, NULL, NULL, true },
	[TELNYX_PARTICIPANTS] = { "participants", PARTICIPANTS, NULL, NULL, NULL, true },
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

bool
telnyx_has_question(enum telnyx_kind kind)
{
	return kinds[kind].question != NULL;
}

/* A place in a path, what stands there, and what is said when that is not known. */
struct place {
	const char *mark;
	const char *value;
	const char *problem;
};

static const char *
add_value(struct buf *url, const struct place *place)
{
	char *escaped;

	if (place->value == NULL)
		return place->problem;
	escaped = http_client_escape(place->value);
	buf_adds(url, escaped);
	free(escaped);
	return NULL;
}

/* The path with its places filled behind the account's base. Returns NULL or the problem. */
static const char *
fill(struct buf *url, const char *path, const struct place *places, size_t count)
{
	const char *problem = NULL;
	size_t i;

	while (*path != '\0' && problem == NULL) {
		for (i = 0; i < count; i++)
			if (strncmp(path, places[i].mark, strlen(places[i].mark)) == 0)
				break;
		if (i == count) {
			buf_addc(url, *path++);
			continue;
		}
		problem = add_value(url, &places[i]);
		path += strlen(places[i].mark);
	}
	return problem;
}

/* The address a path means for this row, in the arena. Returns NULL or the problem. */
static const char *
address(const struct telnyx_account *account, const struct telnyx_command *command,
    const char *path, struct arena *arena, const char **url_r)
{
	const struct place places[] = {
		{ CALL, command->call_control_id, "the leg has no call_control_id" },
		{ CONFERENCE, json_string(json_get(command->params, "conferenceId")), "the conference has no id" },
		{ NAME, json_string(json_get(command->params, "name")), "the conference has no name" },
		{ CONNECTION, account->connection_id, "the connection has no id" },
	};
	struct buf url = { 0 };
	const char *problem;

	buf_adds(&url, account->base);
	problem = fill(&url, path, places, sizeof(places) / sizeof(places[0]));
	*url_r = arena_strndup(arena, url.data, url.len);
	buf_free(&url);
	return problem;
}

const char *
telnyx_build(const struct telnyx_account *account, const struct telnyx_command *command,
    struct arena *arena, struct telnyx_request *request_r)
{
	const struct kind *kind = &kinds[command->kind];
	const char *problem = address(account, command, kind->path, arena, &request_r->url);
	struct buf body = { 0 };

	request_r->method = kind->add != NULL ? "POST" : "GET";
	request_r->body = NULL;
	if (problem != NULL || kind->add == NULL)
		return problem;
	buf_adds(&body, "{\"command_id\":");
	buf_add_json_string(&body, command->id, strlen(command->id));
	problem = kind->add(&body, account, command);
	buf_addc(&body, '}');
	request_r->body = arena_strndup(arena, body.data, body.len);
	buf_free(&body);
	return problem;
}

const char *
telnyx_question(const struct telnyx_account *account, const struct telnyx_command *command,
    const char *cursor, struct arena *arena, struct telnyx_request *request_r)
{
	const char *problem = address(account, command, kinds[command->kind].question, arena, &request_r->url);
	char *after;

	request_r->method = "GET";
	request_r->body = NULL;
	if (problem == NULL && cursor != NULL) {
		after = http_client_escape(cursor);
		request_r->url = arena_printf(arena, "%s&page%%5Bafter%%5D=%s", request_r->url, after);
		free(after);
	}
	return problem;
}

enum telnyx_finding
telnyx_find(const struct telnyx_command *command, const struct http_answer *answer,
    struct arena *arena, const char **text_r)
{
	return kinds[command->kind].find(command, answer, arena, text_r);
}

void
telnyx_recordings(const struct telnyx_account *account, const char *call_leg_id,
    struct arena *arena, struct telnyx_request *request_r)
{
	char *leg = http_client_escape(call_leg_id);

	request_r->method = "GET";
	request_r->body = NULL;
	request_r->url = arena_printf(arena,
	    "%s/recordings?filter%%5Bcall_leg_id%%5D=%s&page%%5Bsize%%5D=" PAGE_LIMIT, account->base, leg);
	free(leg);
}

/* ISO times of one zone sort as texts. */
static bool
is_newer(const struct json *a, const struct json *b)
{
	const char *a_at = json_string(json_get(a, "recording_started_at"));
	const char *b_at = json_string(json_get(b, "recording_started_at"));

	return b == NULL || (a_at != NULL && (b_at == NULL || strcmp(a_at, b_at) > 0));
}

const char *
telnyx_recording_url(const struct http_answer *answer, const char *recording_id,
    const char *format, struct arena *arena)
{
	const char *reason, *id, *url;
	struct json *page = json_parse(answer->body, answer->body_len, &reason);
	struct json *list = json_get(page, "data"), *best = NULL, *item;

	for (size_t i = 0; i < json_count(list); i++) {
		item = json_item(list, i);
		id = json_string(json_get(item, "id"));
		if (json_string(json_path(item, "download_urls", format, NULL)) == NULL)
			continue;
		if (recording_id == NULL ? is_newer(item, best) : id != NULL && strcmp(id, recording_id) == 0)
			best = item;
	}
	url = json_string(json_path(best, "download_urls", format, NULL));
	url = url != NULL ? arena_strdup(arena, url) : NULL;
	json_free(page);
	return url;
}
