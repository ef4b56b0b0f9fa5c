/*
 * recovery.c - sockets that come back
 *
 * The row is written when a socket comes in, when its rooms change and when its
 * connection ends; nothing is written per event, because the offset travels with the client.
 * A daemon that is killed writes nothing any more: its sockets are known to be away
 * from when its own row stopped to beat. Ends are gathered and told together, since they
 * come in crowds; a client's leave is told at once, before it can come back.
 *
 * All calls go over one connection, so the database sees them in the order of their making.
 */
#include "recovery.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "crypto.h"
#include "json.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "xalloc.h"

#define RECOVERY_BEAT_MS 5000
#define RECOVERY_LEAVE_MS 50	/* for which ends are gathered */
#define RECOVERY_RETRY_MS 1000
#define RECOVERY_LEAVE_MAX 1000	/* ends told with one call */
#define RECOVERY_WAIT_MS 50	/* for the first connection to the database */
#define RECOVERY_BUCKETS 4096
#define RECOVERY_INSTANCE_SIZE 33	/* 32 hex digits, which the database reads as a uuid */

struct recovery {
	char hash[TOKEN_HASH_HEX_SIZE];	/* of the pid */
	int64_t epoch;		/* 0 while, or since, the row is not ours */
	recovery_done *done;	/* NULL once answered */
	void *owner;
	struct recovery_room *rooms;
	size_t room_count;
	bool is_dropped;	/* its owner went away before the answer came */
	bool is_final;		/* while waiting to be told as gone */
	struct recovery *next, **back;	/* in its bucket, or in the line of those gone */
};

/* A question under way: which of the two it will be. */
struct recovery_entry {
	struct recovery *recovery;
	char new_pid[RECOVERY_PID_SIZE];
	char asked_pid[RECOVERY_PID_SIZE];	/* "" for none */
};

static struct {
	struct recovery_settings settings;
	char instance[RECOVERY_INSTANCE_SIZE];
	struct recovery *buckets[RECOVERY_BUCKETS];	/* those who are in, by hash */
	struct recovery *gone, **gone_end;	/* not told yet */
	struct loop_timer *beat, *leave;
	bool is_known;		/* the database has seen this instance */
	bool is_beating;	/* a call is under way */
	bool may_be_lost;	/* a hint came while it was */
} recoveries;

/* ---- who is in ---- */

static struct recovery **
recovery_bucket(const char *hash)
{
	char head[4] = { hash[0], hash[1], hash[2], '\0' };	/* hex of a good hash */

	return &recoveries.buckets[strtoul(head, NULL, 16) % RECOVERY_BUCKETS];
}

static struct recovery *
recovery_find(const char *hash)
{
	struct recovery *recovery = *recovery_bucket(hash);

	while (recovery != NULL && strcmp(recovery->hash, hash) != 0)
		recovery = recovery->next;
	return recovery;
}

static void
recovery_link(struct recovery *recovery)
{
	struct recovery **bucket = recovery_bucket(recovery->hash);

	recovery->next = *bucket;
	recovery->back = bucket;
	if (*bucket != NULL)
		(*bucket)->back = &recovery->next;
	*bucket = recovery;
}

static void
recovery_unlink(struct recovery *recovery)
{
	if (recovery->back == NULL)
		return;
	*recovery->back = recovery->next;
	if (recovery->next != NULL)
		recovery->next->back = recovery->back;
	recovery->back = NULL;
}

static void
recovery_free(struct recovery *recovery)
{
	free(recovery->rooms);
	free(recovery);
}

/* In the line of those the database has to hear of. */
static void
recovery_add_gone(struct recovery *recovery)
{
	recovery->next = NULL;
	*recoveries.gone_end = recovery;
	recoveries.gone_end = &recovery->next;
}

/* Its row is another connection's now: it may not be found, nor tell of its end. */
static void
recovery_lose(struct recovery *recovery)
{
	log_info("recovery", "a socket was taken over by another connection");
	metrics.sockets_fenced++;
	recovery_unlink(recovery);
	recovery->epoch = 0;
	recoveries.settings.lost(recovery->owner);
}

/* ---- rooms ---- */

const struct recovery_room *
recovery_rooms(const struct recovery *recovery, size_t *count_r)
{
	*count_r = recovery->room_count;
	return recovery->rooms;
}

const struct recovery_room *
recovery_room(const struct recovery *recovery, const char *name)
{
	for (size_t i = 0; i < recovery->room_count; i++)
		if (strcmp(recovery->rooms[i].name, name) == 0)
			return &recovery->rooms[i];
	return NULL;
}

