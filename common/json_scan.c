/*
 * json_scan.c - is this text JSON, and nothing but JSON
 *
 * A recursive descent over the grammar of RFC 8259 which keeps nothing but the
 * names of the objects it is inside of. Those lie unescaped, one behind the
 * other, in scan->names, so that "a" and "\u0061" are seen to be the same; they
 * are sorted where their object ends, which keeps an object with very many
 * members from costing their square.
 */
#include "json.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "xalloc.h"

#define EXPONENT_MAX 308	/* jsonb writes out 1e9999 as ten thousand digits */

struct name {
	const char *text;	/* set only while sorting: the buffer may move before */
	size_t start;		/* in scan->text */
	size_t len;
	size_t offset;		/* in src */
};

struct scan {
	const unsigned char *src;
	size_t len;
	size_t at;
	int depth;
	const char *reason;
	struct buf text;	/* of the names of all open objects */
	struct name *names;
	size_t name_count;
	size_t name_size;
};

static bool scan_value(struct scan *scan);

static bool
scan_fail(struct scan *scan, const char *reason)
{
	scan->reason = reason;
	return false;
}

/* The next byte, or -1 at the end. */
static int
scan_peek(const struct scan *scan)
{
	return scan->at < scan->len ? scan->src[scan->at] : -1;
}

static bool
scan_unexpected(struct scan *scan)
{
	return scan_fail(scan, scan->at < scan->len ? "unexpected character" :
	    "the text ends too early");
}

