/*
 * guests.c - how many sessions come from one address
 *
 * Addresses with sessions are kept by hash; one without any more is forgotten.
 */
#include "guests.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

#define GUESTS_BUCKETS 1024
#define GUESTS_KEY_LEN 8	/* an IPv4 address and zeros, or the network of an IPv6 one */

struct guest {
	uint8_t key[GUESTS_KEY_LEN];
	size_t count;
	struct guest *next;	/* in its bucket */
};

static struct {
	size_t max_each;
	struct guest *buckets[GUESTS_BUCKETS];
} guests;

/* The part of an address that counts; false if it is none. */
static bool
guests_key(const char *address, uint8_t key_r[static GUESTS_KEY_LEN])
{
	struct in_addr four;
	struct in6_addr six;

	memset(key_r, 0, GUESTS_KEY_LEN);
	if (inet_pton(AF_INET, address, &four) == 1)
		memcpy(key_r, &four, sizeof(four));
	else if (inet_pton(AF_INET6, address, &six) == 1)
		memcpy(key_r, &six, GUESTS_KEY_LEN);
	else
		return false;
	return true;
}

/* The link to a guest, or to the NULL at the end of its bucket. */
static struct guest **
guests_find(const uint8_t key[static GUESTS_KEY_LEN])
{
	uint32_t hash = 2166136261u;	/* FNV-1a */
	struct guest **link;

	for (size_t i = 0; i < GUESTS_KEY_LEN; i++)
		hash = (hash ^ key[i]) * 16777619u;
	link = &guests.buckets[hash % GUESTS_BUCKETS];
	while (*link != NULL && memcmp((*link)->key, key, GUESTS_KEY_LEN) != 0)
		link = &(*link)->next;
	return link;
}

void
guests_start(size_t max_each)
{
	memset(&guests, 0, sizeof(guests));
	guests.max_each = max_each;
}

bool
guests_may_add(const char *address)
{
	uint8_t key[GUESTS_KEY_LEN];
	const struct guest *guest;

	if (guests.max_each == 0 || !guests_key(address, key))
		return true;
	guest = *guests_find(key);
	return guest == NULL || guest->count < guests.max_each;
}

struct guest *
guests_add(const char *address)
{
	uint8_t key[GUESTS_KEY_LEN];
	struct guest **link;

	if (!guests_key(address, key))
		return NULL;
	link = guests_find(key);
	if (*link == NULL) {
		*link = xcalloc(1, sizeof(**link));
		memcpy((*link)->key, key, GUESTS_KEY_LEN);
	}
	(*link)->count++;
	return *link;
}

void
guests_drop(struct guest **guest)
{
	struct guest *leaving = *guest;
	struct guest **link;

	*guest = NULL;
	if (leaving == NULL || --leaving->count > 0)
		return;
	link = guests_find(leaving->key);
	*link = leaving->next;
	free(leaving);
}
