/*
 * test_socketio.c - Socket.IO packets
 */
#include "../../ws/socketio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A packet and its parts; NULL where a part is absent. */
struct packet_case {
	const char *text;
	enum socketio_type type;
	unsigned attachments;
	const char *nsp, *id, *json, *name, *args;
};

static const struct packet_case good[] = {
	{ "0", SOCKETIO_CONNECT, 0, "/", NULL, NULL, NULL, NULL },
	{ "0{\"token\":\"x\"}", SOCKETIO_CONNECT, 0, "/", NULL, "{\"token\":\"x\"}", NULL, NULL },
	{ "0/admin,", SOCKETIO_CONNECT, 0, "/admin", NULL, NULL, NULL, NULL },
	{ "0/random", SOCKETIO_CONNECT, 0, "/random", NULL, NULL, NULL, NULL },
	{ "0/admin,{\"a\":1}", SOCKETIO_CONNECT, 0, "/admin", NULL, "{\"a\":1}", NULL, NULL },
	{ "1", SOCKETIO_DISCONNECT, 0, "/", NULL, NULL, NULL, NULL },
	{ "1/custom", SOCKETIO_DISCONNECT, 0, "/custom", NULL, NULL, NULL, NULL },
	{ "1/custom,", SOCKETIO_DISCONNECT, 0, "/custom", NULL, NULL, NULL, NULL },
	{ "2[\"a\"]", SOCKETIO_EVENT, 0, "/", NULL, "[\"a\"]", "\"a\"", "" },
	{ "2[\"a\",1,{\"b\":[]}]", SOCKETIO_EVENT, 0, "/", NULL, "[\"a\",1,{\"b\":[]}]", "\"a\"", "1,{\"b\":[]}" },
	{ "2 [ \"a\" , 1 ] ", SOCKETIO_EVENT, 0, "/", NULL, " [ \"a\" , 1 ] ", "\"a\"", "1 " },
	{ "2[\"a\\\"]\",\"]\"]", SOCKETIO_EVENT, 0, "/", NULL, "[\"a\\\"]\",\"]\"]", "\"a\\\"]\"", "\"]\"" },
	{ "2[5,\"x\"]", SOCKETIO_EVENT, 0, "/", NULL, "[5,\"x\"]", "5", "\"x\"" },
	{ "2[-5]", SOCKETIO_EVENT, 0, "/", NULL, "[-5]", "-5", "" },
	{ "227[\"ask\",5]", SOCKETIO_EVENT, 0, "/", "27", "[\"ask\",5]", "\"ask\"", "5" },
	{ "2/custom,0[\"x\"]", SOCKETIO_EVENT, 0, "/custom", "0", "[\"x\"]", "\"x\"", "" },
	{ "3456[1,\"2\"]", SOCKETIO_ACK, 0, "/", "456", "[1,\"2\"]", NULL, NULL },
	{ "30[]", SOCKETIO_ACK, 0, "/", "0", "[]", NULL, NULL },
	{ "4{\"message\":\"no\"}", SOCKETIO_CONNECT_ERROR, 0, "/", NULL, "{\"message\":\"no\"}", NULL, NULL },
	{ "51-[\"q\",{\"_placeholder\":true,\"num\":0}]", SOCKETIO_BINARY_EVENT, 1, "/", NULL,
	    "[\"q\",{\"_placeholder\":true,\"num\":0}]", "\"q\"", "{\"_placeholder\":true,\"num\":0}" },
	{ "52-/custom,789[\"q\",{\"num\":1, \"_placeholder\": true},{\"_placeholder\":true,\"num\":0 }]",
	    SOCKETIO_BINARY_EVENT, 2, "/custom", "789",
	    "[\"q\",{\"num\":1, \"_placeholder\": true},{\"_placeholder\":true,\"num\":0 }]", "\"q\"",
	    "{\"num\":1, \"_placeholder\": true},{\"_placeholder\":true,\"num\":0 }" },
	{ "510-[\"q\",{\"_placeholder\":true,\"num\":9}]", SOCKETIO_BINARY_EVENT, 10, "/", NULL,
	    "[\"q\",{\"_placeholder\":true,\"num\":9}]", "\"q\"", "{\"_placeholder\":true,\"num\":9}" },
	{ "50-[\"q\"]", SOCKETIO_BINARY_EVENT, 0, "/", NULL, "[\"q\"]", "\"q\"", "" },
	{ "61-7[{\"_placeholder\":true,\"num\":0}]", SOCKETIO_BINARY_ACK, 1, "/", "7",
	    "[{\"_placeholder\":true,\"num\":0}]", NULL, NULL },
	/* what only looks like a placeholder */
	{ "51-[\"q\",{\"_placeholder\":false,\"num\":99}]", SOCKETIO_BINARY_EVENT, 1, "/", NULL,
	    "[\"q\",{\"_placeholder\":false,\"num\":99}]", "\"q\"", "{\"_placeholder\":false,\"num\":99}" },
	{ "51-[\"q\",{\"_placeholder\":{\"num\":99},\"num\":0}]", SOCKETIO_BINARY_EVENT, 1, "/", NULL,
	    "[\"q\",{\"_placeholder\":{\"num\":99},\"num\":0}]", "\"q\"", "{\"_placeholder\":{\"num\":99},\"num\":0}" },
	{ "2[\"note\",\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"]", SOCKETIO_EVENT, 0, "/", NULL,
	    "[\"note\",\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"]", "\"note\"", "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"" },
};

