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

/* Row by row what was found entry by entry: each distinct address of a dictionary is looked up once. */
static const uint32_t *
found_spread(const struct pass *p, const struct col *c, const uint32_t *found)
{
	uint32_t rows = p->b->rows, *out;

	if (c->encoding == COL_PLAIN && c->present == NULL)
		return found;
	out = arena_alloc(p->a, rows * sizeof *out);
	for (uint32_t i = 0; i < rows; i++)
		out[i] = col_has(c, i) ? found[col_slot(c, i)] : 0;
	return out;
}

const uint32_t *
pass_lookup(const struct pass *p, unsigned side, const struct lpm *t)
{
	const struct col *c = pass_hosts(p, side);

	if (c == NULL)
		return NULL;
	uint32_t *found = arena_alloc(p->a, c->entries * sizeof *found);
	lpm_lookup_many(t, col_addrs(c, p->a), c->entries, found);
	return found_spread(p, c, found);
}

static uint64_t *
seen_slot(struct pass_seen *seen, uint32_t v4)
{
	return &seen->slots[v4 * UINT32_C(0x9e3779b1) >> (32 - PASS_SEEN_BITS)];
}

/* What is known of the entries goes into found; the others' numbers and addresses into the arrays. How many these are. */
static uint32_t
seen_ask(struct pass_seen *seen, const struct col *c, uint32_t *found, uint32_t *number, struct addr *addrs)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->entries; i++) {
		struct addr a = col_entry_addr(c, i);
		uint64_t slot = *seen_slot(seen, addr_v4(&a));
		/* No branch may depend on it, as it is anyone's guess. */
		bool hit = (slot >> 32 == addr_v4(&a)) & ((uint32_t)slot != 0) & addr_is_v4(&a);

		found[i] = (uint32_t)slot - 1;
		number[n] = i;
		addrs[n] = a;
		n += !hit;
	}
	return n;
}

const uint32_t *
pass_lookup_seen(
    const struct pass *p, unsigned side, const struct lpm *t, struct pass_seen *seen, uint64_t loads)
{
	const struct col *c = pass_hosts(p, side);

	if (c == NULL)
		return NULL;
	if (seen->table != t->root[LPM_V4] || seen->loads != loads) {
		memset(seen->slots, 0, sizeof seen->slots);
		seen->table = t->root[LPM_V4];
		seen->loads = loads;
	}
	uint32_t *found = arena_alloc(p->a, c->entries * sizeof *found);
	uint32_t *number = arena_alloc(p->a, c->entries * sizeof *number);
	uint32_t *value = arena_alloc(p->a, c->entries * sizeof *value);
	struct addr *addrs = arena_alloc(p->a, c->entries * sizeof *addrs);
	uint32_t n = seen_ask(seen, c, found, number, addrs);
	lpm_lookup_many(t, addrs, n, value);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t v4 = addr_v4(&addrs[i]);

		found[number[i]] = value[i];
		if (addr_is_v4(&addrs[i]))
			*seen_slot(seen, v4) = (uint64_t)v4 << 32 | (value[i] + 1);
	}
	return found_spread(p, c, found);
}
