/*
 * form.c - decode the pairs, group them by name, write them as JSON
 */
#include "form.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "buf.h"

struct form_pair {
	const char *name;
	const char *key;	/* of name[key]; "" for name[]; NULL without brackets */
	const char *value;
	size_t value_len;
	bool is_written;
};

static int
form_hex(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* Decode %xx and +. NULL when a % is not followed by two digits or a NUL is meant. */
static char *
form_decode(struct arena *arena, const char *src, size_t len, size_t *len_r)
{
	char *out = arena_alloc(arena, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (src[i] != '%') {
			out[n++] = src[i] == '+' ? ' ' : src[i];
			continue;
		}
		if (i + 2 >= len || form_hex(src[i + 1]) == -1 || form_hex(src[i + 2]) == -1)
			return NULL;
		out[n] = (char)(form_hex(src[i + 1]) * 16 + form_hex(src[i + 2]));
		if (out[n++] == '\0')
			return NULL;
		i += 2;
	}
	out[n] = '\0';
	*len_r = n;
	return out;
}

/* Split name[key] in place. False when brackets are not one pair at the end. */
static bool
form_split_name(char *name, struct form_pair *pair)
{
	char *open = strchr(name, '[');

	pair->name = name;
	if (open == NULL)
		return strchr(name, ']') == NULL;
	if (open == name || strchr(open, ']') != name + strlen(name) - 1 || strchr(open + 1, '[') != NULL)
		return false;
	name[strlen(name) - 1] = '\0';
	*open = '\0';
	pair->key = open + 1;
	return true;
}

static bool
form_read_pair(struct arena *arena, const char *src, size_t len, struct form_pair *pair)
{
	const char *equals = memchr(src, '=', len);
	size_t name_len = equals == NULL ? len : (size_t)(equals - src);
	size_t decoded_len;
	char *name = form_decode(arena, src, name_len, &decoded_len);

	*pair = (struct form_pair){ .value = "" };
	if (name == NULL || !form_split_name(name, pair))
		return false;
	if (equals != NULL)
		pair->value = form_decode(arena, equals + 1, len - name_len - 1, &pair->value_len);
	return pair->value != NULL;
}

/* Write all pairs of one name as what they mean together. False when they contradict each other. */
static bool
form_write_group(struct buf *out, struct form_pair *pairs, size_t count, size_t first)
{
	const char *name = pairs[first].name;
	bool is_object = pairs[first].key != NULL && *pairs[first].key != '\0';
	bool is_list = !is_object && pairs[first].key != NULL;
	size_t members = 0;
	size_t mark;

	buf_add_json_string(out, name, strlen(name));
	buf_addc(out, ':');
	mark = out->len;
	for (size_t i = first; i < count; i++) {
		struct form_pair *pair = &pairs[i];

		if (pair->is_written || strcmp(pair->name, name) != 0)
			continue;
		if ((pair->key != NULL && *pair->key != '\0') != is_object)
			return false;
		is_list = is_list || members > 0;
		buf_addc(out, members++ == 0 ? (is_object ? '{' : '[') : ',');
		if (is_object) {
			buf_add_json_string(out, pair->key, strlen(pair->key));
			buf_addc(out, ':');
		}
		buf_add_json_string(out, pair->value, pair->value_len);
		pair->is_written = true;
	}
	if (is_object) {
		buf_addc(out, '}');
	} else if (is_list) {
		buf_addc(out, ']');
	} else {
		/* A single value after all: take the bracket back. */
		memmove(out->data + mark, out->data + mark + 1, out->len - mark - 1);
		out->len--;
	}
	return true;
}

static const char *
form_write(struct arena *arena, struct form_pair *pairs, size_t count, const char **reason_r)
{
	struct buf out = { 0 };
	const char *json = NULL;

	buf_addc(&out, '{');
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].is_written)
			continue;
		if (out.len > 1)
			buf_addc(&out, ',');
		if (!form_write_group(&out, pairs, count, i)) {
			*reason_r = "a name is used as value and as object";
			goto out;
		}
	}
	buf_addc(&out, '}');
	json = arena_strndup(arena, out.data, out.len);
out:
	buf_free(&out);
	return json;
}

const char *
form_to_json(struct arena *arena, const char *src, size_t len, const char **reason_r)
{
	struct form_pair *pairs;
	size_t count = 0;
	size_t max = 1;

	for (size_t i = 0; i < len; i++)
		max += src[i] == '&';
	if (max > FORM_PAIRS_MAX) {
		*reason_r = "too many parameters";
		return NULL;
	}
	pairs = arena_alloc(arena, max * sizeof(*pairs));
	for (size_t at = 0; at < len;) {
		const char *amp = memchr(src + at, '&', len - at);
		size_t pair_len = amp == NULL ? len - at : (size_t)(amp - (src + at));

		if (pair_len > 0 && !form_read_pair(arena, src + at, pair_len, &pairs[count++])) {
			*reason_r = "is not urlencoded";
			return NULL;
		}
		at += pair_len + 1;
	}
	return form_write(arena, pairs, count, reason_r);
}
