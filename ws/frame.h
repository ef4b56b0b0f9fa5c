/*
 * frame.h - one encoded Engine.IO message, shared by all who get it
 *
 * An event is encoded once; each queue that holds it holds a reference. The
 * bytes are what a websocket frame carries: `4` and the text, or raw binary.
 */
#ifndef VALS_WS_FRAME_H
#define VALS_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADROOM 32	/* bytes before data that the websocket library writes its head to */

struct frame {
	uint32_t references;
	bool is_binary;
	size_t len;
	unsigned char *data;	/* len bytes, with FRAME_HEADROOM before them */
};

/* A frame with room for len bytes, to be filled by its maker; one reference. */
struct frame *frame_new(size_t len, bool is_binary);

/* A text frame with a copy of this packet. */
struct frame *frame_text(const char *packet, size_t len);

/* Another reference; returns frame. */
struct frame *frame_share(struct frame *frame);

/* Give a reference up; the last one frees. Nulls *frame. */
void frame_free(struct frame **frame);

#endif
