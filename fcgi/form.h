/*
 * form.h - urlencoded text as JSON
 *
 * Query strings and urlencoded bodies. Every value is a text, `name[]` and a repeated name
 * gather a list, `name[key]` an object of texts (as the extended forms of Express did).
 */
#ifndef VALS_FORM_H
#define VALS_FORM_H

#include <stddef.h>

#include "arena.h"

#define FORM_PAIRS_MAX 1000

/*
 * The pairs of src[0..len) as a JSON object, in the arena; it still has to be
 * parsed (and so scanned). NULL with *reason_r set when it is malformed or has more than FORM_PAIRS_MAX pairs.
 */
const char *form_to_json(struct arena *arena, const char *src, size_t len, const char **reason_r);

#endif
