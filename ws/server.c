/*
 * server.c - HTTP and websocket connections, by libwebsockets
 *
 * The only file that knows the library (4.1.6 in Debian 12). It lives on our
 * libev loop as a guest. Its own timers do not fire reliably there, so nothing
 * here depends on them: whoever must be cut is cut by shutting its socket down,
 * which the library notices as any other end.
 *
 * Connections are accepted by listener.c. One wsi carries one request or one websocket,
 * and a struct conn hangs on it. After a reply the connection is closed: requests are
 * never pipelined then, on which this version of the library can hang for ever.
 *
 * While a GET is held, the library neither reads its socket nor stops watching it: a
 * client that goes away, or sends its next request early, would have the loop spin. So the
 * library is told to leave the socket alone for that time, and we look for its end.
 */
#include "server.h"

#include <libwebsockets.h>

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "conn.h"
#include "engineio.h"
#include "frame.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "origin.h"
#include "session.h"
#include "xalloc.h"

#define SERVER_HEADERS_MAX 18432	/* bytes of one request's headers: 16 kB, and what the proxy adds */
#define SERVER_ARG_MAX 1024		/* longest query argument looked at */
#define SERVER_DRAIN_MAX (16 * 1024 * 1024)	/* longest body read only to be refused */
#define SERVER_CLOSE_MS 1000		/* for a peer to take part in a close */
#define SERVER_SWEEP_MS 250
#define SERVER_GATHER_MAX 65536		/* bytes of frames put together for one write */
#define SERVER_KEY_LEN 24		/* characters of a websocket's key, sixteen bytes in base64 */

enum server_method { SERVER_GET, SERVER_HEAD, SERVER_POST, SERVER_OPTIONS, SERVER_OTHER };

struct conn {
	struct lws *wsi;
	struct session *session;	/* who hears of this connection, or NULL */
	const struct server_path *path;
	struct engineio_query query;
	struct visitor visitor;
	enum server_method method;
	bool is_websocket;
	bool awaits_body;	/* a reply has to wait for the rest of the request */
	bool is_replied;	/* what is left of the reply is the library's */
	bool is_too_big;	/* what came so far is above the limit */
	int body_refusal;	/* status for a body of a kind we do not take, or 0 */
	char *origin;		/* allowed one, for the reply's headers; or NULL */
	struct buf in;		/* body or message, as far as it is here */
	struct buf out;		/* LWS_PRE bytes, then the reply's body */
	int status;		/* of the reply; 0 until there is one */
	const char *type;
	struct loop_io *watch;	/* for the end of the client while a GET is held, or NULL */
	int close_code;		/* of a websocket that is being closed, or 0 */
	int64_t cut_at;
	struct conn *next_dying, **back_dying;
};

static struct {
	struct server_settings settings;
	struct lws_context *context;
	struct lws_vhost *vhost;
	size_t connections;
	struct conn *dying;		/* websockets that were asked to close */
	struct loop_timer *sweep;
} server;

/* ---- connections ---- */

static void
server_sweep(void *owner)
{
	int64_t now = loop_now();

	(void)owner;
	for (struct conn *conn = server.dying; conn != NULL; conn = conn->next_dying)
		if (now >= conn->cut_at)
			shutdown(lws_get_socket_fd(conn->wsi), SHUT_RDWR);
	if (server.dying != NULL)
		loop_timer_set(server.sweep, now + SERVER_SWEEP_MS);
}

/* Have a websocket cut if it is still there at this time. */
static void
server_cut_at(struct conn *conn, int64_t at)
{
	conn->cut_at = at;
	if (conn->back_dying == NULL) {
		conn->next_dying = server.dying;
		conn->back_dying = &server.dying;
		if (server.dying != NULL)
			server.dying->back_dying = &conn->next_dying;
		server.dying = conn;
	}
	if (!loop_timer_is_set(server.sweep))
		loop_timer_set(server.sweep, loop_now() + SERVER_SWEEP_MS);
}

