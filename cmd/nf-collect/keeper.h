/* The file in which templates, and what options told, outlive a restart. */
#ifndef NF_COLLECT_KEEPER_H
#define NF_COLLECT_KEEPER_H

#include "decode/decode.h"
#include "io/loop.h"

struct keeper;

/*
 * Reads the file into the decoder: one that is not there is a first run, one
 * that cannot be used is named and left out. Of exporters last heard before
 * since_ms nothing is taken.
 */
void keeper_read(struct decoder *d, const char *path, int64_t since_ms);

/*
 * Writes the file again whenever something changed: aside, fsynced and renamed,
 * by a thread of its own, since a disk may stall. Not more often than every
 * few seconds, nor more than 1 MiB a second over time, whatever exporters do.
 */
struct keeper *keeper_new(struct loop *l, const struct decoder *d, const char *path);

/* Writes what changed since, and forgets the keeper. NULL is fine. */
void keeper_finish(struct keeper *k);

#endif
