/*
 * sched_nice.h - a nice value that counts between services
 *
 * Linux shares the processor between sessions first (kernel.sched_autogroup_enabled), and nice only orders the
 * processes within one; each service is a session of its own.
 */
#ifndef VALS_SCHED_NICE_H
#define VALS_SCHED_NICE_H

/*
 * Give the session we lead the nice value we have, if that is above 0. Does nothing in a session that others lead, and
 * where the kernel makes no such groups; a failure is logged and costs no more than the order of things.
 */
void sched_nice_adopt(void);

#endif
