/*
 * test_engineio.c - Engine.IO packets, payloads and requests
 */
#include "../../ws/engineio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
each_packet_type_is_read_from_its_first_byte(void **state)
{
	static const struct {
		const char *text;
		enum engineio_type type;
		const char *data;
	} cases[] = {
		{ "0{\"sid\":\"x\"}", ENGINEIO_OPEN, "{\"sid\":\"x\"}" },
		{ "1", ENGINEIO_CLOSE, "" },
		{ "2", ENGINEIO_PING, "" },
		{ "2probe", ENGINEIO_PING, "probe" },
		{ "3", ENGINEIO_PONG, "" },
		{ "3probe", ENGINEIO_PONG, "probe" },
		{ "4", ENGINEIO_MESSAGE, "" },
		{ "4hello", ENGINEIO_MESSAGE, "hello" },
		{ "5", ENGINEIO_UPGRADE, "" },
		{ "6", ENGINEIO_NOOP, "" },
		{ "bAQIDBA==", ENGINEIO_BINARY, "AQIDBA==" },
	};
	struct engineio_packet packet;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(engineio_decode(cases[i].text, strlen(cases[i].text), &packet), 0);
		assert_int_equal(packet.type, cases[i].type);
		assert_int_equal(packet.len, strlen(cases[i].data));
		assert_memory_equal(packet.data, cases[i].data, packet.len);
	}
}

static void
anything_else_is_no_packet(void **state)
{
	static const char *const cases[] = { "", "7", "9x", "abc", "a", "B", " 4", "-1", "\x1e" };
	struct engineio_packet packet;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(engineio_decode(cases[i], strlen(cases[i]), &packet), -1);
	assert_int_equal(engineio_decode("\0" "4", 2, &packet), -1);
}

static void
a_payload_is_cut_at_its_separators(void **state)
{
	static const char text[] = "4hello\x1e" "4\x1e" "bAQIDBA==\x1e" "3";
	struct engineio_payload payload = engineio_payload(text, sizeof(text) - 1);
	struct engineio_packet packet;

	(void)state;
	assert_int_equal(engineio_payload_next(&payload, &packet), 1);
	assert_int_equal(packet.type, ENGINEIO_MESSAGE);
	assert_int_equal(packet.len, 5);
	assert_memory_equal(packet.data, "hello", 5);
	assert_int_equal(engineio_payload_next(&payload, &packet), 1);
	assert_int_equal(packet.len, 0);
	assert_int_equal(engineio_payload_next(&payload, &packet), 1);
	assert_int_equal(packet.type, ENGINEIO_BINARY);
	assert_int_equal(packet.len, 8);
	assert_int_equal(engineio_payload_next(&payload, &packet), 1);
	assert_int_equal(packet.type, ENGINEIO_PONG);
	assert_int_equal(engineio_payload_next(&payload, &packet), 0);
	assert_int_equal(engineio_payload_next(&payload, &packet), 0);
}

static void
an_empty_payload_has_no_packets(void **state)
{
	struct engineio_payload payload = engineio_payload("", 0);
	struct engineio_packet packet;

	(void)state;
	assert_int_equal(engineio_payload_next(&payload, &packet), 0);
	payload = engineio_payload(NULL, 0);
	assert_int_equal(engineio_payload_next(&payload, &packet), 0);
}

static void
a_payload_with_an_empty_or_unknown_packet_is_refused(void **state)
{
	static const char *const cases[] = { "abc", "\x1e", "4a\x1e", "4a\x1e\x1e" "4b", "4a\x1ez" };
	struct engineio_packet packet;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct engineio_payload payload = engineio_payload(cases[i], strlen(cases[i]));
		int next;

		while ((next = engineio_payload_next(&payload, &packet)) == 1)
			continue;
		assert_int_equal(next, -1);
	}
}