bool
recovery_join(struct recovery *recovery, const char *name, int64_t since)
{
	struct recovery_room *room;

	if (recovery_room(recovery, name) != NULL)
		return true;
	if (recovery->room_count == RECOVERY_ROOMS_MAX || strlen(name) > ROOM_NAME_MAX)
		return false;
	recovery->rooms = xrealloc(recovery->rooms,
	    (recovery->room_count + 1) * sizeof(*recovery->rooms));
	room = &recovery->rooms[recovery->room_count++];
	memcpy(room->name, name, strlen(name) + 1);
	room->since = since;
	return true;
}

bool
recovery_part(struct recovery *recovery, const char *name)
{
	for (size_t i = 0; i < recovery->room_count; i++) {
		if (strcmp(recovery->rooms[i].name, name) != 0)
			continue;
		recovery->rooms[i] = recovery->rooms[--recovery->room_count];
		return true;
	}
	return false;
}

/* ---- coming in ---- */

static bool
recovery_read_room(const char *name, struct json *since, void *arg)
{
	return recovery_join(arg, name, json_int(since));
}

static int
recovery_read_rooms(struct recovery *recovery, const char *text)
{
	const char *reason;
	struct json *json = json_parse(text, strlen(text), &reason);

	if (json == NULL)
		return -1;
	json_each(json, recovery_read_room, recovery);
	json_free(json);
	return 0;
}

/* Whether a yes-or-no column says yes. */
static bool
recovery_is(const struct pgasync_result *result, const char *column)
{
	const char *text = pgasync_field(result, 0, column);

	return text != NULL && strcmp(text, "t") == 0;
}

/* The row is ours, under the pid the client came with or under the new one. */
static const char *
recovery_settle(struct recovery_entry *entry, const struct pgasync_result *result)
{
	struct recovery *recovery = entry->recovery, *former;
	const char *pid = entry->new_pid;

	if (recovery_is(result, "is_recovered")) {
		pid = entry->asked_pid;
		metrics.recoveries++;
	} else if (entry->asked_pid[0] != '\0') {
		metrics.recoveries_refused++;
	}
	token_hash(pid, recovery->hash);
	former = recovery_find(recovery->hash);
	if (former != NULL)
		recovery_lose(former);
	if (recovery_is(result, "is_fenced"))
		pgasync_notify(recoveries.settings.pg, RECOVERY_CHANNEL);
	recovery->epoch = strtoll(pgasync_field(result, 0, "epoch"), NULL, 10);
	recovery_link(recovery);
	return pid;
}

static void
recovery_tell(struct recovery *recovery, const struct recovery_outcome *outcome)
{
	recovery_done *done = recovery->done;

	recovery->done = NULL;
	if (!recovery->is_dropped)
		done(recovery->owner, outcome);
	else if (outcome != NULL)
		recovery_leave(&recovery, false);
	else
		recovery_free(recovery);
}

/* A row may have been made that nobody heard of: its name goes with those who left. */
static void
recovery_disown(const char *pid)
{
	struct recovery *nobody = xcalloc(1, sizeof(*nobody));

	token_hash(pid, nobody->hash);
	nobody->epoch = 1;
	recovery_leave(&nobody, true);
}

static void
recovery_entered(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	struct recovery_entry *entry = owner;
	struct recovery *recovery = entry->recovery;

	if (outcome == PGASYNC_REFUSED)
		log_error("recovery", "could not enter: %s %s", pgasync_sqlstate(result),
		    pgasync_message(result));
	if (outcome == PGASYNC_OK && pgasync_rows(result) == 1 &&
	    recovery_read_rooms(recovery, pgasync_field(result, 0, "rooms")) == 0) {
		const char *pid = recovery_settle(entry, result);

		recovery_tell(recovery, &(struct recovery_outcome){
		    .is_recovered = pid == entry->asked_pid, .pid = pid,
		    .socket_id = pgasync_field(result, 0, "socket_id"),
		    .after = strtoll(pgasync_field(result, 0, "after"), NULL, 10) });
	} else {
		if (outcome == PGASYNC_UNKNOWN)
			recovery_disown(entry->new_pid);
		recovery_tell(recovery, NULL);
	}
	free(entry);
}

