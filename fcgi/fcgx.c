/*
 * fcgx.c - libfcgi behind a small door
 */
#include "fcgx.h"

#include <fcgiapp.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

struct fcgx {
	FCGX_Request request;
};

struct fcgx *
fcgx_new(int listener)
{
	struct fcgx *fcgx = xcalloc(1, sizeof(*fcgx));

	/* FCGI_FAIL_ACCEPT_ON_INTR: accept returns to us instead of starting over. */
	if (FCGX_Init() != 0 || FCGX_InitRequest(&fcgx->request, listener, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		abort();
	return fcgx;
}

void
fcgx_free(struct fcgx **fcgx)
{
	if (*fcgx == NULL)
		return;
	FCGX_Free(&(*fcgx)->request, 1);
	free(*fcgx);
	*fcgx = NULL;
}

enum fcgx_accept
fcgx_accept(struct fcgx *fcgx)
{
	int rc = FCGX_Accept_r(&fcgx->request);

	if (rc >= 0)
		return FCGX_ACCEPTED;
	switch (-rc) {
	case EAGAIN:
	case EINTR:
	case ECONNABORTED:
		return FCGX_NOBODY;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return FCGX_FULL;
	default:
		return FCGX_BROKEN;
	}
}

void
fcgx_each_param(struct fcgx *fcgx, void (*visit)(const char *, size_t, const char *, void *), void *arg)
{
	for (char **env = fcgx->request.envp; env != NULL && *env != NULL; env++) {
		const char *equals = strchr(*env, '=');

		if (equals != NULL)
			visit(*env, (size_t)(equals - *env), equals + 1, arg);
	}
}

bool
fcgx_read(struct fcgx *fcgx, char *out, size_t len)
{
	size_t got = 0;

	while (got < len) {
		int n = FCGX_GetStr(out + got, (int)(len - got), fcgx->request.in);

		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

bool
fcgx_write(struct fcgx *fcgx, const char *data, size_t len)
{
	return FCGX_PutStr(data, (int)len, fcgx->request.out) == (int)len;
}

bool
fcgx_flush(struct fcgx *fcgx)
{
	return FCGX_FFlush(fcgx->request.out) == 0;
}

bool
fcgx_is_deserted(const struct fcgx *fcgx)
{
	struct pollfd peer = { .fd = fcgx->request.ipcFd, .events = POLLRDHUP };

	/* nginx never closes half of a connection: when it writes no more, it reads no more. */
	return poll(&peer, 1, 0) == 1 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void
fcgx_abort(struct fcgx *fcgx)
{
	FCGX_Free(&fcgx->request, 1);
}

/*
 * Whether all of the request has come. Once its body is read the end is as a rule in libfcgi's
 * buffer already; nginx sends it without being asked.
 */
static bool
fcgx_is_read(struct fcgx *fcgx)
{
	return FCGX_GetChar(fcgx->request.in) == EOF && FCGX_GetError(fcgx->request.in) == 0;
}

/*
 * libfcgi shuts its side down and waits for the peer to close, so that bytes still on their way do not
 * reset the connection under the answer. When none can be, that is only a wait: a detached request is
 * closed at once.
 */
void
fcgx_finish(struct fcgx *fcgx)
{
	if (fcgx->request.in != NULL && fcgx_is_read(fcgx))
		FCGX_Detach(&fcgx->request);
	else
		FCGX_Attach(&fcgx->request);
	FCGX_Finish_r(&fcgx->request);
}
