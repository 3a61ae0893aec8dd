#include "ch/native.h"

#include <stdlib.h>

#include "ch/column.h"

/* A block ends at so many rows, or at so many bytes with the batch that exceeds them. */
#define BLOCK_BYTES ((size_t)32 << 20)

struct native {
	struct arena types;
	struct column *columns;
	bool *wanted; /* of this insert */
	unsigned count;
	uint32_t rows; /* in the block that grows */
};

/* Where a column's values come from. */
static enum field
source(enum field f, bool origin)
{
	if (!origin)
		return f;
	switch ((unsigned)f) {
	case FIELD_peer_src_as:
		return FIELD_src_as;
	case FIELD_peer_dst_as:
		return FIELD_dst_as;
	case FIELD_peer_src_as_name:
		return FIELD_src_as_name;
	case FIELD_peer_dst_as_name:
		return FIELD_dst_as_name;
	default:
		return f;
	}
}

struct native *
native_new(const struct ch_table *t, enum peer_as peer, struct err *e)
{
	struct native *n = mem_zero(1, sizeof *n);
	bool origin = peer == PEER_AS_ORIGIN || (peer == PEER_AS_UNSET && !ch_table_has(t, STR("src_as")));

	n->columns = mem_zero(t->count, sizeof *n->columns);
	n->wanted = mem_zero(t->count, sizeof *n->wanted);
	for (unsigned i = 0; i < t->count; i++) {
		const struct ch_column *c = &t->columns[i];
		const struct field_info *f = field_by_name(c->name);

		if (f == NULL || c->computed)
			continue;
		if (column_init(&n->columns[n->count], &n->types, c, source(f->id, origin), e) == -1) {
			native_free(n);
			return NULL;
		}
		n->count++;
	}
	if (n->count == 0) {
		err_set(e, "the table has no column with the name of a flow field (nf-flow(5))");
		native_free(n);
		return NULL;
	}
	return n;
}

void
native_free(struct native *n)
{
	if (n == NULL)
		return;
	for (unsigned i = 0; i < n->count; i++)
		column_release(&n->columns[i]);
	free(n->columns);
	free(n->wanted);
	arena_release(&n->types);
	free(n);
}

void
native_begin(struct native *n)
{
	memset(n->wanted, 0, n->count * sizeof *n->wanted);
	n->rows = 0;
}

void
native_note(struct native *n, const struct batch *b)
{
	for (unsigned i = 0; i < n->count; i++)
		n->wanted[i] |= batch_col(b, n->columns[i].field) != NULL;
}

void
native_columns(struct native *n, struct buf *list)
{
	const char *before = "";
	bool any = false;

	for (unsigned i = 0; i < n->count; i++)
		any |= n->wanted[i];
	/* Rows that have nothing for this table are rows all the same: one column stands for them. */
	n->wanted[0] |= !any;
	for (unsigned i = 0; i < n->count; i++)
		if (n->wanted[i]) {
			buf_puts(list, before);
			ch_quote(list, n->columns[i].name);
			before = ", ";
		}
}

void
native_add(struct native *n, const struct batch *b, struct arena *scratch, struct buf *out)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < n->count; i++)
		if (n->wanted[i]) {
			column_add(&n->columns[i], b, scratch);
			bytes += column_size(&n->columns[i]);
		}
	n->rows += b->rows;
	if (n->rows > NATIVE_BLOCK_ROWS - BATCH_ROWS_MAX || bytes > BLOCK_BYTES)
		native_finish(n, out);
}

void
native_finish(struct native *n, struct buf *out)
{
	unsigned columns = 0;

	if (n->rows == 0)
		return;
	for (unsigned i = 0; i < n->count; i++)
		columns += n->wanted[i];
	out->len += varuint_put(buf_reserve(out, 10), columns);
	out->len += varuint_put(buf_reserve(out, 10), n->rows);
	for (unsigned i = 0; i < n->count; i++)
		if (n->wanted[i])
			column_write(&n->columns[i], out);
	n->rows = 0;
}

uint64_t
native_unfit(const struct native *n)
{
	uint64_t unfit = 0;

	for (unsigned i = 0; i < n->count; i++)
		unfit += n->columns[i].conv.unfit;
	return unfit;
}
