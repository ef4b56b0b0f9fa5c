/*
 * test_telnyx.c - requests to the telephone provider, and what its answers mean
 */
#include "telnyx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "crypto.h"
#include "json.h"
#include "verdict.h"

#define CALL "11111111-2222-4333-8444-555555555555"
#define OTHER "99999999-2222-4333-8444-555555555555"
#define COMMAND "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

static const struct telnyx_account account = {
	.base = "http://127.0.0.1:9/v2",
	.connection_id = "17/8",
	.number = "+15550001111",
	.webhook_url = "https://vals.example/api/webhooks/telnyx",
	.voice = "AWS.Polly.Joanna",
};

struct fixture {
	struct arena *arena;
	struct json *params;
	struct telnyx_command command;
	struct telnyx_request request;
};

static struct json *
parse(const char *text)
{
	const char *reason = "";
	struct json *json = json_parse(text, strlen(text), &reason);

	if (json == NULL)
		fail_msg("%s: %s", reason, text);
	return json;
}

static int
make(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->arena = arena_new(1024);
	fixture->params = parse("{\"to\":\"+15550002222\"}");
	fixture->command = (struct telnyx_command){
		.kind = TELNYX_DIAL,
		.id = COMMAND,
		.call_id = CALL,
		.params = fixture->params,
	};
	*state = fixture;
	return 0;
}

static int
unmake(void **state)
{
	struct fixture *fixture = *state;

	json_free(fixture->params);
	arena_free(&fixture->arena);
	free(fixture);
	return 0;
}

static void
set_params(struct fixture *fixture, const char *text)
{
	json_free(fixture->params);
	fixture->params = parse(text);
	fixture->command.params = fixture->params;
}

/* The request's body; it must be one, and is freed by the caller. */
static struct json *
build(struct fixture *fixture)
{
	const char *problem = telnyx_build(&account, &fixture->command, fixture->arena,
	    &fixture->request);

	if (problem != NULL)
		fail_msg("%s", problem);
	assert_string_equal(fixture->request.method, "POST");
	return parse(fixture->request.body);
}

static void
assert_text(const struct json *json, const char *key, const char *wanted)
{
	const char *text = json_string(json_get(json, key));

	if (text == NULL)
		fail_msg("no text %s", key);
	assert_string_equal(text, wanted);
}

static void
assert_number(const struct json *json, const char *key, int64_t wanted)
{
	assert_int_equal(json_type(json_get(json, key)), JSON_INT);
	assert_int_equal(json_int(json_get(json, key)), wanted);
}

/* ---- requests ---- */

static void
kinds_have_names(void **state)
{
	(void)state;
	for (int kind = 0; kind < TELNYX_KIND__MAX; kind++)
		assert_int_equal(telnyx_kind_parse(telnyx_kind_name((enum telnyx_kind)kind)), kind);
	assert_int_equal(telnyx_kind_parse("dance"), -1);
	assert_int_equal(telnyx_kind_parse(""), -1);
}

static void
a_dial_says_all_the_provider_needs(void **state)
{
	struct fixture *fixture = *state;
	struct json *body = build(fixture);
	struct json *header = json_item(json_get(body, "custom_headers"), 0);

	assert_string_equal(fixture->request.url, "http://127.0.0.1:9/v2/calls");
	assert_text(body, "command_id", COMMAND);
	assert_text(body, "connection_id", "17/8");
	assert_text(body, "to", "+15550002222");
	assert_text(body, "from", "+15550001111");
	assert_text(body, "webhook_url", "https://vals.example/api/webhooks/telnyx");
	assert_text(body, "webhook_url_method", "POST");
	assert_text(body, "answering_machine_detection", "premium");
	assert_number(body, "timeout_secs", 30);
	assert_number(body, "time_limit_secs", 3600);
	assert_int_equal(json_type(json_get(body, "retry_on_timeout")), JSON_BOOL);
	assert_false(json_bool(json_get(body, "retry_on_timeout")));
	assert_int_equal(json_count(json_get(body, "custom_headers")), 1);
	assert_text(header, "name", "X-Call-ID");
	assert_text(header, "value", CALL);
	json_free(body);
}

static void
a_dial_carries_the_call_in_its_client_state(void **state)
{
	struct json *body = build(*state);
	const char *encoded = json_string(json_get(body, "client_state"));
	struct json *client_state;
	char text[256];
	long len;

	assert_non_null(encoded);
	len = crypto_base64_decode(encoded, strlen(encoded), text, sizeof(text) - 1);
	assert_true(len > 0);
	text[len] = '\0';
	client_state = parse(text);
	assert_number(client_state, "v", 1);
	assert_text(client_state, "call", CALL);
	assert_text(client_state, "leg", "lead");
	json_free(client_state);
	json_free(body);
}

static void
a_dial_takes_its_limits_from_the_row(void **state)
{
	struct fixture *fixture = *state;
	struct json *body;

	set_params(fixture, "{\"to\":\"+4930123456\",\"timeoutSecs\":25,"
			    "\"answeringMachineDetection\":\"disabled\"}");
	body = build(fixture);
	assert_number(body, "timeout_secs", 25);
	assert_text(body, "answering_machine_detection", "disabled");
	json_free(body);
}

static void
a_dial_without_a_number_cannot_be_said(void **state)
{
	struct fixture *fixture = *state;

	set_params(fixture, "{\"to\":15550002222}");
	assert_string_equal(telnyx_build(&account, &fixture->command, fixture->arena,
				&fixture->request),
	    "the dial has no number");
}

