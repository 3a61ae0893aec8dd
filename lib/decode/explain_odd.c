#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "decode/explain_parts.h"
#include "decode/held.h"
#include "decode/plan.h"

struct odd {
	const struct exporter *x;
	struct buf *out;
	bool some;
};

/* Lines of a width that mail leaves alone. */
static void
put_wrapped(struct buf *out, const char *words)
{
	enum { WIDTH = 72 };

	while (strlen(words) > WIDTH) {
		int n = WIDTH;

		while (n > 0 && words[n] != ' ')
			n--;
		n = n > 0 ? n : WIDTH;
		buf_printf(out, "%.*s\n      ", n, words);
		words += n + (words[n] == ' ');
	}
	buf_printf(out, "%s\n", words);
}

static void __attribute__((format(printf, 2, 3))) say(struct odd *o, const char *fmt, ...)
{
	char words[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	buf_puts(o->out, "    - ");
	put_wrapped(o->out, words);
	o->some = true;
}

/* The words of a duration, which last as long as the buffer. */
static const char *
lasting(struct buf *b, int64_t ms)
{
	b->len = 0;
	put_lasting(b, ms);
	return buf_cstr(b);
}

/* "what: n", unless there is none. */
static void
say_count(struct odd *o, uint64_t n, const char *what)
{
	if (n > 0)
		say(o, "%s: %" PRIu64, what, n);
}

static void
clock_and_times(struct odd *o)
{
	enum { CLOCK_OFF_MS = 60 * 1000, ACTIVE_MS = 5 * 60 * 1000 + 5000 };
	const struct notes *n = o->x->notes;
	const uint64_t *c = o->x->counts;
	struct buf b = {0};

	if (n->messages > 0 && llabs(n->ahead_min_ms) > CLOCK_OFF_MS)
		say(o, "its clock is %s %s: set NTP on the exporter, and here",
		    lasting(&b, llabs(n->ahead_min_ms)), n->ahead_min_ms > 0 ? "behind" : "ahead");
	if (n->longest_ms > ACTIVE_MS)
		say(o,
		    "flows last up to %s: the active timeout is that long, or ignored; 60 s suits detection",
		    lasting(&b, n->longest_ms));
	uint64_t all = 0;
	for (unsigned i = 0; i < DURATIONS; i++)
		all += n->durations[i];
	if (all > 100 && n->durations[0] == all)
		say(o, "no flow lasts longer than 0 s: start and end are the same, or one is not sent");
	say_count(o, c[COUNT_NO_TIME], "flows that tell no time, or an absurd one, and got that of receipt");
	say_count(o, c[COUNT_NEGATIVE], "flows that end before they start");
	say_count(o, c[COUNT_CLAMPED], "flows more than a day old or 5 minutes ahead, brought within that");
	buf_release(&b);
}

static void
sequence(struct odd *o)
{
	const uint64_t *c = o->x->counts;

	say_count(o, c[COUNT_LOST],
	    "lost by its sequence numbers (flows of v5, datagrams of v9 and sFlow, records of IPFIX)");
	say_count(
	    o, c[COUNT_SAMPLES_LOST], "samples lost by the sequence numbers of the agent's sources (sFlow)");
	say_count(o, c[COUNT_RESETS],
	    "jumps of its sequence numbers (it restarted, counts in its own way, or several share the "
	    "address)");
}

static void
sampling(struct odd *o)
{
	const uint64_t *c = o->x->counts;

	say_count(o, o->x->notes->unrated,
	    "flows whose sampling rate is told by no record, option or header (if it samples, "
	    "say at what rate in collectors.netflow.config.sampling)");
	say_count(o, c[COUNT_SAMPLING_DROPS],
	    "packets that its agent was to sample and could not (sFlow: let it sample fewer)");
	say_count(o, c[COUNT_NO_SAMPLER],
	    "flows that name a sampler whose rate no option told (let it send its table of samplers)");
	say_count(o, c[COUNT_SWAPPED],
	    "records in which element 34 looks byte-swapped (RouterOS before 7.10), turned round");
}

static bool
has_element(const struct template *t, uint16_t id)
{
	for (unsigned i = 0; i < t->field_count; i++)
		if (t->fields[i].pen == 0 && t->fields[i].id == id)
			return true;
	return false;
}

static void
template_oddities(void *arg, const struct template *t)
{
	struct odd *o = arg;
	const struct domain *dom = t->domain;

	if (t->redefined > 0)
		say(o, "template %u was redefined %" PRIu32 " times", t->id, t->redefined);
	if (t->waited > 0)
		say(o, "data came %" PRIu32 " times before their template %u, and were decoded when it came",
		    t->waited, t->id);
	if (t->expired)
		say(o, "template %u was not sent again for too long, and is used no more", t->id);
	if (t->records == 0 || t->kind == TEMPLATE_OPTIONS || t->plan->event.len != 0)
		return;
	if (t->plan->no_flow) {
		say(o, "template %u tells of no flow: its records are only counted", t->id);
		return;
	}
	if (!template_fills(t, FIELD_src_host) && !template_fills(t, FIELD_dst_host))
		say(o, "template %u has no addresses", t->id);
	if (!template_fills(t, FIELD_bytes) || !template_fills(t, FIELD_packets))
		say(o, "template %u has no %s", t->id,
		    template_fills(t, FIELD_bytes)     ? "packets"
		    : template_fills(t, FIELD_packets) ? "bytes"
						       : "bytes and no packets");
	if (dom->key.version == 10 && (has_element(t, 21) || has_element(t, 22)) && !has_element(t, 160) &&
	    dom->init_ms == 0 && o->x->init_ms == 0)
		say(o,
		    "times of template %u count from the exporter's start (21, 22), "
		    "which neither records nor options tell (160)",
		    t->id);
}

/* Sets that still wait, by template. */
struct waiting {
	unsigned count;
	struct {
		uint16_t id;
		uint32_t sets;
	} list[16];
};

static void
add_waiting(void *arg, uint16_t id)
{
	struct waiting *w = arg;
	unsigned i = 0;

	while (i < w->count && w->list[i].id != id)
		i++;
	if (i == sizeof w->list / sizeof w->list[0])
		return;
	if (i == w->count) {
		w->count++;
		w->list[i].id = id;
		w->list[i].sets = 0;
	}
	w->list[i].sets++;
}

static void
domain_oddities(void *arg, const struct domain *dom)
{
	struct odd *o = arg;
	struct waiting w = {0};

	held_each(dom, add_waiting, &w);
	for (unsigned i = 0; i < w.count; i++)
		say(o,
		    "template %u never came, %" PRIu32 "%s sets of data wait for it: capture for longer, "
		    "or let it send templates more often",
		    w.list[i].id, w.list[i].sets, dom->held_count >= HELD_SETS_MAX ? " or more" : "");
	templates_sorted(dom, template_oddities, o);
}

static void
errors(struct odd *o)
{
	static const struct {
		enum decode_count count;
		const char *words;
	} kinds[] = {
	    {COUNT_BAD_VERSION, "datagrams of no version that is known"},
	    {COUNT_BAD_HEADER, "datagrams with a header cut short or false"},
	    {COUNT_TRUNCATED, "datagrams or sets shorter than they say (what is whole was taken)"},
	    {COUNT_BAD_SET, "sets that are none"},
	    {COUNT_BAD_TEMPLATE, "templates that make no sense"},
	    {COUNT_BAD_RECORD, "records that do not fit their template"},
	    {COUNT_HELD_LOST, "sets of data given up, since their template did not come in time"},
	    {COUNT_CAP_TEMPLATES, "templates beyond what there is room for"},
	    {COUNT_CAP_DOMAINS, "datagrams of observation domains beyond what there is room for"},
	    {COUNT_CAP_NAMES, "names and samplers beyond what there is room for"},
	    {COUNT_EXPIRED, "templates that expired"},
	    {COUNT_WITHDRAWN, "templates withdrawn by the exporter"},
	    {COUNT_EVENTS, "events of a firewall without counters, which are no flows"},
	    {COUNT_NAT_EVENTS, "events of address translation without counters, which are no flows"},
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		say_count(o, o->x->counts[kinds[i].count], kinds[i].words);
}

bool
explain_oddities(const struct exporter *x, struct buf *out)
{
	struct odd o = {x, out, false};

	if (!x->trusted)
		say(&o, "it is not listed in collectors.netflow.config.allow: its flows cause no action");
	clock_and_times(&o);
	sequence(&o);
	sampling(&o);
	domains_sorted(x, domain_oddities, &o);
	errors(&o);
	return o.some;
}
