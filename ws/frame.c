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