static void
texts_of_the_row_cannot_break_the_body(void **state)
{
	struct fixture *fixture = *state;
	struct json *body;

	set_params(fixture, "{\"to\":\"\\\",\\\"x\\\":\\\"\\\\\"}");
	body = build(fixture);
	assert_text(body, "to", "\",\"x\":\"\\");
	assert_null(json_get(body, "x"));
	json_free(body);
}

static void
a_hangup_names_its_leg_in_the_path(void **state)
{
	struct fixture *fixture = *state;
	struct json *body;

	fixture->command.kind = TELNYX_HANGUP;
	fixture->command.call_control_id = "v3:ab/c=";
	set_params(fixture, "{}");
	body = build(fixture);
	assert_string_equal(fixture->request.url,
	    "http://127.0.0.1:9/v2/calls/v3%3Aab%2Fc%3D/actions/hangup");
	assert_text(body, "command_id", COMMAND);
	/* A client_state here would replace the one the leg has. */
	assert_null(json_get(body, "client_state"));
	json_free(body);
}

static void
a_recording_is_mp3_in_the_channels_of_its_row(void **state)
{
	struct fixture *fixture = *state;
	struct json *body;

	fixture->command.kind = TELNYX_RECORD_START;
	fixture->command.call_control_id = "v3:x";
	set_params(fixture, "{\"channels\":\"single\"}");
	body = build(fixture);
	assert_string_equal(fixture->request.url, "http://127.0.0.1:9/v2/calls/v3%3Ax/actions/record_start");
	assert_text(body, "command_id", COMMAND);
	assert_text(body, "format", "mp3");
	assert_text(body, "channels", "single");
	json_free(body);
	set_params(fixture, "{}");
	body = build(fixture);
	assert_text(body, "channels", "dual");
	json_free(body);
}

static void
a_stop_of_a_recording_says_no_more_than_its_id(void **state)
{
	struct fixture *fixture = *state;
	struct json *body;

	fixture->command.kind = TELNYX_RECORD_STOP;
	fixture->command.call_control_id = "v3:x";
	set_params(fixture, "{}");
	body = build(fixture);
	assert_string_equal(fixture->request.url, "http://127.0.0.1:9/v2/calls/v3%3Ax/actions/record_stop");
	assert_string_equal(json_print(body), "{\"command_id\":\"" COMMAND "\"}");
	json_free(body);
}

static void
a_leg_without_id_cannot_be_hung_up(void **state)
{
	struct fixture *fixture = *state;

	fixture->command.kind = TELNYX_HANGUP;
	assert_string_equal(telnyx_build(&account, &fixture->command, fixture->arena,
				&fixture->request),
	    "the leg has no call_control_id");
	assert_string_equal(telnyx_question(&account, &fixture->command, NULL, fixture->arena,
				&fixture->request),
	    "the leg has no call_control_id");
}

/* The client_state of a body, decoded. */
static struct json *
state_of(const struct json *body)
{
	const char *encoded = json_string(json_get(body, "client_state"));
	char text[512];
	long len;

	assert_non_null(encoded);
	len = crypto_base64_decode(encoded, strlen(encoded), text, sizeof(text) - 1);
	assert_true(len > 0);
	text[len] = '\0';
	return parse(text);
}

static void
a_dial_of_the_closer_says_so(void **state)
{
	struct fixture *fixture = *state;
	struct json *body, *client_state;

	set_params(fixture, "{\"to\":\"+15550003333\",\"leg\":\"closer\",\"xfer\":\"" OTHER "\",\"timeoutSecs\":25,"
			    "\"timeLimitSecs\":7200,\"linkTo\":\"v3:lead\"}");
	body = build(fixture);
	assert_number(body, "timeout_secs", 25);
	assert_number(body, "time_limit_secs", 7200);
	assert_text(body, "link_to", "v3:lead");
	client_state = state_of(body);
	assert_text(client_state, "call", CALL);
	assert_text(client_state, "leg", "closer");
	assert_text(client_state, "xfer", OTHER);
	json_free(client_state);
	json_free(body);
}

static void
set_kind(struct fixture *fixture, enum telnyx_kind kind, const char *params)
{
	fixture->command.kind = kind;
	fixture->command.call_control_id = "v3:a/b";
	set_params(fixture, params);
}

static void
a_gather_speaks_and_takes_one_key(void **state)
{
	struct fixture *fixture = *state;
	struct json *body;

	set_kind(fixture, TELNYX_GATHER, "{\"payload\":\"Press 1\"}");
	body = build(fixture);
	assert_string_equal(fixture->request.url,
	    "http://127.0.0.1:9/v2/calls/v3%3Aa%2Fb/actions/gather_using_speak");
	assert_text(body, "command_id", COMMAND);
	assert_text(body, "payload", "Press 1");
	assert_text(body, "voice", "AWS.Polly.Joanna");
	assert_text(body, "valid_digits", "1");
	assert_number(body, "minimum_digits", 1);
	assert_number(body, "maximum_digits", 1);
	assert_number(body, "maximum_tries", 1);
	assert_number(body, "timeout_millis", 5000);
	json_free(body);
}

