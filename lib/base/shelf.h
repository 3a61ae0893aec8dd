/*
 * Things of one size by number, from 1 on. They stay where they are, and room is
 * made for some at a time, so that millions never have to be moved.
 */
#ifndef BASE_SHELF_H
#define BASE_SHELF_H

#include <stddef.h>
#include <stdint.h>

enum { SHELF_SHIFT = 16, SHELF_CHUNK = 1 << SHELF_SHIFT /* things */ };

struct shelf {
	uint8_t **chunks;
	size_t size; /* of a thing: a multiple of 4 */
	uint32_t used; /* numbers below this were given out once */
	uint32_t count; /* so many are out */
	uint32_t free; /* the one that came back last */
};

void shelf_init(struct shelf *s, size_t size);
void shelf_release(struct shelf *s);

/* A number. What is there is zero, or after its first four bytes what the one before left. */
uint32_t shelf_take(struct shelf *s);
void shelf_give(struct shelf *s, uint32_t n);

static inline void *
shelf_at(const struct shelf *s, uint32_t n)
{
	return s->chunks[n >> SHELF_SHIFT] + (n & (SHELF_CHUNK - 1)) * s->size;
}

#endif
