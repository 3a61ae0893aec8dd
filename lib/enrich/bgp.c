/* The step bgp: what the prefix table knows of both addresses. */
#include <stdlib.h>

#include "enrich/routes.h"
#include "enrich/step.h"
#include "enrich/watch.h"
#include "io/metrics.h"

#define REMEDY "flows get no AS path until it is there and sound; nf-bgpd or nf-rib writes it"

/* So many rows ahead the entries are asked for: all of them are in no near cache. */
#define AHEAD 16

struct bgp {
	struct watch watch;
	struct local_as local; /* what the watch loads with */
	struct textcol_codes codes;
	uint64_t rows, known[SIDES]; /* rows seen; rows whose address has a route */
	struct pass_seen seen;
};

static void *
bgp_load(const char *path, const void *local, struct err *e)
{
	return routes_load(path, local, e);
}

static void
bgp_free(void *routes)
{
	routes_free(routes);
}

static size_t
bgp_count(const void *routes)
{
	return ((const struct routes *)routes)->table.prefix_count;
}

static const struct watch_kind kind = {"table", bgp_load, bgp_free, bgp_count, "prefixes"};

static void *
bgp_open(const struct enrich_settings *s)
{
	struct bgp *g = mem_zero(1, sizeof *g);

	g->local = s->local;
	watch_start(&g->watch, &kind, s->bgp_table, &g->local, REMEDY, s->bgp_expected);
	return g;
}

static void
bgp_close(void *state)
{
	struct bgp *g = state;

	watch_stop(&g->watch);
	free(g->codes.v);
	free(g);
}

/* What the entries of a side's rows say, each in a row of its own. */
struct found {
	uint32_t *origin, *neighbour, *as_path, *communities, *large_communities;
};

static struct found
side_find(struct bgp *g, const struct routes *r, struct pass *p, unsigned side, const uint32_t *value)
{
	uint32_t rows = p->b->rows, known = 0;
	struct found f = {
	    .origin = arena_alloc(p->a, rows * sizeof(uint32_t)),
	    .neighbour = arena_alloc(p->a, rows * sizeof(uint32_t)),
	    .as_path = arena_alloc(p->a, rows * sizeof(uint32_t)),
	    .communities = arena_alloc(p->a, rows * sizeof(uint32_t)),
	    .large_communities = arena_alloc(p->a, rows * sizeof(uint32_t)),
	};

	for (uint32_t i = 0; i < rows; i++) {
		const struct routes_entry *e = &r->entries[value[i]];

		if (i + AHEAD < rows)
			__builtin_prefetch(&r->entries[value[i + AHEAD]]);
		known += value[i] != 0;
		f.origin[i] = e->origin;
		f.neighbour[i] = e->neighbour;
		f.as_path[i] = e->as_path;
		f.communities[i] = e->communities;
		f.large_communities[i] = e->large_communities;
	}
	g->known[side] += known;
	p->asn[AS_BGP][side] = f.origin;
	p->neighbour[side] = f.neighbour;
	return f;
}

/* A column that neither the table nor the flows have needs no look. */
static void
texts_put(
    struct bgp *g, const struct routes *r, struct pass *p, enum field f, unsigned has, const uint32_t *texts)
{
	if ((r->has & has) != 0 || batch_col(p->b, f) != NULL)
		textcol_put(p->b, p->a, f, &g->codes, r->texts, r->text_count, texts);
}

/* Which rows have a value in the batch so far. */
static uint64_t *
present_now(const struct pass *p, enum field f)
{
	const struct col *c = batch_col(p->b, f);
	uint32_t words = (p->b->rows + 63) / 64;
	uint64_t *present = arena_zero(p->a, words * sizeof *present);

	for (uint32_t w = 0; w < words && c != NULL; w++)
		present[w] = c->present != NULL ? c->present[w] : ~UINT64_C(0);
	return present;
}

static void
bit_set(uint64_t *bits, uint32_t i, bool on)
{
	bits[i >> 6] = (bits[i >> 6] & ~(UINT64_C(1) << (i & 63))) | (uint64_t)on << (i & 63);
}

/* local_pref or med, where the row's destination has a route. */
static void
numbers_put(const struct routes *r, struct pass *p, enum field f, unsigned has, const uint32_t *value)
{
	const uint32_t *came = batch_flat(p->b, f, p->a);
	uint32_t rows = p->b->rows, *out;
	uint64_t *present;

	if ((r->has & has) == 0 && came == NULL)
		return;
	out = arena_alloc(p->a, rows * sizeof *out);
	present = present_now(p, f);
	for (uint32_t i = 0; i < rows; i++) {
		const struct routes_entry *e = &r->entries[value[i]];

		if (value[i] == 0) {
			out[i] = came != NULL ? came[i] : 0;
			continue;
		}
		out[i] = has == ROUTE_LOCAL_PREF ? e->local_pref : e->med;
		bit_set(present, i, (e->present & has) != 0);
	}
	batch_add_fixed(p->b, p->a, f, out, present);
}

