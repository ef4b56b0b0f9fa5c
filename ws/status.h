/*
 * status.h - system-status for clients, counters for the operator
 */
#ifndef VALS_WS_STATUS_H
#define VALS_WS_STATUS_H

struct pgasync;
struct socket;

/* node tells this daemon's counters from another's. */
void status_start(struct pgasync *pg, int node);
void status_stop(void);

/* Send system-status to one socket, as soon as there is a fresh one. */
void status_send(struct socket *socket);

/*
 * Something happened that may change system-status: everybody but agents gets
 * it anew, if it did change, at most once a second.
 */
void status_touch(void);

#endif
