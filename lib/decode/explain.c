#include "decode/explain.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "decode/explain_parts.h"
#include "decode/plan.h"
#include "decode/proto.h"

void
put_protocol(struct buf *out, uint32_t version)
{
	if (version == SFLOW_KEY)
		buf_puts(out, "sFlow 5");
	else if (version == 10)
		buf_puts(out, "IPFIX");
	else
		buf_printf(out, "NetFlow v%" PRIu32, version);
}

void
put_lasting(struct buf *out, int64_t ms)
{
	int64_t s = ms / 1000;

	if (s >= 86400)
		buf_printf(out, "%" PRId64 " d %" PRId64 " h", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		buf_printf(out, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
	else if (s >= 60)
		buf_printf(out, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
	else
		buf_printf(out, "%" PRId64 ".%" PRId64 " s", s, ms % 1000 / 100);
}

static int
by_domain(const void *a, const void *b)
{
	const struct domain_key *x = &(*(struct domain *const *)a)->key;
	const struct domain_key *y = &(*(struct domain *const *)b)->key;

	if (x->version != y->version)
		return x->version < y->version ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int
by_id(const void *a, const void *b)
{
	return (*(struct template *const *)a)->id - (*(struct template *const *)b)->id;
}

static int
by_addr(const void *a, const void *b)
{
	return memcmp((*(struct exporter *const *)a)->addr.b, (*(struct exporter *const *)b)->addr.b, 16);
}

/* The values of a map of pointers, sorted; to be freed. */
static void **
sorted(const struct map *m, int (*order)(const void *a, const void *b))
{
	void **list = mem_zero(m->count + 1, sizeof *list), *val;
	size_t it = 0, n = 0;
	const void *key;

	while (map_next(m, &it, &key, &val))
		list[n++] = *(void **)val;
	qsort(list, n, sizeof *list, order);
	return list;
}

void
domains_sorted(const struct exporter *x, void (*fn)(void *arg, const struct domain *dom), void *arg)
{
	void **list = sorted(&x->domains, by_domain);

	for (void **p = list; *p != NULL; p++)
		fn(arg, *p);
	free(list);
}

void
templates_sorted(const struct domain *dom, void (*fn)(void *arg, const struct template *t), void *arg)
{
	void **list = sorted(&dom->templates, by_id);

	for (void **p = list; *p != NULL; p++)
		fn(arg, *p);
	free(list);
}

static void
put_count(struct buf *out, uint64_t n, const char *what)
{
	buf_printf(out, "%" PRIu64 " %s%s", n, what, n == 1 ? "" : "s");
}

static void
explain_head(const struct exporter *x, struct buf *out)
{
	char text[ADDR_TEXT_MAX];
	const struct notes *n = x->notes;

	buf_printf(out, "exporter %s%s\n", addr_text(text, &x->addr), x->trusted ? "" : " (not trusted)");
	buf_puts(out, "  came:      ");
	put_count(out, x->counts[COUNT_DATAGRAMS], "datagram");
	buf_puts(out, ", ");
	put_count(out, x->counts[COUNT_FLOWS], "flow");
	buf_puts(out, ", ");
	put_count(out, x->counts[COUNT_OPTIONS], "options record");
	buf_puts(out, ", within ");
	put_lasting(out, n->last_ms - n->first_ms);
	buf_puts(out, "\n");
}

static void
explain_clock(const struct exporter *x, struct buf *out)
{
	const struct notes *n = x->notes;
	int64_t least = n->ahead_min_ms, most = n->ahead_max_ms;
	struct buf from = {0}, to = {0};

	if (n->messages == 0)
		return;
	put_lasting(&from, llabs(least));
	put_lasting(&to, llabs(most));
	buf_printf(out, "  clock:     received %s", buf_cstr(&from));
	if (least < 0 && most >= 0)
		buf_puts(out, " before");
	if (strcmp(buf_cstr(&from), buf_cstr(&to)) != 0)
		buf_printf(out, " to %s", buf_cstr(&to));
	buf_printf(out, " %s the time of sending, by the exporter's clock\n", most < 0 ? "before" : "after");
	buf_release(&from);
	buf_release(&to);
}

static void
explain_sequence(const struct exporter *x, struct buf *out)
{
	const uint64_t *c = x->counts;

	buf_printf(out, "  sequence:  %" PRIu64 " lost, %" PRIu64 " late, %" PRIu64 " jumps\n", c[COUNT_LOST],
	    c[COUNT_LATE], c[COUNT_RESETS]);
}

/* One more place where a rate is told, in a line of its own. */
#define NEXT_LINE "\n             "

/* Rates of samplers, in the order of their ids, the first of them. */
static void
put_samplers(const struct exporter *x, struct buf *out)
{
	enum { SHOWN = 8 };
	struct {
		uint64_t id;
		uint32_t rate;
	} list[SHOWN + 1];
	size_t it = 0;
	const void *key;
	void *val;
	unsigned n = 0, all = 0;

	while (map_next(&x->samplers, &it, &key, &val)) {
		const struct sampler_key *k = key;
		unsigned i = n;

		if (k->every == 0)
			continue;
		for (; i > 0 && list[i - 1].id > k->id; i--)
			list[i] = list[i - 1];
		list[i].id = k->id;
		list[i].rate = *(uint32_t *)val;
		n += n < SHOWN;
		all++;
	}
	for (unsigned i = 0; i < n; i++)
		buf_printf(out, "%s %" PRIu64 " is 1 in %" PRIu32,
		    i > 0 ? "," : NEXT_LINE "by options sampler", list[i].id, list[i].rate);
	if (all > n)
		buf_printf(out, ", and %u more", all - n);
}

static void
add_record_rates(void *arg, const struct template *t)
{
	bool *some = arg;

	*some |= t->records > 0 && t->plan != NULL && t->plan->has_sampling;
}

struct told {
	bool by_record;
	uint32_t by_options;
};

static void
find_told(void *arg, const struct domain *dom)
{
	struct told *told = arg;

	templates_sorted(dom, add_record_rates, &told->by_record);
	if (dom->rate != 0)
		told->by_options = dom->rate;
}

/* What flows were said to be sampled at. */
static void
put_rates(const struct exporter *x, struct buf *out)
{
	const struct notes *n = x->notes;
	uint64_t noted = n->unrated + n->other_rates;

	for (unsigned i = 0; i < n->rate_count; i++) {
		buf_printf(out, "%s1 in %" PRIu32 " for ", i > 0 ? ", " : "", n->rates[i].rate);
		put_count(out, n->rates[i].flows, "flow");
		noted += n->rates[i].flows;
	}
	if (n->other_rates > 0)
		buf_printf(out, ", others for %" PRIu64, n->other_rates);
	if (n->unrated > 0) {
		buf_printf(out, "%sunknown for ", n->rate_count > 0 ? ", " : "");
		put_count(out, n->unrated, "flow");
	}
	if (noted == 0)
		buf_puts(out, x->counts[COUNT_FLOWS] > 0 ? "every sample of sFlow tells its own"
							 : "no flows to tell by");
}

static void
explain_sampling(const struct exporter *x, struct buf *out)
{
	struct told told = {0};

	domains_sorted(x, find_told, &told);
	buf_puts(out, "  sampling:  ");
	put_rates(x, out);
	if (told.by_options != 0)
		buf_printf(out, NEXT_LINE "by options 1 in %" PRIu32, told.by_options);
	put_samplers(x, out);
	if (told.by_record)
		buf_puts(out, NEXT_LINE "by records, or the sampler that they name");
	if (x->notes->header_rate != 0)
		buf_printf(out, NEXT_LINE "by the header 1 in %" PRIu32, x->notes->header_rate);
	if (x->rule_rate[true] != 0)
		buf_printf(
		    out, NEXT_LINE "the configuration overrides it by 1 in %" PRIu32, x->rule_rate[true]);
	else if (x->rule_rate[false] != 0)
		buf_printf(out, NEXT_LINE "where nothing is told the configuration has 1 in %" PRIu32,
		    x->rule_rate[false]);
	buf_puts(out, "\n");
}

static void
explain_durations(const struct exporter *x, struct buf *out)
{
	static const char *const names[DURATIONS] = {
	    "0 s", "to 1 s", "to 10 s", "to 1 min", "to 5 min", "to 30 min", "longer"};
	enum { BAR = 40 };
	static const char bar[BAR + 1] = "****************************************";
	uint64_t all = 0;

	for (unsigned i = 0; i < DURATIONS; i++)
		all += x->notes->durations[i];
	if (all == 0)
		return;
	buf_puts(out, "  flows last up to ");
	put_lasting(out, x->notes->longest_ms);
	buf_puts(out, ":\n");
	for (unsigned i = 0; i < DURATIONS; i++) {
		uint64_t n = x->notes->durations[i];
		int stars = (int)((n * BAR + all - 1) / all);

		buf_printf(
		    out, "    %9s %10" PRIu64 "%s%.*s\n", names[i], n, stars > 0 ? "  " : "", stars, bar);
	}
}

static void
explain_names(const struct exporter *x, struct buf *out)
{
	static const char *const kinds[NAME_KINDS] = {
	    "interfaces by name", "interfaces by description", "applications", "VRFs"};
	uint64_t n[NAME_KINDS] = {0};
	size_t it = 0;
	const void *key;
	void *val;
	bool some = false;

	while (map_next(&x->names, &it, &key, &val))
		n[((const struct name_key *)key)->kind]++;
	for (unsigned i = 0; i < NAME_KINDS; i++)
		if (n[i] > 0) {
			buf_printf(out, "%s%" PRIu64 " %s", some ? ", " : "  named:     ", n[i], kinds[i]);
			some = true;
		}
	if (some)
		buf_puts(out, "\n");
	if (x->init_ms != 0)
		buf_puts(out, "  started:   told by options\n");
}

static void
put_template(void *arg, const struct template *t)
{
	explain_template(t, arg);
}

static void
put_domain(void *arg, const struct domain *dom)
{
	struct buf *out = arg;
	char agent[ADDR_TEXT_MAX];

	buf_puts(out, "  ");
	put_protocol(out, dom->key.version);
	switch (dom->key.version) {
	case 1:
	case 7:
		break;
	case 5:
		buf_printf(
		    out, ", engine type %" PRIu32 ", id %" PRIu32, dom->key.id >> 8, dom->key.id & 0xff);
		break;
	case SFLOW_KEY:
		buf_printf(
		    out, ", agent %s, sub-agent %" PRIu32, addr_text(agent, &dom->agent), dom->sub_agent);
		break;
	default:
		buf_printf(out, ", %s %" PRIu32, dom->key.version == 9 ? "source id" : "observation domain",
		    dom->key.id);
	}
	buf_puts(out, "\n");
	templates_sorted(dom, put_template, out);
}

static void
explain_exporter(const struct exporter *x, struct buf *out)
{
	explain_head(x, out);
	explain_clock(x, out);
	explain_sequence(x, out);
	explain_sampling(x, out);
	explain_names(x, out);
	explain_durations(x, out);
	domains_sorted(x, put_domain, out);
	buf_puts(out, "  odd:\n");
	if (!explain_oddities(x, out))
		buf_puts(out, "    nothing\n");
}

void
decoder_explain(const struct decoder *d, struct buf *out)
{
	void **list = sorted(&d->exporters, by_addr);
	size_t start = out->len, left = 0;

	for (void **p = list; *p != NULL; p++) {
		const struct exporter *x = *p;

		/* Of some only the template file tells. */
		if (x->notes == NULL || x->counts[COUNT_DATAGRAMS] == 0)
			continue;
		if (out->len - start > EXPLAIN_BYTES) {
			left++;
			continue;
		}
		if (out->len > 0)
			buf_puts(out, "\n");
		explain_exporter(x, out);
	}
	if (left > 0)
		buf_printf(out, "\nand %zu more exporters\n", left);
	if (d->gauges.exporters_refused > 0)
		buf_printf(out,
		    "\ndatagrams of exporters beyond the %d that there is room for: %" PRIu64 "\n",
		    EXPORTERS_MAX, d->gauges.exporters_refused);
	free(list);
}