static struct conn *
server_conn_new(struct lws *wsi)
{
	struct conn *conn = xcalloc(1, sizeof(*conn));

	assert(lws_get_opaque_user_data(wsi) == NULL);
	conn->wsi = wsi;
	lws_set_opaque_user_data(wsi, conn);
	return conn;
}

static void
server_conn_free(struct conn *conn)
{
	lws_set_opaque_user_data(conn->wsi, NULL);
	loop_io_free(&conn->watch);
	if (conn->back_dying != NULL) {
		*conn->back_dying = conn->next_dying;
		if (conn->next_dying != NULL)
			conn->next_dying->back_dying = conn->back_dying;
	}
	buf_free(&conn->in);
	buf_free(&conn->out);
	free(conn->origin);
	free(conn);
}

/* The connection ended without our doing, or after it. */
static void
server_gone(struct lws *wsi)
{
	struct conn *conn = lws_get_opaque_user_data(wsi);
	struct session *session;

	if (conn == NULL)
		return;
	session = conn->session;
	conn->session = NULL;
	if (session != NULL)
		session_lost(session, conn);
	server_conn_free(conn);
}

/* The held GET's client went away, or is early with its next request. */
static void
server_held_readable(void *owner, bool can_read, bool can_write)
{
	struct conn *conn = owner;
	struct lws *wsi = conn->wsi;
	char byte;
	ssize_t got = recv(lws_get_socket_fd(wsi), &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	(void)can_read;
	(void)can_write;
	if (got > 0)
		loop_io_want(conn->watch, false, false);
	if (got > 0 || (got == -1 && (errno == EAGAIN || errno == EINTR)))
		return;
	server_gone(wsi);
	lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_SYNC);
}

/* Hold a GET that has nothing to be answered with. */
static void
server_hold(struct conn *conn)
{
	if (conn->watch != NULL)
		return;
	lws_rx_flow_control(conn->wsi, 0);
	conn->watch = loop_io_new(lws_get_socket_fd(conn->wsi), server_held_readable, conn);
	loop_io_want(conn->watch, true, false);
}

/* Have the library call back for writing, which it does not do while it leaves a socket alone. */
static void
server_wake(struct conn *conn)
{
	if (conn->watch != NULL) {
		loop_io_free(&conn->watch);
		lws_rx_flow_control(conn->wsi, 1);
	}
	lws_callback_on_writable(conn->wsi);
}

const struct visitor *
conn_visitor(const struct conn *conn)
{
	return &conn->visitor;
}

/*
 * The bytes of the first of these frames, as many as fit one write; *taken_r says how
 * many. Borrowed until the next call.
 */
static unsigned char *
server_gather(struct frame *const *frames, size_t count, size_t *taken_r, size_t *len_r)
{
	static unsigned char gathered[SERVER_GATHER_MAX];
	size_t len, total, taken = 1;
	unsigned char *wire = frame_wire(frames[0], len_r);

	*taken_r = 1;
	if (count == 1 || *len_r > sizeof(gathered))
		return wire;
	memcpy(gathered, wire, *len_r);
	for (total = *len_r; taken < count; taken++) {
		wire = frame_wire(frames[taken], &len);
		if (total + len > sizeof(gathered))
			break;
		memcpy(gathered + total, wire, len);
		total += len;
	}
	*taken_r = taken;
	*len_r = total;
	return gathered;
}

/*
 * The frames have their heads, so the library is given plain bytes; what the socket does not
 * take it copies, and sends before anything else.
 */
enum conn_sent
conn_send(struct conn *conn, struct frame *const *frames, size_t count, size_t *sent_r)
{
	unsigned char *bytes;
	size_t len, taken;

	*sent_r = 0;
	if (conn->close_code != 0)
		return CONN_LOST;
	while (*sent_r < count) {
		if (lws_partial_buffered(conn->wsi))
			return CONN_BUSY;
		bytes = server_gather(frames + *sent_r, count - *sent_r, &taken, &len);
		if (lws_write(conn->wsi, bytes, len, LWS_WRITE_RAW) < 0) {
			shutdown(lws_get_socket_fd(conn->wsi), SHUT_RDWR);
			return CONN_LOST;
		}
		*sent_r += taken;
	}
	return CONN_SENT;
}

