/*
 * test_room.c - names to sockets
 */
#include "../../ws/room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../ws/client.h"
#include "../../ws/frame.h"

static struct socket sockets[100];
static int sent[100];

/* In place of client.c's: counts what each socket gets. */
void
socket_send(struct socket *socket, struct frame *const *frames, size_t count)
{
	assert_non_null(frames[0]);
	sent[socket - sockets] += (int)count;
}

static int
setup(void **state)
{
	(void)state;
	memset(sent, 0, sizeof(sent));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 100; i++)
		room_leave_all(&sockets[i]);
	return 0;
}

static void
say(const char *a, const char *b)
{
	struct frame *frame = frame_text("4x", 2);

	room_send((const char *[]){ a, b }, b != NULL ? 2 : 1, &frame, 1);
	frame_free(&frame);
}

static void
everybody_in_a_room_is_sent_to_and_nobody_else(void **state)
{
	(void)state;
	room_join(&sockets[0], "leads");
	room_join(&sockets[1], "leads");
	room_join(&sockets[2], "kevin");
	say("leads", NULL);
	assert_int_equal(sent[0], 1);
	assert_int_equal(sent[1], 1);
	assert_int_equal(sent[2], 0);
}

static void
a_socket_in_both_rooms_is_sent_to_once(void **state)
{
	(void)state;
	room_join(&sockets[0], "leads");
	room_join(&sockets[0], "kevin");
	room_join(&sockets[1], "kevin");
	say("leads", "kevin");
	assert_int_equal(sent[0], 1);
	assert_int_equal(sent[1], 1);
	say("leads", "kevin");
	assert_int_equal(sent[0], 2);
}

static void
joining_twice_is_joining_once(void **state)
{
	(void)state;
	room_join(&sockets[0], "leads");
	room_join(&sockets[0], "leads");
	assert_int_equal(room_count(&sockets[0]), 1);
	say("leads", NULL);
	assert_int_equal(sent[0], 1);
	room_leave(&sockets[0], "leads");
	assert_false(room_has(&sockets[0], "leads"));
	assert_int_equal(room_count(&sockets[0]), 0);
	say("leads", NULL);
	assert_int_equal(sent[0], 1);
}

static void
leaving_takes_a_socket_out_and_leaves_the_others(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		room_join(&sockets[i], "leads");
	room_leave(&sockets[2], "leads");
	room_leave(&sockets[2], "leads");
	room_leave(&sockets[0], "nowhere");
	say("leads", NULL);
	for (int i = 0; i < 5; i++)
		assert_int_equal(sent[i], i != 2);
	room_leave_all(&sockets[4]);
	room_leave_all(&sockets[0]);
	say("leads", NULL);
	assert_int_equal(sent[0], 1);
	assert_int_equal(sent[1], 2);
	assert_int_equal(sent[3], 2);
	assert_int_equal(sent[4], 1);
}

static void
an_unknown_room_is_empty(void **state)
{
	(void)state;
	say("nowhere", "never");
	for (int i = 0; i < 100; i++)
		assert_int_equal(sent[i], 0);
}

static void
a_name_that_is_too_long_is_not_joined(void **state)
{
	char name[ROOM_NAME_MAX + 2];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[ROOM_NAME_MAX + 1] = '\0';
	room_join(&sockets[0], name);
	assert_null(sockets[0].rooms);
	name[ROOM_NAME_MAX] = '\0';
	room_join(&sockets[0], name);
	assert_true(room_has(&sockets[0], name));
}

static void
many_rooms_and_sockets_do_not_mix(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < 100; i++) {
		for (int k = 0; k <= i; k++) {
			snprintf(name, sizeof(name), "call:%d", k * 4099);
			room_join(&sockets[i], name);
		}
	}
	for (int k = 0; k < 100; k++) {
		snprintf(name, sizeof(name), "call:%d", k * 4099);
		say(name, NULL);
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(sent[i], i + 1);
}

static void
a_room_can_be_emptied_one_by_one(void **state)
{
	struct socket *socket;
	int count = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		room_join(&sockets[i], "leads");
	room_join(&sockets[0], "kevin");
	while ((socket = room_any("leads")) != NULL) {
		room_leave(socket, "leads");
		count++;
	}
	assert_int_equal(count, 5);
	assert_ptr_equal(room_any("kevin"), &sockets[0]);
	assert_null(room_any("nowhere"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everybody_in_a_room_is_sent_to_and_nobody_else, setup, teardown),
		cmocka_unit_test_setup_teardown(a_socket_in_both_rooms_is_sent_to_once, setup, teardown),
		cmocka_unit_test_setup_teardown(joining_twice_is_joining_once, setup, teardown),
		cmocka_unit_test_setup_teardown(leaving_takes_a_socket_out_and_leaves_the_others, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unknown_room_is_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(a_name_that_is_too_long_is_not_joined, setup, teardown),
		cmocka_unit_test_setup_teardown(many_rooms_and_sockets_do_not_mix, setup, teardown),
		cmocka_unit_test_setup_teardown(a_room_can_be_emptied_one_by_one, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
