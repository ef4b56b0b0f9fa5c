/*
 * status.c - system-status for clients, counters for the operator
 *
 * One system-status is kept for all; it is asked for again when an event touched it, when
 * somebody wants it and it is older than a second, and every few seconds because
 * Kevin's hours change it without any event.
 */
#include "status.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "client.h"
#include "events.h"
#include "feed.h"
#include "frame.h"
#include "log.h"
#include "loop.h"
#include "message.h"
#include "metrics.h"
#include "pgasync.h"
#include "room.h"
#include "server.h"
#include "session.h"
#include "xalloc.h"

#define STATUS_FRESH_MS 1000	/* also the shortest time between two broadcasts */
#define STATUS_REPORT_MS 5000
#define STATUS_LOAD_STEP 0.05	/* a change of load worth telling everybody */
#define STATUS_ROOM_WAITING "@status"	/* those who wait for a fresh one */

static struct {
	struct pgasync *pg;
	struct loop_timer *refresh, *report;
	int node;
	bool is_asking;
	int64_t asked_at;
	char *facts;		/* what the database said last, or NULL */
	char *told;		/* what everybody was told last */
	double told_load;
} status;

/* The one-minute load as a share of the cores, at most 1. */
static double
status_load(void)
{
	double load[1];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (getloadavg(load, 1) != 1 || cores < 1)
		return 0;
	load[0] /= (double)cores;
	return load[0] < 1 ? load[0] : 1;
}

/* The event with the facts and this load; the facts are an object of the database. */
static struct frame *
status_frame(double load)
{
	const char *end = strrchr(status.facts, '}');
	struct buf args = { 0 };
	struct frame *frame;

	buf_add(&args, status.facts, (size_t)(end - status.facts));
	/* All who hear it were sent everything up to here, and come back to it. */
	buf_addf(&args, ",\"systemLoad\":%.2f},\"%" PRId64 "\"", load, feed_last());
	frame = message_event("/", "system-status", args.data, args.len);
	buf_free(&args);
	return frame;
}

static void
status_broadcast(const char *room)
{
	double load = status_load();
	struct frame *frame = status_frame(load);

	room_send(&room, 1, &frame, 1);
	frame_free(&frame);
}

/* Tell everybody if it is news. */
static void
status_tell(void)
{
	double load = status_load();
	double change = load > status.told_load ? load - status.told_load :
	    status.told_load - load;

	if (status.told != NULL && strcmp(status.told, status.facts) == 0 &&
	    change < STATUS_LOAD_STEP)
		return;
	free(status.told);
	status.told = xstrdup(status.facts);
	status.told_load = load;
	status_broadcast(ROOM_STAFF);
}

/* Those who waited get what there is, old or new. */
static void
status_answer_waiting(void)
{
	struct socket *socket;

	if (status.facts != NULL)
		status_broadcast(STATUS_ROOM_WAITING);
	while ((socket = room_any(STATUS_ROOM_WAITING)) != NULL)
		room_leave(socket, STATUS_ROOM_WAITING);
}

static void
status_answered(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	const char *facts;

	(void)owner;
	status.is_asking = false;
	if (outcome == PGASYNC_REFUSED)
		log_error("status", "could not ask: %s", pgasync_message(result));
	facts = outcome == PGASYNC_OK && pgasync_rows(result) == 1 ?
	    pgasync_value(result, 0, 0) : NULL;
	if (facts != NULL && facts[0] == '{' && strchr(facts, '}') != NULL) {
		free(status.facts);
		status.facts = xstrdup(facts);
		status_answer_waiting();
		status_tell();
	} else {
		status_answer_waiting();
	}
}

static void
status_ask(void *owner)
{
	(void)owner;
	loop_timer_set(status.refresh, loop_now() + STATUS_REPORT_MS);
	if (status.is_asking)
		return;
	status.is_asking = true;
	status.asked_at = loop_now();
	pgasync_call(status.pg, STMT_system_status, NULL, status_answered, NULL);
}

