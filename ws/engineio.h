/*
 * engineio.h - Engine.IO v4 packets, payloads and requests, as bytes
 *
 * Everything works on the caller's bytes: no I/O, no clock, no allocation, so
 * the tests and the fuzzer drive it directly. Source: Engine.IO protocol,
 * revision 4.
 */
#ifndef VALS_WS_ENGINEIO_H
#define VALS_WS_ENGINEIO_H

#include <stdbool.h>
#include <stddef.h>

#define ENGINEIO_SID_MAX 40	/* longest session id looked at, characters */
#define ENGINEIO_OPEN_MAX 256	/* room for any open packet */
#define ENGINEIO_SEPARATOR '\x1e'

/* The first byte of a packet is '0' + its type; binary is 'b' on polling. */
enum engineio_type {
	ENGINEIO_OPEN,
	ENGINEIO_CLOSE,
	ENGINEIO_PING,
	ENGINEIO_PONG,
	ENGINEIO_MESSAGE,
	ENGINEIO_UPGRADE,
	ENGINEIO_NOOP,
	ENGINEIO_BINARY,
};

struct engineio_packet {
	enum engineio_type type;
	const char *data;	/* what follows the type; base64 for ENGINEIO_BINARY */
	size_t len;
};

/*
 * Decode the text packet src[0..len). packet_r->data points into src.
 * Returns 0, or -1 if this is no packet; the session should then close.
 */
int engineio_decode(const char *src, size_t len, struct engineio_packet *packet_r);

/* What is left of a polling payload: packets joined by ENGINEIO_SEPARATOR. */
struct engineio_payload {
	const char *data;	/* NULL when nothing is left */
	size_t len;
};

/* The payload src[0..len); an empty one has no packets. */
struct engineio_payload engineio_payload(const char *src, size_t len);

/*
 * Take the next packet off a payload.
 * Returns 1 with the packet, 0 at the end, -1 if what comes next is no packet.
 */
int engineio_payload_next(struct engineio_payload *payload,
    struct engineio_packet *packet_r);

/* Heartbeat and size limits, announced in the open packet. */
struct engineio_limits {
	long ping_interval_ms;
	long ping_timeout_ms;
	long max_payload;	/* bytes of one message or POST body */
};

/*
 * Write the open packet with its NUL into out, which holds ENGINEIO_OPEN_MAX bytes.
 * sid is at most ENGINEIO_SID_MAX plain characters. Returns its length.
 */
size_t engineio_open(char *out, const char *sid, bool may_upgrade,
    const struct engineio_limits *limits);

enum engineio_transport {
	ENGINEIO_NO_TRANSPORT,
	ENGINEIO_POLLING,
	ENGINEIO_WEBSOCKET,
};

/* What the query string of a request says. A zeroed one says nothing. */
struct engineio_query {
	enum engineio_transport transport;
	bool is_v4;
	bool has_sid;
	char sid[ENGINEIO_SID_MAX + 1];	/* "" if it was too long to be one of ours */
};

/* Take one decoded `name=value` of the query string; unknown names are ignored. */
void engineio_query_arg(struct engineio_query *query, const char *arg, size_t len);

/* Why a request is refused; the values are the protocol's codes. */
enum engineio_refusal {
	ENGINEIO_FINE = -1,
	ENGINEIO_UNKNOWN_TRANSPORT,
	ENGINEIO_UNKNOWN_SID,
	ENGINEIO_BAD_METHOD,
	ENGINEIO_BAD_REQUEST,
	ENGINEIO_FORBIDDEN,
	ENGINEIO_BAD_VERSION,
};

/*
 * Check a request in the protocol's order. current is the transport of the
 * session named by the query, ENGINEIO_NO_TRANSPORT if there is no such session.
 */
enum engineio_refusal engineio_check(const struct engineio_query *query, bool is_get,
    bool is_upgrade, enum engineio_transport current);

/* HTTP status and message of a refusal. */
int engineio_refusal_status(enum engineio_refusal refusal);
const char *engineio_refusal_message(enum engineio_refusal refusal);

#endif
