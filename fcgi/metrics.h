/*
 * metrics.h - counting requests for all workers together
 */
#ifndef VALS_API_METRICS_H
#define VALS_API_METRICS_H

#include "request.h"

/* Count an answered request by route, status and time. */
void metrics_count(const struct request *rq);

#endif
