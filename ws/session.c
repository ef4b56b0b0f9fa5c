/*
 * session.c - one client's Engine.IO session
 *
 * A session lives on one transport at a time:
 *
 *	POLLING ──probe──▶ PROBING ──upgrade──▶ WEBSOCKET
 *	   ▲                  │                     │
 *	   └──probe failed────┘                     │
 *	   └──▶ CLOSING ──next GET, or too late──▶ CLOSED
 *
 * While a websocket probes, polling stays the live transport, so nothing can be lost
 * or overtaken: what was answered on the last GET went before, what is queued goes after.
 * On polling, frames always pass through the queue and leave together in one payload when
 * the held GET can be written. On a websocket a frame is written at once unless others wait.
 *
 * Time is kept as absolute deadlines which are looked at by the one timer and
 * also whenever a request arrives, so a late timer never keeps a dead session alive.
 */
#include "session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conn.h"
#include "crypto.h"
#include "frame.h"
#include "guests.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "queue.h"
#include "xalloc.h"

#define SESSION_BUCKETS 4096
#define SESSION_SECRET_LEN 18		/* random bytes in a sid */
#define SESSION_LINGER_MS 30000		/* wait for the GET that takes the close */
#define SESSION_OVERTAKEN_MS 100	/* wait for a GET which the client's own close overtook */
#define SESSION_NOOP_MS 100		/* between noops that free a GET for the upgrade */
#define SESSION_BURST 256		/* frames per turn for one peer */
#define SESSION_HOLD_BYTES 32768	/* held for one peer, at most */

enum session_state {
	SESSION_POLLING,	/* long-polling carries everything */
	SESSION_PROBING,	/* as before, and websocket is a probe */
	SESSION_WEBSOCKET,	/* websocket carries everything; no GET is held */
	SESSION_CLOSING,	/* polling, no GET held: the next one gets the rest and a close */
	SESSION_CLOSED,		/* no connection, not to be found, about to be freed */
};

struct session {
	char sid[ENGINEIO_SID_MAX + 1];
	enum session_state state;
	const struct session_handler *handler;
	void *owner;
	struct guest *guest;	/* its address, or NULL */
	struct conn *get;	/* held GET, or NULL */
	struct conn *post;	/* POST whose body is not all here, or NULL */
	struct conn *websocket;
	struct conn *speaking;	/* whose message is being handled */
	struct queue queue;
	size_t answers;		/* how many of the queue answered its own messages, at most */
	bool is_ping_due;	/* a ping goes before everything queued */
	bool is_probed;		/* the probe's ping was answered */
	bool is_held;		/* in the list of those to be released */
	bool is_doomed;		/* ends when the loop turns, by doom */
	enum session_end doom;	/* why it ends, or ended */
	int64_t ping_at;	/* 0 while a pong is awaited */
	int64_t alive_until;	/* the end, unless a pong comes */
	int64_t upgrade_until;	/* while PROBING */
	struct loop_timer *timer;
	struct session *next;	/* in its bucket */
	struct session *next_held;
};

/* How each end looks from outside. */
static const struct {
	const char *name;
	int code;		/* of the websocket close frame */
	bool is_polite;		/* on polling, wait for a GET that can be told */
} session_ends[SESSION_END__MAX] = {
	[SESSION_END_CLIENT] =   { "client", 1000, true },
	[SESSION_END_LOST] =     { "lost", 1000, false },
	[SESSION_END_PROTOCOL] = { "protocol", 1002, false },
	[SESSION_END_TOO_BIG] =  { "too-big", 1009, false },
	[SESSION_END_TIMEOUT] =  { "ping-timeout", 1000, false },
	[SESSION_END_SLOW] =     { "slow", 1013, false },
	[SESSION_END_IDLE] =     { "idle", 1008, true },
	[SESSION_END_EXPIRED] =  { "expired", 1008, true },
	[SESSION_END_TAKEN] =    { "taken", 1008, true },
	[SESSION_END_AWAY] =     { "away", 1013, true },
	[SESSION_END_SHUTDOWN] = { "shutdown", 1012, true },
};

static struct {
	struct session_settings settings;
	struct session *buckets[SESSION_BUCKETS];
	size_t count;
	bool is_draining;
	bool is_holding;
	struct session *held;
	struct frame *ping, *probe_answer;
	struct loop_timer *drain_timer;
	int64_t drain_until;
	void (*drained)(void *owner);
	void *drained_owner;
} sessions;

