/*
 * queue.h - frames waiting for one peer, in order
 *
 * Bounded by its owner, who looks at `bytes` and `count`. A zeroed queue is empty.
 */
#ifndef VALS_WS_QUEUE_H
#define VALS_WS_QUEUE_H

#include <stddef.h>

struct frame;

struct queue {
	struct frame **ring;	/* NULL until first used */
	size_t size;		/* places in the ring, a power of two */
	size_t first;		/* place of the oldest */
	size_t count;
	size_t bytes;		/* of all frames that wait */
};

/* Append; takes its own reference. */
void queue_add(struct queue *queue, struct frame *frame);

/* The oldest frame, borrowed from the queue; NULL when it is empty. */
struct frame *queue_peek(const struct queue *queue);

/*
 * The oldest frames as they lie in a row, borrowed from the queue; *count_r of them, not
 * always all, but at least one unless the queue is empty.
 */
struct frame *const *queue_run(const struct queue *queue, size_t *count_r);

/* Drop the oldest frame; the queue is not empty. */
void queue_drop(struct queue *queue);

/* Drop all and free the ring; the queue is empty and usable again. */
void queue_free(struct queue *queue);

#endif