static void
assert_span(struct span span, const char *expected)
{
	if (expected == NULL) {
		assert_null(span.text);
		return;
	}
	assert_non_null(span.text);
	assert_int_equal(span.len, strlen(expected));
	assert_memory_equal(span.text, expected, span.len);
}

static void
packets_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		const struct packet_case *c = &good[i];
		struct socketio_packet packet;

		if (socketio_decode(c->text, strlen(c->text), &packet) != 0)
			fail_msg("refused: %s", c->text);
		assert_int_equal(packet.type, c->type);
		assert_int_equal(packet.attachments, c->attachments);
		assert_span(packet.nsp, c->nsp);
		assert_span(packet.id, c->id);
		assert_span(packet.json, c->json);
		assert_span(packet.name, c->name);
		assert_span(packet.args, c->args);
	}
}

static const char *const bad[] = {
	"", "7", "abc", "-", " 2[\"a\"]", "9[]",
	/* CONNECT carries an object or nothing */
	"0[]", "0\"x\"", "0null", "01[]", "0{", "0{}x",
	/* DISCONNECT carries nothing */
	"1{}", "1[]", "1/custom,{}",
	/* EVENT: a non-empty array that begins with a name */
	"2", "2/custom", "2{}", "2[]", "2[ ]", "2[null]", "2[{}]", "2[[\"a\"]]", "2[true]", "2\"a\"",
	"2abc[\"a\"]", "2-1[\"a\"]", "2 1[\"a\"]", "2[\"a\"", "2[\"a\"]]", "2[\"a\",]", "2['a']", "2[\"a\",01]",
	"2[\"a\",NaN]", "2[\"a\",\"\\ud800\"]", "2[\"a\",\"\xff\"]", "2[\"a\",\"\x01\"]",
	"2123456789012345678901[\"a\"]",
	/* reserved names */
	"2[\"connect\"]", "2[\"connect_error\"]", "2[\"disconnect\"]", "2[\"disconnecting\"]",
	"2[\"newListener\"]", "2[\"removeListener\",1]",
	/* ACK: an id and an array */
	"3[]", "31", "31{}", "3",
	/* CONNECT_ERROR */
	"4", "4[]", "4abc",
	/* attachments */
	"5[\"a\"]", "5-[\"a\"]", "5x-[\"a\"]", "51[\"a\"]", "511-[\"a\"]", "5100-[\"a\"]", "599999999999-[\"a\"]",
	"51-", "51-[]", "51-[\"connect\"]", "61-[]", "6-1[]", "51.5-[\"a\"]",
	/* placeholders */
	"51-[\"a\",{\"_placeholder\":true,\"num\":1}]", "51-[\"a\",{\"_placeholder\":true,\"num\":-1}]",
	"51-[\"a\",{\"_placeholder\":true}]", "51-[\"a\",{\"_placeholder\":true,\"num\":\"0\"}]",
	"51-[\"a\",{\"_placeholder\":true,\"num\":0.5}]", "51-[\"a\",{\"_placeholder\":true,\"num\":0e1}]",
	"51-[\"a\",[{\"x\":{\"num\":7,\"_placeholder\":true}}]]", "50-[\"a\",{\"_placeholder\":true,\"num\":0}]",
	"51-[\"a\",{\"_placeholder\":true,\"num\":[0]}]", "51-[\"a\",{\"_placeholder\":true,\"num\":1000}]",
};

