/*
 * fuzz_engineio.c - whatever bytes arrive as a payload or a query string
 *
 * What was decoded must lie inside the input, and every payload must come to an end.
 */
#include "engineio.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_payload(const char *text, size_t len)
{
	struct engineio_payload payload = engineio_payload(text, len);
	struct engineio_packet packet;
	size_t packets = 0, bytes = 0;

	while (engineio_payload_next(&payload, &packet) == 1) {
		assert(packet.data >= text && packet.data + packet.len <= text + len);
		assert(packet.type <= ENGINEIO_BINARY);
		bytes += packet.len + 1;
		packets++;
	}
	assert(packets <= len && bytes <= len + 1);
}

static void
fuzz_query(const char *text, size_t len)
{
	struct engineio_query query = { 0 };
	const char *end;

	while (len > 0) {
		end = memchr(text, '&', len);
		engineio_query_arg(&query, text, end != NULL ? (size_t)(end - text) : len);
		assert(strlen(query.sid) <= ENGINEIO_SID_MAX);
		if (end == NULL)
			break;
		len -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	for (int bits = 0; bits < 12; bits++)
		(void)engineio_check(&query, bits & 1, bits & 2, (enum engineio_transport)(bits >> 2));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly this size, so that reading past its end is seen. */
	char *copy = malloc(size + 1);

	memcpy(copy + 1, data, size);
	fuzz_payload(copy + 1, size);
	fuzz_query(copy + 1, size);
	free(copy);
	return 0;
}
