#include "ch/dict.h"

#include <stdlib.h>

#include "base/hash.h"

static void
dict_grow(struct dict *d)
{
	uint32_t size = d->slots != NULL ? (d->mask + 1) * 2 : 256;

	free(d->slots);
	d->slots = mem_zero(size, sizeof *d->slots);
	d->mask = size - 1;
	d->room = size / 2;
	d->ends = mem_resize(d->ends, d->room, sizeof *d->ends);
	d->hashes = mem_resize(d->hashes, d->room, sizeof *d->hashes);
	for (uint32_t i = d->hidden; i < d->count; i++) {
		uint32_t at = (uint32_t)d->hashes[i] & d->mask;

		while (d->slots[at] != 0)
			at = (at + 1) & d->mask;
		d->slots[at] = i + 1;
	}
}

static uint32_t
dict_append(struct dict *d, const void *key, size_t len, uint64_t hash)
{
	buf_add(&d->keys, key, len);
	d->hashes[d->count] = hash;
	d->ends[d->count] = (uint32_t)d->keys.len;
	return d->count++;
}

uint32_t
dict_index(struct dict *d, const void *key, size_t len)
{
	uint64_t hash = hash64_seed(key, len, (uintptr_t)d); /* a seed that no sender knows */

	if (d->count == d->room)
		dict_grow(d);
	uint32_t at = (uint32_t)hash & d->mask;
	for (; d->slots[at] != 0; at = (at + 1) & d->mask) {
		uint32_t i = d->slots[at] - 1, from = i > 0 ? d->ends[i - 1] : 0;

		if (d->hashes[i] == hash && d->ends[i] - from == len &&
		    memcmp(d->keys.p + from, key, len) == 0)
			return i;
	}
	d->slots[at] = d->count + 1;
	return dict_append(d, key, len, hash);
}

void
dict_hide(struct dict *d, const void *key, size_t len)
{
	if (d->room == 0)
		dict_grow(d);
	dict_append(d, key, len, 0);
	d->hidden = 1;
}

void
dict_clear(struct dict *d)
{
	d->keys.len = 0;
	d->count = d->hidden = 0;
	if (d->slots != NULL)
		memset(d->slots, 0, ((size_t)d->mask + 1) * sizeof *d->slots);
}

void
dict_release(struct dict *d)
{
	buf_release(&d->keys);
	free(d->ends);
	free(d->hashes);
	free(d->slots);
	*d = (struct dict){0};
}