static void
a_row_may_name_another_voice(void **state)
{
	struct fixture *fixture = *state;
	struct json *body;

	set_kind(fixture, TELNYX_SPEAK, "{\"payload\":\"One moment\",\"voice\":\"AWS.Polly.Matthew\"}");
	body = build(fixture);
	assert_string_equal(fixture->request.url, "http://127.0.0.1:9/v2/calls/v3%3Aa%2Fb/actions/speak");
	assert_text(body, "payload", "One moment");
	assert_text(body, "voice", "AWS.Polly.Matthew");
	json_free(body);
	set_params(fixture, "{\"payload\":\"\"}");
	assert_string_equal(telnyx_build(&account, &fixture->command, fixture->arena, &fixture->request),
	    "there is nothing to say");
}

static void
a_conference_is_made_of_the_leads_leg(void **state)
{
	struct fixture *fixture = *state;
	struct json *body, *client_state;

	set_kind(fixture, TELNYX_CONFERENCE_CREATE, "{\"name\":\"xfer-1\",\"xfer\":\"" OTHER "\"}");
	body = build(fixture);
	assert_string_equal(fixture->request.url, "http://127.0.0.1:9/v2/conferences");
	assert_text(body, "call_control_id", "v3:a/b");
	assert_text(body, "name", "xfer-1");
	assert_text(body, "beep_enabled", "never");
	assert_true(json_bool(json_get(body, "start_conference_on_create")));
	client_state = state_of(body);
	assert_text(client_state, "call", CALL);
	assert_text(client_state, "leg", "lead");
	assert_text(client_state, "xfer", OTHER);
	json_free(client_state);
	json_free(body);
}

static void
a_conference_is_joined_and_left_by_a_leg(void **state)
{
	struct fixture *fixture = *state;
	struct json *body;

	set_kind(fixture, TELNYX_CONFERENCE_JOIN, "{\"conferenceId\":\"c/1\"}");
	body = build(fixture);
	assert_string_equal(fixture->request.url, "http://127.0.0.1:9/v2/conferences/c%2F1/actions/join");
	assert_text(body, "call_control_id", "v3:a/b");
	assert_int_equal(json_type(json_get(body, "end_conference_on_exit")), JSON_BOOL);
	assert_false(json_bool(json_get(body, "end_conference_on_exit")));
	assert_true(json_bool(json_get(body, "start_conference_on_enter")));
	assert_text(body, "beep_enabled", "never");
	json_free(body);

	fixture->command.kind = TELNYX_CONFERENCE_LEAVE;
	body = build(fixture);
	assert_string_equal(fixture->request.url, "http://127.0.0.1:9/v2/conferences/c%2F1/actions/leave");
	assert_string_equal(json_print(body),
	    "{\"command_id\":\"" COMMAND "\",\"call_control_id\":\"v3:a/b\"}");
	json_free(body);
}

static void
a_transcription_hears_both_sides(void **state)
{
	struct fixture *fixture = *state;
	struct json *body;

	set_kind(fixture, TELNYX_TRANSCRIPTION_START, "{}");
	body = build(fixture);
	assert_string_equal(fixture->request.url,
	    "http://127.0.0.1:9/v2/calls/v3%3Aa%2Fb/actions/transcription_start");
	assert_text(body, "transcription_tracks", "both");
	json_free(body);
}

static void
inquiries_only_ask(void **state)
{
	struct fixture *fixture = *state;

	set_kind(fixture, TELNYX_INQUIRE, "{\"conferenceId\":\"c1\"}");
	assert_null(telnyx_build(&account, &fixture->command, fixture->arena, &fixture->request));
	assert_string_equal(fixture->request.method, "GET");
	assert_null(fixture->request.body);
	assert_string_equal(fixture->request.url, "http://127.0.0.1:9/v2/calls/v3%3Aa%2Fb");
	fixture->command.kind = TELNYX_PARTICIPANTS;
	assert_null(telnyx_build(&account, &fixture->command, fixture->arena, &fixture->request));
	assert_string_equal(fixture->request.method, "GET");
	assert_string_equal(fixture->request.url,
	    "http://127.0.0.1:9/v2/conferences/c1/participants?page%5Bsize%5D=250");
}

