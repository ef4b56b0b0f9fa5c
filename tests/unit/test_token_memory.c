/*
 * test_token_memory.c - what is remembered, for how long, and that nothing else is
 */
#include "token_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto.h"

#define NOW 1000000
#define TOKEN "aaaa.bbbb.cccc"
#define TOKEN_LEN (sizeof(TOKEN) - 1)

static const struct token_claims claims = { "a-user", "", "operator", NOW - 10, NOW + 10 };

static int
forget(void **state)
{
	(void)state;
	token_memory_clear();
	return 0;
}

static void
what_was_kept_is_found(void **state)
{
	struct token_claims got;

	(void)state;
	assert_false(token_memory_find(TOKEN, TOKEN_LEN, NOW, &got));
	token_memory_keep(TOKEN, TOKEN_LEN, &claims);
	assert_true(token_memory_find(TOKEN, TOKEN_LEN, NOW, &got));
	assert_string_equal(got.user_id, "a-user");
	assert_string_equal(got.role, "operator");
	assert_int_equal(got.expires_at, NOW + 10);
	token_memory_clear();
	assert_false(token_memory_find(TOKEN, TOKEN_LEN, NOW, &got));
}

static void
nothing_is_found_after_its_end(void **state)
{
	struct token_claims got;

	(void)state;
	token_memory_keep(TOKEN, TOKEN_LEN, &claims);
	assert_true(token_memory_find(TOKEN, TOKEN_LEN, NOW + 9, &got));
	assert_false(token_memory_find(TOKEN, TOKEN_LEN, NOW + 10, &got));
}

static void
every_other_text_is_another_token(void **state)
{
	struct token_claims got;
	char other[TOKEN_LEN + 1] = TOKEN;

	(void)state;
	token_memory_keep(TOKEN, TOKEN_LEN, &claims);
	for (size_t i = 0; i < TOKEN_LEN; i++) {
		assert_false(token_memory_find(TOKEN, i, NOW, &got));
		other[i]++;
		assert_false(token_memory_find(other, TOKEN_LEN, NOW, &got));
		other[i]--;
	}
	assert_false(token_memory_find(TOKEN "c", TOKEN_LEN + 1, NOW, &got));
	assert_true(token_memory_find(other, TOKEN_LEN, NOW, &got));
}

static void
odd_lengths_are_not_kept(void **state)
{
	struct token_claims got;
	char text[4096];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t len = 0; len <= sizeof(text); len += len < 4 ? 1 : 512) {
		bool is_usual = len >= 4 && len <= 512;

		token_memory_keep(text, len, &claims);
		assert_int_equal(token_memory_find(text, len, NOW, &got), is_usual);
		token_memory_clear();
	}
}

/* More tokens than places: the newest is always there, and each that is there is itself. */
static void
many_tokens_push_each_other_out(void **state)
{
	struct token_claims got, mine = claims;
	char text[32];
	int found = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "token-%03d-x", i);

		snprintf(mine.user_id, sizeof(mine.user_id), "%03d", i);
		token_memory_keep(text, len, &mine);
		assert_true(token_memory_find(text, len, NOW, &got));
	}
	for (int i = 0; i < 1000; i++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "token-%03d-x", i);

		if (!token_memory_find(text, len, NOW, &got))
			continue;
		found++;
		assert_memory_equal(got.user_id, text + 6, 3);
	}
	assert_in_range(found, 1, 999);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_kept_is_found, forget),
		cmocka_unit_test_setup(nothing_is_found_after_its_end, forget),
		cmocka_unit_test_setup(every_other_text_is_another_token, forget),
		cmocka_unit_test_setup(odd_lengths_are_not_kept, forget),
		cmocka_unit_test_setup(many_tokens_push_each_other_out, forget),
	};

	crypto_init();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