void
conn_wake(struct conn *conn)
{
	server_wake(conn);
}

/* A peer whose pipe is full could not be told anything: it is cut at once. */
void
conn_close(struct conn *conn, int code)
{
	assert(conn->is_websocket);
	conn->session = NULL;
	conn->close_code = code;
	if (lws_partial_buffered(conn->wsi)) {
		shutdown(lws_get_socket_fd(conn->wsi), SHUT_RDWR);
		return;
	}
	server_cut_at(conn, loop_now() + SERVER_CLOSE_MS);
	lws_callback_on_writable(conn->wsi);
}

void
conn_reply(struct conn *conn, int status, const char *type, const void *body, size_t len)
{
	static const char headroom[LWS_PRE];

	assert(!conn->is_websocket);
	conn->session = NULL;
	if (conn->status != 0)
		return;
	conn->status = status;
	conn->type = type;
	buf_add(&conn->out, headroom, sizeof(headroom));
	if (len > 0)
		buf_add(&conn->out, body, len);
	if (!conn->awaits_body)
		server_wake(conn);
}

/* ---- requests ---- */

/* Copy a header; "" if it is absent or too long. */
static void
server_header(struct lws *wsi, enum lws_token_indexes token, char *out, size_t size)
{
	if (lws_hdr_copy(wsi, out, (int)size, token) <= 0)
		out[0] = '\0';
}

static void
server_custom_header(struct lws *wsi, const char *name, char *out, size_t size)
{
	if (lws_hdr_custom_copy(wsi, out, (int)size, name, (int)strlen(name)) <= 0)
		out[0] = '\0';
}

static enum server_method
server_method(struct lws *wsi)
{
	if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0)
		return SERVER_GET;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0)
		return SERVER_HEAD;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0)
		return SERVER_POST;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_OPTIONS_URI) > 0)
		return SERVER_OPTIONS;
	return SERVER_OTHER;
}

/* The arguments lie in fragments, decoded; one that is too long is not ours. */
static void
server_read_query(struct lws *wsi, struct engineio_query *query)
{
	char arg[SERVER_ARG_MAX];
	int len;

	for (int i = 0; lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i) > 0; i++) {
		len = lws_hdr_copy_fragment(wsi, arg, sizeof(arg), WSI_TOKEN_HTTP_URI_ARGS, i);
		if (len > 0)
			engineio_query_arg(query, arg, (size_t)len);
	}
}

static void
server_read_cookie(struct lws *wsi, struct visitor *visitor)
{
	static char header[SERVER_HEADERS_MAX];

	if (server.settings.cookie == NULL)
		return;
	server_header(wsi, WSI_TOKEN_HTTP_COOKIE, header, sizeof(header));
	origin_cookie(header, server.settings.cookie, visitor->cookie, sizeof(visitor->cookie));
}

/* The proxy says who the client is; what is no address is not repeated in logs. */
static void
server_read_address(struct lws *wsi, struct visitor *visitor)
{
	char *address = visitor->address;

	server_header(wsi, WSI_TOKEN_HTTP_X_REAL_IP, address, sizeof(visitor->address));
	if (address[strspn(address, "0123456789abcdefABCDEF:.")] != '\0')
		address[0] = '\0';
}

/* Whether the Origin, if there is one, may talk to us. */
static bool
server_read_origin(struct conn *conn)
{
	char origin[256], host[256], proto[16];

	server_header(conn->wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin));
	if (lws_hdr_total_length(conn->wsi, WSI_TOKEN_ORIGIN) <= 0 ||
	    server.settings.allowed_origins == NULL)
		return true;
	server_header(conn->wsi, WSI_TOKEN_HOST, host, sizeof(host));
	server_custom_header(conn->wsi, "x-forwarded-proto:", proto, sizeof(proto));
	if (!origin_is_allowed(origin, server.settings.allowed_origins, proto, host))
		return false;
	conn->visitor.is_origin_ours = true;
	conn->origin = xstrdup(origin);
	return true;
}

