#include "detect/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/unique.h"

struct second {
	uint32_t sec, flows;
	uint64_t packets, bytes;
};

/* Slots of a block that holds a list: the seconds with flows, the oldest at ring_head, ascending. */
static uint32_t
ring_slots(uint32_t ref)
{
	return (uint32_t)(blocks_size(ref) / sizeof(struct second));
}

/* The i-th oldest second of the group's list. */
static struct second *
ring_at(const struct window *w, const struct group *g, uint32_t i)
{
	struct second *v = blocks_at(w->blocks, g->ring);
	uint32_t slots = ring_slots(g->ring), at = g->ring_head + i;

	return &v[at < slots ? at : at - slots];
}

static void
prefetch_second(const struct second *s)
{
	__builtin_prefetch(s);
	if (((uintptr_t)s & 63) > 64 - sizeof *s)
		__builtin_prefetch(s + 1);
}

void
window_prefetch(const struct window *w, const struct group *g, uint32_t now)
{
	if (g->ring == 0)
		return;
	prefetch_second(ring_at(w, g, g->ring_count - 1));
	if (now != g->newest)
		prefetch_second(ring_at(w, g, g->ring_count));
	if (now - g->oldest >= w->seconds) {
		prefetch_second(ring_at(w, g, 0));
		prefetch_second(ring_at(w, g, 1));
	}
}

void
window_init(struct window *w, struct blocks *blocks, uint32_t seconds, const uint32_t unique_max[UNIQUES],
    double score_min)
{
	uint32_t most = 0;

	*w = (struct window){.seconds = seconds, .blocks = blocks, .score_min = score_min};
	for (unsigned u = 0; u < UNIQUES; u++) {
		w->unique_max[u] = unique_max[u];
		if (unique_max[u] == 0)
			continue;
		w->unique_at[u] = w->tail++;
		if (unique_max[u] > most)
			most = unique_max[u];
	}
	w->score_at = w->tail;
	if (score_min >= 0)
		w->tail++;
	/* A set holds up to twice its threshold. */
	w->scratch = mem_zero(2 * (size_t)most + 2, sizeof *w->scratch);
}

void
window_release(struct window *w)
{
	free(w->scratch);
	*w = (struct window){0};
}

void
window_begin(const struct window *w, struct group *g)
{
	*g = (struct group){0};
	memset(g->tail, 0, w->tail * sizeof g->tail[0]);
}

void
window_clear(const struct window *w, struct group *g)
{
	if (g->ring != 0)
		blocks_free(w->blocks, g->ring);
	g->ring = 0;
	g->flows = g->packets = g->bytes = 0;
	for (unsigned u = 0; u < UNIQUES; u++)
		if (w->unique_max[u] > 0)
			unique_clear(w, &g->tail[w->unique_at[u]]);
	if (w->score_min >= 0)
		g->tail[w->score_at] = 0;
}

/* Drops the oldest second. */
static void
ring_shift(const struct window *w, struct group *g)
{
	const struct second *s = ring_at(w, g, 0);

	g->flows -= s->flows;
	g->packets -= s->packets;
	g->bytes -= s->bytes;
	g->ring_head = g->ring_head + 1 < ring_slots(g->ring) ? g->ring_head + 1 : 0;
	g->ring_count--;
}

void
window_drop(struct window *w, struct group *g, uint32_t now)
{
	if (g->ring == 0) {
		g->flows = g->packets = g->bytes = 0;
		return;
	}
	while (g->ring_count > 0 && now - ring_at(w, g, 0)->sec >= w->seconds)
		ring_shift(w, g);
	g->oldest = g->ring_count > 0 ? ring_at(w, g, 0)->sec : g->newest;
	if (g->ring_count < 2) {
		blocks_free(w->blocks, g->ring);
		g->ring = 0;
	}
}

/* Moves the full list to a larger block, or, where no memory is left, drops its oldest second: false. */
static bool
ring_grow(struct window *w, struct group *g)
{
	uint32_t ref = blocks_alloc(w->blocks, blocks_size(g->ring) * 2);

	if (ref == 0) {
		ring_shift(w, g);
		g->oldest = ring_at(w, g, 0)->sec;
		w->squeezed++;
		return false;
	}
	struct second *v = blocks_at(w->blocks, ref);
	for (uint32_t i = 0; i < g->ring_count; i++)
		v[i] = *ring_at(w, g, i);
	blocks_free(w->blocks, g->ring);
	g->ring = ref;
	g->ring_head = 0;
	return true;
}

/* Begins the list of a group that so far had one second; false where no memory is left. */
static bool
ring_begin(struct window *w, struct group *g)
{
	g->ring = blocks_alloc(w->blocks, BLOCK_MIN);
	if (g->ring == 0)
		return false;
	g->ring_head = 0;
	g->ring_count = 1;
	*ring_at(w, g, 0) = (struct second){g->newest, (uint32_t)g->flows, g->packets, g->bytes};
	return true;
}

