/*
 * test_listener.c - sockets are inherited or bound, never taken from somebody
 */
#include "../../fcgi/listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf.h"
#include "log.h"
#include "unix_socket.h"

static char dir[] = "/tmp/vals-listener.XXXXXX";
static char path[64];

static struct listener
fresh(const char *name)
{
	return (struct listener){ .name = name, .path = path, .fd = -1, .lock_fd = -1 };
}

static int
connect_to(const char *to)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", to);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
group_setup(void **state)
{
	char program[] = "test";
	char *argv[] = { program, NULL };
	int argc = 1;

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/a.sock", dir);
	log_open("test", LOG_LEVEL_ERROR);
	setenv("VALS_CONF", "/dev/null", 1);
	setenv("SOCKET_GROUP", "no-such-group-here", 1);
	return conf_load("test", &argc, argv);
}

static int
group_teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void
a_bound_socket_is_ours_alone_and_gone_after_close(void **state)
{
	struct listener listener = fresh("api");
	struct stat info;
	int fd;

	(void)state;
	assert_int_equal(listeners_open(&listener, 1), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0660);
	assert_true((fcntl(listener.fd, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(listener.fd, F_GETFD) & FD_CLOEXEC) != 0);
	fd = connect_to(path);
	assert_true(fd != -1);
	close(fd);
	listeners_close(&listener, 1);
	assert_int_equal(access(path, F_OK), -1);
}

static void
a_second_one_at_the_same_path_is_refused(void **state)
{
	struct listener first = fresh("api"), second = fresh("api");

	(void)state;
	assert_int_equal(listeners_open(&first, 1), 0);
	assert_int_equal(listeners_open(&second, 1), -1);
	listeners_close(&second, 1);
	assert_true(connect_to(path) != -1);
	listeners_close(&first, 1);
}

static void
a_path_where_a_stranger_answers_is_left_alone(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct listener listener = fresh("api");
	int stranger = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	memcpy(address.sun_path, path, sizeof(path));
	assert_int_equal(bind(stranger, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(stranger, 1), 0);
	assert_int_equal(listeners_open(&listener, 1), -1);
	listeners_close(&listener, 1);
	assert_int_equal(access(path, F_OK), 0);
	close(stranger);
}

static void
a_socket_nobody_answers_any_more_is_replaced(void **state)
{
	struct listener listener = fresh("api");

	/* The stranger of the test before left his. */
	(void)state;
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(listeners_open(&listener, 1), 0);
	listeners_close(&listener, 1);
}

/* Listen, leave the socket to a child of our own, say its pid and be killed. Never returns. */
static void
listen_and_die(int told)
{
	struct listener listener = fresh("api");
	pid_t child;

	if (listeners_open(&listener, 1) == -1 || (child = fork()) == -1)
		_exit(1);
	if (child == 0) {
		alarm(60);	/* should the test fail before it ends us */
		close(listener.lock_fd);	/* as workers do */
		for (;;)
			pause();
	}
	if (write(told, &child, sizeof(child)) != sizeof(child))
		_exit(1);
	raise(SIGKILL);
	_exit(1);
}

static void
a_socket_that_a_killed_owner_left_to_his_children_is_replaced(void **state)
{
	struct listener listener = fresh("api");
	pid_t owner, child;
	int told[2], fd, accepted;

	(void)state;
	assert_int_equal(pipe(told), 0);
	owner = fork();
	if (owner == 0)
		listen_and_die(told[1]);
	assert_int_equal(read(told[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(waitpid(owner, NULL, 0), owner);
	fd = connect_to(path);
	assert_true(fd != -1);
	close(fd);
	assert_int_equal(listeners_open(&listener, 1), 0);
	fd = connect_to(path);
	accepted = accept(listener.fd, NULL, NULL);
	assert_true(accepted != -1);
	close(accepted);
	close(fd);
	listeners_close(&listener, 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	close(told[0]);
	close(told[1]);
}

static void
a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct listener listener = fresh("api");
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	(void)state;
	assert_true(file != -1);
	close(file);
	assert_int_equal(listeners_open(&listener, 1), -1);
	listeners_close(&listener, 1);
	assert_int_equal(unlink(path), 0);
}

#define LOCK_TRIES 2000
#define LOCK_OWNERS 4

/* Take the lock and give it back again and again; both owners at once are counted. */
static void
lock_again_and_again(atomic_int *owners, atomic_int *clashes)
{
	int lock, null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(null, STDERR_FILENO);	/* each refusal is logged */
	for (int i = 0; i < LOCK_TRIES; i++) {
		if ((lock = unix_socket_lock(path)) == -1)
			continue;
		if (atomic_fetch_add(owners, 1) != 0)
			atomic_fetch_add(clashes, 1);
		sched_yield();
		atomic_fetch_sub(owners, 1);
		unix_socket_unlock(path, lock);
	}
	_exit(0);
}

static void
a_path_never_has_two_owners(void **state)
{
	atomic_int *shared = mmap(NULL, 2 * sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	(void)state;
	assert_ptr_not_equal(shared, MAP_FAILED);
	for (int i = 0; i < LOCK_OWNERS; i++)
		if (fork() == 0)
			lock_again_and_again(&shared[0], &shared[1]);
	for (int i = 0; i < LOCK_OWNERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(shared[1], 0);
	munmap(shared, 2 * sizeof(*shared));
}

static void
a_path_too_long_for_a_socket_is_refused(void **state)
{
	char long_path[200];
	struct listener listener = fresh("api");

	(void)state;
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	listener.path = long_path;
	assert_int_equal(listeners_open(&listener, 1), -1);
}

static void
a_folder_that_does_not_exist_is_refused(void **state)
{
	struct listener listener = fresh("api");

	(void)state;
	listener.path = "/nonexistent/a.sock";
	assert_int_equal(listeners_open(&listener, 1), -1);
}

/* The first descriptors are for those passed on: what stands there moves away, and nothing new gets there by itself. */
static int saved[2];

static int
descriptors_save(void **state)
{
	int null = fcntl(open("/dev/null", O_RDONLY | O_CLOEXEC), F_DUPFD_CLOEXEC, 30);

	(void)state;
	for (int i = 0; i < 2; i++) {
		saved[i] = fcntl(3 + i, F_DUPFD_CLOEXEC, 20);
		dup2(null, 3 + i);
	}
	close(null);
	return 0;
}

static int
descriptors_restore(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		close(3 + i);
		if (saved[i] != -1) {
			dup2(saved[i], 3 + i);
			close(saved[i]);
		}
	}
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return 0;
}

static void
what_is_passed_on_is_found_by_its_name(void **state)
{
	struct listener bound = fresh("waiting");
	struct listener passed[2] = { fresh("other"), fresh("waiting") };
	char other_path[80];
	int fd;

	(void)state;
	snprintf(other_path, sizeof(other_path), "%s/b.sock", dir);
	passed[0].path = other_path;
	assert_int_equal(listeners_open(&bound, 1), 0);
	listeners_pass(&bound, 1);
	assert_string_equal(getenv("LISTEN_FDNAMES"), "waiting");
	close(bound.fd);
	close(bound.lock_fd);

	assert_int_equal(listeners_open(passed, 2), 0);
	assert_int_equal(passed[1].fd, 3);
	assert_true(passed[0].fd != 3);
	fd = connect_to(path);
	assert_true(fd != -1);
	close(fd);
	/* Said once: a child that is started later must not take it for its own. */
	assert_null(getenv("LISTEN_PID"));
	listeners_close(passed, 2);
	assert_int_equal(access(path, F_OK), -1);
}

/* An exec may fail after all, and the program goes on with what it has. */
static void
what_was_not_passed_on_after_all_is_where_it_was(void **state)
{
	struct listener listeners[2] = { fresh("api"), fresh("waiting") };
	char other_path[80];
	int fd, accepted;

	(void)state;
	/* As in a program that has just begun: its own descriptors stand where the passed ones go. */
	close(3);
	close(4);
	snprintf(other_path, sizeof(other_path), "%s/b.sock", dir);
	listeners[1].path = other_path;
	assert_int_equal(listeners_open(listeners, 2), 0);
	listeners_pass(listeners, 2);
	listeners_take_back(2);

	assert_null(getenv("LISTEN_FDS"));
	assert_null(getenv("LISTEN_PID"));
	assert_int_equal(unix_socket_lock(path), -1);
	for (int i = 0; i < 2; i++) {
		fd = connect_to(listeners[i].path);
		accepted = accept(listeners[i].fd, NULL, NULL);
		assert_true(accepted != -1);
		assert_true((fcntl(listeners[i].fd, F_GETFD) & FD_CLOEXEC) != 0);
		close(accepted);
		close(fd);
	}
	listeners_close(listeners, 2);
}

static void
a_passed_number_that_is_no_descriptor_is_refused(void **state)
{
	struct listener listener = fresh("api");
	char pid[32];

	(void)state;
	close(3);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_FDNAMES", "api", 1);
	assert_int_equal(listeners_open(&listener, 1), -1);
	unsetenv("LISTEN_PID");
}

static void
what_was_passed_to_another_process_is_not_ours(void **state)
{
	struct listener listener = fresh("api");

	(void)state;
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_FDNAMES", "api", 1);
	assert_int_equal(listeners_open(&listener, 1), 0);
	assert_true(listener.lock_fd != -1);
	listeners_close(&listener, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_socket_is_ours_alone_and_gone_after_close),
		cmocka_unit_test(a_second_one_at_the_same_path_is_refused),
		cmocka_unit_test(a_path_where_a_stranger_answers_is_left_alone),
		cmocka_unit_test(a_socket_nobody_answers_any_more_is_replaced),
		cmocka_unit_test(a_socket_that_a_killed_owner_left_to_his_children_is_replaced),
		cmocka_unit_test(a_file_that_is_no_socket_is_left_alone),
		cmocka_unit_test(a_path_never_has_two_owners),
		cmocka_unit_test(a_path_too_long_for_a_socket_is_refused),
		cmocka_unit_test(a_folder_that_does_not_exist_is_refused),
		cmocka_unit_test_setup_teardown(what_is_passed_on_is_found_by_its_name, descriptors_save, descriptors_restore),
		cmocka_unit_test_setup_teardown(what_was_not_passed_on_after_all_is_where_it_was, descriptors_save,
		    descriptors_restore),
		cmocka_unit_test_setup_teardown(a_passed_number_that_is_no_descriptor_is_refused, descriptors_save,
		    descriptors_restore),
		cmocka_unit_test_setup_teardown(what_was_passed_to_another_process_is_not_ours, descriptors_save,
		    descriptors_restore),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
