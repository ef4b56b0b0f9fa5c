/*
 * metrics.c - what the daemon counts
 */
#include "metrics.h"

struct metrics metrics;
