#include "enrich/ptr_cache.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"

/* So many addresses ahead the chains and their first entries are asked for: neither is in a near cache. */
#define AHEAD 8

static void
grow(struct ptr_cache *c)
{
	uint32_t room = c->room != 0 ? c->room * 2 : 1024;

	if (room > c->cap + 1)
		room = c->cap + 1;
	c->entries = mem_resize(c->entries, room, sizeof *c->entries);
	c->names = mem_resize(c->names, room, sizeof *c->names);
	memset(c->entries + c->room, 0, (room - c->room) * sizeof *c->entries);
	memset(c->names + c->room, 0, (room - c->room) * sizeof *c->names);
	c->room = room;
}

void
ptr_cache_init(struct ptr_cache *c, uint32_t cap)
{
	size_t heads = 2;

	while (heads < (size_t)cap * 2)
		heads *= 2;
	*c = (struct ptr_cache){.cap = cap, .hand = 1, .mask = (uint32_t)(heads - 1)};
	c->heads = mem_zero(heads, sizeof *c->heads);
	if (getrandom(&c->seed, sizeof c->seed, 0) != (ssize_t)sizeof c->seed)
		c->seed = (uintptr_t)c->heads;
	grow(c);
}

void
ptr_cache_release(struct ptr_cache *c)
{
	for (uint32_t i = 1; i <= c->count; i++)
		free((void *)(uintptr_t)c->names[i].p);
	free(c->entries);
	free(c->names);
	free(c->heads);
	*c = (struct ptr_cache){0};
}

static uint32_t
chain_of(const struct ptr_cache *c, const struct addr *a)
{
	return (uint32_t)hash64_seed(a, sizeof *a, c->seed) & c->mask;
}

void
ptr_cache_find(const struct ptr_cache *c, const struct addr *a, size_t n, uint32_t *numbers)
{
	/* Each address comes by three times: its chain is asked for, then its entry, then both are there. */
	for (size_t i = 0; i < n + 2 * AHEAD; i++) {
		if (i < n) {
			numbers[i] = chain_of(c, &a[i]);
			__builtin_prefetch(&c->heads[numbers[i]]);
		}
		if (i >= AHEAD && i - AHEAD < n) {
			uint32_t *number = &numbers[i - AHEAD];

			*number = c->heads[*number];
			__builtin_prefetch(&c->entries[*number]);
		}
		if (i >= 2 * AHEAD) {
			uint32_t number = numbers[i - 2 * AHEAD];

			while (number != 0 && !addr_eq(&c->entries[number].addr, &a[i - 2 * AHEAD]))
				number = c->entries[number].next;
			numbers[i - 2 * AHEAD] = number;
		}
	}
}

static void
unchain(struct ptr_cache *c, uint32_t number)
{
	uint32_t *at = &c->heads[chain_of(c, &c->entries[number].addr)];

	while (*at != number)
		at = &c->entries[*at].next;
	*at = c->entries[number].next;
}

static bool
is_wanted(const struct ptr_cache *c, const struct ptr_entry *e)
{
	return e->asked != 0 || (c->batch != 0 && e->batch == c->batch);
}

/* Twice around, everything that may leave has lost its mark. */
static uint32_t
evict(struct ptr_cache *c)
{
	for (uint64_t i = 0; i < 2 * (uint64_t)c->count; i++) {
		uint32_t number = c->hand;
		struct ptr_entry *e = &c->entries[number];

		c->hand = c->hand < c->count ? c->hand + 1 : 1;
		if (!e->used && !is_wanted(c, e)) {
			unchain(c, number);
			ptr_cache_name(c, number, (struct str){NULL, 0});
			c->evictions++;
			return number;
		}
		e->used = false;
	}
	return 0;
}

uint32_t
ptr_cache_add(struct ptr_cache *c, const struct addr *a)
{
	uint32_t number = c->count < c->cap ? c->count + 1 : evict(c);

	if (number == 0)
		return 0;
	if (number > c->count)
		c->count = number;
	if (number >= c->room)
		grow(c);
	uint32_t *head = &c->heads[chain_of(c, a)];
	c->entries[number] = (struct ptr_entry){.addr = *a, .next = *head};
	*head = number;
	return number;
}

void
ptr_cache_name(struct ptr_cache *c, uint32_t number, struct str name)
{
	struct str *s = &c->names[number];

	if (!str_eq(*s, name)) {
		free((void *)(uintptr_t)s->p);
		*s = (struct str){name.len > 0 ? mem_strndup(name.p, name.len) : NULL, name.len};
	}
	c->entries[number].name_len = (uint8_t)name.len;
}
