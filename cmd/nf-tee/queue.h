/*
 * What waits to be sent: batches as they travel, each held once in memory and
 * shared by all who are to get it.
 */
#ifndef TEE_QUEUE_H
#define TEE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct chunk {
	unsigned refs;
	uint32_t rows; /* 0: a mark */
	size_t len;
	uint8_t bytes[];
};

/* A copy of the bytes, with one reference, which is the caller's. */
struct chunk *chunk_new(const void *p, size_t len, uint32_t rows);
struct chunk *chunk_ref(struct chunk *c);
void chunk_unref(struct chunk *c);

/* First in, first out. An all-zero queue is empty and ready. */
struct queue {
	struct chunk **ring;
	size_t slots, head, count; /* slots: a power of two, or 0 */
	size_t bytes; /* of all chunks */
};

void queue_push(struct queue *q, struct chunk *c); /* takes a reference of its own */
void queue_pop(struct queue *q);
void queue_release(struct queue *q);

/* Number i from the front, below count. */
static inline struct chunk *
queue_at(const struct queue *q, size_t i)
{
	return q->ring[(q->head + i) & (q->slots - 1)];
}

/* Rows of the chunks from number `from` on. */
uint64_t queue_rows(const struct queue *q, size_t from);

#endif
