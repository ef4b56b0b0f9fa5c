/*
 * http_client.c - outgoing requests, many at a time
 *
 * One libcurl multi handle keeps the connections; one easy handle lives as
 * long as its request. Nothing runs in libcurl's callbacks but copying bytes:
 * `done` is called from our own loop, where it may start the next request.
 */
#include "http_client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "buf.h"
#include "clock.h"
#include "failpoint.h"
#include "log.h"
#include "net_address.h"
#include "xalloc.h"

#define ERROR_FORBIDDEN "this address may not be called"
#define ERROR_TOO_LONG "the answer is too long"
#define ERROR_LOST "the file could not be written"
#define ERROR_STALE "it could not be sent in time"
#define ERROR_CLOSED "the connection was closed without an answer"

struct request {
	struct request *prev, *next;
	CURL *easy; /* NULL for a request that was refused */
	int64_t begun_at;
	struct buf answer;
	struct http_download download; /* fd is -1 unless it is one */
	int64_t written;
	bool is_too_long, is_lost; /* the answer has no room; the file could not be written */
	bool is_sent; /* the peer may have seen it */
	bool is_stale; /* it was not sent in time */
	bool is_noted; /* having left, see note_sent */
	http_done *done;
	void *owner;
};

struct http_client {
	CURLM *multi;
	char *bearer;
	struct curl_slist *headers;
	struct request *active; /* libcurl works on these */
	struct request *refused; /* only waiting to be told so */
	size_t inflight; /* in either list */
};

/* An option that cannot be set is an unsafe request: better none at all. */
static void
must(CURLcode code)
{
	if (code == CURLE_OK)
		return;
	log_error("http_client", "libcurl refused an option: %s", curl_easy_strerror(code));
	abort();
}

static void
must_multi(CURLMcode code)
{
	if (code == CURLM_OK)
		return;
	log_error("http_client", "libcurl failed: %s", curl_multi_strerror(code));
	abort();
}