static void
what_a_row_lacks_cannot_be_said(void **state)
{
	static const struct {
		enum telnyx_kind kind;
		const char *problem;
	} cases[] = {
		{ TELNYX_GATHER, "there is nothing to say" },
		{ TELNYX_SPEAK, "there is nothing to say" },
		{ TELNYX_CONFERENCE_CREATE, "the conference has no name" },
		{ TELNYX_CONFERENCE_JOIN, "the conference has no id" },
		{ TELNYX_CONFERENCE_LEAVE, "the conference has no id" },
		{ TELNYX_PARTICIPANTS, "the conference has no id" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_kind(fixture, cases[i].kind, "{}");
		assert_string_equal(telnyx_build(&account, &fixture->command, fixture->arena,
					&fixture->request), cases[i].problem);
	}
}

static void
a_conference_without_its_leg_cannot_be_said(void **state)
{
	static const enum telnyx_kind list[] = {
		TELNYX_CONFERENCE_CREATE, TELNYX_CONFERENCE_JOIN, TELNYX_CONFERENCE_LEAVE, TELNYX_INQUIRE,
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		set_kind(fixture, list[i], "{\"name\":\"n\",\"conferenceId\":\"c\"}");
		fixture->command.call_control_id = NULL;
		assert_string_equal(telnyx_build(&account, &fixture->command, fixture->arena,
					&fixture->request), "the leg has no call_control_id");
	}
}

static void
words_are_neither_repeated_nor_asked_for(void **state)
{
	(void)state;
	for (int kind = 0; kind < TELNYX_KIND__MAX; kind++) {
		bool is_speech = kind == TELNYX_GATHER || kind == TELNYX_SPEAK;
		bool is_inquiry = kind == TELNYX_INQUIRE || kind == TELNYX_PARTICIPANTS;
		bool is_once = is_speech || kind == TELNYX_DIAL || kind == TELNYX_CONFERENCE_CREATE ||
		    kind == TELNYX_CONFERENCE_JOIN;

		assert_int_equal(telnyx_is_repeatable((enum telnyx_kind)kind), !is_once);
		assert_int_equal(telnyx_has_question((enum telnyx_kind)kind), !is_speech && !is_inquiry);
	}
}

/* ---- questions ---- */

static void
a_dial_is_looked_for_among_the_active_calls(void **state)
{
	struct fixture *fixture = *state;

	assert_null(telnyx_question(&account, &fixture->command, NULL, fixture->arena,
	    &fixture->request));
	assert_string_equal(fixture->request.method, "GET");
	assert_null(fixture->request.body);
	assert_string_equal(fixture->request.url,
	    "http://127.0.0.1:9/v2/connections/17%2F8/active_calls?page%5Blimit%5D=250");
	assert_null(telnyx_question(&account, &fixture->command, "v1:a=", fixture->arena,
	    &fixture->request));
	assert_string_equal(fixture->request.url,
	    "http://127.0.0.1:9/v2/connections/17%2F8/active_calls?page%5Blimit%5D=250"
	    "&page%5Bafter%5D=v1%3Aa%3D");
}

static void
a_hangup_is_looked_for_at_its_leg(void **state)
{
	struct fixture *fixture = *state;

	fixture->command.kind = TELNYX_HANGUP;
	fixture->command.call_control_id = "v3:x";
	assert_null(telnyx_question(&account, &fixture->command, NULL, fixture->arena,
	    &fixture->request));
	assert_string_equal(fixture->request.url, "http://127.0.0.1:9/v2/calls/v3%3Ax");
}

static struct http_answer
answer_of(long status, const char *body)
{
	return (struct http_answer){
		.status = status,
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0,
		.error = status == 0 ? "timeout" : NULL,
		.was_sent = true,
		.retry_after = -1,
	};
}

static enum telnyx_finding
find(struct fixture *fixture, long status, const char *body, const char **text_r)
{
	struct http_answer answer = answer_of(status, body);

	*text_r = NULL;
	return telnyx_find(&fixture->command, &answer, fixture->arena, text_r);
}

/* One active call of a call id and leg, as the provider lists it. */
static const char *
active(struct fixture *fixture, const char *call_id, const char *leg)
{
	char state[256], encoded[512];
	int len = snprintf(state, sizeof(state), "{\"v\":1,\"call\":\"%s\",\"leg\":\"%s\"}",
	    call_id, leg);

	crypto_base64(state, (size_t)len, encoded);
	return arena_printf(fixture->arena, "{\"call_control_id\":\"cc-%s\",\"call_leg_id\":\"l\","
					    "\"call_session_id\":\"s\",\"client_state\":\"%s\"}",
	    leg, encoded);
}

static void
a_dial_is_found_by_its_client_state(void **state)
{
	struct fixture *fixture = *state;
	const char *text;
	const char *page = arena_printf(fixture->arena,
	    "{\"data\":[{\"client_state\":\"\"},{\"client_state\":\"bm8=\"},{\"call_leg_id\":\"x\"},"
	    "%s,%s,%s],\"meta\":{\"cursors\":{\"after\":\"more\"}}}",
	    active(fixture, OTHER, "lead"), active(fixture, CALL, "closer"),
	    active(fixture, CALL, "lead"));
	struct json *found;

	assert_int_equal(find(fixture, 200, page, &text), TELNYX_FOUND);
	found = parse(text);
	assert_text(json_get(found, "data"), "call_control_id", "cc-lead");
	assert_text(json_get(found, "data"), "call_session_id", "s");
	json_free(found);
}

static void
a_dial_not_on_this_page_may_be_on_the_next(void **state)
{
	struct fixture *fixture = *state;
	const char *other = active(fixture, OTHER, "lead");
	const char *text, *page;

	page = arena_printf(fixture->arena,
	    "{\"data\":[%s],\"meta\":{\"cursors\":{\"after\":\"v1:x\"}}}", other);
	assert_int_equal(find(fixture, 200, page, &text), TELNYX_MORE);
	assert_string_equal(text, "v1:x");
	page = arena_printf(fixture->arena, "{\"data\":[%s],\"meta\":{\"cursors\":{}}}", other);
	assert_int_equal(find(fixture, 200, page, &text), TELNYX_ABSENT);
}

static void
a_cursor_behind_an_empty_page_leads_nowhere(void **state)
{
	const char *text;

	assert_int_equal(find(*state, 200,
			     "{\"data\":[],\"meta\":{\"cursors\":{\"after\":\"v1:x\"}}}", &text),
	    TELNYX_ABSENT);
}

static void
no_list_says_nothing_about_a_dial(void **state)
{
	const char *text;

	assert_int_equal(find(*state, 500, "{\"data\":[]}", &text), TELNYX_UNCLEAR);
	assert_int_equal(find(*state, 404, "{\"errors\":[]}", &text), TELNYX_UNCLEAR);
	assert_int_equal(find(*state, 200, "<html>", &text), TELNYX_UNCLEAR);
	assert_int_equal(find(*state, 200, "{\"data\":{}}", &text), TELNYX_UNCLEAR);
	assert_int_equal(find(*state, 200, "", &text), TELNYX_UNCLEAR);
	assert_int_equal(find(*state, 0, NULL, &text), TELNYX_UNCLEAR);
}

static void
a_hangup_was_done_if_the_call_is_over(void **state)
{
	struct fixture *fixture = *state;
	const char *text;

	fixture->command.kind = TELNYX_HANGUP;
	assert_int_equal(find(fixture, 200, "{\"data\":{\"is_alive\":false}}", &text), TELNYX_FOUND);
	assert_string_equal(text, "{}");
	assert_int_equal(find(fixture, 200, "{\"data\":{\"is_alive\":true}}", &text), TELNYX_ABSENT);
	assert_int_equal(find(fixture, 422, "{\"errors\":[]}", &text), TELNYX_FOUND);
	assert_int_equal(find(fixture, 404, "", &text), TELNYX_FOUND);
	assert_int_equal(find(fixture, 200, "{\"data\":{}}", &text), TELNYX_UNCLEAR);
	assert_int_equal(find(fixture, 503, "", &text), TELNYX_UNCLEAR);
	assert_int_equal(find(fixture, 0, NULL, &text), TELNYX_UNCLEAR);
}

static void
a_dial_is_told_from_that_of_another_transfer(void **state)
{
	struct fixture *fixture = *state;
	const char *page = arena_printf(fixture->arena, "{\"data\":[%s]}", active(fixture, CALL, "closer"));
	const char *text;

	set_params(fixture, "{\"to\":\"+15550002222\",\"leg\":\"closer\"}");
	assert_int_equal(find(fixture, 200, page, &text), TELNYX_FOUND);
	set_params(fixture, "{\"to\":\"+15550002222\",\"leg\":\"closer\",\"xfer\":\"" OTHER "\"}");
	assert_int_equal(find(fixture, 200, page, &text), TELNYX_ABSENT);
}

static void
a_conference_is_looked_for_by_its_name(void **state)
{
	struct fixture *fixture = *state;
	const char *text;

	set_kind(fixture, TELNYX_CONFERENCE_CREATE, "{\"name\":\"xfer-1\"}");
	assert_null(telnyx_question(&account, &fixture->command, NULL, fixture->arena, &fixture->request));
	assert_string_equal(fixture->request.url,
	    "http://127.0.0.1:9/v2/conferences?filter%5Bname%5D=xfer-1&page%5Bsize%5D=250");
	assert_int_equal(find(fixture, 200, "{\"data\":[{\"id\":\"o\",\"name\":\"xfer-10\",\"status\":\"init\"},"
	    "{\"id\":\"e\",\"name\":\"xfer-1\",\"status\":\"completed\"},"
	    "{\"id\":\"c\",\"name\":\"xfer-1\",\"status\":\"in_progress\"}]}", &text), TELNYX_FOUND);
	assert_string_equal(text, "{\"data\":{\"id\":\"c\",\"name\":\"xfer-1\",\"status\":\"in_progress\"}}");
	assert_int_equal(find(fixture, 200, "{\"data\":[{\"id\":\"e\",\"name\":\"xfer-1\",\"status\":\"completed\"}]}",
			     &text), TELNYX_ABSENT);
	assert_int_equal(find(fixture, 200, "{\"data\":[]}", &text), TELNYX_ABSENT);
	assert_int_equal(find(fixture, 404, "{\"errors\":[]}", &text), TELNYX_UNCLEAR);
	assert_int_equal(find(fixture, 0, NULL, &text), TELNYX_UNCLEAR);
}

static void
a_join_is_looked_for_among_the_participants(void **state)
{
	struct fixture *fixture = *state;
	const char *text;

	set_kind(fixture, TELNYX_CONFERENCE_JOIN, "{\"conferenceId\":\"c1\"}");
	assert_null(telnyx_question(&account, &fixture->command, NULL, fixture->arena, &fixture->request));
	assert_string_equal(fixture->request.url,
	    "http://127.0.0.1:9/v2/conferences/c1/participants?page%5Bsize%5D=250");
	assert_int_equal(find(fixture, 200, "{\"data\":[{\"call_control_id\":\"v3:lead\"},"
	    "{\"call_control_id\":\"v3:a/b\",\"status\":\"joining\"}]}", &text), TELNYX_FOUND);
	assert_string_equal(text, "{\"data\":{\"call_control_id\":\"v3:a/b\",\"status\":\"joining\"}}");
	assert_int_equal(find(fixture, 200, "{\"data\":[{\"call_control_id\":\"v3:lead\"}]}", &text), TELNYX_ABSENT);
	assert_int_equal(find(fixture, 404, "{\"errors\":[]}", &text), TELNYX_ABSENT);
	assert_int_equal(find(fixture, 503, "", &text), TELNYX_UNCLEAR);
}

static void
a_fresh_link_is_that_of_the_recording(void **state)
{
	static const char list[] = "{\"data\":["
	    "{\"id\":\"a\",\"recording_started_at\":\"2026-01-01T10:00:00Z\",\"download_urls\":{\"mp3\":\"https://h/a\"}},"
	    "{\"id\":\"b\",\"recording_started_at\":\"2026-01-01T11:00:00Z\",\"download_urls\":{\"mp3\":\"https://h/b\"}},"
	    "{\"id\":\"c\",\"recording_started_at\":\"2026-01-01T12:00:00Z\",\"download_urls\":{\"wav\":\"https://h/c\"}}]}";
	struct fixture *fixture = *state;
	struct http_answer answer = { .status = 200, .body = list, .body_len = sizeof(list) - 1 };

	telnyx_recordings(&account, "leg/1", fixture->arena, &fixture->request);
	assert_string_equal(fixture->request.method, "GET");
	assert_string_equal(fixture->request.url,
	    "http://127.0.0.1:9/v2/recordings?filter%5Bcall_leg_id%5D=leg%2F1&page%5Bsize%5D=250");
	assert_string_equal(telnyx_recording_url(&answer, "a", "mp3", fixture->arena), "https://h/a");
	assert_string_equal(telnyx_recording_url(&answer, NULL, "mp3", fixture->arena), "https://h/b");
	assert_string_equal(telnyx_recording_url(&answer, NULL, "wav", fixture->arena), "https://h/c");
	assert_null(telnyx_recording_url(&answer, "x", "mp3", fixture->arena));
	assert_null(telnyx_recording_url(&answer, "a", "wav", fixture->arena));
	answer = (struct http_answer){ .status = 200, .body = "<html>", .body_len = 6 };
	assert_null(telnyx_recording_url(&answer, NULL, "mp3", fixture->arena));
}

/* ---- verdicts ---- */

static struct verdict
judge(enum telnyx_kind kind, int attempt, long status, const char *body)
{
	struct http_answer answer = answer_of(status, body);
	struct verdict verdict;

	verdict_of(kind, attempt, &answer, &verdict);
	assert_non_null(verdict.reason);
	return verdict;
}

static struct verdict
judge_code(enum telnyx_kind kind, int attempt, long status, const char *code)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"errors\":[{\"code\":\"%s\",\"title\":\"t\"}]}", code);
	return judge(kind, attempt, status, body);
}