static void
scan_blanks(struct scan *scan)
{
	int c;

	while ((c = scan_peek(scan)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		scan->at++;
}

/* ---- strings ---- */

/*
 * The length of the well-formed UTF-8 sequence of more than one byte at src, 0 if
 * there is none. Unicode standard, table 3-7: the second byte's range excludes
 * overlong forms, surrogates and everything above U+10FFFF.
 */
static size_t
scan_utf8_len(const unsigned char *src, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t need, i;

	if (src[0] >= 0xc2 && src[0] <= 0xdf)
		need = 2;
	else if (src[0] >= 0xe0 && src[0] <= 0xef)
		need = 3;
	else if (src[0] >= 0xf0 && src[0] <= 0xf4)
		need = 4;
	else
		return 0;
	if (src[0] == 0xe0)
		low = 0xa0;
	else if (src[0] == 0xed)
		high = 0x9f;
	else if (src[0] == 0xf0)
		low = 0x90;
	else if (src[0] == 0xf4)
		high = 0x8f;
	if (len < need || src[1] < low || src[1] > high)
		return 0;
	for (i = 2; i < need; i++) {
		if ((src[i] & 0xc0) != 0x80)
			return 0;
	}
	return need;
}

/* Four hex digits, or -1. */
static long
scan_hex4(struct scan *scan)
{
	long code = 0;

	for (int i = 0; i < 4; i++, scan->at++) {
		int c = scan_peek(scan);

		if (c < 0 || !isxdigit(c))
			return -1;
		code = code * 16 + (isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	return code;
}

static void
scan_add_code_point(struct buf *out, long code)
{
	if (code < 0x80) {
		buf_addc(out, (char)code);
		return;
	}
	if (code < 0x800) {
		buf_addc(out, (char)(0xc0 | code >> 6));
	} else {
		if (code < 0x10000) {
			buf_addc(out, (char)(0xe0 | code >> 12));
		} else {
			buf_addc(out, (char)(0xf0 | code >> 18));
			buf_addc(out, (char)(0x80 | (code >> 12 & 0x3f)));
		}
		buf_addc(out, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	buf_addc(out, (char)(0x80 | (code & 0x3f)));
}

/* What follows `\u`: a code point, or two surrogates which make one. */
static bool
scan_unicode_escape(struct scan *scan, struct buf *out)
{
	long code = scan_hex4(scan), low;

	if (code < 0)
		return scan_fail(scan, "bad escape in a string");
	if (code == 0)
		return scan_fail(scan, "NUL in a string");
	if (code >= 0xd800 && code <= 0xdfff) {
		if (code > 0xdbff || scan->len - scan->at < 2 ||
		    memcmp(scan->src + scan->at, "\\u", 2) != 0)
			return scan_fail(scan, "lone surrogate in a string");
		scan->at += 2;
		low = scan_hex4(scan);
		if (low < 0xdc00 || low > 0xdfff)
			return scan_fail(scan, "lone surrogate in a string");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	if (out != NULL)
		scan_add_code_point(out, code);
	return true;
}

static bool
scan_escape(struct scan *scan, struct buf *out)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *found;
	int c = scan_peek(scan);

	if (c < 0)
		return scan_unexpected(scan);
	if (c == 'u') {
		scan->at++;
		return scan_unicode_escape(scan, out);
	}
	found = c != 0 ? strchr(escapes, c) : NULL;
	if (found == NULL)
		return scan_fail(scan, "bad escape in a string");
	scan->at++;
	if (out != NULL)
		buf_addc(out, meanings[found - escapes]);
	return true;
}

/* A string with its quotes; its meaning is appended to out unless that is NULL. */
static bool
scan_string(struct scan *scan, struct buf *out)
{
	size_t len;
	int c;

	if (scan_peek(scan) != '"')
		return scan_unexpected(scan);
	scan->at++;
	while ((c = scan_peek(scan)) != '"') {
		if (c < 0)
			return scan_unexpected(scan);
		if (c < 0x20)
			return scan_fail(scan, "control character in a string");
		if (c == '\\') {
			scan->at++;
			if (!scan_escape(scan, out))
				return false;
			continue;
		}
		len = c < 0x80 ? 1 : scan_utf8_len(scan->src + scan->at, scan->len - scan->at);
		if (len == 0)
			return scan_fail(scan, "invalid UTF-8");
		if (out != NULL)
			buf_add(out, scan->src + scan->at, len);
		scan->at += len;
	}
	scan->at++;
	return true;
}

/* ---- numbers and words ---- */

/* At least one digit. */
static bool
scan_digits(struct scan *scan)
{
	size_t start = scan->at;
	int c;

	while ((c = scan_peek(scan)) >= '0' && c <= '9')
		scan->at++;
	return scan->at > start || scan_unexpected(scan);
}

/* A number that our types can hold: nothing may change between here and printing. */
static bool
scan_is_in_range(const char *number, bool is_whole, const char *exponent)
{
	char *end;

	errno = 0;
	if (is_whole) {
		(void)strtoll(number, &end, 10);
		return errno == 0;
	}
	if (exponent != NULL && labs(strtol(exponent, NULL, 10)) > EXPONENT_MAX)
		return false;
	return isfinite(strtod(number, &end));
}

static bool
scan_number(struct scan *scan)
{
	char number[JSON_NUMBER_MAX + 1];
	const char *exponent = NULL;
	size_t start = scan->at, exponent_at = 0;
	bool is_whole = true;
	int c;

	if (scan_peek(scan) == '-')
		scan->at++;
	if (scan_peek(scan) == '0')
		scan->at++;
	else if (!scan_digits(scan))
		return false;
	if (scan_peek(scan) == '.') {
		is_whole = false;
		scan->at++;
		if (!scan_digits(scan))
			return false;
	}
	if ((c = scan_peek(scan)) == 'e' || c == 'E') {
		is_whole = false;
		exponent_at = ++scan->at;
		if ((c = scan_peek(scan)) == '+' || c == '-')
			scan->at++;
		if (!scan_digits(scan))
			return false;
	}
	if (scan->at - start > JSON_NUMBER_MAX)
		return scan_fail(scan, "number too long");
	memcpy(number, scan->src + start, scan->at - start);
	number[scan->at - start] = '\0';
	if (exponent_at > 0)
		exponent = number + (exponent_at - start);
	if (!scan_is_in_range(number, is_whole, exponent))
		return scan_fail(scan, "number out of range");
	return true;
}

static bool
scan_word(struct scan *scan, const char *word)
{
	for (; *word != '\0'; word++, scan->at++) {
		if (scan_peek(scan) != *word)
			return scan_unexpected(scan);
	}
	return true;
}

/* ---- arrays and objects ---- */

static bool
scan_array(struct scan *scan)
{
	scan->at++;
	scan_blanks(scan);
	if (scan_peek(scan) == ']') {
		scan->at++;
		return true;
	}
	for (;;) {
		if (!scan_value(scan))
			return false;
		scan_blanks(scan);
		if (scan_peek(scan) == ']') {
			scan->at++;
			return true;
		}
		if (scan_peek(scan) != ',')
			return scan_unexpected(scan);
		scan->at++;
	}
}

static bool
scan_name(struct scan *scan)
{
	struct name name = { .start = scan->text.len };

	scan_blanks(scan);
	name.offset = scan->at;
	buf_reserve(&scan->text, 0);	/* an empty name has a place, too */
	if (!scan_string(scan, &scan->text))
		return false;
	name.len = scan->text.len - name.start;
	if (scan->name_count == scan->name_size) {
		scan->name_size = scan->name_size > 0 ? scan->name_size * 2 : 32;
		scan->names = xrealloc(scan->names, scan->name_size * sizeof(scan->names[0]));
	}
	scan->names[scan->name_count++] = name;
	return true;
}

/* Equal names come together, in the order of the text. */
static int
scan_name_order(const void *left, const void *right)
{
	const struct name *a = left, *b = right;
	size_t len = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->text, b->text, len);

	if (order == 0 && a->len != b->len)
		order = a->len < b->len ? -1 : 1;
	if (order == 0)
		order = a->offset < b->offset ? -1 : 1;
	return order;
}

/* Check the names from first on for doubles, and forget them. */
static bool
scan_names_end(struct scan *scan, size_t first)
{
	struct name *names = scan->names + first;
	size_t count = scan->name_count - first;

	for (size_t i = 0; i < count; i++)
		names[i].text = scan->text.data + names[i].start;
	if (count > 1)
		qsort(names, count, sizeof(names[0]), scan_name_order);
	for (size_t i = 1; i < count; i++) {
		if (names[i].len == names[i - 1].len &&
		    memcmp(names[i].text, names[i - 1].text, names[i].len) == 0) {
			scan->at = names[i].offset;
			return scan_fail(scan, "duplicate key");
		}
	}
	scan->name_count = first;
	return true;
}

static bool
scan_member(struct scan *scan)
{
	if (!scan_name(scan))
		return false;
	scan_blanks(scan);
	if (scan_peek(scan) != ':')
		return scan_unexpected(scan);
	scan->at++;
	return scan_value(scan);
}

static bool
scan_object(struct scan *scan)
{
	size_t first = scan->name_count, text_len = scan->text.len;

	scan->at++;
	scan_blanks(scan);
	if (scan_peek(scan) == '}') {
		scan->at++;
		return true;
	}
	for (;;) {
		if (!scan_member(scan))
			return false;
		scan_blanks(scan);
		if (scan_peek(scan) == '}')
			break;
		if (scan_peek(scan) != ',')
			return scan_unexpected(scan);
		scan->at++;
	}
	scan->at++;
	if (!scan_names_end(scan, first))
		return false;
	scan->text.len = text_len;
	return true;
}

static bool
scan_nested(struct scan *scan, bool (*scan_inside)(struct scan *))
{
	if (scan->depth == JSON_DEPTH_MAX)
		return scan_fail(scan, "nested too deeply");
	scan->depth++;
	if (!scan_inside(scan))
		return false;
	scan->depth--;
	return true;
}

static bool
scan_value(struct scan *scan)
{
	scan_blanks(scan);
	switch (scan_peek(scan)) {
	case '{':
		return scan_nested(scan, scan_object);
	case '[':
		return scan_nested(scan, scan_array);
	case '"':
		return scan_string(scan, NULL);
	case 't':
		return scan_word(scan, "true");
	case 'f':
		return scan_word(scan, "false");
	case 'n':
		return scan_word(scan, "null");
	case '-':
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return scan_number(scan);
	default:
		return scan_unexpected(scan);
	}
}

const char *
json_scan(const char *src, size_t len, size_t *offset_r)
{
	struct scan scan = { .src = (const unsigned char *)src, .len = len };

	if (scan_value(&scan)) {
		scan_blanks(&scan);
		if (scan.at < scan.len)
			scan_fail(&scan, "text after the value");
	}
	*offset_r = scan.at;
	buf_free(&scan.text);
	free(scan.names);
	return scan.reason;
}
