/*
 * Memory. Running out of it is the one error that ends the process: there is
 * nothing sensible a filter can do, and its supervisor starts it again. All
 * sizes are in bytes; the products of counts are checked for overflow.
 *
 * The arena serves what lives as long as one batch: allocate, never free, reset
 * at the next batch. It keeps its blocks across resets, so a steady stream
 * reaches a state in which nothing is asked of malloc.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size); /* not zeroed */
void *mem_zero(size_t count, size_t size); /* zeroed array */
void *mem_resize(void *p, size_t count, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);

struct arena {
	struct arena_block *first, *now;
	size_t used; /* bytes used in the block `now` */
};

/* An arena that is all zero is empty and ready. */
void *arena_alloc(struct arena *a, size_t size); /* 16-byte aligned, not zeroed */
void *arena_zero(struct arena *a, size_t size);
void *arena_dup(struct arena *a, const void *p, size_t size);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a); /* what was given out is gone, blocks stay */
void arena_release(struct arena *a); /* blocks are freed too */

#endif
