/*
 * presence.c - who is connected
 *
 * Rights come from the verified token or cookie, never from what a client says about
 * itself. A session that was revoked, a user who was disabled and a key that was withdrawn are
 * noticed by asking the database every few seconds about those who are here, as many at a
 * time as one statement handles easily.
 */
#include "presence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "client.h"
#include "clientevents.h"
#include "clock.h"
#include "events.h"
#include "feed.h"
#include "json.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "pgasync.h"
#include "room.h"
#include "shapes.h"
#include "status.h"
#include "xalloc.h"

#define PRESENCE_CONNECT_MS 10000	/* a socket nobody signs in on is not kept */
#define PRESENCE_CHECK_MS 5000
#define PRESENCE_CHECK_SESSIONS 2000	/* sessions asked about per check */
#define PRESENCE_CHECK_SINGLES 20	/* sockets without a session, each its own question */
#define PRESENCE_OFFSET_SIZE 19		/* a number's digits, far from overflow */

/* What a client brought along. */
struct presence_claim {
	char pid[RECOVERY_PID_SIZE];
	char offset[PRESENCE_OFFSET_SIZE];	/* digits, "" for none */
};

static struct {
	struct pgasync *pg;
	struct loop_timer *timer;
	struct member *first, **end;
	unsigned round;
	bool is_checking, is_recovering;
} presence = { .end = &presence.first };

/* ---- the list of members ---- */

static void
presence_append(struct member *member)
{
	member->next = NULL;
	member->back = presence.end;
	*presence.end = member;
	presence.end = &member->next;
}

static void
presence_remove(struct member *member)
{
	*member->back = member->next;
	if (member->next != NULL)
		member->next->back = member->back;
	else
		presence.end = member->back;
}

/* ---- rights ---- */

static bool
presence_is(const char *role, const char *const *roles)
{
	while (*roles != NULL && strcmp(*roles, role) != 0)
		roles++;
	return *roles != NULL;
}

static const struct {
	const char *room;
	const char *roles[5];
} presence_rooms[] = {
	{ ROOM_CALL_MONITORING, { "admin", "kevin", "operator" } },
	{ ROOM_LEADS,           { "admin", "kevin", "operator", "analyst" } },
	{ ROOM_KEVIN,           { "admin", "kevin" } },
	{ ROOM_ANALYTICS,       { "admin", "kevin", "operator", "analyst" } },
};

/* Every role may view calls, so anybody may follow one. */
bool
presence_may_join(const char *role, const char *room)
{
	size_t prefix = strlen(ROOM_CALL_PREFIX);

	for (size_t i = 0; i < sizeof(presence_rooms) / sizeof(presence_rooms[0]); i++)
		if (strcmp(presence_rooms[i].room, room) == 0)
			return presence_is(role, presence_rooms[i].roles);
	return strncmp(room, ROOM_CALL_PREFIX, prefix) == 0 && shapes_is_uuid(room + prefix);
}

/* ---- coming ---- */

static void
presence_expired(void *owner)
{
	struct member *member = owner;

	metrics.expired++;
	socket_close(member->socket, SESSION_END_EXPIRED);
}

static void
presence_watch_expiry(struct member *member)
{
	int64_t seconds = member->who.expires_at - clock_unix();

	if (member->who.expires_at == 0)
		return;
	member->expiry = loop_timer_new(presence_expired, member);
	loop_timer_set(member->expiry, loop_now() + (seconds > 0 ? seconds * 1000 : 0));
}

/* ---- rooms ---- */

/* Those that come with the role; they are never asked for. */
static bool
presence_is_given(const char *role, const char *room)
{
	if (strcmp(room, ROOM_STAFF) == 0)
		return strcmp(role, "agent") != 0;
	if (strcmp(room, ROOM_KEVIN_HIMSELF) == 0)
		return strcmp(role, "kevin") == 0;
	return strcmp(room, ROOM_ALL) == 0;
}

bool
presence_hears(const struct member *member, const char *const *rooms, size_t count,
    int64_t seq)
{
	const struct recovery_room *room;

	for (size_t i = 0; i < count; i++) {
		if (presence_is_given(member->who.role, rooms[i]))
			return true;
		room = recovery_room(member->recovery, rooms[i]);
		if (room != NULL && room->since < seq)
			return true;
	}
	return false;
}

