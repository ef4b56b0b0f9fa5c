/*
 * access.h - who may do what, and who is asking
 */
#ifndef VALS_ACCESS_H
#define VALS_ACCESS_H

#include <stdbool.h>
#include <stdio.h>

#include "request.h"

/* A route's rule. The first three say how one comes in at all. */
enum access {
	OPEN,			/* anybody */
	BY_SIGNATURE,		/* whoever has what we or the provider signed; the handler checks it */
	SIGNED_IN,		/* any user or key */
	MAY_VIEW_LEADS,
	MAY_CREATE_LEADS,
	MAY_UPDATE_LEADS,
	MAY_DELETE_LEADS,
	MAY_IMPORT_LEADS,
	MAY_VIEW_CALLS,
	MAY_RUN_CALLS,		/* start, end, record and transfer them */
	MAY_EDIT_CALLS,		/* correct them, write down those made elsewhere */
	MAY_REPORT,		/* engagement and phases */
	MAY_VIEW_AVAILABILITY,
	MAY_SET_AVAILABILITY,	/* and the schedule */
	MAY_VIEW_TRANSFERS,	/* and the schedule */
	MAY_RECORD_OUTCOMES,	/* what came of a transfer */
	MAY_VIEW_ANALYTICS,
	MAY_VIEW_USERS,
	MAY_EXPORT,
	MAY_ADMINISTER,		/* users, API keys, audit */
	ACCESS__MAX
};

/* Write who passes a rule: open, signature, or the roles with commas between. */
void access_print(FILE *out, enum access access);

/* The names of the permissions an API key may be limited to; NULL-terminated. */
extern const char *const access_scopes[];

/* Whether a role has a permission. */
bool access_role_may(const char *role, enum access access);

/*
 * Find out who asks, from the Authorization header. 0 with rq->who set (to
 * CALLER_NOBODY without the header), or the status to refuse with, already
 * answered.
 */
enum http_status access_identify(struct request *rq);

/* Have all workers of this host ask for API keys anew; after the commit of what was changed of one. */
void access_forget_keys(struct request *rq);

/* Check the route's rule. 0, or the status already answered. */
enum http_status access_check(struct request *rq);

/*
 * Count the request against its caller's limit and set the limit headers. 0, or
 * 429 already answered. A verified API key counts by itself, everybody else
 * by address.
 */
enum http_status access_limit(struct request *rq);

#endif
