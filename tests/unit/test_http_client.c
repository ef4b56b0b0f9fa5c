/*
 * test_http_client.c - outgoing requests against a small server of our own
 *
 * The server is a child process per test program. What it does is chosen by the
 * path, so that a test and the behaviour it needs stand on one screen.
 */
#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"

#define SECRET "KEY-of-the-test"
#define REQUEST_SIZE 8192
#define LOOKUP_GIVES_UP_MS 60000

static struct {
	pid_t pid;
	int port;
} server;

/* ---- the server ---- */

static void
send_all(int peer, const char *data, size_t len)
{
	ssize_t sent;

	for (; len > 0; data += sent, len -= (size_t)sent) {
		sent = send(peer, data, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
	}
}

static void
answer(int peer, const char *status, const char *headers, const char *body)
{
	char text[REQUEST_SIZE * 2];
	int len = snprintf(text, sizeof(text), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n"
					       "Connection: close\r\n\r\n%s",
	    status, headers, strlen(body), body);

	send_all(peer, text, (size_t)len);
}

/* Read a whole request; its text is the answer of /echo. */
static void
read_request(int peer, char request[static REQUEST_SIZE])
{
	size_t len = 0, wanted = 0;
	const char *length, *end = NULL;
	ssize_t got;

	while (end == NULL || len < wanted) {
		got = recv(peer, request + len, REQUEST_SIZE - 1 - len, 0);
		if (got <= 0)
			return;
		len += (size_t)got;
		request[len] = '\0';
		end = strstr(request, "\r\n\r\n");
		if (end == NULL)
			continue;
		length = strcasestr(request, "\r\nContent-Length: ");
		wanted = (size_t)(end + 4 - request) +
		    (length != NULL ? strtoul(length + 18, NULL, 10) : 0);
	}
}

/* Close so that the peer sees a reset instead of an end. */
static void
reset(int peer)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void
send_much(int peer, size_t len)
{
	char header[128];
	char *body = malloc(len);

	memset(body, 'x', len);
	snprintf(header, sizeof(header), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
	send_all(peer, header, strlen(header));
	send_all(peer, body, len);
	free(body);
}

/* Until the client has given up. */
static void
await_end(int peer)
{
	char byte;

	while (recv(peer, &byte, 1, 0) > 0)
		continue;
}

static void
answer_late(int peer)
{
	clock_sleep_ms(300);
	answer(peer, "200 OK", "", "late");
}

/* Answer, and close the kept connection at the next request. */
static void
answer_once(int peer)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	char request[REQUEST_SIZE] = "";

	send_all(peer, text, strlen(text));
	read_request(peer, request);
}

static bool
asks_for(const char *request, const char *path)
{
	const char *blank = strchr(request, ' ');

	return blank != NULL && strncmp(blank + 1, path, strlen(path)) == 0;
}

static void
serve(int peer)
{
	char request[REQUEST_SIZE] = "";

	read_request(peer, request);
	if (asks_for(request, "/echo"))
		answer(peer, "200 OK", "", request);
	else if (asks_for(request, "/empty"))
		answer(peer, "200 OK", "", "");
	else if (asks_for(request, "/reset"))
		reset(peer);
	else if (asks_for(request, "/cut"))
		send_all(peer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 42);
	else if (asks_for(request, "/full"))
		send_much(peer, HTTP_CLIENT_ANSWER_MAX);
	else if (asks_for(request, "/over"))
		send_much(peer, HTTP_CLIENT_ANSWER_MAX + 1);
	else if (asks_for(request, "/moved"))
		answer(peer, "302 Found", "Location: /echo\r\n", "");
	else if (asks_for(request, "/limit"))
		answer(peer, "429 Too Many Requests", "Retry-After: 9\r\nX-RateLimit-Reset: 2\r\n",
		    "{}");
	else if (asks_for(request, "/busy"))
		answer(peer, "503 Service Unavailable", "Retry-After: 7\r\n", "no");
	else if (asks_for(request, "/slow"))
		answer_late(peer);
	else if (asks_for(request, "/once"))
		answer_once(peer);
	else if (asks_for(request, "/never"))
		await_end(peer);
}

/* Each peer has a child of its own, so that a slow one delays nobody. */
static void
serve_all(int listener)
{
	int peer;

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		peer = accept(listener, NULL, NULL);
		if (peer >= 0 && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(peer);
			close(peer);
			_exit(0);
		}
		close(peer);
	}
}

