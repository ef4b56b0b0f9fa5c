/*
 * access.h - who may do what, and who is asking
 */
#ifndef VALS_ACCESS_H
#define VALS_ACCESS_H

#include <stdbool.h>

#include "request.h"

/* A route's rule. The first three say how one comes in at all. */
enum access {
	OPEN,			/* anybody */
	BY_SIGNATURE,		/* the provider, proved by the handler itself */
	SIGNED_IN,		/* any user or key */
	MAY_VIEW_LEADS,
	MAY_CREATE_LEADS,
	MAY_UPDATE_LEADS,
	MAY_DELETE_LEADS,
	MAY_VIEW_CALLS,
	MAY_RUN_CALLS,		/* start and end them */
	MAY_REPORT,		/* engagement and phases */
	MAY_VIEW_AVAILABILITY,
	MAY_SET_AVAILABILITY,
	ACCESS__MAX
};

/* Whether a role has a permission. */
bool access_role_may(const char *role, enum access access);

/*
 * Find out who asks, from the Authorization header. 0 with rq->who set (to
 * CALLER_NOBODY without the header), or the status to refuse with, already
 * answered.
 */
enum http_status access_identify(struct request *rq);

/* Check the route's rule. 0, or the status already answered. */
enum http_status access_check(struct request *rq);

/*
 * Count the request against its caller's limit and set the limit headers. 0, or
 * 429 already answered. A verified API key counts by itself, everybody else
 * by address.
 */
enum http_status access_limit(struct request *rq);

#endif
