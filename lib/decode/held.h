/*
 * Data sets that came before their template: held back in a bounded store and
 * decoded when it comes. When the store is full, the oldest set leaves.
 */
#ifndef DECODE_HELD_H
#define DECODE_HELD_H

#include "decode/state.h"

/* Keeps a copy of the set's content. */
void held_add(struct job *j, uint16_t id, const struct rd *set);

/* Decodes what waited for this template. */
void held_release(struct job *j, struct template *t);

/* Calls fn for each set that the domain's data wait in, the oldest first: the template they wait for. */
void held_each(const struct domain *dom, void (*fn)(void *arg, uint16_t id), void *arg);

/* Forgets, and counts as lost, all that the domain has held. */
void held_forget(struct decoder *d, struct domain *dom);

#endif