/* A socket bound to a free port of loopback. */
static int
bind_loopback(int *port_r)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port_r = ntohs(address.sin_port);
	return fd;
}

static int
start_server(void **state)
{
	int listener = bind_loopback(&server.port);

	(void)state;
	assert_int_equal(listen(listener, 64), 0);
	server.pid = fork();
	if (server.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_all(listener);
	}
	close(listener);
	return server.pid > 0 ? 0 : -1;
}

static int
stop_server(void **state)
{
	(void)state;
	kill(server.pid, SIGKILL);
	waitpid(server.pid, NULL, 0);
	return 0;
}

/* ---- one request, from start to its answer ---- */

struct outcome {
	struct http_client *client;
	int calls; /* how often done was called */
	long status;
	char body[REQUEST_SIZE];
	size_t body_len;
	char error[128];
	bool was_sent;
	long retry_after;
	int again; /* requests which done starts */
	char url[160];
};

static void
note(void *owner, const struct http_answer *given)
{
	struct outcome *outcome = owner;

	outcome->calls++;
	outcome->status = given->status;
	outcome->body_len = given->body_len;
	outcome->was_sent = given->was_sent;
	outcome->retry_after = given->retry_after;
	snprintf(outcome->body, sizeof(outcome->body), "%s", given->body != NULL ? given->body : "");
	snprintf(outcome->error, sizeof(outcome->error), "%s", given->error != NULL ? given->error : "");
	if (outcome->again-- > 0)
		http_client_start(outcome->client, "GET", outcome->url, NULL, note, outcome);
}

static const char *
url_of(const char *path)
{
	static char url[160];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", server.port, path);
	return url;
}

static void
run_until(struct http_client *client, size_t inflight, int ms)
{
	int64_t end = clock_ms() + ms;

	while (http_client_inflight(client) > inflight && clock_ms() < end)
		http_client_run(client, 100, NULL, 0);
}

static struct outcome
request(const char *method, const char *url, const char *body)
{
	struct http_client *client = http_client_new(SECRET);
	struct outcome outcome = { 0 };

	http_client_start(client, method, url, body, note, &outcome);
	assert_int_equal(outcome.calls, 0);
	assert_int_equal(http_client_inflight(client), 1);
	run_until(client, 0, HTTP_CLIENT_TOTAL_MS + 20000);
	assert_int_equal(http_client_inflight(client), 0);
	assert_int_equal(outcome.calls, 1);
	http_client_free(&client);
	assert_null(client);
	return outcome;
}

/* ---- tests ---- */

static void
https_and_loopback_may_be_called(void **state)
{
	(void)state;
	assert_true(http_client_may_call("https://api.telnyx.com/v2"));
	assert_true(http_client_may_call("http://127.0.0.1:9999/v2"));
	assert_true(http_client_may_call("http://127.9.9.9/"));
	assert_true(http_client_may_call("http://localhost:1"));
	assert_true(http_client_may_call("http://[::1]:80/v2"));
}

