/*
 * test_session_client.c - Socket.IO on a session, with an app and a session of our own
 */
#include "../../ws/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../ws/frame.h"
#include "../../ws/loop.h"
#include "../../ws/room.h"
#include "crypto.h"

/* ---- a session that remembers ---- */

struct session { int dummy; };

static struct session session;
static char out[4096];		/* frames sent, each followed by a blank */
static int ended;		/* by session_close: its reason + 1; 0 while open */
static int doomed;		/* by session_doom, likewise */
static void *owner;		/* the client */

void
session_send(struct session *to, struct frame *const *frames, size_t count)
{
	assert_ptr_equal(to, &session);
	for (size_t i = 0; i < count; i++) {
		strncat(out, (const char *)frames[i]->data, frames[i]->len);
		strcat(out, " ");
	}
}

void
session_close(struct session *to, enum session_end end)
{
	assert_ptr_equal(to, &session);
	assert_int_equal(ended, 0);
	ended = (int)end + 1;
	client_handler.closed(owner);
	owner = NULL;
}

void
session_doom(struct session *to, enum session_end end)
{
	assert_ptr_equal(to, &session);
	doomed = (int)end + 1;
}

bool
session_is_reachable(const struct session *of)
{
	assert_ptr_equal(of, &session);
	return true;
}

size_t
session_backlog(const struct session *of)
{
	assert_ptr_equal(of, &session);
	return 0;
}

const struct visitor *
session_visitor(const struct session *of)
{
	(void)of;
	return NULL;
}

/* ---- a loop and rooms that do nothing by themselves ---- */

struct loop_timer {
	loop_callback *fire;
	void *owner;
	int64_t at;
};

static int timers;
static struct loop_timer *last_timer;

int64_t
loop_now(void)
{
	return 1000;
}

struct loop_timer *
loop_timer_new(loop_callback *fire, void *timer_owner)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	timer->fire = fire;
	timer->owner = timer_owner;
	timers++;
	last_timer = timer;
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, int64_t at_ms)
{
	timer->at = at_ms;
}

void
loop_timer_stop(struct loop_timer *timer)
{
	timer->at = 0;
}

void
loop_timer_free(struct loop_timer **timer)
{
	free(*timer);
	*timer = NULL;
	timers--;
}

void
room_leave_all(struct socket *socket)
{
	(void)socket;
}

/* ---- an app that remembers ---- */

static struct socket *asking;	/* the last that asked to join */
static char auth[256], event[512], gone[256];
static bool accepts;

static void
app_connect(struct socket *socket, struct span object)
{
	asking = socket;
	snprintf(auth, sizeof(auth), "%.*s", (int)object.len, object.text);
	if (accepts)
		socket_accept(socket, NULL);
}

static void
app_event(struct socket *socket, const struct socket_event *happened)
{
	int len = snprintf(event, sizeof(event), "%s %.*s(%.*s)", socket->nsp, (int)happened->name.len,
	    happened->name.text, (int)happened->args.len, happened->args.text);

	if (happened->id.text != NULL)
		len += snprintf(event + len, sizeof(event) - (size_t)len, "#%.*s", (int)happened->id.len,
		    happened->id.text);
	for (unsigned i = 0; i < happened->attachment_count; i++)
		len += snprintf(event + len, sizeof(event) - (size_t)len, "+%.*s",
		    (int)happened->attachments[i]->len, (const char *)happened->attachments[i]->data);
	if (happened->id.text != NULL)
		socket_acknowledge(socket, happened->id, "1,{\"a\":2}");
}

static void
app_gone(struct socket *socket)
{
	strcat(gone, socket->nsp);
	strcat(gone, " ");
}

static const char *const namespaces[] = { "/", "/custom", NULL };

static const struct app app = {
	.namespaces = namespaces,
	.connect_timeout_ms = 500,
	.connect = app_connect,
	.event = app_event,
	.gone = app_gone,
};

static int
setup(void **state)
{
	(void)state;
	out[0] = auth[0] = event[0] = gone[0] = '\0';
	ended = doomed = 0;
	accepts = true;
	asking = NULL;
	client_start(&app);
	owner = client_handler.opened(&session);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (owner != NULL)
		client_handler.closed(owner);
	owner = NULL;
	assert_int_equal(timers, 0);
	return 0;
}

