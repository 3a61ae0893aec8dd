#include "detect/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/unique.h"

struct second {
	uint32_t sec, flows;
	uint64_t packets, bytes;
};

/* The seconds with flows, oldest at `head`, ascending. */
struct ring {
	uint32_t head, count;
	struct second v[];
};

static uint32_t
ring_slots(uint32_t ref)
{
	return (uint32_t)((blocks_size(ref) - sizeof(struct ring)) / sizeof(struct second));
}

/* The i-th oldest second. */
static struct second *
ring_at(struct ring *r, uint32_t slots, uint32_t i)
{
	uint32_t at = r->head + i;

	return &r->v[at < slots ? at : at - slots];
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

static void
group_subtract(struct group *g, const struct second *s)
{
	g->flows -= s->flows;
	g->packets -= s->packets;
	g->bytes -= s->bytes;
}

void
window_drop(struct window *w, struct group *g, uint32_t now)
{
	if (g->ring == 0) {
		g->flows = g->packets = g->bytes = 0;
		return;
	}
	struct ring *r = blocks_at(w->blocks, g->ring);
	uint32_t slots = ring_slots(g->ring);
	while (r->count > 0 && now - r->v[r->head].sec >= w->seconds) {
		group_subtract(g, &r->v[r->head]);
		r->head = r->head + 1 < slots ? r->head + 1 : 0;
		r->count--;
	}
	g->oldest = r->count > 0 ? r->v[r->head].sec : g->newest;
	if (r->count < 2) {
		blocks_free(w->blocks, g->ring);
		g->ring = 0;
	}
}

/* The list in a larger block, or the old one with its oldest second dropped where no memory is left. */
static struct ring *
ring_grow(struct window *w, struct group *g)
{
	struct ring *old = blocks_at(w->blocks, g->ring);
	uint32_t slots = ring_slots(g->ring);
	uint32_t ref = blocks_alloc(w->blocks, blocks_size(g->ring) * 2);

	if (ref == 0) {
		group_subtract(g, &old->v[old->head]);
		old->head = old->head + 1 < slots ? old->head + 1 : 0;
		old->count--;
		g->oldest = old->v[old->head].sec;
		w->squeezed++;
		return old;
	}
	struct ring *r = blocks_at(w->blocks, ref);
	r->head = 0;
	r->count = old->count;
	for (uint32_t i = 0; i < old->count; i++)
		r->v[i] = *ring_at(old, slots, i);
	blocks_free(w->blocks, g->ring);
	g->ring = ref;
	return r;
}

/* The list of a group that so far had one second; NULL where no memory is left. */
static struct ring *
ring_begin(struct window *w, struct group *g)
{
	g->ring = blocks_alloc(w->blocks, BLOCK_MIN);
	if (g->ring == 0)
		return NULL;
	struct ring *r = blocks_at(w->blocks, g->ring);
	*r = (struct ring){.count = 1};
	r->v[0] = (struct second){g->newest, (uint32_t)g->flows, g->packets, g->bytes};
	return r;
}

/* The second `sec` in the list, made in its place if it is new. */
static struct second *
ring_second(struct window *w, struct group *g, struct ring *r, uint32_t sec)
{
	uint32_t slots = ring_slots(g->ring), at = r->count;

	while (at > 0 && ring_at(r, slots, at - 1)->sec > sec)
		at--;
	if (at > 0 && ring_at(r, slots, at - 1)->sec == sec)
		return ring_at(r, slots, at - 1);
	if (r->count == slots) {
		uint32_t before = r->count;

		r = ring_grow(w, g);
		slots = ring_slots(g->ring);
		if (r->count < before && at > 0)
			at--;
	}
	for (uint32_t i = r->count++; i > at; i--)
		*ring_at(r, slots, i) = *ring_at(r, slots, i - 1);
	struct second *s = ring_at(r, slots, at);
	*s = (struct second){.sec = sec};
	return s;
}

bool
window_add(struct window *w, struct group *g, uint32_t now, uint32_t sec, uint64_t packets, uint64_t bytes)
{
	struct ring *r = NULL;

	if (now - sec >= w->seconds)
		return false;
	window_expire(w, g, now);
	if (g->flows == 0) {
		g->oldest = g->newest = sec;
	} else if (g->ring != 0) {
		r = blocks_at(w->blocks, g->ring);
	} else if (sec != g->newest) {
		r = ring_begin(w, g);
		if (r == NULL) {
			/* Only one second can be held: the later. */
			w->squeezed++;
			if (sec < g->newest)
				return false;
			g->flows = g->packets = g->bytes = 0;
			g->oldest = sec;
		}
	}
	if (r != NULL) {
		struct second *s = ring_second(w, g, r, sec);

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