static void
nothing_else_may_be_called(void **state)
{
	static const char *const urls[] = {
		"http://api.telnyx.com/v2",
		"http://10.0.0.1/",
		"http://128.0.0.1/",
		"http://[::2]/",
		"http://localhost.example.com/",
		"http://127.0.0.1.example.com/",
		"http://127.0.0.1@example.com/",
		"https://user@example.com/",
		"https://:password@example.com/",
		"ftp://127.0.0.1/",
		"file:///etc/passwd",
		"127.0.0.1",
		"/v2",
		"",
		"http://",
		"https://",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (http_client_may_call(urls[i]))
			fail_msg("%s may be called", urls[i]);
}

static void
a_post_carries_key_and_body(void **state)
{
	struct outcome outcome = request("POST", url_of("/echo/1"), "{\"a\":\"\xc3\xa4\"}");

	(void)state;
	assert_int_equal(outcome.status, 200);
	assert_true(outcome.was_sent);
	assert_string_equal(outcome.error, "");
	assert_ptr_equal(strstr(outcome.body, "POST /echo/1 HTTP/1.1\r\n"), outcome.body);
	assert_non_null(strstr(outcome.body, "\r\nAuthorization: Bearer " SECRET "\r\n"));
	assert_non_null(strstr(outcome.body, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(outcome.body, "\r\n\r\n{\"a\":\"\xc3\xa4\"}"));
	assert_null(strstr(outcome.body, "Expect:"));
	assert_int_equal(outcome.body_len, strlen(outcome.body));
}

static void
put_and_get_keep_their_method(void **state)
{
	struct outcome put = request("PUT", url_of("/echo"), "{}");
	struct outcome get = request("GET", url_of("/echo?page%5Blimit%5D=2"), NULL);

	(void)state;
	assert_ptr_equal(strstr(put.body, "PUT /echo HTTP/1.1\r\n"), put.body);
	assert_ptr_equal(strstr(get.body, "GET /echo?page%5Blimit%5D=2 HTTP/1.1\r\n"), get.body);
	assert_null(strstr(get.body, "Content-Length"));
}

static void
without_a_key_none_is_sent(void **state)
{
	struct http_client *client = http_client_new("");
	struct outcome outcome = { 0 };

	(void)state;
	http_client_start(client, "GET", url_of("/echo"), NULL, note, &outcome);
	run_until(client, 0, 30000);
	assert_int_equal(outcome.status, 200);
	assert_null(strstr(outcome.body, "Authorization"));
	http_client_free(&client);
}

static void
an_empty_answer_is_an_answer(void **state)
{
	struct outcome outcome = request("GET", url_of("/empty"), NULL);

	(void)state;
	assert_int_equal(outcome.status, 200);
	assert_int_equal(outcome.body_len, 0);
	assert_string_equal(outcome.error, "");
}

static void
a_closed_port_was_sent_nothing(void **state)
{
	int port, fd = bind_loopback(&port);
	char url[160];
	struct outcome outcome;

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
	outcome = request("POST", url, "{}"); /* bound, but nobody listens */
	close(fd);
	assert_int_equal(outcome.status, 0);
	assert_false(outcome.was_sent);
	assert_string_not_equal(outcome.error, "");
}

static void
a_reset_after_the_request_may_have_had_its_effect(void **state)
{
	struct outcome outcome = request("POST", url_of("/reset"), "{}");

	(void)state;
	assert_int_equal(outcome.status, 0);
	assert_true(outcome.was_sent);
	assert_string_not_equal(outcome.error, "");
}

static void
half_an_answer_is_none(void **state)
{
	struct outcome outcome = request("GET", url_of("/cut"), NULL);

	(void)state;
	assert_int_equal(outcome.status, 0);
	assert_int_equal(outcome.body_len, 0);
	assert_true(outcome.was_sent);
}

static void
answers_are_bounded(void **state)
{
	struct outcome full = request("GET", url_of("/full"), NULL);
	struct outcome over = request("GET", url_of("/over"), NULL);

	(void)state;
	assert_int_equal(full.status, 200);
	assert_int_equal(full.body_len, HTTP_CLIENT_ANSWER_MAX);
	assert_int_equal(over.status, 0);
	assert_string_equal(over.error, "the answer is too long");
}

static void
redirects_are_not_followed(void **state)
{
	struct outcome outcome = request("GET", url_of("/moved"), NULL);

	(void)state;
	assert_int_equal(outcome.status, 302);
}

static void
the_provider_says_how_long_to_wait(void **state)
{
	struct outcome limit = request("GET", url_of("/limit"), NULL);
	struct outcome busy = request("GET", url_of("/busy"), NULL);
	struct outcome echo = request("GET", url_of("/echo"), NULL);

	(void)state;
	assert_int_equal(limit.status, 429);
	assert_int_equal(limit.retry_after, 2);
	assert_int_equal(busy.retry_after, 7);
	assert_int_equal(echo.retry_after, -1);
}

static void
a_forbidden_address_ends_as_an_error(void **state)
{
	struct outcome outcome = request("POST", "http://192.0.2.1/", "{}");

	(void)state;
	assert_int_equal(outcome.status, 0);
	assert_false(outcome.was_sent);
	assert_string_equal(outcome.error, "this address may not be called");
}

static void
an_answer_that_never_comes_is_given_up(void **state)
{
	int64_t began = clock_ms();
	struct outcome outcome = request("GET", url_of("/never"), NULL);

	(void)state;
	assert_int_equal(outcome.status, 0);
	assert_true(outcome.was_sent);
	assert_true(clock_ms() - began >= HTTP_CLIENT_TOTAL_MS - 50);
}

static void
a_wish_of_long_ago_is_not_sent_any_more(void **state)
{
	struct http_client *client = http_client_new(SECRET);
	struct outcome outcome = { 0 };

	(void)state;
	http_client_start(client, "POST", url_of("/echo"), "{}", note, &outcome);
	clock_sleep_ms(HTTP_CLIENT_TOTAL_MS);
	run_until(client, 0, HTTP_CLIENT_TOTAL_MS + 20000);
	assert_int_equal(outcome.calls, 1);
	assert_int_equal(outcome.status, 0);
	assert_false(outcome.was_sent);
	assert_string_not_equal(outcome.error, "");
	http_client_free(&client);
}

static void
the_environment_names_no_proxy(void **state)
{
	struct outcome outcome;

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
	outcome = request("GET", url_of("/echo"), NULL);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	assert_int_equal(outcome.status, 200);
}

static void
many_requests_run_at_once(void **state)
{
	struct http_client *client = http_client_new(SECRET);
	struct outcome outcomes[20] = { 0 };
	int64_t began = clock_ms();

	(void)state;
	for (size_t i = 0; i < 20; i++)
		http_client_start(client, "GET", url_of("/slow"), NULL, note, &outcomes[i]);
	assert_int_equal(http_client_inflight(client), 20);
	run_until(client, 0, 30000);
	/* One after the other they would take six seconds. */
	assert_in_range(clock_ms() - began, 250, 5900);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(outcomes[i].calls, 1);
		assert_string_equal(outcomes[i].body, "late");
	}
	http_client_free(&client);
}

static void
done_may_start_the_next(void **state)
{
	struct http_client *client = http_client_new(SECRET);
	struct outcome answered = { .client = client, .again = 3 };
	struct outcome refused = { .client = client, .again = 3, .url = "http://192.0.2.1/" };

	(void)state;
	snprintf(answered.url, sizeof(answered.url), "%s", url_of("/echo"));
	http_client_start(client, "GET", answered.url, NULL, note, &answered);
	http_client_start(client, "GET", refused.url, NULL, note, &refused);
	run_until(client, 0, 30000);
	assert_int_equal(answered.calls, 4);
	assert_int_equal(refused.calls, 4);
	assert_int_equal(answered.status, 200);
	http_client_free(&client);
}

static void
a_readable_descriptor_ends_the_wait(void **state)
{
	struct http_client *client = http_client_new(SECRET);
	int pipes[2], fds[2] = { -1, -1 };
	int64_t began;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	fds[1] = pipes[0];
	began = clock_ms();
	http_client_run(client, 200, fds, 2);
	assert_true(clock_ms() - began >= 150);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	began = clock_ms();
	http_client_run(client, 60000, fds, 2);
	assert_true(clock_ms() - began < 50000);
	close(pipes[0]);
	close(pipes[1]);
	http_client_free(&client);
}

static void
freeing_drops_what_is_under_way(void **state)
{
	struct http_client *client = http_client_new(SECRET);
	struct outcome slow = { 0 }, refused = { 0 };

	(void)state;
	http_client_start(client, "GET", url_of("/slow"), NULL, note, &slow);
	http_client_start(client, "GET", url_of("/slow"), NULL, note, &slow);
	http_client_run(client, 20, NULL, 0);
	http_client_start(client, "GET", "http://192.0.2.1/", NULL, note, &refused);
	http_client_free(&client);
	assert_int_equal(slow.calls, 0);
	assert_int_equal(refused.calls, 0);
}

static void
segments_are_escaped(void **state)
{
	char *escaped = http_client_escape("v3:a/b=_-?#\xc3\xa4");

	(void)state;
	assert_string_equal(escaped, "v3%3Aa%2Fb%3D_-%3F%23%C3%A4");
	free(escaped);
}

/* ---- downloads ---- */

struct saved {
	struct outcome outcome;
	char text[REQUEST_SIZE];
	off_t len;
};

static struct saved
download(const char *url, bool may_be_loopback, int64_t max_bytes)
{
	struct http_client *client = http_client_new(SECRET);
	FILE *file = tmpfile();
	struct http_download wish = {
		.url = url,
		.may_be_loopback = may_be_loopback,
		.fd = fileno(file),
		.max_bytes = max_bytes,
	};
	struct saved saved = { 0 };

	http_client_download(client, &wish, note, &saved.outcome);
	run_until(client, 0, 30000);
	assert_int_equal(saved.outcome.calls, 1);
	http_client_free(&client);
	saved.len = lseek(fileno(file), 0, SEEK_END);
	assert_true(pread(fileno(file), saved.text, sizeof(saved.text) - 1, 0) >= 0);
	fclose(file);
	return saved;
}

static void
a_download_goes_to_its_file(void **state)
{
	struct saved saved = download(url_of("/echo/file"), true, REQUEST_SIZE);

	(void)state;
	assert_int_equal(saved.outcome.status, 200);
	assert_string_equal(saved.outcome.body, "");
	assert_int_equal(saved.outcome.body_len, saved.len);
	assert_ptr_equal(strstr(saved.text, "GET /echo/file HTTP/1.1\r\n"), saved.text);
}

static void
a_download_tells_our_key_to_nobody(void **state)
{
	struct saved saved = download(url_of("/echo"), true, REQUEST_SIZE);

	(void)state;
	assert_null(strstr(saved.text, SECRET));
	assert_null(strstr(saved.text, "Authorization"));
}

static void
a_download_reaches_loopback_only_if_it_may(void **state)
{
	char url[160];
	struct saved saved = download(url_of("/echo"), false, REQUEST_SIZE);

	(void)state;
	assert_int_equal(saved.outcome.status, 0);
	assert_false(saved.outcome.was_sent);
	assert_int_equal(saved.len, 0);
	/* A name is looked up, and judged by what it means. */
	snprintf(url, sizeof(url), "https://localhost:%d/echo", server.port);
	saved = download(url, false, REQUEST_SIZE);
	assert_false(saved.outcome.was_sent);
	assert_int_equal(saved.outcome.status, 0);
}

static void
a_request_whose_kept_connection_was_closed_is_not_sent_again(void **state)
{
	struct http_client *client = http_client_new("");
	struct outcome first = { 0 }, second = { 0 };

	(void)state;
	http_client_start(client, "POST", url_of("/once"), "{}", note, &first);
	run_until(client, 0, 30000);
	assert_int_equal(first.status, 200);
	http_client_start(client, "POST", url_of("/once"), "{}", note, &second);
	run_until(client, 0, 30000);
	assert_int_equal(second.calls, 1);
	assert_int_equal(second.status, 0);
	assert_true(second.was_sent);
	assert_string_equal(second.error, "the connection was closed without an answer");
	http_client_free(&client);
}

static void
a_kept_connection_is_not_used_for_a_download(void **state)
{
	struct http_client *client = http_client_new(SECRET);
	struct http_download wish = { .url = NULL, .may_be_loopback = false, .fd = -1, .max_bytes = 1 };
	struct outcome first = { 0 }, second = { 0 };

	(void)state;
	http_client_start(client, "GET", url_of("/full"), NULL, note, &first);
	run_until(client, 0, 30000);
	assert_int_equal(first.status, 200);
	wish.url = url_of("/full");
	wish.fd = STDERR_FILENO;
	http_client_download(client, &wish, note, &second);
	run_until(client, 0, 30000);
	assert_int_equal(second.status, 0);
	assert_false(second.was_sent);
	http_client_free(&client);
}

static void
downloads_are_bounded(void **state)
{
	struct saved exact = download(url_of("/full"), true, HTTP_CLIENT_ANSWER_MAX);
	struct saved over = download(url_of("/over"), true, HTTP_CLIENT_ANSWER_MAX);

	(void)state;
	assert_int_equal(exact.outcome.status, 200);
	assert_int_equal(exact.len, HTTP_CLIENT_ANSWER_MAX);
	assert_int_equal(over.outcome.status, 0);
	assert_string_equal(over.outcome.error, "the answer is too long");
}

static void
a_download_follows_no_redirect(void **state)
{
	struct saved saved = download(url_of("/moved"), true, REQUEST_SIZE);

	(void)state;
	assert_int_equal(saved.outcome.status, 302);
	assert_int_equal(saved.len, 0);
}

static void
a_file_that_cannot_be_written_ends_the_download(void **state)
{
	struct http_client *client = http_client_new("");
	struct http_download wish = { .url = url_of("/echo"), .may_be_loopback = true, .max_bytes = REQUEST_SIZE };
	struct outcome outcome = { 0 };
	FILE *file = fopen("/dev/null", "r");

	(void)state;
	wish.fd = fileno(file);
	http_client_download(client, &wish, note, &outcome);
	run_until(client, 0, 30000);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.error, "the file could not be written");
	fclose(file);
	http_client_free(&client);
}

