/*
 * progress.c - how far a long command is
 */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define PROGRESS_WIDTH 40
#define PROGRESS_EVERY_MS 100
#define PROGRESS_STEP 100000	/* of what has no known end */

void
progress_begin(struct progress *progress, const char *unit, size_t bytes_total)
{
	*progress = (struct progress){
		.unit = unit,
		.bytes_total = bytes_total,
		.is_bar = isatty(STDERR_FILENO) == 1,
	};
}

static void
progress_draw(const struct progress *progress, size_t percent, size_t count)
{
	static const char full[PROGRESS_WIDTH + 1] = "########################################";

	if (progress->bytes_total == 0)
		fprintf(stderr, "\r%zu %s", count, progress->unit);
	else
		fprintf(stderr, "\r[%-*.*s] %3zu %% %zu %s", PROGRESS_WIDTH, (int)(percent * PROGRESS_WIDTH / 100),
		    full, percent, count, progress->unit);
	fflush(stderr);
}

void
progress_set(struct progress *progress, size_t bytes, size_t count)
{
	bool has_end = progress->bytes_total > 0;
	/* A file that grows meanwhile is never past its end. */
	size_t percent = !has_end || bytes < progress->bytes_total
	    ? (size_t)((double)bytes / (double)(has_end ? progress->bytes_total : 1) * 100)
	    : 100;
	size_t told = has_end ? percent / 10 : count / PROGRESS_STEP;

	if (progress->is_bar) {
		if (clock_ms() < progress->next_ms && percent < 100)
			return;
		progress->next_ms = clock_ms() + PROGRESS_EVERY_MS;
		progress_draw(progress, percent, count);
	} else if (told > progress->told) {
		progress->told = told;
		if (has_end)
			fprintf(stderr, "%zu %%, %zu %s\n", told * 10, count, progress->unit);
		else
			fprintf(stderr, "%zu %s\n", count, progress->unit);
	}
}

void
progress_hide(const struct progress *progress)
{
	if (progress->is_bar)
		fputs("\r\033[K", stderr);
}