void
session_start(const struct session_settings *settings)
{
	assert(sessions.count == 0);
	memset(&sessions, 0, sizeof(sessions));
	sessions.settings = *settings;
	guests_start(settings->max_per_address);
	sessions.ping = frame_text("2", 1);
	sessions.probe_answer = frame_text("3probe", 6);
}

static struct session **
session_bucket(const char *sid)
{
	uint32_t hash = 2166136261u;	/* FNV-1a; sids are random already */

	while (*sid != '\0')
		hash = (hash ^ (unsigned char)*sid++) * 16777619u;
	return &sessions.buckets[hash % SESSION_BUCKETS];
}

/* What the metrics count a state as. */
static int64_t *
session_gauge(enum session_state state)
{
	switch (state) {
	case SESSION_POLLING:
	case SESSION_PROBING:
		return &metrics.sessions_polling;
	case SESSION_WEBSOCKET:
		return &metrics.sessions_websocket;
	case SESSION_CLOSING:
	case SESSION_CLOSED:
		return NULL;
	}
	return NULL;
}

/* The only assignment to ->state. */
static void
session_set_state(struct session *session, enum session_state state)
{
	static const unsigned may_follow[] = {
		[SESSION_POLLING] = 1u << SESSION_PROBING | 1u << SESSION_CLOSING |
		    1u << SESSION_CLOSED,
		[SESSION_PROBING] = 1u << SESSION_POLLING | 1u << SESSION_WEBSOCKET |
		    1u << SESSION_CLOSING | 1u << SESSION_CLOSED,
		[SESSION_WEBSOCKET] = 1u << SESSION_CLOSED,
		[SESSION_CLOSING] = 1u << SESSION_CLOSED,
		[SESSION_CLOSED] = 0,
	};
	int64_t *before = session_gauge(session->state), *after = session_gauge(state);

	assert(may_follow[session->state] & 1u << state);
	session->state = state;
	if (before != NULL)
		--*before;
	if (after != NULL)
		++*after;
}

static void
session_set_timer(struct session *session)
{
	int64_t at = session->alive_until;

	if (session->ping_at != 0 && session->ping_at < at)
		at = session->ping_at;
	if (session->state == SESSION_PROBING) {
		int64_t step = session->is_probed ? loop_now() + SESSION_NOOP_MS :
		    session->upgrade_until;

		if (step < at)
			at = step;
	}
	loop_timer_set(session->timer, at);
}

/* The deadlines that follow a sign of life. */
static void
session_mark_alive(struct session *session)
{
	const struct engineio_limits *limits = &sessions.settings.limits;

	session->is_ping_due = false;
	session->ping_at = loop_now() + limits->ping_interval_ms;
	session->alive_until = session->ping_at + limits->ping_timeout_ms;
	session_set_timer(session);
}

static void
session_free_later(void *owner)
{
	struct session *session = owner;

	queue_free(&session->queue);
	loop_timer_free(&session->timer);
	free(session);
}

/* Out of the table and on the way to being freed. */
static void
session_bury(struct session *session)
{
	struct session **link = session_bucket(session->sid);

	session_set_state(session, SESSION_CLOSED);
	while (*link != session)
		link = &(*link)->next;
	*link = session->next;
	sessions.count--;
	guests_drop(&session->guest);
	loop_timer_stop(session->timer);
	loop_later(session_free_later, session);
}

/* Drop the probe, if there is one: polling goes on. */
static void
session_end_probe(struct session *session, int code)
{
	struct conn *probe = session->websocket;

	if (session->state != SESSION_PROBING)
		return;
	session->websocket = NULL;
	session->is_probed = false;
	session_set_state(session, SESSION_POLLING);
	session_set_timer(session);
	if (probe != NULL)
		conn_close(probe, code);
}

static void
session_add_packet(struct buf *payload, const struct frame *frame)
{
	char *base64;

	if (payload->len > 0)
		buf_addc(payload, ENGINEIO_SEPARATOR);
	if (!frame->is_binary) {
		buf_add(payload, frame->data, frame->len);
		return;
	}
	base64 = xmalloc((frame->len + 2) / 3 * 4 + 1);
	crypto_base64(frame->data, frame->len, base64);
	buf_addc(payload, 'b');
	buf_adds(payload, base64);
	free(base64);
}

