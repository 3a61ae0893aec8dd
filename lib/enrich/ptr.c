/* The step ptr: names of addresses by reverse DNS, from a cache that fills as flows pass. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "enrich/chain.h"
#include "enrich/ptr_out.h"
#include "enrich/ptr_warm.h"
#include "io/clock.h"
#include "io/metrics.h"

#define OUT_WAIT_MS 1000 /* at the end, for a reader of the side output */

struct ptr {
	struct rdns dns;
	struct ptr_policy policy;
	struct ptr_out out;
	struct chain *chain; /* while the loop is there */
	struct textcol_codes codes;
	bool prepared; /* the batch that apply gets next */
	int64_t now_ms, wall_ms; /* while rows are read to warm the cache */
	uint64_t warm; /* rows taken */
	uint64_t refused; /* by the policy */
	struct ptr_counts {
		uint64_t hits, negative, stale, misses;
	} counts; /* of looks into the cache, each batch once */
};

/* The addresses of a batch that have no fresh answer. */
struct wanted {
	struct addr *a;
	size_t n;
};

static void
on_name(void *arg, const struct addr *a, struct str name)
{
	struct ptr *p = arg;
	struct ptr_row row = {.addr = *a, .name = name, .updated_at = clock_wall_ms() / 1000};

	if (p->out.path == NULL)
		return;
	chain_tell(p->chain, a, &row.asn, &row.as_name, &row.country);
	ptr_out_put(&p->out, &row);
}

static void
on_ready(void *arg)
{
	struct ptr *p = arg;

	chain_ready(p->chain);
}

/* Nobody wrote down the TTL, so a row counts for as long as an answer may at most. */
static void
on_warm_row(void *arg, const struct ptr_warm_row *row)
{
	struct ptr *p = arg;
	int64_t age = p->wall_ms / 1000 - row->updated_at;

	if (age < 0)
		age = 0; /* of a clock that is ahead */
	if (age >= p->dns.s.ttl_max)
		return;
	rdns_warm(&p->dns, &row->addr, (struct str){row->name, row->name_len},
	    p->dns.s.ttl_max - (uint32_t)age, p->now_ms);
	p->warm++;
}

static void
warm(struct ptr *p, const char *path)
{
	uint64_t bad;
	struct err e;

	p->now_ms = clock_mono_ms();
	p->wall_ms = clock_wall_ms();
	if (ptr_warm_read(path, on_warm_row, p, &bad, &e) == -1)
		log_warnx("%s; names are looked up anew", e.msg);
	else
		log_info("%s: %" PRIu64 " names", path, p->warm);
	if (bad > 0)
		log_warnx("%s: %" PRIu64 " lines are no rows of ptr_cache, skipped", path, bad);
}

static void *
ptr_open(const struct enrich_settings *s)
{
	struct ptr *p = mem_zero(1, sizeof *p);

	rdns_init(&p->dns, &s->dns);
	p->dns.named = on_name;
	p->dns.ready = on_ready;
	p->dns.arg = p;
	ptr_policy_copy(&p->policy, &s->ptr_policy);
	if (s->ptr_warm != NULL)
		warm(p, s->ptr_warm);
	ptr_out_init(&p->out, s->ptr_out);
	return p;
}

static void
ptr_close(void *state)
{
	struct ptr *p = state;

	rdns_release(&p->dns);
	ptr_policy_release(&p->policy);
	ptr_out_release(&p->out);
	free(p->codes.v);
	free(p);
}

static void
ptr_attach(void *state, struct chain *c, struct loop *l)
{
	struct ptr *p = state;

	p->chain = c;
	rdns_start(&p->dns, l);
}

static void
ptr_detach(void *state)
{
	struct ptr *p = state;

	rdns_stop(&p->dns);
	p->chain = NULL;
	ptr_out_drain(&p->out, OUT_WAIT_MS);
}

/*
 * Looks the column's addresses up: which entry has the name of each, 0 where there is none. Those that have no fresh
 * answer are added to w, and asked for later: what the cache says here lasts until something is added to it.
 */
