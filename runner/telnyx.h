/*
 * telnyx.h - what we ask of the telephone provider, as requests
 *
 * Pure functions from a command row to method, address and body; nothing here sends.
 * Source: Telnyx Call Control API v2. What the answers mean is in verdict.h.
 */
#ifndef VALS_TELNYX_H
#define VALS_TELNYX_H

#include <stdbool.h>

#include "http_client.h"

struct arena;
struct json;

/* The kinds of command rows, named by telnyx_kind_name. */
enum telnyx_kind {
	TELNYX_DIAL,
	TELNYX_HANGUP,
	TELNYX_RECORD_START,
	TELNYX_RECORD_STOP,
	TELNYX_GATHER,
	TELNYX_GATHER_STOP,
	TELNYX_SPEAK,
	TELNYX_CONFERENCE_CREATE,
	TELNYX_CONFERENCE_JOIN,
	TELNYX_CONFERENCE_LEAVE,
	TELNYX_TRANSCRIPTION_START,
	TELNYX_INQUIRE,
	TELNYX_PARTICIPANTS,
	TELNYX_KIND__MAX
};

/* Our account with the provider; the texts are borrowed. */
struct telnyx_account {
	const char *base; /* with the /v2 inside, no slash at its end */
	const char *connection_id; /* the Call Control application */
	const char *number; /* ours, E.164: what the called person sees */
	const char *webhook_url; /* where the provider reports */
	const char *voice; /* what speaks, unless a row names another */
};

/* A command row; the texts are borrowed. */
struct telnyx_command {
	enum telnyx_kind kind;
	const char *id; /* the command_id: the same in every repeat */
	const char *call_id;
	const char *call_control_id; /* NULL as long as the leg has none */
	const struct json *params; /* an object, what it holds depends on kind */
};

/* A request ready for http_client_start. */
struct telnyx_request {
	const char *method;
	const char *url;
	const char *body; /* JSON, or NULL */
};

/* The kind of this name, or -1 if we know none such. */
int telnyx_kind_parse(const char *name);

const char *telnyx_kind_name(enum telnyx_kind kind);

/*
 * Whether carrying the command out twice does no more than once, however long
 * after: then an unknown outcome may be cured by sending it again.
 */
bool telnyx_is_repeatable(enum telnyx_kind kind);

/*
 * Whether a question tells if the command was carried out. What has none is sent again when it
 * is repeatable, and else given up: words spoken late would meet another conversation.
 */
bool telnyx_has_question(enum telnyx_kind kind);

/*
 * Build the request of a command in the arena. Returns NULL, or why the row cannot
 * be said to the provider: a fixed phrase.
 */
const char *telnyx_build(const struct telnyx_account *account,
    const struct telnyx_command *command, struct arena *arena, struct telnyx_request *request_r);

/*
 * Build the question whether a command sent long ago was carried out (the provider
 * remembers a command_id for 60 s only). cursor is NULL, or where the
 * last answer said its next page begins. Returns as telnyx_build does.
 */
const char *telnyx_question(const struct telnyx_account *account,
    const struct telnyx_command *command, const char *cursor, struct arena *arena,
    struct telnyx_request *request_r);

/*
 * Build the request for the recordings of a leg, which brings fresh links to them.
 */
void telnyx_recordings(const struct telnyx_account *account, const char *call_leg_id,
    struct arena *arena, struct telnyx_request *request_r);

/*
 * Read the answer to telnyx_recordings: the link in this format (mp3, wav) of the recording with the
 * provider's id, or of the newest when that is NULL. Returns it in the arena; NULL if there is none.
 */
const char *telnyx_recording_url(const struct http_answer *answer, const char *recording_id,
    const char *format, struct arena *arena);

enum telnyx_finding {
	TELNYX_FOUND, /* it was carried out */
	TELNYX_ABSENT, /* nothing is there that would have come of it */
	TELNYX_MORE, /* not on this page: ask for the next */
	TELNYX_UNCLEAR, /* this answer says nothing about it */
};

/*
 * Read the answer to telnyx_question. For TELNYX_FOUND *text_r is the answer the
 * command itself would have got, for TELNYX_MORE the cursor; both live in the arena.
 */
enum telnyx_finding telnyx_find(const struct telnyx_command *command,
    const struct http_answer *answer, struct arena *arena, const char **text_r);

#endif
