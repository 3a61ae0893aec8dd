#include "base/shelf.h"

#include <stdlib.h>

#include "base/mem.h"

void
shelf_init(struct shelf *s, size_t size)
{
	*s = (struct shelf){.size = size};
	shelf_take(s); /* 0 is none */
	s->count = 0;
}

void
shelf_release(struct shelf *s)
{
	for (uint32_t i = 0; (uint64_t)i << SHELF_SHIFT < s->used; i++)
		free(s->chunks[i]);
	free(s->chunks);
	*s = (struct shelf){0};
}

/* Those that came back are chained by their first four bytes. */
uint32_t
shelf_take(struct shelf *s)
{
	uint32_t n = s->free;

	s->count++;
	if (n != 0) {
		s->free = *(uint32_t *)shelf_at(s, n);
		return n;
	}
	n = s->used++;
	if ((n & (SHELF_CHUNK - 1)) == 0) {
		s->chunks = mem_resize(s->chunks, (n >> SHELF_SHIFT) + 1, sizeof *s->chunks);
		s->chunks[n >> SHELF_SHIFT] = mem_zero(SHELF_CHUNK, s->size);
	}
	return n;
}

void
shelf_give(struct shelf *s, uint32_t n)
{
	*(uint32_t *)shelf_at(s, n) = s->free;
	s->free = n;
	s->count--;
}
