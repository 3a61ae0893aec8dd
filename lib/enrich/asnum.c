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

/* The numbers by the rules; NULL if they are what the flows came with. */
static uint32_t *
numbers_make(const struct pass *p, const struct as_rules *r, unsigned side)
{
	const uint32_t *came = p->asn[AS_EXPORTER][side];
	const uint32_t *own = r->my_asn != 0 ? p->own[side] : NULL;
	uint32_t rows = p->b->rows, *out;

	if (own == NULL && p->asn[AS_BGP][side] == NULL && p->asn[AS_DATABASE][side] == NULL)
		return NULL;
	out = arena_zero(p->a, rows * sizeof *out);
	if (came != NULL)
		memcpy(out, came, rows * sizeof *out);
	/* From the last source to the first, so that the first has the last word. */
	for (unsigned k = r->order_count; k-- > 0;) {
		const uint32_t *says = p->asn[r->order[k]][side];
		bool exporter = r->order[k] == AS_EXPORTER;

		for (uint32_t i = 0; says != NULL && i < rows; i++)
			if (exporter ? as_is_public(says[i]) : says[i] != 0)
				out[i] = says[i];
	}
	for (uint32_t i = 0; own != NULL && i < rows; i++)
		if (own[i] != 0)
			out[i] = r->my_asn;
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

/* The database's text for the number, if need be by the number alone. */
static inline uint32_t
name_of(const struct geodb *db, uint32_t asn, const struct geodb_entry *e)
{
	return e->asn == asn && e->as_name != 0 ? e->as_name : geodb_as_name(db, asn);
}

/* A name that is not known stays if its number did. Without a database none is known. */
static struct textcol
names_put(const struct pass *p, enum field f, struct textcol_codes *codes, unsigned side, const uint32_t *v,
    const uint32_t *came)
{
	const struct geodb *db = p->names;
	const uint32_t *entry = p->entry[side];
	uint32_t *names = arena_alloc(p->a, p->b->rows * sizeof *names);

	for (uint32_t i = 0; i < p->b->rows; i++) {
		if (db != NULL && i + AHEAD < p->b->rows)
			__builtin_prefetch(&db->names[geodb_name_slot(db, v[i + AHEAD])]);
		names[i] = db != NULL ? name_of(db, v[i], &db->entries[entry != NULL ? entry[i] : 0]) : 0;
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
	if (p->names == NULL && batch_col(p->b, name) == NULL && batch_col(p->b, peer_name) == NULL)
		return;
	/* The common case: the same numbers, and no names that could stay, give the same names. */
	bool alike = peer == origin && batch_col(p->b, name) == NULL && batch_col(p->b, peer_name) == NULL;
	struct textcol t = names_put(p, name, codes, side, origin, came);
	if (alike)
		textcol_again(&t, p->b, p->a, peer_name);
	else
		names_put(p, peer_name, codes, side, peer, peer_came);
}

void
as_apply(struct pass *p, const struct as_rules *r, struct textcol_codes *codes)
{
	for (unsigned side = 0; side < SIDES; side++)
		side_apply(p, r, codes, side);
}
