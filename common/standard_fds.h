/*
 * standard_fds.h - standard input, output and error are never another file
 */
#ifndef VALS_STANDARD_FDS_H
#define VALS_STANDARD_FDS_H

/*
 * Open those of the three that are closed, on /dev/null. A program calls it before anything else: else its next
 * file or socket would stand there, and lines meant for people would go into it.
 */
void standard_fds_hold(void);

#endif