static void
a_recording_is_not_needed_once_the_call_is_over(void **state)
{
	(void)state;
	assert_int_equal(judge_code(TELNYX_RECORD_STOP, 1, 422, "90018").meaning, VERDICT_DONE);
	assert_int_equal(judge_code(TELNYX_RECORD_START, 1, 422, "90018").meaning, VERDICT_REFUSED);
	assert_int_equal(judge_code(TELNYX_RECORD_START, 3, 422, "90020").meaning, VERDICT_LATER);
	assert_int_equal(judge_code(TELNYX_RECORD_START, 4, 422, "90020").meaning, VERDICT_REFUSED);
}

static void
errors_mean_what_the_table_says(void **state)
{
	static const struct {
		long status;
		const char *code;
		enum verdict_meaning dial, hangup;
	} cases[] = {
		{ 401, "10009", VERDICT_BARRED, VERDICT_BARRED },
		{ 400, "10015", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 400, "10028", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 404, "10005", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 404, "10007", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 404, "90058", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 422, "10004", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 422, "10011", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 422, "10015", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 422, "10016", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 422, "10032", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 422, "10033", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 422, "90015", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 422, "90018", VERDICT_REFUSED, VERDICT_DONE },
		{ 422, "90061", VERDICT_DONE, VERDICT_DONE },
		{ 422, "99999", VERDICT_REFUSED, VERDICT_REFUSED },
		{ 429, "10011", VERDICT_LATER, VERDICT_LATER },
		{ 429, "90103", VERDICT_LATER, VERDICT_LATER },
		{ 429, "12345", VERDICT_LATER, VERDICT_LATER },
		{ 500, "10007", VERDICT_UNKNOWN, VERDICT_UNKNOWN },
		{ 503, "90018", VERDICT_UNKNOWN, VERDICT_UNKNOWN },
		{ 408, "10007", VERDICT_UNKNOWN, VERDICT_UNKNOWN },
		{ 302, "10007", VERDICT_UNKNOWN, VERDICT_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verdict dial = judge_code(TELNYX_DIAL, 1, cases[i].status, cases[i].code);
		struct verdict hangup = judge_code(TELNYX_HANGUP, 1, cases[i].status, cases[i].code);

		if (dial.meaning != cases[i].dial || hangup.meaning != cases[i].hangup)
			fail_msg("%ld %s means %d and %d", cases[i].status, cases[i].code, dial.meaning,
			    hangup.meaning);
		assert_string_equal(dial.code, cases[i].code);
	}
}

static void
what_ends_something_is_done_when_it_has_ended(void **state)
{
	(void)state;
	assert_int_equal(judge_code(TELNYX_GATHER_STOP, 1, 422, "90018").meaning, VERDICT_DONE);
	assert_int_equal(judge_code(TELNYX_GATHER_STOP, 1, 422, "90034").meaning, VERDICT_DONE);
	assert_int_equal(judge_code(TELNYX_CONFERENCE_LEAVE, 1, 422, "90018").meaning, VERDICT_DONE);
	assert_int_equal(judge_code(TELNYX_CONFERENCE_LEAVE, 1, 422, "90019").meaning, VERDICT_DONE);
	assert_int_equal(judge_code(TELNYX_CONFERENCE_LEAVE, 1, 404, "90058").meaning, VERDICT_DONE);
	assert_int_equal(judge_code(TELNYX_TRANSCRIPTION_START, 1, 422, "90054").meaning, VERDICT_DONE);
}

static void
a_join_that_comes_too_late_is_refused(void **state)
{
	static const char *const codes[] = { "90018", "90019", "90015", "90032" };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_int_equal(judge_code(TELNYX_CONFERENCE_JOIN, 1, 422, codes[i]).meaning, VERDICT_REFUSED);
	assert_int_equal(judge_code(TELNYX_CONFERENCE_JOIN, 1, 404, "90058").meaning, VERDICT_REFUSED);
	assert_int_equal(judge_code(TELNYX_CONFERENCE_JOIN, 1, 422, "90034").meaning, VERDICT_LATER);
	assert_int_equal(judge_code(TELNYX_CONFERENCE_JOIN, 2, 422, "90034").meaning, VERDICT_REFUSED);
}

static void
our_own_conference_exists(void **state)
{
	(void)state;
	assert_int_equal(judge_code(TELNYX_CONFERENCE_CREATE, 1, 422, "90033").meaning, VERDICT_EXISTS);
	assert_int_equal(judge_code(TELNYX_CONFERENCE_JOIN, 1, 422, "90033").meaning, VERDICT_REFUSED);
	assert_int_equal(judge(TELNYX_CONFERENCE_CREATE, 1, 200, "{\"data\":{\"id\":\"c\"}}").meaning, VERDICT_DONE);
	assert_int_equal(judge(TELNYX_CONFERENCE_CREATE, 1, 200, "{\"data\":{\"name\":\"n\"}}").meaning,
	    VERDICT_UNKNOWN);
}

static void
an_inquiry_learns_that_nothing_is_there(void **state)
{
	(void)state;
	assert_string_equal(judge(TELNYX_INQUIRE, 1, 404, "").answer, "{\"data\":{\"is_alive\":false}}");
	assert_int_equal(judge(TELNYX_INQUIRE, 1, 404, "").meaning, VERDICT_DONE);
	assert_int_equal(judge_code(TELNYX_INQUIRE, 1, 422, "90015").meaning, VERDICT_DONE);
	assert_int_equal(judge(TELNYX_INQUIRE, 1, 200, "{\"data\":{\"is_alive\":true}}").meaning, VERDICT_DONE);
	assert_null(judge(TELNYX_INQUIRE, 1, 200, "{\"data\":{\"is_alive\":true}}").answer);
	assert_int_equal(judge(TELNYX_INQUIRE, 1, 200, "{\"data\":{}}").meaning, VERDICT_UNKNOWN);
	assert_string_equal(judge(TELNYX_PARTICIPANTS, 1, 404, "").answer, "{\"data\":[]}");
	assert_int_equal(judge(TELNYX_PARTICIPANTS, 1, 200, "{\"data\":[]}").meaning, VERDICT_DONE);
	assert_int_equal(judge(TELNYX_PARTICIPANTS, 1, 200, "{\"data\":{}}").meaning, VERDICT_UNKNOWN);
	assert_int_equal(judge(TELNYX_PARTICIPANTS, 1, 503, "").meaning, VERDICT_UNKNOWN);
}

static void
no_answer_leaves_the_outcome_unknown(void **state)
{
	struct verdict verdict = judge(TELNYX_DIAL, 1, 0, NULL);

	(void)state;
	assert_int_equal(verdict.meaning, VERDICT_UNKNOWN);
	assert_string_equal(verdict.code, "");
	assert_string_equal(verdict.reason, "no answer");
}

static void
a_dial_is_done_only_with_its_ids(void **state)
{
	(void)state;
	assert_int_equal(judge(TELNYX_DIAL, 1, 200, "{\"data\":{\"call_control_id\":\"a\","
						    "\"call_leg_id\":\"b\",\"is_alive\":false}}")
			     .meaning,
	    VERDICT_DONE);
	assert_int_equal(judge(TELNYX_DIAL, 1, 200, "{\"data\":{\"call_control_id\":\"a\"}}").meaning,
	    VERDICT_UNKNOWN);
	assert_int_equal(judge(TELNYX_DIAL, 1, 200, "{\"data\":{\"result\":\"ok\"}}").meaning,
	    VERDICT_UNKNOWN);
	assert_int_equal(judge(TELNYX_HANGUP, 1, 200, "{\"data\":{\"result\":\"ok\"}}").meaning,
	    VERDICT_DONE);
}

static void
a_success_that_is_not_the_providers_is_none(void **state)
{
	(void)state;
	assert_int_equal(judge(TELNYX_HANGUP, 1, 200, "<html>").meaning, VERDICT_UNKNOWN);
	assert_int_equal(judge(TELNYX_HANGUP, 1, 200, "").meaning, VERDICT_UNKNOWN);
	assert_int_equal(judge(TELNYX_HANGUP, 1, 200, "{\"data\":null}").meaning, VERDICT_UNKNOWN);
	assert_int_equal(judge(TELNYX_HANGUP, 1, 200, "[]").meaning, VERDICT_UNKNOWN);
}

static void
a_status_decides_when_there_is_no_json(void **state)
{
	(void)state;
	assert_int_equal(judge(TELNYX_DIAL, 1, 502, "<html>").meaning, VERDICT_UNKNOWN);
	assert_int_equal(judge(TELNYX_DIAL, 1, 429, "").meaning, VERDICT_LATER);
	assert_int_equal(judge(TELNYX_DIAL, 1, 401, "no").meaning, VERDICT_BARRED);
	assert_int_equal(judge(TELNYX_DIAL, 1, 422, "{\"errors\":{}}").meaning, VERDICT_REFUSED);
	assert_int_equal(judge(TELNYX_DIAL, 1, 422, "{\"errors\":[1,{},{\"code\":7}]}").meaning,
	    VERDICT_REFUSED);
}

static void
any_of_several_errors_counts(void **state)
{
	struct verdict verdict = judge(TELNYX_HANGUP, 1, 422,
	    "{\"errors\":[{\"code\":\"10099\"},{\"code\":\"90018\"}]}");

	(void)state;
	assert_int_equal(verdict.meaning, VERDICT_DONE);
	assert_string_equal(verdict.code, "90018");
}

static void
a_code_names_the_field_unless_it_is_the_number_called(void **state)
{
	(void)state;
	assert_string_equal(judge(TELNYX_DIAL, 1, 422,
				"{\"errors\":[{\"code\":\"10016\",\"source\":{\"pointer\":\"/to\"}}]}")
				.code,
	    "10016");
	assert_string_equal(judge(TELNYX_DIAL, 1, 422,
				"{\"errors\":[{\"code\":\"10016\",\"source\":{\"pointer\":\"/from\"}}]}")
				.code,
	    "10016 /from");
}

static void
some_refusals_are_worth_a_few_tries(void **state)
{
	(void)state;
	assert_int_equal(judge_code(TELNYX_HANGUP, 1, 422, "90034").meaning, VERDICT_LATER);
	assert_int_equal(judge_code(TELNYX_HANGUP, 2, 422, "90034").meaning, VERDICT_REFUSED);
	assert_int_equal(judge_code(TELNYX_HANGUP, 3, 422, "90020").meaning, VERDICT_LATER);
	assert_int_equal(judge_code(TELNYX_HANGUP, 4, 422, "90020").meaning, VERDICT_REFUSED);
	assert_int_equal(judge_code(TELNYX_HANGUP, 99, 429, "10011").meaning, VERDICT_LATER);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_have_names),
		WITH_FIXTURE(a_dial_says_all_the_provider_needs),
		WITH_FIXTURE(a_dial_carries_the_call_in_its_client_state),
		WITH_FIXTURE(a_dial_takes_its_limits_from_the_row),
		WITH_FIXTURE(a_dial_without_a_number_cannot_be_said),
		WITH_FIXTURE(texts_of_the_row_cannot_break_the_body),
		WITH_FIXTURE(a_hangup_names_its_leg_in_the_path),
		WITH_FIXTURE(a_recording_is_mp3_in_the_channels_of_its_row),
		WITH_FIXTURE(a_stop_of_a_recording_says_no_more_than_its_id),
		WITH_FIXTURE(a_recording_is_not_needed_once_the_call_is_over),
		WITH_FIXTURE(a_leg_without_id_cannot_be_hung_up),
		WITH_FIXTURE(a_dial_is_looked_for_among_the_active_calls),
		WITH_FIXTURE(a_hangup_is_looked_for_at_its_leg),
		WITH_FIXTURE(a_dial_is_found_by_its_client_state),
		WITH_FIXTURE(a_dial_not_on_this_page_may_be_on_the_next),
		WITH_FIXTURE(a_cursor_behind_an_empty_page_leads_nowhere),
		WITH_FIXTURE(no_list_says_nothing_about_a_dial),
		WITH_FIXTURE(a_hangup_was_done_if_the_call_is_over),
		cmocka_unit_test(errors_mean_what_the_table_says),
		cmocka_unit_test(no_answer_leaves_the_outcome_unknown),
		cmocka_unit_test(a_dial_is_done_only_with_its_ids),
		cmocka_unit_test(a_success_that_is_not_the_providers_is_none),
		cmocka_unit_test(a_status_decides_when_there_is_no_json),
		cmocka_unit_test(any_of_several_errors_counts),
		cmocka_unit_test(a_code_names_the_field_unless_it_is_the_number_called),
		cmocka_unit_test(some_refusals_are_worth_a_few_tries),
		WITH_FIXTURE(a_dial_of_the_closer_says_so),
		WITH_FIXTURE(a_gather_speaks_and_takes_one_key),
		WITH_FIXTURE(a_row_may_name_another_voice),
		WITH_FIXTURE(a_conference_is_made_of_the_leads_leg),
		WITH_FIXTURE(a_conference_is_joined_and_left_by_a_leg),
		WITH_FIXTURE(a_transcription_hears_both_sides),
		WITH_FIXTURE(inquiries_only_ask),
		WITH_FIXTURE(what_a_row_lacks_cannot_be_said),
		WITH_FIXTURE(a_conference_without_its_leg_cannot_be_said),
		cmocka_unit_test(words_are_neither_repeated_nor_asked_for),
		WITH_FIXTURE(a_dial_is_told_from_that_of_another_transfer),
		WITH_FIXTURE(a_conference_is_looked_for_by_its_name),
		WITH_FIXTURE(a_join_is_looked_for_among_the_participants),
		WITH_FIXTURE(a_fresh_link_is_that_of_the_recording),
		cmocka_unit_test(what_ends_something_is_done_when_it_has_ended),
		cmocka_unit_test(a_join_that_comes_too_late_is_refused),
		cmocka_unit_test(our_own_conference_exists),
		cmocka_unit_test(an_inquiry_learns_that_nothing_is_there),
	};

	crypto_init();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
