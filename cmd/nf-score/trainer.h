/* A thread that grows a model and writes it to its file, so that who serves does not wait for either. */
#ifndef NF_SCORE_TRAINER_H
#define NF_SCORE_TRAINER_H

#include <stdbool.h>

#include "ml/vector.h"

struct trainer;

/* A byte is written to wake_fd (non-blocking) when a training is done. The path is kept, not copied. */
struct trainer *trainer_new(const char *path, int wake_fd);
void trainer_free(struct trainer *t); /* waits for one that is at work */

bool trainer_busy(const struct trainer *t);

/* Only while not busy: begins with a copy of n >= 2 rows of the shape. */
void trainer_begin(struct trainer *t, const struct vector_shape *s, const float *rows, size_t n,
    const struct forest_options *o);

/*
 * Once it is done: 1 and the model, which is the caller's; *unwritten has words where the file could not be replaced.
 * -1 with words where none could be grown. 0 if it is not done.
 */
int trainer_take(struct trainer *t, struct model *m, struct err *unwritten, struct err *e);

#endif