static void
recovery_add_claim(struct buf *json, const struct recovery_claim *claim,
    const struct recovery_entry *entry)
{
	char hash[TOKEN_HASH_HEX_SIZE];
	const struct recovery *former;

	token_hash(entry->new_pid, hash);
	buf_addf(json, "{\"newPid\":\"%s\",\"principal\":\"%s\",\"socketId\":\"%s\","
	    "\"start\":%" PRId64 ",\"instance\":\"%s\",\"window\":%ld", hash,
	    claim->principal, claim->socket_id, claim->start, recoveries.instance,
	    recoveries.settings.window_ms);
	if (entry->asked_pid[0] != '\0') {
		token_hash(entry->asked_pid, hash);
		buf_addf(json, ",\"pid\":\"%s\"", hash);
		former = recovery_find(hash);
		if (former != NULL)
			buf_addf(json, ",\"isReachable\":%s", recoveries.settings.is_reachable(
			    former->owner) ? "true" : "false");
		if (claim->offset != NULL)
			buf_addf(json, ",\"offset\":\"%s\"", claim->offset);
	}
	buf_addc(json, '}');
}

struct recovery *
recovery_enter(const struct recovery_claim *claim, recovery_done *done, void *owner)
{
	struct recovery *recovery = xcalloc(1, sizeof(*recovery));
	struct recovery_entry *entry = xcalloc(1, sizeof(*entry));
	struct buf json = { 0 };

	/* One that is too long is none that we gave out. */
	if (claim->pid != NULL && strlen(claim->pid) < sizeof(entry->asked_pid))
		memcpy(entry->asked_pid, claim->pid, strlen(claim->pid) + 1);
	token_secret(entry->new_pid);
	entry->recovery = recovery;
	recovery->done = done;
	recovery->owner = owner;
	recovery_add_claim(&json, claim, entry);
	pgasync_call(recoveries.settings.pg, STMT_recovery_enter,
	    (const char *[]){ json.data }, recovery_entered, entry);
	buf_free(&json);
	return recovery;
}

/* ---- changing rooms ---- */

/* Names of rooms were looked at by presence_may_join: nothing in them needs an escape. */
void
recovery_save(struct recovery *recovery, pgasync_done *done, void *owner)
{
	struct buf json = { 0 };

	buf_addf(&json, "{\"pid\":\"%s\",\"epoch\":%" PRId64 ",\"rooms\":{", recovery->hash,
	    recovery->epoch);
	for (size_t i = 0; i < recovery->room_count; i++)
		buf_addf(&json, "%s\"%s\":%" PRId64, i > 0 ? "," : "", recovery->rooms[i].name,
		    recovery->rooms[i].since);
	buf_adds(&json, "}}");
	pgasync_call(recoveries.settings.pg, STMT_recovery_save, (const char *[]){ json.data },
	    done, owner);
	buf_free(&json);
}

/* ---- going ---- */

/* What could not be told is told later. */
static void
recovery_left(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	struct recovery *told = owner, *next;

	if (outcome == PGASYNC_REFUSED)
		log_error("recovery", "could not tell who left: %s", pgasync_message(result));
	for (; told != NULL; told = next) {
		next = told->next;
		if (outcome == PGASYNC_OK || outcome == PGASYNC_REFUSED)
			recovery_free(told);
		else
			recovery_add_gone(told);
	}
	if (recoveries.gone != NULL && !loop_timer_is_set(recoveries.leave))
		loop_timer_set(recoveries.leave, loop_now() + RECOVERY_RETRY_MS);
}

/* Tell the database of those who are gone, as many as one call takes. */
static void
recovery_tell_gone(void *owner)
{
	struct recovery *told = recoveries.gone, **link = &recoveries.gone;
	struct buf json = { 0 };

	(void)owner;
	if (told == NULL)
		return;
	for (int i = 0; *link != NULL && i < RECOVERY_LEAVE_MAX; i++) {
		buf_addf(&json, "%s{\"pid\":\"%s\",\"epoch\":%" PRId64 ",\"isFinal\":%s}",
		    i > 0 ? "," : "[", (*link)->hash, (*link)->epoch,
		    (*link)->is_final ? "true" : "false");
		link = &(*link)->next;
	}
	buf_addc(&json, ']');
	recoveries.gone = *link;
	*link = NULL;
	if (recoveries.gone == NULL)
		recoveries.gone_end = &recoveries.gone;
	else
		loop_timer_set(recoveries.leave, loop_now());
	pgasync_call(recoveries.settings.pg, STMT_recovery_leave, (const char *[]){ json.data },
	    recovery_left, told);
	buf_free(&json);
}