static uint32_t *
column_find(struct ptr *p, const struct col *c, struct arena *a, uint32_t now, struct wanted *w)
{
	const struct addr *addrs = col_addrs(c, a);
	uint32_t *numbers = arena_alloc(a, c->entries * sizeof *numbers);
	struct ptr_counts counts = p->counts;

	ptr_cache_find(&p->dns.cache, addrs, c->entries, numbers);
	for (uint32_t i = 0; i < c->entries; i++) {
		struct ptr_entry *e = &p->dns.cache.entries[numbers[i]];
		bool fresh = numbers[i] != 0 && now < e->fresh_until;

		if (!fresh)
			w->a[w->n++] = addrs[i];
		if (numbers[i] != 0) {
			e->used = true;
			e->batch = fresh ? p->dns.cache.batch : e->batch;
		}
		bool named = numbers[i] != 0 && e->name_len > 0 && now < e->named_until;
		counts.hits += named && fresh;
		counts.stale += named && !fresh;
		counts.negative += !named && fresh;
		counts.misses += !named && !fresh;
		if (!named)
			numbers[i] = 0;
	}
	if (!p->prepared)
		p->counts = counts;
	return numbers;
}

static const struct col *
side_column(const struct batch *b, unsigned side)
{
	return batch_col(b, side == SRC ? FIELD_src_host : FIELD_dst_host);
}

/* Of a dictionary there may be more entries than rows. */
static struct wanted
wanted_start(const struct batch *b, struct arena *a)
{
	size_t n = 0;

	for (unsigned side = 0; side < SIDES; side++)
		n += side_column(b, side) != NULL ? side_column(b, side)->entries : 0;
	return (struct wanted){.a = arena_alloc(a, n * sizeof(struct addr))};
}

static void
ask(struct ptr *p, struct wanted *w, struct arena *a, int64_t now)
{
	if (rdns_takes(&p->dns, now)) { /* else it is not worth the look */
		uint32_t *may = arena_alloc(a, w->n * sizeof *may);
		size_t n = 0;

		ptr_policy_many(&p->policy, w->a, w->n, may);
		for (size_t i = 0; i < w->n; i++)
			if (may[i] != 0)
				w->a[n++] = w->a[i];
		p->refused += w->n - n;
		w->n = n;
	}
	rdns_ask(&p->dns, w->a, w->n, now);
}

static bool
ptr_prepare(void *state, const struct batch *b, struct arena *a)
{
	struct wanted w = wanted_start(b, a);
	struct ptr *p = state;
	int64_t now = clock_mono_ms();

	rdns_await(&p->dns);
	for (unsigned side = 0; side < SIDES; side++)
		if (side_column(b, side) != NULL)
			column_find(p, side_column(b, side), a, (uint32_t)(now / 1000), &w);
	p->prepared = true;
	ask(p, &w, a, now);
	return !rdns_wait(&p->dns);
}

/* A name that the flow came with stays where we have none. */
static void
column_put(struct ptr *p, struct pass *pass, unsigned side, const struct col *c, const uint32_t *numbers)
{
	uint32_t rows = pass->b->rows, any = 0;
	uint32_t *texts = arena_alloc(pass->a, rows * sizeof *texts);

	for (uint32_t i = 0; i < rows; i++) {
		texts[i] = col_has(c, i) ? numbers[col_slot(c, i)] : TEXT_KEEP;
		any |= texts[i];
	}
	if (any != 0)
		textcol_put(pass->b, pass->a, side == SRC ? FIELD_src_ptr : FIELD_dst_ptr, &p->codes,
		    p->dns.cache.names, p->dns.cache.room, texts);
}

static void
ptr_apply(void *state, struct pass *pass)
{
	struct wanted w = wanted_start(pass->b, pass->a);
	struct ptr *p = state;
	int64_t now = clock_mono_ms();

	rdns_settle(&p->dns);
	for (unsigned side = 0; side < SIDES; side++) {
		const struct col *c = side_column(pass->b, side);

		if (c != NULL)
			column_put(p, pass, side, c, column_find(p, c, pass->a, (uint32_t)(now / 1000), &w));
	}
	if (!p->prepared)
		ask(p, &w, pass->a, now);
	p->prepared = false;
}

static void
ptr_tick(void *state)
{
	struct ptr *p = state;

	ptr_out_flush(&p->out);
}

