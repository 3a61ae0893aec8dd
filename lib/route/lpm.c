#include "route/lpm.h"

#include <stdlib.h>

/* Six bits a level cover 128 bits in 22 levels, whatever the root takes. */
#define LEVELS_MAX 22
#define ROOT_BITS_MIN 6
#define ROOT_BITS_MAX 24

/* Lookups under way at once: enough to keep memory busy, few enough to stay in the first cache (4 KiB). */
#define WAVE 128

#define INLINE static inline __attribute__((always_inline))

static void
value_seen(struct lpm *t, uint32_t value)
{
	if (value > t->value_max)
		t->value_max = value;
}

static int
node_check(struct lpm *t, const struct lpm_head *h, uint32_t n, uint8_t *depth)
{
	const struct lpm_node *node = &t->nodes[n];
	unsigned children = (unsigned)__builtin_popcountll(node->inner);
	unsigned runs = (unsigned)__builtin_popcountll(node->starts);

	if (node->starts == 0) {
		value_seen(t, node->match);
		value_seen(t, node->other);
		return 0;
	}
	/* The lowest slot that is no child must be in a run, and so are all others then. */
	if (node->inner != UINT64_MAX && __builtin_ctzll(node->starts) > __builtin_ctzll(~node->inner))
		return -1;
	if ((uint64_t)node->first_leaf + runs > h->leaves)
		return -1;
	if (children == 0)
		return 0;
	/* Children stand behind their parent, so nothing loops and depths are final when they are reached. */
	if (node->first_node <= n || (uint64_t)node->first_node + children > h->nodes)
		return -1;
	if (depth[n] == LEVELS_MAX)
		return -1;
	for (unsigned i = 0; i < children; i++) {
		uint8_t *d = &depth[node->first_node + i];

		if (*d < depth[n] + 1)
			*d = (uint8_t)(depth[n] + 1);
	}
	return 0;
}

static int
nodes_check(struct lpm *t, const struct lpm_head *h, struct err *e)
{
	uint8_t *depth = mem_zero(h->nodes, 1); /* levels above a node */
	int rc = 0;

	for (uint32_t n = 0; n < h->nodes && rc == 0; n++)
		if (node_check(t, h, n, depth) == -1)
			rc = err_set(e, "node %u of the prefix tree is corrupt", n);
	free(depth);
	return rc;
}

static int
roots_check(struct lpm *t, const struct lpm_head *h, struct err *e)
{
	for (unsigned f = 0; f < LPM_FAMILIES; f++) {
		for (size_t i = 0; i < (size_t)1 << t->root_bits[f]; i++) {
			uint32_t entry = t->root[f][i];

			if ((entry & LPM_LEAF) == 0 && entry >= h->nodes)
				return err_set(e, "root entry %zu of the prefix tree is corrupt", i);
			if ((entry & LPM_LEAF) != 0)
				value_seen(t, entry & LPM_VALUE_MAX);
		}
	}
	return 0;
}

int
lpm_open(struct lpm *t, const void *image, size_t size, struct err *e)
{
	const struct lpm_head *h = image;

	*t = (struct lpm){0};
	if (size < sizeof *h)
		return err_set(e, "prefix tree cut short");
	if (h->version != LPM_VERSION)
		return err_set(e, "prefix tree of version %u, not %u", h->version, LPM_VERSION);
	uint64_t want = sizeof *h + (uint64_t)h->nodes * sizeof *t->nodes + (uint64_t)h->leaves * 4;
	for (unsigned f = 0; f < LPM_FAMILIES; f++) {
		if (h->root_bits[f] < ROOT_BITS_MIN || h->root_bits[f] > ROOT_BITS_MAX)
			return err_set(e, "prefix tree with a root of %u bits", h->root_bits[f]);
		want += (uint64_t)4 << h->root_bits[f];
		t->root_bits[f] = (uint8_t)h->root_bits[f];
	}
	if (h->nodes >= LPM_LEAF || want != size)
		return err_set(
		    e, "prefix tree of %zu bytes where its head says %llu", size, (unsigned long long)want);
	t->root[LPM_V4] = (const void *)(h + 1);
	t->root[LPM_V6] = t->root[LPM_V4] + ((size_t)1 << t->root_bits[LPM_V4]);
	t->nodes = (const void *)(t->root[LPM_V6] + ((size_t)1 << t->root_bits[LPM_V6]));
	t->leaves = (const void *)(t->nodes + h->nodes);
	for (uint32_t i = 0; i < h->leaves; i++)
		value_seen(t, t->leaves[i]);
	if (nodes_check(t, h, e) == -1 || roots_check(t, h, e) == -1)
		return -1;
	if (t->value_max > LPM_VALUE_MAX)
		return err_set(e, "prefix tree with the value %u", t->value_max);
	return 0;
}

/* A lookup on its way: the address's bits that are left, and the node that they index next. */
struct walk {
	uint64_t hi, lo;
	uint32_t entry; /* as in a root */
	const uint32_t *answer; /* set at the end of the way */
};

