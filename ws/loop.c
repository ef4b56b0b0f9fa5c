/*
 * loop.c - the event loop: timers, descriptors, signals, later
 *
 * A thin coat over libev. The websocket library runs on the same loop as a guest.
 */
#include "loop.h"

#include <ev.h>
#include <stdlib.h>

#include "clock.h"
#include "xalloc.h"

struct loop_timer {
	ev_timer watcher;
	loop_callback *fire;
	void *owner;
};

struct loop_io {
	ev_io watcher;
	loop_io_callback *ready;
	void *owner;
};

struct loop_signal {
	ev_signal watcher;
	loop_callback *handle;
	void *owner;
	struct loop_signal *next;
};

struct loop_call {
	loop_callback *call;
	void *owner;
	struct loop_call *next;
};

static struct ev_loop *loop;
static struct loop_signal *loop_signals;
static struct loop_call *loop_calls;
static struct loop_call **loop_calls_end = &loop_calls;
static ev_prepare loop_prepare;

/* Calls may order further calls: they run in the same turn. */
static void
loop_run_calls(struct ev_loop *running, ev_prepare *watcher, int events)
{
	struct loop_call *call;

	(void)running;
	(void)watcher;
	(void)events;
	while ((call = loop_calls) != NULL) {
		loop_calls = call->next;
		if (loop_calls == NULL)
			loop_calls_end = &loop_calls;
		call->call(call->owner);
		free(call);
	}
}

void
loop_open(void)
{
	loop = ev_loop_new(EVFLAG_AUTO);
	if (loop == NULL)
		abort();
	ev_prepare_init(&loop_prepare, loop_run_calls);
	ev_prepare_start(loop, &loop_prepare);
}

void
loop_close(void)
{
	struct loop_signal *watch;

	loop_run_calls(loop, &loop_prepare, 0);
	while ((watch = loop_signals) != NULL) {
		loop_signals = watch->next;
		ev_signal_stop(loop, &watch->watcher);
		free(watch);
	}
	ev_prepare_stop(loop, &loop_prepare);
	ev_loop_destroy(loop);
	loop = NULL;
}

void
loop_run(void)
{
	ev_run(loop, 0);
}

void
loop_stop(void)
{
	ev_break(loop, EVBREAK_ALL);
}

void *
loop_handle(void)
{
	return loop;
}

int64_t
loop_now(void)
{
	return clock_ms();
}

static void
loop_timer_fire(struct ev_loop *running, ev_timer *watcher, int events)
{
	struct loop_timer *timer = watcher->data;

	(void)running;
	(void)events;
	timer->fire(timer->owner);
}

struct loop_timer *
loop_timer_new(loop_callback *fire, void *owner)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));

	timer->fire = fire;
	timer->owner = owner;
	ev_timer_init(&timer->watcher, loop_timer_fire, 0, 0);
	timer->watcher.data = timer;
	return timer;
}

/*
 * libev counts from the time it saw when the turn began, which may lie a little back: without a
 * new look timers would fire early after a long turn. Not by the difference to ev_time, which is the wall
 * clock: when that is set forward in the meantime, the timer would be late by as much.
 */
void
loop_timer_set(struct loop_timer *timer, int64_t at_ms)
{
	double after = (double)(at_ms - loop_now()) / 1000;

	ev_now_update(loop);
	ev_timer_stop(loop, &timer->watcher);
	ev_timer_set(&timer->watcher, after > 0 ? after : 0, 0);
	ev_timer_start(loop, &timer->watcher);
}

void
loop_timer_stop(struct loop_timer *timer)
{
	ev_timer_stop(loop, &timer->watcher);
}

bool
loop_timer_is_set(const struct loop_timer *timer)
{
	return ev_is_active(&timer->watcher);
}

void
loop_timer_free(struct loop_timer **timer)
{
	if (*timer == NULL)
		return;
	ev_timer_stop(loop, &(*timer)->watcher);
	free(*timer);
	*timer = NULL;
}

static void
loop_io_fire(struct ev_loop *running, ev_io *watcher, int events)
{
	struct loop_io *io = watcher->data;

	(void)running;
	io->ready(io->owner, (events & EV_READ) != 0, (events & EV_WRITE) != 0);
}

struct loop_io *
loop_io_new(int fd, loop_io_callback *ready, void *owner)
{
	struct loop_io *io = xcalloc(1, sizeof(*io));

	io->ready = ready;
	io->owner = owner;
	ev_io_init(&io->watcher, loop_io_fire, fd, 0);
	io->watcher.data = io;
	return io;
}

void
loop_io_want(struct loop_io *io, bool read, bool write)
{
	int events = (read ? EV_READ : 0) | (write ? EV_WRITE : 0);

	if (ev_is_active(&io->watcher) && (io->watcher.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(loop, &io->watcher);
	ev_io_set(&io->watcher, io->watcher.fd, events);
	if (events != 0)
		ev_io_start(loop, &io->watcher);
}

void
loop_io_free(struct loop_io **io)
{
	if (*io == NULL)
		return;
	ev_io_stop(loop, &(*io)->watcher);
	free(*io);
	*io = NULL;
}

static void
loop_signal_fire(struct ev_loop *running, ev_signal *watcher, int events)
{
	struct loop_signal *watch = watcher->data;

	(void)running;
	(void)events;
	watch->handle(watch->owner);
}

void
loop_on_signal(int signal, loop_callback *handle, void *owner)
{
	struct loop_signal *watch = xcalloc(1, sizeof(*watch));

	watch->handle = handle;
	watch->owner = owner;
	ev_signal_init(&watch->watcher, loop_signal_fire, signal);
	watch->watcher.data = watch;
	watch->next = loop_signals;
	loop_signals = watch;
	ev_signal_start(loop, &watch->watcher);
}

void
loop_later(loop_callback *call, void *owner)
{
	struct loop_call *entry = xcalloc(1, sizeof(*entry));

	entry->call = call;
	entry->owner = owner;
	*loop_calls_end = entry;
	loop_calls_end = &entry->next;
}