bool
presence_is_in(const struct member *member, const char *room)
{
	return member->recovery != NULL ? recovery_room(member->recovery, room) != NULL :
	    room_has(member->socket, room);
}

/* One that does not come back has no list of what it asked for but the rooms themselves, those it was given among them. */
static bool
presence_has_place(struct member *member, const char *room)
{
	if (member->recovery != NULL)
		return recovery_join(member->recovery, room, feed_last());
	return room_has(member->socket, room) || room_count(member->socket) < RECOVERY_ROOMS_MAX;
}

bool
presence_join(struct member *member, const char *room)
{
	if (!presence_has_place(member, room))
		return false;
	if (!member->place.is_behind)
		room_join(member->socket, room);
	return true;
}

bool
presence_part(struct member *member, const char *room)
{
	bool was_in = presence_is_in(member, room);

	if (member->recovery != NULL)
		recovery_part(member->recovery, room);
	room_leave(member->socket, room);
	return was_in;
}

/* Rooms of former rights are left; returns whether there were any. */
static bool
presence_leave_forbidden(struct member *member)
{
	const struct recovery_room *rooms;
	size_t count, before;

	rooms = recovery_rooms(member->recovery, &count);
	before = count;
	for (size_t i = 0; i < count;) {
		if (presence_may_join(member->who.role, rooms[i].name)) {
			i++;
			continue;
		}
		recovery_part(member->recovery, rooms[i].name);
		rooms = recovery_rooms(member->recovery, &count);
	}
	return count != before;
}

/* ---- what only this member hears ---- */

/*
 * The last argument of every event is where the client comes back to: after this event it
 * is no further than before.
 */
void
presence_emit(struct member *member, const char *name, const char *args)
{
	struct buf text = { 0 };

	buf_addf(&text, "%s,\"%" PRId64 "\"", args, replay_position(member));
	socket_emit(member->socket, name, text.data);
	buf_free(&text);
}

void
presence_send_status(struct member *member)
{
	if (member->place.is_behind)
		member->wants_status = true;
	else
		status_send(member->socket);
}

/* ---- in ---- */

/* With the others from now on. */
static void
presence_go_live(struct member *member)
{
	static const char *const given[] = { ROOM_ALL, ROOM_STAFF, ROOM_KEVIN_HIMSELF };
	const struct recovery_room *rooms;
	size_t count = 0;

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (presence_is_given(member->who.role, given[i]))
			room_join(member->socket, given[i]);
	if (member->recovery == NULL)
		return;
	rooms = recovery_rooms(member->recovery, &count);
	for (size_t i = 0; i < count; i++)
		room_join(member->socket, rooms[i].name);
}

/* What changes without an event may have changed while it was away. */
void
presence_caught_up(struct member *member)
{
	presence_go_live(member);
	if (member->wants_status)
		status_send(member->socket);
	member->wants_status = false;
}

void
presence_cut_off(struct member *member)
{
	member->is_cut_off = true;
	socket_close(member->socket, SESSION_END_AWAY);
}

void
presence_cut_off_all(void)
{
	for (struct member *member = presence.first; member != NULL; member = member->next)
		member->is_cut_off = true;
}

bool
presence_is_reachable(void *owner)
{
	const struct member *member = owner;

	return socket_is_reachable(member->socket);
}

void
presence_lost(void *owner)
{
	struct member *member = owner;

	socket_close(member->socket, SESSION_END_TAKEN);
}

/* Answer the CONNECT, then what was missed, then what comes. */
static void
presence_enter(struct member *member, const char *pid)
{
	presence_append(member);
	presence_watch_expiry(member);
	metrics.sockets++;
	socket_accept(member->socket, pid);
}

static void
presence_settled(void *owner, const struct recovery_outcome *outcome)
{
	struct member *member = owner;

	free(member->claim);
	member->claim = NULL;
	if (outcome == NULL) {
		recovery_leave(&member->recovery, false);
		socket_close(member->socket, SESSION_END_AWAY);
		return;
	}
	snprintf(member->socket->id, sizeof(member->socket->id), "%s", outcome->socket_id);
	presence_enter(member, outcome->pid);
	if (!outcome->is_recovered) {
		presence_go_live(member);
		return;
	}
	if (presence_leave_forbidden(member))
		recovery_save(member->recovery, NULL, NULL);
	member->wants_status = strcmp(member->who.role, "agent") != 0;
	replay_add(member, outcome->after);
}

