/*
 * shared.h - what the master and its workers share
 *
 * One anonymous mapping made before the first fork: the workers' slots, what they count, and
 * the places at what only a few may do at once. It is as old as the
 * master process: a reload starts with a fresh one.
 */
#ifndef VALS_SHARED_H
#define VALS_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "db.h"

#define SHARED_WORKERS_MAX 512
#define SHARED_ROUTES_MAX 128
#define SHARED_CLASSES 6
#define SHARED_BUCKETS 11
#define SHARED_HASHERS 2	/* passwords hashed at once, all workers together; each takes 20 MiB and 20 ms */
#define SHARED_EXPORTERS 2	/* exports at once; each holds a transaction */

struct shared_slot {
	_Atomic int32_t pid;
	_Atomic int64_t busy_since_ms;	/* CLOCK_MONOTONIC; 0 while idle */
	_Atomic uint64_t requests;
	_Atomic bool is_ready;		/* took its place in the accept loop */
};

/* Times, sorted into the buckets of metrics.c. */
struct shared_times {
	_Atomic uint64_t buckets[SHARED_BUCKETS];
	_Atomic uint64_t total_us;
};

/* What is counted of one route. */
struct shared_route {
	_Atomic uint64_t by_class[SHARED_CLASSES];	/* status / 100 */
	struct shared_times times;
};

struct shared {
	struct shared_slot slots[SHARED_WORKERS_MAX];
	struct shared_route routes[SHARED_ROUTES_MAX];
	_Atomic uint64_t worker_deaths;
	_Atomic uint64_t rate_limited;
	struct shared_times queue;	/* from nginx to a worker */
	_Atomic uint64_t database_connects;
	_Atomic uint64_t database_repeats;
	_Atomic uint64_t database_calls[DB_OUTCOMES];
	_Atomic uint64_t key_changes;		/* of API keys, through this host */
	_Atomic uint64_t logins_throttled;
	_Atomic uint64_t webhooks_refused;
	_Atomic uint64_t webhooks_late;		/* of these, signed too long ago or ahead of time */
	_Atomic uint64_t webhooks_repeated;
	_Atomic uint64_t replica_reads;
	_Atomic uint64_t replica_failures;	/* the primary answered instead */
	/* Places: the pid of who has one, 0 = free. */
	_Atomic int32_t hashers[SHARED_HASHERS];
	_Atomic int32_t exporters[SHARED_EXPORTERS];
	_Atomic int32_t waiters[SHARED_WORKERS_MAX];
	int waiters_max;	/* how many of these there are; set before the first fork */
};

/* Map the zeroed memory. Aborts when there is none. */
struct shared *shared_new(void);
void shared_free(struct shared **shared);

/*
 * Take one of count places. False when all are taken; a place whose holder died is free.
 */
bool shared_place_enter(_Atomic int32_t *places, int count);
void shared_place_leave(_Atomic int32_t *places, int count);

/* Free the places of a worker that has ended: soon another process may have its pid, and live on. */
void shared_places_forget(struct shared *shared, int32_t pid);

#endif