static const struct server_path *
server_find_path(const char *path, size_t len)
{
	const struct server_path *known = server.settings.paths;

	while (known->path != NULL &&
	    (strlen(known->path) != len || memcmp(known->path, path, len) != 0))
		known++;
	return known->path != NULL ? known : NULL;
}

/* Everything we want to know of a request before its body. */
static struct conn *
server_read_request(struct lws *wsi, const char *path, size_t path_len)
{
	struct conn *conn = server_conn_new(wsi);

	conn->method = server_method(wsi);
	conn->path = server_find_path(path, path_len);
	server_read_query(wsi, &conn->query);
	server_read_cookie(wsi, &conn->visitor);
	server_read_address(wsi, &conn->visitor);
	return conn;
}

static void
server_refuse(struct conn *conn, enum engineio_refusal refusal)
{
	struct buf body = { 0 };

	buf_addf(&body, "{\"code\":%d,\"message\":\"%s\"}", (int)refusal,
	    engineio_refusal_message(refusal));
	conn_reply(conn, engineio_refusal_status(refusal), "application/json", body.data,
	    body.len);
	buf_free(&body);
}

/* Trouble that passes is told to HTTP, so that the client tries again by itself. */
static bool
server_may_open(struct conn *conn)
{
	static const char away[] = "{\"message\":\"Service unavailable\"}";
	static const char crowded[] = "{\"message\":\"Too many connections\"}";
	enum session_admission admission = session_admit(&conn->visitor);

	if (admission == SESSION_ADMITTED && server.settings.is_ready != NULL &&
	    !server.settings.is_ready())
		admission = SESSION_FULL;
	if (admission == SESSION_ADMITTED)
		return true;
	metrics.sessions_refused++;
	if (admission == SESSION_CROWDED)
		conn_reply(conn, 429, "application/json", crowded, sizeof(crowded) - 1);
	else
		conn_reply(conn, 503, "application/json", away, sizeof(away) - 1);
	return false;
}

/*
 * What every request must pass. Returns false if it was answered. The session it names
 * is left in *session_r, NULL for a handshake.
 */
static bool
server_admit(struct conn *conn, bool is_upgrade, struct session **session_r)
{
	struct session *session = NULL;
	enum engineio_transport current = ENGINEIO_NO_TRANSPORT;
	enum engineio_refusal refusal;

	*session_r = NULL;
	if (conn->path == NULL) {
		conn_reply(conn, 404, "text/plain", "", 0);
		return false;
	}
	if (!server_read_origin(conn)) {
		server_refuse(conn, ENGINEIO_FORBIDDEN);
		return false;
	}
	if (conn->method == SERVER_OPTIONS && conn->origin != NULL) {
		conn_reply(conn, 204, NULL, NULL, 0);
		return false;
	}
	if (conn->query.has_sid)
		session = session_find(conn->query.sid);
	if (session != NULL)
		current = session_transport(session, is_upgrade);
	refusal = engineio_check(&conn->query, conn->method == SERVER_GET, is_upgrade, current);
	if (refusal != ENGINEIO_FINE) {
		server_refuse(conn, refusal);
		return false;
	}
	*session_r = session;
	return session != NULL || server_may_open(conn);
}

/* Status for a body of this Content-Length, whose end would not be seen; 0 if it can be read. */
static int
server_refuse_length(const char *length)
{
	if (length[0] == '\0')
		return 411;
	if (length[strspn(length, "0123456789")] != '\0')
		return 400;
	return strtoll(length, NULL, 10) > SERVER_DRAIN_MAX ? 413 : 0;
}

/*
 * Settle what is to be done with the request's body. Bodies are read to their end before
 * the reply, except where the end is too far away or not to be seen: a chunked
 * body is not decoded by the library.
 */
static void
server_expect_body(struct conn *conn)
{
	char length[32], type[128];
	int status;

	if (conn->method != SERVER_POST)
		return;
	server_header(conn->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof(length));
	status = server_refuse_length(length);
	if (status != 0) {
		conn_reply(conn, status, "text/plain", "", 0);
		return;
	}
	conn->awaits_body = true;
	server_header(conn->wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, type, sizeof(type));
	if (strncasecmp(type, "application/octet-stream", 24) == 0)
		conn->body_refusal = 400;
}