/* Answer the held GET with all that waits, as far as one payload goes. */
static void
session_answer_get(struct session *session, const char *last)
{
	struct conn *get = session->get;
	struct frame *frame;
	struct buf payload = { 0 };

	if (session->is_ping_due) {
		session_add_packet(&payload, sessions.ping);
		session->is_ping_due = false;
	}
	while ((frame = queue_peek(&session->queue)) != NULL &&
	    payload.len < (size_t)sessions.settings.limits.max_payload) {
		session_add_packet(&payload, frame);
		queue_drop(&session->queue);
		metrics.messages_sent++;
	}
	if (last != NULL) {
		if (payload.len > 0)
			buf_addc(&payload, ENGINEIO_SEPARATOR);
		buf_adds(&payload, last);
	}
	session->get = NULL;
	conn_reply(get, 200, "text/plain; charset=UTF-8", payload.data, payload.len);
	buf_free(&payload);
}

/* A client that ended the session itself needs not be told, only let go. */
static void
session_answer_last_get(struct session *session)
{
	session_answer_get(session, session->doom == SESSION_END_CLIENT ? "6" : "1");
}

/* The end of a session that was on polling. */
static void
session_close_polling(struct session *session, enum session_end end)
{
	struct conn *post = session->post;

	session->post = NULL;
	if (post != NULL)
		conn_reply(post, 400, "text/plain", "", 0);
	if (end == SESSION_END_CLIENT || !session_ends[end].is_polite) {
		queue_free(&session->queue);
		session->is_ping_due = false;
	}
	if (session->get == NULL && session_ends[end].is_polite) {
		session_set_state(session, SESSION_CLOSING);
		loop_timer_set(session->timer, loop_now() +
		    (end == SESSION_END_CLIENT ? SESSION_OVERTAKEN_MS : SESSION_LINGER_MS));
		return;
	}
	if (session->get != NULL)
		session_answer_last_get(session);
	session_bury(session);
}

void
session_close(struct session *session, enum session_end end)
{
	struct conn *websocket;
	void *owner = session->owner;

	if (session->state == SESSION_CLOSED || session->state == SESSION_CLOSING)
		return;
	log_debug("session_close", "end=%s", session_ends[end].name);
	if (end == SESSION_END_TIMEOUT)
		metrics.ping_timeouts++;
	else if (end == SESSION_END_SLOW)
		metrics.queue_drops++;
	else if (end == SESSION_END_PROTOCOL || end == SESSION_END_TOO_BIG)
		metrics.protocol_errors++;
	session->is_doomed = true;	/* what the handler still says is not sent */
	session->doom = end;
	session->owner = NULL;
	if (owner != NULL)
		session->handler->closed(owner);
	session_end_probe(session, session_ends[end].code);
	websocket = session->websocket;
	session->websocket = NULL;
	if (session->state != SESSION_WEBSOCKET) {
		session_close_polling(session, end);
		return;
	}
	session_bury(session);
	if (websocket != NULL)
		conn_close(websocket, session_ends[end].code);
}

static void
session_fulfil_doom(void *owner)
{
	struct session *session = owner;

	session_close(session, session->doom);
}

void
session_doom(struct session *session, enum session_end end)
{
	if (session->is_doomed)
		return;
	session->is_doomed = true;
	session->doom = end;
	loop_later(session_fulfil_doom, session);
}

/* Let whatever can carry a frame call back when it can. */
static void
session_wake(struct session *session)
{
	if (session->state == SESSION_WEBSOCKET)
		conn_wake(session->websocket);
	else if (session->get != NULL)
		conn_wake(session->get);
}

/* Send frames on the websocket; returns how many went, the others have to wait. */
static size_t
session_push(struct session *session, struct frame *const *frames, size_t count)
{
	size_t sent;

	if (conn_send(session->websocket, frames, count, &sent) == CONN_LOST)
		session_doom(session, SESSION_END_LOST);
	metrics.messages_sent += sent;
	return sent;
}

