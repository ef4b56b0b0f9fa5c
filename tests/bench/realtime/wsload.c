/*
 * wsload.c - thousands of Socket.IO clients in one process, for the benches
 *
 * Raw websocket frames over a unix socket, or a port of loopback, and one epoll, so that the load costs less than
 * what it measures. Several of these run side by side; a driver tells each what to do, one
 * line at a time, and gets one line back:
 *
 *	open N		sign in N more clients		opened N
 *	stall N		the same; they never read again	stalled N
 *	hear N		count events from here on	ready
 *			and once every client has N	heard {...}
 *	echo N		N acknowledgements, one by one	echoed {...}
 *	lost		clients cut by the server	lost READING STALLED
 *
 * An event counts if it has "n" (from 1) and "at", microseconds of the wall clock when it was
 * made; `heard` gives for each n how long after that the last client had it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PEERS_MAX 16384
#define EVENTS_MAX 65536	/* highest n */
#define OPENING_MAX 64		/* handshakes under way at once */
#define READ_SIZE (256 * 1024)
#define BATCH 512		/* of epoll */

enum peer_state {
	PEER_SHAKING,	/* waits for 101 */
	PEER_OPENING,	/* waits for the Engine.IO open packet */
	PEER_JOINING,	/* waits for the Socket.IO CONNECT */
	PEER_IN,
	PEER_STALLED,	/* in, and does not read */
	PEER_LOST,
};

struct peer {
	int fd;
	enum peer_state state;
	uint32_t heard;
	uint32_t rest_len;	/* of a frame whose end is not here */
	unsigned char *rest;
};

static struct {
	const char *address;
	const char *token;
	int epoll;
	struct peer peers[PEERS_MAX];
	size_t count;		/* of peers, whatever became of them */
	size_t opening;
	size_t lost, stalled_lost;
	size_t to_open;		/* still wanted by the command */
	size_t asked;		/* by the command, in all */
	bool to_stall;
	uint32_t to_hear;	/* events each client must get, or 0 */
	size_t hearing;		/* clients that have not got all */
	int64_t first_at, end_at, messages, bytes;
	int64_t cpu_at;
	int64_t last[EVENTS_MAX];	/* for each n, the longest way */
	uint32_t to_echo, echoes;
	int64_t echo_at;
} load;

