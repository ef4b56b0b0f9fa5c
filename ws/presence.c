/*
 * presence.c - who is connected
 *
 * Rights come from the verified token or cookie, never from what a client says about
 * itself. A session that was revoked, a user who was disabled and a key that was withdrawn are
 * noticed by asking the database every few seconds about those who are here, as many at a
 * time as one statement handles easily.
 */
#include "presence.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "client.h"
#include "clientevents.h"
#include "clock.h"
#include "events.h"
#include "json.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "pgasync.h"
#include "room.h"
#include "shapes.h"
#include "xalloc.h"

#define PRESENCE_CONNECT_MS 10000	/* a socket nobody signs in on is not kept */
#define PRESENCE_CHECK_MS 5000
#define PRESENCE_CHECK_SESSIONS 2000	/* sessions asked about per check */
#define PRESENCE_CHECK_SINGLES 20	/* sockets without a session, each its own question */

static struct {
	struct pgasync *pg;
	struct loop_timer *timer;
	struct member *first, **end;
	unsigned round;
	bool is_checking;
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

static void
presence_enter(struct member *member)
{
	struct socket *socket = member->socket;

	presence_append(member);
	presence_watch_expiry(member);
	metrics.sockets++;
	socket_accept(socket);
	room_join(socket, ROOM_ALL);
	if (strcmp(member->who.role, "agent") != 0)
		room_join(socket, ROOM_STAFF);
	if (strcmp(member->who.role, "kevin") == 0)
		room_join(socket, ROOM_KEVIN_HIMSELF);
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
		presence_enter(member);
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
	clientevents_forget(member);
	loop_timer_free(&member->expiry);
	if (member->back != NULL) {
		presence_remove(member);
		metrics.sockets--;
	}
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
presence_start(struct pgasync *pg)
{
	presence.pg = pg;
	presence.timer = loop_timer_new(presence_check, NULL);
	loop_timer_set(presence.timer, loop_now() + PRESENCE_CHECK_MS);
}

void
presence_stop(void)
{
	loop_timer_free(&presence.timer);
}
