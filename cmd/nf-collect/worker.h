/*
 * A line of work: a ring of datagrams, and the thread that decodes what is in
 * it and writes flows. What an exporter has said (templates, options) only its
 * worker knows, so all that one exporter sends must go to the same one.
 */
#ifndef NF_COLLECT_WORKER_H
#define NF_COLLECT_WORKER_H

#include "base/err.h"
#include "counters.h"
#include "decode/decode.h"
#include "flow/filter.h"
#include "output.h"
#include "source.h"

enum { WORKERS_MAX = 64 };

struct worker_options {
	uint64_t queue; /* memory of the ring in bytes */
	bool live, in_sessions, inner; /* see struct decoder_options */
	int64_t template_lifetime_ms; /* likewise */
	bool explain; /* take notes, and write no flows */
	struct counters *counters; /* where the counters of sFlow agents go, or NULL. Shared with others */
	const struct filter *filter; /* NULL: all flows pass. Shared with others, as the output is */
	struct output *output;
	int news; /* an eventfd, written to when the worker has ended */
};

struct worker;

struct worker *worker_new(const struct worker_options *o);

/* Only when it has ended, and nothing is put into its source any more. */
void worker_free(struct worker *w);

/* What is put there is decoded; it ends when the source is done and all is written. */
struct source *worker_source(struct worker *w);

int worker_start(struct worker *w, struct err *e);
bool worker_ended(const struct worker *w);
void worker_join(struct worker *w); /* waits until it has ended */

/*
 * Calls fn while the worker decodes nothing (it may be writing): fn may read
 * the decoder, and set what may be set at any time.
 */
void worker_visit(struct worker *w, void (*fn)(void *arg, struct decoder *d), void *arg);

#endif
