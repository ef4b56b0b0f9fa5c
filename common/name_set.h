/*
 * name_set.h - a small sorted set of names
 *
 * The names are borrowed: they must outlive the set. A zeroed struct is empty.
 */
#ifndef VALS_NAME_SET_H
#define VALS_NAME_SET_H

#include <stdbool.h>
#include <stddef.h>

struct name_set {
	const char **names;	/* in strcmp order */
	size_t count;
	size_t size;		/* names there is room for */
};

bool name_set_has(const struct name_set *set, const char *name);

/* Add a name; one that is there already is not added again. */
void name_set_add(struct name_set *set, const char *name);

/* Empty it, keep the memory. */
void name_set_clear(struct name_set *set);

/* Free the memory; the set is empty and usable again. */
void name_set_free(struct name_set *set);

#endif