static bool
is_loopback(const char *host)
{
	struct in_addr v4;
	char v6[INET6_ADDRSTRLEN];
	struct in6_addr addr;
	size_t len = strlen(host);

	/* libcurl resolves this name to loopback by itself, whatever the DNS says. */
	if (strcmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	if (len < 2 || host[0] != '[' || host[len - 1] != ']' || len - 2 >= sizeof(v6))
		return false;
	memcpy(v6, host + 1, len - 2);
	v6[len - 2] = '\0';
	return inet_pton(AF_INET6, v6, &addr) == 1 && IN6_IS_ADDR_LOOPBACK(&addr);
}

/* One part of a parsed address, NULL if it has none; free with curl_free. */
static char *
url_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;

	return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static bool
may_call_parsed(CURLU *url)
{
	char *scheme = url_part(url, CURLUPART_SCHEME);
	char *host = url_part(url, CURLUPART_HOST);
	char *user = url_part(url, CURLUPART_USER);
	char *password = url_part(url, CURLUPART_PASSWORD);
	bool may = false;

	if (scheme != NULL && host != NULL && user == NULL && password == NULL)
		may = strcmp(scheme, "https") == 0 ||
		    (strcmp(scheme, "http") == 0 && is_loopback(host));
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(password);
	return may;
}

static bool
is_loopback_parsed(CURLU *url)
{
	char *host = url_part(url, CURLUPART_HOST);
	bool is_ours = host != NULL && is_loopback(host);

	curl_free(host);
	return is_ours;
}

/* Whether the text is an address that passes the test. */
static bool
is_address(const char *address, bool test(CURLU *))
{
	CURLU *url = curl_url();
	bool passes = false;

	if (url == NULL)
		abort();
	if (curl_url_set(url, CURLUPART_URL, address, 0) == CURLUE_OK)
		passes = test(url);
	curl_url_cleanup(url);
	return passes;
}

bool
http_client_may_call(const char *address)
{
	return is_address(address, may_call_parsed);
}

bool
http_client_is_loopback(const char *address)
{
	return is_address(address, is_loopback_parsed);
}

static void
add_header(struct http_client *client, const char *line)
{
	struct curl_slist *headers = curl_slist_append(client->headers, line);

	if (headers == NULL)
		abort();
	client->headers = headers;
}

struct http_client *
http_client_new(const char *bearer)
{
	struct http_client *client = xcalloc(1, sizeof(*client));

	must(curl_global_init(CURL_GLOBAL_DEFAULT));
	client->multi = curl_multi_init();
	if (client->multi == NULL)
		abort();
	client->bearer = xstrdup(bearer);
	add_header(client, "Content-Type: application/json");
	add_header(client, "Accept: application/json");
	/* Bodies are small: waiting for "100 Continue" would only add a round trip. */
	add_header(client, "Expect:");
	return client;
}

static void
request_free(struct request **list, struct request *request)
{
	DL_DELETE(*list, request);
	if (request->easy != NULL)
		curl_easy_cleanup(request->easy);
	buf_free(&request->answer);
	free(request);
}

void
http_client_free(struct http_client **client_p)
{
	struct http_client *client = *client_p;
	struct request *request;

	if (client == NULL)
		return;
	while ((request = client->active) != NULL) {
		must_multi(curl_multi_remove_handle(client->multi, request->easy));
		request_free(&client->active, request);
	}
	while ((request = client->refused) != NULL)
		request_free(&client->refused, request);
	must_multi(curl_multi_cleanup(client->multi));
	curl_slist_free_all(client->headers);
	xfree_secret(&client->bearer);
	free(client);
	*client_p = NULL;
	curl_global_cleanup();
}

static size_t
take_bytes(char *data, size_t size, size_t count, void *arg)
{
	struct request *request = arg;
	size_t len = size * count;

	if (len > HTTP_CLIENT_ANSWER_MAX - request->answer.len) {
		request->is_too_long = true;
		return 0; /* ends the transfer */
	}
	buf_add(&request->answer, data, len);
	return len;
}

/* The same for a download: the bytes go on to its file. */
static size_t
save_bytes(char *data, size_t size, size_t count, void *arg)
{
	struct request *request = arg;
	size_t len = size * count, left = len;
	ssize_t wrote;

	if ((int64_t)len > request->download.max_bytes - request->written) {
		request->is_too_long = true;
		return 0;
	}
	while (left > 0) {
		wrote = write(request->download.fd, data, left);
		if (wrote > 0) {
			data += wrote;
			left -= (size_t)wrote;
		} else if (wrote == 0 || errno != EINTR) {
			request->is_lost = true;
			return 0;
		}
	}
	request->written += (int64_t)len;
	return len;
}

/*
 * A socket for a download, to where its host's name led this time. A name that meant a public
 * address when somebody looked and a private one now gets none.
 */
static curl_socket_t
open_checked(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	const struct http_download *download = arg;
	bool may = net_address_is_public(&address->addr) ||
	    (download->may_be_loopback && net_address_is_loopback(&address->addr));

	(void)purpose;
	if (!may)
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* What every request has in common: nothing of libcurl's environment or of the peer's wishes widens it. */
static void
set_limits(CURL *easy, const char *url)
{
	bool is_plain = strncasecmp(url, "http:", 5) == 0;

	must(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
	/* A lookup that is given up ends by itself; libcurl would wait for its thread, and everybody with it. */
	must(curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));
	must(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, is_plain ? "http" : "https"));
	must(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
	must(curl_easy_setopt(easy, CURLOPT_PROXY, ""));
	must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L));
	must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L));
	must(curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
	/* One request per connection at a time: a lost connection loses one answer. */
	must(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
	must(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CLIENT_CONNECT_MS));
	must(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)HTTP_CLIENT_TOTAL_MS));
}

/*
 * About to be sent. libcurl would send it again by itself when the kept connection it went out on is
 * closed without an answer; its owner, who decides about repeats, would not even know. Nor does libcurl
 * count the time before it first looked at the request: a process that was stopped there wakes up with
 * wishes of long ago.
 */
