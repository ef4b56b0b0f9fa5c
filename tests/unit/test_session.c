/*
 * test_session.c - one client's Engine.IO session, on connections and a clock of our own
 */
#include "../../ws/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../ws/conn.h"
#include "../../ws/frame.h"
#include "../../ws/loop.h"
#include "../../ws/metrics.h"
#include "crypto.h"

#define PING_INTERVAL 300
#define PING_TIMEOUT 200
#define UPGRADE_TIMEOUT 1000
#define QUEUE_BYTES 1000
#define QUEUE_FRAMES 20
#define MAX_PAYLOAD 5000

/* ---- a loop whose time we move ---- */

struct loop_timer {
	loop_callback *fire;
	void *owner;
	int64_t at;		/* 0 when not set */
	struct loop_timer *next;
};

static int64_t now;
static struct loop_timer *timers;
static struct { loop_callback *call; void *owner; } calls[64];
static size_t call_count;

int64_t
loop_now(void)
{
	return now;
}

struct loop_timer *
loop_timer_new(loop_callback *fire, void *owner)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	timer->fire = fire;
	timer->owner = owner;
	timer->next = timers;
	timers = timer;
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
	struct loop_timer **link = &timers;

	if (*timer == NULL)
		return;
	while (*link != *timer)
		link = &(*link)->next;
	*link = (*timer)->next;
	free(*timer);
	*timer = NULL;
}

void
loop_later(loop_callback *call, void *owner)
{
	assert_true(call_count < sizeof(calls) / sizeof(calls[0]));
	calls[call_count].call = call;
	calls[call_count++].owner = owner;
}

/* The loop turns: what was put off happens. */
static void
turn(void)
{
	for (size_t i = 0; i < call_count; i++)
		calls[i].call(calls[i].owner);
	call_count = 0;
}

/* Let time pass, a millisecond at a time, with the timers firing as they are due. */
static void
pass(int64_t ms)
{
	for (int64_t end = now + ms; now < end;) {
		now++;
		for (struct loop_timer *timer = timers; timer != NULL; timer = timer->next) {
			if (timer->at == 0 || timer->at > now)
				continue;
			timer->at = 0;
			timer->fire(timer->owner);
			turn();
			break;	/* the list may have changed */
		}
	}
}

/* ---- connections that remember ---- */

struct conn {
	char out[4096];		/* frames sent, each followed by a blank; or the reply's body */
	int status;		/* of the reply, 0 without one */
	int close_code;		/* 0 while open */
	unsigned writes;	/* calls of conn_send */
	bool is_woken;
	enum conn_sent sends;	/* what conn_send says */
	struct visitor visitor;
};

const struct visitor *
conn_visitor(const struct conn *conn)
{
	return &conn->visitor;
}

enum conn_sent
conn_send(struct conn *conn, struct frame *const *frames, size_t count, size_t *sent_r)
{
	assert_int_equal(conn->close_code, 0);
	*sent_r = conn->sends == CONN_SENT ? count : 0;
	for (size_t i = 0; i < *sent_r; i++) {
		strncat(conn->out, (const char *)frames[i]->data, frames[i]->len);
		strcat(conn->out, " ");
	}
	conn->writes++;
	return conn->sends;
}

void
conn_wake(struct conn *conn)
{
	conn->is_woken = true;
}

void
conn_close(struct conn *conn, int code)
{
	assert_int_equal(conn->close_code, 0);
	conn->close_code = code;
}

void
conn_reply(struct conn *conn, int status, const char *type, const void *body, size_t len)
{
	(void)type;
	assert_int_equal(conn->status, 0);
	assert_true(len < sizeof(conn->out));
	conn->status = status;
	if (len > 0)
		memcpy(conn->out, body, len);
	conn->out[len] = '\0';
}

/* ---- a handler that echoes, and remembers its end ---- */

static int closed_count;
static char said[256];

static void *
handler_opened(struct session *session)
{
	return session;
}

static void
say(struct session *session, const char *text)
{
	struct frame *frame = frame_text(text, strlen(text));

	session_send(session, &frame, 1);
	frame_free(&frame);
}