/* Write what waits, a ping before all else; the rest when the pipe has room again. */
static void
session_write_websocket(struct session *session)
{
	struct frame *const *frames;
	size_t count, left = SESSION_BURST, sent = 1;

	if (session->is_ping_due && session_push(session, &sessions.ping, 1) == 1)
		session->is_ping_due = false;
	while (!session->is_ping_due && !session->is_doomed && session->queue.count > 0 &&
	    left > 0 && sent > 0) {
		frames = queue_run(&session->queue, &count);
		count = count < left ? count : left;
		sent = session_push(session, frames, count);
		left -= sent;
		for (size_t i = 0; i < sent; i++)
			queue_drop(&session->queue);
	}
	if ((session->queue.count > 0 || session->is_ping_due) && !session->is_doomed)
		conn_wake(session->websocket);
}

/*
 * Who asks many things at once is not slow for having as many answers waiting: they are made
 * faster than anybody reads, those to one POST in a single moment. Their bytes count as any others.
 */
static bool
session_is_slow(const struct session *session)
{
	return session->queue.bytes > sessions.settings.queue_bytes ||
	    session->queue.count > sessions.settings.queue_frames + session->answers;
}

/* Put the session among those to be released, unless it holds enough for a write. */
static bool
session_may_hold(struct session *session)
{
	if (!sessions.is_holding || session->state != SESSION_WEBSOCKET ||
	    session->queue.bytes > SESSION_HOLD_BYTES || session_is_slow(session))
		return false;
	if (!session->is_held) {
		session->is_held = true;
		session->next_held = sessions.held;
		sessions.held = session;
	}
	return true;
}

void
session_send(struct session *session, struct frame *const *frames, size_t count)
{
	size_t sent = 0;

	if (session->is_doomed || session->state > SESSION_WEBSOCKET)
		return;
	if (session->state == SESSION_WEBSOCKET && session->queue.count == 0 &&
	    !session->is_ping_due && !sessions.is_holding)
		sent = session_push(session, frames, count);
	if (sent == count || session->is_doomed)
		return;
	if (session->queue.count == 0)
		session->answers = 0;
	if (session->speaking != NULL)
		session->answers += count - sent;
	while (sent < count)
		queue_add(&session->queue, frames[sent++]);
	if (session_may_hold(session))
		return;
	if (sessions.is_holding && session->state == SESSION_WEBSOCKET)
		session_write_websocket(session);
	if (session_is_slow(session))
		session_doom(session, SESSION_END_SLOW);
	else if (session->queue.count > 0)
		session_wake(session);
}

void
session_hold(void)
{
	assert(!sessions.is_holding);
	sessions.is_holding = true;
}

void
session_release(void)
{
	struct session *session;

	sessions.is_holding = false;
	while ((session = sessions.held) != NULL) {
		sessions.held = session->next_held;
		session->is_held = false;
		if (session->state == SESSION_WEBSOCKET && !session->is_doomed)
			session_write_websocket(session);
	}
}

/*
 * A ping goes next, not last: a long queue must not look like a dead server. One that can leave
 * now gives the peer all of its time to answer, even if we are late.
 */
static void
session_ping(struct session *session)
{
	if (session->state == SESSION_WEBSOCKET || session->get != NULL)
		session->alive_until = loop_now() + sessions.settings.limits.ping_timeout_ms;
	session->ping_at = 0;
	session->is_ping_due = true;
	session_wake(session);
}

void
session_writable(struct session *session, struct conn *conn)
{
	if (session->state == SESSION_CLOSED || session->is_doomed)
		return;
	if (session->state == SESSION_WEBSOCKET && conn == session->websocket)
		session_write_websocket(session);
	else if (conn == session->get && (session->queue.count > 0 || session->is_ping_due))
		session_answer_get(session, NULL);
}

static void
session_tick(void *owner)
{
	struct session *session = owner;
	int64_t now = loop_now();

	if (session->state == SESSION_CLOSING) {
		session_bury(session);
		return;
	}
	if (now >= session->alive_until) {
		session_close(session, SESSION_END_TIMEOUT);
		return;
	}
	if (session->ping_at != 0 && now >= session->ping_at)
		session_ping(session);
	if (session->state == SESSION_PROBING && now >= session->upgrade_until)
		session_end_probe(session, 1000);
	if (session->state == SESSION_PROBING && session->is_probed && session->get != NULL)
		session_answer_get(session, "6");
	session_set_timer(session);
}

