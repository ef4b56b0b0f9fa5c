/*
 * socketio.h - Socket.IO v5 packets, as text
 *
 * A packet is what an Engine.IO message carries:
 *
 *     <type>[<attachments>-][<namespace>,][<ack id>][JSON]
 *
 * Nothing here does I/O or allocates; spans point into the caller's text. The binary
 * messages that follow a packet with attachments are the client's business (client.h).
 * Source: Socket.IO protocol, revision 5.
 */
#ifndef VALS_WS_SOCKETIO_H
#define VALS_WS_SOCKETIO_H

#include <stdbool.h>
#include <stddef.h>

#define SOCKETIO_ATTACHMENTS_MAX 10
#define SOCKETIO_ID_MAX 20	/* digits of an acknowledgement id */
#define SOCKETIO_NAMESPACE_MAX 100

enum socketio_type {
	SOCKETIO_CONNECT,
	SOCKETIO_DISCONNECT,
	SOCKETIO_EVENT,
	SOCKETIO_ACK,
	SOCKETIO_CONNECT_ERROR,
	SOCKETIO_BINARY_EVENT,
	SOCKETIO_BINARY_ACK,
};

/* Part of a text that lives elsewhere; text is NULL when the part is absent. */
struct span {
	const char *text;
	size_t len;
};

struct socketio_packet {
	enum socketio_type type;
	unsigned attachments;	/* binary messages that follow, at most SOCKETIO_ATTACHMENTS_MAX */
	struct span nsp;	/* "/" when the packet leaves it out */
	struct span id;		/* digits, absent if no acknowledgement is asked for */
	struct span json;	/* as received, absent if there is none */
	struct span name;	/* events: the first element, a JSON string or number */
	struct span args;	/* events: the elements after it, joined by commas; may be empty */
};

/*
 * Decode src[0..len), checking all the protocol demands: known type, number of
 * attachments and of their placeholders, JSON of the kind the type carries,
 * no reserved event name. Returns 0, or -1: the connection should then close.
 */
int socketio_decode(const char *src, size_t len, struct socketio_packet *packet_r);

/*
 * Write type, attachments, namespace, id and json (name and args are not looked at) to
 * out, with a NUL if size is not 0; like snprintf the result is the whole length,
 * also when it did not fit.
 */
size_t socketio_encode(char *out, size_t size, const struct socketio_packet *packet);

/* Whether a span is exactly this text. */
bool span_is(struct span span, const char *text);

#endif
