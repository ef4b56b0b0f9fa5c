/*
 * telnyx_body.c - the bodies of requests to the telephone provider
 */
#include "telnyx_body.h"

#include <string.h>

#include "buf.h"
#include "crypto.h"
#include "json.h"

#define LEG_LEAD "lead"
#define STATE_SIZE 512 /* longest client_state we write, bytes */
#define TIMEOUT_SECS 30 /* ringing, unless the row says otherwise */
#define TIME_LIMIT_SECS 3600 /* a forgotten leg costs money by the minute */
#define GATHER_MS 5000 /* for the key, counted from the end of the speech */
#define LANGUAGE "en-US"

static const char *
param(const struct telnyx_command *command, const char *name)
{
	return json_string(json_get(command->params, name));
}

static long long
param_number(const struct telnyx_command *command, const char *name, long long fallback)
{
	const struct json *number = json_get(command->params, name);

	return json_type(number) == JSON_INT ? (long long)json_int(number) : fallback;
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
static const char *
add_client_state(struct buf *body, const struct telnyx_command *command, const char *leg)
{
	const char *transfer = param(command, "xfer");
	struct buf state = { 0 };
	char text[(STATE_SIZE + 2) / 3 * 4 + 1];
	bool is_short;

	buf_adds(&state, "{\"v\":1,\"call\":");
	buf_add_json_string(&state, command->call_id, strlen(command->call_id));
	buf_adds(&state, ",\"leg\":");
	buf_add_json_string(&state, leg, strlen(leg));
	if (transfer != NULL) {
		buf_adds(&state, ",\"xfer\":");
		buf_add_json_string(&state, transfer, strlen(transfer));
	}
	buf_addc(&state, '}');
	is_short = state.len <= STATE_SIZE;
	if (is_short) {
		crypto_base64(state.data, state.len, text);
		add_text(body, "client_state", text);
	}
	buf_free(&state);
	return is_short ? NULL : "the ids are too long";
}

const char *
telnyx_body_empty(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	(void)body;
	(void)account;
	(void)command;
	return NULL;
}

const char *
telnyx_body_dial(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	const char *to = param(command, "to");
	const char *leg = param(command, "leg");
	const char *detection = param(command, "answeringMachineDetection");
	const char *link = param(command, "linkTo");

	if (to == NULL)
		return "the dial has no number";
	add_text(body, "connection_id", account->connection_id);
	add_text(body, "to", to);
	add_text(body, "from", account->number);
	add_text(body, "webhook_url", account->webhook_url);
	add_text(body, "webhook_url_method", "POST");
	buf_addf(body, ",\"timeout_secs\":%lld,\"time_limit_secs\":%lld",
	    param_number(command, "timeoutSecs", TIMEOUT_SECS),
	    param_number(command, "timeLimitSecs", TIME_LIMIT_SECS));
	/* Otherwise ringing may go on by other routes after the time is up. */
	buf_adds(body, ",\"retry_on_timeout\":false");
	add_text(body, "answering_machine_detection", detection != NULL ? detection : "premium");
	if (link != NULL)
		add_text(body, "link_to", link);
	buf_adds(body, ",\"custom_headers\":[{\"name\":\"X-Call-ID\",\"value\":");
	buf_add_json_string(body, command->call_id, strlen(command->call_id));
	buf_adds(body, "}]");
	return add_client_state(body, command, leg != NULL ? leg : LEG_LEAD);
}

/* In stereo the lead is on one channel and everybody else on the other. */
const char *
telnyx_body_record(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	const char *channels = param(command, "channels");

	(void)account;
	add_text(body, "format", "mp3");
	add_text(body, "channels", channels != NULL ? channels : "dual");
	return NULL;
}

/* What is said and in which voice. */
const char *
telnyx_body_speak(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	const char *payload = param(command, "payload");
	const char *voice = param(command, "voice");

	if (payload == NULL || payload[0] == '\0')
		return "there is nothing to say";
	add_text(body, "payload", payload);
	add_text(body, "voice", voice != NULL ? voice : account->voice);
	add_text(body, "language", LANGUAGE);
	return NULL;
}

/* One key, one try: who wants the call presses it, and a machine cannot. */
const char *
telnyx_body_gather(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	buf_addf(body, ",\"minimum_digits\":1,\"maximum_digits\":1,\"valid_digits\":\"1\","
		       "\"maximum_tries\":1,\"timeout_millis\":%d",
	    GATHER_MS);
	return telnyx_body_speak(body, account, command);
}

/* The client_state replaces the lead leg's, so it must say as much as the dial's did. */
const char *
telnyx_body_conference_create(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	const char *name = param(command, "name");

	(void)account;
	if (name == NULL)
		return "the conference has no name";
	if (command->call_control_id == NULL)
		return "the leg has no call_control_id";
	add_text(body, "call_control_id", command->call_control_id);
	add_text(body, "name", name);
	buf_adds(body, ",\"beep_enabled\":\"never\",\"start_conference_on_create\":true");
	return add_client_state(body, command, LEG_LEAD);
}

/* Whoever leaves, the other stays: the conference must not end with this participant. */
const char *
telnyx_body_conference_join(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	const char *problem = telnyx_body_conference_leave(body, account, command);

	buf_adds(body, ",\"end_conference_on_exit\":false,\"start_conference_on_enter\":true,"
		       "\"beep_enabled\":\"never\"");
	return problem;
}

const char *
telnyx_body_conference_leave(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	(void)account;
	if (command->call_control_id == NULL)
		return "the leg has no call_control_id";
	add_text(body, "call_control_id", command->call_control_id);
	return NULL;
}

/* The engine is the provider's default one. */
const char *
telnyx_body_transcription(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command)
{
	(void)account;
	(void)command;
	add_text(body, "transcription_tracks", "both");
	return NULL;
}
