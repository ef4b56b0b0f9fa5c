/*
 * name_set.c - a small sorted set of names
 */
#include "name_set.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

/* Where name is or belongs. */
static size_t
name_set_slot(const struct name_set *set, const char *name, bool *is_there_r)
{
	size_t low = 0, high = set->count;

	*is_there_r = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, set->names[middle]);

		if (order == 0) {
			*is_there_r = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

bool
name_set_has(const struct name_set *set, const char *name)
{
	bool is_there;

	name_set_slot(set, name, &is_there);
	return is_there;
}

void
name_set_add(struct name_set *set, const char *name)
{
	bool is_there;
	size_t slot = name_set_slot(set, name, &is_there);

	if (is_there)
		return;
	if (set->count == set->size) {
		set->size = set->size > 0 ? set->size * 2 : 64;
		set->names = xrealloc(set->names, set->size * sizeof(set->names[0]));
	}
	memmove(&set->names[slot + 1], &set->names[slot],
	    (set->count - slot) * sizeof(set->names[0]));
	set->names[slot] = name;
	set->count++;
}

void
name_set_clear(struct name_set *set)
{
	set->count = 0;
}

void
name_set_free(struct name_set *set)
{
	free(set->names);
	*set = (struct name_set){ 0 };
}
