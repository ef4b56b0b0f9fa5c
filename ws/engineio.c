/*
 * engineio.c - Engine.IO v4 packets, payloads and requests
 *
 * The order of the checks and the texts of the refusals are those of the
 * reference server, because clients and the protocol's suites look at them.
 */
#include "engineio.h"

#include <stdio.h>
#include <string.h>

int
engineio_decode(const char *src, size_t len, struct engineio_packet *packet_r)
{
	if (len == 0)
		return -1;
	if (src[0] == 'b')
		packet_r->type = ENGINEIO_BINARY;
	else if (src[0] >= '0' && src[0] <= '6')
		packet_r->type = (enum engineio_type)(src[0] - '0');
	else
		return -1;
	packet_r->data = src + 1;
	packet_r->len = len - 1;
	return 0;
}

struct engineio_payload
engineio_payload(const char *src, size_t len)
{
	return (struct engineio_payload){ .data = len > 0 ? src : NULL, .len = len };
}

int
engineio_payload_next(struct engineio_payload *payload, struct engineio_packet *packet_r)
{
	const char *src = payload->data;
	const char *separator;
	size_t len = payload->len;

	if (src == NULL)
		return 0;
	separator = len > 0 ? memchr(src, ENGINEIO_SEPARATOR, len) : NULL;
	if (separator == NULL) {
		*payload = (struct engineio_payload){ 0 };
	} else {
		len = (size_t)(separator - src);
		payload->data = separator + 1;
		payload->len -= len + 1;
	}
	return engineio_decode(src, len, packet_r) == 0 ? 1 : -1;
}

size_t
engineio_open(char *out, const char *sid, bool may_upgrade,
    const struct engineio_limits *limits)
{
	return (size_t)snprintf(out, ENGINEIO_OPEN_MAX,
	    "0{\"sid\":\"%.*s\",\"upgrades\":[%s],\"pingInterval\":%ld,"
	    "\"pingTimeout\":%ld,\"maxPayload\":%ld}",
	    ENGINEIO_SID_MAX, sid, may_upgrade ? "\"websocket\"" : "",
	    limits->ping_interval_ms, limits->ping_timeout_ms, limits->max_payload);
}

/* The value of arg if its name is name, else NULL. */
static const char *
engineio_arg_value(const char *arg, size_t len, const char *name, size_t *value_len_r)
{
	size_t name_len = strlen(name);

	if (len <= name_len || memcmp(arg, name, name_len) != 0 || arg[name_len] != '=')
		return NULL;
	*value_len_r = len - name_len - 1;
	return arg + name_len + 1;
}

static bool
engineio_is(const char *value, size_t len, const char *expected)
{
	return len == strlen(expected) && memcmp(value, expected, len) == 0;
}

void
engineio_query_arg(struct engineio_query *query, const char *arg, size_t len)
{
	const char *value;
	size_t value_len;

	if ((value = engineio_arg_value(arg, len, "EIO", &value_len)) != NULL) {
		query->is_v4 = engineio_is(value, value_len, "4");
	} else if ((value = engineio_arg_value(arg, len, "transport", &value_len)) != NULL) {
		if (engineio_is(value, value_len, "polling"))
			query->transport = ENGINEIO_POLLING;
		else if (engineio_is(value, value_len, "websocket"))
			query->transport = ENGINEIO_WEBSOCKET;
		else
			query->transport = ENGINEIO_NO_TRANSPORT;
	} else if ((value = engineio_arg_value(arg, len, "sid", &value_len)) != NULL) {
		query->has_sid = true;
		query->sid[0] = '\0';
		if (value_len <= ENGINEIO_SID_MAX) {
			memcpy(query->sid, value, value_len);
			query->sid[value_len] = '\0';
		}
	}
}

enum engineio_refusal
engineio_check(const struct engineio_query *query, bool is_get, bool is_upgrade,
    enum engineio_transport current)
{
	if (query->transport == ENGINEIO_NO_TRANSPORT)
		return ENGINEIO_UNKNOWN_TRANSPORT;
	if (query->has_sid) {
		if (current == ENGINEIO_NO_TRANSPORT)
			return ENGINEIO_UNKNOWN_SID;
		/* A second websocket is accepted and then closed, as clients expect. */
		if (is_upgrade)
			return query->transport == ENGINEIO_WEBSOCKET ?
			    ENGINEIO_FINE : ENGINEIO_BAD_REQUEST;
		return query->transport == ENGINEIO_POLLING && current == ENGINEIO_POLLING ?
		    ENGINEIO_FINE : ENGINEIO_BAD_REQUEST;
	}
	if (!is_get)
		return ENGINEIO_BAD_METHOD;
	if ((query->transport == ENGINEIO_WEBSOCKET) != is_upgrade)
		return ENGINEIO_BAD_REQUEST;
	return query->is_v4 ? ENGINEIO_FINE : ENGINEIO_BAD_VERSION;
}

static const struct {
	int status;
	const char *message;
} engineio_refusals[] = {
	[ENGINEIO_UNKNOWN_TRANSPORT] = { 400, "Transport unknown" },
	[ENGINEIO_UNKNOWN_SID] = { 400, "Session ID unknown" },
	[ENGINEIO_BAD_METHOD] = { 400, "Bad handshake method" },
	[ENGINEIO_BAD_REQUEST] = { 400, "Bad request" },
	[ENGINEIO_FORBIDDEN] = { 403, "Forbidden" },
	[ENGINEIO_BAD_VERSION] = { 400, "Unsupported protocol version" },
};

int
engineio_refusal_status(enum engineio_refusal refusal)
{
	return engineio_refusals[refusal].status;
}

const char *
engineio_refusal_message(enum engineio_refusal refusal)
{
	return engineio_refusals[refusal].message;
}