static void
handler_text(void *owner, const char *text, size_t len)
{
	char echo[256];

	assert_non_null(session_visitor(owner));
	snprintf(said, sizeof(said), "%.*s", (int)len, text);
	snprintf(echo, sizeof(echo), "4%.*s", (int)len, text);
	say(owner, echo);
}

static void
handler_binary(void *owner, const void *data, size_t len)
{
	struct frame *frame = frame_new(len, true);

	memcpy(frame->data, data, len);
	session_send(owner, &frame, 1);
	frame_free(&frame);
}

static void
handler_closed(void *owner)
{
	closed_count++;
	say(owner, "4too late");	/* must go nowhere */
}

static const struct session_handler handler = {
	.opened = handler_opened,
	.text = handler_text,
	.binary = handler_binary,
	.closed = handler_closed,
};

/* ---- steps ---- */

static const struct visitor visitor;	/* from nowhere in particular */
static struct conn conns[16];
static size_t conn_count;

static struct conn *
new_conn(void)
{
	assert_true(conn_count < sizeof(conns) / sizeof(conns[0]));
	return &conns[conn_count++];
}

static int
setup(void **state)
{
	(void)state;
	memset(conns, 0, sizeof(conns));
	memset(&metrics, 0, sizeof(metrics));
	conn_count = 0;
	closed_count = 0;
	said[0] = '\0';
	now = 1000;
	session_start(&(struct session_settings){
	    .limits = { PING_INTERVAL, PING_TIMEOUT, MAX_PAYLOAD },
	    .upgrade_timeout_ms = UPGRADE_TIMEOUT, .queue_bytes = QUEUE_BYTES,
	    .queue_frames = QUEUE_FRAMES, .max_sessions = 4, .max_per_address = 2, .node = 7 });
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	session_stop();
	turn();
	assert_null(timers);
	assert_int_equal(metrics.sessions_polling, 0);
	assert_int_equal(metrics.sessions_websocket, 0);
	return 0;
}

/* The sid in an open packet. */
static const char *
sid_of(const char *open)
{
	static char sid[ENGINEIO_SID_MAX + 1];
	const char *start = strstr(open, "\"sid\":\"") + 7;

	snprintf(sid, sizeof(sid), "%.*s", (int)strcspn(start, "\""), start);
	return sid;
}

static struct session *
open_polling(void)
{
	struct conn *conn = new_conn();

	session_open_polling(&handler, conn);
	assert_int_equal(conn->status, 200);
	return session_find(sid_of(conn->out));
}

static struct session *
open_websocket(struct conn **conn_r)
{
	*conn_r = new_conn();
	struct session *session = session_open_websocket(&handler, *conn_r);

	(*conn_r)->out[0] = '\0';
	return session;
}

static struct conn *
get(struct session *session)
{
	struct conn *conn = new_conn();

	assert_true(session_get(session, conn));
	if (conn->is_woken && conn->status == 0)
		session_writable(session, conn);
	return conn;
}

static struct conn *
post(struct session *session, const char *body)
{
	struct conn *conn = new_conn();

	assert_true(session_post_begin(session, conn));
	session_post(session, conn, body, strlen(body));
	return conn;
}

static void
receive(struct session *session, struct conn *conn, const char *text)
{
	session_receive(session, conn, false, text, strlen(text));
}

/* ---- polling ---- */

static void
a_sid_begins_with_the_number_of_the_process(void **state)
{
	struct conn *conn = new_conn();

	(void)state;
	session_open_polling(&handler, conn);
	assert_int_equal(strncmp(sid_of(conn->out), "7-", 2), 0);
	assert_in_range(strlen(sid_of(conn->out)), 22, ENGINEIO_SID_MAX);
}

