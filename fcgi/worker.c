/*
 * worker.c - the accept loop
 *
 * Signals come by signalfd and are looked at first: when the listener is always readable, a
 * signal delivered the usual way may never be. The listener is non-blocking and watched
 * under EPOLLEXCLUSIVE, so that one request wakes one worker. libfcgi never sees a signal, so it never throws
 * an accepted connection away.
 *
 * Nobody else is woken for the request of a worker that goes instead of accepting it. So a worker told to stop
 * accepts once more before it goes, and all look after the listener at each tick: one of them may have been
 * killed on its way.
 */
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "conf.h"
#include "dispatch.h"
#include "fcgx.h"
#include "log.h"
#include "shared.h"
#include "stmts.h"

#define WORKER_TICK_MS 1000
#define WORKER_PAUSE_MS 10	/* out of descriptors: let others close some */
#define WORKER_ARENA_BLOCK 65536

struct worker {
	struct arena *arena;
	struct worker_tools tools;
	struct buf out;
	struct buf headers;
	int epoll_fd;
	int signal_fd;
	uint64_t requests_max;	/* 0 = serve for ever */
};

static int
worker_watch(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int
worker_open(struct worker *worker, int listener)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	worker->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (worker->signal_fd == -1 || worker->epoll_fd == -1 ||
	    worker_watch(worker->epoll_fd, worker->signal_fd, EPOLLIN) == -1 ||
	    worker_watch(worker->epoll_fd, listener, EPOLLIN | EPOLLEXCLUSIVE) == -1) {
		log_error("worker", "could not watch the listener: %s", strerror(errno));
		return -1;
	}
	return 0;
}

/* Not all workers leave together: a tenth more or less. */
static uint64_t
worker_requests_max(void)
{
	long max = conf_int(CONF_worker_max_requests);

	if (max <= 0)
		return 0;
	return (uint64_t)(max - max / 10) + clock_jitter((uint32_t)(max / 5) + 1);
}

/*
 * Reading a request's head is work as answering it: a peer which stops in the middle would keep the worker for ever.
 * Only who was called takes one for busy: the others look in vain, as a rule.
 */
static enum fcgx_accept
worker_accept(struct worker *worker, bool is_called)
{
	enum fcgx_accept accepted;

	if (is_called)
		atomic_store(&worker->tools.slot->busy_since_ms, clock_ms());
	accepted = fcgx_accept(worker->tools.fcgx);
	if (accepted != FCGX_ACCEPTED)
		atomic_store(&worker->tools.slot->busy_since_ms, 0);
	return accepted;
}

/* Whether a stop signal is among what woke us. A reload is the master's business, not ours. */
static bool
worker_is_told_to_stop(const struct worker *worker, const struct epoll_event *events, int count)
{
	struct signalfd_siginfo info;

	for (int i = 0; i < count; i++) {
		if (events[i].data.fd != worker->signal_fd)
			continue;
		while (read(worker->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
			if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
				return true;
	}
	return false;
}

static void
worker_serve_one(struct worker *worker)
{
	struct shared_slot *slot = worker->tools.slot;

	atomic_store(&slot->busy_since_ms, clock_ms());
	dispatch(worker->arena, &worker->tools);
	arena_reset(worker->arena);
	atomic_fetch_add(&slot->requests, 1);
	atomic_store(&slot->busy_since_ms, 0);
}

/* Returns the exit status: 1 when the listener is of no use. */
static int
worker_loop(struct worker *worker)
{
	struct epoll_event events[2];
	uint64_t served = 0;
	bool is_leaving = false;

	while (!is_leaving && (worker->requests_max == 0 || served < worker->requests_max)) {
		int count = epoll_wait(worker->epoll_fd, events, 2, WORKER_TICK_MS);

		is_leaving = worker_is_told_to_stop(worker, events, count);
		switch (worker_accept(worker, count > 0)) {
		case FCGX_ACCEPTED:
			worker_serve_one(worker);
			served++;
			break;
		case FCGX_NOBODY:
			break;
		case FCGX_FULL:
			clock_sleep_ms(WORKER_PAUSE_MS);
			break;
		case FCGX_BROKEN:
			log_error("worker", "could not accept: %s", strerror(errno));
			return 1;
		}
	}
	return 0;
}

/* Where heavy reads go; NULL if there is no such place. Nothing is opened before the first of them. */
static struct db *
worker_replica(void)
{
	const char *url = conf_text(CONF_database_read_url);
	struct db *db;

	if (*url == '\0')
		return NULL;
	db = db_new(url, "vals_api", "vals-api replica", conf_bool(CONF_database_prepared),
	    (int)conf_int(CONF_database_timeout_ms));
	db_accept_standby(db);
	return db;
}

int
worker_run(int listener, struct limiter *limiter, struct shared *shared, struct shared_slot *slot)
{
	struct worker worker = { .requests_max = worker_requests_max() };
	int status = 0;

	worker.tools = (struct worker_tools){
		.db = db_new(conf_text(CONF_database_url), "vals_api", "vals-api",
		    conf_bool(CONF_database_prepared), (int)conf_int(CONF_database_timeout_ms)),
		.replica = worker_replica(),
		.fcgx = fcgx_new(listener),
		.limiter = limiter,
		.shared = shared,
		.slot = slot,
		.out = &worker.out,
		.headers = &worker.headers,
	};
	worker.arena = arena_new(WORKER_ARENA_BLOCK);
	if (worker_open(&worker, listener) == -1) {
		status = 1;
	} else if (db_prepare_all(worker.tools.db, stmts, STMT__MAX) == DB_REFUSED) {
		/* A database that is away will come back; one without our functions will not. */
		status = WORKER_EXIT_SCHEMA;
	} else {
		atomic_store(&slot->is_ready, true);
		status = worker_loop(&worker);
	}

	close(worker.epoll_fd);
	close(worker.signal_fd);
	fcgx_free(&worker.tools.fcgx);
	db_free(&worker.tools.db);
	db_free(&worker.tools.replica);
	arena_free(&worker.arena);
	buf_free(&worker.out);
	buf_free(&worker.headers);
	return status;
}
