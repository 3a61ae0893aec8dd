#include "route/lpm.h"

#include <stdlib.h>

#define ROOT_BITS_MIN 6
#define ROOT_BITS_MAX 18
#define STRIDE 6
#define SLOTS (1u << STRIDE)

static inline bool
item_same(const struct lpm_item *a, const struct lpm_item *b)
{
	return a->hi == b->hi && a->lo == b->lo && a->len == b->len;
}

static void
item_merge(const struct lpm_builder *b, struct lpm_item *held, const struct lpm_item *next)
{
	held->value = b->choose != NULL ? b->choose(b->choose_arg, held->value, next->value) : next->value;
}

void
lpm_builder_add(struct lpm_builder *b, const struct prefix *p, uint32_t value)
{
	bool v4 = p->len >= 96 && addr_is_v4(&p->addr);
	struct lpm_list *l = &b->list[v4 ? LPM_V4 : LPM_V6];

	struct lpm_item it = {
	    .hi = v4 ? (uint64_t)addr_v4(&p->addr) << 32 : load_be64(p->addr.b),
	    .lo = v4 ? 0 : load_be64(p->addr.b + 8),
	    .len = (uint8_t)(v4 ? p->len - 96 : p->len),
	    .value = value,
	};

	/* Dumps of many peers have all that they say of a prefix together. */
	if (l->count > 0 && item_same(&l->items[l->count - 1], &it)) {
		item_merge(b, &l->items[l->count - 1], &it);
		return;
	}
	if (l->count == l->cap) {
		l->cap = l->cap != 0 ? l->cap * 2 : 64;
		l->items = mem_resize(l->items, l->cap, sizeof *l->items);
	}
	l->items[l->count++] = it;
}

void
lpm_builder_release(struct lpm_builder *b)
{
	for (unsigned f = 0; f < LPM_FAMILIES; f++)
		free(b->list[f].items);
	*b = (struct lpm_builder){0};
}

/* The byte of the sort key (address, then length) that stands `place` bytes from its least significant end. */
static inline uint8_t
item_digit(const struct lpm_item *it, unsigned place)
{
	if (place == 0)
		return it->len;
	return (uint8_t)(place <= 8 ? it->lo >> 8 * (place - 1) : it->hi >> 8 * (place - 9));
}

static inline bool
item_before(const struct lpm_item *a, const struct lpm_item *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi;
	return a->lo != b->lo ? a->lo < b->lo : a->len < b->len;
}

enum { PLACES = 17 };

/* Radix sort, stable: equal prefixes keep the order in which they came. */
static void
list_sort(struct lpm_list *l)
{
	struct lpm_item *from = l->items, *to;
	size_t i = 1, (*start)[256];

	while (i < l->count && !item_before(&from[i], &from[i - 1]))
		i++;
	if (i >= l->count)
		return;
	to = mem_alloc(l->cap * sizeof *to);
	start = mem_zero(PLACES, sizeof *start);
	for (i = 0; i < l->count; i++)
		for (unsigned place = 0; place < PLACES; place++)
			start[place][item_digit(&from[i], place)]++;
	for (unsigned place = 0; place < PLACES; place++) {
		size_t sum = 0;

		if (start[place][item_digit(&from[0], place)] == l->count)
			continue;
		for (i = 0; i < 256; i++) {
			size_t n = start[place][i];

			start[place][i] = sum;
			sum += n;
		}
		for (i = 0; i < l->count; i++)
			to[start[place][item_digit(&from[i], place)]++] = from[i];
		struct lpm_item *swap = from;
		from = to;
		to = swap;
	}
	l->items = from;
	free(to);
	free(start);
}

static void
list_merge(const struct lpm_builder *b, struct lpm_list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		if (kept > 0 && item_same(&l->items[kept - 1], &l->items[i]))
			item_merge(b, &l->items[kept - 1], &l->items[i]);
		else
			l->items[kept++] = l->items[i];
	}
	l->count = kept;
}

void
lpm_builder_settle(struct lpm_builder *b)
{
	for (unsigned f = 0; f < LPM_FAMILIES; f++) {
		list_sort(&b->list[f]);
		list_merge(b, &b->list[f]);
	}
}

struct build {
	struct lpm_node *nodes;
	uint32_t *leaves;
	size_t nnodes, nleaves, nodes_cap, leaves_cap;
};

static uint32_t
nodes_add(struct build *b, size_t n)
{
	size_t first = b->nnodes;

	if (first + n > b->nodes_cap) {
		b->nodes_cap = (first + n) * 3 / 2;
		b->nodes = mem_resize(b->nodes, b->nodes_cap, sizeof *b->nodes);
	}
	b->nnodes += n;
	return (uint32_t)first;
}

static void
leaf_add(struct build *b, uint32_t value)
{
	if (b->nleaves == b->leaves_cap) {
		b->leaves_cap = b->leaves_cap != 0 ? b->leaves_cap * 3 / 2 : 64;
		b->leaves = mem_resize(b->leaves, b->leaves_cap, sizeof *b->leaves);
	}
	b->leaves[b->nleaves++] = value;
}

/* A prefix's bits from bit `at` on, from the left; bits beyond its end are zero. */
static inline uint64_t
item_rest(const struct lpm_item *it, unsigned at)
{
	if (at >= 64)
		return it->lo << (at - 64);
	return at > 0 ? it->hi << at | it->lo >> (64 - at) : it->hi;
}