static void
messages_of_one_post_leave_in_one_payload(void **state)
{
	struct session *session = open_polling();
	struct conn *held = get(session);

	(void)state;
	assert_int_equal(held->status, 0);
	assert_string_equal(post(session, "4a\x1e" "4b\x1e" "bAQID")->out, "ok");
	assert_true(held->is_woken);
	assert_int_equal(held->status, 0);
	session_writable(session, held);
	assert_int_equal(held->status, 200);
	assert_string_equal(held->out, "4a\x1e" "4b\x1e" "bAQID");
}

static void
what_waits_is_answered_to_the_next_get(void **state)
{
	struct session *session = open_polling();

	(void)state;
	say(session, "4one");
	say(session, "4two");
	assert_string_equal(get(session)->out, "4one\x1e" "4two");
	assert_int_equal(get(session)->status, 0);
}

static void
a_second_get_ends_the_session(void **state)
{
	struct session *session = open_polling();
	struct conn *held = get(session);

	(void)state;
	assert_false(session_get(session, new_conn()));
	assert_string_equal(held->out, "1");
	assert_int_equal(closed_count, 1);
}

static void
a_second_post_ends_the_session(void **state)
{
	struct session *session = open_polling();
	struct conn *first = new_conn();

	(void)state;
	assert_true(session_post_begin(session, first));
	assert_false(session_post_begin(session, new_conn()));
	assert_int_equal(first->status, 400);
	assert_int_equal(closed_count, 1);
}

static void
a_bad_payload_is_answered_400_and_ends_the_session(void **state)
{
	static const char *const bodies[] = { "abc", "4a\x1e", "b!!!", "2", "0", "5", "6" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct session *session = open_polling();
		struct conn *conn = post(session, bodies[i]);

		assert_int_equal(conn->status, 400);
		assert_int_equal(closed_count, (int)i + 1);
		turn();
		conn_count = 0;
		memset(conns, 0, sizeof(conns));
	}
	assert_int_equal(metrics.protocol_errors, sizeof(bodies) / sizeof(bodies[0]));
}

static void
an_empty_post_is_ok(void **state)
{
	struct session *session = open_polling();

	(void)state;
	assert_string_equal(post(session, "")->out, "ok");
	assert_int_equal(closed_count, 0);
}

static void
a_client_that_closes_gets_a_noop_for_its_get(void **state)
{
	struct session *session = open_polling();
	struct conn *held = get(session);
	char sid[ENGINEIO_SID_MAX + 1];

	(void)state;
	snprintf(sid, sizeof(sid), "%s", sid_of(conns[0].out));
	assert_string_equal(post(session, "1")->out, "ok");
	assert_string_equal(held->out, "6");
	assert_null(session_find(sid));
}

static void
an_aborted_get_ends_the_session(void **state)
{
	struct session *session = open_polling();

	(void)state;
	session_lost(session, get(session));
	assert_int_equal(closed_count, 1);
}

static void
a_body_above_the_limit_is_413_and_the_end(void **state)
{
	struct session *session = open_polling();
	struct conn *conn = new_conn();

	(void)state;
	assert_true(session_post_begin(session, conn));
	session_post_refuse(session, conn, 413);
	assert_int_equal(conn->status, 413);
	assert_int_equal(closed_count, 1);
}

static void
a_polite_end_waits_for_the_get_that_takes_it(void **state)
{
	struct session *session = open_polling();
	char sid[ENGINEIO_SID_MAX + 1];

	(void)state;
	snprintf(sid, sizeof(sid), "%s", sid_of(conns[0].out));
	say(session, "4last words");
	session_close(session, SESSION_END_EXPIRED);
	assert_int_equal(closed_count, 1);
	assert_ptr_equal(session_find(sid), session);
	assert_string_equal(get(session)->out, "4last words\x1e" "1");
	assert_null(session_find(sid));
}

static void
a_polite_end_does_not_wait_for_ever(void **state)
{
	struct session *session = open_polling();
	char sid[ENGINEIO_SID_MAX + 1];

	(void)state;
	snprintf(sid, sizeof(sid), "%s", sid_of(conns[0].out));
	session_close(session, SESSION_END_EXPIRED);
	pass(29999);
	assert_non_null(session_find(sid));
	assert_false(session_post_begin(session, new_conn()));
	pass(2);
	assert_null(session_find(sid));
}

