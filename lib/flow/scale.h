/* Sampled counts to estimates of the whole. */
#ifndef FLOW_SCALE_H
#define FLOW_SCALE_H

#include "flow/batch.h"

/*
 * Multiplies packets and bytes by the row's sampling_rate, as far as 64 bits go,
 * and sets sampling_rate to 1 where it was more. Memory is from the arena.
 */
void batch_scale(struct batch *b, struct arena *a);

#endif
