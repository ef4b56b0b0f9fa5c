/*
 * message.h - Socket.IO packets as frames
 */
#ifndef VALS_WS_MESSAGE_H
#define VALS_WS_MESSAGE_H

#include <stddef.h>

#include "socketio.h"

struct frame;

/* Any packet; the attachments it announces have to follow in the same session_send. */
struct frame *message_packet(const struct socketio_packet *packet);

/*
 * An event for a namespace. name is plain text without anything to escape; args is
 * JSON, elements joined by commas, may be empty.
 */
struct frame *message_event(const char *nsp, const char *name, const char *args,
    size_t args_len);

#endif