/* ---- heartbeat ---- */

static void
pings_come_an_interval_after_each_pong(void **state)
{
	struct session *session = open_polling();

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct conn *held = get(session);

		pass(PING_INTERVAL - 1);
		assert_false(held->is_woken);
		pass(1);
		assert_true(held->is_woken);
		session_writable(session, held);
		assert_string_equal(held->out, "2");
		pass(PING_TIMEOUT - 1);
		assert_string_equal(post(session, "3")->out, "ok");
	}
	assert_int_equal(closed_count, 0);
}

static void
a_missing_pong_ends_the_session_to_the_millisecond(void **state)
{
	struct session *session = open_polling();
	char sid[ENGINEIO_SID_MAX + 1];

	(void)state;
	snprintf(sid, sizeof(sid), "%s", sid_of(conns[0].out));
	pass(PING_INTERVAL + PING_TIMEOUT - 1);
	assert_non_null(session_find(sid));
	assert_string_equal(post(session, "4still here")->out, "ok");	/* data is no pong */
	now++;	/* and the timer has not fired yet */
	assert_null(session_find(sid));
	assert_int_equal(closed_count, 1);
	assert_int_equal(metrics.ping_timeouts, 1);
}

static void
a_ping_goes_before_all_that_waits(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);

	(void)state;
	conn->sends = CONN_BUSY;
	say(session, "4one");
	say(session, "4two");
	pass(PING_INTERVAL);
	conn->sends = CONN_SENT;
	session_writable(session, conn);
	assert_string_equal(conn->out, "2 4one 4two ");
}

static void
a_late_frame_on_a_websocket_finds_the_session_over(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);

	(void)state;
	now += PING_INTERVAL + PING_TIMEOUT;
	receive(session, conn, "4x");
	assert_string_equal(said, "");
	assert_int_equal(closed_count, 1);
	assert_int_not_equal(conn->close_code, 0);
}

/* ---- websocket ---- */

static void
a_websocket_session_is_told_that_it_cannot_upgrade(void **state)
{
	struct conn *conn = new_conn();

	(void)state;
	session_open_websocket(&handler, conn);
	assert_non_null(strstr(conn->out, "\"upgrades\":[]"));
	assert_int_equal(metrics.sessions_websocket, 1);
}

static void
frames_are_written_at_once_unless_others_wait(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);

	(void)state;
	say(session, "4a");
	assert_string_equal(conn->out, "4a ");
	conn->sends = CONN_BUSY;
	say(session, "4b");
	assert_true(conn->is_woken);
	conn->sends = CONN_SENT;
	say(session, "4c");
	assert_string_equal(conn->out, "4a ");
	session_writable(session, conn);
	assert_string_equal(conn->out, "4a 4b 4c ");
}

static void
a_ping_that_leaves_late_may_be_answered_late(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);

	(void)state;
	now += PING_INTERVAL + PING_TIMEOUT - 2;	/* the loop did not turn all this time */
	pass(1);
	session_writable(session, conn);
	pass(PING_TIMEOUT - 2);
	receive(session, conn, "3");
	pass(PING_TIMEOUT);
	assert_int_equal(conn->close_code, 0);
}

static void
a_close_that_overtakes_its_get_still_answers_it(void **state)
{
	struct session *session = open_polling();
	char sid[ENGINEIO_SID_MAX + 1];
	struct conn *held;

	(void)state;
	snprintf(sid, sizeof(sid), "%s", sid_of(conns[0].out));
	say(session, "4unheard");
	assert_string_equal(post(session, "1")->out, "ok");
	assert_int_equal(closed_count, 1);
	pass(99);
	held = get(session);
	assert_string_equal(held->out, "6");
	assert_null(session_find(sid));
	assert_int_equal(closed_count, 1);
}

static void
a_close_without_a_get_is_soon_forgotten(void **state)
{
	struct session *session = open_polling();
	char sid[ENGINEIO_SID_MAX + 1];

	(void)state;
	snprintf(sid, sizeof(sid), "%s", sid_of(conns[0].out));
	assert_string_equal(post(session, "1")->out, "ok");
	assert_false(session_post_begin(session, new_conn()));
	pass(101);
	assert_null(session_find(sid));
}

