/*
 * fuzz_socketio.c - whatever text arrives as a Socket.IO packet
 *
 * The parts of a decoded packet must lie inside the input, and writing it and reading that
 * again must give the same packet.
 */
#include "socketio.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_span(struct span span, const char *text, size_t len)
{
	if (span.text != NULL && !span_is(span, "/"))
		assert(span.text >= text && span.text + span.len <= text + len);
}

static void
fuzz_same(struct span a, struct span b)
{
	assert((a.text == NULL) == (b.text == NULL) && a.len == b.len);
	assert(a.len == 0 || memcmp(a.text, b.text, a.len) == 0);
}

static void
fuzz_decode(const char *text, size_t len)
{
	struct socketio_packet packet, again;
	size_t written;
	char *out;

	if (socketio_decode(text, len, &packet) == -1)
		return;
	fuzz_span(packet.nsp, text, len);
	fuzz_span(packet.id, text, len);
	fuzz_span(packet.json, text, len);
	fuzz_span(packet.name, text, len);
	fuzz_span(packet.args, text, len);
	assert(packet.attachments <= SOCKETIO_ATTACHMENTS_MAX);

	written = socketio_encode(NULL, 0, &packet);
	out = malloc(written + 1);
	assert(socketio_encode(out, written + 1, &packet) == written && strlen(out) == written);
	assert(socketio_decode(out, written, &again) == 0);
	assert(again.type == packet.type && again.attachments == packet.attachments);
	fuzz_same(again.nsp, packet.nsp);
	fuzz_same(again.id, packet.id);
	fuzz_same(again.json, packet.json);
	fuzz_same(again.name, packet.name);
	fuzz_same(again.args, packet.args);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly this size, so that reading past its end is seen. */
	char *copy = malloc(size + 1);

	memcpy(copy + 1, data, size);
	fuzz_decode(copy + 1, size);
	free(copy);
	return 0;
}
