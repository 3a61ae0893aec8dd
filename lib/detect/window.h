/*
 * What is counted of one group of flows over a sliding window, exact to the
 * second: at second `now` a window of W seconds holds the seconds now-W+1 … now.
 *
 * Flows, packets and bytes are sums over a list of the seconds in which the
 * group had flows. Distinct values are counted by a set of hashes, each with the
 * second it was last seen. Asked for no more than a threshold N, a set need not
 * hold more than the N values seen last: the N-th of them is within the window
 * if and only if N distinct values are. So memory is bounded by the rule, and
 * the count is exact up to N and "at least N" beyond.
 *
 * A group seen in one second with one value needs its record only; lists and
 * sets come from blocks.
 */
#ifndef DETECT_WINDOW_H
#define DETECT_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/pool.h"

/* The values that may be counted distinct. */
enum unique { UNIQUE_DST_IPS, UNIQUE_DST_PORTS, UNIQUE_SRC_IPS, UNIQUES };

/* A record begins with this; behind it stand a word per kind of value counted, the score, the key. */
struct group {
	uint32_t oldest, newest; /* the first and last second with a flow; with `ring` 0 the only one */
	uint64_t flows, packets, bytes; /* in the window, as of the last touch */
	uint32_t ring; /* block of the list of seconds, 0 = none */
	uint32_t pins; /* open incidents; GROUP_FREE in a record that is free */
	uint32_t ring_head, ring_count; /* where the list begins, and its length */
	uint64_t tail[];
};
#define GROUP_FREE UINT32_MAX

struct window {
	uint32_t seconds;
	uint32_t unique_max[UNIQUES]; /* the largest threshold; 0 = not counted */
	uint8_t unique_at[UNIQUES]; /* index into tail */
	uint8_t score_at; /* index into tail */
	uint8_t tail; /* words before the key */
	double score_min; /* scores below are not kept; < 0: none is */
	struct blocks *blocks;
	uint64_t *scratch; /* room for the largest set while it is cleaned */
	uint64_t squeezed; /* seconds or values forgotten early for want of memory */
};

/* Thresholds in the order of enum unique; score_min < 0 where no score is asked for. */
void window_init(struct window *w, struct blocks *blocks, uint32_t seconds,
    const uint32_t unique_max[UNIQUES], double score_min);
void window_release(struct window *w);

/* A fresh record (its key apart). */
void window_begin(const struct window *w, struct group *g);

/* Gives the record's blocks back. */
void window_clear(const struct window *w, struct group *g);

/* Drops what has left the window that ends with second `now`, which never goes back. */
void window_drop(struct window *w, struct group *g, uint32_t now);

static inline void
window_expire(struct window *w, struct group *g, uint32_t now)
{
	if (now - g->oldest >= w->seconds && g->flows > 0)
		window_drop(w, g, now);
}

/* Starts to bring into the cache what adding to the record's list at second `now` will touch. */
void window_prefetch(const struct window *w, const struct group *g, uint32_t now);

/* The same for adding a value. */
void window_prefetch_unique(const struct window *w, const struct group *g, enum unique u, uint64_t hash);

/* Counts a flow of second `sec` <= now; false: it is outside the window and was not counted. */
bool window_add(
    struct window *w, struct group *g, uint32_t now, uint32_t sec, uint64_t packets, uint64_t bytes);

/* Counts a value by its hash, seen in second `sec`, which is inside the window. */
void window_add_unique(
    struct window *w, struct group *g, enum unique u, uint32_t now, uint32_t sec, uint64_t hash);
void window_add_score(struct window *w, struct group *g, uint32_t sec, float score);

/* Distinct values within the window ending at `now`, at most unique_max. */
uint32_t window_unique(struct window *w, struct group *g, enum unique u, uint32_t now);

/* Whether there are at least n of them; cheap where there are not. */
bool window_has_unique(struct window *w, struct group *g, enum unique u, uint32_t now, uint32_t n);

/* The latest score of at least score_min within the window, or a negative number. */
double window_score(const struct window *w, const struct group *g, uint32_t now);

/* Hands the counts of a record over to one of another shape; the old one is left without blocks. */
void window_move(
    const struct window *to, struct group *g, struct window *from, struct group *old, uint32_t now);

#endif
