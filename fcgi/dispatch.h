/*
 * dispatch.h - the way of every request: judge, do, answer
 */
#ifndef VALS_DISPATCH_H
#define VALS_DISPATCH_H

#include "request.h"

/* Handle the accepted request wholly: answer it and log its line. */
void dispatch(struct arena *arena, const struct worker_tools *tools);

#endif
