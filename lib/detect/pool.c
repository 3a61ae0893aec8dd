#include "detect/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

enum { HUGE = 2 << 20, STEP_MIN = 4 << 10, LINE = 64, AHEAD = 16 };

/* The most that one slab holds: 27 bits number the smallest blocks. */
static const size_t range_max = (size_t)BLOCK_MIN << 27;

int
pool_take(struct pool *p, size_t bytes)
{
	if (p->used + bytes + p->promised > p->cap)
		return -1;
	p->used += bytes;
	return 0;
}

void *
pool_zero(size_t bytes)
{
	size_t align = bytes >= HUGE ? HUGE : LINE, size = (bytes + align - 1) & ~(align - 1);
	void *p = aligned_alloc(align, size);

	if (p == NULL)
		abort();
	if (align == HUGE)
		(void)madvise(p, size, MADV_HUGEPAGE); /* a hint; refused, it is only slower */
	return memset(p, 0, bytes);
}

static size_t
promise_left(const struct slab *s, size_t taken)
{
	return s->promise > taken ? s->promise - taken : 0;
}

/*
 * Address space that costs nothing until it is used. Huge pages begin behind the
 * first: a slab that stays small should not take one.
 */
static void
range_reserve(struct slab *s)
{
	s->range = ((s->pool->cap < range_max ? s->pool->cap : range_max) + HUGE - 1) & ~((size_t)HUGE - 1);
	uint8_t *p =
	    mmap(NULL, s->range + HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	size_t before = -(uintptr_t)p & (HUGE - 1);
	if (before > 0)
		munmap(p, before);
	s->base = p + before;
	munmap(s->base + s->range, HUGE - before);
	(void)madvise(s->base + HUGE, s->range - HUGE, MADV_HUGEPAGE);
}

void
slab_init(struct slab *s, struct pool *p, size_t size, size_t promise)
{
	size_t step = HUGE;

	*s = (struct slab){.pool = p, .size = size, .promise = promise, .next = 1};
	/* A promise is worth whole steps only. */
	while (step > STEP_MIN && step > promise / 2)
		step /= 2;
	while (size << (s->shift + 1) <= step)
		s->shift++;
	range_reserve(s);
	p->promised += promise;
}

void
slab_release(struct slab *s)
{
	if (s->pool == NULL)
		return;
	munmap(s->base, s->range);
	free(s->free);
	s->pool->used -= s->taken;
	s->pool->promised -= promise_left(s, s->taken);
	*s = (struct slab){0};
}

void
slab_waive(struct slab *s)
{
	s->pool->promised -= promise_left(s, s->taken);
	s->promise = 0;
}

/* What a step takes: its records, and the places where they may be listed as free. */
static size_t
step_bytes(const struct slab *s)
{
	return (s->size + sizeof *s->free) << s->shift;
}

void
slab_drop(struct slab *s, uint32_t step)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), records = s->size << s->shift;
	size_t from = step * records & ~(page - 1), to = (step + 1) * records & ~(page - 1);

	(void)madvise(s->base + from, to - from, MADV_DONTNEED);
	s->pool->used -= step_bytes(s);
	s->taken -= step_bytes(s);
}

/* One step more, if neither the cap nor the promises to others stand against it. */
static bool
slab_grow(struct slab *s)
{
	struct pool *p = s->pool;
	size_t bytes = step_bytes(s), left = promise_left(s, s->taken);
	size_t promised = p->promised - left + promise_left(s, s->taken + bytes);
	size_t end = ((size_t)s->steps + 1) * (s->size << s->shift);

	if (p->used + bytes + promised > p->cap || end > s->range)
		return false;
	if (end > s->open) {
		size_t open = (end + HUGE - 1) & ~((size_t)HUGE - 1);

		if (mprotect(s->base + s->open, open - s->open, PROT_READ | PROT_WRITE) < 0)
			return false;
		s->open = open;
	}
	p->promised = promised;
	p->used += bytes;
	s->taken += bytes;
	s->steps++;
	s->free = mem_resize(s->free, (size_t)s->steps << s->shift, sizeof *s->free);
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
	if ((s->next - 1) >> s->shift == s->steps && !slab_grow(s))
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
