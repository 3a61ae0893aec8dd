#include "detect/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

enum { HUGE = 2 << 20, CHUNK_MIN = 4 << 10, LINE = 64, AHEAD = 16 };

int
pool_take(struct pool *p, size_t bytes)
{
	if (p->used + bytes + p->promised > p->cap)
		return -1;
	p->used += bytes;
	return 0;
}

static void *
chunk_alloc(size_t bytes)
{
	size_t align = bytes >= HUGE ? HUGE : LINE, size = (bytes + align - 1) & ~(align - 1);
	void *p = aligned_alloc(align, size);

	if (p == NULL)
		abort();
	if (align == HUGE)
		(void)madvise(p, size, MADV_HUGEPAGE); /* a hint; refused, it is only slower */
	return p;
}

void *
pool_zero(size_t bytes)
{
	return memset(chunk_alloc(bytes), 0, bytes);
}

static size_t
promise_left(const struct slab *s, size_t taken)
{
	return s->promise > taken ? s->promise - taken : 0;
}

void
slab_init(struct slab *s, struct pool *p, size_t size, size_t promise)
{
	size_t chunk = HUGE;

	*s = (struct slab){.pool = p, .size = size, .promise = promise, .next = 1};
	/* A promise is worth whole chunks only. */
	while (chunk > CHUNK_MIN && chunk > promise / 2)
		chunk /= 2;
	while (size << (s->shift + 1) <= chunk)
		s->shift++;
	p->promised += promise;
}

void
slab_release(struct slab *s)
{
	for (size_t i = 0; i < s->chunk_count; i++)
		free(s->chunks[i]);
	free(s->chunks);
	free(s->free);
	if (s->pool != NULL) {
		s->pool->used -= s->taken;
		s->pool->promised -= promise_left(s, s->taken);
	}
	*s = (struct slab){0};
}

void
slab_waive(struct slab *s)
{
	s->pool->promised -= promise_left(s, s->taken);
	s->promise = 0;
}

/* What a chunk takes: its records, and the places where they may be listed as free. */
static size_t
chunk_bytes(const struct slab *s)
{
	return (s->size + sizeof *s->free) << s->shift;
}

void
slab_drop(struct slab *s, size_t chunk)
{
	size_t bytes = chunk_bytes(s);

	free(s->chunks[chunk]);
	s->chunks[chunk] = NULL;
	s->pool->used -= bytes;
	s->taken -= bytes;
}

/* A further chunk, if neither the cap nor the promises to others stand against it. */
static bool
slab_grow(struct slab *s)
{
	struct pool *p = s->pool;
	size_t bytes = chunk_bytes(s), left = promise_left(s, s->taken);
	size_t promised = p->promised - left + promise_left(s, s->taken + bytes);

	if (p->used + bytes + promised > p->cap)
		return false;
	p->promised = promised;
	p->used += bytes;
	s->taken += bytes;
	s->chunks = mem_resize(s->chunks, s->chunk_count + 1, sizeof *s->chunks);
	s->chunks[s->chunk_count++] = chunk_alloc(s->size << s->shift);
	s->free = mem_resize(s->free, s->chunk_count << s->shift, sizeof *s->free);
	return true;
}

uint32_t
slab_alloc(struct slab *s)
{
	if (s->free_count > 0) {
		uint32_t ref = s->free[--s->free_count];

		/* The ones after it will be wanted soon, and are cold. */
		if (s->free_count >= AHEAD)
			__builtin_prefetch(slab_at(s, s->free[s->free_count - AHEAD]), 1);
		return ref;
	}
	if ((s->next - 1) >> s->shift == s->chunk_count && !slab_grow(s))
		return 0;
	return s->next++;
}

void
blocks_init(struct blocks *b, struct pool *p, size_t promise)
{
	for (unsigned i = 0; i < BLOCK_CLASSES; i++)
		slab_init(&b->classes[i], p, (size_t)BLOCK_MIN << i, promise / BLOCK_CLASSES);
}

void
blocks_release(struct blocks *b)
{
	for (unsigned i = 0; i < BLOCK_CLASSES; i++)
		slab_release(&b->classes[i]);
}

uint32_t
blocks_alloc(struct blocks *b, size_t bytes)
{
	unsigned class = 0;

	while (class < BLOCK_CLASSES && (size_t)BLOCK_MIN << class < bytes)
		class ++;
	if (class == BLOCK_CLASSES)
		return 0;
	uint32_t ref = slab_alloc(&b->classes[class]);
	return ref != 0 ? ref << 5 | class : 0;
}

void
blocks_free(struct blocks *b, uint32_t ref)
{
	slab_free(&b->classes[ref & 31], ref >> 5);
}
