/*
 * verdict.c - what the provider's answer to a command means for us
 *
 * The provider's error codes as one table; the first row that fits decides. A
 * code alone is not enough, 10011 and 10007 mean different things
 * under different statuses.
 */
#include "verdict.h"

#include <stdio.h>
#include <string.h>

#include "json.h"

#define CODES_MAX 8 /* errors looked at in one answer */
#define ANY 0u
#define ONLY(kind) (1u << (kind))

/* What ends something is done when the leg has ended. */
#define ENDINGS                                                                             \
	(ONLY(TELNYX_HANGUP) | ONLY(TELNYX_RECORD_STOP) | ONLY(TELNYX_GATHER_STOP) |        \
	    ONLY(TELNYX_CONFERENCE_LEAVE))

#define NOT_ALIVE "{\"data\":{\"is_alive\":false}}"
#define NOBODY "{\"data\":[]}"

static const struct rule {
	int from, to; /* HTTP status; 0 is no answer */
	const char *code; /* NULL: any or none */
	unsigned int kinds;
	int tries; /* attempts before VERDICT_LATER becomes a refusal; 0: no end */
	enum verdict_meaning meaning;
	const char *reason;
	const char *answer; /* stored instead of the provider's; NULL is that itself */
} rules[] = {
	{ 0, 0, NULL, ANY, 0, VERDICT_UNKNOWN, "no answer", NULL },
	{ 401, 401, NULL, ANY, 0, VERDICT_BARRED, "our key was not accepted", NULL },
	{ 403, 403, "10009", ANY, 0, VERDICT_BARRED, "our key was not accepted", NULL },
	{ 408, 408, NULL, ANY, 0, VERDICT_UNKNOWN, "the provider timed out", NULL },
	{ 429, 429, "90103", ANY, 0, VERDICT_LATER, "too many dials", NULL },
	{ 429, 429, NULL, ANY, 0, VERDICT_LATER, "too many requests", NULL },
	{ 400, 400, "10015", ANY, 0, VERDICT_REFUSED, "unreadable request", NULL },
	{ 400, 400, "10028", ANY, 0, VERDICT_REFUSED, "bad character encoding", NULL },
	{ 400, 400, "90040", ANY, 0, VERDICT_REFUSED, "media could not be loaded", NULL },
	{ 404, 404, NULL, ONLY(TELNYX_INQUIRE), 0, VERDICT_DONE, "no such call", NOT_ALIVE },
	{ 422, 422, NULL, ONLY(TELNYX_INQUIRE), 0, VERDICT_DONE, "no such call", NOT_ALIVE },
	{ 404, 404, NULL, ONLY(TELNYX_PARTICIPANTS), 0, VERDICT_DONE, "no such conference", NOBODY },
	{ 404, 422, "90058", ONLY(TELNYX_CONFERENCE_LEAVE), 0, VERDICT_DONE, "no such conference", NULL },
	{ 404, 404, "90058", ANY, 0, VERDICT_REFUSED, "no such conference", NULL },
	{ 404, 404, NULL, ANY, 0, VERDICT_REFUSED, "no such resource", NULL },
	{ 422, 422, "90018", ENDINGS, 0, VERDICT_DONE, "already ended", NULL },
	{ 422, 422, "90018", ANY, 0, VERDICT_REFUSED, "the call has ended", NULL },
	{ 422, 422, "90061", ANY, 0, VERDICT_DONE, "assistant already active", NULL },
	{ 422, 422, "90054", ANY, 0, VERDICT_DONE, "transcription already active", NULL },
	{ 422, 422, "90015", ANY, 0, VERDICT_REFUSED, "no such call", NULL },
	{ 422, 422, "90034", ONLY(TELNYX_GATHER_STOP), 0, VERDICT_DONE, "nothing to stop", NULL },
	{ 422, 422, "90034", ANY, 1, VERDICT_LATER, "not answered yet", NULL },
	{ 422, 422, "90020", ANY, 3, VERDICT_LATER, "no audio yet", NULL },
	{ 422, 422, "90019", ONLY(TELNYX_CONFERENCE_LEAVE), 0, VERDICT_DONE, "the conference has ended", NULL },
	{ 422, 422, "90019", ANY, 0, VERDICT_REFUSED, "the conference has ended", NULL },
	{ 422, 422, "90033", ONLY(TELNYX_CONFERENCE_CREATE), 0, VERDICT_EXISTS, "the conference exists", NULL },
	{ 422, 422, "90033", ANY, 0, VERDICT_REFUSED, "the conference exists", NULL },
	{ 422, 422, "90032", ANY, 0, VERDICT_REFUSED, "the conference is full", NULL },
	{ 422, 422, "90045", ANY, 0, VERDICT_REFUSED, "media streaming is in use", NULL },
	{ 422, 422, "10004", ANY, 0, VERDICT_REFUSED, "a field is missing", NULL },
	{ 422, 422, "10016", ANY, 0, VERDICT_REFUSED, "not an E.164 number", NULL },
	{ 422, 422, "10032", ANY, 0, VERDICT_REFUSED, "no such enumerated value", NULL },
	{ 422, 422, "10033", ANY, 0, VERDICT_REFUSED, "value out of range", NULL },
	{ 422, 422, "10015", ANY, 0, VERDICT_REFUSED, "invalid value", NULL },
	{ 400, 499, NULL, ANY, 0, VERDICT_REFUSED, "refused", NULL },
	{ 500, 599, NULL, ANY, 0, VERDICT_UNKNOWN, "the provider failed", NULL },
	/* A redirect or worse: not the provider who speaks here. */
	{ 100, 999, NULL, ANY, 0, VERDICT_UNKNOWN, "not the provider's answer", NULL },
};

