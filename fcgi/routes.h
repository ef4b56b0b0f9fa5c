/*
 * routes.h - the table of all routes
 */
#ifndef VALS_ROUTES_H
#define VALS_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "access.h"
#include "fields.h"
#include "request.h"

/* What the frame does around the handler. */
enum route_flags {
	EMITS = 1,	/* events may have been logged: wake the relay */
	COMMANDS = 2,	/* commands may have been queued: wake the runner */
	RAW_BODY = 4,	/* the handler reads the bytes itself */
	UNLIMITED = 8,	/* not counted by the rate limiter */
	NO_REPLAY = 16,	/* an Idempotency-Key means nothing here */
	IN_TRANSACTION = 32,	/* the handler makes several calls: they are one */
	FROM_REPLICA = 64,	/* heavy and only reads: a replica may answer, some moments behind */
	WAITS = 128,	/* takes its worker for long: refused when nearly all are taken so */
};

typedef enum http_status route_handler(struct request *rq);

struct route {
	enum http_method method;
	const char *path;		/* :id stands for a uuid */
	enum access access;
	const struct field *query;	/* query parameters, NULL = none are read */
	const struct field *body;	/* members of the body, NULL = none is read */
	route_handler *handler;
	route_handler *waiter;		/* after the commit: wait for rq->resource_id */
	const char *thing;		/* what :id names, for "<Thing> not found" */
	unsigned flags;
};

extern const struct route routes[];
extern const size_t routes_count;

enum route_match {
	ROUTE_FOUND,
	ROUTE_UNKNOWN,
	ROUTE_OTHER_METHOD,	/* the path is known: 405 with Allow */
	ROUTE_BAD_ID,		/* the path fits, but :id is no uuid: 404 of its thing */
};

/*
 * Find the route for a method name and a path; literal segments beat captures. On ROUTE_FOUND
 * and ROUTE_BAD_ID *route_r is set, and *id_r points at the id in path if there is one. On
 * ROUTE_OTHER_METHOD *allow_r gets a bit (1 << enum http_method) per known method.
 */
enum route_match route_find(const char *method, const char *path, const struct route **route_r,
    const char **id_r, unsigned *allow_r);

/*
 * Write the table, a line per route: method, path, who may, query parameters, members of the body;
 * tabs between these, commas in them, a star behind what is required, a dash for none. The
 * document docs/openapi.json is held against it.
 */
void routes_print(FILE *out);

/* A method's name. */
const char *http_method_name(enum http_method method);

#endif
