/*
 * Carries groups to the servers of a target: a kept connection to each, what it
 * knows of the table there, and which are in health. One thread's own.
 *
 * Groups go to the servers in turn. One that does not answer or cannot take rows
 * is left alone for some seconds and the group goes to another at once; with none
 * in health, the one that was left alone longest is asked.
 */
#ifndef NF_CH_INSERT_COURIER_H
#define NF_CH_INSERT_COURIER_H

#include "ch/http.h"
#include "queue.h"
#include "target.h"

struct courier;

/* Copies the target. Transfers end soon after *abort becomes true; it may be NULL. */
struct courier *courier_new(const struct target *t, const atomic_bool *abort);
void courier_free(struct courier *c);

struct carried {
	uint64_t rows; /* found sound in the group */
	uint64_t damaged; /* bytes of it that belong to no sound row */
	bool unsent; /* CH_POISON was our own word: no server saw it */
	uint64_t bad_row; /* of a poisoned group of lines, as the server counts from 1; 0: it does not say */
};

/*
 * One insert, with more tries where the first one met only a connection that had gone stale, a table that was
 * altered meanwhile, or one server of several. The verdict of the last; CH_POISON is the last word on a group.
 */
enum ch_verdict courier_insert(struct courier *c, const struct group *g, struct carried *r, struct err *e);

/* What happened since the last call. */
struct insert_counts courier_counts(struct courier *c);

#endif
