#include "enrich/asnum.h"

#include "route/aspath.h"

/* So many rows ahead names are asked for: all of them are in no near cache. */
#define AHEAD 16

static const struct {
	enum field as, name, peer, peer_name;
} side_fields[SIDES] = {
    {FIELD_src_as, FIELD_src_as_name, FIELD_peer_src_as, FIELD_peer_src_as_name},
    {FIELD_dst_as, FIELD_dst_as_name, FIELD_peer_dst_as, FIELD_peer_dst_as_name},
};

/* Asks the database for the rows that have no number yet: with routes these are few. */
static void
database_ask(const struct pass *p, unsigned side, uint32_t *out)
{
	const struct col *c = pass_hosts(p, side);
	uint32_t rows = p->b->rows, n = 0;
	uint32_t *row = arena_alloc(p->a, rows * sizeof *row),
		 *found = arena_alloc(p->a, rows * sizeof *found);
	struct addr *addrs = arena_alloc(p->a, rows * sizeof *addrs);

	for (uint32_t i = 0; i < rows; i++) {
		if (out[i] != 0 || !col_has(c, i))
			continue;
		row[n] = i;
		addrs[n++] = col_addr(c, i);
	}
	lpm_lookup_many(&p->as_db->lpm, addrs, n, found);
	for (uint32_t i = 0; i < n; i++)
		out[row[i]] = p->as_db->entries[found[i]].asn;
}

/* The numbers by the rules; NULL if they are what the flows came with. */
static uint32_t *
numbers_make(const struct pass *p, const struct as_rules *r, unsigned side)
{
	const uint32_t *came = p->asn[AS_EXPORTER][side];
	const uint32_t *own = r->my_asn != 0 ? p->own[side] : NULL;
	bool ask = p->as_db != NULL && p->asn[AS_DATABASE][side] == NULL && pass_hosts(p, side) != NULL;
	uint32_t rows = p->b->rows, *out;

	if (own == NULL && p->asn[AS_BGP][side] == NULL && p->asn[AS_DATABASE][side] == NULL && !ask)
		return NULL;
	out = arena_zero(p->a, rows * sizeof *out);
	for (uint32_t i = 0; own != NULL && i < rows; i++)
		if (own[i] != 0)
			out[i] = r->my_asn;
	for (unsigned k = 0; k < r->order_count; k++) {
		const uint32_t *says = p->asn[r->order[k]][side];
		bool exporter = r->order[k] == AS_EXPORTER;

		if (r->order[k] == AS_DATABASE && ask)
			database_ask(p, side, out);
		for (uint32_t i = 0; says != NULL && i < rows; i++)
			if (out[i] == 0 && (!exporter || as_is_public(says[i])))
				out[i] = says[i];
	}
	/* A private number that the exporter gave is better than none. */
	for (uint32_t i = 0; came != NULL && i < rows; i++)
		if (out[i] == 0)
			out[i] = came[i];
	return out;
}

static const uint32_t *
peers_make(const struct pass *p, const struct as_rules *r, unsigned side, const uint32_t *origin,
    const uint32_t *came)
{
	const uint32_t *next = p->neighbour[side], *own = r->my_asn != 0 ? p->own[side] : NULL;
	uint32_t *out;

	if (r->peer_is_origin || (came == NULL && next == NULL))
		return origin;
	out = arena_alloc(p->a, p->b->rows * sizeof *out);
	for (uint32_t i = 0; i < p->b->rows; i++) {
		bool by_bgp = next != NULL && next[i] != 0 && (own == NULL || own[i] == 0);

		out[i] = came != NULL && came[i] != 0 ? came[i] : by_bgp ? next[i] : origin[i];
	}
	return out;
}

/* A row has a number if it came with one, even 0, or got one. */
static void
numbers_put(const struct pass *p, enum field f, const uint32_t *v)
{
	const struct col *came = batch_col(p->b, f);
	uint32_t rows = p->b->rows;
	uint64_t *present = arena_zero(p->a, (rows + 63) / 64 * sizeof *present);

	for (uint32_t i = 0; i < rows; i++)
		present[i >> 6] |= (uint64_t)(v[i] != 0) << (i & 63);
	if (came != NULL)
		for (uint32_t w = 0; w < (rows + 63) / 64; w++)
			present[w] |= came->present != NULL ? came->present[w] : ~UINT64_C(0);
	batch_add_fixed(p->b, p->a, f, v, present);
}

/* A name that is not known stays if its number did. Without a database none is known. */
static struct textcol
names_put(
    const struct pass *p, enum field f, struct textcol_codes *codes, const uint32_t *v, const uint32_t *came)
{
	const struct geodb *db = p->as_db;
	uint32_t *names = arena_alloc(p->a, p->b->rows * sizeof *names);

	for (uint32_t i = 0; i < p->b->rows; i++) {
		if (db != NULL && i + AHEAD < p->b->rows)
			__builtin_prefetch(&db->names[geodb_name_slot(db, v[i + AHEAD])]);
		names[i] = db != NULL ? geodb_as_name(db, v[i]) : 0;
		if (names[i] == 0 && v[i] != (came != NULL ? came[i] : 0))
			names[i] = TEXT_NONE;
	}
	return textcol_put(
	    p->b, p->a, f, codes, db != NULL ? db->texts : NULL, db != NULL ? db->text_count : 0, names);
}

static void
side_apply(struct pass *p, const struct as_rules *r, struct textcol_codes *codes, unsigned side)
{
	enum field name = side_fields[side].name, peer_name = side_fields[side].peer_name;
	const uint32_t *came = p->asn[AS_EXPORTER][side];
	const uint32_t *peer_came = batch_flat(p->b, side_fields[side].peer, p->a);
	const uint32_t *origin = numbers_make(p, r, side), *peer;

	if (origin != NULL)
		numbers_put(p, side_fields[side].as, origin);
	else if ((origin = came) == NULL)
		return;
	peer = peers_make(p, r, side, origin, peer_came);
	numbers_put(p, side_fields[side].peer, peer);
	if (p->as_db == NULL && batch_col(p->b, name) == NULL && batch_col(p->b, peer_name) == NULL)
		return;
	/* The common case: the same numbers, and no names that could stay, give the same names. */
	bool alike = peer == origin && batch_col(p->b, name) == NULL && batch_col(p->b, peer_name) == NULL;
	struct textcol t = names_put(p, name, codes, origin, came);
	if (alike)
		textcol_again(&t, p->b, p->a, peer_name);
	else
		names_put(p, peer_name, codes, peer, peer_came);
}

void
as_apply(struct pass *p, const struct as_rules *r, struct textcol_codes *codes)
{
	for (unsigned side = 0; side < SIDES; side++)
		side_apply(p, r, codes, side);
}
