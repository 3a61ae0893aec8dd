/*
 * Flows to vectors: how each source (or destination) behaved in a window that slides by steps. Flows are gathered
 * in panes of one step; a window is the sum of its panes. Memory is bounded: a key that finds no room in its pane
 * is counted and not gathered, and tallies estimate beyond TALLY_EXACT values.
 *
 * Time is that of the flows: when they were received, else when they ended, else when they began. A flow that comes
 * late counts in its pane while that is in a window to come; what is later still is counted and left out.
 */
#ifndef ML_FEATURES_H
#define ML_FEATURES_H

#include "flow/batch.h"

enum { FEATURES_VERSION = 1, FEATURES_PANES_MAX = 60 };

enum feature_id {
#define FEATURE(name) FEATURE_##name,
#include "ml/features.def"
#undef FEATURE
	FEATURES
};

extern const char *const feature_names[FEATURES];

/* One key's vector over [start, end) in ms since 1970. */
typedef void features_emit_fn(
    void *arg, const struct addr *key, int64_t start, int64_t end, const float values[FEATURES]);

struct features_options {
	uint64_t window_ms, step_ms; /* window: 1 to FEATURES_PANES_MAX steps */
	bool by_dst; /* the key is the destination, its peers are the sources */
	uint64_t min_flows; /* keys with fewer in a window give no vector */
	size_t memory; /* of all panes, bytes */
	features_emit_fn *emit; /* in the order of windows, then of keys */
	void *arg;
};

struct features_counts {
	uint64_t flows, vectors, windows;
	uint64_t keyless; /* flows without the key's address or without a time */
	uint64_t late; /* flows whose pane had passed, but not all its windows */
	uint64_t stale; /* flows too late for any window */
	uint64_t refused; /* flows of keys that found no room */
	uint64_t squeezed; /* flows whose addresses and ports found none */
	uint64_t memory; /* bytes in use by panes */
};

struct features;

struct features *features_new(const struct features_options *o);
void features_free(struct features *f);
const struct features_counts *features_counts(const struct features *f);

/* Gathers a batch; windows that have passed are emitted. */
void features_batch(struct features *f, const struct batch *b, struct arena *a);

/* It is at least `ms`: emits the windows that ended by then. */
void features_advance(struct features *f, int64_t ms);

/* The end of the pane at hand, ms since 1970; 0 before the first flow. */
int64_t features_pane_end(const struct features *f);

/* No more flows: emits the window that ends with the pane at hand. */
void features_end(struct features *f);

#endif
