/*
 * limiter.h - requests per fixed window, counted for all workers together
 *
 * An open-addressed table in shared memory, one atomic word of window and count
 * per entry. When a neighbourhood of the table is full the entry with the
 * oldest window makes room, so a flood of addresses costs precision, never memory.
 */
#ifndef VALS_LIMITER_H
#define VALS_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

struct limiter;

/* Make the table; call before fork. Aborts when there is no memory. */
struct limiter *limiter_new(void);
void limiter_free(struct limiter **limiter);

struct limiter_verdict {
	long limit;
	long remaining;
	long reset_s;	/* seconds until the window ends */
	bool is_over;
};

/*
 * Count one request of subject (an address or a key's id) in the current window
 * of window_s seconds. now is unix seconds. An IPv6 address counts by its /64.
 */
struct limiter_verdict limiter_count(struct limiter *limiter, const char *subject, long limit, long window_s,
    int64_t now);

#endif