INLINE struct walk
walk_start(const struct lpm *t, const struct addr *a)
{
	uint64_t hi = load_be64(a->b), lo = load_be64(a->b + 8);
	/* Traffic mixes families at random, so no branch may depend on them: hence & and masks. */
	unsigned v6 = !((hi == 0) & (lo >> 32 == 0xffff));
	hi = v6 ? hi : lo << 32;
	lo &= -(uint64_t)v6;
	unsigned bits = t->root_bits[v6];

	return (struct walk){
	    .hi = hi << bits | lo >> (64 - bits),
	    .lo = lo << bits,
	    .entry = t->root[v6][hi >> (64 - bits)],
	};
}

/* Goes one node down. True: at a child. False: the answer is known, though perhaps not yet in the cache. */
INLINE bool
walk_down(const struct lpm *t, struct walk *w)
{
	const struct lpm_node *n = &t->nodes[w->entry];

	if (n->starts == 0) {
		uint64_t end = n->tail & -n->tail;

		w->answer = ((w->hi ^ n->tail) & -(end << 1)) == 0 ? &n->match : &n->other;
		return false;
	}
	uint64_t slot = (uint64_t)1 << (w->hi >> 58);
	bool inner = (n->inner & slot) != 0;
	/* The slot's own bit is set among the children, and a run starts at or before it: both counts are one over. */
	uint64_t upto = (slot | (slot - 1)) & (inner ? n->inner : n->starts);

	w->entry = (inner ? n->first_node : n->first_leaf) + (uint32_t)__builtin_popcountll(upto) - 1;
	w->answer = t->leaves + (inner ? 0 : w->entry);
	w->hi = w->hi << 6 | w->lo >> 58;
	w->lo <<= 6;
	return inner;
}

INLINE uint32_t
lookup(const struct lpm *t, const struct addr *a)
{
	struct walk w = walk_start(t, a);

	if ((w.entry & LPM_LEAF) != 0)
		return w.entry & LPM_VALUE_MAX;
	while (walk_down(t, &w))
		;
	return *w.answer;
}

/*
 * All of a wave go down level by level together, each asking for the memory of
 * its next level before the others are looked at. Lists are kept without
 * branches: an entry is always stored and counted only if it belongs.
 */
INLINE void
lookup_wave(const struct lpm *t, const struct addr *a, size_t n, uint32_t *out)
{
	struct walk walks[WAVE];
	uint8_t live[WAVE], done[WAVE];
	size_t nlive = 0, ndone = 0;

	for (size_t i = 0; i < n; i++) {
		walks[i] = walk_start(t, &a[i]);
		out[i] = walks[i].entry & LPM_VALUE_MAX;
		live[nlive] = (uint8_t)i;
		nlive += (walks[i].entry & LPM_LEAF) == 0;
	}
	for (size_t k = 0; k < nlive; k++)
		__builtin_prefetch(&t->nodes[walks[live[k]].entry]);
	while (nlive > 0) {
		size_t now = nlive;

		nlive = 0;
		for (size_t k = 0; k < now; k++) {
			uint8_t i = live[k];
			struct walk *w = &walks[i];
			bool inner = walk_down(t, w);

			__builtin_prefetch(inner ? (const void *)&t->nodes[w->entry] : w->answer);
			live[nlive] = i;
			nlive += inner;
			done[ndone] = i;
			ndone += !inner;
		}
	}
	for (size_t k = 0; k < ndone; k++) {
		/* cppcheck-suppress uninitvar ; the first ndone of them are set */
		const struct walk *w = &walks[done[k]];

		out[done[k]] = *w->answer;
	}
}

INLINE void
lookup_many(const struct lpm *t, const struct addr *a, size_t n, uint32_t *out)
{
	for (; n > WAVE; n -= WAVE, a += WAVE, out += WAVE)
		lookup_wave(t, a, WAVE, out);
	lookup_wave(t, a, n, out);
}

/* The same code once for processors that count bits in one instruction: x86-64 alone does not promise it. */
#if defined(__x86_64__)
__attribute__((target("popcnt"))) static uint32_t
lookup_popcnt(const struct lpm *t, const struct addr *a)
{
	return lookup(t, a);
}

__attribute__((target("popcnt"))) static void
lookup_many_popcnt(const struct lpm *t, const struct addr *a, size_t n, uint32_t *out)
{
	lookup_many(t, a, n, out);
}

uint32_t
lpm_lookup(const struct lpm *t, const struct addr *a)
{
	return __builtin_cpu_supports("popcnt") ? lookup_popcnt(t, a) : lookup(t, a);
}

void
lpm_lookup_many(const struct lpm *t, const struct addr *a, size_t n, uint32_t *out)
{
	if (__builtin_cpu_supports("popcnt"))
		lookup_many_popcnt(t, a, n, out);
	else
		lookup_many(t, a, n, out);
}
#else
uint32_t
lpm_lookup(const struct lpm *t, const struct addr *a)
{
	return lookup(t, a);
}

void
lpm_lookup_many(const struct lpm *t, const struct addr *a, size_t n, uint32_t *out)
{
	lookup_many(t, a, n, out);
}
#endif
