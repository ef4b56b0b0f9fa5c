/*
 * verdict.h - what the provider's answer to a command means for us
 */
#ifndef VALS_VERDICT_H
#define VALS_VERDICT_H

#include "http_client.h"
#include "telnyx.h"

enum verdict_meaning {
	VERDICT_DONE, /* carried out, or there was nothing left to do */
	VERDICT_UNKNOWN, /* perhaps carried out: send it again, the same */
	VERDICT_LATER, /* not carried out: send it again after a while */
	VERDICT_BARRED, /* not carried out: our key is refused, stop sending */
	VERDICT_EXISTS, /* what it would make is there, by our own earlier request: look it up */
	VERDICT_REFUSED, /* not carried out, and never will be */
};

#define VERDICT_CODE_SIZE 64

struct verdict {
	enum verdict_meaning meaning;
	/*
	 * The provider's code, "" if it gave none. A code which is about another field
	 * than the number called has that field's name behind it: "10016 /from".
	 */
	char code[VERDICT_CODE_SIZE];
	const char *reason; /* a fixed phrase without personal data */
	const char *answer; /* of VERDICT_DONE: what to store, NULL is the answer itself */
};

/* attempt counts from 1; some refusals are only worth a few. */
void verdict_of(enum telnyx_kind kind, int attempt, const struct http_answer *answer,
    struct verdict *verdict_r);

#endif
