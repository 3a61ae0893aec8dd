/*
 * Memory of the windows: records of one size by number, under one cap for all.
 * Numbers are stable and small; the same requests in the same order give the
 * same numbers, so that what is evicted does not depend on addresses.
 *
 * A slab is a range of address space that is taken into use step by step: a
 * record is found by one multiplication, and the system can back it by huge
 * pages, without which every second lookup costs a walk over page tables too.
 *
 * Each slab is promised a share; beyond it, who comes first has it. A slab that
 * may not grow says so and its owner decides what leaves.
 */
#ifndef DETECT_POOL_H
#define DETECT_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool {
	size_t cap, used; /* bytes */
	size_t promised; /* of the promises, what is not taken yet */
};

/* Takes memory that nobody was promised, if the cap lets it. 0 or -1. */
int pool_take(struct pool *p, size_t bytes);

/* Zeroed memory on huge pages where the system has them: lookups all over it cost half. Freed by free(). */
void *pool_zero(size_t bytes);

struct slab {
	struct pool *pool;
	size_t size; /* of a record, a multiple of 8 */
	unsigned shift; /* log2 of records in a step */
	size_t promise, taken; /* bytes */
	uint8_t *base; /* of the range */
	size_t range, open; /* bytes of address space; of these, usable */
	uint32_t steps; /* in use: so many records may be handed out */
	uint32_t next; /* records below were handed out at least once; the first is 1 */
	uint32_t *free; /* those that came back, used again from the end */
	uint32_t free_count;
};

void slab_init(struct slab *s, struct pool *p, size_t size, size_t promise);
void slab_release(struct slab *s);

/* For moving house: gives up the promise; gives the memory of a step back, whose records are gone, in order. */
void slab_waive(struct slab *s);
void slab_drop(struct slab *s, uint32_t step);

/* The number of a record with undefined contents, or 0 where the cap is reached. */
uint32_t slab_alloc(struct slab *s);

/* Takes a record back, without touching it. */
static inline void
slab_free(struct slab *s, uint32_t ref)
{
	s->free[s->free_count++] = ref;
}

static inline void *
slab_at(const struct slab *s, uint32_t ref)
{
	return s->base + (size_t)(ref - 1) * s->size;
}

/* Blocks of 64 bytes times a power of two. */
enum { BLOCK_MIN = 64, BLOCK_CLASSES = 20 };

struct blocks {
	struct slab classes[BLOCK_CLASSES];
};

/* Promises of the size of `promise` bytes in all. */
void blocks_init(struct blocks *b, struct pool *p, size_t promise);
void blocks_release(struct blocks *b);

/* A block of at least that many bytes, or 0. */
uint32_t blocks_alloc(struct blocks *b, size_t bytes);
void blocks_free(struct blocks *b, uint32_t ref);

/* A reference holds the class in its lowest five bits. */
static inline void *
blocks_at(const struct blocks *b, uint32_t ref)
{
	return b->classes[ref & 31].base + (((size_t)(ref >> 5) - 1) * BLOCK_MIN << (ref & 31));
}

static inline size_t
blocks_size(uint32_t ref)
{
	return (size_t)BLOCK_MIN << (ref & 31);
}

#endif