static void
the_open_packet_has_exactly_five_keys(void **state)
{
	static const struct engineio_limits limits = { 25000, 20000, 1000000 };
	char out[ENGINEIO_OPEN_MAX];
	size_t len = engineio_open(out, "3-abc", true, &limits);

	(void)state;
	assert_int_equal(len, strlen(out));
	assert_string_equal(out, "0{\"sid\":\"3-abc\",\"upgrades\":[\"websocket\"],"
	    "\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}");
	engineio_open(out, "3-abc", false, &limits);
	assert_non_null(strstr(out, "\"upgrades\":[],"));
}

static void
the_longest_open_packet_fits(void **state)
{
	static const struct engineio_limits limits = { INT32_MAX, INT32_MAX, INT32_MAX };
	char sid[ENGINEIO_SID_MAX + 1];
	char out[ENGINEIO_OPEN_MAX];

	(void)state;
	memset(sid, 'x', ENGINEIO_SID_MAX);
	sid[ENGINEIO_SID_MAX] = '\0';
	assert_in_range(engineio_open(out, sid, true, &limits), 1, ENGINEIO_OPEN_MAX - 1);
	assert_int_equal(out[strlen(out) - 1], '}');
}

static struct engineio_query
query_of(const char *const *args)
{
	struct engineio_query query = { 0 };

	for (; *args != NULL; args++)
		engineio_query_arg(&query, *args, strlen(*args));
	return query;
}

static void
query_arguments_come_in_any_order_among_others(void **state)
{
	struct engineio_query query = query_of((const char *[]){ "t=Pq3", "token=EIO=3",
	    "sid=0-abc", "transport=polling", "b64=1", "EIO=4", NULL });

	(void)state;
	assert_true(query.is_v4);
	assert_true(query.has_sid);
	assert_string_equal(query.sid, "0-abc");
	assert_int_equal(query.transport, ENGINEIO_POLLING);
}

static void
odd_query_values_are_not_mistaken_for_known_ones(void **state)
{
	char long_sid[ENGINEIO_SID_MAX + 10] = "sid=";
	struct engineio_query query = query_of((const char *[]){ "EIO=44", "transport=pollin",
	    "xsid=1", NULL });

	(void)state;
	assert_false(query.is_v4);
	assert_false(query.has_sid);
	assert_int_equal(query.transport, ENGINEIO_NO_TRANSPORT);
	query = query_of((const char *[]){ "EIO", "transport", "sid", "", "=", NULL });
	assert_false(query.is_v4);
	assert_false(query.has_sid);
	memset(long_sid + 4, 'x', ENGINEIO_SID_MAX + 1);
	query = query_of((const char *[]){ long_sid, NULL });
	assert_true(query.has_sid);
	assert_string_equal(query.sid, "");
}

/* A request as it is checked, and the refusal it deserves. */
struct check_case {
	const char *transport;
	const char *eio;
	bool has_sid, is_get, is_upgrade;
	enum engineio_transport current;
	enum engineio_refusal refusal;
};

