/*
 * master.c - fork, watch, respawn, reload
 */
#include "master.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "limiter.h"
#include "listener.h"
#include "log.h"
#include "shared.h"
#include "token.h"
#include "worker.h"

#define MASTER_TICK_MS 100
#define MASTER_RESPAWN_MIN_MS 100
#define MASTER_RESPAWN_MAX_MS 5000
#define MASTER_STEADY_MS 1000		/* a worker that lived this long died of something else than its start */
#define MASTER_STOP_MS 30000
#define MASTER_READY_MS 10000		/* after a reload: wait this long for new workers before the old ones go */
#define MASTER_DRAIN "VALS_DRAIN"	/* pids of the workers a reload leaves behind */
#define MASTER_POOLS 2

struct child {
	pid_t pid;		/* 0 = none runs */
	int pool;
	int64_t started_ms;
	int64_t not_before_ms;	/* back-off */
	int64_t delay_ms;
};

struct master {
	char program[PATH_MAX];
	char **argv;
	struct listener listeners[MASTER_POOLS];
	struct shared *shared;
	struct limiter *limiter;
	struct child children[SHARED_WORKERS_MAX];
	int count;
	int signal_fd;
	int epoll_fd;
	pid_t old[SHARED_WORKERS_MAX];	/* workers of our former self */
	int old_count;
	int64_t old_since_ms;		/* when they became that */
	int64_t old_tell_ms;		/* when they are told to go, at first or again */
	bool is_stopping;
	bool is_reload_wanted;
	bool has_been_ready;
	int64_t stop_by_ms;
	int status;
};

static void
master_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGUSR1);
	sigaddset(signals, SIGCHLD);
}

/*
 * How many workers each pool has. There is room for all the settings allow, but perhaps
 * not for four on each core of a very large machine.
 */
static void
master_plan(struct master *master)
{
	long api = conf_int(CONF_api_workers);
	long waiting = conf_int(CONF_waiting_workers);

	if (api <= 0)
		api = 4 * sysconf(_SC_NPROCESSORS_ONLN);
	if (api + waiting > SHARED_WORKERS_MAX)
		api = SHARED_WORKERS_MAX - waiting;
	master->count = (int)(api + waiting);
	/* One stays free to tell the others that the rest is busy. */
	master->shared->waiters_max = (int)(waiting > 1 ? waiting - 1 : 1);
	for (int i = 0; i < master->count; i++)
		master->children[i].pool = i < api ? 0 : 1;
}

/* The pids a former self left in the environment, as far as these workers still live. */
static void
master_read_drain(struct master *master)
{
	const char *list = getenv(MASTER_DRAIN);
	int wait_status;
	char *end;

	for (; list != NULL && *list != '\0' && master->old_count < SHARED_WORKERS_MAX;
	     list = end + (*end == ',')) {
		long pid = strtol(list, &end, 10);

		if (end == list)
			break;
		if (pid > 0 && waitpid((pid_t)pid, &wait_status, WNOHANG) == 0)
			master->old[master->old_count++] = (pid_t)pid;
	}
	unsetenv(MASTER_DRAIN);
	master->old_since_ms = clock_ms();
	master->old_tell_ms = master->old_since_ms + MASTER_READY_MS;
}

/* In the child: forget the master's things and serve. */
static void
master_child(struct master *master, int index, pid_t parent)
{
	struct child *child = &master->children[index];
	int listener = master->listeners[child->pool].fd;
	int status;

	/* If the master is killed the workers must not keep answering on the old socket. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	close(master->signal_fd);
	close(master->epoll_fd);
	for (int i = 0; i < MASTER_POOLS; i++) {
		if (i != child->pool)
			close(master->listeners[i].fd);
		/* Or the lock would outlive the master's exec in his old workers. */
		if (master->listeners[i].lock_fd != -1)
			close(master->listeners[i].lock_fd);
	}
	status = worker_run(listener, master->limiter, master->shared, &master->shared->slots[index]);
	exit(status);
}

static void
master_spawn(struct master *master, int index)
{
	struct child *child = &master->children[index];
	struct shared_slot *slot = &master->shared->slots[index];
	pid_t parent = getpid();

	atomic_store(&slot->busy_since_ms, 0);
	atomic_store(&slot->is_ready, false);
	child->started_ms = clock_ms();
	child->pid = fork();
	if (child->pid == 0)
		master_child(master, index, parent);
	if (child->pid == -1) {
		log_error("master", "could not fork: %s", strerror(errno));
		child->pid = 0;
		child->not_before_ms = clock_ms() + MASTER_RESPAWN_MAX_MS;
		return;
	}
	atomic_store(&slot->pid, (int32_t)child->pid);
}

