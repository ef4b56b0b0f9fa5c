/*
 * loop.h - the event loop: timers, descriptors, signals, later
 *
 * The only user of libev, so that everything that waits is registered in one
 * place and the tests can drive time themselves. All callbacks run on the one thread, one
 * after the other; none may wait.
 */
#ifndef VALS_WS_LOOP_H
#define VALS_WS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

typedef void loop_callback(void *owner);

void loop_open(void);
void loop_close(void);

/* Run until loop_stop. */
void loop_run(void);
void loop_stop(void);

/* The libev loop itself, for the websocket library. */
void *loop_handle(void);

/* Now, on the monotonic clock, in milliseconds. */
int64_t loop_now(void);

/* A timer calls fire(owner) once when its time has come. */
struct loop_timer;

struct loop_timer *loop_timer_new(loop_callback *fire, void *owner);

/* Fire at this time of loop_now, replacing any earlier order. */
void loop_timer_set(struct loop_timer *timer, int64_t at_ms);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_is_set(const struct loop_timer *timer);
void loop_timer_free(struct loop_timer **timer);

/* A descriptor to watch; ready(owner, ...) says what it can do now. */
struct loop_io;
typedef void loop_io_callback(void *owner, bool can_read, bool can_write);

struct loop_io *loop_io_new(int fd, loop_io_callback *ready, void *owner);

/* What to wait for; neither is allowed. */
void loop_io_want(struct loop_io *io, bool read, bool write);
void loop_io_free(struct loop_io **io);

/* Call handle(owner) in the loop whenever the signal arrives. */
void loop_on_signal(int signal, loop_callback *handle, void *owner);

/*
 * Call back before the loop waits again, in the order asked for. This is how
 * things end that may still be on the stack.
 */
void loop_later(loop_callback *call, void *owner);

#endif
