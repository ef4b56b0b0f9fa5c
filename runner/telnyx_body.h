/*
 * telnyx_body.h - the bodies of requests to the telephone provider
 *
 * One function per kind of command. Each appends the members after command_id, every one
 * with its comma before it, and returns NULL, or why the row cannot be said: a fixed phrase.
 */
#ifndef VALS_TELNYX_BODY_H
#define VALS_TELNYX_BODY_H

#include "telnyx.h"

struct buf;

typedef const char *telnyx_body(struct buf *body, const struct telnyx_account *account,
    const struct telnyx_command *command);

telnyx_body telnyx_body_empty, telnyx_body_dial, telnyx_body_record, telnyx_body_gather,
    telnyx_body_speak, telnyx_body_conference_create, telnyx_body_conference_join,
    telnyx_body_conference_leave, telnyx_body_transcription;

#endif