/* One entry of the answer's errors. */
struct problem {
	const char *code;
	const char *pointer; /* the field it is about, NULL if none is named */
};

/* Whether a success carries what it must: a dial without ids was none. */
static bool
is_complete(enum telnyx_kind kind, const struct json *data)
{
	switch (kind) {
	case TELNYX_DIAL:
		return json_string(json_get(data, "call_control_id")) != NULL &&
		    json_string(json_get(data, "call_leg_id")) != NULL;
	case TELNYX_CONFERENCE_CREATE:
		return json_string(json_get(data, "id")) != NULL;
	case TELNYX_INQUIRE:
		return json_type(json_get(data, "is_alive")) == JSON_BOOL;
	case TELNYX_PARTICIPANTS:
		return json_type(data) == JSON_ARRAY;
	default:
		return json_type(data) == JSON_OBJECT;
	}
}

static size_t
read_problems(const struct json *body, struct problem problems[static CODES_MAX])
{
	const struct json *errors = json_get(body, "errors");
	const struct json *error;
	size_t count = 0;

	if (errors == NULL || json_type(errors) != JSON_ARRAY)
		return 0;
	for (size_t i = 0; i < json_count(errors) && count < CODES_MAX; i++) {
		error = json_item(errors, i);
		problems[count].code = json_string(json_get(error, "code"));
		problems[count].pointer = json_string(json_path(error, "source", "pointer", NULL));
		if (problems[count].code != NULL)
			count++;
	}
	return count;
}

/* The problem a rule speaks of: -1 if it does not fit, count if it needs none. */
static long
fits(const struct rule *rule, enum telnyx_kind kind, long status,
    const struct problem *problems, size_t count)
{
	if (status < rule->from || status > rule->to)
		return -1;
	if (rule->kinds != ANY && (rule->kinds & ONLY(kind)) == 0)
		return -1;
	if (rule->code == NULL)
		return (long)count;
	for (size_t i = 0; i < count; i++)
		if (strcmp(problems[i].code, rule->code) == 0)
			return (long)i;
	return -1;
}

static void
set_code(struct verdict *verdict, const struct problem *problem)
{
	bool is_elsewhere = problem->pointer != NULL && strcmp(problem->pointer, "/to") != 0;

	snprintf(verdict->code, sizeof(verdict->code), "%s%s%s", problem->code,
	    is_elsewhere ? " " : "", is_elsewhere ? problem->pointer : "");
}

static void
judge(enum telnyx_kind kind, int attempt, long status, const struct json *body,
    struct verdict *verdict_r)
{
	struct problem problems[CODES_MAX];
	size_t count = read_problems(body, problems);
	const struct rule *rule = rules;
	long at;

	while ((at = fits(rule, kind, status, problems, count)) < 0)
		rule++;
	verdict_r->meaning = rule->meaning;
	verdict_r->reason = rule->reason;
	verdict_r->answer = rule->answer;
	if (rule->tries > 0 && attempt > rule->tries)
		verdict_r->meaning = VERDICT_REFUSED;
	/* A rule without a code still reports the first one the provider gave. */
	if (count > 0)
		set_code(verdict_r, &problems[(size_t)at < count ? at : 0]);
}

void
verdict_of(enum telnyx_kind kind, int attempt, const struct http_answer *answer,
    struct verdict *verdict_r)
{
	const char *reason;
	struct json *body = NULL;
	long status = answer->status;

	*verdict_r = (struct verdict){ .reason = "done" };
	if (answer->body != NULL)
		body = json_parse(answer->body, answer->body_len, &reason);
	if (status >= 200 && status <= 299 && is_complete(kind, json_get(body, "data")))
		verdict_r->meaning = VERDICT_DONE;
	else
		judge(kind, attempt, status, body, verdict_r);
	json_free(body);
}
