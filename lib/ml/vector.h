/*
 * Vectors as they travel: a JSON object a line,
 *
 *     {"type":"features","version":1,"key":"198.51.100.7","features":{"flows":12,"syn_ratio":0.5},"ml_score":0.61}
 *
 * whose other members are anybody's. The features of all lines of a stream are the same, in any order.
 */
#ifndef ML_VECTOR_H
#define ML_VECTOR_H

#include "ml/model.h"

struct vector_shape {
	uint32_t version;
	uint32_t count;
	char names[FOREST_FEATURES_MAX][MODEL_NAME_MAX]; /* distinct */
};

/* What a line's vector is made of, in its order. 0, or -1 with words ("byte 17: …" where there is a place). */
int vector_shape_read(struct vector_shape *s, struct str line, struct err *e);

/* What a model's vectors are made of. */
void vector_shape_of(struct vector_shape *s, const struct model *m);

/*
 * The values of a line, in the order of the shape. -1 with words if it is no vector, of another version, lacks a
 * feature, has one more or one twice, or a value is no number or beyond those of 32 bits.
 */
int vector_read(const struct vector_shape *s, struct str line, float *values, struct err *e);

/* Whether the line is a mark, which filters pass on. */
int vector_is_mark(struct str line);

/*
 * Appends a line that vector_read() took, without what an earlier scorer said in it, up to before its last '}': the
 * caller adds what is new, beginning with a comma.
 */
void vector_copy(struct buf *out, struct str line);

/*
 * Appends ,"reasons":[…]: the (at most) `most` features that shortened the row's path most, at least by a tenth of
 * a step, each with its value, by how many steps, and what is usual: 5 % and 95 % of the rows trained on.
 */
void vector_explain(struct buf *out, const struct model *m, const float *row, unsigned most);

/* The list alone. */
void vector_reasons(struct buf *out, const struct model *m, const float *row, unsigned most);

#endif