static const struct check_case check_cases[] = {
	/* handshakes */
	{ "transport=polling", "EIO=4", false, true, false, ENGINEIO_NO_TRANSPORT, ENGINEIO_FINE },
	{ "transport=websocket", "EIO=4", false, true, true, ENGINEIO_NO_TRANSPORT, ENGINEIO_FINE },
	{ "", "EIO=4", false, true, false, ENGINEIO_NO_TRANSPORT, ENGINEIO_UNKNOWN_TRANSPORT },
	{ "transport=abc", "EIO=4", false, true, false, ENGINEIO_NO_TRANSPORT, ENGINEIO_UNKNOWN_TRANSPORT },
	{ "transport=abc", "", true, false, false, ENGINEIO_NO_TRANSPORT, ENGINEIO_UNKNOWN_TRANSPORT },
	{ "transport=polling", "EIO=4", false, false, false, ENGINEIO_NO_TRANSPORT, ENGINEIO_BAD_METHOD },
	{ "transport=polling", "", false, false, false, ENGINEIO_NO_TRANSPORT, ENGINEIO_BAD_METHOD },
	{ "transport=websocket", "EIO=4", false, true, false, ENGINEIO_NO_TRANSPORT, ENGINEIO_BAD_REQUEST },
	{ "transport=polling", "EIO=4", false, true, true, ENGINEIO_NO_TRANSPORT, ENGINEIO_BAD_REQUEST },
	{ "transport=polling", "", false, true, false, ENGINEIO_NO_TRANSPORT, ENGINEIO_BAD_VERSION },
	{ "transport=polling", "EIO=abc", false, true, false, ENGINEIO_NO_TRANSPORT, ENGINEIO_BAD_VERSION },
	{ "transport=polling", "EIO=3", false, true, false, ENGINEIO_NO_TRANSPORT, ENGINEIO_BAD_VERSION },
	{ "transport=websocket", "EIO=3", false, true, true, ENGINEIO_NO_TRANSPORT, ENGINEIO_BAD_VERSION },
	/* sessions */
	{ "transport=polling", "EIO=4", true, true, false, ENGINEIO_NO_TRANSPORT, ENGINEIO_UNKNOWN_SID },
	{ "transport=websocket", "EIO=4", true, true, true, ENGINEIO_NO_TRANSPORT, ENGINEIO_UNKNOWN_SID },
	{ "transport=polling", "EIO=4", true, true, false, ENGINEIO_POLLING, ENGINEIO_FINE },
	{ "transport=polling", "", true, false, false, ENGINEIO_POLLING, ENGINEIO_FINE },
	{ "transport=polling", "EIO=4", true, true, false, ENGINEIO_WEBSOCKET, ENGINEIO_BAD_REQUEST },
	{ "transport=websocket", "EIO=4", true, true, false, ENGINEIO_POLLING, ENGINEIO_BAD_REQUEST },
	{ "transport=websocket", "EIO=4", true, true, false, ENGINEIO_WEBSOCKET, ENGINEIO_BAD_REQUEST },
	{ "transport=websocket", "EIO=4", true, true, true, ENGINEIO_POLLING, ENGINEIO_FINE },
	{ "transport=websocket", "EIO=4", true, true, true, ENGINEIO_WEBSOCKET, ENGINEIO_FINE },
	{ "transport=polling", "EIO=4", true, true, true, ENGINEIO_POLLING, ENGINEIO_BAD_REQUEST },
};

static void
requests_are_refused_in_the_order_of_the_protocol(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(check_cases); i++) {
		const struct check_case *c = &check_cases[i];
		struct engineio_query query = query_of((const char *[]){ c->transport, c->eio,
		    c->has_sid ? "sid=0-x" : "", NULL });

		assert_int_equal(engineio_check(&query, c->is_get, c->is_upgrade, c->current),
		    c->refusal);
	}
}

static void
each_refusal_has_its_code_status_and_message(void **state)
{
	static const struct {
		int code, status;
		const char *message;
	} cases[] = {
		{ 0, 400, "Transport unknown" },
		{ 1, 400, "Session ID unknown" },
		{ 2, 400, "Bad handshake method" },
		{ 3, 400, "Bad request" },
		{ 4, 403, "Forbidden" },
		{ 5, 400, "Unsupported protocol version" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum engineio_refusal refusal = (enum engineio_refusal)cases[i].code;

		assert_int_equal(engineio_refusal_status(refusal), cases[i].status);
		assert_string_equal(engineio_refusal_message(refusal), cases[i].message);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_packet_type_is_read_from_its_first_byte),
		cmocka_unit_test(anything_else_is_no_packet),
		cmocka_unit_test(a_payload_is_cut_at_its_separators),
		cmocka_unit_test(an_empty_payload_has_no_packets),
		cmocka_unit_test(a_payload_with_an_empty_or_unknown_packet_is_refused),
		cmocka_unit_test(the_open_packet_has_exactly_five_keys),
		cmocka_unit_test(the_longest_open_packet_fits),
		cmocka_unit_test(query_arguments_come_in_any_order_among_others),
		cmocka_unit_test(odd_query_values_are_not_mistaken_for_known_ones),
		cmocka_unit_test(requests_are_refused_in_the_order_of_the_protocol),
		cmocka_unit_test(each_refusal_has_its_code_status_and_message),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
