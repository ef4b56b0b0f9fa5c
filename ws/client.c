/*
 * client.c - Socket.IO on a session
 *
 * Takes the messages of a session apart, keeps the sockets of each client, and
 * puts binary packets together from their head and attachments. Whatever the protocol
 * does not allow ends the connection, as the reference server does it.
 */
#include "client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "crypto.h"
#include "frame.h"
#include "loop.h"
#include "message.h"
#include "room.h"
#include "xalloc.h"

#define SOCKET_SECRET_LEN 15	/* random bytes in a socket id */

/* A binary packet whose attachments are still coming. */
struct gathering {
	char *head;		/* copy of the packet's text, NULL when there is none */
	size_t head_len;
	unsigned wanted, count;
	struct frame *attachments[SOCKETIO_ATTACHMENTS_MAX];
};

struct client {
	struct session *session;
	struct socket *sockets;
	struct loop_timer *deadline;	/* for a first or another CONNECT */
	struct gathering *gathering;	/* NULL unless attachments are owed */
};

static const struct app *client_app;

void
client_start(const struct app *app)
{
	client_app = app;
}

static void
client_too_late(void *owner)
{
	struct client *client = owner;

	session_close(client->session, SESSION_END_IDLE);
}

static void *
client_opened(struct session *session)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->session = session;
	client->deadline = loop_timer_new(client_too_late, client);
	loop_timer_set(client->deadline, loop_now() + client_app->connect_timeout_ms);
	return client;
}

static void
client_stop_gathering(struct client *client)
{
	struct gathering *gathering = client->gathering;

	if (gathering == NULL)
		return;
	client->gathering = NULL;
	for (unsigned i = 0; i < gathering->count; i++)
		frame_free(&gathering->attachments[i]);
	free(gathering->head);
	free(gathering);
}

/* Unlink a socket and tell everybody who knows it. */
static void
client_drop_socket(struct client *client, struct socket *socket)
{
	struct socket **link = &client->sockets;

	while (*link != socket)
		link = &(*link)->next;
	*link = socket->next;
	room_leave_all(socket);
	client_app->gone(socket);
	free(socket);
	if (client->sockets == NULL)
		loop_timer_set(client->deadline, loop_now() + client_app->connect_timeout_ms);
}

static void
client_closed(void *owner)
{
	struct client *client = owner;

	while (client->sockets != NULL)
		client_drop_socket(client, client->sockets);
	client_stop_gathering(client);
	loop_timer_free(&client->deadline);
	free(client);
}

static void
client_send_packet(struct client *client, const struct socketio_packet *packet)
{
	struct frame *frame = message_packet(packet);

	session_send(client->session, &frame, 1);
	frame_free(&frame);
}

/* The app's name for a namespace, or NULL. */
static const char *
client_namespace(struct span nsp)
{
	for (const char *const *name = client_app->namespaces; *name != NULL; name++)
		if (span_is(nsp, *name))
			return *name;
	return NULL;
}

static struct socket *
client_socket(const struct client *client, struct span nsp)
{
	struct socket *socket = client->sockets;

	while (socket != NULL && !span_is(nsp, socket->nsp))
		socket = socket->next;
	return socket;
}

static void
client_connect(struct client *client, const struct socketio_packet *packet)
{
	const char *nsp = client_namespace(packet->nsp);
	uint8_t secret[SOCKET_SECRET_LEN];
	struct socket *socket;

	if (nsp == NULL) {
		client_send_packet(client, &(struct socketio_packet){
		    .type = SOCKETIO_CONNECT_ERROR, .nsp = packet->nsp,
		    .json = { "{\"message\":\"Invalid namespace\"}", 31 } });
		return;
	}
	if (client_socket(client, packet->nsp) != NULL) {
		session_close(client->session, SESSION_END_PROTOCOL);
		return;
	}
	socket = xcalloc(1, sizeof(*socket));
	socket->client = client;
	socket->nsp = nsp;
	crypto_random(secret, sizeof(secret));
	crypto_base64url(secret, sizeof(secret), socket->id);
	socket->next = client->sockets;
	client->sockets = socket;
	loop_timer_stop(client->deadline);
	client_app->connect(socket, packet->json.text != NULL ? packet->json :
	    (struct span){ "{}", 2 });
}

static void
client_event(struct client *client, const struct socketio_packet *packet,
    struct frame *const *attachments)
{
	struct socket *socket = client_socket(client, packet->nsp);

	if (socket == NULL || !socket->is_connected) {
		session_close(client->session, SESSION_END_PROTOCOL);
		return;
	}
	client_app->event(socket, &(struct socket_event){
	    .name = packet->name, .args = packet->args, .id = packet->id,
	    .attachments = attachments, .attachment_count = packet->attachments });
}

/* Remember a binary packet until its attachments are here. */
static void
client_gather(struct client *client, const char *text, size_t len, unsigned wanted)
{
	client->gathering = xcalloc(1, sizeof(*client->gathering));
	client->gathering->head = xstrndup(text, len);
	client->gathering->head_len = len;
	client->gathering->wanted = wanted;
}