static int
leave_once(void *arg, char *to, char *from, int to_port, int from_port)
{
	struct request *request = arg;

	(void)to, (void)from, (void)to_port, (void)from_port;
	if (request->is_sent)
		return CURL_PREREQFUNC_ABORT;
	request->is_stale = clock_ms() - request->begun_at >= HTTP_CLIENT_TOTAL_MS;
	request->is_sent = !request->is_stale;
	return request->is_stale ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void
set_request(struct request *request, const struct http_client *client, const char *method,
    const char *url, const char *body)
{
	CURL *easy = request->easy;

	set_limits(easy, url);
	must(curl_easy_setopt(easy, CURLOPT_URL, url));
	must(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, client->headers));
	must(curl_easy_setopt(easy, CURLOPT_USERAGENT, "vals/" PACKAGE_VERSION));
	if (client->bearer[0] != '\0') {
		must(curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER));
		must(curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, client->bearer));
	}
	if (strcmp(method, "GET") != 0)
		must(curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body != NULL ? body : ""));
	must(curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method));
	must(curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, leave_once));
	must(curl_easy_setopt(easy, CURLOPT_PREREQDATA, request));
	must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes));
	must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, request));
	must(curl_easy_setopt(easy, CURLOPT_PRIVATE, request));
}

/* A download's own options: no key, no kept connection, and the address is looked at. */
static void
set_download(struct request *request)
{
	CURL *easy = request->easy;

	set_limits(easy, request->download.url);
	must(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)HTTP_CLIENT_DOWNLOAD_MS));
	must(curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1024L));
	must(curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)HTTP_CLIENT_STALL_S));
	must(curl_easy_setopt(easy, CURLOPT_URL, request->download.url));
	must(curl_easy_setopt(easy, CURLOPT_USERAGENT, "vals/" PACKAGE_VERSION));
	/* A connection made for another request was not looked at. */
	must(curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L));
	must(curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L));
	must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_checked));
	must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &request->download));
	must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, save_bytes));
	must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, request));
	must(curl_easy_setopt(easy, CURLOPT_PRIVATE, request));
}

/* A request that waits to be begun, or to be told that its address may not be called. */
static struct request *
request_new(struct http_client *client, const char *url, http_done *done, void *owner)
{
	struct request *request = xcalloc(1, sizeof(*request));

	request->begun_at = clock_ms();
	request->download.fd = -1;
	request->done = done;
	request->owner = owner;
	client->inflight++;
	if (!http_client_may_call(url)) {
		DL_APPEND(client->refused, request);
		return request;
	}
	request->easy = curl_easy_init();
	if (request->easy == NULL)
		abort();
	return request;
}

static void
request_begin(struct http_client *client, struct request *request)
{
	must_multi(curl_multi_add_handle(client->multi, request->easy));
	DL_APPEND(client->active, request);
}

void
http_client_start(struct http_client *client, const char *method, const char *url,
    const char *body, http_done *done, void *owner)
{
	struct request *request = request_new(client, url, done, owner);

	assert(strcmp(method, "GET") == 0 || strcmp(method, "POST") == 0 ||
	    strcmp(method, "PUT") == 0);
	if (request->easy == NULL)
		return;
	set_request(request, client, method, url, body);
	request_begin(client, request);
}

void
http_client_download(struct http_client *client, const struct http_download *download,
    http_done *done, void *owner)
{
	struct request *request = request_new(client, download->url, done, owner);

	if (request->easy == NULL)
		return;
	request->download = *download;
	set_download(request);
	request_begin(client, request);
}

size_t
http_client_inflight(const struct http_client *client)
{
	return client->inflight;
}

