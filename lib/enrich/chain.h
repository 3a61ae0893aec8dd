/*
 * The chain of steps that a batch goes through. Own networks come first, the
 * steps in their order, AS numbers and the direction last, since these follow
 * from what all steps found.
 */
#ifndef ENRICH_CHAIN_H
#define ENRICH_CHAIN_H

#include "enrich/step.h"

struct chain {
	struct {
		const struct step_ops *ops;
		void *state;
	} steps[STEPS_MAX];
	unsigned count;
	struct as_rules as;
	struct ownnet own;
	struct textcol_codes codes;
	struct loop *loop; /* between attach and detach */
	loop_fn *ready;
	void *arg;
	unsigned awaited; /* steps that the batch waits for */
};

/* Adds a step by name. -1 with words (and the nearest name) for a name that is none or came before. */
int chain_step_add(struct enrich_settings *s, struct str name, struct err *e);

/* Takes over s->own. */
void chain_open(struct chain *c, struct enrich_settings *s);
void chain_close(struct chain *c);

/* Between these two the event loop runs, and steps may ask others. ready(arg): see chain_prepare. */
void chain_attach(struct chain *c, struct loop *l, loop_fn *ready, void *arg);
void chain_detach(struct chain *c);

/*
 * For a batch that may wait: begins all that it needs from others. true: it is all here. false: ready() is called
 * once, from the loop, when it is, or never will be; who does not wait so long just applies the chain.
 */
bool chain_prepare(struct chain *c, const struct batch *b, struct arena *a);

/* Adds to the batch what is known; memory comes from the arena. Rows and their order stay. */
void chain_apply(struct chain *c, struct batch *b, struct arena *a);

void chain_tick(struct chain *c); /* once a second */

/* HUP: steps that stay keep what they have; the others come and go. Takes over s->own. */
void chain_reload(struct chain *c, struct enrich_settings *s);

/* For steps: what prepare began is done; and what the chain's other steps know of an address. */
void chain_ready(struct chain *c);
void chain_tell(
    const struct chain *c, const struct addr *a, uint32_t *asn, struct str *as_name, struct str *country);

/* Prometheus text; a metrics_fn. */
void chain_metrics(void *chain, struct buf *out);

#endif
