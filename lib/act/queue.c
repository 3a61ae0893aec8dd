#include "act/queue.h"

#include <stdlib.h>

enum { RETRY_FIRST_MS = 1000, RETRY_DOUBLINGS = 6, RETRY_MAX_MS = 60000 };

void
queue_init(struct queue *q, uint32_t cap)
{
	*q = (struct queue){.v = mem_zero(cap, sizeof *q->v), .cap = cap};
}

struct queue_item *
queue_at(const struct queue *q, uint32_t i)
{
	return &q->v[(q->head + i) % q->cap];
}

int
queue_push(struct queue *q, const struct queue_item *item)
{
	if (q->count == q->cap)
		return -1;
	*queue_at(q, q->count++) = *item;
	return 0;
}

void
queue_pop(struct queue *q)
{
	struct queue_item *item = queue_at(q, 0);

	free((void *)(uintptr_t)item->text.p);
	free((void *)(uintptr_t)item->line.p);
	q->head = (q->head + 1) % q->cap;
	q->count--;
	q->failures = 0;
	q->retry_ms = 0;
}

void
queue_release(struct queue *q)
{
	while (q->count > 0)
		queue_pop(q);
	free(q->v);
	*q = (struct queue){0};
}

void
queue_fail(struct queue *q, int64_t now_ms)
{
	int64_t wait = (int64_t)RETRY_FIRST_MS
		       << (q->failures < RETRY_DOUBLINGS ? q->failures : RETRY_DOUBLINGS);

	q->failures++;
	q->retry_ms = now_ms + (wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS);
}

int64_t
queue_wait(const struct queue *q, int64_t now_ms)
{
	if (q->count == 0)
		return -1;
	return q->retry_ms > now_ms ? q->retry_ms - now_ms : 0;
}