static void
client_take(struct client *client, const char *text, size_t len,
    const struct socketio_packet *packet)
{
	struct socket *socket;

	switch (packet->type) {
	case SOCKETIO_CONNECT:
		client_connect(client, packet);
		return;
	case SOCKETIO_DISCONNECT:
		socket = client_socket(client, packet->nsp);
		if (socket != NULL) {
			socket->has_left = true;
			client_drop_socket(client, socket);
		}
		return;
	case SOCKETIO_EVENT:
		client_event(client, packet, NULL);
		return;
	case SOCKETIO_BINARY_EVENT:
	case SOCKETIO_BINARY_ACK:
		if (client_socket(client, packet->nsp) == NULL)
			break;
		if (packet->attachments > 0)
			client_gather(client, text, len, packet->attachments);
		else if (packet->type == SOCKETIO_BINARY_EVENT)
			client_event(client, packet, NULL);
		return;
	case SOCKETIO_ACK:
		if (client_socket(client, packet->nsp) == NULL)
			break;
		return;		/* we ask for none, so there is nothing it could answer */
	case SOCKETIO_CONNECT_ERROR:
		break;
	}
	session_close(client->session, SESSION_END_PROTOCOL);
}

static void
client_text(void *owner, const char *text, size_t len)
{
	struct client *client = owner;
	struct socketio_packet packet;

	if (client->gathering != NULL || socketio_decode(text, len, &packet) == -1)
		session_close(client->session, SESSION_END_PROTOCOL);
	else
		client_take(client, text, len, &packet);
}

static void
client_binary(void *owner, const void *data, size_t len)
{
	struct client *client = owner;
	struct gathering *gathering = client->gathering;
	struct socketio_packet packet;
	struct frame *frame;

	if (gathering == NULL) {
		session_close(client->session, SESSION_END_PROTOCOL);
		return;
	}
	frame = frame_new(len, true);
	if (len > 0)
		memcpy(frame->data, data, len);
	gathering->attachments[gathering->count++] = frame;
	if (gathering->count < gathering->wanted)
		return;
	client->gathering = NULL;
	if (socketio_decode(gathering->head, gathering->head_len, &packet) == 0 &&
	    packet.type == SOCKETIO_BINARY_EVENT)
		client_event(client, &packet, gathering->attachments);
	for (unsigned i = 0; i < gathering->count; i++)
		frame_free(&gathering->attachments[i]);
	free(gathering->head);
	free(gathering);
}

const struct session_handler client_handler = {
	.opened = client_opened,
	.text = client_text,
	.binary = client_binary,
	.closed = client_closed,
};

void
socket_accept(struct socket *socket, const char *pid)
{
	struct buf json = { 0 };

	assert(!socket->is_connected);
	socket->is_connected = true;
	buf_addf(&json, "{\"sid\":\"%s\"", socket->id);
	if (pid != NULL)
		buf_addf(&json, ",\"pid\":\"%s\"", pid);
	buf_addc(&json, '}');
	client_send_packet(socket->client, &(struct socketio_packet){
	    .type = SOCKETIO_CONNECT, .nsp = { socket->nsp, strlen(socket->nsp) },
	    .json = { json.data, json.len } });
	buf_free(&json);
}

void
socket_refuse(struct socket *socket, const char *message, const char *code)
{
	struct buf json = { 0 };

	buf_adds(&json, "{\"message\":");
	buf_add_json_string(&json, message, strlen(message));
	buf_addf(&json, ",\"data\":{\"code\":\"%s\"}}", code);
	client_send_packet(socket->client, &(struct socketio_packet){
	    .type = SOCKETIO_CONNECT_ERROR, .nsp = { socket->nsp, strlen(socket->nsp) },
	    .json = { json.data, json.len } });
	buf_free(&json);
	client_drop_socket(socket->client, socket);
}

void
socket_close(struct socket *socket, enum session_end end)
{
	session_doom(socket->client->session, end);
}

const struct visitor *
socket_visitor(const struct socket *socket)
{
	return session_visitor(socket->client->session);
}

void
socket_send(struct socket *socket, struct frame *const *frames, size_t count)
{
	session_send(socket->client->session, frames, count);
}

bool
socket_is_reachable(const struct socket *socket)
{
	return session_is_reachable(socket->client->session);
}

size_t
socket_backlog(const struct socket *socket)
{
	return session_backlog(socket->client->session);
}

void
socket_emit(struct socket *socket, const char *name, const char *args)
{
	struct frame *frame = message_event(socket->nsp, name, args, strlen(args));

	socket_send(socket, &frame, 1);
	frame_free(&frame);
}

void
socket_acknowledge(struct socket *socket, struct span id, const char *args)
{
	struct buf json = { 0 };

	if (id.text == NULL)
		return;
	buf_addf(&json, "[%s]", args);
	client_send_packet(socket->client, &(struct socketio_packet){
	    .type = SOCKETIO_ACK, .nsp = { socket->nsp, strlen(socket->nsp) }, .id = id,
	    .json = { json.data, json.len } });
	buf_free(&json);
}
