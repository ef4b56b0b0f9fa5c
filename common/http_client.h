/*
 * http_client.h - outgoing requests, many at a time
 *
 * The only user of libcurl. https only, plain http to loopback only; no
 * redirects, no proxy from the environment, bounded answers. Only the runner makes requests.
 */
#ifndef VALS_HTTP_CLIENT_H
#define VALS_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_CLIENT_ANSWER_MAX (1024 * 1024)
#define HTTP_CLIENT_CONNECT_MS 2000 /* for name, TCP and TLS */
#define HTTP_CLIENT_TOTAL_MS 5000 /* from start to the last byte of the answer */

#define HTTP_CLIENT_DOWNLOAD_MS 100000 /* longest download */
#define HTTP_CLIENT_STALL_S 15 /* a download slower than a trickle this long is given up */

struct http_client;

struct http_answer {
	long status; /* 0 when no answer came; see error */
	const char *body; /* NUL-terminated, NULL when no answer came; "" of a download */
	size_t body_len; /* of a download: the bytes written */
	const char *error; /* why no answer came, or NULL; names neither address nor header */
	bool was_sent; /* whether the peer may have seen the request */
	bool is_too_long; /* no answer came because there was no room for it */
	long retry_after; /* seconds from x-ratelimit-reset or Retry-After, -1 if absent */
};

/* The answer's memory is the client's: copy what must outlive the callback. */
typedef void http_done(void *owner, const struct http_answer *answer);

/*
 * Whether an address may be called at all: https, or http on loopback (a
 * literal loopback address or localhost); never one which carries a user name.
 */
bool http_client_may_call(const char *url);

/* Whether an address names this machine itself, by a literal loopback address or as localhost. */
bool http_client_is_loopback(const char *url);

/*
 * Aborts when libcurl cannot start. bearer goes out as the Authorization of each
 * request ("" for none), is kept out of logs and wiped with the client.
 */
struct http_client *http_client_new(const char *bearer);

/* Drops what is under way without calling done. */
void http_client_free(struct http_client **client);

/*
 * Start a request; method is GET, POST or PUT; body is JSON or NULL, and is copied. done is
 * called exactly once, from http_client_run, unless the client is freed first; it may
 * start further requests, but not free the client. An address that may not be called
 * ends as an error, unsent. The peer sees a request once at most: one whose kept connection
 * is closed without an answer ends as an error, too.
 */
void http_client_start(struct http_client *client, const char *method, const char *url,
    const char *body, http_done *done, void *owner);

/*
 * Where a download comes from and goes to. Its address was chosen by others, so no key of ours goes
 * there, and neither to any machine that is not on the public internet: what the host's
 * name means is looked at when the connection is made, not before.
 */
struct http_download {
	const char *url; /* https; http on loopback if that is allowed */
	bool may_be_loopback; /* for a provider that is on this machine itself */
	int fd; /* written to from its position on; borrowed until done */
	int64_t max_bytes; /* a longer file is an error */
};

/*
 * Start a download. done is called as for http_client_start; what was written is of use only when the
 * status is 200.
 */
void http_client_download(struct http_client *client, const struct http_download *download,
    http_done *done, void *owner);

/* Requests under way. */
size_t http_client_inflight(const struct http_client *client);

/*
 * Wait up to timeout_ms for network activity or for one of fds[0..count) to become
 * readable (negative ones are passed over), move the requests on and call done
 * for those that ended. count is at most HTTP_CLIENT_FDS_MAX.
 */
#define HTTP_CLIENT_FDS_MAX 8
void http_client_run(struct http_client *client, int timeout_ms, const int *fds, size_t count);

/* Percent-encode one path segment; the caller frees it. */
char *http_client_escape(const char *segment);

#endif
