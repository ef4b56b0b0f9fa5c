/*
 * socketio_echo.c - the daemon's protocol code, dressed as an echo server
 *
 * What the official protocol suites of Engine.IO and Socket.IO expect to talk to: on
 * /engine.io/ every message comes back; on /socket.io/, in the namespaces / and /custom,
 * `auth` tells the client its own auth object, `message` is answered by
 * `message-back`, and `message-with-ack` by an acknowledgement with the same arguments.
 *
 *	socketio-echo --port N	prints `listening N`; exits 0 on SIGTERM
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../ws/client.h"
#include "../../ws/engineio.h"
#include "../../ws/frame.h"
#include "../../ws/listener.h"
#include "../../ws/loop.h"
#include "../../ws/message.h"
#include "../../ws/server.h"
#include "../../ws/session.h"
#include "buf.h"
#include "crypto.h"
#include "log.h"

#define MAX_PAYLOAD 1000000

/* ---- Engine.IO: every message comes back ---- */

static void *
engine_opened(struct session *session)
{
	return session;
}

static void
engine_text(void *owner, const char *text, size_t len)
{
	struct frame *frame = frame_new(len + 1, false);

	frame->data[0] = '0' + ENGINEIO_MESSAGE;
	memcpy(frame->data + 1, text, len);
	session_send(owner, &frame, 1);
	frame_free(&frame);
}

static void
engine_binary(void *owner, const void *data, size_t len)
{
	struct frame *frame = frame_new(len, true);

	memcpy(frame->data, data, len);
	session_send(owner, &frame, 1);
	frame_free(&frame);
}

static void
engine_closed(void *owner)
{
	(void)owner;
}

static const struct session_handler engine_handler = {
	.opened = engine_opened,
	.text = engine_text,
	.binary = engine_binary,
	.closed = engine_closed,
};

/* ---- Socket.IO ---- */

static void
echo_connect(struct socket *socket, struct span auth)
{
	char *args = strndup(auth.text, auth.len);

	socket_accept(socket, NULL);
	socket_emit(socket, "auth", args);
	free(args);
}

/* Send a head with this JSON, and the event's attachments right behind it. */
static void
echo_send(struct socket *socket, const struct socket_event *event, bool is_ack,
    const struct buf *json)
{
	struct frame *frames[1 + SOCKETIO_ATTACHMENTS_MAX];
	unsigned count = event->attachment_count;
	struct socketio_packet head = {
		.attachments = count,
		.nsp = { socket->nsp, strlen(socket->nsp) },
		.json = { json->data, json->len },
	};

	if (is_ack) {
		head.type = count > 0 ? SOCKETIO_BINARY_ACK : SOCKETIO_ACK;
		head.id = event->id;
	} else {
		head.type = count > 0 ? SOCKETIO_BINARY_EVENT : SOCKETIO_EVENT;
	}
	frames[0] = message_packet(&head);
	for (unsigned i = 0; i < count; i++)
		frames[1 + i] = event->attachments[i];
	socket_send(socket, frames, 1 + count);
	frame_free(&frames[0]);
}

static void
echo_event(struct socket *socket, const struct socket_event *event)
{
	bool is_ack = span_is(event->name, "\"message-with-ack\"") && event->id.text != NULL;
	struct buf json = { 0 };

	if (!is_ack && !span_is(event->name, "\"message\""))
		return;
	buf_adds(&json, is_ack ? "[" : "[\"message-back\"");
	if (!is_ack && event->args.len > 0)
		buf_addc(&json, ',');
	buf_add(&json, event->args.text, event->args.len);
	buf_addc(&json, ']');
	echo_send(socket, event, is_ack, &json);
	buf_free(&json);
}

static void
echo_gone(struct socket *socket)
{
	(void)socket;
}

static const char *const namespaces[] = { "/", "/custom", NULL };

/*
 * The Socket.IO suite's three pings by polling take most of a second, without any CONNECT: a
 * time no longer than that would end them on a busy machine.
 */
static const struct app echo_app = {
	.namespaces = namespaces,
	.connect_timeout_ms = 1500,
	.connect = echo_connect,
	.event = echo_event,
	.gone = echo_gone,
};

/* ---- the program ---- */

static struct listener *listener, *listener6;

static void
stop(void *owner)
{
	(void)owner;
	listener_free(&listener);
	listener_free(&listener6);
	server_stop();
	session_stop();
	loop_stop();
}

/* A socket that listens on this address, or -1. */
static int
listen_on(const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(fd, address, len) == 0 && listen(fd, 1024) == 0)
		return fd;
	close(fd);
	return -1;
}

/* On loopback; *port may be 0 and is then chosen. */
static int
listen_on_ipv4(in_port_t *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd = listen_on((struct sockaddr *)&address, len);

	if (fd != -1 && getsockname(fd, (struct sockaddr *)&address, &len) == 0)
		*port = ntohs(address.sin_port);
	return fd;
}

/* Also there: `localhost` may mean this one first. */
static int
listen_on_ipv6(in_port_t port)
{
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	return listen_on((struct sockaddr *)&address, sizeof(address));
}

int
main(int argc, char **argv)
{
	static const struct server_path paths[] = {
		{ "/engine.io/", &engine_handler },
		{ "/socket.io/", &client_handler },
		{ 0 }
	};
	static const struct server_settings server_settings = {
		.paths = paths, .max_payload = MAX_PAYLOAD, .max_connections = 16000,
	};
	static const struct session_settings session_settings = {
		.limits = { 300, 200, MAX_PAYLOAD }, .upgrade_timeout_ms = 10000,
		.queue_bytes = 16 * 1024 * 1024, .queue_frames = 65536,
		.max_sessions = 16000,
	};
	in_port_t port;
	int fd;

	if (argc != 3 || strcmp(argv[1], "--port") != 0) {
		fprintf(stderr, "usage: socketio-echo --port N\n");
		return 2;
	}
	port = (in_port_t)strtoul(argv[2], NULL, 10);
	signal(SIGPIPE, SIG_IGN);
	crypto_init();
	log_open("socketio-echo", LOG_LEVEL_WARN);
	loop_open();
	session_start(&session_settings);
	client_start(&echo_app);
	fd = listen_on_ipv4(&port);
	if (fd == -1 || server_start(&server_settings) == -1) {
		perror("socketio-echo");
		return 1;
	}
	listener = listener_adopt(fd, server_take);
	fd = listen_on_ipv6(port);
	if (fd != -1)	/* a machine without it has no such localhost */
		listener6 = listener_adopt(fd, server_take);
	loop_on_signal(SIGTERM, stop, NULL);
	loop_on_signal(SIGINT, stop, NULL);
	printf("listening %u\n", (unsigned)port);
	fflush(stdout);
	loop_run();
	loop_close();
	return 0;
}