static void
what_is_held_leaves_in_one_write(void **state)
{
	struct conn *a, *b;
	struct session *first = open_websocket(&a), *second = open_websocket(&b);

	(void)state;
	a->writes = b->writes = 0;
	session_hold();
	for (int i = 0; i < 3; i++) {
		say(first, "4a");
		say(second, "4b");
	}
	assert_int_equal(a->writes + b->writes, 0);
	session_release();
	assert_string_equal(a->out, "4a 4a 4a ");
	assert_string_equal(b->out, "4b 4b 4b ");
	assert_int_equal(a->writes, 1);
	assert_int_equal(b->writes, 1);
	say(first, "4c");
	assert_int_equal(a->writes, 2);	/* nothing is held any more */
}

static void
a_session_that_ends_while_it_is_held_gets_nothing(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);

	(void)state;
	session_hold();
	say(session, "4a");
	session_close(session, SESSION_END_EXPIRED);
	session_release();
	assert_string_equal(conn->out, "");
	assert_int_equal(conn->close_code, 1008);
}

static void
what_is_held_counts_as_waiting_only_if_the_pipe_is_full(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);

	(void)state;
	session_hold();
	for (int i = 0; i < QUEUE_FRAMES * 3; i++)
		say(session, "4");
	session_release();
	turn();
	assert_int_equal(conn->close_code, 0);
	assert_int_equal(strlen(conn->out), QUEUE_FRAMES * 3 * 2);
	conn->sends = CONN_BUSY;
	session_hold();
	for (int i = 0; i < QUEUE_FRAMES * 3; i++)
		say(session, "4");
	session_release();
	turn();
	assert_int_equal(conn->close_code, 1013);
}

static void
many_small_frames_fill_a_queue_too(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);

	(void)state;
	conn->sends = CONN_BUSY;
	for (int i = 0; i < QUEUE_FRAMES; i++)
		say(session, "4");
	turn();
	assert_int_equal(conn->close_code, 0);
	say(session, "4");
	turn();
	assert_int_equal(conn->close_code, 1013);
	assert_int_equal(metrics.queue_drops, 1);
}

static void
answers_to_one_post_may_be_more_than_a_queue_of_events(void **state)
{
	struct session *session = open_polling();
	char body[QUEUE_FRAMES * 6 + 1] = "4";

	(void)state;
	for (int i = 1; i < QUEUE_FRAMES * 3; i++)
		strcat(body, "\x1e" "4");
	assert_string_equal(post(session, body)->out, "ok");
	turn();
	assert_int_equal(closed_count, 0);
	for (int i = 0; i < QUEUE_FRAMES; i++)
		say(session, "4");
	turn();
	assert_int_equal(closed_count, 0);
	say(session, "4");
	turn();
	assert_int_equal(closed_count, 1);
	assert_int_equal(metrics.queue_drops, 1);
}

static void
so_may_answers_on_a_websocket(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);

	(void)state;
	conn->sends = CONN_BUSY;
	for (int i = 0; i < QUEUE_FRAMES * 3; i++)
		receive(session, conn, "4");
	for (int i = 0; i < QUEUE_FRAMES; i++)
		say(session, "4");
	turn();
	assert_int_equal(conn->close_code, 0);
	say(session, "4");
	turn();
	assert_int_equal(conn->close_code, 1013);
}

static void
answers_that_were_taken_make_no_room_for_events(void **state)
{
	struct session *session = open_polling();

	(void)state;
	post(session, "4a\x1e" "4b\x1e" "4c");
	assert_string_equal(get(session)->out, "4a\x1e" "4b\x1e" "4c");
	for (int i = 0; i < QUEUE_FRAMES; i++)
		say(session, "4");
	turn();
	assert_int_equal(closed_count, 0);
	say(session, "4");
	turn();
	assert_int_equal(closed_count, 1);
}