static int
server_http(struct lws *wsi, const char *path, size_t len)
{
	struct conn *conn = server_read_request(wsi, path, len);
	struct session *session;

	/* The library would cut a held GET after its keep-alive time. */
	lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
	server_expect_body(conn);
	if (conn->status != 0 || !server_admit(conn, false, &session))
		return 0;
	if (session == NULL) {
		session_open_polling(conn->path->handler, conn);
	} else if (conn->method == SERVER_GET || conn->method == SERVER_POST) {
		conn->session = session;
		if (!(conn->method == SERVER_GET ? session_get(session, conn) :
		    session_post_begin(session, conn)))
			server_refuse(conn, ENGINEIO_BAD_REQUEST);
		else if (conn->method == SERVER_GET)
			lws_callback_on_writable(wsi);	/* answered then, or held */
	} else {
		conn_reply(conn, 500, "text/plain", "", 0);
	}
	return 0;
}

static void
server_body(struct conn *conn, const char *data, size_t len)
{
	if (!conn->awaits_body || conn->is_too_big || conn->body_refusal != 0)
		return;
	if (conn->in.len + len > server.settings.max_payload) {
		conn->is_too_big = true;
		buf_free(&conn->in);
	} else if (len > 0) {
		buf_add(&conn->in, data, len);
	}
}

static void
server_body_complete(struct conn *conn)
{
	struct session *session = conn->session;

	if (!conn->awaits_body)
		return;
	conn->awaits_body = false;
	conn->session = NULL;
	if (conn->status != 0)
		lws_callback_on_writable(conn->wsi);
	else if (conn->is_too_big || conn->body_refusal != 0)
		session_post_refuse(session, conn, conn->is_too_big ? 413 : conn->body_refusal);
	else
		session_post(session, conn, conn->in.data, conn->in.len);
}

/* One header line more; a reply's headers always fit the room they have. */
static void
server_add_header(struct lws *wsi, const char *name, const char *value, unsigned char **at,
    unsigned char *end)
{
	if (lws_add_http_header_by_name(wsi, (const unsigned char *)name,
	    (const unsigned char *)value, (int)strlen(value), at, end) != 0)
		log_error("server", "no room for the header %s", name);
}

static void
server_add_cors(struct conn *conn, unsigned char **at, unsigned char *end)
{
	char asked[512];

	server_add_header(conn->wsi, "vary:", "Origin", at, end);
	if (conn->origin == NULL)
		return;
	server_add_header(conn->wsi, "access-control-allow-origin:", conn->origin, at, end);
	server_add_header(conn->wsi, "access-control-allow-credentials:", "true", at, end);
	if (conn->method != SERVER_OPTIONS)
		return;
	server_add_header(conn->wsi, "access-control-allow-methods:", "GET,POST", at, end);
	server_header(conn->wsi, WSI_TOKEN_HTTP_AC_REQUEST_HEADERS, asked, sizeof(asked));
	if (asked[0] != '\0')
		server_add_header(conn->wsi, "access-control-allow-headers:", asked, at, end);
}

/* Write the reply, to a HEAD without its body; -1 if the connection is broken. */
static int
server_write_reply(struct conn *conn)
{
	unsigned char head[LWS_PRE + 2048], *start = head + LWS_PRE, *at = start;
	unsigned char *end = head + sizeof(head);
	size_t len = conn->out.len - LWS_PRE;
	struct lws *wsi = conn->wsi;

	if (lws_add_http_common_headers(wsi, (unsigned)conn->status, conn->type, len, &at,
	    end) != 0)
		return -1;
	server_add_header(wsi, "cache-control:", "no-store", &at, end);
	server_add_header(wsi, "connection:", "close", &at, end);
	if (conn->status == 503 || conn->status == 429)
		server_add_header(wsi, "retry-after:", "1", &at, end);
	if (server.settings.allowed_origins != NULL)
		server_add_cors(conn, &at, end);
	if (lws_finalize_write_http_header(wsi, start, &at, end) != 0)
		return -1;
	if (len > 0 && conn->method != SERVER_HEAD &&
	    lws_write(wsi, (unsigned char *)conn->out.data + LWS_PRE, len,
	    LWS_WRITE_HTTP_FINAL) < 0)
		return -1;
	return 0;
}

