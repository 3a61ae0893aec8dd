/* The file in which templates, and what options told, outlive a restart. */
#ifndef NF_COLLECT_KEEPER_H
#define NF_COLLECT_KEEPER_H

#include "io/loop.h"
#include "io/steward.h"
#include "worker.h"

struct keeper;

/*
 * Reads the file into the workers' decoders, into each the whole, since it is
 * the kernel that tells which exporters are whose. One that is not there is a
 * first run, one that cannot be used is named and left out. Where `live`, nothing
 * is taken of exporters silent for a day, who may have changed meanwhile.
 */
void keeper_read(const char *path, struct worker *const *workers, unsigned count, bool live);

/*
 * Writes the file again whenever something changed: aside, fsynced and renamed,
 * by a thread of its own, since a disk may stall. Not more often than every
 * few seconds, nor more than 1 MiB a second over time, whatever exporters do.
 * A steward that was told of the file does it; NULL: this process.
 */
struct keeper *keeper_new(
    struct loop *l, const char *path, struct worker *const *workers, unsigned count, struct steward *s);

/* Tells the steward of the file, before it is started. */
void keeper_entrust(const char *path, struct steward *s);

/* Writes what changed since, and forgets the keeper. NULL is fine. */
void keeper_finish(struct keeper *k);

#endif
