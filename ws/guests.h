/*
 * guests.h - how many sessions come from one address
 *
 * So that no single address takes all the places there are. An IPv6 address counts
 * by its first 64 bits, which is what one customer has.
 */
#ifndef VALS_WS_GUESTS_H
#define VALS_WS_GUESTS_H

#include <stdbool.h>
#include <stddef.h>

/* One address with at least one session. */
struct guest;

/* At most this many from each address, 0 for any number. Nobody is here yet. */
void guests_start(size_t max_each);

/* Whether one more may come from here. A text that is no address may always. */
bool guests_may_add(const char *address);

/* Count one more; NULL for a text that is no address. To be given back to guests_drop. */
struct guest *guests_add(const char *address);

/* One less; nulls *guest. NULL is fine. */
void guests_drop(struct guest **guest);

#endif
