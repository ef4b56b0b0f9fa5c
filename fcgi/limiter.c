/*
 * limiter.c - the table and its compare-and-swap
 *
 *   entry: 64 bits of subject hash | 32 bits of window number, 32 bits of count
 */
#include "limiter.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "crypto.h"

#define LIMITER_ENTRIES 65536	/* a power of two */
#define LIMITER_PROBES 8

struct limiter_entry {
	_Atomic uint64_t subject;	/* 0 = never used */
	_Atomic uint64_t word;		/* window << 32 | count */
};

struct limiter {
	uint64_t salt[2];	/* so that nobody can aim at a neighbourhood */
	struct limiter_entry entries[LIMITER_ENTRIES];
};

struct limiter *
limiter_new(void)
{
	struct limiter *limiter =
	    mmap(NULL, sizeof(*limiter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (limiter == MAP_FAILED)
		abort();
	crypto_random(limiter->salt, sizeof(limiter->salt));
	return limiter;
}

void
limiter_free(struct limiter **limiter)
{
	if (*limiter != NULL)
		munmap(*limiter, sizeof(**limiter));
	*limiter = NULL;
}

/* FNV-1a over the salted subject, finished by a mixer (splitmix64). */
static uint64_t
limiter_hash(const struct limiter *limiter, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t hash = 14695981039346656037ULL ^ limiter->salt[0];

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 1099511628211ULL;
	hash += limiter->salt[1];
	hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
	hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
	hash ^= hash >> 31;
	return hash == 0 ? 1 : hash;
}

static uint64_t
limiter_subject(const struct limiter *limiter, const char *subject)
{
	unsigned char ipv6[16];

	/*
	 * One customer has a whole /64, so he must not count as many; IPv4 written as
	 * IPv6 is one /64 in all, so it must not count as one.
	 */
	if (strncmp(subject, "::ffff:", 7) != 0 && inet_pton(AF_INET6, subject, ipv6) == 1)
		return limiter_hash(limiter, ipv6, 8);
	return limiter_hash(limiter, subject, strlen(subject));
}

/* The subject's entry, taking over an unused or the oldest one if it has none. */
static struct limiter_entry *
limiter_find(struct limiter *limiter, uint64_t subject)
{
	struct limiter_entry *oldest = NULL;

	for (unsigned i = 0; i < LIMITER_PROBES; i++) {
		struct limiter_entry *entry = &limiter->entries[(subject + i) & (LIMITER_ENTRIES - 1)];
		uint64_t owner = atomic_load(&entry->subject);

		if (owner == subject)
			return entry;
		if (owner == 0 &&
		    (atomic_compare_exchange_strong(&entry->subject, &owner, subject) || owner == subject))
			return entry;
		if (oldest == NULL || atomic_load(&entry->word) >> 32 < atomic_load(&oldest->word) >> 32)
			oldest = entry;
	}
	atomic_store(&oldest->subject, subject);
	atomic_store(&oldest->word, 0);
	return oldest;
}

struct limiter_verdict
limiter_count(struct limiter *limiter, const char *subject, long limit, long window_s, int64_t now)
{
	struct limiter_entry *entry = limiter_find(limiter, limiter_subject(limiter, subject));
	uint64_t window = (uint64_t)(now / window_s) & UINT32_MAX;
	uint64_t old = atomic_load(&entry->word);
	uint64_t count;

	do {
		count = old >> 32 == window ? (old & UINT32_MAX) : 0;
		if (count < UINT32_MAX)
			count++;
	} while (!atomic_compare_exchange_weak(&entry->word, &old, window << 32 | count));

	return (struct limiter_verdict){
		.limit = limit,
		.remaining = (long)count >= limit ? 0 : limit - (long)count,
		.reset_s = (long)(window_s - now % window_s),
		.is_over = (long)count > limit,
	};
}
