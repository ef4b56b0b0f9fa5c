/*
 * socketio.c - Socket.IO v5 packets
 *
 * The head of a packet is read by hand, its JSON is checked by the strict scanner
 * of common/json; what is accepted can be passed on as text. Only the
 * placeholders of binary packets need a look inside: a second, simple walk over
 * text already known to be JSON.
 */
#include "socketio.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

bool
span_is(struct span span, const char *text)
{
	return span.text != NULL && span.len == strlen(text) &&
	    memcmp(span.text, text, span.len) == 0;
}

static bool
socketio_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
socketio_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
socketio_is_binary(enum socketio_type type)
{
	return type == SOCKETIO_BINARY_EVENT || type == SOCKETIO_BINARY_ACK;
}

/* Take `<n>-` off the front; n is small, so two digits are enough. */
static int
socketio_take_attachments(struct span *rest, unsigned *attachments_r)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < rest->len && i < 3 && socketio_is_digit(rest->text[i]); i++)
		n = n * 10 + (unsigned)(rest->text[i] - '0');
	if (i == 0 || i == rest->len || rest->text[i] != '-' || n > SOCKETIO_ATTACHMENTS_MAX)
		return -1;
	*attachments_r = n;
	rest->text += i + 1;
	rest->len -= i + 1;
	return 0;
}

/* The comma after a namespace may be missing when nothing follows it. */
static int
socketio_take_namespace(struct span *rest, struct span *nsp_r)
{
	const char *comma;

	if (rest->len == 0 || rest->text[0] != '/') {
		*nsp_r = (struct span){ "/", 1 };
		return 0;
	}
	comma = memchr(rest->text, ',', rest->len);
	nsp_r->text = rest->text;
	nsp_r->len = comma != NULL ? (size_t)(comma - rest->text) : rest->len;
	if (nsp_r->len > SOCKETIO_NAMESPACE_MAX || memchr(nsp_r->text, '\0', nsp_r->len) != NULL)
		return -1;
	rest->text += nsp_r->len + (comma != NULL);
	rest->len -= nsp_r->len + (comma != NULL);
	return 0;
}

static int
socketio_take_id(struct span *rest, struct span *id_r)
{
	size_t len = 0;

	while (len < rest->len && socketio_is_digit(rest->text[len]))
		len++;
	if (len > SOCKETIO_ID_MAX)
		return -1;
	if (len > 0)
		*id_r = (struct span){ rest->text, len };
	rest->text += len;
	rest->len -= len;
	return 0;
}

/* One past the closing quote of the string that starts at text. */
static const char *
socketio_skip_string(const char *text, const char *end)
{
	for (text++; text < end && *text != '"'; text++)
		if (*text == '\\')
			text++;
	return text < end ? text + 1 : end;
}

static const char *
socketio_skip_blanks(const char *text, const char *end)
{
	while (text < end && socketio_is_blank(*text))
		text++;
	return text;
}

/* These names mean something else on the client's side of the API. */
static bool
socketio_is_reserved(struct span name)
{
	static const char *const reserved[] = {
		"\"connect\"", "\"connect_error\"", "\"disconnect\"",
		"\"disconnecting\"", "\"newListener\"", "\"removeListener\"",
	};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (span_is(name, reserved[i]))
			return true;
	return false;
}

/*
 * Split an event's array into its name and the rest. json is valid and begins
 * with a bracket, so it also ends with one after optional blanks.
 */
static int
socketio_split_event(struct socketio_packet *packet)
{
	const char *text = packet->json.text;
	const char *end = text + packet->json.len;
	const char *start;

	while (end[-1] != ']')
		end--;
	end--;
	while (*text != '[')
		text++;
	start = text = socketio_skip_blanks(text + 1, end);
	if (text == end)
		return -1;
	if (*text == '"')
		text = socketio_skip_string(text, end);
	else if (*text == '-' || socketio_is_digit(*text))
		while (text < end && *text != ',' && !socketio_is_blank(*text))
			text++;
	else
		return -1;
	packet->name = (struct span){ start, (size_t)(text - start) };
	if (socketio_is_reserved(packet->name))
		return -1;
	text = socketio_skip_blanks(text, end);
	if (text < end && *text == ',')
		text = socketio_skip_blanks(text + 1, end);
	packet->args = (struct span){ text, (size_t)(end - text) };
	return 0;
}

/* What the walk knows of the object it is in, per level of nesting. */
struct socketio_level {
	bool is_placeholder;	/* "_placeholder":true was seen */
	bool has_num;		/* "num" was seen, and is in range */
};

