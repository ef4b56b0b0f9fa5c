/*
 * queue.c - frames waiting for one peer, in order
 *
 * A ring that doubles when it is full and is given back when it is empty: most peers
 * never have anything waiting, and thousands of them should not pay for it.
 */
#include "queue.h"

#include <assert.h>
#include <stdlib.h>

#include "frame.h"
#include "xalloc.h"

#define QUEUE_FIRST_SIZE 8

static void
queue_grow(struct queue *queue)
{
	size_t size = queue->size > 0 ? queue->size * 2 : QUEUE_FIRST_SIZE;
	struct frame **ring = xcalloc(size, sizeof(struct frame *));

	for (size_t i = 0; i < queue->count; i++)
		ring[i] = queue->ring[(queue->first + i) & (queue->size - 1)];
	free(queue->ring);
	queue->ring = ring;
	queue->size = size;
	queue->first = 0;
}

void
queue_add(struct queue *queue, struct frame *frame)
{
	if (queue->count == queue->size)
		queue_grow(queue);
	queue->ring[(queue->first + queue->count) & (queue->size - 1)] = frame_share(frame);
	queue->count++;
	queue->bytes += frame->len;
}

struct frame *
queue_peek(const struct queue *queue)
{
	return queue->count > 0 ? queue->ring[queue->first] : NULL;
}

struct frame *const *
queue_run(const struct queue *queue, size_t *count_r)
{
	size_t to_end = queue->size - queue->first;

	*count_r = queue->count < to_end ? queue->count : to_end;
	return queue->ring + queue->first;
}

void
queue_drop(struct queue *queue)
{
	assert(queue->count > 0);
	queue->bytes -= queue->ring[queue->first]->len;
	frame_free(&queue->ring[queue->first]);
	queue->first = (queue->first + 1) & (queue->size - 1);
	if (--queue->count == 0)
		queue_free(queue);
}

void
queue_free(struct queue *queue)
{
	while (queue->count > 1)
		queue_drop(queue);
	if (queue->count == 1)
		frame_free(&queue->ring[queue->first]);
	free(queue->ring);
	*queue = (struct queue){ 0 };
}
