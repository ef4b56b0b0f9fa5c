/*
 * db_connect.c - opening the connection, seeing that it is gone, backing off
 */
#include "db_private.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "clock.h"
#include "log.h"

#define DB_CONNECT_MS 2000	/* longest wait for a connection */
#define DB_BACKOFF_MIN_MS 100
#define DB_BACKOFF_MAX_MS 5000

void
db_drop(struct db *db)
{
	if (db->conn != NULL)
		PQfinish(db->conn);
	db->conn = NULL;
	db->is_doomed = false;
	name_set_clear(&db->prepared);
	db->has_stale_statements = false;
	if (db->transaction == TRANSACTION_OPEN)
		db->transaction = TRANSACTION_LOST;
}

bool
db_wait(int fd, short events, int64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int64_t left;
	int ready;

	for (;;) {
		left = deadline - clock_ms();
		if (left < 0)
			left = 0;
		ready = poll(&pfd, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (ready > 0 || (ready < 0 && errno != EINTR))
			return true;
		if (ready == 0 && left == 0)
			return false;
	}
}

/* Outside a command, a fatal message is how the server says good-bye. */
static void
db_notice(void *arg, const PGresult *result)
{
	struct db *db = arg;

	if (db_is_fatal(result))
		db->is_doomed = true;
	log_debug("db", "server says: %s", PQresultErrorMessage(result));
}

/*
 * Start connecting. libpq lets a later keyword win, and the url stands where its
 * dbname does: what comes before it is a default, what comes after is fixed.
 */
static PGconn *
db_connect_start(const struct db *db)
{
	char options[64];
	const char *keywords[16], *values[16];
	size_t count = 0;

#define ADD(keyword, value) (keywords[count] = (keyword), values[count++] = (value))
	if (db->role != NULL)
		ADD("user", db->role);
	ADD("application_name", db->name);
	ADD("connect_timeout", "2");
	ADD("keepalives", "1");
	ADD("keepalives_idle", "30");
	ADD("keepalives_interval", "5");
	ADD("keepalives_count", "3");
	ADD("tcp_user_timeout", "10000");
	ADD("target_session_attrs", db->accepts_standby ? "any" : "read-write");
	/* PgBouncer refuses a start with options. */
	if (db->is_prepared) {
		snprintf(options, sizeof(options), "-c statement_timeout=%d -c timezone=UTC",
		    db->timeout_ms);
		ADD("options", options);
	}
	ADD("dbname", db->url);
	ADD("client_encoding", "UTF8");
	ADD(NULL, NULL);
#undef ADD
	assert(count <= sizeof(keywords) / sizeof(keywords[0]));
	return PQconnectStartParams(keywords, values, 1);
}

/* Drive the handshake. Returns whether it ended well; if not, the error is set. */
static bool
db_connect_finish(struct db *db)
{
	int64_t deadline = clock_ms() + DB_CONNECT_MS;
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;
	short events;

	if (db->conn == NULL || PQstatus(db->conn) == CONNECTION_BAD)
		next = PGRES_POLLING_FAILED;
	while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
		events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		if (!db_wait(PQsocket(db->conn), events, deadline)) {
			db_set_error(db, "", "no answer within %d ms", DB_CONNECT_MS);
			return false;
		}
		next = PQconnectPoll(db->conn);
	}
	if (next == PGRES_POLLING_OK)
		return true;
	db_set_error(db, "", "%s", PQerrorMessage(db->conn));
	return false;
}

static void
db_back_off(struct db *db)
{
	int ceiling = db->backoff_ms * 2;

	if (ceiling < DB_BACKOFF_MIN_MS)
		ceiling = DB_BACKOFF_MIN_MS;
	if (ceiling > DB_BACKOFF_MAX_MS)
		ceiling = DB_BACKOFF_MAX_MS;
	db->backoff_ms = ceiling;
	db->retry_at = clock_ms() + 1 + clock_jitter((uint32_t)ceiling);
}

/* Open a connection unless it is too soon to try. */
static bool
db_open(struct db *db)
{
	assert(db->conn == NULL);
	if (clock_ms() < db->retry_at)
		return false;
	db->conn = db_connect_start(db);
	if (db->conn != NULL)
		PQsetNoticeReceiver(db->conn, db_notice, db);
	if (db_connect_finish(db) && PQsetnonblocking(db->conn, 1) == 0 && db_listen_all(db)) {
		db->backoff_ms = 0;
		db->retry_at = 0;
		db->counters.connects++;
		log_info("db_connect", "connected to the database");
		return true;
	}
	log_warn("db_connect", "could not connect to the database: %s", db->error.message);
	db_drop(db);
	db_back_off(db);
	return false;
}

bool
db_is_alive(struct db *db)
{
	struct pollfd pfd = { .fd = PQsocket(db->conn), .events = POLLIN };

	if (poll(&pfd, 1, 0) > 0) {
		if (PQconsumeInput(db->conn) == 0)
			return false;
		PQisBusy(db->conn);	/* reads the messages, whence db_notice */
	}
	return PQstatus(db->conn) == CONNECTION_OK && !db->is_doomed;
}

bool
db_ready(struct db *db)
{
	if (db->conn != NULL && !db_is_alive(db)) {
		log_warn("db", "the server closed the connection");
		db_set_error(db, "", "the server closed the connection");
		db_drop(db);
	}
	if (db->transaction == TRANSACTION_LOST)
		return false;
	return db->conn != NULL || db_open(db);
}

bool
db_connect(struct db *db)
{
	return db_ready(db);
}

int
db_retry_after_ms(const struct db *db)
{
	int64_t left;

	if (db->conn != NULL)
		return 0;
	left = db->retry_at - clock_ms();
	return left > 0 ? (int)left : 0;
}