static void
answers_without_end_fill_a_queue(void **state)
{
	struct session *session = open_polling();
	char body[202];

	(void)state;
	memset(body, 'x', sizeof(body) - 1);
	body[0] = '4';
	body[sizeof(body) - 1] = '\0';
	for (int i = 0; i < QUEUE_BYTES / 201; i++)
		post(session, body);
	turn();
	assert_int_equal(closed_count, 0);
	post(session, body);
	turn();
	assert_int_equal(closed_count, 1);
	assert_int_equal(metrics.queue_drops, 1);
}

static void
a_peer_that_does_not_read_is_closed_when_its_queue_is_full(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);
	char text[102];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[0] = '4';
	text[101] = '\0';
	conn->sends = CONN_BUSY;
	for (int i = 0; i < QUEUE_BYTES / 101; i++)
		say(session, text);
	turn();
	assert_int_equal(conn->close_code, 0);
	assert_in_range(session_queued_bytes(), 1, QUEUE_BYTES);
	say(session, text);
	assert_int_equal(closed_count, 0);	/* not under the sender's feet */
	say(session, text);
	turn();
	assert_int_equal(conn->close_code, 1013);
	assert_int_equal(closed_count, 1);
	assert_int_equal(metrics.queue_drops, 1);
	assert_int_equal(session_queued_bytes(), 0);
}

static void
invalid_packets_close_a_websocket(void **state)
{
	static const char *const packets[] = { "abc", "", "2", "5", "0", "6", "bAQID" };

	(void)state;
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct conn *conn;
		struct session *session = open_websocket(&conn);

		receive(session, conn, packets[i]);
		assert_int_equal(conn->close_code, 1002);
		turn();
	}
	assert_int_equal(closed_count, sizeof(packets) / sizeof(packets[0]));
}

static void
each_end_has_its_close_code(void **state)
{
	static const struct {
		enum session_end end;
		int code;
	} cases[] = {
		{ SESSION_END_CLIENT, 1000 }, { SESSION_END_TIMEOUT, 1000 }, { SESSION_END_PROTOCOL, 1002 },
		{ SESSION_END_IDLE, 1008 }, { SESSION_END_EXPIRED, 1008 }, { SESSION_END_TOO_BIG, 1009 },
		{ SESSION_END_SHUTDOWN, 1012 }, { SESSION_END_SLOW, 1013 }, { SESSION_END_AWAY, 1013 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conn *conn;
		struct session *session = open_websocket(&conn);

		session_close(session, cases[i].end);
		assert_int_equal(conn->close_code, cases[i].code);
		turn();
	}
}

static void
binary_goes_back_as_binary(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);

	(void)state;
	session_receive(session, conn, true, "raw", 3);
	assert_string_equal(conn->out, "raw ");
}

/* ---- upgrade ---- */

static struct conn *
probe(struct session *session)
{
	struct conn *conn = new_conn();

	assert_int_equal(session_transport(session, true), ENGINEIO_POLLING);
	session_probe(session, conn);
	return conn;
}

static void
an_upgrade_loses_and_reorders_nothing(void **state)
{
	struct session *session = open_polling();
	struct conn *held = get(session), *websocket;

	(void)state;
	websocket = probe(session);
	receive(session, websocket, "2probe");
	assert_string_equal(websocket->out, "3probe ");
	assert_string_equal(held->out, "6");
	say(session, "4one");
	assert_string_equal(websocket->out, "3probe ");	/* polling is still the live side */
	assert_string_equal(get(session)->out, "4one");
	assert_string_equal(post(session, "4two")->out, "ok");
	say(session, "4three");
	receive(session, websocket, "5");
	assert_string_equal(websocket->out, "3probe 4two 4three ");
	say(session, "4four");
	assert_string_equal(websocket->out, "3probe 4two 4three 4four ");
	assert_int_equal(session_transport(session, false), ENGINEIO_WEBSOCKET);
	assert_int_equal(metrics.sessions_websocket, 1);
	assert_int_equal(metrics.upgrades, 1);
}

