/*
 * The rule engine: batches of flows in, detections out. It is pure: its clock
 * is that of the flows, its output a function of their order alone, however
 * they are cut into batches.
 *
 * A rule holds for a key when all its thresholds do within the window that ends
 * with the current second. That opens an incident: `start` at once, `update` at
 * an interval while it goes on, `end` when the rule has not held for a window.
 * Within `cooldown` of its end the same rule and key are muted, unless a
 * blackhole comes due.
 */
#ifndef DETECT_ENGINE_H
#define DETECT_ENGINE_H

#include "detect/detection.h"
#include "detect/ranges.h"
#include "detect/rules.h"
#include "detect/survey.h"
#include "flow/batch.h"

enum engine_clock { CLOCK_RECEIVED, CLOCK_FLOW };

struct engine_options {
	enum engine_clock clock;
	uint32_t tolerance; /* seconds by which a flow may be late; later ones are not counted */
	uint32_t update_every; /* seconds */
	size_t memory; /* cap of all windows, bytes */
	uint32_t incidents_max; /* open ones and those remembered */
	struct survey
	    *survey; /* NULL: none is made; else the caller's, of these rules, and distinct values are
				  counted far beyond thresholds */
	void (*emit)(void *arg, const struct detection *d);
	void *arg;
};

struct engine_counts {
	uint64_t flows; /* looked at */
	uint64_t matched; /* counted in a window, once for each */
	uint64_t untimed; /* without any usable time */
	uint64_t late; /* behind the clock, within the tolerance */
	uint64_t stale; /* behind it by more: not counted */
	uint64_t clock_resets; /* the clock went back for good, windows began anew */
	uint64_t started, updated, ended; /* detections by state */
	uint64_t incidents_refused; /* no room for another */
	uint64_t incidents_forgotten; /* remembered ones that had to make room */
	uint64_t groups, groups_evicted, groups_refused, squeezed; /* as of engine_counts() */
	uint64_t baselines, baselines_refused; /* groups whose usual traffic is kept; no room for */
	uint64_t open; /* incidents */
	uint64_t memory; /* bytes */
};

struct engine;

/* What the engine works by: taken over from the caller, who forgets it. */
struct engine_rules {
	struct rules rules;
	struct nets own; /* my_prefixes, sealed */
	struct ranges upstream; /* interfaces, sealed */
};

struct engine *engine_new(struct engine_rules *r, const struct engine_options *o);
void engine_free(struct engine *e);

/* Other rules: windows and incidents of those that did not change go on, incidents of others end. */
void engine_reload(struct engine *e, struct engine_rules *r);

/* The arena must last as long as the call. */
void engine_batch(struct engine *e, const struct batch *b, struct arena *a);

/* Time passed without flows; never moves the clock back, nor starts it. */
void engine_advance(struct engine *e, int64_t now_ms);

/* The end of input: open incidents end at the clock's last second. */
void engine_end(struct engine *e);

/* What is usual of groups, for rules with above_baseline: as bytes to keep, see baseline.h; -1 if they are damaged. */
bool engine_has_baselines(const struct engine *e);
void engine_baselines_write(const struct engine *e, struct buf *out);
int engine_baselines_read(struct engine *e, struct str bytes, struct err *err);

/* The rules that it works by now. */
const struct rules *engine_rules_now(const struct engine *e);

/* The newest second seen, or 0. */
uint32_t engine_now(const struct engine *e);

/* Valid until the engine is freed; brought up to date by this call. */
const struct engine_counts *engine_counts(struct engine *e);

#endif
