/* Rules as understood. */
#include <inttypes.h>

#include "detect/rule_keys.h"
#include "flow/proto.h"

static void
line(struct buf *out, const char *indent, const char *key)
{
	buf_printf(out, "%s%s: ", indent, key);
}

static void
print_ranges(struct buf *out, const char *indent, const char *key, const struct ranges *r)
{
	if (r->n == 0)
		return;
	line(out, indent, key);
	ranges_print(r, out);
	buf_putc(out, '\n');
}

static void
print_nets(struct buf *out, const char *indent, const char *key, const struct nets *s)
{
	if (s->given_count == 0)
		return;
	line(out, indent, key);
	nets_print(s, out);
	buf_putc(out, '\n');
}

static void
print_number(struct buf *out, const char *indent, const char *key, uint64_t v, uint64_t silent)
{
	if (v != silent)
		buf_printf(out, "%s%s: %" PRIu64 "\n", indent, key, v);
}

static void
print_texts(struct buf *out, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", v[i]);
}

static void
print_words(struct buf *out, unsigned bits, const char *const *words, size_t n)
{
	const char *sep = "";

	for (size_t i = 0; i < n; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		buf_printf(out, "%s%s", sep, words[i]);
		sep = ", ";
	}
}

static void
print_protos(struct buf *out, const char *indent, const struct ranges *proto)
{
	const char *sep = "";

	if (proto->n == 0)
		return;
	line(out, indent, "proto");
	for (size_t i = 0; i < proto->n; i++) {
		for (uint32_t p = proto->v[i].lo; p <= proto->v[i].hi; p++) {
			struct str name = proto_name((uint8_t)p);

			if (name.len > 0)
				buf_printf(out, "%s%s", sep, name.p);
			else
				buf_printf(out, "%s%" PRIu32, sep, p);
			sep = ", ";
		}
	}
	buf_putc(out, '\n');
}

static void
print_interfaces(struct buf *out, const char *indent, const struct rule_filter *f)
{
	if (f->interfaces.n == 0 && f->interface_name_count == 0)
		return;
	line(out, indent, "interface");
	buf_putc(out, '[');
	ranges_print(&f->interfaces, out);
	for (size_t i = 0; i < f->interface_name_count; i++)
		buf_printf(out, "%s\"%s\"", i > 0 || f->interfaces.n > 0 ? ", " : "", f->interface_names[i]);
	buf_puts(out, "]\n");
}

void
rule_filter_print(const struct rule_filter *f, const char *indent, struct buf *out)
{
	static const char *const directions[] = {"in", "out", "internal", "transit", "ingress", "egress"};

	print_protos(out, indent, &f->proto);
	print_ranges(out, indent, "src_port", &f->src_port);
	print_ranges(out, indent, "dst_port", &f->dst_port);
	if (f->flags_mask != 0) {
		line(out, indent, "tcp_flags");
		tcp_flags_print(f->flags_mask, f->flags_value, out);
		buf_putc(out, '\n');
	}
	if (f->directions != 0) {
		line(out, indent, "direction");
		print_words(out, f->directions, directions, 6);
		buf_putc(out, '\n');
	} else if (f->to_own) {
		buf_printf(out, "%sdirection: towards my_prefixes, where set\n", indent);
	}
	print_number(out, indent, "min_bytes", f->min_bytes, 0);
	print_number(out, indent, "min_packets", f->min_packets, 0);
	print_number(out, indent, "ttl_min", f->ttl_min, 0);
	print_number(out, indent, "ttl_max", f->ttl_max, 255);
	if (f->nat != NAT_ANY)
		buf_printf(out, "%snat_present: %s\n", indent, f->nat == NAT_PRESENT ? "true" : "false");
	print_nets(out, indent, "exclude_src_ips", &f->exclude_src);
	print_nets(out, indent, "exclude_dst_ips", &f->exclude_dst);
	print_nets(out, indent, "only_prefixes", &f->only);
	if (f->country_count > 0) {
		line(out, indent, "country");
		print_texts(out, f->countries, f->country_count);
		buf_putc(out, '\n');
	}
	print_ranges(out, indent, "src_as", &f->src_as);
	print_ranges(out, indent, "dst_as", &f->dst_as);
	print_interfaces(out, indent, f);
}

