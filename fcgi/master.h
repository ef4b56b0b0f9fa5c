/*
 * master.h - the prefork master: keeps two pools of workers alive
 *
 * SIGTERM or SIGINT: stop accepting, let requests finish, exit (a second one hurries).
 * SIGHUP: reload, which is also restart and upgrade: execute the program anew with
 * the listeners passed on; the new workers take over before the old ones are told to go. No request is lost.
 */
#ifndef VALS_MASTER_H
#define VALS_MASTER_H

/*
 * Run until stopped; argv is the program's own, for the reload. Returns the exit status.
 */
int master_run(char **argv);

#endif
