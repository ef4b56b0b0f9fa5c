/*
 * cluster.h - a private PostgreSQL server for one test program
 *
 * Lives in a fresh folder under /tmp, listens only on a unix socket there and
 * dies with the program. Started by root it runs as the user postgres.
 */
#ifndef VALS_TEST_CLUSTER_H
#define VALS_TEST_CLUSTER_H

#include <sys/types.h>

#define CLUSTER_SKIP 77	/* automake's exit code for a test that cannot run here */

/* Whether the server's programs are installed. */
int cluster_is_possible(void);

/* Make the cluster and start it; ends the program when that fails. */
void cluster_create(void);

/* Stop it and remove the folder. */
void cluster_destroy(void);

void cluster_start(void);
void cluster_stop(void);

/* The postmaster. */
pid_t cluster_pid(void);

/* Connection url of the superuser's database, without a user. */
const char *cluster_url(void);

/* The folder; it is writable for the test. */
const char *cluster_dir(void);

#endif
