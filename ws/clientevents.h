/*
 * clientevents.h - what signed-in clients may ask for
 */
#ifndef VALS_WS_CLIENTEVENTS_H
#define VALS_WS_CLIENTEVENTS_H

struct member;
struct pgasync;
struct socket;
struct socket_event;

/* Reads go over one connection, writes over another that may have to wait for locks. */
void clientevents_start(struct pgasync *reads, struct pgasync *writes);

/* An event of a signed-in socket. */
void clientevents_dispatch(struct socket *socket, const struct socket_event *event);

/* The member goes: nobody is to be answered any more. */
void clientevents_forget(struct member *member);

#endif