static void
a_get_held_while_probing_is_freed_by_noops(void **state)
{
	struct session *session = open_polling();
	struct conn *websocket = probe(session), *held;

	(void)state;
	receive(session, websocket, "2probe");
	held = get(session);
	pass(99);
	assert_int_equal(held->status, 0);
	pass(1);
	assert_string_equal(held->out, "6");
}

static void
a_second_websocket_does_not_take_over(void **state)
{
	struct session *session = open_polling();
	struct conn *websocket = probe(session);

	(void)state;
	assert_int_equal(session_transport(session, true), ENGINEIO_WEBSOCKET);
	receive(session, websocket, "2probe");
	receive(session, websocket, "5");
	assert_int_equal(session_transport(session, true), ENGINEIO_WEBSOCKET);
}

static void
a_bad_probe_is_closed_and_polling_lives_on(void **state)
{
	static const char *const first[] = { "abc", "5", "2", "2probex", "4hello", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		struct session *session = open_polling();
		struct conn *websocket = probe(session);

		receive(session, websocket, first[i]);
		assert_int_equal(websocket->close_code, 1002);
		assert_int_equal(session_transport(session, true), ENGINEIO_POLLING);
		say(session, "4alive");
		assert_string_equal(get(session)->out, "4alive");
		session_close(session, SESSION_END_LOST);
		turn();
		conn_count = 0;
		memset(conns, 0, sizeof(conns));
	}
}

static void
a_probe_has_limited_time(void **state)
{
	struct session *session = open_polling();
	struct conn *websocket = probe(session);

	(void)state;
	for (int i = 0; i < UPGRADE_TIMEOUT / 100; i++) {
		assert_int_equal(websocket->close_code, 0);
		pass(100);
		conn_count = 2;
		memset(&conns[2], 0, sizeof(conns[2]));
		post(session, "3");
	}
	pass(1);
	assert_int_not_equal(websocket->close_code, 0);
	assert_int_equal(session_transport(session, true), ENGINEIO_POLLING);
	assert_int_equal(closed_count, 0);
}

static void
a_probe_that_is_lost_leaves_polling_alone(void **state)
{
	struct session *session = open_polling();

	(void)state;
	session_lost(session, probe(session));
	assert_int_equal(closed_count, 0);
	assert_int_equal(session_transport(session, true), ENGINEIO_POLLING);
}

static void
a_ping_on_its_way_during_the_upgrade_keeps_its_time(void **state)
{
	struct session *session = open_polling();
	struct conn *websocket;

	(void)state;
	pass(PING_INTERVAL);
	assert_string_equal(get(session)->out, "2");
	websocket = probe(session);
	receive(session, websocket, "2probe");
	pass(PING_TIMEOUT - 1);
	receive(session, websocket, "5");
	pass(PING_TIMEOUT - 1);
	assert_int_equal(closed_count, 0);
	receive(session, websocket, "3");
	pass(PING_INTERVAL - 1);
	assert_int_equal(closed_count, 0);
}

/* ---- ends ---- */

static void
there_is_room_for_so_many_sessions(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(session_admit(&visitor), SESSION_ADMITTED);
		open_polling();
	}
	assert_int_equal(session_admit(&visitor), SESSION_FULL);
}

static void
an_address_has_room_for_fewer(void **state)
{
	static const struct visitor here = { .address = "192.0.2.1" };
	static const struct visitor there = { .address = "192.0.2.2" };
	struct session *session;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(session_admit(&here), SESSION_ADMITTED);
		conns[conn_count].visitor = here;
		session = open_polling();
	}
	assert_int_equal(session_admit(&here), SESSION_CROWDED);
	assert_int_equal(session_admit(&there), SESSION_ADMITTED);
	session_close(session, SESSION_END_PROTOCOL);
	assert_int_equal(session_admit(&here), SESSION_ADMITTED);
}

static void
note_drained(void *owner)
{
	*(bool *)owner = true;
}

