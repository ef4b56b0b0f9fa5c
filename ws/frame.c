/*
 * frame.c - one encoded Engine.IO message, shared by all who get it
 */
#include "frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

struct frame *
frame_new(size_t len, bool is_binary)
{
	struct frame *frame = xmalloc(sizeof(*frame) + FRAME_HEADROOM + len);

	frame->references = 1;
	frame->is_binary = is_binary;
	frame->head_len = 0;
	frame->len = len;
	frame->data = (unsigned char *)(frame + 1) + FRAME_HEADROOM;
	return frame;
}

struct frame *
frame_text(const char *packet, size_t len)
{
	struct frame *frame = frame_new(len, false);

	memcpy(frame->data, packet, len);
	return frame;
}

/* RFC 6455, 5.2: final, text or binary, not masked, and the length in 7, 16 or 64 bits. */
static void
frame_write_head(struct frame *frame)
{
	size_t len = frame->len;
	uint8_t extended = len < 126 ? 0 : len < 65536 ? 2 : 8;
	unsigned char *head;

	frame->head_len = (uint8_t)(2 + extended);
	head = frame->data - frame->head_len;
	head[0] = frame->is_binary ? 0x82 : 0x81;
	head[1] = extended == 0 ? (unsigned char)len : extended == 2 ? 126 : 127;
	for (uint8_t i = extended; i > 0; i--, len >>= 8)
		head[1 + i] = (unsigned char)len;
}

unsigned char *
frame_wire(struct frame *frame, size_t *len_r)
{
	if (frame->head_len == 0)
		frame_write_head(frame);
	*len_r = frame->head_len + frame->len;
	return frame->data - frame->head_len;
}

struct frame *
frame_share(struct frame *frame)
{
	assert(frame->references > 0);
	frame->references++;
	return frame;
}

void
frame_free(struct frame **frame)
{
	struct frame *dying = *frame;

	*frame = NULL;
	if (dying == NULL || --dying->references > 0)
		return;
	free(dying);
}