static void
hear(const char *text)
{
	client_handler.text(owner, text, strlen(text));
}

/* What was sent up to now, once. */
static const char *
sent(void)
{
	static char copy[sizeof(out)];

	memcpy(copy, out, sizeof(copy));
	out[0] = '\0';
	return copy;
}

static void
connect_is_answered_with_a_public_id(void **state)
{
	char expected[64];

	(void)state;
	hear("0{\"token\":\"x\"}");
	assert_string_equal(auth, "{\"token\":\"x\"}");
	snprintf(expected, sizeof(expected), "40{\"sid\":\"%s\"} ", asking->id);
	assert_string_equal(sent(), expected);
	assert_int_equal(strlen(asking->id), 20);
	assert_int_equal(last_timer->at, 0);
}

static void
connect_without_a_payload_has_an_empty_one(void **state)
{
	(void)state;
	hear("0");
	assert_string_equal(auth, "{}");
}

static void
namespaces_are_independent(void **state)
{
	(void)state;
	hear("0");
	hear("0/custom,");
	assert_int_equal(strncmp(strchr(sent(), ' ') + 1, "40/custom,{\"sid\":\"", 18), 0);
	hear("2/custom,[\"a\"]");
	assert_string_equal(event, "/custom \"a\"()");
	hear("1/custom");
	assert_string_equal(gone, "/custom ");
	hear("2[\"b\",1]");
	assert_string_equal(event, "/ \"b\"(1)");
	assert_int_equal(ended, 0);
}

static void
an_unknown_namespace_is_refused_and_the_connection_stays(void **state)
{
	(void)state;
	hear("0/random");
	assert_string_equal(sent(), "44/random,{\"message\":\"Invalid namespace\"} ");
	assert_null(asking);
	hear("0");
	assert_int_equal(ended, 0);
}

static void
a_refused_socket_is_told_and_gone(void **state)
{
	(void)state;
	accepts = false;
	hear("0");
	socket_refuse(asking, "No \"way\"", "TOKEN_INVALID");
	assert_string_equal(sent(), "44{\"message\":\"No \\\"way\\\"\",\"data\":{\"code\":\"TOKEN_INVALID\"}} ");
	assert_string_equal(gone, "/ ");
	assert_int_equal(last_timer->at, 1500);
}

static void
events_carry_arguments_and_ask_for_acknowledgements(void **state)
{
	(void)state;
	hear("0");
	sent();
	hear("227[\"ask\",5]");
	assert_string_equal(event, "/ \"ask\"(5)#27");
	assert_string_equal(sent(), "4327[1,{\"a\":2}] ");
}

static void
a_binary_event_waits_for_its_attachments(void **state)
{
	(void)state;
	hear("0");
	hear("52-9[\"up\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]");
	assert_string_equal(event, "");
	client_handler.binary(owner, "one", 3);
	assert_string_equal(event, "");
	client_handler.binary(owner, "two", 3);
	assert_string_equal(event, "/ \"up\"({\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1})#9+one+two");
	hear("2[\"next\"]");
	assert_string_equal(event, "/ \"next\"()");
}

static void
a_binary_event_without_attachments_is_an_event(void **state)
{
	(void)state;
	hear("0");
	hear("50-[\"up\"]");
	assert_string_equal(event, "/ \"up\"()");
	hear("2[\"next\"]");
	assert_string_equal(event, "/ \"next\"()");
}

static void
what_the_protocol_forbids_ends_the_connection(void **state)
{
	static const char *const talks[][3] = {
		{ "abc" },
		{ "2[\"a\"]" },				/* before CONNECT */
		{ "51-[\"a\",{\"_placeholder\":true,\"num\":0}]" },
		{ "30[]" },
		{ "4{\"message\":\"x\"}" },
		{ "0", "abc" },
		{ "0", "2{}" },
		{ "0", "2abc[\"a\"]" },
		{ "0", "0" },				/* a second CONNECT */
		{ "0", "2/custom,[\"a\"]" },		/* a namespace never joined */
		{ "0", "4{\"message\":\"x\"}" },	/* server's business */
		{ "0", "2[\"disconnect\"]" },
		{ "0", "51-[\"a\",{\"_placeholder\":true,\"num\":0}]", "2[\"a\"]" },	/* text while binary is owed */
	};

	for (size_t i = 0; i < sizeof(talks) / sizeof(talks[0]); i++) {
		for (size_t k = 0; k < 3 && talks[i][k] != NULL; k++) {
			assert_int_equal(ended, 0);
			hear(talks[i][k]);
		}
		if (ended != SESSION_END_PROTOCOL + 1)
			fail_msg("still open after %s", talks[i][0]);
		setup(state);
	}
}

