#include "ml/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	LANES = 8, /* rows that go down a tree at a time, so that one's load hides another's */
	BLOCK = 128, /* rows that meet a tree while it is in the cache */
};

uint32_t
forest_depth(uint32_t sample)
{
	uint32_t depth = 1;

	while (UINT32_C(1) << depth < sample)
		depth++;
	return depth;
}

double
forest_search_length(uint32_t n)
{
	const double euler = 0.57721566490153286;

	if (n < 2)
		return 0;
	if (n == 2)
		return 1;
	return 2 * (log(n - 1.0) + euler) - 2 * (n - 1.0) / n;
}

void
forest_init(struct forest *f, uint32_t trees, uint32_t features, uint32_t sample)
{
	*f = (struct forest){
	    .trees = trees, .features = features, .sample = sample, .depth = forest_depth(sample)};
	size_t nodes = (size_t)trees << f->depth;

	f->nodes = mem_zero(nodes, sizeof *f->nodes);
	f->reach = mem_zero(nodes * 2, sizeof *f->reach);
	for (size_t i = 0; i < nodes; i++)
		f->nodes[i].threshold = INFINITY;
}

void
forest_release(struct forest *f)
{
	free(f->nodes);
	free(f->reach);
	*f = (struct forest){0};
}

static int
rows_check(const float *rows, size_t n, uint32_t features, struct err *e)
{
	for (size_t i = 0; i < n * features; i++)
		if (!isfinite(rows[i]))
			return err_set(e, "row %zu, value %zu: it is infinite or no number", i / features + 1,
			    i % features + 1);
	return 0;
}

/* One row all the way down: the node of the last level that it comes to. */
static uint32_t
tree_walk(const struct forest *f, const struct forest_node *nodes, const float *row)
{
	uint32_t at = 1;

	for (uint32_t d = 0; d < f->depth; d++)
		at = 2 * at + (row[nodes[at].feature] > nodes[at].threshold);
	return at;
}

/* The same for LANES rows; unrolled, their places stay in registers. */
static void
tree_walk_lanes(const struct forest *f, const struct forest_node *nodes, const float *reach,
    const float *rows, float *length)
{
	size_t stride = f->features;
	uint32_t at[LANES] = {1, 1, 1, 1, 1, 1, 1, 1};

	for (uint32_t d = 0; d < f->depth; d++) {
#pragma GCC unroll 8
		for (unsigned k = 0; k < LANES; k++) {
			struct forest_node n = nodes[at[k]];

			at[k] = 2 * at[k] + (rows[k * stride + n.feature] > n.threshold);
		}
	}
#pragma GCC unroll 8
	for (unsigned k = 0; k < LANES; k++)
		length[k] += reach[at[k]];
}

static void
block_score(const struct forest *f, const float *rows, size_t n, float *scores)
{
	const size_t nodes = (size_t)1 << f->depth;
	const double scale = -1 / (f->trees * forest_search_length(f->sample));
	float length[BLOCK] = {0};

	for (uint32_t t = 0; t < f->trees; t++) {
		const struct forest_node *tree = f->nodes + t * nodes;
		const float *reach = f->reach + t * nodes * 2;
		size_t i = 0;

		for (; i + LANES <= n; i += LANES)
			tree_walk_lanes(f, tree, reach, rows + i * f->features, length + i);
		for (; i < n; i++)
			length[i] += reach[tree_walk(f, tree, rows + i * f->features)];
	}
	for (size_t i = 0; i < n; i++)
		scores[i] = (float)exp2(scale * (double)length[i]);
}

int
forest_score(const struct forest *f, const float *rows, size_t n, float *scores, struct err *e)
{
	if (rows_check(rows, n, f->features, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i += BLOCK)
		block_score(f, rows + i * f->features, n - i < BLOCK ? n - i : BLOCK, scores + i);
	return 0;
}

void
forest_explain(const struct forest *f, const float *row, float *shortened)
{
	const size_t nodes = (size_t)1 << f->depth;

	memset(shortened, 0, f->features * sizeof *shortened);
	for (uint32_t t = 0; t < f->trees; t++) {
		const struct forest_node *tree = f->nodes + t * nodes;
		const float *reach = f->reach + t * nodes * 2;

		for (uint32_t at = 1; at < nodes && isfinite(tree[at].threshold);) {
			const struct forest_node *n = &tree[at];
			uint32_t next = 2 * at + (row[n->feature] > n->threshold);

			shortened[n->feature] += (reach[at] - reach[next]) / (float)f->trees;
			at = next;
		}
	}
}

/* What grows a tree: the rows of its sample in the order in which cuts part them. */
struct grower {
	struct forest *forest;
	uint64_t random;
	const float *rows;
	uint32_t *picks; /* all rows' numbers; the first `sample` are the tree's */
	const float **at; /* the sample's rows */
	uint32_t *features; /* all of them; those still to be tried come last */
	struct forest_node *nodes; /* of the tree */
	float *reach;
};

/* splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
static uint64_t
random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0..n-1; the bias of n / 2^32 is below what a forest can tell. */
static uint32_t
random_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((random_next(state) >> 32) * n >> 32);
}