static void
ptr_reload(void *state, const struct enrich_settings *s)
{
	struct ptr *p = state;

	rdns_change(&p->dns, &s->dns);
	ptr_policy_release(&p->policy);
	ptr_policy_copy(&p->policy, &s->ptr_policy);
	ptr_out_reopen(&p->out, s->ptr_out);
}

struct sample {
	const char *labels;
	uint64_t value;
};

static void
family_put(struct buf *out, const char *name, const char *help, enum metric_kind kind, const struct sample *s,
    size_t n)
{
	metrics_head(out, name, help, kind);
	for (size_t i = 0; i < n; i++)
		metrics_sample(out, name, s[i].labels, s[i].value);
}

#define FAMILY(name, help, kind, ...)                                           \
	family_put(out, name, help, kind, (const struct sample[]){__VA_ARGS__}, \
	    sizeof(const struct sample[]){__VA_ARGS__} / sizeof(struct sample))

static void
ptr_metrics(const void *state, struct buf *out)
{
	const struct ptr *p = state;
	const struct rdns *d = &p->dns;
	const struct rdns_counts *n = &d->counts;
	unsigned silent = 0, servers = d->resolver != NULL ? resolver_servers(d->resolver, &silent) : 0;
	unsigned in_flight = d->resolver != NULL ? resolver_in_flight(d->resolver) : 0;

	FAMILY("nf_enrich_ptr_lookups_total", "addresses of batches looked up in the cache, by result",
	    METRIC_COUNTER, {"result=\"hit\"", p->counts.hits}, {"result=\"negative\"", p->counts.negative},
	    {"result=\"stale\"", p->counts.stale}, {"result=\"miss\"", p->counts.misses});
	FAMILY("nf_enrich_ptr_queries_total", "questions sent to name servers", METRIC_COUNTER,
	    {NULL, n->queries});
	FAMILY("nf_enrich_ptr_answers_total", "how questions ended", METRIC_COUNTER,
	    {"result=\"name\"", n->results[DNS_NAME]}, {"result=\"none\"", n->results[DNS_NONE]},
	    {"result=\"unfit\"", n->results[DNS_UNFIT]}, {"result=\"failed\"", n->results[DNS_FAILED]},
	    {"result=\"garbage\"", n->results[DNS_GARBAGE]}, {"result=\"timeout\"", n->timeouts},
	    {"result=\"unreachable\"", n->unreachable});
	FAMILY("nf_enrich_ptr_refused_total", "addresses that were not asked for, by reason", METRIC_COUNTER,
	    {"reason=\"rate\"", n->refused_rate}, {"reason=\"down\"", n->refused_down},
	    {"reason=\"prefix\"", p->refused});
	FAMILY("nf_enrich_ptr_in_flight", "questions on their way", METRIC_GAUGE, {NULL, in_flight});
	FAMILY("nf_enrich_ptr_queued", "questions that wait to be sent", METRIC_GAUGE, {NULL, d->queued});
	FAMILY("nf_enrich_ptr_entries", "addresses in the cache", METRIC_GAUGE, {NULL, d->cache.count});
	FAMILY("nf_enrich_ptr_evictions_total", "addresses that left the full cache", METRIC_COUNTER,
	    {NULL, d->cache.evictions});
	FAMILY("nf_enrich_ptr_servers", "name servers, by what is thought of them", METRIC_GAUGE,
	    {"state=\"up\"", servers - silent}, {"state=\"silent\"", silent});
	FAMILY(
	    "nf_enrich_ptr_warm_total", "names taken from an earlier run", METRIC_COUNTER, {NULL, p->warm});
	FAMILY("nf_enrich_ptr_out_rows_total", "names offered on the side output", METRIC_COUNTER,
	    {"result=\"written\"", p->out.written}, {"result=\"dropped\"", p->out.dropped});
}

const struct step_ops ptr_step = {
    .name = "ptr",
    .open = ptr_open,
    .close = ptr_close,
    .attach = ptr_attach,
    .detach = ptr_detach,
    .prepare = ptr_prepare,
    .apply = ptr_apply,
    .tick = ptr_tick,
    .reload = ptr_reload,
    .metrics = ptr_metrics,
};