/* Returns -1 to close the connection: when all of the reply is out. */
static int
server_http_writable(struct conn *conn)
{
	if (conn->is_replied)
		return lws_partial_buffered(conn->wsi) ? 0 : -1;
	if (conn->status == 0 && conn->session != NULL)
		session_writable(conn->session, conn);
	if (conn->status == 0 && conn->method == SERVER_GET)
		server_hold(conn);
	if (conn->status == 0 || conn->awaits_body)
		return 0;
	conn->is_replied = true;
	if (server_write_reply(conn) == -1)
		return -1;
	buf_free(&conn->out);
	return lws_partial_buffered(conn->wsi) ? 0 : -1;
}

/* ---- websockets ---- */

/*
 * Whether who asks for this protocol asks as RFC 6455 4.2.1 has it. The library answers any
 * version and key, but understands frames of one version only.
 */
static bool
server_is_handshake(struct lws *wsi, const char *protocol)
{
	char version[8], key[SERVER_KEY_LEN + 2];

	server_header(wsi, WSI_TOKEN_VERSION, version, sizeof(version));
	server_header(wsi, WSI_TOKEN_KEY, key, sizeof(key));
	return strcasecmp(protocol, "websocket") == 0 && strcmp(version, "13") == 0 &&
	    strlen(key) == SERVER_KEY_LEN;
}

/* Returns 0 to go on, -1 to close the connection: a refusal is written then. */
static int
server_confirm_upgrade(struct lws *wsi, const char *protocol)
{
	struct session *session;
	struct conn *conn;
	char *path;
	int path_len = 0;

	if (lws_http_get_uri_and_method(wsi, &path, &path_len) < 0)
		return -1;
	conn = server_read_request(wsi, path, (size_t)path_len);
	if (!server_is_handshake(wsi, protocol))
		server_refuse(conn, ENGINEIO_BAD_REQUEST);
	else if (server_admit(conn, true, &session)) {
		conn->is_websocket = true;
		return 0;
	}
	server_write_reply(conn);
	server_conn_free(conn);
	return -1;
}

static void
server_established(struct conn *conn)
{
	struct session *session;

	if (!conn->query.has_sid) {
		conn->session = session_open_websocket(conn->path->handler, conn);
		return;
	}
	session = session_find(conn->query.sid);
	if (session == NULL || session_transport(session, true) != ENGINEIO_POLLING) {
		conn_close(conn, 1002);
		return;
	}
	conn->session = session;
	session_probe(session, conn);
}

static void
server_receive(struct conn *conn, const char *data, size_t len)
{
	bool is_whole = lws_is_final_fragment(conn->wsi) &&
	    lws_remaining_packet_payload(conn->wsi) == 0;
	bool is_binary = lws_frame_is_binary(conn->wsi);

	if (conn->session == NULL)
		return;
	if (conn->in.len + len > server.settings.max_payload) {
		buf_free(&conn->in);
		session_receive_too_big(conn->session, conn);
	} else if (is_whole && conn->in.len == 0) {
		session_receive(conn->session, conn, is_binary, data, len);
	} else {
		buf_add(&conn->in, data, len);
		if (!is_whole)
			return;
		session_receive(conn->session, conn, is_binary, conn->in.data, conn->in.len);
		buf_free(&conn->in);
	}
}

static int
server_websocket_writable(struct conn *conn)
{
	if (conn->close_code != 0) {
		lws_close_reason(conn->wsi, (enum lws_close_status)conn->close_code, NULL, 0);
		return -1;
	}
	if (conn->session != NULL)
		session_writable(conn->session, conn);
	return 0;
}

