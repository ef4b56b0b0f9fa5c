/*
 * frame.h - one encoded Engine.IO message, shared by all who get it
 *
 * An event is encoded once; each queue that holds it holds a reference. The
 * bytes are what a websocket frame carries: `4` and the text, or raw binary. Its head is
 * written once, too: a server's frames are the same for every peer (RFC 6455, 5.1).
 */
#ifndef VALS_WS_FRAME_H
#define VALS_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADROOM 10	/* bytes before data, for the longest head of a websocket frame */

struct frame {
	uint32_t references;
	bool is_binary;
	uint8_t head_len;	/* bytes of the head before data; 0 until it is written */
	size_t len;
	unsigned char *data;	/* len bytes, with FRAME_HEADROOM before them */
};

/* A frame with room for len bytes, to be filled by its maker; one reference. */
struct frame *frame_new(size_t len, bool is_binary);

/*
 * The whole websocket frame, *len_r bytes, borrowed from the frame; its maker must
 * have filled it.
 */
unsigned char *frame_wire(struct frame *frame, size_t *len_r);

/* A text frame with a copy of this packet. */
struct frame *frame_text(const char *packet, size_t len);

/* Another reference; returns frame. */
struct frame *frame_share(struct frame *frame);

/* Give a reference up; the last one frees. Nulls *frame. */
void frame_free(struct frame **frame);

#endif
