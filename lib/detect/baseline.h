/*
 * What groups usually have in a window, learnt over hours: the running mean of
 * a sample a window, in which the last six hours weigh most. Only groups whose
 * usual traffic could raise a threshold are kept.
 *
 * As bytes, for a file, all little-endian:
 *
 *     header     8   "NFBASE01": the last two digits are the version
 *                8   number of rules
 *                8   number of groups
 *                8   XXH3 of all that follows
 *     rules     16   each: id, samples taken
 *     groups    80   each: rule's id, width of the key (8 bytes), the key (40),
 *                    mean flows, packets, bytes (doubles), sorted
 *
 * To change it, change the version: another one is refused by name, and learning
 * begins anew.
 */
#ifndef DETECT_BASELINE_H
#define DETECT_BASELINE_H

#include "base/map.h"
#include "detect/flowkey.h"

enum {
	BASELINES_MAX = 1 << 18, /* groups of all rules */
	BASELINE_RULES_MAX = 2048,
	BASELINE_HOURS = 6,
	BASELINE_READY = 3600, /* seconds before a rule goes by its baselines */
};

enum baseline_value { BASELINE_FLOWS, BASELINE_PACKETS, BASELINE_BYTES, BASELINE_VALUES };

struct baseline {
	double mean[BASELINE_VALUES];
};

struct baseline_key {
	uint64_t rule; /* id */
	uint64_t width;
	uint8_t key[FLOWKEY_MAX]; /* zeros behind the layout's size */
};

struct baselines {
	struct map groups; /* struct baseline_key -> struct baseline */
	struct map samples; /* rule's id -> uint64_t */
	uint64_t refused; /* groups for which there was no room */
};

void baselines_init(struct baselines *b);
void baselines_release(struct baselines *b);

/* Samples of the rule so far; made 0 if it is new. NULL: too many rules. */
uint64_t *baselines_samples(struct baselines *b, uint64_t rule);

/* How much of a sample goes into the mean: all of the first, half of the second, … and then what six hours ask for. */
double baseline_weight(uint64_t samples, uint32_t window);

/* The group's, or NULL. baseline_make() adds one with means of 0, NULL where there is no room. */
struct baseline *baseline_find(const struct baselines *b, const struct baseline_key *k);
struct baseline *baseline_make(struct baselines *b, const struct baseline_key *k);

/* Forgets rules that are not among these. */
void baselines_retain(struct baselines *b, const uint64_t *rules, size_t n);

void baselines_write(const struct baselines *b, struct buf *out);

/* Takes over what was written, in place of what is there. -1 with words, and nothing has changed. */
int baselines_read(struct baselines *b, struct str bytes, struct err *e);

#endif
