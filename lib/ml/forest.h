/*
 * Isolation Forest: F. T. Liu, K. M. Ting, Z.-H. Zhou, "Isolation Forest", ICDM 2008. A tree cuts a small sample
 * of the rows at random until each stands alone; what is odd stands alone early. The score of a row is
 *
 *     s = 2^(-E(h) / c(sample))
 *
 * with E(h) the mean over the trees of its path's length, and c(n) that of an unsuccessful search in a binary tree
 * of n: near 1 is odd, below 0.5 usual. A cut is at a feature that varies among the rows at hand, as scikit-learn
 * does it, and uniform between their smallest and largest value.
 *
 * Trees lie as heaps, whole to the last level: node i has the children 2i and 2i + 1, the root is 1. Where a tree
 * ended early, its padding sends every row left. So a walk has no branch and no link that could lead astray, and
 * several rows go down at a time.
 */
#ifndef ML_FOREST_H
#define ML_FOREST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	FOREST_TREES_MAX = 1000,
	FOREST_SAMPLE_MAX = 4096,
	FOREST_FEATURES_MAX = 256,
	FOREST_DEPTH_MAX = 12, /* log2 of the sample */
};

struct forest_node {
	float threshold; /* left if the value is <= it; infinite in padding */
	uint32_t feature;
};

struct forest {
	uint32_t trees, features;
	uint32_t sample; /* rows a tree was grown from */
	uint32_t depth; /* levels of cuts: log2 of the sample, rounded up */
	struct forest_node *nodes; /* 2^depth a tree, the first of each unused */
	float *
	    reach; /* 2^(depth + 1) a tree: the path's length, of those who end there, or the mean of those who pass */
};

struct forest_options {
	uint32_t trees; /* 1..FOREST_TREES_MAX, usually 100 */
	uint32_t sample; /* rows a tree, 2..FOREST_SAMPLE_MAX, usually 256; all of them if there are fewer */
	uint64_t seed; /* the same rows, options and seed give the same forest */
};

/*
 * Grows a forest from n >= 2 rows of `features` values each, one row after the other. 0, or -1 with words: options
 * out of range, or a value that is infinite or no number (with its row and place). forest_release() frees it.
 */
int forest_train(struct forest *f, const float *rows, size_t n, uint32_t features,
    const struct forest_options *o, struct err *e);

/* Room for a forest of that shape, in which every row ends at the root with length 0. */
void forest_init(struct forest *f, uint32_t trees, uint32_t features, uint32_t sample);
void forest_release(struct forest *f);

/* The levels of a tree grown from that many rows. */
uint32_t forest_depth(uint32_t sample);

/* The scores of n rows, 0..1. -1 with words if a value is infinite or no number; then no score is valid. */
int forest_score(const struct forest *f, const float *rows, size_t n, float *scores, struct err *e);

/*
 * Why: by how many steps each feature's cuts shortened the path of one row, in the mean over the trees, against the
 * rows that a tree was grown from; negative where they lengthened it. The sum over all features is the mean path of
 * those rows less that of this one. The row is sound, as forest_score() found.
 */
void forest_explain(const struct forest *f, const float *row, float *shortened);

/* c(n): the mean length of an unsuccessful search in a binary search tree of n (equation 1). */
double forest_search_length(uint32_t n);

#endif