static void
binary_that_nobody_announced_ends_the_connection(void **state)
{
	(void)state;
	hear("0");
	client_handler.binary(owner, "x", 1);
	assert_int_equal(ended, SESSION_END_PROTOCOL + 1);
}

static void
events_before_the_answer_end_the_connection(void **state)
{
	(void)state;
	accepts = false;
	hear("0");
	hear("2[\"a\"]");
	assert_string_equal(event, "");
	assert_int_equal(ended, SESSION_END_PROTOCOL + 1);
	assert_string_equal(gone, "/ ");
}

static void
acknowledgements_nobody_asked_for_are_ignored(void **state)
{
	(void)state;
	hear("0");
	hear("35[1]");
	hear("61-5[{\"_placeholder\":true,\"num\":0}]");
	client_handler.binary(owner, "x", 1);
	assert_int_equal(ended, 0);
}

static void
nobody_may_stay_without_signing_in(void **state)
{
	(void)state;
	assert_int_equal(last_timer->at, 1500);
	last_timer->fire(last_timer->owner);
	assert_int_equal(ended, SESSION_END_IDLE + 1);
}

static void
leaving_the_last_namespace_starts_the_time_again(void **state)
{
	(void)state;
	hear("0");
	assert_int_equal(last_timer->at, 0);
	hear("1");
	assert_string_equal(gone, "/ ");
	assert_int_equal(last_timer->at, 1500);
	hear("0");
	assert_int_equal(last_timer->at, 0);
	hear("1/custom");	/* never joined */
	assert_int_equal(ended, 0);
}

static void
all_sockets_go_with_their_session(void **state)
{
	(void)state;
	hear("0");
	hear("0/custom");
	hear("51-[\"a\",{\"_placeholder\":true,\"num\":0}]");	/* half a message goes too */
	client_handler.closed(owner);
	owner = NULL;
	assert_string_equal(gone, "/custom / ");
}

static void
closing_a_socket_waits_for_the_loop(void **state)
{
	(void)state;
	hear("0");
	socket_close(asking, SESSION_END_EXPIRED);
	assert_int_equal(doomed, SESSION_END_EXPIRED + 1);
	assert_int_equal(ended, 0);
}

static void
events_are_emitted_in_the_sockets_namespace(void **state)
{
	(void)state;
	hear("0/custom");
	sent();
	socket_emit(asking, "hello", "1,\"two\"");
	assert_string_equal(sent(), "42/custom,[\"hello\",1,\"two\"] ");
	socket_emit(asking, "hello", "");
	assert_string_equal(sent(), "42/custom,[\"hello\"] ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(connect_is_answered_with_a_public_id),
		TEST(connect_without_a_payload_has_an_empty_one),
		TEST(namespaces_are_independent),
		TEST(an_unknown_namespace_is_refused_and_the_connection_stays),
		TEST(a_refused_socket_is_told_and_gone),
		TEST(events_carry_arguments_and_ask_for_acknowledgements),
		TEST(a_binary_event_waits_for_its_attachments),
		TEST(a_binary_event_without_attachments_is_an_event),
		TEST(what_the_protocol_forbids_ends_the_connection),
		TEST(binary_that_nobody_announced_ends_the_connection),
		TEST(events_before_the_answer_end_the_connection),
		TEST(acknowledgements_nobody_asked_for_are_ignored),
		TEST(nobody_may_stay_without_signing_in),
		TEST(leaving_the_last_namespace_starts_the_time_again),
		TEST(all_sockets_go_with_their_session),
		TEST(closing_a_socket_waits_for_the_loop),
		TEST(events_are_emitted_in_the_sockets_namespace),
	};

	crypto_init();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
