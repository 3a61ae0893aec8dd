/*
 * What a scorer is asked and answers, as bodies of POST /score:
 *
 *     {"version":1,"explain":true,"features":["flows","syn_ratio"],
 *      "vectors":[{"id":"198.51.100.7","values":[12,0.5]}]}
 *
 *     {"model":"5f0c3e6a9a3d1b77","scores":[{"id":"198.51.100.7","ml_score":0.61,"reasons":[…]}]}
 *
 * `version` (of the features) and `explain` may be missing, and `reasons` is there only where it was asked for. The
 * scores stand in the order of the vectors. An error is {"error":"words"} with its status.
 */
#ifndef ML_ASK_H
#define ML_ASK_H

#include "base/addr.h"
#include "ml/vector.h"

enum {
	ASK_VECTORS_MAX = 4096, /* in one request */
	ASK_ID_MAX = 256, /* bytes, as they stand */
};

/* A request that came. An all-zero one is empty and ready, and may be read into again. */
struct ask {
	struct vector_shape shape; /* version 0: it was not said */
	bool explain;
	uint32_t count; /* vectors */
	struct buf values; /* floats, count x shape.count of them */
	struct buf ids; /* struct str, views of the text; to be quoted as they stand */
};

/* 0, or -1 with words: the shape is wrong, or a value is no number or beyond those of 32 bits. */
int ask_read(struct ask *q, struct str text, struct err *e);
void ask_release(struct ask *q);

const float *ask_values(const struct ask *q);
struct str ask_id(const struct ask *q, uint32_t i);

/* Puts the values into the order of the shape. -1 with words where they are of another version or other features. */
int ask_fit(struct ask *q, const struct vector_shape *s, struct err *e);

/* Appends a request for n vectors of these features, one after the other, called by their keys. */
void ask_write(struct buf *out, uint32_t version, bool explain, const char *const *names, uint32_t features,
    const struct addr *keys, const float *values, uint32_t n);

/* Appends an answer, piece by piece: its begin, each score and its reasons, its end. */
void answer_begin(struct buf *out, uint64_t checksum);
void answer_score(struct buf *out, bool first, struct str id, float score);
void answer_end(struct buf *out);

/* What an answer says of one vector. */
struct answer {
	float score;
	struct str reasons; /* the list as it stands in the text; p NULL where there is none */
};

/* Reads the answer for n vectors, asked in this order. -1 with words unless it has a sound score for each. */
int answer_read(struct answer *answers, const struct addr *keys, uint32_t n, struct str text, struct err *e);

#endif
