/*
 * test_arena.c - memory that ends together
 */
#include "arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char order[16];

static void
note(void *object)
{
	strcat(order, object);
}

static void
allocations_are_aligned_and_apart(void **state)
{
	struct arena *arena = arena_new(256);
	char *ptrs[100];

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		ptrs[i] = arena_alloc(arena, i);
		assert_int_equal((uintptr_t)ptrs[i] % alignof(max_align_t), 0);
		memset(ptrs[i], (int)i, i);
	}
	for (size_t i = 0; i < 100; i++) {
		for (size_t k = 0; k < i; k++)
			assert_int_equal(ptrs[i][k], i);
	}
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

static void
an_object_larger_than_a_block_fits(void **state)
{
	struct arena *arena = arena_new(64);
	char *small = arena_alloc(arena, 16), *large, *next;

	(void)state;
	large = arena_zalloc(arena, 100000);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(large[i], 0);
	/* The room left in the small block is still used. */
	next = arena_alloc(arena, 16);
	assert_ptr_equal(next, small + 16);
	arena_free(&arena);
}

static void
a_reset_reuses_the_first_block(void **state)
{
	struct arena *arena = arena_new(128);
	void *first = arena_alloc(arena, 8);

	(void)state;
	for (int i = 0; i < 50; i++)
		arena_alloc(arena, 100);
	arena_reset(arena);
	assert_ptr_equal(arena_alloc(arena, 8), first);
	arena_free(&arena);
}

static void
strings_are_copied_and_printed(void **state)
{
	struct arena *arena = arena_new(64);
	char long_text[1000];

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_string_equal(arena_strdup(arena, "text"), "text");
	assert_string_equal(arena_strndup(arena, "text", 2), "te");
	assert_string_equal(arena_strndup(arena, NULL, 0), "");
	assert_string_equal(arena_printf(arena, "%s-%d", "a", 5), "a-5");
	assert_int_equal(strlen(arena_printf(arena, "%s%s", long_text, long_text)), 1998);
	arena_free(&arena);
}

static void
cleanups_run_last_first(void **state)
{
	struct arena *arena = arena_new(64);
	char a[] = "a", b[] = "b", c[] = "c";

	(void)state;
	order[0] = '\0';
	arena_cleanup(arena, note, a);
	arena_cleanup(arena, note, b);
	arena_reset(arena);
	assert_string_equal(order, "ba");
	arena_cleanup(arena, note, c);
	arena_free(&arena);
	assert_string_equal(order, "bac");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_are_aligned_and_apart),
		cmocka_unit_test(an_object_larger_than_a_block_fits),
		cmocka_unit_test(a_reset_reuses_the_first_block),
		cmocka_unit_test(strings_are_copied_and_printed),
		cmocka_unit_test(cleanups_run_last_first),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
