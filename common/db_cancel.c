/*
 * db_cancel.c - asking the server to stop, in a thread of its own
 */
#include "db_private.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "log.h"

#define DB_CANCELS_MAX 4	/* cancel threads at once; a dead host holds them for a while */

static atomic_int cancels_running;

/* PQcancel connects and waits without a limit of its own (trap of every libpq before 17). */
static void *
db_cancel_run(void *arg)
{
	PGcancel *cancel = arg;
	char reason[256];

	if (PQcancel(cancel, reason, sizeof(reason)) == 0)
		log_warn("db_cancel", "could not cancel a statement: %s", reason);
	PQfreeCancel(cancel);
	atomic_fetch_sub(&cancels_running, 1);
	return NULL;
}

/* The thread must not take signals which are meant for the program. */
static int
db_cancel_spawn(PGcancel *cancel)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int problem;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	problem = pthread_create(&thread, &attr, db_cancel_run, cancel);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return problem;
}

void
db_cancel(PGconn *conn)
{
	PGcancel *cancel = NULL;
	int problem = EAGAIN;

	if (atomic_fetch_add(&cancels_running, 1) < DB_CANCELS_MAX) {
		cancel = PQgetCancel(conn);
		if (cancel != NULL)
			problem = db_cancel_spawn(cancel);
	}
	if (problem != 0) {
		log_warn("db_cancel", "could not start a cancel: %s", strerror(problem));
		PQfreeCancel(cancel);
		atomic_fetch_sub(&cancels_running, 1);
	}
}
