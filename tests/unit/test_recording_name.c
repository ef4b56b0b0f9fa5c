/*
 * test_recording_name.c - names of recordings, and nothing else
 */
#include "recording_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ID "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"

static void
a_name_has_its_month(void **state)
{
	char name[RECORDING_NAME_SIZE];

	(void)state;
	assert_true(recording_name(name, ID, "mp3", 1767225599)); /* the last second of 2025 */
	assert_string_equal(name, "2025/12/" ID ".mp3");
	assert_true(recording_name(name, ID, "wav", 1767225600));
	assert_string_equal(name, "2026/01/" ID ".wav");
	assert_true(recording_name_is_valid(name));
}

static void
nothing_else_is_a_name(void **state)
{
	static const char *const names[] = {
		"", "2026", "2026/01/", "2026/01/" ID, "2026/01/" ID ".", "2026/01/" ID ".ogg", "2026/01/" ID ".mp3x",
		"2026/01/" ID ".MP3", "/2026/01/" ID ".mp3", "../26/01/" ID ".mp3", "2026/../" ID ".mp3", "2026//1/" ID ".mp3",
		"2026/01/0A1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d.mp3", "2026/01/0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4.mp3",
		"2026/01/../../../../../etc/passwd_________.mp3", "tmp/" ID ".1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (recording_name_is_valid(names[i]))
			fail_msg("%s is a name", names[i]);
}

static void
no_name_is_made_of_anything_else(void **state)
{
	char name[RECORDING_NAME_SIZE];

	(void)state;
	assert_false(recording_name(name, "../../../etc/passwd", "mp3", 0));
	assert_false(recording_name(name, ID, "exe", 0));
	assert_false(recording_name(name, ID ID, "mp3", 0));
	assert_false(recording_name(name, ID, "mp3", 253402300800)); /* the year 10000 */
}

static void
a_name_tells_the_type(void **state)
{
	(void)state;
	assert_string_equal(recording_name_type("2026/01/" ID ".mp3"), "audio/mpeg");
	assert_string_equal(recording_name_type("2026/01/" ID ".wav"), "audio/wav");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_its_month),
		cmocka_unit_test(nothing_else_is_a_name),
		cmocka_unit_test(no_name_is_made_of_anything_else),
		cmocka_unit_test(a_name_tells_the_type),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
