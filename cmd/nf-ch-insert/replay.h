/*
 * What was set aside, again: files of flows or of lines of NDJSON, such as those in failed/ of a spool.
 *
 * A file whose rows are all stored is removed, with the words beside it. One that is refused again stays, with the new
 * words; of lines, only those that are refused stay.
 */
#ifndef NF_CH_INSERT_REPLAY_H
#define NF_CH_INSERT_REPLAY_H

#include "io/opt.h"
#include "queue.h"
#include "target.h"

/* Files, and folders of them; oldest first. Tries for drain_ms while the server is away. The exit status. */
int replay_run(const struct opt_list *paths, struct target *t, int64_t drain_ms, struct queue_counts *counts);

#endif
