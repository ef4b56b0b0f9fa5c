/*
 * worker.h - one process that answers requests, one at a time
 */
#ifndef VALS_WORKER_H
#define VALS_WORKER_H

struct limiter;
struct shared;
struct shared_slot;

/* Exit status of a worker that must not be started again: the database lacks a function. */
#define WORKER_EXIT_SCHEMA 78

/*
 * Serve the listener until SIGTERM, or until it is time to be replaced. Called
 * in a fresh child; signals must be blocked. Returns the exit status.
 */
int worker_run(int listener, struct limiter *limiter, struct shared *shared, struct shared_slot *slot);

#endif