/* Seconds the peer asks us to wait; Retry-After may also be a date. */
static long
retry_after(CURL *easy)
{
	struct curl_header *header;
	curl_off_t seconds;
	char *end;
	long reset;

	if (curl_easy_header(easy, "x-ratelimit-reset", 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
	    isdigit((unsigned char)header->value[0])) {
		errno = 0;
		reset = strtol(header->value, &end, 10);
		if (errno == 0 && *end == '\0')
			return reset;
	}
	if (curl_easy_header(easy, "retry-after", 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
	    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK)
		return (long)seconds;
	return -1;
}

/* Why a request failed that brought no answer. */
static const char *
failure_of(const struct request *request, CURLcode code)
{
	if (request->is_lost)
		return ERROR_LOST;
	if (request->is_stale)
		return ERROR_STALE;
	return code == CURLE_ABORTED_BY_CALLBACK ? ERROR_CLOSED : curl_easy_strerror(code);
}

/* Tell the owner how it ended; libcurl is done with it before `done` can start another. */
static void
finish(struct http_client *client, struct request *request, CURLcode code)
{
	struct http_answer answer = { .retry_after = -1 };
	long sent = 0;

	must(curl_easy_getinfo(request->easy, CURLINFO_REQUEST_SIZE, &sent));
	answer.was_sent = sent > 0 || request->is_sent;
	if (code == CURLE_OK) {
		must(curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &answer.status));
		buf_reserve(&request->answer, 1);
		request->answer.data[request->answer.len] = '\0';
		answer.body = request->answer.data;
		answer.body_len = request->answer.len;
		answer.retry_after = retry_after(request->easy);
	} else if (request->is_too_long) {
		answer.is_too_long = true;
		answer.error = ERROR_TOO_LONG;
	} else
		answer.error = failure_of(request, code);
	if (request->download.fd != -1)
		answer.body_len = (size_t)request->written;
	must_multi(curl_multi_remove_handle(client->multi, request->easy));
	client->inflight--;
	request->done(request->owner, &answer);
	request_free(&client->active, request);
}

static void
finish_refused(struct http_client *client)
{
	static const struct http_answer answer = { .error = ERROR_FORBIDDEN, .retry_after = -1 };
	struct request *refused = client->refused;
	struct request *request;

	/* Taken off first: done may start more of them, which then wait for the next run. */
	client->refused = NULL;
	while ((request = refused) != NULL) {
		client->inflight--;
		request->done(request->owner, &answer);
		request_free(&refused, request);
	}
}

static void
finish_ended(struct http_client *client)
{
	CURLMsg *message;
	CURLcode code;
	char *request;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		assert(message->msg == CURLMSG_DONE);
		code = message->data.result;
		must(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request));
		finish(client, (struct request *)(void *)request, code);
	}
}

/* Pass the failpoint once for each request that has left and whose answer nobody has seen. */
static void
note_sent(struct http_client *client)
{
#ifdef ENABLE_FAILPOINTS
	struct request *request;
	long sent;

	DL_FOREACH(client->active, request) {
		must(curl_easy_getinfo(request->easy, CURLINFO_REQUEST_SIZE, &sent));
		if (sent == 0 || request->is_noted)
			continue;
		request->is_noted = true;
		FAILPOINT("runner_after_send");
	}
#else
	(void)client;
#endif
}

void
http_client_run(struct http_client *client, int timeout_ms, const int *fds, size_t count)
{
	struct curl_waitfd waits[HTTP_CLIENT_FDS_MAX];
	unsigned int used = 0;
	int running;

	assert(count <= HTTP_CLIENT_FDS_MAX);
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			waits[used++] = (struct curl_waitfd){ .fd = fds[i], .events = CURL_WAIT_POLLIN };
	if (client->refused != NULL)
		timeout_ms = 0;
	must_multi(curl_multi_perform(client->multi, &running));
	note_sent(client);
	must_multi(curl_multi_poll(client->multi, waits, used, timeout_ms, NULL));
	must_multi(curl_multi_perform(client->multi, &running));
	note_sent(client);
	finish_ended(client);
	finish_refused(client);
}

char *
http_client_escape(const char *segment)
{
	/* libcurl has ignored the handle here since 7.82. */
	char *escaped = curl_easy_escape(NULL, segment, 0);
	char *copy;

	if (escaped == NULL)
		abort();
	copy = xstrdup(escaped);
	curl_free(escaped);
	return copy;
}
