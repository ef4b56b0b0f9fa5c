/*
 * session.h - one client's Engine.IO session: state, queue, heartbeat, upgrade
 *
 * server.c tells a session what arrived on its connections, the session's
 * handler (Socket.IO, or an echo in the tests) gets whole messages. Nothing here knows
 * the websocket library. A session that ended is freed when the loop turns.
 */
#ifndef VALS_WS_SESSION_H
#define VALS_WS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engineio.h"

struct conn;
struct frame;
struct session;
struct visitor;

struct session_settings {
	struct engineio_limits limits;
	long upgrade_timeout_ms;
	size_t queue_bytes;	/* a peer with more waiting is closed as too slow */
	size_t queue_frames;	/* as is one with more frames than these */
	size_t max_sessions;
	size_t max_per_address;	/* of them, 0 for any number */
	int node;		/* number of this process, in front of each sid */
};

/* Who listens to sessions. owner is what `opened` returned. */
struct session_handler {
	void *(*opened)(struct session *session);
	void (*text)(void *owner, const char *text, size_t len);
	void (*binary)(void *owner, const void *data, size_t len);
	void (*closed)(void *owner);	/* called once; the session is over */
};

/* Why a session ends. */
enum session_end {
	SESSION_END_CLIENT,	/* the client said so */
	SESSION_END_LOST,	/* its connection went away */
	SESSION_END_PROTOCOL,	/* it sent what is no packet */
	SESSION_END_TOO_BIG,	/* a message above the limit */
	SESSION_END_TIMEOUT,	/* no answer to a ping in time */
	SESSION_END_SLOW,	/* it reads too slowly */
	SESSION_END_IDLE,	/* it never signed in */
	SESSION_END_EXPIRED,	/* its token ran out or was revoked */
	SESSION_END_TAKEN,	/* another connection took its sockets over */
	SESSION_END_AWAY,	/* we cannot serve it now, it may try again */
	SESSION_END_SHUTDOWN,	/* this process stops */
	SESSION_END__MAX
};

/* Prepare the module; settings are copied. */
void session_start(const struct session_settings *settings);

/*
 * Forget all sessions without a word to anybody, at the end of the process, when
 * their connections are gone. They are freed by loop_close.
 */
void session_stop(void);

enum session_admission {
	SESSION_ADMITTED,
	SESSION_FULL,		/* nobody can be let in now */
	SESSION_CROWDED,	/* too many are here from this address */
};

/* Whether this visitor may open another session. */
enum session_admission session_admit(const struct visitor *visitor);

/* A handshake: open a session and answer its first connection. */
void session_open_polling(const struct session_handler *handler, struct conn *conn);
struct session *session_open_websocket(const struct session_handler *handler,
    struct conn *conn);

/* The live session with this sid, or NULL. One that is late with its pong ends here. */
struct session *session_find(const char *sid);

/* The transport a plain request, or an upgrade, meets at a session. */
enum engineio_transport session_transport(const struct session *session, bool is_upgrade);

/*
 * A GET or the head of a POST arrived. Returns whether the session keeps the
 * connection; if not, a second one was open: the session is gone, answer 400.
 */
bool session_get(struct session *session, struct conn *conn);
bool session_post_begin(struct session *session, struct conn *conn);

/* The body of the POST; it is answered from here, the session may end. */
void session_post(struct session *session, struct conn *conn, const char *body, size_t len);

/* The body was too long or of a kind that is not taken. */
void session_post_refuse(struct session *session, struct conn *conn, int status);

/* A websocket for an open polling session. */
void session_probe(struct session *session, struct conn *conn);

/* One whole websocket message. */
void session_receive(struct session *session, struct conn *conn, bool is_binary,
    const char *data, size_t len);

/* A websocket message grew above the limit. */
void session_receive_too_big(struct session *session, struct conn *conn);

/* conn_wake was asked for, and now is the time. */
void session_writable(struct session *session, struct conn *conn);

/* The connection ended by itself. */
void session_lost(struct session *session, struct conn *conn);

/*
 * Send frames[0..count) in a row; references are taken as needed. Never ends the
 * session before it returns.
 */
void session_send(struct session *session, struct frame *const *frames, size_t count);

/*
 * Between these, what is sent to websockets is held, so that all of it leaves each in as few
 * writes as possible: for several events in a row. To be released before the loop turns.
 */
void session_hold(void);
void session_release(void);

/* End it now; the handler's `closed` is called first. */
void session_close(struct session *session, enum session_end end);

/* End it when the loop turns, for callers that are still walking over sessions. */
void session_doom(struct session *session, enum session_end end);

/* Whether a connection to the client is open at this moment. */
bool session_is_reachable(const struct session *session);

/* End all sessions now, for callers that stand in none of them. */
void session_end_all(enum session_end end);

/* Who is speaking while `text` or `binary` run; NULL at other times. */
const struct visitor *session_visitor(const struct session *session);

/*
 * End all sessions, spread over this time, then call done(owner). No new
 * ones are opened.
 */
void session_drain(int64_t spread_ms, void (*done)(void *owner), void *owner);

/* Bytes waiting for this peer. */
size_t session_backlog(const struct session *session);

/* Bytes waiting in all queues. */
size_t session_queued_bytes(void);

#endif
