#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct chunk *
chunk_new(const void *p, size_t len, uint32_t rows)
{
	struct chunk *c = mem_alloc(sizeof *c + len);

	*c = (struct chunk){.refs = 1, .rows = rows, .len = len};
	memcpy(c->bytes, p, len);
	return c;
}

struct chunk *
chunk_ref(struct chunk *c)
{
	c->refs++;
	return c;
}

void
chunk_unref(struct chunk *c)
{
	if (--c->refs == 0)
		free(c);
}

static void
queue_grow(struct queue *q)
{
	size_t slots = q->slots == 0 ? 16 : q->slots * 2;
	struct chunk **ring = mem_zero(slots, sizeof(struct chunk *));

	for (size_t i = 0; i < q->count; i++)
		ring[i] = queue_at(q, i);
	free(q->ring);
	q->ring = ring;
	q->slots = slots;
	q->head = 0;
}

void
queue_push(struct queue *q, struct chunk *c)
{
	if (q->count == q->slots)
		queue_grow(q);
	q->ring[(q->head + q->count++) & (q->slots - 1)] = chunk_ref(c);
	q->bytes += c->len;
}

void
queue_pop(struct queue *q)
{
	struct chunk *c = queue_at(q, 0);

	q->bytes -= c->len;
	q->head = (q->head + 1) & (q->slots - 1);
	q->count--;
	chunk_unref(c);
}

void
queue_release(struct queue *q)
{
	while (q->count > 0)
		queue_pop(q);
	free(q->ring);
	*q = (struct queue){0};
}

uint64_t
queue_rows(const struct queue *q, size_t from)
{
	uint64_t rows = 0;

	for (size_t i = from; i < q->count; i++)
		rows += queue_at(q, i)->rows;
	return rows;
}
