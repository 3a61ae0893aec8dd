#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_MIN ((size_t)64 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(16) unsigned char bytes[];
};

static _Noreturn void
out_of_memory(void)
{
	static const char words[] = "fatal: out of memory\n";

	(void)!write(STDERR_FILENO, words, sizeof words - 1);
	_exit(1);
}

void *
mem_alloc(size_t size)
{
	void *p = malloc(size != 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
mem_zero(size_t count, size_t size)
{
	void *p = calloc(count != 0 ? count : 1, size != 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
mem_resize(void *p, size_t count, size_t size)
{
	void *q = reallocarray(p, count != 0 ? count : 1, size != 0 ? size : 1);

	if (q == NULL)
		out_of_memory();
	return q;
}

char *
mem_strndup(const char *s, size_t n)
{
	char *p = strndup(s, n);

	if (p == NULL)
		out_of_memory();
	return p;
}

char *
mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

/* Makes `now` a block with room for size bytes: the next one kept, or a new one in its place. */
static void
arena_advance(struct arena *a, size_t size)
{
	struct arena_block **link = a->now != NULL ? &a->now->next : &a->first;

	if (*link == NULL || (*link)->size < size) {
		size_t want = size > BLOCK_MIN ? size : BLOCK_MIN;
		struct arena_block *b = mem_alloc(sizeof *b + want);

		b->size = want;
		b->next = *link;
		*link = b;
	}
	a->now = *link;
	a->used = 0;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	if (size > SIZE_MAX / 2)
		out_of_memory();
	size = (size + 15) & ~(size_t)15;
	if (a->now == NULL || a->now->size - a->used < size)
		arena_advance(a, size);
	void *p = a->now->bytes + a->used;
	a->used += size;
	return p;
}

void *
arena_zero(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

void *
arena_dup(struct arena *a, const void *p, size_t size)
{
	void *q = arena_alloc(a, size);

	if (size != 0)
		memcpy(q, p, size);
	return q;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *s = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void
arena_reset(struct arena *a)
{
	a->now = NULL;
	a->used = 0;
}

void
arena_release(struct arena *a)
{
	for (struct arena_block *b = a->first, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){0};
}
