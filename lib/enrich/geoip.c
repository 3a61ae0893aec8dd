/* The step geoip: AS numbers, country and city from MMDB files. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "enrich/mmdb.h"
#include "enrich/step.h"
#include "enrich/watch.h"
#include "io/metrics.h"

#define ASN_REMEDY "flows get no AS numbers and names until it is there and sound"
#define CITY_REMEDY "flows get no countries and cities until it is there and sound"

static void *
db_load(const char *path, const void *language, struct err *e)
{
	return mmdb_load(path, language, e);
}

static void
db_free(void *db)
{
	geodb_free(db);
}

static size_t
db_count(const void *db)
{
	return ((const struct geodb *)db)->entry_count - 1;
}

static const struct watch_kind db_kind = {"database", db_load, db_free, db_count, "entries"};

struct geoip {
	struct watch asn, city;
	char *language;
	struct textcol_codes codes;
	uint64_t rows, known[SIDES]; /* rows seen; rows of whose address some database says something */
	struct pass_seen seen;
};

/* Whoever has AS numbers: the ASN database, else a city database that has them too (Enterprise, IPinfo). */
static const struct geodb *
asn_db(const struct geoip *g)
{
	const struct geodb *asn = g->asn.data, *city = g->city.data;

	if (asn != NULL && asn->has_asn)
		return asn;
	return city != NULL && city->has_asn ? city : NULL;
}

static const struct geodb *
place_db(const struct geoip *g)
{
	const struct geodb *asn = g->asn.data, *city = g->city.data;

	if (city != NULL && (city->has_country || city->has_city))
		return city;
	return asn != NULL && asn->has_country ? asn : NULL;
}

static void
contents_check(const struct geoip *g)
{
	const struct geodb *asn = g->asn.data, *city = g->city.data;

	if (asn != NULL && !asn->has_asn)
		log_warnx("%s holds no AS numbers; an ASN database belongs there", g->asn.path);
	if (city != NULL && !city->has_country && !city->has_city)
		log_warnx("%s holds no countries and cities; a City or Country database belongs there",
		    g->city.path);
}

static void *
geoip_open(const struct enrich_settings *s)
{
	struct geoip *g = mem_zero(1, sizeof *g);

	g->language = mem_strdup(s->language);
	watch_start(&g->asn, &db_kind, s->asn_db, g->language, ASN_REMEDY, true);
	watch_start(&g->city, &db_kind, s->city_db, g->language, CITY_REMEDY, true);
	if (s->asn_db == NULL && s->city_db == NULL)
		log_warnx("geoip has no database, so flows get no AS, country and city from it; "
			  "name one with --asn-db, --city-db or under geoip in the configuration");
	contents_check(g);
	return g;
}

static void
geoip_close(void *state)
{
	struct geoip *g = state;

	watch_stop(&g->asn);
	watch_stop(&g->city);
	free(g->codes.v);
	free(g->language);
	free(g);
}

static void
asn_find(const struct geodb *db, struct pass *p, unsigned side, const uint32_t *entry)
{
	uint32_t *asn = arena_alloc(p->a, p->b->rows * sizeof *asn);

	for (uint32_t i = 0; i < p->b->rows; i++)
		asn[i] = db->entries[entry[i]].asn;
	p->asn[AS_DATABASE][side] = asn;
}

/* What the database does not know stays as it came: its number is 0, which is TEXT_KEEP. */
static void
texts_put(
    struct geoip *g, const struct geodb *db, struct pass *p, enum field f, const uint32_t *entry, bool city)
{
	uint32_t *texts = arena_alloc(p->a, p->b->rows * sizeof *texts);

	for (uint32_t i = 0; i < p->b->rows; i++)
		texts[i] = city ? db->entries[entry[i]].city : db->entries[entry[i]].country;
	textcol_put(p->b, p->a, f, &g->codes, db->texts, db->text_count, texts);
}

static void
known_count(struct geoip *g, const uint32_t *entry, uint32_t rows, unsigned side)
{
	for (uint32_t i = 0; i < rows; i++)
		g->known[side] += entry[i] != 0;
}

