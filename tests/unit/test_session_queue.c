/*
 * test_session_queue.c - frames waiting for one peer, in order
 */
#include "../../ws/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../ws/frame.h"

static void
frames_leave_in_the_order_they_came(void **state)
{
	struct queue queue = { 0 };
	unsigned next = 0, added = 0;

	(void)state;
	/* in bursts, so that the ring wraps and grows while it is half full */
	while (next < 10000) {
		for (unsigned i = 0; i < next % 37 + 3; i++, added++) {
			struct frame *frame = frame_text((const char *)&added, sizeof(added));

			queue_add(&queue, frame);
			frame_free(&frame);
		}
		for (unsigned i = 0; i < 11 && queue.count > 0; i++, next++) {
			assert_memory_equal(queue_peek(&queue)->data, &next, sizeof(next));
			queue_drop(&queue);
		}
		assert_int_equal(queue.count, added - next);
		assert_int_equal(queue.bytes, (added - next) * sizeof(next));
	}
	queue_free(&queue);
	assert_null(queue_peek(&queue));
}

static void
a_queue_holds_its_own_reference(void **state)
{
	struct queue a = { 0 }, b = { 0 };
	struct frame *frame = frame_text("4x", 2);

	(void)state;
	queue_add(&a, frame);
	queue_add(&b, frame);
	assert_int_equal(frame->references, 3);
	queue_drop(&a);
	assert_int_equal(frame->references, 2);
	frame_free(&frame);
	assert_null(frame);
	assert_memory_equal(queue_peek(&b)->data, "4x", 2);
	queue_free(&b);
}

static void
an_empty_queue_keeps_no_memory(void **state)
{
	struct queue queue = { 0 };
	struct frame *frame = frame_text("4x", 2);

	(void)state;
	queue_add(&queue, frame);
	queue_drop(&queue);
	assert_null(queue.ring);
	assert_int_equal(queue.bytes, 0);
	queue_add(&queue, frame);
	queue_add(&queue, frame);
	queue_free(&queue);
	assert_null(queue.ring);
	assert_int_equal(frame->references, 1);
	frame_free(&frame);
}

static void
a_run_ends_where_the_ring_ends(void **state)
{
	struct queue queue = { 0 };
	struct frame *const *run;
	size_t count;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		struct frame *frame = frame_text((const char *)&i, sizeof(i));

		queue_add(&queue, frame);
		frame_free(&frame);
		if (i == 5)	/* of the first eight places, so that the ring wraps */
			for (unsigned n = 0; n < 4; n++)
				queue_drop(&queue);
	}
	for (unsigned next = 4; next < 10; next += (unsigned)count) {
		run = queue_run(&queue, &count);
		assert_in_range(count, 1, queue.count);
		for (unsigned i = 0; i < count; i++) {
			unsigned expected = next + i;

			assert_memory_equal(run[i]->data, &expected, sizeof(expected));
		}
		for (unsigned i = 0; i < count; i++)
			queue_drop(&queue);
	}
	assert_int_equal(queue.count, 0);
}

static void
a_frame_has_the_head_of_its_length(void **state)
{
	static const struct {
		size_t len;
		bool is_binary;
		size_t head_len;
		unsigned char head[FRAME_HEADROOM];
	} cases[] = {
		{ 0, false, 2, { 0x81, 0 } },
		{ 125, true, 2, { 0x82, 125 } },
		{ 126, false, 4, { 0x81, 126, 0, 126 } },
		{ 65535, false, 4, { 0x81, 126, 0xff, 0xff } },
		{ 65536, true, 10, { 0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame *frame = frame_new(cases[i].len, cases[i].is_binary);
		size_t len;
		const unsigned char *wire = frame_wire(frame, &len);

		assert_int_equal(len, cases[i].head_len + cases[i].len);
		assert_memory_equal(wire, cases[i].head, cases[i].head_len);
		assert_ptr_equal(wire + cases[i].head_len, frame->data);
		frame_free(&frame);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_leave_in_the_order_they_came),
		cmocka_unit_test(a_queue_holds_its_own_reference),
		cmocka_unit_test(an_empty_queue_keeps_no_memory),
		cmocka_unit_test(a_run_ends_where_the_ring_ends),
		cmocka_unit_test(a_frame_has_the_head_of_its_length),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