static void
what_the_protocol_does_not_allow_is_refused(void **state)
{
	struct socketio_packet packet;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (socketio_decode(bad[i], strlen(bad[i]), &packet) != -1)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(socketio_decode("2[\"a\0b\"]", 8, &packet), -1);
	assert_int_equal(socketio_decode("0/a\0b", 5, &packet), -1);
}

static void
a_namespace_has_a_longest_name(void **state)
{
	char text[SOCKETIO_NAMESPACE_MAX + 3] = "0/";
	struct socketio_packet packet;

	(void)state;
	memset(text + 2, 'n', SOCKETIO_NAMESPACE_MAX - 1);
	assert_int_equal(socketio_decode(text, SOCKETIO_NAMESPACE_MAX + 1, &packet), 0);
	assert_int_equal(packet.nsp.len, SOCKETIO_NAMESPACE_MAX);
	text[SOCKETIO_NAMESPACE_MAX + 1] = 'n';
	assert_int_equal(socketio_decode(text, SOCKETIO_NAMESPACE_MAX + 2, &packet), -1);
}

static void
a_packet_cut_anywhere_never_reads_past_its_end(void **state)
{
	struct socketio_packet packet;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		for (size_t len = 0; len < strlen(good[i].text); len++) {
			/* a copy of exactly that length, for the address sanitizer to guard */
			char *copy = test_malloc(len + 1);

			memcpy(copy + 1, good[i].text, len);
			(void)socketio_decode(copy + 1, len, &packet);
			test_free(copy);
		}
	}
}

static struct span
span_of(const char *text)
{
	return (struct span){ text, text != NULL ? strlen(text) : 0 };
}

static void
packets_are_written_as_they_were_read(void **state)
{
	char out[256];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		const struct packet_case *c = &good[i];
		struct socketio_packet packet, again;

		assert_int_equal(socketio_decode(c->text, strlen(c->text), &packet), 0);
		assert_in_range(socketio_encode(out, sizeof(out), &packet), 1, sizeof(out) - 1);
		assert_int_equal(socketio_decode(out, strlen(out), &again), 0);
		assert_int_equal(again.type, packet.type);
		assert_int_equal(again.attachments, packet.attachments);
		assert_span(again.nsp, c->nsp);
		assert_span(again.id, c->id);
		assert_span(again.json, c->json);
	}
}

static void
the_root_namespace_is_left_out_and_others_end_in_a_comma(void **state)
{
	struct socketio_packet packet = { .type = SOCKETIO_EVENT, .nsp = span_of("/"), .json = span_of("[\"a\"]") };
	char out[64];

	(void)state;
	socketio_encode(out, sizeof(out), &packet);
	assert_string_equal(out, "2[\"a\"]");
	packet.nsp = span_of("/custom");
	packet.id = span_of("12");
	socketio_encode(out, sizeof(out), &packet);
	assert_string_equal(out, "2/custom,12[\"a\"]");
	packet.type = SOCKETIO_BINARY_ACK;
	packet.attachments = 2;
	socketio_encode(out, sizeof(out), &packet);
	assert_string_equal(out, "62-/custom,12[\"a\"]");
}

static void
encoding_tells_how_much_room_it_needs(void **state)
{
	struct socketio_packet packet = { .type = SOCKETIO_EVENT, .json = span_of("[\"abc\"]") };
	char out[5];

	(void)state;
	assert_int_equal(socketio_encode(NULL, 0, &packet), 8);
	assert_int_equal(socketio_encode(out, sizeof(out), &packet), 8);
	assert_string_equal(out, "2[\"a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_taken_apart),
		cmocka_unit_test(what_the_protocol_does_not_allow_is_refused),
		cmocka_unit_test(a_namespace_has_a_longest_name),
		cmocka_unit_test(a_packet_cut_anywhere_never_reads_past_its_end),
		cmocka_unit_test(packets_are_written_as_they_were_read),
		cmocka_unit_test(the_root_namespace_is_left_out_and_others_end_in_a_comma),
		cmocka_unit_test(encoding_tells_how_much_room_it_needs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
