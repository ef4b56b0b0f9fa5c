/*
 * arena.c - memory that ends together
 *
 * Allocation bumps the current block. Anything over half a block that does not
 * fit gets a block of its own, so that the room left in the current one is not
 * lost. The cleanup records lie in the arena itself.
 */
#include "arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

struct block {
	struct block *next;
	size_t size;		/* of bytes */
	size_t used;
	alignas(max_align_t) char bytes[];
};

struct cleanup {
	struct cleanup *next;
	void (*run)(void *);
	void *object;
};

struct arena {
	struct block *first;	/* survives a reset */
	struct block *others;	/* die at a reset */
	struct block *current;	/* where the next allocation is tried */
	struct cleanup *cleanups;
	size_t block_size;
};

static struct block *
arena_block_new(size_t size)
{
	struct block *block;

	assert(size <= SIZE_MAX - sizeof(*block));
	block = xmalloc(sizeof(*block) + size);
	block->next = NULL;
	block->size = size;
	block->used = 0;
	return block;
}

struct arena *
arena_new(size_t block_size)
{
	struct arena *arena = xcalloc(1, sizeof(*arena));

	arena->block_size = block_size;
	arena->first = arena->current = arena_block_new(block_size);
	return arena;
}

void
arena_free(struct arena **arena)
{
	if (*arena == NULL)
		return;
	arena_reset(*arena);
	free((*arena)->first);
	free(*arena);
	*arena = NULL;
}

/* A cleanup may still use the arena's memory, and even register another one. */
static void
arena_run_cleanups(struct arena *arena)
{
	struct cleanup *cleanup;

	while ((cleanup = arena->cleanups) != NULL) {
		arena->cleanups = cleanup->next;
		cleanup->run(cleanup->object);
	}
}

void
arena_reset(struct arena *arena)
{
	struct block *block;

	arena_run_cleanups(arena);
	while ((block = arena->others) != NULL) {
		arena->others = block->next;
		free(block);
	}
	arena->current = arena->first;
	arena->first->used = 0;
}

/* A fresh block with room for size bytes; the current one unless made for one object. */
static struct block *
arena_grow(struct arena *arena, size_t size)
{
	bool is_large = size > arena->block_size / 2;
	struct block *block = arena_block_new(is_large ? size : arena->block_size);

	block->next = arena->others;
	arena->others = block;
	if (!is_large)
		arena->current = block;
	return block;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct block *block = arena->current;
	void *ptr;

	assert(size <= SIZE_MAX - align);
	size = (size + align - 1) / align * align;
	if (size > block->size - block->used)
		block = arena_grow(arena, size);
	ptr = block->bytes + block->used;
	block->used += size;
	return ptr;
}

void *
arena_zalloc(struct arena *arena, size_t size)
{
	return memset(arena_alloc(arena, size), 0, size);
}

char *
arena_strdup(struct arena *arena, const char *str)
{
	return arena_strndup(arena, str, strlen(str));
}

char *
arena_strndup(struct arena *arena, const char *str, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (len > 0)
		memcpy(copy, str, len);
	copy[len] = '\0';
	return copy;
}

/* Printed into a buffer first, so that the arena holds it at its true size. */
char *
arena_printf(struct arena *arena, const char *format, ...)
{
	char text[256];
	va_list ap;
	char *str;
	int len;

	va_start(ap, format);
	len = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	assert(len >= 0);
	if ((size_t)len < sizeof(text))
		return arena_strndup(arena, text, (size_t)len);
	str = arena_alloc(arena, (size_t)len + 1);
	va_start(ap, format);
	vsnprintf(str, (size_t)len + 1, format, ap);
	va_end(ap);
	return str;
}

void
arena_cleanup(struct arena *arena, void (*cleanup)(void *), void *object)
{
	struct cleanup *record = arena_alloc(arena, sizeof(*record));

	record->run = cleanup;
	record->object = object;
	record->next = arena->cleanups;
	arena->cleanups = record;
}
