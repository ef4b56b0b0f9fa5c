/*
 * arena.h - memory that ends together
 *
 * Allocations are bumped out of blocks and never freed one by one: all of
 * them die at the next arena_reset or with the arena. A pointer from an arena
 * is valid exactly that long.
 */
#ifndef VALS_ARENA_H
#define VALS_ARENA_H

#include <stddef.h>

struct arena;

/* An arena whose first block, kept across resets, holds block_size bytes. */
struct arena *arena_new(size_t block_size);

/* Free the arena and all it gave out; nulls *arena. */
void arena_free(struct arena **arena);

/* Forget everything allocated; keeps the first block, runs the cleanups. */
void arena_reset(struct arena *arena);

/* size bytes, aligned for any type, not zeroed. */
void *arena_alloc(struct arena *arena, size_t size);

void *arena_zalloc(struct arena *arena, size_t size);

char *arena_strdup(struct arena *arena, const char *str);

/* Copy of str[0..len) with a terminating NUL. */
char *arena_strndup(struct arena *arena, const char *str, size_t len);

char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Call cleanup(object) when the arena is reset or freed, last registered
 * first. This is how a query result or a parsed body joins a request's life.
 */
void arena_cleanup(struct arena *arena, void (*cleanup)(void *), void *object);

#endif