static inline uint32_t
item_bits(const struct lpm_item *it, unsigned at, unsigned width)
{
	return (uint32_t)(item_rest(it, at) >> (64 - width));
}

/*
 * Takes what belongs to one array of 1 << width slots from the sorted items.
 * A prefix that ends in this array is painted over its slots: shorter ones come
 * before the longer ones that they hold, so the last paint is the longest.
 * Longer prefixes of one slot stand together: returns their first with *slot
 * set and *it behind their last, or NULL when the items are used up.
 */
static const struct lpm_item *
span_next(const struct lpm_item **it, const struct lpm_item *end, unsigned at, unsigned width,
    uint32_t *values, uint32_t *slot)
{
	for (; *it < end; (*it)++) {
		uint32_t s = item_bits(*it, at, width);

		if ((*it)->len > at + width) {
			const struct lpm_item *first = *it;

			while (*it < end && item_bits(*it, at, width) == s)
				(*it)++;
			*slot = s;
			return first;
		}
		uint32_t slots = (uint32_t)1 << (at + width - (*it)->len);
		for (uint32_t i = 0; i < slots; i++)
			values[s + i] = (*it)->value;
	}
	return NULL;
}

/* Fills node n, which decides bits at .. at + 5, from the items below it. */
static void
node_fill(struct build *b, uint32_t n, const struct lpm_item *it, const struct lpm_item *end, unsigned at,
    uint32_t inherited)
{
	const struct lpm_item *first, *below[SLOTS], *below_end[SLOTS];
	uint32_t values[SLOTS], slot = 0;
	struct lpm_node node = {.first_leaf = (uint32_t)b->nleaves};

	if (end - it == 1 && it->len - at < 64) {
		uint64_t stop = (uint64_t)1 << (63 - (it->len - at));

		b->nodes[n] = (struct lpm_node){
		    .tail = item_rest(it, at) | stop, .match = it->value, .other = inherited};
		return;
	}
	for (unsigned i = 0; i < SLOTS; i++)
		values[i] = inherited;
	while ((first = span_next(&it, end, at, STRIDE, values, &slot)) != NULL) {
		node.inner |= (uint64_t)1 << slot;
		below[slot] = first;
		below_end[slot] = it;
	}
	for (unsigned i = 0, runs = 0; i < SLOTS; i++) {
		if ((node.inner >> i & 1) != 0 || (runs > 0 && b->leaves[b->nleaves - 1] == values[i]))
			continue;
		node.starts |= (uint64_t)1 << i;
		leaf_add(b, values[i]);
		runs++;
	}
	if (node.starts == 0) { /* all slots are children; 0 would mean a tail */
		node.starts = 1;
		leaf_add(b, 0);
	}
	if (node.inner != 0)
		node.first_node = nodes_add(b, (size_t)__builtin_popcountll(node.inner));
	b->nodes[n] = node;
	uint32_t child = node.first_node;
	for (unsigned i = 0; i < SLOTS; i++)
		if ((node.inner >> i & 1) != 0)
			node_fill(b, child++, below[i], below_end[i], at + STRIDE, values[i]);
}

/* About as many slots as prefixes: few prefixes make a small table, many find most answers in the root. */
static unsigned
root_bits(size_t prefixes)
{
	unsigned bits = ROOT_BITS_MIN;

	while (bits < ROOT_BITS_MAX && (size_t)1 << bits < prefixes)
		bits++;
	return bits;
}

static void
root_fill(struct build *b, uint32_t *root, unsigned bits, const struct lpm_list *l)
{
	const struct lpm_item *first, *it = l->items, *end = l->count != 0 ? it + l->count : it;
	uint32_t slot = 0;

	memset(root, 0, sizeof *root << bits);
	while ((first = span_next(&it, end, 0, bits, root, &slot)) != NULL) {
		uint32_t n = nodes_add(b, 1);

		node_fill(b, n, first, it, bits, root[slot]);
		root[slot] = n | LPM_LEAF;
	}
	/* Until here the bit meant a node, since values that were painted have it clear. */
	for (size_t i = 0; i < (size_t)1 << bits; i++)
		root[i] ^= LPM_LEAF;
}

void
lpm_builder_build(struct lpm_builder *b, struct buf *out)
{
	struct lpm_head head = {.version = LPM_VERSION};
	uint32_t *root[LPM_FAMILIES];
	struct build made = {0};

	lpm_builder_settle(b);
	for (unsigned f = 0; f < LPM_FAMILIES; f++) {
		struct lpm_list *l = &b->list[f];

		head.root_bits[f] = root_bits(l->count);
		root[f] = mem_alloc(sizeof **root << head.root_bits[f]);
		root_fill(&made, root[f], head.root_bits[f], l);
	}
	head.nodes = (uint32_t)made.nnodes;
	head.leaves = (uint32_t)made.nleaves;
	buf_add(out, &head, sizeof head);
	for (unsigned f = 0; f < LPM_FAMILIES; f++) {
		buf_add(out, root[f], sizeof **root << head.root_bits[f]);
		free(root[f]);
	}
	buf_add(out, made.nodes, made.nnodes * sizeof *made.nodes);
	buf_add(out, made.leaves, made.nleaves * sizeof *made.leaves);
	free(made.nodes);
	free(made.leaves);
}