static void
master_spawn_due(struct master *master)
{
	int64_t now = clock_ms();

	for (int i = 0; i < master->count && !master->is_stopping; i++)
		if (master->children[i].pid == 0 && master->children[i].not_before_ms <= now)
			master_spawn(master, i);
}

static void
master_signal_children(const struct master *master, int sig)
{
	for (int i = 0; i < master->count; i++)
		if (master->children[i].pid != 0)
			kill(master->children[i].pid, sig);
}

static void
master_signal_old(const struct master *master, int sig)
{
	for (int i = 0; i < master->old_count; i++)
		kill(master->old[i], sig);
}

static void
master_signal_workers(const struct master *master, int sig)
{
	master_signal_children(master, sig);
	master_signal_old(master, sig);
}

static void
master_stop(struct master *master, int status)
{
	if (master->is_stopping) {
		master_signal_workers(master, SIGKILL);
		return;
	}
	master->is_stopping = true;
	master->status = status;
	master->stop_by_ms = clock_ms() + MASTER_STOP_MS;
	master_signal_workers(master, SIGTERM);
}

/* A worker has ended: decide when its place is filled again. */
static void
master_buried(struct master *master, int index, int wait_status)
{
	struct child *child = &master->children[index];
	bool was_clean = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
	bool was_steady = clock_ms() - child->started_ms >= MASTER_STEADY_MS;

	shared_places_forget(master->shared, (int32_t)child->pid);
	child->pid = 0;
	atomic_store(&master->shared->slots[index].pid, 0);
	if (master->is_stopping)
		return;
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == WORKER_EXIT_SCHEMA &&
	    !master->has_been_ready && master->old_count == 0) {
		log_error("master", "the database does not fit this program: run valsctl migrate");
		master_stop(master, WORKER_EXIT_SCHEMA);
		return;
	}
	if (was_clean || was_steady)
		child->delay_ms = 0;
	else
		child->delay_ms = child->delay_ms == 0 ? MASTER_RESPAWN_MIN_MS : child->delay_ms * 2;
	if (child->delay_ms > MASTER_RESPAWN_MAX_MS)
		child->delay_ms = MASTER_RESPAWN_MAX_MS;
	child->not_before_ms = clock_ms() + child->delay_ms;
	if (was_clean)
		return;
	atomic_fetch_add(&master->shared->worker_deaths, 1);
	log_warn("master", "worker %d died: status %d, signal %d; the next starts in %lld ms", index,
	    WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1,
	    WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0, (long long)child->delay_ms);
}

static void
master_reap(struct master *master)
{
	pid_t pid;
	int wait_status;

	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
		for (int i = 0; i < master->count; i++)
			if (master->children[i].pid == pid)
				master_buried(master, i, wait_status);
		for (int i = 0; i < master->old_count; i++)
			if (master->old[i] == pid)
				master->old[i--] = master->old[--master->old_count];
	}
}

static bool
master_all_ready(const struct master *master)
{
	for (int i = 0; i < master->count; i++)
		if (!atomic_load(&master->shared->slots[i].is_ready))
			return false;
	return true;
}

/* Once the new workers stand, the old ones may finish and go. */
static void
master_drain(struct master *master)
{
	bool is_ready = master_all_ready(master);

	if (is_ready && !master->has_been_ready) {
		master->has_been_ready = true;
		master->old_tell_ms = clock_ms();
		log_info("master", "%d workers are ready", master->count);
	}
	if (master->old_count > 0 && clock_ms() >= master->old_tell_ms) {
		master_signal_old(master, SIGTERM);
		master->old_tell_ms = clock_ms() + MASTER_STOP_MS;
	}
}

/* A worker busy for too long hangs in something no deadline of ours covers. */
static void
master_watchdog(struct master *master)
{
	int64_t limit_ms = conf_int(CONF_request_timeout) * 1000;

	for (int i = 0; i < master->count; i++) {
		int64_t since = atomic_load(&master->shared->slots[i].busy_since_ms);

		if (master->children[i].pid == 0 || since == 0 || clock_ms() - since < limit_ms)
			continue;
		log_error("master", "worker %d hangs, killed", i);
		kill(master->children[i].pid, SIGKILL);
	}
}

/* Whether a new self would get further than its settings. */
static bool
master_would_start(void)
{
	return token_keys_would_load(conf_text(CONF_jwt_keys_dir));
}