/* ---- the library ---- */

static int
server_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
    size_t len)
{
	struct conn *conn = lws_get_opaque_user_data(wsi);

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return server_http(wsi, in, len);
	case LWS_CALLBACK_HTTP_BODY:
		if (conn != NULL)
			server_body(conn, in, len);
		return 0;
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		if (conn != NULL)
			server_body_complete(conn);
		return 0;
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return conn != NULL ? server_http_writable(conn) : 0;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return server_confirm_upgrade(wsi, in);
	case LWS_CALLBACK_ESTABLISHED:
		if (conn != NULL)
			server_established(conn);
		return 0;
	case LWS_CALLBACK_RECEIVE:
		if (conn != NULL)
			server_receive(conn, in, len);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return conn != NULL ? server_websocket_writable(conn) : 0;
	case LWS_CALLBACK_CLOSED:
	case LWS_CALLBACK_CLOSED_HTTP:
		server_gone(wsi);
		return 0;
	case LWS_CALLBACK_WSI_CREATE:
		server.connections++;
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		server_gone(wsi);
		server.connections--;
		return 0;
	default:
		return 0;
	}
}

static void
server_log(int level, const char *line)
{
	int len = (int)strcspn(line, "\n");

	if (level == LLL_ERR)
		log_error("libwebsockets", "%.*s", len, line);
	else
		log_warn("libwebsockets", "%.*s", len, line);
}

/* One connection each for a GET, a POST and an upgrade, and the database's few. */
static unsigned
server_fd_limit(void)
{
	struct rlimit limit;
	rlim_t wanted = server.settings.max_connections + 64;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 1024;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur < wanted)
		log_warn("server", "only %lu descriptors allowed, %lu wanted",
		    (unsigned long)limit.rlim_cur, (unsigned long)wanted);
	return (unsigned)(limit.rlim_cur < wanted ? limit.rlim_cur : wanted);
}

int
server_start(const struct server_settings *settings)
{
	static const struct lws_protocols protocols[] = {
		/*
		 * rx_buffer_size is allocated for each websocket, and clients say little; a write
		 * goes out whole
		 */
		{ .name = "engine.io", .callback = server_callback, .rx_buffer_size = 512,
		    .tx_packet_size = 16 * 1024 * 1024 },
		{ 0 }
	};
	/*
	 * The library's own pings are not needed beside Engine.IO's. Without a time to hang up it
	 * keeps no timer at all; any other would be sorted in among those of all peers, one by one.
	 */
	static const lws_retry_bo_t never = {
		.secs_since_valid_ping = UINT16_MAX, .secs_since_valid_hangup = 0,
	};
	void *loops[] = { loop_handle() };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.foreign_loops = loops,
		.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_VALIDATE_UTF8,
		.max_http_header_data = SERVER_HEADERS_MAX,
		.pt_serv_buf_size = 16384,
		.retry_and_idle_policy = &never,
		.server_string = "vals",
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
	};

	server.settings = *settings;
	server.sweep = loop_timer_new(server_sweep, NULL);
	info.fd_limit_per_thread = server_fd_limit();
	lws_set_log_level(LLL_ERR | LLL_WARN, server_log);
	server.context = lws_create_context(&info);
	if (server.context == NULL) {
		log_error("server", "libwebsockets does not start; "
		    "is libwebsockets-evlib-ev installed?");
		loop_timer_free(&server.sweep);
		return -1;
	}
	server.vhost = lws_get_vhost_by_name(server.context, "default");
	return 0;
}

void
server_take(int fd)
{
	if (server.connections >= server.settings.max_connections) {
		metrics.sessions_refused++;
		close(fd);
		return;
	}
	lws_adopt_socket_vhost(server.vhost, fd);
}

void
server_set_origins(const char *allowed_origins)
{
	server.settings.allowed_origins = allowed_origins;
}

size_t
server_connections(void)
{
	return server.connections;
}

void
server_stop(void)
{
	lws_context_destroy(server.context);
	loop_timer_free(&server.sweep);
	memset(&server, 0, sizeof(server));
}