void
status_send(struct socket *socket)
{
	struct frame *frame;

	if (status.facts != NULL && loop_now() - status.asked_at < STATUS_FRESH_MS) {
		frame = status_frame(status_load());
		socket_send(socket, &frame, 1);
		frame_free(&frame);
		return;
	}
	room_join(socket, STATUS_ROOM_WAITING);
	status_ask(NULL);
}

void
status_touch(void)
{
	int64_t at = status.asked_at + STATUS_FRESH_MS;

	if (at > loop_now())
		loop_timer_set(status.refresh, at);
	else
		status_ask(NULL);
}

static void
status_add(struct buf *json, const char *name, uint64_t value)
{
	buf_addf(json, "%s\"%s\":%" PRIu64, json->len > 1 ? "," : "", name, value);
}

static void
status_add_counters(struct buf *json)
{
	status_add(json, "sessionsPolling", (uint64_t)metrics.sessions_polling);
	status_add(json, "sessionsWebsocket", (uint64_t)metrics.sessions_websocket);
	status_add(json, "sockets", (uint64_t)metrics.sockets);
	status_add(json, "connections", server_connections());
	status_add(json, "queuedBytes", session_queued_bytes());
	status_add(json, "sessionsOpened", metrics.sessions_opened);
	status_add(json, "sessionsRefused", metrics.sessions_refused);
	status_add(json, "upgrades", metrics.upgrades);
	status_add(json, "messagesSent", metrics.messages_sent);
	status_add(json, "messagesReceived", metrics.messages_received);
	status_add(json, "queueDrops", metrics.queue_drops);
	status_add(json, "pingTimeouts", metrics.ping_timeouts);
	status_add(json, "protocolErrors", metrics.protocol_errors);
	status_add(json, "connectsRefused", metrics.connects_refused);
	status_add(json, "expired", metrics.expired);
	status_add(json, "revoked", metrics.revoked);
	status_add(json, "eventsRead", metrics.events_read);
	status_add(json, "eventsNumbered", metrics.events_numbered);
	status_add(json, "feedReconnects", metrics.feed_reconnects);
	status_add(json, "recoveries", metrics.recoveries);
	status_add(json, "recoveriesRefused", metrics.recoveries_refused);
	status_add(json, "socketsFenced", metrics.sockets_fenced);
	status_add(json, "eventsReplayed", metrics.events_replayed);
	status_add(json, "lastSeq", (uint64_t)metrics.last_seq);
	status_add(json, "eventLagMs", (uint64_t)metrics.event_lag_ms);
	status_add(json, "pid", (uint64_t)getpid());
	buf_addf(json, ",\"isRelay\":%s", feed_is_relay() ? "true" : "false");
}

static void
status_reported(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	(void)owner;
	if (outcome == PGASYNC_REFUSED)
		log_error("status", "could not report: %s", pgasync_message(result));
}

static void
status_report(void *owner)
{
	struct buf json = { 0 };
	char program[32];

	(void)owner;
	loop_timer_set(status.report, loop_now() + STATUS_REPORT_MS);
	if (!pgasync_is_ready(status.pg))
		return;
	snprintf(program, sizeof(program), "vals-ws-%d", status.node);
	buf_addc(&json, '{');
	status_add_counters(&json);
	buf_addc(&json, '}');
	pgasync_call(status.pg, STMT_status_put, (const char *[]){ program, json.data },
	    status_reported, NULL);
	metrics.event_lag_ms = 0;
	buf_free(&json);
}

void
status_start(struct pgasync *pg, int node)
{
	status.pg = pg;
	status.node = node;
	status.refresh = loop_timer_new(status_ask, NULL);
	status.report = loop_timer_new(status_report, NULL);
	loop_timer_set(status.refresh, loop_now() + STATUS_FRESH_MS);
	loop_timer_set(status.report, loop_now() + STATUS_FRESH_MS);
}

void
status_stop(void)
{
	loop_timer_free(&status.refresh);
	loop_timer_free(&status.report);
	free(status.facts);
	free(status.told);
	memset(&status, 0, sizeof(status));
}
