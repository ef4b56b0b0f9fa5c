/*
 * listener.h - the sockets nginx connects to
 */
#ifndef VALS_LISTENER_H
#define VALS_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

struct listener {
	const char *name;	/* as in LISTEN_FDNAMES */
	const char *path;
	int fd;
	int lock_fd;		/* held while we own the path; -1 if it was passed to us */
};

/*
 * Take the listeners from our parent (LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID: systemd's or our own
 * former self) or bind them. A path where somebody answers is refused.
 * Returns 0, or -1 with the reason logged.
 */
int listeners_open(struct listener *listeners, size_t count);

#define LISTENERS_MAX 8

/*
 * Put them where an exec'd successor looks for them, and say so in the environment; one to LISTENERS_MAX. What
 * stood there is out of reach until listeners_take_back, for when the exec failed.
 */
void listeners_pass(const struct listener *listeners, size_t count);
void listeners_take_back(size_t count);

/* Close them; unlinks what we bound. */
void listeners_close(struct listener *listeners, size_t count);

#endif
