/*
 * The distinct values of one LowCardinality column in one block: byte strings to
 * indexes in the order of their first use. The keys lie one after another, as the
 * Native format wants them. Grows with the block and is emptied with it.
 */
#ifndef CH_DICT_H
#define CH_DICT_H

#include "base/bytes.h"

struct dict {
	struct buf keys;
	uint32_t count, room;
	uint32_t hidden; /* the first keys, which no lookup finds */
	uint32_t *ends; /* where each key ends in keys */
	uint64_t *hashes;
	uint32_t *slots; /* index + 1, 0 = free */
	uint32_t mask;
};

/* The index of the key, which is added if it is new. An all-zero dict is empty. */
uint32_t dict_index(struct dict *d, const void *key, size_t len);

/* Gives an empty dict a key 0 that no dict_index() finds: what stands for NULL. */
void dict_hide(struct dict *d, const void *key, size_t len);

void dict_clear(struct dict *d);
void dict_release(struct dict *d);

#endif
