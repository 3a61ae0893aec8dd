/*
 * A model: a forest, the names of its features, and what was usual in the rows that it was grown from. Its file
 * begins with lines of text, for people and head(1):
 *
 *     nf-model 1
 *     vectors 1                       the version of the vectors' features
 *     rows 100000                     that it was grown from
 *     seed 1
 *     trees 100
 *     sample 256
 *     features 2
 *     feature flows 2 9 140           name; 5 %, half, and 95 % of the rows had no more
 *     feature syn_ratio 0 0 1
 *     data 614400                     bytes after the empty line
 *     checksum 5f0c3e6a9a3d1b77       XXH3 of the lines above and the data
 *
 * An empty line ends them, and the forest's two arrays follow, little-endian: nodes (threshold, feature: 4 bytes
 * each), then reach (4 bytes each), tree by tree as ml/forest.h has them.
 *
 * To change the format: a new number in the first line, which readers refuse by name.
 */
#ifndef ML_MODEL_H
#define ML_MODEL_H

#include "base/bytes.h"
#include "ml/forest.h"

enum {
	MODEL_VERSION = 1,
	MODEL_NAME_MAX = 64, /* a feature's name with its terminator */
	MODEL_HEAD_MAX = 64 << 10,
	MODEL_BYTES_MAX = MODEL_HEAD_MAX + (FOREST_TREES_MAX << FOREST_DEPTH_MAX) * 16,
};

struct model_feature {
	char name[MODEL_NAME_MAX]; /* letters, digits, '_', '-', '.' */
	float low, middle, high; /* 5 %, 50 %, 95 % of the rows have no more */
};

struct model {
	uint32_t vectors; /* the version of the features */
	uint64_t rows, seed;
	struct model_feature *features; /* forest.features of them, no two of one name */
	struct forest forest;
	uint64_t checksum; /* of the file, which names the model; set by model_write() and model_read() */
};

/* Whether a feature may be called so. */
int model_name_valid(struct str name);

/*
 * Grows a model from n rows whose values are called `names`, in this order, distinct and valid. 0, or -1 with the
 * words of forest_train(). What is usual is taken from at most 65,536 of the rows, evenly spread.
 */
int model_train(struct model *m, const struct str *names, uint32_t features, uint32_t vectors,
    const float *rows, size_t n, const struct forest_options *o, struct err *e);

/* Appends the file. */
void model_write(struct model *m, struct buf *out);

/* Reads a whole file, checks all of it. 0, or -1 with words and nothing to release. */
int model_read(struct model *m, const void *p, size_t len, struct err *e);

/* The same from a path, which the words begin with. */
int model_load(struct model *m, const char *path, struct err *e);

void model_release(struct model *m);

/* The place of a feature, or -1. */
int model_find(const struct model *m, struct str name);

#endif
