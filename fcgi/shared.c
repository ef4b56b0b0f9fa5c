/*
 * shared.c - the mapping, and places in it
 */
#include "shared.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct shared *
shared_new(void)
{
	void *map =
	    mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		abort();
	return map;
}

void
shared_free(struct shared **shared)
{
	if (*shared != NULL)
		munmap(*shared, sizeof(**shared));
	*shared = NULL;
}

static bool
shared_holder_is_gone(int32_t pid)
{
	return pid != 0 && kill(pid, 0) == -1 && errno == ESRCH;
}

bool
shared_place_enter(_Atomic int32_t *places, int count)
{
	for (int i = 0; i < count; i++) {
		int32_t holder = atomic_load(&places[i]);

		if (holder != 0 && !shared_holder_is_gone(holder))
			continue;
		if (atomic_compare_exchange_strong(&places[i], &holder, (int32_t)getpid()))
			return true;
	}
	return false;
}

static void
shared_place_free(_Atomic int32_t *places, int count, int32_t pid)
{
	for (int i = 0; i < count; i++) {
		int32_t holder = pid;

		if (atomic_compare_exchange_strong(&places[i], &holder, 0))
			return;
	}
}

void
shared_place_leave(_Atomic int32_t *places, int count)
{
	shared_place_free(places, count, (int32_t)getpid());
}

/* It does one thing at a time, so it has one place of a kind at most. */
void
shared_places_forget(struct shared *shared, int32_t pid)
{
	shared_place_free(shared->hashers, SHARED_HASHERS, pid);
	shared_place_free(shared->exporters, SHARED_EXPORTERS, pid);
	shared_place_free(shared->waiters, shared->waiters_max, pid);
}
