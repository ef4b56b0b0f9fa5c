/*
 * test_shared.c - places at the password hash, also those of the dead
 */
#include "../../fcgi/shared.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct shared *shared;

static int
setup(void **state)
{
	(void)state;
	shared = shared_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	shared_free(&shared);
	assert_null(shared);
	return 0;
}

/* A child which takes a place, says so, and waits to be killed. */
static pid_t
holder_start(void)
{
	int said[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(said), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		byte = shared_place_enter(shared->hashers, SHARED_HASHERS) ? 'y' : 'n';
		if (write(said[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(said[1]);
	assert_int_equal(read(said[0], &byte, 1), 1);
	close(said[0]);
	assert_int_equal(byte, 'y');
	return pid;
}

static void
holder_kill(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
fresh_memory_is_zero(void **state)
{
	static const struct shared nothing;

	(void)state;
	assert_memory_equal(shared, &nothing, sizeof(nothing));
}

static void
there_are_only_so_many_places(void **state)
{
	(void)state;
	for (int i = 0; i < SHARED_HASHERS; i++)
		assert_true(shared_place_enter(shared->hashers, SHARED_HASHERS));
	assert_false(shared_place_enter(shared->hashers, SHARED_HASHERS));
	shared_place_leave(shared->hashers, SHARED_HASHERS);
	assert_true(shared_place_enter(shared->hashers, SHARED_HASHERS));
	assert_false(shared_place_enter(shared->hashers, SHARED_HASHERS));
}

static void
leaving_without_a_place_frees_nobodys(void **state)
{
	pid_t pids[SHARED_HASHERS];

	(void)state;
	for (int i = 0; i < SHARED_HASHERS; i++)
		pids[i] = holder_start();
	shared_place_leave(shared->hashers, SHARED_HASHERS);
	assert_false(shared_place_enter(shared->hashers, SHARED_HASHERS));
	for (int i = 0; i < SHARED_HASHERS; i++)
		holder_kill(pids[i]);
}

static void
the_place_of_a_dead_worker_is_free(void **state)
{
	pid_t pids[SHARED_HASHERS];

	(void)state;
	for (int i = 0; i < SHARED_HASHERS; i++)
		pids[i] = holder_start();
	assert_false(shared_place_enter(shared->hashers, SHARED_HASHERS));
	holder_kill(pids[0]);
	assert_true(shared_place_enter(shared->hashers, SHARED_HASHERS));
	assert_false(shared_place_enter(shared->hashers, SHARED_HASHERS));
	for (int i = 1; i < SHARED_HASHERS; i++)
		holder_kill(pids[i]);
}

/* A number that is another's by now cannot be told from one whose worker lives: here it lives. */
static void
what_a_buried_worker_held_is_free_though_its_number_lives(void **state)
{
	pid_t pid = holder_start();

	(void)state;
	shared->waiters_max = 1;
	atomic_store(&shared->exporters[SHARED_EXPORTERS - 1], (int32_t)pid);
	atomic_store(&shared->waiters[0], (int32_t)pid);
	assert_false(shared_place_enter(shared->waiters, shared->waiters_max));
	shared_places_forget(shared, (int32_t)pid);
	for (int i = 0; i < SHARED_HASHERS; i++)
		assert_true(shared_place_enter(shared->hashers, SHARED_HASHERS));
	for (int i = 0; i < SHARED_EXPORTERS; i++)
		assert_true(shared_place_enter(shared->exporters, SHARED_EXPORTERS));
	assert_true(shared_place_enter(shared->waiters, shared->waiters_max));
	/* What others hold stays theirs. */
	shared_places_forget(shared, (int32_t)pid);
	assert_false(shared_place_enter(shared->hashers, SHARED_HASHERS));
	holder_kill(pid);
}

static void
workers_see_what_others_write(void **state)
{
	pid_t pid = fork();

	(void)state;
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		atomic_store(&shared->slots[SHARED_WORKERS_MAX - 1].requests, 42);
		atomic_store(&shared->slots[SHARED_WORKERS_MAX - 1].is_ready, true);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(atomic_load(&shared->slots[SHARED_WORKERS_MAX - 1].requests), 42);
	assert_true(atomic_load(&shared->slots[SHARED_WORKERS_MAX - 1].is_ready));
	assert_int_equal(atomic_load(&shared->slots[0].requests), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fresh_memory_is_zero),
		TEST(there_are_only_so_many_places),
		TEST(leaving_without_a_place_frees_nobodys),
		TEST(the_place_of_a_dead_worker_is_free),
		TEST(what_a_buried_worker_held_is_free_though_its_number_lives),
		TEST(workers_see_what_others_write),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