/* A child that takes what comes out of a pipe, but not at once; its exit status says whether that was len bytes. */
static pid_t
reader_start(int pipes[static 2], size_t len)
{
	char bytes[REQUEST_SIZE];
	pid_t pid = fork();
	ssize_t got;

	assert_int_not_equal(pid, -1);
	if (pid > 0)
		return pid;
	close(pipes[1]);
	clock_sleep_ms(200);
	while ((got = read(pipes[0], bytes, sizeof(bytes))) > 0 && (size_t)got <= len)
		len -= (size_t)got;
	_exit(got == 0 && len == 0 ? 0 : 1);
}

static void
on_signal(int signal)
{
	(void)signal;
}

/* Signals every few milliseconds, which end a write that waits. */
static void
signals_set(bool come)
{
	const struct sigaction action = { .sa_handler = come ? on_signal : SIG_IGN };
	const struct itimerval every = { { 0, come ? 5000 : 0 }, { 0, come ? 5000 : 0 } };

	if (come)
		assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
	if (!come)
		assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
}

static void
a_signal_costs_a_download_nothing(void **state)
{
	struct http_client *client = http_client_new("");
	struct http_download wish = { .url = url_of("/full"), .may_be_loopback = true, .max_bytes = HTTP_CLIENT_ANSWER_MAX };
	struct outcome outcome = { 0 };
	int pipes[2], status;
	pid_t reader;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	reader = reader_start(pipes, HTTP_CLIENT_ANSWER_MAX);
	close(pipes[0]);
	wish.fd = pipes[1];
	signals_set(true);
	http_client_download(client, &wish, note, &outcome);
	run_until(client, 0, 30000);
	signals_set(false);
	close(pipes[1]);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_string_equal(outcome.error, "");
	assert_int_equal(outcome.status, 200);
	assert_int_equal(status, 0);
	http_client_free(&client);
}

