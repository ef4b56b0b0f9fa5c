/*
 * recordings.c - what was recorded, as links and as files
 *
 * The list signs a short-lived link for each file; the file itself is sent by nginx, which also answers
 * requests for parts of it. Here only the link is checked and the file named.
 */
#include "handlers.h"

#include <string.h>

#include "clock.h"
#include "conf.h"
#include "json.h"
#include "recording_link.h"
#include "recording_name.h"
#include "reply.h"

/* The internal location of nginx that serves the folder of recordings. */
#define RECORDINGS_LOCATION "/vals-recordings/"

const struct field recording_file_filters[] = {
	{ .name = "expires", .kind = FIELD_TEXT, .min = 1, .max = 20 },
	{ .name = "signature", .kind = FIELD_TEXT, .min = 1, .max = 128 },
	FIELD_END
};

/* A recording of the list, with its link if there is something to be heard. */
static void
recordings_add(struct request *rq, struct buf *out, const struct json *recording, int64_t expires)
{
	const char *id = json_string(json_get(recording, "id"));
	const char *status = json_string(json_get(recording, "status"));
	const char *text = json_print(recording), *link = NULL;
	char expires_at[CLOCK_ISO_SIZE];

	if (id != NULL && status != NULL && strcmp(status, "available") == 0)
		link = recording_link(rq->arena, id, expires);
	/* Before the object's closing brace. */
	buf_add(out, text, strlen(text) - 1);
	if (link == NULL)
		buf_adds(out, ",\"url\":null,\"expiresAt\":null}");
	else
		buf_addf(out, ",\"url\":\"%s\",\"expiresAt\":\"%s\"}", link, clock_iso_of(expires, expires_at));
}

/* The database's answer with links in it. */
static const char *
recordings_with_links(struct request *rq, const struct json *answer)
{
	int64_t expires = clock_unix() + conf_int(CONF_recording_link_secs);
	const struct json *list = json_get(answer, "recordings");
	const char *text;
	struct buf out = { 0 };

	buf_addf(&out, "{\"callId\":%s", json_print(json_get(answer, "callId")));
	buf_addf(&out, ",\"recording\":%s,\"recordings\":[", json_print(json_get(answer, "recording")));
	for (size_t i = 0; i < json_count(list); i++) {
		if (i > 0)
			buf_addc(&out, ',');
		recordings_add(rq, &out, json_item(list, i), expires);
	}
	buf_adds(&out, "]}");
	text = arena_strndup(rq->arena, out.data, out.len);
	buf_free(&out);
	return text;
}

/* GET /api/calls/:id/recording - the recordings of a call, each with a link that is good for some minutes. */
enum http_status
recordings_get(struct request *rq)
{
	struct db_result *rows = reply_rows(rq, STMT_recordings_get, ARGS(rq->who_json, rq->id));
	const char *text, *reason;
	struct json *answer;

	if (rows == NULL)
		return rq->status;
	text = db_value(rows, 0, 0);
	answer = json_parse(text, strlen(text), &reason);
	request_take_json(rq, answer);
	return reply_data(rq, HTTP_OK, recordings_with_links(rq, answer), NULL);
}

/* Whether the link is one of ours and still good; else the refusal is answered. */
static bool
recording_link_is_good(struct request *rq)
{
	const struct json *query = request_query(rq);
	int64_t expires = 0;

	if (!recording_link_is_ours(rq->arena, rq->id, json_string(json_get(query, "expires")),
		json_string(json_get(query, "signature")), &expires)) {
		reply_problem(rq, HTTP_FORBIDDEN, "LINK_INVALID", "This link was not made by us");
		return false;
	}
	if (expires >= clock_unix())
		return true;
	reply_problem(rq, HTTP_FORBIDDEN, "LINK_EXPIRED", "This link has expired, ask for a new one");
	return false;
}

/* GET /api/recordings/:id/file - the sound, sent by nginx. */
enum http_status
recording_file(struct request *rq)
{
	struct db_result *rows;
	const char *name;

	if (!recording_link_is_good(rq))
		return rq->status;
	rows = reply_rows(rq, STMT_recording_file, ARGS(rq->id));
	if (rows == NULL)
		return rq->status;
	name = db_rows(rows) > 0 ? db_value(rows, 0, 0) : NULL;
	if (name == NULL || !recording_name_is_valid(name))
		return reply_problem(rq, HTTP_NOT_FOUND, "NOT_FOUND", "Recording not found");
	reply_header(rq, "X-Accel-Redirect", arena_printf(rq->arena, RECORDINGS_LOCATION "%s", name));
	reply_header(rq, "Content-Disposition",
	    arena_printf(rq->arena, "inline; filename=\"%s\"", strrchr(name, '/') + 1));
	/* A shared cache would know no end of the link. */
	reply_header(rq, "Cache-Control", "private, no-store");
	return reply_raw(rq, HTTP_OK, recording_name_type(name), "");
}
