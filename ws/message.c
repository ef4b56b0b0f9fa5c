/*
 * message.c - Socket.IO packets as frames
 */
#include "message.h"

#include <string.h>

#include "buf.h"
#include "engineio.h"
#include "frame.h"

struct frame *
message_packet(const struct socketio_packet *packet)
{
	size_t len = socketio_encode(NULL, 0, packet);
	struct frame *frame = frame_new(len + 2, false);

	frame->data[0] = '0' + ENGINEIO_MESSAGE;
	socketio_encode((char *)frame->data + 1, len + 1, packet);
	frame->len = len + 1;	/* without the NUL */
	return frame;
}

struct frame *
message_event(const char *nsp, const char *name, const char *args, size_t args_len)
{
	struct buf json = { 0 };
	struct frame *frame;

	buf_addf(&json, "[\"%s\"%s", name, args_len > 0 ? "," : "");
	buf_add(&json, args, args_len);
	buf_addc(&json, ']');
	frame = message_packet(&(struct socketio_packet){ .type = SOCKETIO_EVENT,
	    .nsp = { nsp, strlen(nsp) }, .json = { json.data, json.len } });
	buf_free(&json);
	return frame;
}