static void
fail(const char *what)
{
	fprintf(stderr, "wsload: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t
cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- one client ---- */

static void
peer_watch(struct peer *peer, uint32_t events, int how)
{
	struct epoll_event event = { .events = events, .data.ptr = peer };

	if (epoll_ctl(load.epoll, how, peer->fd, &event) == -1)
		fail("epoll_ctl");
}

static void
peer_send(struct peer *peer, const void *data, size_t len)
{
	if (send(peer->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		fprintf(stderr, "wsload: a client could not send: %s\n", strerror(errno));
}

/* A text frame; the mask is zero, which leaves the text as it is. */
static void
peer_say(struct peer *peer, const char *text)
{
	unsigned char frame[8 + 4096];
	size_t len = strlen(text), head = 2;

	frame[0] = 0x81;
	if (len < 126) {
		frame[1] = (unsigned char)(0x80 | len);
	} else {
		frame[1] = 0x80 | 126;
		frame[2] = (unsigned char)(len >> 8);
		frame[3] = (unsigned char)len;
		head = 4;
	}
	memset(frame + head, 0, 4);
	if (len > sizeof(frame) - head - 4)
		abort();
	memcpy(frame + head + 4, text, len);
	peer_send(peer, frame, head + 4 + len);
}

/* A connection to the unix socket, or to the port of loopback, that was given. */
static int
peer_dial(void)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_in remote = {
		.sin_family = AF_INET,
		.sin_port = htons((in_port_t)atoi(load.address)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	bool is_local = load.address[0] == '/';
	int fd = socket(is_local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(load.address) >= sizeof(local.sun_path))
		abort();
	memcpy(local.sun_path, load.address, strlen(load.address));
	if (fd == -1 || connect(fd, is_local ? (struct sockaddr *)&local : (struct sockaddr *)&remote,
	    is_local ? sizeof(local) : sizeof(remote)) == -1)
		fail("connect");
	return fd;
}

static void
peer_open(void)
{
	static const char request[] =
	    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n"
	    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
	struct peer *peer = &load.peers[load.count];

	if (load.count++ == PEERS_MAX)
		abort();
	peer->fd = peer_dial();
	load.opening++;
	peer->state = PEER_SHAKING;
	peer_watch(peer, EPOLLIN, EPOLL_CTL_ADD);
	peer_send(peer, request, sizeof(request) - 1);
}

static void
peer_lose(struct peer *peer)
{
	if (peer->state < PEER_IN)
		load.opening--;
	if (peer->state == PEER_STALLED)
		load.stalled_lost++;
	else
		load.lost++;
	if (peer->state == PEER_IN && peer->heard < load.to_hear)
		load.hearing--;
	peer->state = PEER_LOST;
	close(peer->fd);
	free(peer->rest);
	peer->rest = NULL;
	peer->rest_len = 0;
}

/* The number after a key; the text is ended by a NUL. */
static int64_t
number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at != NULL ? strtoll(at + strlen(key), NULL, 10) : -1;
}

static void
peer_hear(struct peer *peer, const char *text, size_t len, int64_t now)
{
	int64_t n = number_after(text, "\"n\":"), at;

	if (n < 1 || n >= EVENTS_MAX || load.to_hear == 0)
		return;
	at = number_after(text, "\"at\":");
	load.messages++;
	load.bytes += (int64_t)len;
	load.end_at = now;
	if (load.first_at == 0 || at < load.first_at)
		load.first_at = at;
	if (now - at > load.last[n])
		load.last[n] = now - at;
	if (++peer->heard == load.to_hear)
		load.hearing--;
}

static void
peer_join(struct peer *peer)
{
	char connect[4096];

	snprintf(connect, sizeof(connect), "40{\"token\":\"%s\"}", load.token);
	peer_say(peer, connect);
	peer->state = PEER_JOINING;
}

static void
peer_joined(struct peer *peer)
{
	load.opening--;
	peer->state = load.to_stall ? PEER_STALLED : PEER_IN;
	if (load.to_stall)
		peer_watch(peer, EPOLLRDHUP, EPOLL_CTL_MOD);
}

static void
peer_take_text(struct peer *peer, const char *text, size_t len, int64_t now)
{
	if (strcmp(text, "2") == 0)
		peer_say(peer, "3");
	else if (peer->state == PEER_OPENING && text[0] == '0')
		peer_join(peer);
	else if (peer->state == PEER_JOINING && strncmp(text, "40{", 3) == 0)
		peer_joined(peer);
	else if (strncmp(text, "43", 2) == 0)
		load.echoes++;
	else if (peer->state == PEER_IN && strncmp(text, "42", 2) == 0)
		peer_hear(peer, text, len, now);
}

/* Take one frame off the front; 0 if it is not whole, -1 if it closes. */
static ssize_t
peer_take_frame(struct peer *peer, unsigned char *data, size_t len, int64_t now)
{
	size_t head = 2, size;
	unsigned char after;

	if (len < 2)
		return 0;
	size = data[1] & 0x7f;
	if (size == 126 && len >= 4) {
		size = (size_t)data[2] << 8 | data[3];
		head = 4;
	} else if (size == 127 && len >= 10) {
		size = (size_t)data[6] << 24 | (size_t)data[7] << 16 | (size_t)data[8] << 8 | data[9];
		head = 10;
	} else if (size >= 126) {
		return 0;
	}
	if (len < head + size)
		return 0;
	if ((data[0] & 0x0f) == 8)
		return -1;
	after = data[head + size];	/* there is room for a NUL behind everything read */
	data[head + size] = '\0';
	peer_take_text(peer, (const char *)data + head, size, now);
	data[head + size] = after;
	return (ssize_t)(head + size);
}

/* The answer to the upgrade: its length, 0 if it is not whole, -1 for a refusal. */
static ssize_t
peer_take_answer(struct peer *peer, const unsigned char *data, size_t len)
{
	const unsigned char *end = memmem(data, len, "\r\n\r\n", 4);

	if (end == NULL)
		return 0;
	if (len < 12 || memcmp(data + 9, "101", 3) != 0)
		return -1;
	peer->state = PEER_OPENING;
	return end + 4 - data;
}

static void
peer_keep(struct peer *peer, const unsigned char *data, size_t len)
{
	free(peer->rest);
	peer->rest = NULL;
	peer->rest_len = (uint32_t)len;
	if (len == 0)
		return;
	peer->rest = malloc(len);
	if (peer->rest == NULL)
		abort();
	memcpy(peer->rest, data, len);
}

static void
peer_read(struct peer *peer)
{
	static unsigned char data[READ_SIZE + 1];
	size_t have = peer->rest_len, used = 0;
	ssize_t got, step = 1;
	int64_t now;

	memcpy(data, peer->rest != NULL ? peer->rest : data, have);
	got = recv(peer->fd, data + have, READ_SIZE - have, MSG_DONTWAIT);
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		peer_lose(peer);
		return;
	}
	now = now_us();
	have += (size_t)got;
	while (used < have && peer->state < PEER_STALLED) {
		step = peer->state == PEER_SHAKING ? peer_take_answer(peer, data + used, have - used) :
		    peer_take_frame(peer, data + used, have - used, now);
		if (step <= 0)
			break;
		used += (size_t)step;
	}
	if (step == -1)
		peer_lose(peer);
	else
		peer_keep(peer, data + used, have - used);
}

/* ---- commands ---- */

static struct peer *
first_reader(void)
{
	for (size_t i = 0; i < load.count; i++)
		if (load.peers[i].state == PEER_IN)
			return &load.peers[i];
	errno = ENOTCONN;
	fail("nobody is in");
	return NULL;
}

static void
command_hear(uint32_t count)
{
	load.to_hear = count;
	load.hearing = 0;
	load.first_at = load.end_at = load.messages = load.bytes = 0;
	memset(load.last, 0, sizeof(load.last));
	for (size_t i = 0; i < load.count; i++) {
		load.peers[i].heard = 0;
		load.hearing += load.peers[i].state == PEER_IN;
	}
	load.cpu_at = cpu_us();
	printf("ready\n");
}

static void
say_heard(void)
{
	printf("heard {\"messages\":%jd,\"bytes\":%jd,\"first\":%jd,\"end\":%jd,\"cpu_us\":%jd,"
	    "\"last\":[", (intmax_t)load.messages, (intmax_t)load.bytes,
	    (intmax_t)load.first_at, (intmax_t)load.end_at, (intmax_t)(cpu_us() - load.cpu_at));
	for (uint32_t n = 1; n <= load.to_hear; n++)
		printf("%s%jd", n > 1 ? "," : "", (intmax_t)load.last[n]);
	printf("]}\n");
	load.to_hear = 0;
}

static void
ask_echo(void)
{
	peer_say(first_reader(), "427[\"leave-room\",{\"room\":\"leads\"}]");
}

static void
command(const char *line)
{
	char name[16];
	unsigned count = 0;

	if (sscanf(line, "%15s %u", name, &count) < 1)
		return;
	if (strcmp(name, "open") == 0 || strcmp(name, "stall") == 0) {
		load.to_open = load.asked = count;
		load.to_stall = name[0] == 's';
	} else if (strcmp(name, "hear") == 0 && count < EVENTS_MAX) {
		command_hear(count);
	} else if (strcmp(name, "echo") == 0) {
		load.to_echo = count;
		load.echoes = 0;
		load.echo_at = now_us();
		ask_echo();
	} else if (strcmp(name, "lost") == 0) {
		printf("lost %zu %zu\n", load.lost, load.stalled_lost);
	} else {
		fprintf(stderr, "wsload: what is %s?\n", line);
		exit(2);
	}
	fflush(stdout);
}

/* Go on with whatever is asked for, and say when it is done. */
static void
advance(void)
{
	uint32_t echoed = load.echoes;

	while (load.to_open > 0 && load.opening < OPENING_MAX) {
		load.to_open--;
		peer_open();
	}
	if (load.asked > 0 && load.to_open == 0 && load.opening == 0) {
		printf("%s %zu\n", load.to_stall ? "stalled" : "opened", load.asked);
		load.asked = 0;
	}
	if (load.to_hear > 0 && load.hearing == 0)
		say_heard();
	if (load.to_echo > 0 && echoed == load.to_echo) {
		printf("echoed {\"us\":%jd}\n", (intmax_t)(now_us() - load.echo_at));
		load.to_echo = 0;
	}
	fflush(stdout);
}

static void
take_commands(void)
{
	char line[256];

	if (fgets(line, sizeof(line), stdin) == NULL)
		exit(0);
	command(line);
}

int
main(int argc, char **argv)
{
	struct epoll_event events[BATCH];
	struct epoll_event input = { .events = EPOLLIN, .data.ptr = NULL };

	if (argc != 3) {
		fprintf(stderr, "usage: wsload SOCKET|PORT TOKEN\n");
		return 2;
	}
	load.address = argv[1];
	load.token = argv[2];
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load.epoll == -1 || epoll_ctl(load.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input) == -1)
		fail("epoll");
	setvbuf(stdin, NULL, _IONBF, 0);	/* what is read ahead epoll would not tell of */
	for (;;) {
		int count = epoll_wait(load.epoll, events, BATCH, -1);
		uint32_t echoed = load.echoes;

		for (int i = 0; i < count; i++) {
			struct peer *peer = events[i].data.ptr;

			if (peer == NULL)
				take_commands();
			else if (peer->state == PEER_STALLED)
				peer_lose(peer);
			else if (peer->state < PEER_STALLED)
				peer_read(peer);
		}
		if (load.to_echo > 0 && load.echoes != echoed && load.echoes < load.to_echo)
			ask_echo();
		advance();
	}
}
