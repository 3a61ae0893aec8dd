#include "enrich/pass.h"

void
pass_start(struct pass *p, struct batch *b, struct arena *a)
{
	*p = (struct pass){.b = b, .a = a};
	p->asn[AS_EXPORTER][SRC] = batch_flat(b, FIELD_src_as, a);
	p->asn[AS_EXPORTER][DST] = batch_flat(b, FIELD_dst_as, a);
}

const struct col *
pass_hosts(const struct pass *p, unsigned side)
{
	return batch_col(p->b, side == SRC ? FIELD_src_host : FIELD_dst_host);
}

const uint32_t *
pass_lookup(const struct pass *p, unsigned side, const struct lpm *t)
{
	const struct col *c = pass_hosts(p, side);
	uint32_t rows = p->b->rows, *found, *out;

	if (c == NULL)
		return NULL;
	/* Each distinct address of a dictionary is looked up once. */
	found = arena_alloc(p->a, c->entries * sizeof *found);
	lpm_lookup_many(t, col_addrs(c, p->a), c->entries, found);
	if (c->encoding == COL_PLAIN && c->present == NULL)
		return found;
	out = arena_alloc(p->a, rows * sizeof *out);
	for (uint32_t i = 0; i < rows; i++)
		out[i] = col_has(c, i) ? found[col_slot(c, i)] : 0;
	return out;
}