static void
geoip_apply(void *state, struct pass *p)
{
	static const enum field country[SIDES] = {FIELD_src_host_country, FIELD_dst_host_country};
	static const enum field city[SIDES] = {FIELD_src_host_city, FIELD_dst_host_city};
	struct geoip *g = state;
	const struct geodb *asn = asn_db(g), *place = place_db(g);

	p->as_db = asn;
	g->rows += p->b->rows;
	for (unsigned side = 0; side < SIDES; side++) {
		/* Of two databases the other is asked later, for those rows alone of which no better source knows. */
		const struct geodb *db = place != NULL ? place : asn;
		const uint32_t *entry =
		    db != NULL ? pass_lookup_seen(p, side, &db->lpm, &g->seen, g->asn.loads + g->city.loads)
			       : NULL;

		if (entry == NULL)
			continue;
		known_count(g, entry, p->b->rows, side);
		if (db == asn)
			asn_find(asn, p, side, entry);
		if (place == NULL)
			continue;
		if (place->has_country)
			texts_put(g, place, p, country[side], entry, false);
		if (place->has_city)
			texts_put(g, place, p, city[side], entry, true);
	}
}

static void
geoip_tell(const void *state, const struct addr *a, struct facts *f)
{
	const struct geoip *g = state;
	const struct geodb *asn = asn_db(g), *place = place_db(g);

	f->names = asn;
	if (asn != NULL)
		f->asn[AS_DATABASE] = asn->entries[lpm_lookup(&asn->lpm, a)].asn;
	if (place != NULL)
		f->country = place->texts[place->entries[lpm_lookup(&place->lpm, a)].country];
}

static void
geoip_tick(void *state)
{
	struct geoip *g = state;
	bool asn = watch_tick(&g->asn), city = watch_tick(&g->city);

	if (asn || city)
		contents_check(g);
}

static void
geoip_reload(void *state, const struct enrich_settings *s)
{
	struct geoip *g = state;
	char *old = g->language;

	g->language = mem_strdup(s->language);
	watch_set(&g->asn, &db_kind, s->asn_db, g->language, ASN_REMEDY, true);
	watch_set(&g->city, &db_kind, s->city_db, g->language, CITY_REMEDY, true);
	free(old);
}

static void
geoip_metrics(const void *state, struct buf *out)
{
	static const char *const labels[] = {"database=\"asn\"", "database=\"city\""};
	static const char *const sides[] = {"side=\"src\"", "side=\"dst\""};
	const struct geoip *g = state;
	const struct watch *const w[] = {&g->asn, &g->city};

	metrics_head(out, "nf_enrich_geoip_rows_total", "rows that went through geoip", METRIC_COUNTER);
	metrics_sample(out, "nf_enrich_geoip_rows_total", NULL, g->rows);
	metrics_head(out, "nf_enrich_geoip_known_total", "rows whose address is known", METRIC_COUNTER);
	for (unsigned i = 0; i < 2; i++)
		metrics_sample(out, "nf_enrich_geoip_known_total", sides[i], g->known[i]);
	metrics_head(out, "nf_enrich_geoip_built_seconds", "when the database was built", METRIC_GAUGE);
	for (unsigned i = 0; i < 2; i++) {
		const struct geodb *db = w[i]->data;

		metrics_sample(out, "nf_enrich_geoip_built_seconds", labels[i], db != NULL ? db->built : 0);
	}
	metrics_head(out, "nf_enrich_geoip_loads_total", "database files taken into use", METRIC_COUNTER);
	for (unsigned i = 0; i < 2; i++)
		metrics_sample(out, "nf_enrich_geoip_loads_total", labels[i], w[i]->loads);
	metrics_head(out, "nf_enrich_geoip_failures_total", "database files refused", METRIC_COUNTER);
	for (unsigned i = 0; i < 2; i++)
		metrics_sample(out, "nf_enrich_geoip_failures_total", labels[i], w[i]->failures);
}

const struct step_ops geoip_step = {
    .name = "geoip",
    .open = geoip_open,
    .close = geoip_close,
    .tell = geoip_tell,
    .apply = geoip_apply,
    .tick = geoip_tick,
    .reload = geoip_reload,
    .metrics = geoip_metrics,
};