/* Who it is, is known: now what it comes back to. */
static void
presence_claim(struct member *member)
{
	const struct presence_claim *claim = member->claim;

	if (!presence.is_recovering) {
		presence_enter(member, NULL);
		presence_go_live(member);
		return;
	}
	member->recovery = recovery_enter(&(struct recovery_claim){
	    .principal = member->who.user_id,
	    .pid = claim != NULL ? claim->pid : NULL,
	    .offset = claim != NULL && claim->offset[0] != '\0' ? claim->offset : NULL,
	    .socket_id = member->socket->id, .start = feed_last() }, presence_settled, member);
}

static void
presence_refuse(struct member *member, const char *message, const char *code)
{
	metrics.connects_refused++;
	log_fields(LOG_LEVEL_INFO, "connect_refused", "code=%s address=\"%s\"", code,
	    member->address);
	socket_refuse(member->socket, message, code);
}

static void
presence_decided(void *owner, enum auth_verdict verdict, const struct who *who)
{
	struct member *member = owner;

	member->auth = NULL;
	switch (verdict) {
	case AUTH_GRANTED:
		member->who = *who;
		presence_claim(member);
		break;
	case AUTH_REFUSED:
		presence_refuse(member, "Invalid or expired token", "TOKEN_INVALID");
		break;
	case AUTH_AWAY:
		socket_close(member->socket, SESSION_END_AWAY);
		break;
	}
}

/* The bearer token of an auth object, or NULL; is_odd_r says that it is no text. */
static const char *
presence_auth_token(const struct json *auth, size_t *len_r, bool *is_odd_r)
{
	const struct json *token = json_get(auth, "token");

	*is_odd_r = token != NULL && json_type(token) != JSON_STRING &&
	    json_type(token) != JSON_NULL;
	if (token == NULL || json_type(token) != JSON_STRING || json_string_len(token) == 0)
		return NULL;
	*len_r = json_string_len(token);
	return json_string(token);
}

/* A member that is a text which fits, without its NUL; "" otherwise. */
static void
presence_copy(const struct json *auth, const char *name, char *out, size_t size)
{
	const struct json *value = json_get(auth, name);

	out[0] = '\0';
	if (json_type(value) == JSON_STRING && json_string_len(value) < size)
		memcpy(out, json_string(value), json_string_len(value) + 1);
}

/*
 * What the client wants to come back to, or NULL. An offset that is no number of ours
 * is as good as none that we know: it starts anew then.
 */
static struct presence_claim *
presence_read_claim(const struct json *auth)
{
	struct presence_claim claim = { 0 };

	presence_copy(auth, "pid", claim.pid, sizeof(claim.pid));
	presence_copy(auth, "offset", claim.offset, sizeof(claim.offset));
	if (claim.pid[0] == '\0' || claim.offset[strspn(claim.offset, "0123456789")] != '\0' ||
	    (json_get(auth, "offset") != NULL && claim.offset[0] == '\0'))
		return NULL;
	return memcpy(xmalloc(sizeof(claim)), &claim, sizeof(claim));
}

/*
 * A token decides, if there is one. Else the cookie does, but only for a page
 * of our own origin: a cookie travels by itself, also from elsewhere.
 */
static void
presence_connect(struct socket *socket, struct span auth)
{
	const struct visitor *visitor = socket_visitor(socket);
	struct member *member = xcalloc(1, sizeof(*member));
	const char *reason, *token;
	struct json *json = json_parse(auth.text, auth.len, &reason);
	bool is_odd = false;
	size_t len = 0;

	member->socket = socket;
	socket->member = member;
	memcpy(member->address, visitor->address, sizeof(member->address));
	token = json != NULL ? presence_auth_token(json, &len, &is_odd) : NULL;
	if (token != NULL)
		member->auth = auth_token(token, len, presence_decided, member);
	else if (!is_odd && visitor->is_origin_ours && visitor->cookie[0] != '\0')
		member->auth = auth_cookie(visitor->cookie, presence_decided, member);
	if (member->auth != NULL)
		member->claim = presence_read_claim(json);
	json_free(json);
	if (member->auth != NULL)
		return;
	if (token != NULL || is_odd)
		presence_refuse(member, "Invalid or expired token", "TOKEN_INVALID");
	else
		presence_refuse(member, "Authentication required", "TOKEN_MISSING");
}

