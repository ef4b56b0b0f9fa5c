/*
 * telnyx_find.h - traces of commands in the provider's answers to questions
 *
 * One function per kind of trace; what they return and fill in is said at telnyx_find.
 */
#ifndef VALS_TELNYX_FIND_H
#define VALS_TELNYX_FIND_H

#include "telnyx.h"

typedef enum telnyx_finding telnyx_finder(const struct telnyx_command *command,
    const struct http_answer *answer, struct arena *arena, const char **text_r);

/* A dial, among the connection's active calls. */
telnyx_finder telnyx_find_active_call;

/* The end of the leg, in its own description. */
telnyx_finder telnyx_find_end;

/* A conference that lives, in the list of those with its name. */
telnyx_finder telnyx_find_conference;

/* The leg, among a conference's participants. */
telnyx_finder telnyx_find_participant;

#endif
