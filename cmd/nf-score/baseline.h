/*
 * What a served model is grown from: recent vectors, but for the odd ones. Between two trainings a sample of what
 * comes gathers aside, at most a quarter of the room; a training takes it over, in place of the oldest. So a full
 * baseline is of the last four times, and one that is not yet full of all.
 *
 * Vectors of keys that are under detection are not learnt, nor kept where they were learnt already: what was scored
 * before it was detected leaves with the next training.
 */
#ifndef NF_SCORE_BASELINE_H
#define NF_SCORE_BASELINE_H

#include "base/map.h"
#include "ml/vector.h"

enum { BASELINE_SUSPECTS_MAX = 65536 };

struct rows {
	float *values;
	uint64_t *who; /* a hash of each row's id */
	uint32_t count, room, max;
};

struct baseline {
	struct vector_shape shape; /* count 0: not known yet */
	struct rows kept, fresh; /* kept: oldest first */
	uint64_t seen; /* that might have gone to `fresh` since the last training */
	uint64_t random;
	struct map suspects; /* hash of an id -> int64_t: until when, ms */
	uint64_t learnt, odd, suspect; /* vectors that came: taken for the baseline, and those not */
	uint64_t suspects_refused; /* keys under detection for which there was no room */
};

/* Room for max >= 8 vectors. */
void baseline_init(struct baseline *b, uint32_t max, uint64_t seed);
void baseline_release(struct baseline *b);

/* Vectors are of this shape from now on; those of another are forgotten. */
void baseline_shape(struct baseline *b, const struct vector_shape *s);

/* A vector came and, unless its score is over `limit`, may be learnt from. A score < 0: there was no model. */
void baseline_add(struct baseline *b, struct str id, const float *values, float score, float limit);

/* The key is under detection until then; a later time extends it. */
void baseline_suspect(struct baseline *b, struct str id, int64_t now_ms, int64_t until_ms);

/* Takes over what is fresh. The rows to train on are then b->kept. */
void baseline_turn(struct baseline *b, int64_t now_ms);

#endif