static void
print_address(struct buf *out, const char **sep, const char *side, const uint8_t len[2])
{
	if (len[0] == 32 && len[1] == 128)
		buf_printf(out, "%s%s_ip", *sep, side);
	else
		buf_printf(out, "%s%s_prefix/%u/%u", *sep, side, len[0], len[1]);
	*sep = ", ";
}

void
rule_key_print(const struct rule_key *k, struct buf *out)
{
	const struct {
		bool has;
		const char *name;
	} rest[] = {{k->src_port, "src_port"}, {k->dst_port, "dst_port"}, {k->proto, "proto"}};
	const char *sep = "";

	if (k->src_ip)
		print_address(out, &sep, "src", k->src_len);
	if (k->dst_ip)
		print_address(out, &sep, "dst", k->dst_len);
	for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
		if (!rest[i].has)
			continue;
		buf_printf(out, "%s%s", sep, rest[i].name);
		sep = ", ";
	}
}

static void
print_blackhole(struct buf *out, const char *indent, const struct rule *r)
{
	char text[ADDR_TEXT_MAX];
	const char *sep = "";

	buf_printf(out, "%sblackhole_count: %" PRIu32 "s%s\n", indent, r->blackhole_count,
	    r->blackhole_count == 0 ? " (never)" : "");
	buf_printf(out, "%sblackhole_count_reset: %" PRIu32 "s\n", indent, r->blackhole_count_reset);
	buf_printf(
	    out, "%sblackhole_target: %s\n", indent, r->blackhole_target == TARGET_SRC ? "src" : "dst");
	if (r->has_next_hop[0] || r->has_next_hop[1]) {
		line(out, indent, "blackhole_next_hop");
		for (int i = 0; i < 2; i++) {
			if (!r->has_next_hop[i])
				continue;
			buf_printf(out, "%s%s", sep, addr_text(text, &r->next_hop[i]));
			sep = ", ";
		}
		buf_putc(out, '\n');
	}
	if (r->community_count > 0) {
		line(out, indent, "blackhole_communities");
		print_texts(out, r->communities, r->community_count);
		buf_putc(out, '\n');
	}
	line(out, indent, "blackhole_time");
	for (size_t i = 0; i < r->blackhole_time_count; i++) {
		buf_printf(out, "%s%" PRIu32 "s", i > 0 ? ", " : "", r->blackhole_times[i]);
		if (r->blackhole_times[i] == 0)
			buf_puts(out, " (until withdrawn)");
	}
	buf_putc(out, '\n');
}

/* "host_groups: mail {min_flows 500}, web {min_flows 900}" */
static void
print_overrides(struct buf *out, const char *indent, const struct rule *r)
{
	if (r->override_count == 0)
		return;
	line(out, indent, "host_groups");
	for (size_t i = 0; i < r->override_count; i++) {
		const struct rule_override *o = &r->overrides[i];
		const char *sep = "";

		buf_printf(out, "%s%s {", i > 0 ? ", " : "", o->name);
		for (int l = 0; l < LIMITS; l++) {
			if (o->limits[l] == 0)
				continue;
			buf_printf(out, "%s%s %" PRIu64, sep, rule_limit_names[l], o->limits[l]);
			sep = ", ";
		}
		buf_putc(out, '}');
	}
	buf_putc(out, '\n');
}

void
rule_print(const struct rule *r, const char *indent, struct buf *out)
{
	buf_printf(out, "%sname: %s\n", indent, r->name);
	rule_filter_print(&r->filter, indent, out);
	line(out, indent, "group_by");
	rule_key_print(&r->key, out);
	buf_putc(out, '\n');
	buf_printf(out, "%stime_window: %" PRIu32 "s\n", indent, r->window);
	for (int i = 0; i < LIMITS; i++)
		print_number(out, indent, rule_limit_names[i], r->limits[i], 0);
	print_overrides(out, indent, r);
	if (r->above_baseline > 0)
		buf_printf(out, "%sabove_baseline: %gx\n", indent, r->above_baseline / 100.0);
	if (r->min_ml_score >= 0)
		buf_printf(out, "%smin_ml_score: %g\n", indent, r->min_ml_score);
	line(out, indent, "action");
	print_words(out, r->actions, rule_action_names, RULE_ACTIONS);
	buf_putc(out, '\n');
	if (r->cooldown > 0)
		buf_printf(out, "%scooldown: %" PRIu32 "s\n", indent, r->cooldown);
	if ((r->actions & ACTION_BLACKHOLE) != 0)
		print_blackhole(out, indent, r);
}
