/*
 * failpoint.h - places where a test may have the process die
 *
 * Only programs configured with --enable-failpoints know them; elsewhere FAILPOINT is nothing.
 * The environment chooses one: VALS_FAILPOINT=NAME or NAME:N has the process kill itself at its
 * Nth pass (the first without N), with SIGKILL, so that nothing is tidied up. With
 * VALS_FAILPOINT_ONCE=FILE the death makes FILE, and nobody dies while FILE exists: whoever
 * starts the program again with the same environment sees it live.
 */
#ifndef VALS_FAILPOINT_H
#define VALS_FAILPOINT_H

#ifdef ENABLE_FAILPOINTS
#define FAILPOINT(name) failpoint_pass(name)
#else
#define FAILPOINT(name) ((void)0)
#endif

/* Pass the place of this name. */
void failpoint_pass(const char *name);

#endif