static double
random_unit(uint64_t *state)
{
	return (double)(random_next(state) >> 11) * 0x1p-53;
}

/* A cut of the rows from..to at a feature drawn among those that vary. False if none does. */
static int
cut_draw(struct grower *g, uint32_t from, uint32_t to, struct forest_node *cut)
{
	for (uint32_t left = g->forest->features; left > 0; left--) {
		uint32_t i = random_below(&g->random, left), feature = g->features[i];
		float min = g->at[from][feature], max = min;

		g->features[i] = g->features[left - 1];
		g->features[left - 1] = feature;
		for (uint32_t k = from + 1; k < to; k++) {
			float v = g->at[k][feature];

			min = v < min ? v : min;
			max = v > max ? v : max;
		}
		if (min == max)
			continue;
		double at = min + random_unit(&g->random) * ((double)max - min);
		/* Rounded, it may be the largest value, which would part nothing. */
		*cut = (struct forest_node){(float)at < max ? (float)at : min, feature};
		return 1;
	}
	return 0;
}

/* Rows at or below the threshold first: where the others begin. */
static uint32_t
rows_part(struct grower *g, uint32_t from, uint32_t to, const struct forest_node *cut)
{
	while (from < to) {
		if (g->at[from][cut->feature] <= cut->threshold) {
			from++;
		} else {
			const float *row = g->at[from];

			g->at[from] = g->at[--to];
			g->at[to] = row;
		}
	}
	return from;
}

/* An end of the tree at `node`: all that lies below it in the heap tells the same. */
static void
leaf_fill(struct grower *g, uint32_t node, float length)
{
	const uint32_t all = UINT32_C(2) << g->forest->depth;

	for (uint32_t n = 1; node < all; node *= 2, n *= 2)
		for (uint32_t i = 0; i < n; i++)
			g->reach[node + i] = length;
}

/* The tree of the rows from..to, below `node`, `depth` cuts from the root; `depth` is bounded by the forest's. */
static void
tree_grow(struct grower *g, uint32_t node, uint32_t from, uint32_t to, uint32_t depth)
{
	struct forest_node cut;
	uint32_t n = to - from;

	if (n < 2 || depth == g->forest->depth || !cut_draw(g, from, to, &cut)) {
		leaf_fill(g, node, (float)(depth + forest_search_length(n)));
		return;
	}
	uint32_t middle = rows_part(g, from, to, &cut);
	g->nodes[node] = cut;
	tree_grow(g, 2 * node, from, middle, depth + 1);
	tree_grow(g, 2 * node + 1, middle, to, depth + 1);
	g->reach[node] =
	    ((float)(middle - from) * g->reach[2 * node] + (float)(to - middle) * g->reach[2 * node + 1]) /
	    (float)n;
}

/* Draws a sample without replacement: the beginning of a shuffle, which goes on from the last tree's. */
static void
sample_draw(struct grower *g, size_t n)
{
	for (uint32_t i = 0; i < g->forest->sample; i++) {
		uint32_t k = i + random_below(&g->random, (uint32_t)n - i), pick = g->picks[k];

		g->picks[k] = g->picks[i];
		g->picks[i] = pick;
		g->at[i] = g->rows + (size_t)pick * g->forest->features;
	}
}

static int
options_check(const struct forest_options *o, size_t n, uint32_t features, struct err *e)
{
	if (o->trees < 1 || o->trees > FOREST_TREES_MAX)
		return err_set(e, "%u trees, expected 1 to %d", o->trees, FOREST_TREES_MAX);
	if (o->sample < 2 || o->sample > FOREST_SAMPLE_MAX)
		return err_set(e, "a sample of %u rows, expected 2 to %d", o->sample, FOREST_SAMPLE_MAX);
	if (features < 1 || features > FOREST_FEATURES_MAX)
		return err_set(e, "%u features, expected 1 to %d", features, FOREST_FEATURES_MAX);
	if (n < 2 || n > UINT32_MAX)
		return err_set(e, "%zu rows, expected at least 2, and fewer than 2^32", n);
	return 0;
}

int
forest_train(struct forest *f, const float *rows, size_t n, uint32_t features, const struct forest_options *o,
    struct err *e)
{
	if (options_check(o, n, features, e) < 0 || rows_check(rows, n, features, e) < 0)
		return -1;
	forest_init(f, o->trees, features, n < o->sample ? (uint32_t)n : o->sample);
	struct grower g = {.forest = f, .random = o->seed, .rows = rows};
	g.picks = mem_zero(n, sizeof *g.picks);
	g.at = mem_zero(f->sample, sizeof *g.at);
	g.features = mem_zero(features, sizeof *g.features);
	for (uint32_t i = 0; i < n; i++)
		g.picks[i] = i;
	for (uint32_t i = 0; i < features; i++)
		g.features[i] = i;
	for (uint32_t t = 0; t < f->trees; t++) {
		g.nodes = f->nodes + ((size_t)t << f->depth);
		g.reach = f->reach + ((size_t)t << (f->depth + 1));
		sample_draw(&g, n);
		tree_grow(&g, 1, 0, f->sample, 0);
	}
	free(g.picks);
	free(g.at);
	free(g.features);
	return 0;
}