enum session_admission
session_admit(const struct visitor *visitor)
{
	if (sessions.is_draining || sessions.count >= sessions.settings.max_sessions)
		return SESSION_FULL;
	return guests_may_add(visitor->address) ? SESSION_ADMITTED : SESSION_CROWDED;
}

static struct session *
session_new(const struct session_handler *handler, const struct conn *conn)
{
	struct session *session = xcalloc(1, sizeof(*session));
	struct session **bucket;
	uint8_t secret[SESSION_SECRET_LEN];
	char text[CRYPTO_BASE64URL_SIZE(SESSION_SECRET_LEN)];

	crypto_random(secret, sizeof(secret));
	crypto_base64url(secret, sizeof(secret), text);
	snprintf(session->sid, sizeof(session->sid), "%d-%s", sessions.settings.node, text);
	session->handler = handler;
	session->guest = guests_add(conn_visitor(conn)->address);
	session->timer = loop_timer_new(session_tick, session);
	bucket = session_bucket(session->sid);
	session->next = *bucket;
	*bucket = session;
	sessions.count++;
	metrics.sessions_opened++;
	return session;
}

void
session_open_polling(const struct session_handler *handler, struct conn *conn)
{
	struct session *session = session_new(handler, conn);
	char open[ENGINEIO_OPEN_MAX];
	size_t len = engineio_open(open, session->sid, true, &sessions.settings.limits);

	metrics.sessions_polling++;	/* it begins as SESSION_POLLING, which is zero */
	session_mark_alive(session);
	session->owner = handler->opened(session);
	conn_reply(conn, 200, "text/plain; charset=UTF-8", open, len);
}

struct session *
session_open_websocket(const struct session_handler *handler, struct conn *conn)
{
	struct session *session = session_new(handler, conn);
	char open[ENGINEIO_OPEN_MAX];
	size_t len = engineio_open(open, session->sid, false, &sessions.settings.limits);
	struct frame *frame = frame_text(open, len);

	metrics.sessions_polling++;
	session->websocket = conn;
	session_set_state(session, SESSION_PROBING);
	session_set_state(session, SESSION_WEBSOCKET);
	session_mark_alive(session);
	session_send(session, &frame, 1);
	frame_free(&frame);
	session->owner = handler->opened(session);
	return session;
}

struct session *
session_find(const char *sid)
{
	struct session *session = *session_bucket(sid);

	while (session != NULL && strcmp(session->sid, sid) != 0)
		session = session->next;
	if (session == NULL || session->state == SESSION_CLOSING)
		return session;
	if (loop_now() >= session->alive_until)
		session_close(session, SESSION_END_TIMEOUT);
	return session->state == SESSION_CLOSED ? NULL : session;
}

enum engineio_transport
session_transport(const struct session *session, bool is_upgrade)
{
	switch (session->state) {
	case SESSION_POLLING:
		return ENGINEIO_POLLING;
	case SESSION_PROBING:	/* a second websocket would take over from the first */
		return is_upgrade ? ENGINEIO_WEBSOCKET : ENGINEIO_POLLING;
	case SESSION_WEBSOCKET:
		return ENGINEIO_WEBSOCKET;
	case SESSION_CLOSING:
		return is_upgrade ? ENGINEIO_NO_TRANSPORT : ENGINEIO_POLLING;
	case SESSION_CLOSED:
		break;
	}
	return ENGINEIO_NO_TRANSPORT;
}

bool
session_get(struct session *session, struct conn *conn)
{
	if (session->get != NULL) {
		session_close(session, SESSION_END_PROTOCOL);
		return false;
	}
	session->get = conn;
	if (session->state == SESSION_CLOSING) {
		session_answer_last_get(session);
		session_bury(session);
	} else if (session->queue.count > 0 || session->is_ping_due) {
		conn_wake(conn);
	}
	return true;
}

bool
session_post_begin(struct session *session, struct conn *conn)
{
	if (session->state == SESSION_CLOSING)
		return false;
	if (session->post != NULL) {
		session_close(session, SESSION_END_PROTOCOL);
		return false;
	}
	session->post = conn;
	return true;
}

