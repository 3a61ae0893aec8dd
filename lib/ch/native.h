/*
 * Batches of flows as Native blocks for one table.
 *
 *     native_begin(n);
 *     native_note(n, &batch)…          every batch of the insert
 *     native_columns(n, &list);        for INSERT INTO t (list) FORMAT Native
 *     native_add(n, &batch, &arena)…   every batch again; full blocks go to out by themselves
 *     native_finish(n, &out);
 *
 * The same batches for the same table give the same bytes.
 *
 * A column that no batch of the insert has is left out of the list, so the
 * server fills in its DEFAULT. A row without a value in a column that other rows
 * of the insert have gets NULL, or the type's default. Columns of the table that
 * are no flow fields, or that the server computes, are never in the list.
 */
#ifndef CH_NATIVE_H
#define CH_NATIVE_H

#include "ch/table.h"
#include "flow/batch.h"

enum { NATIVE_BLOCK_ROWS = 65536 };

/* What peer_src_as and peer_dst_as hold (and their names): as in the flows, or the origin's. */
enum peer_as {
	PEER_AS_UNSET, /* the origin's if the table lacks src_as, since that is what such tables held */
	PEER_AS_NEIGHBOUR,
	PEER_AS_ORIGIN,
};

struct native;

/* For the table, which must outlive it. NULL with words where a type cannot hold its field, or no column is one. */
struct native *native_new(const struct ch_table *t, enum peer_as peer, struct err *e);
void native_free(struct native *n);

void native_begin(struct native *n);
void native_note(struct native *n, const struct batch *b);
void native_columns(struct native *n, struct buf *list);
void native_add(struct native *n, const struct batch *b, struct arena *scratch, struct buf *out);
void native_finish(struct native *n, struct buf *out);

/* Values so far that a column's type could not hold as they were (convert.h). */
uint64_t native_unfit(const struct native *n);

#endif
