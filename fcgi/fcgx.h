/*
 * fcgx.h - the FastCGI wire: environment in, bytes out
 *
 * The only user of <fcgiapp.h>. One connection carries one request; nginx keeps none open.
 */
#ifndef VALS_FCGX_H
#define VALS_FCGX_H

#include <stdbool.h>
#include <stddef.h>

struct fcgx;

enum fcgx_accept {
	FCGX_ACCEPTED,
	FCGX_NOBODY,	/* another worker was faster, or a signal came */
	FCGX_FULL,	/* out of descriptors: pause */
	FCGX_BROKEN,	/* the listener is no use any more */
};

/* Take requests from the non-blocking listener. Aborts when libfcgi cannot start. */
struct fcgx *fcgx_new(int listener);

void fcgx_free(struct fcgx **fcgx);

/* Accept one request and read its environment. */
enum fcgx_accept fcgx_accept(struct fcgx *fcgx);

/*
 * Call visit for each variable of the request, repeated ones too, in the order
 * they came. Texts live until fcgx_finish.
 */
void fcgx_each_param(struct fcgx *fcgx,
    void (*visit)(const char *name, size_t name_len, const char *value, void *arg), void *arg);

/* Read exactly len bytes of the body. False when the peer gave up before. */
bool fcgx_read(struct fcgx *fcgx, char *out, size_t len);

/* Send bytes; false when the peer is gone. */
bool fcgx_write(struct fcgx *fcgx, const char *data, size_t len);

/* Send what is buffered; false when the peer is gone. */
bool fcgx_flush(struct fcgx *fcgx);

/* Whether the peer has hung up, and nobody will read the answer. */
bool fcgx_is_deserted(const struct fcgx *fcgx);

/* Cut the connection without an end: the peer learns that the answer is not whole. fcgx_finish does nothing then. */
void fcgx_abort(struct fcgx *fcgx);

/* End the request and its connection. */
void fcgx_finish(struct fcgx *fcgx);

#endif