/* Note the member whose value starts at value, if it is one of a placeholder's. */
static void
socketio_note_member(struct socketio_level *level, struct span key, const char *value,
    const char *end, unsigned attachments)
{
	unsigned num = 0;
	size_t digits = 0;

	if (span_is(key, "\"_placeholder\"")) {
		level->is_placeholder = *value == 't';
	} else if (span_is(key, "\"num\"")) {
		while (value + digits < end && digits < 3 && socketio_is_digit(value[digits]))
			num = num * 10 + (unsigned)(value[digits++] - '0');
		level->has_num = digits > 0 && value + digits < end &&
		    (value[digits] == ',' || value[digits] == '}' ||
		    socketio_is_blank(value[digits])) && num < attachments;
	}
}

/* Whether every placeholder object in valid JSON names one of the attachments. */
static bool
socketio_placeholders_fit(struct span json, unsigned attachments)
{
	struct socketio_level levels[JSON_DEPTH_MAX + 1] = { 0 };
	const char *text = json.text, *end = json.text + json.len;
	const char *start, *after;
	size_t depth = 0;

	while (text < end) {
		if (*text == '{' || *text == '[') {
			levels[++depth] = (struct socketio_level){ 0 };
		} else if (*text == '}' || *text == ']') {
			if (levels[depth].is_placeholder && !levels[depth].has_num)
				return false;
			depth--;
		} else if (*text == '"') {
			start = text;
			text = socketio_skip_string(text, end);
			after = socketio_skip_blanks(text, end);
			if (after < end && *after == ':')
				socketio_note_member(&levels[depth],
				    (struct span){ start, (size_t)(text - start) },
				    socketio_skip_blanks(after + 1, end), end, attachments);
			continue;
		}
		text++;
	}
	return true;
}

/* Whether the JSON part, or its absence, is what the type carries. */
static bool
socketio_json_fits(const struct socketio_packet *packet)
{
	const char *text = packet->json.text;
	size_t offset;
	char first;

	if (text == NULL)
		return packet->type == SOCKETIO_CONNECT || packet->type == SOCKETIO_DISCONNECT;
	if (json_scan(text, packet->json.len, &offset) != NULL)
		return false;
	first = *socketio_skip_blanks(text, text + packet->json.len);
	switch (packet->type) {
	case SOCKETIO_CONNECT:
		return first == '{';
	case SOCKETIO_DISCONNECT:
		return false;
	case SOCKETIO_CONNECT_ERROR:
		return first == '{' || first == '"';
	case SOCKETIO_EVENT:
	case SOCKETIO_ACK:
	case SOCKETIO_BINARY_EVENT:
	case SOCKETIO_BINARY_ACK:
		return first == '[';
	}
	return false;
}

int
socketio_decode(const char *src, size_t len, struct socketio_packet *packet_r)
{
	struct span rest = { src, len };
	struct socketio_packet packet = { 0 };

	if (len == 0 || src[0] < '0' || src[0] > '6')
		return -1;
	packet.type = (enum socketio_type)(src[0] - '0');
	rest.text++;
	rest.len--;
	if (socketio_is_binary(packet.type) &&
	    socketio_take_attachments(&rest, &packet.attachments) == -1)
		return -1;
	if (socketio_take_namespace(&rest, &packet.nsp) == -1 ||
	    socketio_take_id(&rest, &packet.id) == -1)
		return -1;
	if (rest.len > 0)
		packet.json = rest;
	if (!socketio_json_fits(&packet))
		return -1;
	if ((packet.type == SOCKETIO_ACK || packet.type == SOCKETIO_BINARY_ACK) &&
	    packet.id.text == NULL)
		return -1;
	if ((packet.type == SOCKETIO_EVENT || packet.type == SOCKETIO_BINARY_EVENT) &&
	    socketio_split_event(&packet) == -1)
		return -1;
	if (socketio_is_binary(packet.type) &&
	    !socketio_placeholders_fit(packet.json, packet.attachments))
		return -1;
	*packet_r = packet;
	return 0;
}

/* A span as the two arguments of "%.*s". */
#define SPAN_ARGS(span) (int)(span).len, (span).text != NULL ? (span).text : ""

size_t
socketio_encode(char *out, size_t size, const struct socketio_packet *packet)
{
	bool has_nsp = packet->nsp.text != NULL && !span_is(packet->nsp, "/");
	char attachments[16] = "";

	if (socketio_is_binary(packet->type))
		snprintf(attachments, sizeof(attachments), "%u-", packet->attachments);
	return (size_t)snprintf(out, size, "%d%s%.*s%s%.*s%.*s", (int)packet->type, attachments,
	    has_nsp ? (int)packet->nsp.len : 0, has_nsp ? packet->nsp.text : "",
	    has_nsp ? "," : "", SPAN_ARGS(packet->id), SPAN_ARGS(packet->json));
}
