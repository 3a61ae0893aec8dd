#include "act/queue.h"

#include <stdlib.h>

enum { RETRY_FIRST_MS = 1000, RETRY_DOUBLINGS = 6 };

void
queue_item_release(struct queue_item *item)
{
	free((void *)(uintptr_t)item->text.p);
	free((void *)(uintptr_t)item->line.p);
	*item = (struct queue_item){0};
}

void
queue_init(struct queue *q, uint32_t cap, int64_t retry_max_ms)
{
	*q = (struct queue){.v = mem_zero(cap, sizeof *q->v), .cap = cap, .retry_max_ms = retry_max_ms};
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
queue_put_back(struct queue *q, const struct queue_item *item)
{
	if (q->count == q->cap) {
		struct queue_item *v = mem_zero(q->cap + 1, sizeof *v);

		for (uint32_t i = 0; i < q->count; i++)
			v[i] = *queue_at(q, i);
		free(q->v);
		q->v = v;
		q->head = 0;
		q->cap++;
	}
	q->head = (q->head + q->cap - 1) % q->cap;
	q->v[q->head] = *item;
	q->count++;
}

struct queue_item
queue_take(struct queue *q)
{
	struct queue_item item = *queue_at(q, 0);

	q->head = (q->head + 1) % q->cap;
	q->count--;
	return item;
}

void
queue_drop(
    struct queue *q, const uint8_t id[16], void (*fn)(void *arg, const struct queue_item *item), void *arg)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < q->count; i++) {
		struct queue_item item = *queue_at(q, i);

		if (memcmp(item.key.id, id, sizeof item.key.id) != 0) {
			*queue_at(q, kept++) = item;
			continue;
		}
		if (fn != NULL)
			fn(arg, &item);
		queue_item_release(&item);
	}
	q->count = kept;
}

void
queue_release(struct queue *q)
{
	while (q->count > 0) {
		struct queue_item item = queue_take(q);
		queue_item_release(&item);
	}
	free(q->v);
	*q = (struct queue){0};
}

void
queue_succeed(struct queue *q)
{
	q->failures = 0;
	q->retry_ms = 0;
}

void
queue_fail(struct queue *q, int64_t wait_ms, int64_t now_ms)
{
	int64_t wait = (int64_t)RETRY_FIRST_MS
		       << (q->failures < RETRY_DOUBLINGS ? q->failures : RETRY_DOUBLINGS);

	if (wait > q->retry_max_ms)
		wait = q->retry_max_ms;
	q->failures++;
	q->retry_ms = now_ms + (wait > wait_ms ? wait : wait_ms);
}

int64_t
queue_wait(const struct queue *q, int64_t now_ms)
{
	if (q->count == 0)
		return -1;
	return q->retry_ms > now_ms ? q->retry_ms - now_ms : 0;
}
