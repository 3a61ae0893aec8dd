#include "bgp/attrset.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "bgp/segments.h"

enum { NUMBERS_MIN = 1024 };

#define SAME_FROM offsetof(struct attrset, has)

_Static_assert(sizeof(struct attrset) == offsetof(struct attrset, texts) &&
		   offsetof(struct attrset, next_hop) == offsetof(struct attrset, pad) + 1,
    "sets are compared as bytes");

void
attrsets_init(struct attrsets *s, uint64_t seed)
{
	*s = (struct attrsets){.used = 1, .cap = NUMBERS_MIN, .seed = seed};
	s->v = mem_zero(s->cap, sizeof *s->v);
	s->free = mem_zero(s->cap, sizeof *s->free);
	index_init(&s->by_hash);
	map_init(&s->next_hops, sizeof(struct addr), sizeof(uint32_t));
}

void
attrsets_release(struct attrsets *s)
{
	for (uint32_t i = 1; i < s->used; i++)
		free(s->v[i]);
	free(s->v);
	free(s->free);
	index_release(&s->by_hash);
	map_release(&s->next_hops);
	buf_release(&s->scratch);
	*s = (struct attrsets){0};
}

static size_t
set_size(const struct attrset *set)
{
	size_t size = sizeof *set;

	for (unsigned i = 0; i < ATTR_TEXTS; i++)
		size += set->lens[i];
	return size;
}

static const struct str *
text_at(const struct attrs *a, unsigned i)
{
	const struct str *const texts[ATTR_TEXTS] = {
	    &a->as_path, &a->communities, &a->extended, &a->large, &a->clusters};

	return texts[i];
}

/* The set as it would be kept, in the scratch buffer; its size. */
static size_t
set_make(struct attrsets *s, const struct attrs *a, const struct addr *next_hop)
{
	struct buf *b = &s->scratch;
	struct attrset set = {
	    .has = a->has,
	    .local_pref = attrs_has(a, BGP_ATTR_LOCAL_PREF) ? a->local_pref : LOCAL_PREF_DEFAULT,
	    .med = a->med,
	    .originator = a->originator,
	    .neighbour = segments_first(a->as_path),
	    .aggregator_as = a->aggregator_as,
	    .aggregator = attrs_has(a, BGP_ATTR_AGGREGATOR) ? addr_v4(&a->aggregator) : 0,
	    .path_length = (uint16_t)segments_length(a->as_path),
	    .clusters = (uint16_t)(a->clusters.len / 4),
	    .origin = a->origin,
	    .next_hop = *next_hop,
	};

	for (unsigned i = 0; i < ATTR_TEXTS; i++)
		set.lens[i] = (uint16_t)text_at(a, i)->len;
	b->len = 0;
	buf_add(b, &set, sizeof set);
	for (unsigned i = 0; i < ATTR_TEXTS; i++)
		buf_add(b, text_at(a, i)->p, text_at(a, i)->len);
	return b->len;
}

/* The number of the set of these bytes, 0: there is none. */
static uint32_t
set_find(const struct attrsets *s, const uint8_t *p, size_t size, uint32_t hash)
{
	uint32_t n, at = index_start(&s->by_hash, hash);

	while ((n = index_next(&s->by_hash, hash, &at)) != 0) {
		const struct attrset *set = s->v[n];

		if (set_size(set) == size &&
		    memcmp((const uint8_t *)set + SAME_FROM, p + SAME_FROM, size - SAME_FROM) == 0)
			break;
	}
	return n;
}

static uint32_t
number_new(struct attrsets *s)
{
	if (s->free_count > 0)
		return s->free[--s->free_count];
	if (s->used == s->cap) {
		s->cap *= 2;
		s->v = mem_resize(s->v, s->cap, sizeof *s->v);
		s->free = mem_resize(s->free, s->cap, sizeof *s->free);
	}
	return s->used++;
}

uint32_t
attrsets_take(struct attrsets *s, const struct attrs *a, const struct addr *next_hop)
{
	size_t size = set_make(s, a, next_hop);
	uint32_t hash = (uint32_t)hash64_seed(s->scratch.p + SAME_FROM, size - SAME_FROM, s->seed);
	uint32_t n = set_find(s, s->scratch.p, size, hash);

	if (n != 0) {
		s->v[n]->refs++;
		return n;
	}
	n = number_new(s);
	struct attrset *set = mem_alloc(size);
	memcpy(set, s->scratch.p, size);
	set->refs = 1;
	set->hash = hash;
	s->v[n] = set;
	index_add(&s->by_hash, hash, n);
	++*(uint32_t *)map_put(&s->next_hops, next_hop, NULL);
	s->count++;
	s->bytes += size;
	return n;
}

void
attrsets_hold(struct attrsets *s, uint32_t n, uint32_t refs)
{
	s->v[n]->refs += refs;
}

void
attrsets_drop(struct attrsets *s, uint32_t n)
{
	struct attrset *set = s->v[n];

	if (--set->refs > 0)
		return;
	index_remove(&s->by_hash, set->hash, n);
	if (--*(uint32_t *)map_get(&s->next_hops, &set->next_hop) == 0)
		map_delete(&s->next_hops, &set->next_hop);
	s->bytes -= set_size(set);
	s->count--;
	free(set);
	s->v[n] = NULL;
	s->free[s->free_count++] = n;
}

bool
attrsets_next_hop_in(const struct attrsets *s, const struct prefix *p)
{
	const void *next_hop;
	void *count;

	for (size_t it = 0; map_next(&s->next_hops, &it, &next_hop, &count);)
		if (prefix_contains(p, next_hop))
			return true;
	return false;
}

void
attrset_get(const struct attrset *set, struct attrs *a)
{
	struct str *const texts[ATTR_TEXTS] = {
	    &a->as_path, &a->communities, &a->extended, &a->large, &a->clusters};
	const char *p = (const char *)set->texts;

	*a = (struct attrs){.has = set->has,
	    .origin = set->origin,
	    .med = set->med,
	    .local_pref =
		attrs_has(&(struct attrs){.has = set->has}, BGP_ATTR_LOCAL_PREF) ? set->local_pref : 0,
	    .originator = set->originator,
	    .aggregator_as = set->aggregator_as,
	    .aggregator = addr_from_v4(set->aggregator)};
	for (unsigned i = 0; i < ATTR_TEXTS; i++) {
		*texts[i] = (struct str){p, set->lens[i]};
		p += set->lens[i];
	}
}