/* Hand a message's text or bytes to the handler. */
static void
session_deliver(struct session *session, bool is_binary, const char *data, size_t len)
{
	metrics.messages_received++;
	if (session->owner == NULL || session->is_doomed)
		return;
	if (is_binary)
		session->handler->binary(session->owner, data, len);
	else
		session->handler->text(session->owner, data, len);
}

/* Decode and deliver a binary packet of a payload; -1 if it is not base64. */
static int
session_deliver_base64(struct session *session, const char *base64, size_t len)
{
	size_t room = len / 4 * 3 + 1;
	char *data = xmalloc(room);
	long data_len = crypto_base64_decode(base64, len, data, room);

	if (data_len >= 0)
		session_deliver(session, true, data, (size_t)data_len);
	free(data);
	return data_len >= 0 ? 0 : -1;
}

/* What a client may say on either transport. */
static void
session_take(struct session *session, const struct engineio_packet *packet)
{
	switch (packet->type) {
	case ENGINEIO_MESSAGE:
		session_deliver(session, false, packet->data, packet->len);
		return;
	case ENGINEIO_BINARY:
		if (session->state == SESSION_WEBSOCKET ||
		    session_deliver_base64(session, packet->data, packet->len) == -1)
			break;
		return;
	case ENGINEIO_PONG:
		session_mark_alive(session);
		return;
	case ENGINEIO_CLOSE:
		session_close(session, SESSION_END_CLIENT);
		return;
	case ENGINEIO_OPEN:
	case ENGINEIO_PING:
	case ENGINEIO_UPGRADE:
	case ENGINEIO_NOOP:
		break;
	}
	session_close(session, SESSION_END_PROTOCOL);
}

void
session_post(struct session *session, struct conn *conn, const char *body, size_t len)
{
	struct engineio_payload payload = engineio_payload(body, len);
	struct engineio_packet packet;
	int next = 0;

	assert(conn == session->post);
	session->post = NULL;
	session->speaking = conn;
	while (session->state < SESSION_CLOSING && !session->is_doomed &&
	    (next = engineio_payload_next(&payload, &packet)) == 1)
		session_take(session, &packet);
	session->speaking = NULL;
	if (next == -1)
		session_close(session, SESSION_END_PROTOCOL);
	if (session->state >= SESSION_CLOSING && session->doom == SESSION_END_PROTOCOL)
		conn_reply(conn, 400, "text/plain", "", 0);
	else
		conn_reply(conn, 200, "text/html", "ok", 2);
}

void
session_post_refuse(struct session *session, struct conn *conn, int status)
{
	session->post = NULL;
	session_close(session, status == 413 ? SESSION_END_TOO_BIG : SESSION_END_PROTOCOL);
	conn_reply(conn, status, "text/plain", "", 0);
}

void
session_probe(struct session *session, struct conn *conn)
{
	session->websocket = conn;
	session->is_probed = false;
	session->upgrade_until = loop_now() + sessions.settings.upgrade_timeout_ms;
	session_set_state(session, SESSION_PROBING);
	session_set_timer(session);
}

/*
 * The client has stopped polling: everything that waits goes to the websocket, and
 * only then what comes next. A ping that was on its way keeps a full answer time.
 */
static void
session_upgrade(struct session *session)
{
	const struct engineio_limits *limits = &sessions.settings.limits;

	if (session->get != NULL)
		session_answer_get(session, session->queue.count > 0 ? NULL : "6");
	session_set_state(session, SESSION_WEBSOCKET);
	metrics.upgrades++;
	if (session->ping_at == 0)
		session->alive_until = loop_now() + limits->ping_timeout_ms;
	session_set_timer(session);
	session_write_websocket(session);
}

/* What a probe may say: the probing ping, then the upgrade. */
static void
session_take_probe(struct session *session, const char *data, size_t len)
{
	size_t sent;

	if (!session->is_probed && len == 6 && memcmp(data, "2probe", 6) == 0) {
		if (conn_send(session->websocket, &sessions.probe_answer, 1, &sent) != CONN_SENT) {
			session_end_probe(session, 1000);
			return;
		}
		session->is_probed = true;
		if (session->get != NULL)
			session_answer_get(session, "6");
		session_set_timer(session);
	} else if (session->is_probed && len == 1 && data[0] == '5') {
		session_upgrade(session);
	} else {
		session_end_probe(session, 1002);
	}
}