/* The router knows better than we which next hop it took, if it says so. */
static void
next_hops_put(const struct routes *r, struct pass *p, const uint32_t *value)
{
	const struct addr *came = batch_flat(p->b, FIELD_bgp_next_hop, p->a);
	uint32_t rows = p->b->rows;
	uint64_t *present;
	struct addr *out;

	if ((r->has & ROUTE_NEXT_HOP) == 0)
		return;
	out = arena_alloc(p->a, rows * sizeof *out);
	present = present_now(p, FIELD_bgp_next_hop);
	for (uint32_t i = 0; i < rows; i++) {
		const struct routes_entry *e = &r->entries[value[i]];
		bool has = (e->present & ROUTE_NEXT_HOP) != 0;
		bool keep = came != NULL && (!has || !addr_is_any(&came[i]));

		out[i] = keep ? came[i] : has ? r->table.addrs[e->next_hop] : (struct addr){0};
		if (has && !keep)
			bit_set(present, i, true);
	}
	batch_add_fixed(p->b, p->a, FIELD_bgp_next_hop, out, present);
}

static void
bgp_apply(void *state, struct pass *p)
{
	struct bgp *g = state;
	const struct routes *r = g->watch.data;
	const uint32_t *value;
	struct found f;

	g->rows += p->b->rows;
	if (r == NULL)
		return;
	if ((value = pass_lookup_seen(p, SRC, &r->table.lpm, &g->seen, g->watch.loads)) != NULL) {
		f = side_find(g, r, p, SRC, value);
		texts_put(g, r, p, FIELD_src_as_path, ROUTE_AS_PATH, f.as_path);
	}
	if ((value = pass_lookup_seen(p, DST, &r->table.lpm, &g->seen, g->watch.loads)) != NULL) {
		f = side_find(g, r, p, DST, value);
		texts_put(g, r, p, FIELD_as_path, ROUTE_AS_PATH, f.as_path);
		texts_put(g, r, p, FIELD_communities, ROUTE_COMMUNITIES, f.communities);
		texts_put(g, r, p, FIELD_large_communities, ROUTE_LARGE_COMMUNITIES, f.large_communities);
		numbers_put(r, p, FIELD_local_pref, ROUTE_LOCAL_PREF, value);
		numbers_put(r, p, FIELD_med, ROUTE_MED, value);
		next_hops_put(r, p, value);
	}
}

static void
bgp_tell(const void *state, const struct addr *a, struct facts *f)
{
	const struct bgp *g = state;
	const struct routes *r = g->watch.data;

	if (r != NULL)
		f->asn[AS_BGP] = r->entries[lpm_lookup(&r->table.lpm, a)].origin;
}

static void
bgp_tick(void *state)
{
	struct bgp *g = state;

	watch_tick(&g->watch);
}

/* The thread may be loading with what the numbers were: watch_set waits for it first. */
static void
bgp_reload(void *state, const struct enrich_settings *s)
{
	struct bgp *g = state;

	watch_set(&g->watch, &kind, s->bgp_table, &g->local, REMEDY, s->bgp_expected);
	g->local = s->local;
}

static void
bgp_metrics(const void *state, struct buf *out)
{
	static const char *const sides[] = {"side=\"src\"", "side=\"dst\""};
	const struct bgp *g = state;
	const struct routes *r = g->watch.data;

	metrics_head(out, "nf_enrich_bgp_rows_total", "rows that went through bgp", METRIC_COUNTER);
	metrics_sample(out, "nf_enrich_bgp_rows_total", NULL, g->rows);
	metrics_head(out, "nf_enrich_bgp_known_total", "rows whose address has a route", METRIC_COUNTER);
	for (unsigned i = 0; i < SIDES; i++)
		metrics_sample(out, "nf_enrich_bgp_known_total", sides[i], g->known[i]);
	metrics_head(out, "nf_enrich_bgp_prefixes", "prefixes in the table", METRIC_GAUGE);
	metrics_sample(out, "nf_enrich_bgp_prefixes", NULL, r != NULL ? r->table.prefix_count : 0);
	metrics_head(out, "nf_enrich_bgp_created_seconds", "when the table was written", METRIC_GAUGE);
	metrics_sample(out, "nf_enrich_bgp_created_seconds", NULL, r != NULL ? r->table.created : 0);
	metrics_head(out, "nf_enrich_bgp_loads_total", "tables taken into use", METRIC_COUNTER);
	metrics_sample(out, "nf_enrich_bgp_loads_total", NULL, g->watch.loads);
	metrics_head(out, "nf_enrich_bgp_failures_total", "tables refused", METRIC_COUNTER);
	metrics_sample(out, "nf_enrich_bgp_failures_total", NULL, g->watch.failures);
}

const struct step_ops bgp_step = {
    .name = "bgp",
    .open = bgp_open,
    .close = bgp_close,
    .tell = bgp_tell,
    .apply = bgp_apply,
    .tick = bgp_tick,
    .reload = bgp_reload,
    .metrics = bgp_metrics,
};
