/*
 * progress.h - how far a long command is
 *
 * On a terminal one line of standard error is a bar that moves; elsewhere a line is printed for each tenth. Of what
 * has no known end a line is printed whenever a good deal more was done.
 */
#ifndef VALS_CTL_PROGRESS_H
#define VALS_CTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	const char *unit;	/* what is counted, for people */
	size_t bytes_total;	/* 0 = not known */
	bool is_bar;
	int64_t next_ms;	/* when the bar moves again */
	size_t told;		/* tenths, or multiples of PROGRESS_STEP */
};

void progress_begin(struct progress *progress, const char *unit, size_t bytes_total);

/* So much was read and counted by now. */
void progress_set(struct progress *progress, size_t bytes, size_t count);

/* Take the bar away, so that something else can be printed. */
void progress_hide(const struct progress *progress);

#endif