/* Become the program on disk as it is now, with the listeners and the workers' pids. Returns only if that failed. */
static void
master_reload(struct master *master)
{
	struct buf pids = { 0 };

	if (!conf_would_do(master_would_start) || access(master->program, X_OK) == -1) {
		log_error("master", "%s: not reloaded, the old settings stay", master->program);
		return;
	}
	log_info("master", "reloading");
	for (int i = 0; i < master->count; i++)
		if (master->children[i].pid != 0)
			buf_addf(&pids, "%ld,", (long)master->children[i].pid);
	for (int i = 0; i < master->old_count; i++)
		buf_addf(&pids, "%ld,", (long)master->old[i]);
	if (pids.len > 0)
		setenv(MASTER_DRAIN, pids.data, 1);
	buf_free(&pids);
	listeners_pass(master->listeners, MASTER_POOLS);
	execv(master->program, master->argv);
	log_error("master", "%s: not reloaded, could not execute: %s", master->program, strerror(errno));
	listeners_take_back(MASTER_POOLS);
	unsetenv(MASTER_DRAIN);
}

static void
master_read_signals(struct master *master)
{
	struct signalfd_siginfo info;

	while (read(master->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			master_reap(master);
			break;
		case SIGHUP:
			master->is_reload_wanted = true;
			break;
		case SIGTERM:
		case SIGINT:
			master_stop(master, 0);
			break;
		default:
			break;
		}
	}
}

/* Whether the last reload is through, but for old workers that take longer than a request may. */
static bool
master_is_settled(const struct master *master)
{
	int64_t patience_ms = conf_int(CONF_request_timeout) * 1000;

	return master->has_been_ready &&
	    (master->old_count == 0 || clock_ms() - master->old_since_ms >= patience_ms);
}

/*
 * A wanted reload waits for the last one: generations of workers that overlap would use up the
 * database's connections. Several wishes meanwhile are one.
 */
static void
master_reload_due(struct master *master)
{
	if (!master->is_reload_wanted || master->is_stopping || !master_is_settled(master))
		return;
	master->is_reload_wanted = false;
	master_reload(master);
}

/* Whether there are workers, those of our former self too: some of them may still be answering. */
static bool
master_has_workers(const struct master *master)
{
	for (int i = 0; i < master->count; i++)
		if (master->children[i].pid != 0)
			return true;
	return master->old_count > 0;
}

static void
master_loop(struct master *master)
{
	struct epoll_event event;

	for (;;) {
		master_spawn_due(master);
		epoll_wait(master->epoll_fd, &event, 1, MASTER_TICK_MS);
		master_read_signals(master);
		master_reap(master);
		master_drain(master);
		master_watchdog(master);
		master_reload_due(master);
		if (!master->is_stopping)
			continue;
		if (!master_has_workers(master))
			return;
		if (clock_ms() >= master->stop_by_ms)
			master_signal_workers(master, SIGKILL);
	}
}

static int
master_open(struct master *master)
{
	struct epoll_event event = { .events = EPOLLIN };
	ssize_t len = readlink("/proc/self/exe", master->program, sizeof(master->program) - 1);
	sigset_t signals;

	if (len <= 0)
		return -1;
	master->program[len] = '\0';
	master->listeners[0] =
	    (struct listener){ .name = "api", .path = conf_text(CONF_api_socket), .fd = -1, .lock_fd = -1 };
	master->listeners[1] = (struct listener){ .name = "waiting",
		.path = conf_text(CONF_waiting_socket),
		.fd = -1,
		.lock_fd = -1 };
	if (token_keys_load(conf_text(CONF_jwt_keys_dir)) == -1 ||
	    listeners_open(master->listeners, MASTER_POOLS) == -1)
		return -1;
	master_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	master->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	master->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (master->signal_fd == -1 || master->epoll_fd == -1 ||
	    epoll_ctl(master->epoll_fd, EPOLL_CTL_ADD, master->signal_fd, &event) == -1) {
		log_error("master", "could not watch signals: %s", strerror(errno));
		return -1;
	}
	return 0;
}

int
master_run(char **argv)
{
	static struct master master;	/* too large for the stack */

	master.argv = argv;
	master.signal_fd = master.epoll_fd = -1;
	if (master_open(&master) == -1) {
		listeners_close(master.listeners, MASTER_POOLS);
		return 1;
	}
	master.shared = shared_new();
	master.limiter = limiter_new();
	master_plan(&master);
	master_read_drain(&master);
	master_loop(&master);

	listeners_close(master.listeners, MASTER_POOLS);
	close(master.epoll_fd);
	close(master.signal_fd);
	limiter_free(&master.limiter);
	shared_free(&master.shared);
	log_info("master", "stopped");
	return master.status;
}