/* The second `sec` in the list, made in its place if it is new. */
static struct second *
ring_second(struct window *w, struct group *g, uint32_t sec)
{
	uint32_t at = g->ring_count;

	while (at > 0 && ring_at(w, g, at - 1)->sec > sec)
		at--;
	if (at > 0 && ring_at(w, g, at - 1)->sec == sec)
		return ring_at(w, g, at - 1);
	if (g->ring_count == ring_slots(g->ring)) {
		bool grown = ring_grow(w, g);
		at -= !grown && at > 0; /* the second before it has left */
	}
	for (uint32_t i = g->ring_count++; i > at; i--)
		*ring_at(w, g, i) = *ring_at(w, g, i - 1);
	struct second *s = ring_at(w, g, at);
	*s = (struct second){.sec = sec};
	return s;
}

bool
window_add(struct window *w, struct group *g, uint32_t now, uint32_t sec, uint64_t packets, uint64_t bytes)
{
	bool listed = false;

	if (now - sec >= w->seconds)
		return false;
	window_expire(w, g, now);
	if (g->flows == 0) {
		g->oldest = g->newest = sec;
	} else if (g->ring != 0) {
		listed = true;
	} else if (sec != g->newest) {
		listed = ring_begin(w, g);
		if (!listed) {
			/* Only one second can be held: the later. */
			w->squeezed++;
			if (sec < g->newest)
				return false;
			g->flows = g->packets = g->bytes = 0;
			g->oldest = sec;
		}
	}
	if (listed) {
		struct second *s = ring_second(w, g, sec);

		s->flows++;
		s->packets += packets;
		s->bytes += bytes;
	}
	if (sec > g->newest)
		g->newest = sec;
	if (sec < g->oldest)
		g->oldest = sec;
	g->flows++;
	g->packets += packets;
	g->bytes += bytes;
	return true;
}

void
window_prefetch_unique(const struct window *w, const struct group *g, enum unique u, uint64_t hash)
{
	unique_prefetch(w, g->tail[w->unique_at[u]], hash);
}

void
window_add_unique(struct window *w, struct group *g, enum unique u, uint32_t now, uint32_t sec, uint64_t hash)
{
	unique_add(w, &g->tail[w->unique_at[u]], w->unique_max[u], now, sec, hash);
}

/* The word of the score: the second above, the bits of the score below. */
void
window_add_score(struct window *w, struct group *g, uint32_t sec, float score)
{
	uint64_t *word = &g->tail[w->score_at];
	uint32_t bits, then = (uint32_t)(*word >> 32);
	float had;

	if (!((double)score >= w->score_min) || (*word != 0 && sec < then))
		return;
	bits = (uint32_t)*word;
	memcpy(&had, &bits, sizeof had);
	if (*word != 0 && sec == then && had > score)
		return;
	memcpy(&bits, &score, sizeof bits);
	*word = (uint64_t)sec << 32 | bits;
}

uint32_t
window_unique(struct window *w, struct group *g, enum unique u, uint32_t now)
{
	return unique_count(w, &g->tail[w->unique_at[u]], w->unique_max[u], now);
}

bool
window_has_unique(struct window *w, struct group *g, enum unique u, uint32_t now, uint32_t n)
{
	return unique_has(w, &g->tail[w->unique_at[u]], w->unique_max[u], now, n);
}

double
window_score(const struct window *w, const struct group *g, uint32_t now)
{
	uint64_t word = w->score_min >= 0 ? g->tail[w->score_at] : 0;
	uint32_t bits = (uint32_t)word;
	float score;

	if (word == 0 || now - (uint32_t)(word >> 32) >= w->seconds)
		return -1;
	memcpy(&score, &bits, sizeof score);
	return (double)score;
}

void
window_move(const struct window *to, struct group *g, struct window *from, struct group *old, uint32_t now)
{
	g->oldest = old->oldest;
	g->newest = old->newest;
	g->ring = old->ring;
	g->ring_head = old->ring_head;
	g->ring_count = old->ring_count;
	g->flows = old->flows;
	g->packets = old->packets;
	g->bytes = old->bytes;
	g->pins = old->pins;
	old->ring = 0;
	for (unsigned u = 0; u < UNIQUES; u++) {
		if (to->unique_max[u] == 0 || from->unique_max[u] == 0)
			continue;
		uint64_t *word = &old->tail[from->unique_at[u]];
		unique_trim(from, word, to->unique_max[u], now);
		g->tail[to->unique_at[u]] = *word;
		*word = 0;
	}
	if (to->score_min >= 0 && from->score_min >= 0)
		g->tail[to->score_at] = old->tail[from->score_at];
	window_clear(from, old);
}
