/*
 * main.c - vals-api: settings in, master out
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "conf.h"
#include "crypto.h"
#include "log.h"
#include "master.h"
#include "routes.h"
#include "sched_nice.h"
#include "standard_fds.h"
#include "webhook_keys.h"

/* Without a good key nothing the provider says is believed. */
static void
main_check_keys(void)
{
	const char *problem = webhook_keys_problem(conf_text(CONF_telnyx_public_key));

	if (problem != NULL)
		log_error("start", "telnyx_public_key %s: every event of the provider is refused", problem);
}

int
main(int argc, char **argv)
{
	char **own_argv = conf_copy_arguments(argc, argv);
	int status;

	standard_fds_hold();
	/* For the tests; it must not depend on good settings. */
	if (argc == 2 && strcmp(argv[1], "--routes") == 0) {
		free(own_argv);
		routes_print(stdout);
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	log_open("vals-api", LOG_LEVEL_INFO);
	crypto_init();
	if (conf_load("vals-api", &argc, argv) == -1)
		return EXIT_FAILURE;
	log_open("vals-api", (enum log_level)log_level_parse(conf_text(CONF_log_level)));
	main_check_keys();
	sched_nice_adopt();
	/* Secrets are in memory: no core dumps, no ptrace by others. */
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
	status = master_run(own_argv);
	free(own_argv);
	return status;
}