void
recovery_leave(struct recovery **recovery, bool is_final)
{
	struct recovery *leaving = *recovery;

	*recovery = NULL;
	if (leaving == NULL)
		return;
	if (leaving->done != NULL) {
		leaving->is_dropped = true;	/* recovery_tell goes on from here */
		return;
	}
	recovery_unlink(leaving);
	if (leaving->epoch == 0) {
		recovery_free(leaving);
		return;
	}
	leaving->is_final = is_final;
	recovery_add_gone(leaving);
	if (is_final)
		recovery_tell_gone(NULL);
	else if (!loop_timer_is_set(recoveries.leave))
		loop_timer_set(recoveries.leave, loop_now() + RECOVERY_LEAVE_MS);
}

static void
recovery_away_forgotten(void *owner, enum pgasync_outcome outcome,
    const struct pgasync_result *result)
{
	(void)owner;
	(void)result;
	if (outcome != PGASYNC_OK)
		log_warn("recovery", "sockets that are away could not be forgotten");
}

void
recovery_forget_away(void)
{
	if (recoveries.beat != NULL)
		pgasync_call(recoveries.settings.pg, STMT_recovery_forget_away, NULL,
		    recovery_away_forgotten, NULL);
}

/* ---- being here ---- */

/* Close what others took over; a client that lost a living connection shall not take it back. */
static void
recovery_beaten(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	struct recovery *lost;
	struct buf contested = { 0 };

	(void)owner;
	recoveries.is_beating = false;
	if (outcome == PGASYNC_REFUSED)
		log_error("recovery", "could not beat: %s", pgasync_message(result));
	if (outcome != PGASYNC_OK) {
		loop_timer_set(recoveries.beat, loop_now() + RECOVERY_RETRY_MS);
		return;
	}
	recoveries.is_known = true;
	for (int i = 0; i < pgasync_rows(result); i++) {
		lost = recovery_find(pgasync_value(result, i, 0));
		if (lost == NULL)
			continue;
		if (recoveries.settings.is_reachable(lost->owner))
			buf_addf(&contested, "%s\"%s\"", contested.len > 0 ? "," : "[", lost->hash);
		recovery_lose(lost);
	}
	if (contested.len > 0) {
		buf_addc(&contested, ']');
		pgasync_call(recoveries.settings.pg, STMT_recovery_contest,
		    (const char *[]){ contested.data }, NULL, NULL);
		buf_free(&contested);
	}
	loop_timer_set(recoveries.beat, loop_now() + (recoveries.may_be_lost ? 0 :
	    RECOVERY_BEAT_MS));
	recoveries.may_be_lost = false;
}

static void
recovery_beat(void *owner)
{
	struct buf json = { 0 };

	(void)owner;
	if (!pgasync_is_ready(recoveries.settings.pg)) {
		loop_timer_set(recoveries.beat, loop_now() + RECOVERY_WAIT_MS);
		return;
	}
	buf_addf(&json, "{\"instance\":\"%s\",\"node\":%d,\"window\":%ld}",
	    recoveries.instance, recoveries.settings.node, recoveries.settings.window_ms);
	recoveries.is_beating = true;
	pgasync_call(recoveries.settings.pg, STMT_recovery_beat, (const char *[]){ json.data },
	    recovery_beaten, NULL);
	buf_free(&json);
}

void
recovery_hint(void)
{
	if (recoveries.is_beating)
		recoveries.may_be_lost = true;
	else if (recoveries.beat != NULL)
		loop_timer_set(recoveries.beat, loop_now());
}

bool
recovery_is_ready(void)
{
	return recoveries.is_known;
}

void
recovery_start(const struct recovery_settings *settings)
{
	uint8_t random[16];
	char hex[2 * sizeof(random) + 1];

	memset(&recoveries, 0, sizeof(recoveries));
	recoveries.settings = *settings;
	recoveries.gone_end = &recoveries.gone;
	crypto_random(random, sizeof(random));
	crypto_hex(random, sizeof(random), hex);
	memcpy(recoveries.instance, hex, sizeof(hex));
	recoveries.beat = loop_timer_new(recovery_beat, NULL);
	recoveries.leave = loop_timer_new(recovery_tell_gone, NULL);
	loop_timer_set(recoveries.beat, loop_now());
}

void
recovery_stop(void)
{
	struct recovery *recovery;

	loop_timer_free(&recoveries.beat);
	loop_timer_free(&recoveries.leave);
	while ((recovery = recoveries.gone) != NULL) {
		recoveries.gone = recovery->next;
		recovery_free(recovery);
	}
	recoveries.gone_end = &recoveries.gone;
}
