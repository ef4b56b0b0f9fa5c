/*
 * main.c - vals-ws: live updates for browsers
 *
 * Puts the parts together, starts them, and stops them in order. Everything runs on
 * one event loop.
 */
#include <signal.h>
#include <stdlib.h>

#include "auth.h"
#include "client.h"
#include "clientevents.h"
#include "conf.h"
#include "crypto.h"
#include "feed.h"
#include "listener.h"
#include "log.h"
#include "loop.h"
#include "pgasync.h"
#include "presence.h"
#include "recovery.h"
#include "replay.h"
#include "server.h"
#include "session.h"
#include "standard_fds.h"
#include "status.h"
#include "token.h"

#define MAX_PAYLOAD 1000000	/* bytes of one message, as the reference server has it */
#define UPGRADE_TIMEOUT_MS 10000
#define STOP_SPREAD_MS 2000	/* over which sessions are ended */
#define STOP_FLUSH_MS 500	/* for the last replies and close frames */

static struct {
	struct listener *listener;
	struct pgasync *reads, *writes;
	struct loop_timer *last_call;
	int exit_status;
	bool is_stopping;
} program;

/* ---- stopping ---- */

static void
finish(void *owner)
{
	(void)owner;
	server_stop();
	session_stop();
	loop_stop();
}

static void
drained(void *owner)
{
	(void)owner;
	program.last_call = loop_timer_new(finish, NULL);
	loop_timer_set(program.last_call, loop_now() + (server_connections() > 0 ?
	    STOP_FLUSH_MS : 0));
}

/* Nobody new, then everybody who is here is told to come back elsewhere. */
static void
stop(void *owner)
{
	(void)owner;
	if (program.is_stopping)
		return;
	program.is_stopping = true;
	log_info("main", "stopping");
	listener_free(&program.listener);
	session_drain(STOP_SPREAD_MS, drained, NULL);
}

static void
stop_unfit(void *owner)
{
	(void)owner;
	log_error("main", "the database lacks a function of ours; is it migrated?");
	program.exit_status = EXIT_FAILURE;
	stop(NULL);
}

static void
reload(void *owner)
{
	(void)owner;
	if (conf_reload() == -1) {
		log_error("main", "the settings are not usable, the old ones stay");
		return;
	}
	server_set_origins(conf_text(CONF_allowed_origins));
	log_open("vals-ws", (enum log_level)log_level_parse(conf_text(CONF_log_level)));
	if (token_keys_load(conf_text(CONF_jwt_keys_dir)) == 0)
		log_info("main", "settings and keys read again");
}

/* ---- starting ---- */

static bool
is_ready(void)
{
	return feed_is_ready() && pgasync_is_ready(program.reads) &&
	    (recovery_is_ready() || conf_int(CONF_ws_recovery_ms) == 0);
}

static struct pgasync *
open_database(const char *name)
{
	return pgasync_new(&(struct pgasync_settings){
	    .url = conf_text(CONF_database_url), .role = "vals_ws", .name = name,
	    .is_prepared = conf_bool(CONF_database_prepared),
	    .timeout_ms = (int)conf_int(CONF_database_timeout_ms), .unfit = stop_unfit });
}

static void
start_recovery(void)
{
	long window_ms = conf_int(CONF_ws_recovery_ms);

	if (window_ms > 0)
		recovery_start(&(struct recovery_settings){ .pg = program.reads,
		    .node = (int)conf_int(CONF_ws_node), .window_ms = window_ms,
		    .lost = presence_lost, .is_reachable = presence_is_reachable });
	replay_start(&(struct replay_settings){ .pg = program.reads, .hears = presence_hears,
	    .caught_up = presence_caught_up, .lost = presence_cut_off });
}

/* Whoever is here, or was lately, has heard of events that never were. */
static void
start_afresh(void)
{
	presence_cut_off_all();
	recovery_forget_away();
	session_end_all(SESSION_END_AWAY);
}

static void
start_database(void)
{
	const char *direct = conf_text(CONF_database_listen_url);

	program.reads = open_database("vals-ws reads");
	program.writes = open_database("vals-ws writes");
	auth_start(program.reads);
	start_recovery();
	presence_start(program.reads, conf_int(CONF_ws_recovery_ms) > 0);
	clientevents_start(program.reads, program.writes);
	status_start(program.reads, (int)conf_int(CONF_ws_node));
	feed_start(&(struct feed_settings){
	    .url = *direct != '\0' ? direct : conf_text(CONF_database_url),
	    .timeout_ms = (int)conf_int(CONF_database_timeout_ms), .unfit = stop_unfit,
	    .went_back = start_afresh });
}

static int
start_serving(void)
{
	static const struct server_path paths[] = { { "/socket.io/", &client_handler }, { 0 } };
	size_t sessions = (size_t)conf_int(CONF_ws_max_connections);

	session_start(&(struct session_settings){
	    .limits = { conf_int(CONF_ws_ping_interval_ms), conf_int(CONF_ws_ping_timeout_ms),
	        MAX_PAYLOAD },
	    .upgrade_timeout_ms = UPGRADE_TIMEOUT_MS,
	    .queue_bytes = (size_t)conf_int(CONF_ws_queue_bytes),
	    .queue_frames = (size_t)conf_int(CONF_ws_queue_messages),
	    .max_sessions = sessions,
	    .max_per_address = (size_t)conf_int(CONF_ws_max_per_address),
	    .node = (int)conf_int(CONF_ws_node) });
	client_start(&presence_app);
	/* A polling session has a GET and a POST open at once, and a probe for a moment. */
	if (server_start(&(struct server_settings){ .paths = paths,
	    .allowed_origins = conf_text(CONF_allowed_origins), .cookie = "vals_ws",
	    .max_payload = MAX_PAYLOAD, .max_connections = sessions * 2 + 64,
	    .is_ready = is_ready }) == -1)
		return -1;
	program.listener = listener_new(conf_text(CONF_ws_socket), conf_text(CONF_socket_group),
	    server_take);
	return program.listener != NULL ? 0 : -1;
}

static void
start_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	loop_on_signal(SIGTERM, stop, NULL);
	loop_on_signal(SIGINT, stop, NULL);
	loop_on_signal(SIGHUP, reload, NULL);
}

int
main(int argc, char **argv)
{
	standard_fds_hold();
	if (conf_load("vals-ws", &argc, argv) == -1)
		return EXIT_FAILURE;
	log_open("vals-ws", (enum log_level)log_level_parse(conf_text(CONF_log_level)));
	crypto_init();
	if (token_keys_load(conf_text(CONF_jwt_keys_dir)) == -1)
		return EXIT_FAILURE;
	loop_open();
	start_signals();
	if (start_serving() == -1)
		return EXIT_FAILURE;
	start_database();
	log_info("main", "listening on %s", conf_text(CONF_ws_socket));
	loop_run();
	presence_stop();
	status_stop();
	replay_stop();
	feed_stop();
	pgasync_free(&program.reads);
	pgasync_free(&program.writes);
	recovery_stop();
	loop_timer_free(&program.last_call);
	loop_close();
	log_info("main", "stopped");
	return program.exit_status;
}
