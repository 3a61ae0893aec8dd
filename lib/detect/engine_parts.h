/*
 * The parts of the engine, shared by its files only: engine.c (the way of a
 * batch), engine_rules.c (rules to states and back), limits.c (what holds),
 * incident.c (the life of an incident), evidence.c (what it shows of flows),
 * learn.c (what is usual).
 *
 * A rule becomes one run, or two where it may blackhole or execute: one that
 * sees flows of trusted exporters only and has all its actions, one that sees
 * the others' and only tells. Runs that agree in filter, key and window share a
 * state, which holds their groups.
 */
#ifndef DETECT_ENGINE_PARTS_H
#define DETECT_ENGINE_PARTS_H

#include "base/map.h"
#include "detect/baseline.h"
#include "detect/engine.h"
#include "detect/sieve.h"
#include "detect/groups.h"

/* What a group must have: thresholds, those on the same sum joined; 0 asks for nothing. */
struct needs {
	uint64_t flows, packets, bytes;
	uint32_t unique[UNIQUES];
};

/* The thresholds of one group. */
struct group_limits {
	uint64_t v[LIMITS];
	const char *host_group; /* NULL: the rule's own */
	struct baseline usual;
};

enum { RECENT = 64 };

struct run {
	const struct rule *rule;
	enum sieve_trust trust;
	unsigned actions;
	uint32_t state; /* index */
	struct needs needs; /* of any group: those with thresholds of their own may need more */
	uint64_t baseline_id; /* of rule and state, the same in every run of the program */
	uint64_t learnt_flows; /* counted when the last sample was taken */
	bool ready; /* learnt for long enough */
	/* incidents found last, by group: an attack is many flows of one */
	struct recent {
		uint32_t group, incident; /* 0: none */
		enum flowkey_width width;
	} recent[RECENT];
};

struct state {
	char *identity; /* what makes two states one */
	uint32_t filter; /* index */
	uint32_t shape; /* index of a state with the same key: the first of them */
	struct flowkey key;
	struct window window;
	struct groups groups[KEY_WIDTHS];
	uint32_t *runs;
	uint32_t run_count;
	uint64_t least_flows; /* of all runs: most flows need no closer look */
};

enum phase {
	PHASE_CLOSED, /* over, remembered for cooldown and blackhole_count */
	PHASE_MUTED, /* the rule holds, but cools down */
	PHASE_OPEN,
};

struct incident {
	uint32_t run, group; /* the group's record, while not closed */
	enum flowkey_width width; /* of the key: which groups */
	uint8_t key[FLOWKEY_MAX];
	enum phase phase;
	uint8_t id[16];
	int64_t start_ms;
	uint32_t held; /* seconds towards blackhole_count */
	uint32_t counted; /* the last of them */
	uint32_t last_held; /* the last second in which the rule held */
	uint32_t muted_until; /* a second, of the end before */
	uint32_t update_at, said_at; /* when the next update is due; when the last line was written */
	bool blackhole;
	struct totals now, peak; /* as of last_held */
	unsigned sample_count;
	struct sample samples[SAMPLES];
	struct nats nat_src, nat_dst; /* of flows while the rule held */
	uint32_t next, prev; /* among the closed, by the time of closing; 0 = none */
};

struct incidents {
	struct map by_key; /* run and key -> number */
	struct incident *v; /* v[0] is unused */
	uint32_t cap, used, free; /* `free` chains by next */
	uint32_t *open; /* numbers of those not closed, in the order of opening */
	uint32_t open_count;
	uint32_t closed_first, closed_last;
};

/*
 * Detections until they are put in order: by flow, rule and key, so that it does
 * not show how flows were cut into batches.
 */
struct pending {
	uint32_t row, run;
	struct detection detection;
};

struct engine {
	struct engine_options options;
	struct engine_rules rules;
	struct pool pool;
	struct blocks blocks;
	uint64_t seed;

	struct run *runs;
	struct sieve *sieves;
	char **sieve_texts;
	struct state *states;
	uint32_t run_count, sieve_count, state_count;

	uint32_t now; /* the current second; 0: no flow yet */
	uint32_t stale_run; /* stale flows in a row */
	struct baselines baselines;
	struct incidents incidents;
	struct pending *pending;
	size_t pending_count, pending_cap;
	struct engine_counts counts;
};

/* A row at hand, as much of it as incidents show. */
struct row {
	struct flows *flows;
	uint32_t row;
	int64_t time_ms;
	uint64_t packets, bytes;
};

/* engine_rules.c: makes runs, filters and states of e->rules; frees all of these. */
void engine_build(struct engine *e);
void engine_unbuild(struct engine *e);

/* limits.c: whether all thresholds of the run are met at second `now`; the group is up to date. */
bool run_holds(
    struct engine *e, const struct run *r, enum flowkey_width width, struct group *g, uint32_t now);
void run_limits(const struct engine *e, const struct run *r, enum flowkey_width width, const void *key,
    struct group_limits *out);
void needs_init(struct needs *n, const uint64_t limits[LIMITS], uint32_t window);
struct baseline_key baseline_key_of(
    const struct engine *e, const struct run *r, enum flowkey_width width, const void *key);

/* learn.c: takes samples if a window ends before second `next`; finds what was learnt of new rules. */
void engine_learn(struct engine *e, uint32_t next);
void engine_learn_begin(struct engine *e);

/* incident.c */
/* The counts of a group that is up to date. */
struct totals totals_take(struct engine *e, struct state *st, struct group *g);
void incidents_init(struct incidents *is, uint32_t cap);
void incidents_release(struct incidents *is);

/* The run holds for the group by this row. */
void incident_hold(
    struct engine *e, uint32_t run, enum flowkey_width width, uint32_t group, const struct row *row);

/* The current second is over: holds, updates, ends. */
void incidents_second(struct engine *e);

/* evidence.c: keeps what is worth showing of a flow by which the rule held. */
void evidence_take(struct incident *in, const struct row *r, const struct nets *own);

/* Ends all that is open, at the end of the current second. */
void incidents_end(struct engine *e);

/*
 * New rules: ends and forgets what belongs to runs without a successor (-1), by
 * the old runs; then, by the new ones, files the others under their successors.
 */
void incidents_leave(struct engine *old, const int64_t *successor);
void incidents_settle(struct engine *e, const int64_t *successor);

/* The clock went back: nothing remembered may be in the future. */
void incidents_rewind(struct engine *e, uint32_t now);

/* Puts the detections of rows of one second, or of a second's end, in order and emits them. */
void pending_flush(struct engine *e);

#endif