/* ---- a name service that does not answer ---- */

static struct {
	int pipes[2]; /* closed for writing, the lookup ends */
	_Atomic bool has_ended;
} lookup;

/* libcurl's, in a thread of its own: it comes here only for names that are no addresses. */
int
getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
    struct addrinfo **restrict found)
{
	char byte;

	(void)node, (void)service, (void)hints;
	*found = NULL;
	while (read(lookup.pipes[0], &byte, 1) == -1 && errno == EINTR)
		continue;
	lookup.has_ended = true;
	return EAI_AGAIN;
}

/* Ends a lookup nobody else would end, so that a client which waits for it is seen to have waited. */
static void *
give_up(void *unused)
{
	for (int i = 0; i < LOOKUP_GIVES_UP_MS / 100 && !lookup.has_ended; i++)
		clock_sleep_ms(100);
	(void)dup2(lookup.pipes[0], lookup.pipes[1]);
	return unused;
}

static void
a_name_service_that_hangs_is_not_waited_for(void **state)
{
	struct http_client *client = http_client_new("");
	struct outcome outcome = { 0 };
	pthread_t ender;

	(void)state;
	assert_int_equal(pipe(lookup.pipes), 0);
	assert_int_equal(pthread_create(&ender, NULL, give_up, NULL), 0);
	http_client_start(client, "GET", "https://hangs.invalid/", NULL, note, &outcome);
	while (outcome.calls == 0)
		http_client_run(client, 100, NULL, 0);
	assert_false(lookup.has_ended);
	assert_string_not_equal(outcome.error, "");
	assert_false(outcome.was_sent);
	http_client_free(&client);

	assert_int_equal(dup2(lookup.pipes[0], lookup.pipes[1]), lookup.pipes[1]);
	assert_int_equal(pthread_join(ender, NULL), 0);
	assert_true(lookup.has_ended);
	close(lookup.pipes[0]);
	close(lookup.pipes[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(https_and_loopback_may_be_called),
		cmocka_unit_test(nothing_else_may_be_called),
		cmocka_unit_test(a_post_carries_key_and_body),
		cmocka_unit_test(put_and_get_keep_their_method),
		cmocka_unit_test(without_a_key_none_is_sent),
		cmocka_unit_test(an_empty_answer_is_an_answer),
		cmocka_unit_test(a_closed_port_was_sent_nothing),
		cmocka_unit_test(a_reset_after_the_request_may_have_had_its_effect),
		cmocka_unit_test(half_an_answer_is_none),
		cmocka_unit_test(answers_are_bounded),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(the_provider_says_how_long_to_wait),
		cmocka_unit_test(a_forbidden_address_ends_as_an_error),
		cmocka_unit_test(an_answer_that_never_comes_is_given_up),
		cmocka_unit_test(a_wish_of_long_ago_is_not_sent_any_more),
		cmocka_unit_test(the_environment_names_no_proxy),
		cmocka_unit_test(many_requests_run_at_once),
		cmocka_unit_test(done_may_start_the_next),
		cmocka_unit_test(a_readable_descriptor_ends_the_wait),
		cmocka_unit_test(freeing_drops_what_is_under_way),
		cmocka_unit_test(segments_are_escaped),
		cmocka_unit_test(a_download_goes_to_its_file),
		cmocka_unit_test(a_download_tells_our_key_to_nobody),
		cmocka_unit_test(a_download_reaches_loopback_only_if_it_may),
		cmocka_unit_test(a_request_whose_kept_connection_was_closed_is_not_sent_again),
		cmocka_unit_test(a_kept_connection_is_not_used_for_a_download),
		cmocka_unit_test(downloads_are_bounded),
		cmocka_unit_test(a_download_follows_no_redirect),
		cmocka_unit_test(a_file_that_cannot_be_written_ends_the_download),
		cmocka_unit_test(a_signal_costs_a_download_nothing),
		cmocka_unit_test(a_name_service_that_hangs_is_not_waited_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