/* ---- going ---- */

static void
presence_gone(struct socket *socket)
{
	struct member *member = socket->member;

	auth_drop(&member->auth);
	replay_drop(member);
	recovery_leave(&member->recovery, socket->has_left || member->is_cut_off);
	clientevents_forget(member);
	loop_timer_free(&member->expiry);
	if (member->back != NULL) {
		presence_remove(member);
		metrics.sockets--;
	}
	free(member->claim);
	free(member);
}

static void
presence_revoke(struct member *member)
{
	metrics.revoked++;
	socket_close(member->socket, SESSION_END_EXPIRED);
}

/* ---- still allowed? ---- */

static void
presence_decided_again(void *owner, enum auth_verdict verdict, const struct who *who)
{
	struct member *member = owner;

	(void)who;
	member->auth = NULL;
	if (verdict == AUTH_REFUSED)
		presence_revoke(member);
}

static int
presence_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
presence_checked(void *owner, enum pgasync_outcome outcome, const struct pgasync_result *result)
{
	const char **alive;
	size_t count;

	(void)owner;
	presence.is_checking = false;
	if (outcome == PGASYNC_REFUSED)
		log_error("presence", "could not check sessions: %s", pgasync_message(result));
	if (outcome != PGASYNC_OK)
		return;
	count = (size_t)pgasync_rows(result);
	alive = xcalloc(count + 1, sizeof(*alive));
	for (size_t i = 0; i < count; i++)
		alive[i] = pgasync_value(result, (int)i, 0);
	qsort(alive, count, sizeof(*alive), presence_compare);
	for (struct member *member = presence.first; member != NULL; member = member->next) {
		const char *id = member->who.session_id;

		if (member->round == presence.round &&
		    bsearch(&id, alive, count, sizeof(*alive), presence_compare) == NULL)
			presence_revoke(member);
	}
	free(alive);
}

/* Note a member's session for the question; returns how many are noted. */
static size_t
presence_add_session(struct buf *ids, struct member *member, size_t noted)
{
	member->round = presence.round;
	buf_addf(ids, "%s\"%s\"", noted > 0 ? "," : "[", member->who.session_id);
	return noted + 1;
}

/* Ask about the longest unchecked; each asked about goes to the end of the list. */
static void
presence_check(void *owner)
{
	struct member *member, *last = NULL;
	struct buf ids = { 0 };
	size_t sessions = 0, singles = 0;

	(void)owner;
	loop_timer_set(presence.timer, loop_now() + PRESENCE_CHECK_MS);
	if (presence.is_checking || !pgasync_is_ready(presence.pg))
		return;
	presence.round++;
	while ((member = presence.first) != NULL && member != last &&
	    sessions < PRESENCE_CHECK_SESSIONS && singles < PRESENCE_CHECK_SINGLES) {
		presence_remove(member);
		presence_append(member);
		if (last == NULL)
			last = member;
		if (member->who.session_id[0] != '\0') {
			sessions = presence_add_session(&ids, member, sessions);
		} else if (member->auth == NULL) {
			member->auth = auth_again(&member->who, presence_decided_again, member);
			singles++;
		}
	}
	if (sessions > 0) {
		presence.is_checking = true;
		buf_addc(&ids, ']');
		pgasync_call(presence.pg, STMT_live_sessions, (const char *[]){ ids.data },
		    presence_checked, NULL);
	}
	buf_free(&ids);
}

static const char *const presence_namespaces[] = { "/", NULL };

const struct app presence_app = {
	.namespaces = presence_namespaces,
	.connect_timeout_ms = PRESENCE_CONNECT_MS,
	.connect = presence_connect,
	.event = clientevents_dispatch,
	.gone = presence_gone,
};

void
presence_start(struct pgasync *pg, bool is_recovering)
{
	presence.pg = pg;
	presence.is_recovering = is_recovering;
	presence.timer = loop_timer_new(presence_check, NULL);
	loop_timer_set(presence.timer, loop_now() + PRESENCE_CHECK_MS);
}

void
presence_stop(void)
{
	loop_timer_free(&presence.timer);
}