void
session_receive(struct session *session, struct conn *conn, bool is_binary,
    const char *data, size_t len)
{
	struct engineio_packet packet;

	if (session->is_doomed || conn != session->websocket)
		return;
	if (session->state == SESSION_PROBING) {
		session_take_probe(session, is_binary ? "" : data, is_binary ? 0 : len);
		return;
	}
	if (loop_now() >= session->alive_until) {
		session_close(session, SESSION_END_TIMEOUT);
		return;
	}
	session->speaking = conn;
	if (is_binary)
		session_deliver(session, true, data, len);
	else if (engineio_decode(data, len, &packet) == 0)
		session_take(session, &packet);
	else
		session_close(session, SESSION_END_PROTOCOL);
	session->speaking = NULL;
}

void
session_receive_too_big(struct session *session, struct conn *conn)
{
	if (session->state == SESSION_PROBING && conn == session->websocket)
		session_end_probe(session, 1009);
	else
		session_close(session, SESSION_END_TOO_BIG);
}

void
session_lost(struct session *session, struct conn *conn)
{
	if (conn == session->websocket) {
		session->websocket = NULL;
		if (session->state == SESSION_PROBING)
			session_end_probe(session, 1000);
		else
			session_close(session, SESSION_END_LOST);
	} else if (conn == session->get || conn == session->post) {
		if (conn == session->get)
			session->get = NULL;
		else
			session->post = NULL;
		session_close(session, SESSION_END_LOST);
	}
}

const struct visitor *
session_visitor(const struct session *session)
{
	return session->speaking != NULL ? conn_visitor(session->speaking) : NULL;
}

bool
session_is_reachable(const struct session *session)
{
	return session->state == SESSION_WEBSOCKET ? session->websocket != NULL :
	    session->get != NULL || session->post != NULL;
}

void
session_end_all(enum session_end end)
{
	struct session *session, *next;

	for (size_t i = 0; i < SESSION_BUCKETS; i++) {
		for (session = sessions.buckets[i]; session != NULL; session = next) {
			next = session->next;
			session_close(session, end);
		}
	}
}

/* End about as many sessions as the time passed asks for. */
static void
session_drain_some(void *owner)
{
	int64_t left = sessions.drain_until - loop_now();
	size_t quota = left > 50 ? sessions.count / (size_t)(left / 50) + 1 : SIZE_MAX;
	struct session *session, *next;

	(void)owner;
	for (size_t i = 0; i < SESSION_BUCKETS && quota > 0; i++) {
		for (session = sessions.buckets[i]; session != NULL && quota > 0;
		    session = next) {
			next = session->next;
			if (session->state == SESSION_CLOSING)
				continue;
			session_close(session, SESSION_END_SHUTDOWN);
			quota--;
		}
	}
	if (left > 50)
		loop_timer_set(sessions.drain_timer, loop_now() + 50);
	else
		sessions.drained(sessions.drained_owner);
}

void
session_drain(int64_t spread_ms, void (*done)(void *owner), void *owner)
{
	sessions.is_draining = true;
	sessions.drained = done;
	sessions.drained_owner = owner;
	sessions.drain_until = loop_now() + (sessions.count > 0 ? spread_ms : 0);
	sessions.drain_timer = loop_timer_new(session_drain_some, NULL);
	loop_timer_set(sessions.drain_timer, loop_now());
}

void
session_stop(void)
{
	struct session *session;

	for (size_t i = 0; i < SESSION_BUCKETS; i++) {
		while ((session = sessions.buckets[i]) != NULL) {
			session->get = session->post = session->websocket = NULL;
			if (session->state == SESSION_CLOSING)
				session_bury(session);
			else
				session_close(session, SESSION_END_LOST);
		}
	}
	loop_timer_free(&sessions.drain_timer);
	frame_free(&sessions.ping);
	frame_free(&sessions.probe_answer);
}

size_t
session_backlog(const struct session *session)
{
	return session->queue.bytes;
}

size_t
session_queued_bytes(void)
{
	size_t bytes = 0;

	for (size_t i = 0; i < SESSION_BUCKETS; i++)
		for (const struct session *session = sessions.buckets[i]; session != NULL;
		    session = session->next)
			bytes += session->queue.bytes;
	return bytes;
}