static void
draining_ends_everybody_and_lets_nobody_in(void **state)
{
	bool is_drained = false;
	struct conn *websocket, *held;

	(void)state;
	open_websocket(&websocket);
	held = get(open_polling());
	open_polling();
	session_drain(1000, note_drained, &is_drained);
	assert_int_equal(session_admit(&visitor), SESSION_FULL);
	pass(1100);
	assert_true(is_drained);
	assert_int_equal(websocket->close_code, 1012);
	assert_string_equal(held->out, "1");
	assert_int_equal(closed_count, 3);
}

static void
nothing_is_sent_to_a_session_that_ended(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);

	(void)state;
	session_doom(session, SESSION_END_EXPIRED);
	say(session, "4x");
	assert_string_equal(conn->out, "");
	session_doom(session, SESSION_END_SLOW);	/* the first reason counts */
	turn();
	assert_int_equal(conn->close_code, 1008);
	assert_int_equal(closed_count, 1);
}

static void
a_broken_connection_ends_the_session_once(void **state)
{
	struct conn *conn;
	struct session *session = open_websocket(&conn);

	(void)state;
	conn->sends = CONN_LOST;
	say(session, "4x");
	session_lost(session, conn);
	turn();
	assert_int_equal(closed_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sid_begins_with_the_number_of_the_process),
		TEST(messages_of_one_post_leave_in_one_payload),
		TEST(what_waits_is_answered_to_the_next_get),
		TEST(a_second_get_ends_the_session),
		TEST(a_second_post_ends_the_session),
		TEST(a_bad_payload_is_answered_400_and_ends_the_session),
		TEST(an_empty_post_is_ok),
		TEST(a_client_that_closes_gets_a_noop_for_its_get),
		TEST(an_aborted_get_ends_the_session),
		TEST(a_body_above_the_limit_is_413_and_the_end),
		TEST(a_polite_end_waits_for_the_get_that_takes_it),
		TEST(a_polite_end_does_not_wait_for_ever),
		TEST(pings_come_an_interval_after_each_pong),
		TEST(a_missing_pong_ends_the_session_to_the_millisecond),
		TEST(a_ping_goes_before_all_that_waits),
		TEST(a_late_frame_on_a_websocket_finds_the_session_over),
		TEST(a_websocket_session_is_told_that_it_cannot_upgrade),
		TEST(frames_are_written_at_once_unless_others_wait),
		TEST(a_ping_that_leaves_late_may_be_answered_late),
		TEST(a_close_that_overtakes_its_get_still_answers_it),
		TEST(a_close_without_a_get_is_soon_forgotten),
		TEST(what_is_held_leaves_in_one_write),
		TEST(a_session_that_ends_while_it_is_held_gets_nothing),
		TEST(what_is_held_counts_as_waiting_only_if_the_pipe_is_full),
		TEST(many_small_frames_fill_a_queue_too),
		TEST(answers_to_one_post_may_be_more_than_a_queue_of_events),
		TEST(so_may_answers_on_a_websocket),
		TEST(answers_that_were_taken_make_no_room_for_events),
		TEST(answers_without_end_fill_a_queue),
		TEST(a_peer_that_does_not_read_is_closed_when_its_queue_is_full),
		TEST(invalid_packets_close_a_websocket),
		TEST(each_end_has_its_close_code),
		TEST(binary_goes_back_as_binary),
		TEST(an_upgrade_loses_and_reorders_nothing),
		TEST(a_get_held_while_probing_is_freed_by_noops),
		TEST(a_second_websocket_does_not_take_over),
		TEST(a_bad_probe_is_closed_and_polling_lives_on),
		TEST(a_probe_has_limited_time),
		TEST(a_probe_that_is_lost_leaves_polling_alone),
		TEST(a_ping_on_its_way_during_the_upgrade_keeps_its_time),
		TEST(there_is_room_for_so_many_sessions),
		TEST(an_address_has_room_for_fewer),
		TEST(draining_ends_everybody_and_lets_nobody_in),
		TEST(nothing_is_sent_to_a_session_that_ended),
		TEST(a_broken_connection_ends_the_session_once),
	};

	crypto_init();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
