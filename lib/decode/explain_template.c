#include <inttypes.h>
#include <stdio.h>

#include "decode/explain_parts.h"
#include "decode/options.h"
#include "decode/plan.h"

static const struct {
	uint16_t id;
	const char *name;
} elements[] = {
#define NAME(id, name) {id, #name},
#include "decode/names.def"
#undef NAME
};

/* Who defines elements that routers, firewalls and probes are met with; IANA "Private Enterprise Numbers". */
static const struct {
	uint32_t pen;
	const char *name;
} enterprises[] = {
    {9, "Cisco"},
    {637, "Nokia"},
    {2011, "Huawei"},
    {2636, "Juniper"},
    {3375, "F5"},
    {5951, "Citrix"},
    {PEN_CERT, "CERT"},
    {6876, "VMware"},
    {8741, "SonicWall"},
    {10704, "Barracuda"},
    {12356, "Fortinet"},
    {14988, "MikroTik"},
    {25461, "Palo Alto"},
    {30065, "Arista"},
    {35632, "ntop"},
    {39499, "CESNET"},
};

static const char *
element_name(uint16_t id)
{
	for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
		if (elements[i].id == id)
			return elements[i].name;
	return "?";
}

/* RFC 3954 §6.1. */
static const char *
scope_name(uint16_t id)
{
	static const char *const names[] = {"?", "System", "Interface", "Line Card", "Cache", "Template"};

	return names[id < sizeof names / sizeof names[0] ? id : 0];
}

static void
put_name(struct buf *out, const struct template_field *f)
{
	char text[64];

	if (f->pen == 0) {
		snprintf(text, sizeof text, "%s", element_name(f->id));
	} else if (f->pen == PEN_SCOPE) {
		snprintf(text, sizeof text, "scope %s", scope_name(f->id));
	} else if (f->pen == PEN_REVERSE) {
		snprintf(text, sizeof text, "reverse %s", element_name(f->id));
	} else {
		const char *who = "";

		for (size_t i = 0; i < sizeof enterprises / sizeof enterprises[0]; i++)
			if (enterprises[i].pen == f->pen)
				who = enterprises[i].name;
		snprintf(text, sizeof text, "enterprise %" PRIu32 " %s", f->pen, who);
	}
	buf_printf(out, "    %6u %-34s ", f->id, text);
}

/* The uses of one field, as they are written. */
struct uses {
	struct buf *out;
	unsigned field; /* of the template */
	const char *before; /* what goes before the next one */
	const char *last;
	bool some;
};

static void
use(struct uses *u, const char *what)
{
	/* Several ops may fill one column. */
	if (u->last != NULL && strcmp(u->last, what) == 0)
		return;
	buf_printf(u->out, "%s%s", u->before, what);
	u->before = ", ";
	u->last = what;
	u->some = true;
}

static void
use_source(struct uses *u, const struct source *s, const char *what)
{
	if (s->len != 0 && s->field == u->field)
		use(u, what);
}

static void
put_plan_uses(struct uses *u, const struct plan *p)
{
	for (unsigned i = 0; i < p->op_count; i++)
		use_source(u, &p->ops[i].src, field_by_id(p->ops[i].field)->name.p);
	for (unsigned i = 0; i < p->mpls_count; i++)
		use_source(u, &p->mpls[i], "mpls_labels");
	const struct source *rates[] = {
	    &p->interval, &p->random_interval, &p->packet_interval, &p->packet_space, &p->sampler};
	for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
		use_source(u, rates[i], "sampling_rate");
	use_source(u, &p->init_time, "times");
	use_source(u, &p->event, "tells an event from a flow");
}

static void
put_field(struct buf *out, const struct template *t, unsigned i)
{
	const struct template_field *f = &t->fields[i];
	struct uses u = {.out = out, .field = i, .before = ""};

	put_name(out, f);
	if (f->len == LEN_VARIABLE)
		buf_puts(out, " var  ");
	else
		buf_printf(out, "%4u  ", f->len);
	if (t->kind == TEMPLATE_OPTIONS) {
		const char *what = options_use(f);

		if (what != NULL)
			use(&u, what);
	} else {
		put_plan_uses(&u, t->plan);
		u.before = u.some ? "; in the flow back " : "in the flow back ";
		if (t->reverse != NULL)
			put_plan_uses(&u, t->reverse);
	}
	buf_puts(out, u.some ? "\n" : "not used\n");
}

bool
template_fills(const struct template *t, enum field f)
{
	for (unsigned i = 0; t->plan != NULL && i < t->plan->op_count; i++)
		if (t->plan->ops[i].field == f)
			return true;
	return false;
}

void
explain_template(const struct template *t, struct buf *out)
{
	buf_printf(out, "  %s %u: %u fields, %s%u bytes, %" PRIu64 " record%s\n",
	    t->kind == TEMPLATE_OPTIONS ? "options template" : "template", t->id, t->field_count,
	    t->variable ? "at least " : "", t->rec_len, t->records, t->records == 1 ? "" : "s");
	for (unsigned i = 0; i < t->field_count; i++)
		put_field(out, t, i);
}
