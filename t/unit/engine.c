/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "detect/engine.h"
#include "flow/builder.h"

/* One flow as the tests write it; addresses are 10.0.0.x, or host order where above 255. */
struct flow {
	int64_t ms; /* received */
	uint32_t src, dst;
	uint16_t dport;
	uint8_t proto, flags;
	uint64_t packets, bytes;
	uint32_t rate; /* 0: none sent */
	int64_t start, end; /* 0: none sent */
	uint8_t trusted; /* 0 unknown, 1 yes, 2 no */
	uint32_t nat_src; /* 0: none sent */
};

static struct addr
host(uint32_t n)
{
	return addr_from_v4(n < 256 ? 0x0a000000 + n : n);
}

static void
put(struct builder *bd, const struct flow *f)
{
	struct addr src = host(f->src), dst = host(f->dst);

	builder_row(bd);
	if (f->ms != 0)
		builder_u64(bd, FIELD_timestamp_received, (uint64_t)f->ms);
	builder_addr(bd, FIELD_src_host, &src);
	builder_addr(bd, FIELD_dst_host, &dst);
	builder_u16(bd, FIELD_src_port, 40000);
	builder_u16(bd, FIELD_dst_port, f->dport);
	builder_u8(bd, FIELD_proto, f->proto);
	builder_u16(bd, FIELD_tcpflags, f->flags);
	builder_u64(bd, FIELD_packets, f->packets);
	builder_u64(bd, FIELD_bytes, f->bytes);
	if (f->rate != 0)
		builder_u32(bd, FIELD_sampling_rate, f->rate);
	if (f->start != 0)
		builder_u64(bd, FIELD_timestamp_start, (uint64_t)f->start);
	if (f->end != 0)
		builder_u64(bd, FIELD_timestamp_end, (uint64_t)f->end);
	if (f->trusted != 0)
		builder_u8(bd, FIELD_trusted, f->trusted == 1);
	if (f->nat_src != 0) {
		struct addr nat = host(f->nat_src);
		builder_addr(bd, FIELD_nat_src_host, &nat);
	}
}

static void
emit_line(void *arg, const struct detection *d)
{
	detection_write(d, arg);
}

/* "start 1000.000 r {"src_ip":"10.0.0.1"} flows packets bytes unique…\n" */
static void
emit_brief(void *arg, const struct detection *d)
{
	static const char *const states[] = {"start", "update", "end"};
	struct buf *out = arg;

	buf_printf(out, "%s %" PRId64 ".%03d %s ", states[d->state], d->time_ms / 1000,
	    (int)(d->time_ms % 1000), d->rule->name);
	flowkey_json(d->key, d->key_width, d->key_bytes, out);
	buf_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64, d->now.flows, d->now.packets, d->now.bytes);
	for (unsigned u = 0; u < UNIQUES; u++)
		if (d->rule->limits[LIMIT_DST_IPS + u] > 0)
			buf_printf(out, " %" PRIu32, d->now.unique[u]);
	buf_printf(out, "%s%s\n", d->blackhole ? " blackhole" : "", d->trusted ? "" : " untrusted");
}

static struct engine_rules
rules_of(const char *yaml, const char *own)
{
	struct engine_rules r = {0};
	struct prefix p;
	struct err e;

	if (rules_parse(&r.rules, "t", str_from(yaml), NULL, &e) < 0)
		fail_msg("%s", e.msg);
	if (own != NULL) {
		assert_int_equal(prefix_parse(&p, str_from(own), &e), 0);
		nets_add(&r.own, &p);
	}
	nets_seal(&r.own);
	return r;
}

static const struct engine_options usual = {
    .clock = CLOCK_RECEIVED,
    .tolerance = 60,
    .update_every = 60,
    .memory = 64 << 20,
    .incidents_max = 1000,
    .emit = emit_brief,
};

static struct engine *
engine_of(const char *yaml, const char *own, const struct engine_options *o, struct buf *out)
{
	struct engine_rules r = rules_of(yaml, own);
	struct engine_options mine = *o;

	mine.arg = out;
	return engine_new(&r, &mine);
}

/* Feeds the flows in batches of at most `cut`. */
static void
feed(struct engine *e, const struct flow *flows, size_t n, size_t cut)
{
	struct builder bd;
	struct arena a = {0};
	struct batch b;

	builder_init(&bd, 0);
	for (size_t i = 0; i < n; i++) {
		put(&bd, &flows[i]);
		if (bd.rows < cut && !builder_full(&bd) && i + 1 < n)
			continue;
		builder_finish(&bd, &b);
		engine_batch(e, &b, &a);
		builder_reset(&bd);
		arena_reset(&a);
	}
	builder_release(&bd);
	arena_release(&a);
}

/* What comes out, to the end of input. */
static void
assert_out(const char *yaml, const struct flow *flows, size_t n, const char *want)
{
	struct buf out = {0};
	struct engine *e = engine_of(yaml, NULL, &usual, &out);

	feed(e, flows, n, 1000);
	engine_end(e);
	assert_string_equal(buf_cstr(&out), want);
	engine_free(e);
	buf_release(&out);
}
#define N(flows) (sizeof(flows) / sizeof(flows)[0])

static void
an_incident_starts_goes_on_and_ends(void **state)
{
	static const struct flow flows[] = {
	    {.ms = 1000000, .src = 1, .dst = 2, .packets = 1, .bytes = 40},
	    {.ms = 1000500, .src = 1, .dst = 2, .packets = 1, .bytes = 40},
	    {.ms = 1001250, .src = 1, .dst = 3, .packets = 5, .bytes = 400},
	    {.ms = 1001300, .src = 1, .dst = 3, .packets = 5, .bytes = 400},
	    {.ms = 1030000, .src = 9, .dst = 3, .packets = 1, .bytes = 40},
	};

	(void)state;
	/* Three flows within 10 s: from the third, at 1001, to the end of 1010; quiet for 10 s at 1019. */
	assert_out("- {name: r, min_flows: 3, time_window: 10}", flows, N(flows),
	    "start 1001.250 r {\"src_ip\":\"10.0.0.1\"} 3 7 480\n"
	    "end 1020.000 r {\"src_ip\":\"10.0.0.1\"} 4 12 880\n");
}

static void
one_below_each_threshold_is_silent(void **state)
{
	static const char *const silent[] = {
	    "- {name: r, time_window: 10, min_flows: 5}",
	    "- {name: r, time_window: 10, unique_dst_ips: 4}",
	    "- {name: r, time_window: 10, unique_dst_ports: 3}",
	    "- {name: r, time_window: 10, min_total_bytes: 1001}",
	    "- {name: r, time_window: 10, min_total_packets: 41}",
	    "- {name: r, time_window: 10, min_avg_pps: 5}",
	    "- {name: r, time_window: 10, min_avg_bps: 801}",
	    "- {name: r, time_window: 3, min_flows: 4}",
	    "- {name: r, time_window: 10, group_by: [dst_prefix/8], min_unique_src_ips: 2}",
	    "- {name: r, time_window: 10, min_ml_score: 0}",
	};
	static const char *const heard[] = {
	    "- {name: r, time_window: 10, min_flows: 4}",
	    "- {name: r, time_window: 10, unique_dst_ips: 3}",
	    "- {name: r, time_window: 10, unique_dst_ports: 2}",
	    "- {name: r, time_window: 10, min_total_bytes: 1000}",
	    "- {name: r, time_window: 10, min_total_packets: 40}",
	    "- {name: r, time_window: 10, min_avg_pps: 4}",
	    "- {name: r, time_window: 10, min_avg_bps: 800}",
	    "- {name: r, time_window: 4, min_flows: 4}",
	    "- {name: r, time_window: 10, group_by: [dst_prefix/8], min_unique_src_ips: 1}",
	};
	static const struct flow flows[] = {
	    {.ms = 1000000, .src = 1, .dst = 2, .dport = 80, .packets = 10, .bytes = 250},
	    {.ms = 1001000, .src = 1, .dst = 3, .dport = 80, .packets = 10, .bytes = 250},
	    {.ms = 1002000, .src = 1, .dst = 4, .dport = 81, .packets = 10, .bytes = 250},
	    {.ms = 1003999, .src = 1, .dst = 2, .dport = 81, .packets = 10, .bytes = 250},
	};

	(void)state;
	for (size_t i = 0; i < N(silent); i++)
		assert_out(silent[i], flows, N(flows), "");
	for (size_t i = 0; i < N(heard); i++) {
		struct buf out = {0};
		struct engine *e = engine_of(heard[i], NULL, &usual, &out);

		feed(e, flows, N(flows), 1000);
		if (strncmp(buf_cstr(&out), "start ", 6) != 0)
			fail_msg("silent: %s", heard[i]);
		engine_free(e);
		buf_release(&out);
	}
}

static void
sampling_and_long_flows_are_weighed(void **state)
{
	static const struct flow flows[] = {
	    {.ms = 1000000, .src = 1, .dst = 2, .packets = 3, .bytes = 300, .rate = 100},
	    {.ms = 1000000,
		.src = 3,
		.dst = 2,
		.packets = 3000,
		.bytes = 60000,
		.start = 700000,
		.end = 1000000},
	    {.ms = 1000000,
		.src = 4,
		.dst = 2,
		.packets = 3000,
		.bytes = 60000,
		.start = 990000,
		.end = 1000000},
	};

	(void)state;
	assert_out("- {name: r, min_flows: 1, time_window: 10}", flows, N(flows),
	    "start 1000.000 r {\"src_ip\":\"10.0.0.1\"} 1 300 30000\n"
	    "start 1000.000 r {\"src_ip\":\"10.0.0.3\"} 1 100 2000\n"
	    "start 1000.000 r {\"src_ip\":\"10.0.0.4\"} 1 3000 60000\n"
	    "end 1001.000 r {\"src_ip\":\"10.0.0.1\"} 1 300 30000\n"
	    "end 1001.000 r {\"src_ip\":\"10.0.0.3\"} 1 100 2000\n"
	    "end 1001.000 r {\"src_ip\":\"10.0.0.4\"} 1 3000 60000\n");
}

static void
updates_come_while_it_goes_on(void **state)
{
	struct buf out = {0};
	struct engine *e = engine_of("- {name: r, min_flows: 2, time_window: 5}", NULL, &usual, &out);

	(void)state;
	for (int i = 0; i < 130; i++) {
		struct flow f = {.ms = 1000000 + i * 1000, .src = 1, .dst = 2, .packets = 1, .bytes = 1};
		feed(e, &f, 1, 1);
	}
	engine_advance(e, 1200000);
	assert_string_equal(buf_cstr(&out), "start 1001.000 r {\"src_ip\":\"10.0.0.1\"} 2 2 2\n"
					    "update 1062.000 r {\"src_ip\":\"10.0.0.1\"} 5 5 5\n"
					    "update 1122.000 r {\"src_ip\":\"10.0.0.1\"} 5 5 5\n"
					    "end 1138.000 r {\"src_ip\":\"10.0.0.1\"} 2 2 2\n");
	engine_free(e);
	buf_release(&out);
}

static void
the_blackhole_comes_after_its_seconds(void **state)
{
	static const char rule[] =
	    "- {name: r, proto: tcp, min_flows: 1, time_window: 2, action: [alert, blackhole],"
	    " blackhole_count: 4, blackhole_count_reset: 1000, cooldown: 50}";
	struct buf out = {0};
	struct engine *e = engine_of(rule, NULL, &usual, &out);
	static const struct flow flows[] = {
	    {.ms = 1000000, .src = 1, .dst = 2, .proto = 6}, /* holds in 1000 and 1001 */
	    {.ms = 1010000, .src = 1, .dst = 2, .proto = 6}, /* in 1010 (muted) and 1011: due */
	    {.ms = 1100000, .src = 1, .dst = 2, .proto = 6}, /* a new incident: due at once */
	    {.ms = 2102000, .src = 1, .dst = 2, .proto = 6}, /* forgotten by now */
	};

	(void)state;
	feed(e, flows, N(flows), 1000);
	engine_end(e);
	assert_string_equal(buf_cstr(&out), "start 1000.000 r {\"src_ip\":\"10.0.0.1\"} 1 0 0\n"
					    "end 1004.000 r {\"src_ip\":\"10.0.0.1\"} 1 0 0\n"
					    "start 1012.000 r {\"src_ip\":\"10.0.0.1\"} 1 0 0 blackhole\n"
					    "end 1014.000 r {\"src_ip\":\"10.0.0.1\"} 1 0 0 blackhole\n"
					    "start 1100.000 r {\"src_ip\":\"10.0.0.1\"} 1 0 0 blackhole\n"
					    "end 1104.000 r {\"src_ip\":\"10.0.0.1\"} 1 0 0 blackhole\n"
					    "start 2102.000 r {\"src_ip\":\"10.0.0.1\"} 1 0 0\n"
					    "end 2103.000 r {\"src_ip\":\"10.0.0.1\"} 1 0 0\n");
	engine_free(e);
	buf_release(&out);
}

static void
cooldown_mutes(void **state)
{
	static const struct flow flows[] = {
	    {.ms = 1000000, .src = 1, .dst = 2},
	    {.ms = 1005000, .src = 1, .dst = 2}, /* within 20 s of the end at 1003 */
	    {.ms = 1022000, .src = 1, .dst = 2}, /* muted at first, holds on when it is over */
	    {.ms = 1023000, .src = 1, .dst = 2},
	};

	(void)state;
	assert_out("- {name: r, min_flows: 1, time_window: 2, cooldown: 20}", flows, N(flows),
	    "start 1000.000 r {\"src_ip\":\"10.0.0.1\"} 1 0 0\n"
	    "end 1004.000 r {\"src_ip\":\"10.0.0.1\"} 1 0 0\n"
	    "start 1023.000 r {\"src_ip\":\"10.0.0.1\"} 2 0 0\n"
	    "end 1024.000 r {\"src_ip\":\"10.0.0.1\"} 2 0 0\n");
}

/* Who may forge exports can make us tell, not act; nor does his noise hide what others saw. */
static void
untrusted_flows_only_tell(void **state)
{
	static const char rule[] =
	    "- {name: r, proto: tcp, min_flows: 2, time_window: 5, action: [alert, blackhole],"
	    " blackhole_count: 1}";
	static const struct flow flows[] = {
	    {.ms = 1000000, .src = 1, .dst = 2, .proto = 6, .trusted = 2},
	    {.ms = 1000000, .src = 1, .dst = 2, .proto = 6, .trusted = 1},
	    {.ms = 1000100, .src = 1, .dst = 2, .proto = 6, .trusted = 2},
	    {.ms = 1000200, .src = 1, .dst = 2, .proto = 6}, /* not from the network */
	};

	(void)state;
	assert_out(rule, flows, N(flows),
	    "start 1000.100 r {\"src_ip\":\"10.0.0.1\"} 2 0 0 untrusted\n"
	    "start 1000.200 r {\"src_ip\":\"10.0.0.1\"} 2 0 0 blackhole\n"
	    "end 1001.000 r {\"src_ip\":\"10.0.0.1\"} 2 0 0 blackhole\n"
	    "end 1001.000 r {\"src_ip\":\"10.0.0.1\"} 2 0 0 untrusted\n");
}

static void
late_stale_and_jumping_clocks(void **state)
{
	struct buf out = {0};
	struct engine_options o = usual;
	struct flow f = {.src = 1, .dst = 2};

	(void)state;
	o.tolerance = 5;
	struct engine *e = engine_of("- {name: r, min_flows: 3, time_window: 10}", NULL, &o, &out);
	static const int64_t times[] = {1000000, 1004000, 999000, 998000, 0, 1005000};
	for (size_t i = 0; i < N(times); i++) {
		f.ms = times[i];
		feed(e, &f, 1, 1);
	}
	/* 998 is six seconds late: not counted; 999 is the third. */
	assert_string_equal(buf_cstr(&out), "start 999.000 r {\"src_ip\":\"10.0.0.1\"} 3 0 0\n");
	assert_int_equal(engine_counts(e)->late, 1);
	assert_int_equal(engine_counts(e)->stale, 1);
	assert_int_equal(engine_counts(e)->untimed, 1);
	/* An hour back, for good: the incident ends, and it all begins anew. */
	out.len = 0;
	for (int i = 0; i < 70; i++) {
		f.ms = 500000 + i;
		feed(e, &f, 1, 1);
	}
	assert_string_equal(buf_cstr(&out), "end 1006.000 r {\"src_ip\":\"10.0.0.1\"} 3 0 0\n"
					    "start 500.065 r {\"src_ip\":\"10.0.0.1\"} 3 0 0\n");
	assert_int_equal(engine_counts(e)->clock_resets, 1);
	assert_int_equal(engine_counts(e)->stale, 64);
	/* A day ahead: the windows run empty. */
	out.len = 0;
	f.ms = 86900000;
	feed(e, &f, 1, 1);
	assert_string_equal(buf_cstr(&out), "end 520.000 r {\"src_ip\":\"10.0.0.1\"} 7 0 0\n");
	engine_free(e);
	buf_release(&out);
}

static void
own_prefixes_and_filters_choose_flows(void **state)
{
	static const struct {
		const char *keys;
		const char *own;
		const char *seen; /* the sources heard, in order */
	} cases[] = {
	    {"", "10.0.0.128/25", "1 2 3 200"},
	    {"same_dst_port: true", "10.0.0.128/25", "1 3"},
	    {"same_dst_port: true", NULL, "1 2 3 200"},
	    {"direction: in", "10.0.0.128/25", "1 3"},
	    {"direction: out", "10.0.0.128/25", "200"},
	    {"direction: internal", "10.0.0.0/24", "1 2 3 200"},
	    {"direction: [transit, out]", "10.0.0.128/25", "2 200"},
	    {"proto: udp", NULL, "2"},
	    {"proto: [udp, 1]", NULL, "2 3"},
	    {"dst_port: 50-100", NULL, "1 2 200"},
	    {"tcp_flags: S/SA", NULL, "1"},
	    {"tcp_flags: \"syn\"", NULL, "1 200"},
	    {"min_bytes: 100", NULL, "200"},
	    {"exclude_src_ips: [10.0.0.2, 10.0.0.128/25]", NULL, "1 3"},
	    {"exclude_dst_ips: 10.0.0.0/25", NULL, "1 3"},
	    {"only_prefixes: 10.0.0.200", NULL, "1 200"},
	};
	static const struct flow flows[] = {
	    {.ms = 1000000, .src = 1, .dst = 200, .dport = 80, .proto = 6, .flags = 2, .bytes = 40},
	    {.ms = 1000001, .src = 2, .dst = 9, .dport = 53, .proto = 17, .bytes = 60},
	    {.ms = 1000002, .src = 3, .dst = 201, .dport = 0, .proto = 1, .bytes = 60},
	    {.ms = 1000003, .src = 200, .dst = 1, .dport = 99, .proto = 6, .flags = 18, .bytes = 900},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct buf yaml = {0}, out = {0}, seen = {0};

		buf_printf(&yaml, "- {name: r, min_flows: 1%s%s}", cases[i].keys[0] != '\0' ? ", " : "",
		    cases[i].keys);
		struct engine *e = engine_of(buf_cstr(&yaml), cases[i].own, &usual, &out);
		feed(e, flows, N(flows), 1000);
		for (const char *p = buf_cstr(&out); (p = strstr(p, "\"10.0.0.")) != NULL; p++)
			buf_printf(&seen, "%s%d", seen.len > 0 ? " " : "", (int)strtol(p + 8, NULL, 10));
		if (strcmp(buf_cstr(&seen), cases[i].seen) != 0)
			fail_msg("%s: saw %s, not %s", cases[i].keys, buf_cstr(&seen), cases[i].seen);
		engine_free(e);
		buf_release(&yaml);
		buf_release(&out);
		buf_release(&seen);
	}
}

static uint32_t
pick(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (uint32_t)((*state >> 33) % below);
}

/* Six rules over five keys; the first two share a state. */
static const char model_yaml[] =
    "- {name: scan, proto: tcp, unique_dst_ips: 4, min_flows: 6, time_window: 5}\n"
    "- {name: busy, proto: tcp, min_flows: 9, time_window: 5}\n"
    "- {name: many, min_unique_src_ips: 3, time_window: 7}\n"
    "- {name: port, same_dst_port: true, min_flows: 5, time_window: 3, cooldown: 20}\n"
    "- {name: net, group_by: [dst_prefix/30], min_total_bytes: 2000, time_window: 10}\n"
    "- {name: vert, tcp_flags: S/SA, unique_dst_ports: 3, min_avg_pps: 2, time_window: 4}\n";

static struct flow
random_flow(uint64_t *r, int64_t *clock_ms)
{
	if (pick(r, 3) == 0)
		*clock_ms += pick(r, 60) == 0 ? pick(r, 40000) : pick(r, 1500);
	return (struct flow){
	    .ms = *clock_ms - (pick(r, 10) == 0 ? (int64_t)pick(r, 12000) : 0),
	    .src = 1 + pick(r, 4),
	    .dst = 100 + pick(r, 8),
	    .dport = (uint16_t)(1 + pick(r, 4)),
	    .proto = pick(r, 4) == 0 ? 17 : 6,
	    .flags = pick(r, 3) == 0 ? 18 : 2,
	    .packets = 1 + pick(r, 5),
	    .bytes = 40 + pick(r, 400),
	};
}

/* The rules again, as plain as can be: every count by looking at every flow. */
struct model {
	const char *name;
	uint32_t window, cooldown, least_flows, least_pps, least_bytes, unique[UNIQUES];
	bool tcp, syn;
	char key; /* s, d, p (source and port), n (30 bits of the destination) */
};
static const struct model models[] = {
    {"scan", 5, 0, 6, 0, 0, {4, 0, 0}, true, false, 's'},
    {"busy", 5, 0, 9, 0, 0, {0, 0, 0}, true, false, 's'},
    {"many", 7, 0, 0, 0, 0, {0, 0, 3}, false, false, 'd'},
    {"port", 3, 20, 5, 0, 0, {0, 0, 0}, false, false, 'p'},
    {"net", 10, 0, 0, 0, 2000, {0, 0, 0}, false, false, 'n'},
    {"vert", 4, 0, 0, 2, 0, {0, 3, 0}, true, true, 's'},
};

struct model_incident {
	uint32_t rule, key, last_held, muted_until, update_at, said_at;
	enum { M_CLOSED, M_MUTED, M_OPEN } phase;
	struct totals now;
};

struct world {
	const struct flow *flows;
	size_t n; /* seen so far */
	uint32_t now;
	struct model_incident incidents[1000];
	size_t incident_count;
	struct buf *out;
};

static uint32_t
model_key(const struct model *m, const struct flow *f)
{
	switch (m->key) {
	case 's':
		return f->src;
	case 'd':
		return f->dst;
	case 'p':
		return f->src << 16 | f->dport;
	default:
		return f->dst & ~3U;
	}
}

static bool
model_sees(const struct model *m, const struct flow *f)
{
	return (!m->tcp || f->proto == 6) && (!m->syn || (f->flags & 18) == 2);
}

static bool
model_holds(const struct world *w, uint32_t rule, uint32_t key, struct totals *t)
{
	const struct model *m = &models[rule];
	bool seen[UNIQUES][256] = {{false}};

	*t = (struct totals){.score = -1};
	for (size_t i = 0; i < w->n; i++) {
		const struct flow *f = &w->flows[i];
		uint32_t sec = (uint32_t)(f->ms / 1000);
		uint32_t values[UNIQUES] = {f->dst, f->dport, f->src};

		if (sec > w->now || w->now - sec >= m->window || !model_sees(m, f) || model_key(m, f) != key)
			continue;
		t->flows++;
		t->packets += f->packets;
		t->bytes += f->bytes;
		for (unsigned u = 0; u < UNIQUES; u++) {
			t->unique[u] += m->unique[u] > 0 && !seen[u][values[u]];
			seen[u][values[u]] = true;
		}
	}
	bool holds = t->flows >= m->least_flows && t->packets >= m->least_pps * m->window &&
		     t->bytes >= m->least_bytes && t->flows > 0;
	for (unsigned u = 0; u < UNIQUES; u++) {
		holds = holds && t->unique[u] >= m->unique[u];
		if (t->unique[u] > m->unique[u])
			t->unique[u] = m->unique[u];
	}
	return holds;
}

static void
model_say(struct world *w, struct model_incident *in, const char *what, int64_t ms)
{
	const struct model *m = &models[in->rule];

	buf_printf(w->out, "%s %" PRId64 ".%03d %s ", what, ms / 1000, (int)(ms % 1000), m->name);
	if (m->key == 's')
		buf_printf(w->out, "{\"src_ip\":\"10.0.0.%u\"}", in->key);
	else if (m->key == 'd')
		buf_printf(w->out, "{\"dst_ip\":\"10.0.0.%u\"}", in->key);
	else if (m->key == 'p')
		buf_printf(
		    w->out, "{\"src_ip\":\"10.0.0.%u\",\"dst_port\":%u}", in->key >> 16, in->key & 0xffff);
	else
		buf_printf(w->out, "{\"dst_prefix\":\"10.0.0.%u/30\"}", in->key);
	buf_printf(
	    w->out, " %" PRIu64 " %" PRIu64 " %" PRIu64, in->now.flows, in->now.packets, in->now.bytes);
	for (unsigned u = 0; u < UNIQUES; u++)
		if (m->unique[u] > 0)
			buf_printf(w->out, " %" PRIu32, in->now.unique[u]);
	buf_putc(w->out, '\n');
	in->said_at = w->now;
}

static void
model_start(struct world *w, struct model_incident *in, int64_t ms)
{
	in->phase = M_OPEN;
	in->update_at = w->now + 60;
	model_say(w, in, "start", ms);
}

static void
model_flow(struct world *w, uint32_t rule, const struct flow *f)
{
	const struct model *m = &models[rule];
	uint32_t key = model_key(m, f);
	struct totals t;
	size_t i = 0;

	if (!model_sees(m, f) || w->now - (uint32_t)(f->ms / 1000) >= m->window ||
	    !model_holds(w, rule, key, &t))
		return;
	while (i < w->incident_count && (w->incidents[i].rule != rule || w->incidents[i].key != key))
		i++;
	struct model_incident *in = &w->incidents[i];
	if (i == w->incident_count) {
		w->incident_count++;
		*in = (struct model_incident){.rule = rule, .key = key};
	}
	if (in->phase == M_CLOSED)
		in->phase = M_MUTED;
	in->last_held = w->now;
	if (in->phase == M_MUTED && w->now >= in->muted_until) {
		in->now = t;
		model_start(w, in, f->ms);
	}
}

/* By rule, then key as bytes: the order of the engine's lines at the end of a second. */
static int
model_order(const void *a, const void *b)
{
	const struct model_incident *x = a, *y = b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static void
model_second(struct world *w)
{
	qsort(w->incidents, w->incident_count, sizeof w->incidents[0], model_order);
	for (size_t i = 0; i < w->incident_count; i++) {
		struct model_incident *in = &w->incidents[i];
		int64_t ms = ((int64_t)w->now + 1) * 1000;
		struct totals t;

		if (in->phase == M_CLOSED)
			continue;
		if (model_holds(w, in->rule, in->key, &t)) {
			in->last_held = w->now;
			in->now = t;
			if (in->phase == M_MUTED && w->now >= in->muted_until)
				model_start(w, in, ms);
		} else if (w->now - in->last_held >= models[in->rule].window) {
			if (in->phase == M_OPEN) {
				model_say(w, in, "end", ms);
				in->muted_until = w->now + models[in->rule].cooldown;
			}
			in->phase = M_CLOSED;
			continue;
		}
		if (in->phase == M_OPEN && w->now >= in->update_at) {
			if (in->last_held > in->said_at)
				model_say(w, in, "update", ms);
			in->update_at += 60;
		}
	}
}

static void
model_run(const struct flow *flows, size_t n, struct buf *out)
{
	static struct world w;

	w = (struct world){.flows = flows, .out = out};
	for (size_t i = 0; i < n; i++) {
		uint32_t sec = (uint32_t)(flows[i].ms / 1000);

		for (; w.now != 0 && w.now < sec; w.now++)
			model_second(&w);
		if (w.now == 0)
			w.now = sec;
		w.n = i + 1;
		for (uint32_t r = 0; r < N(models); r++)
			model_flow(&w, r, &flows[i]);
	}
	model_second(&w);
	for (size_t i = 0; i < w.incident_count; i++)
		if (w.incidents[i].phase == M_OPEN)
			model_say(&w, &w.incidents[i], "end", ((int64_t)w.now + 1) * 1000);
}

enum { FLOWS = 400 };

static void
detections_are_those_of_the_model(void **state)
{
	static struct flow flows[FLOWS];
	size_t lines = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		uint64_t r = seed;
		int64_t clock_ms = 1000000;
		struct buf want = {0}, got = {0};

		for (size_t i = 0; i < FLOWS; i++)
			flows[i] = random_flow(&r, &clock_ms);
		model_run(flows, FLOWS, &want);
		struct engine *e = engine_of(model_yaml, NULL, &usual, &got);
		feed(e, flows, FLOWS, 1 + seed * 7);
		engine_end(e);
		assert_string_equal(buf_cstr(&got), buf_cstr(&want));
		for (size_t i = 0; i < got.len; i++)
			lines += got.p[i] == '\n';
		engine_free(e);
		buf_release(&want);
		buf_release(&got);
	}
	assert_true(lines > 1000);
}

/* Every byte of the output, ids included, however the flows are cut, and by reloads of the same rules. */
static void
output_does_not_depend_on_the_cut(void **state)
{
	static struct flow flows[FLOWS * 10];
	static const size_t cuts[] = {1, 7, 64, 100, 1000, 8192};
	struct engine_options o = usual;
	struct buf want = {0};
	int64_t clock_ms = 1000000;
	uint64_t r = 4711;

	(void)state;
	o.emit = emit_line;
	for (size_t i = 0; i < N(flows); i++)
		flows[i] = random_flow(&r, &clock_ms);
	for (size_t c = 0; c < 2 * N(cuts); c++) {
		struct buf got = {0};
		struct engine *e = engine_of(model_yaml, NULL, &o, &got);
		size_t half = N(flows) / 2;

		feed(e, flows, half, cuts[c % N(cuts)]);
		if (c >= N(cuts)) {
			struct engine_rules same = rules_of(model_yaml, NULL);
			engine_reload(e, &same);
		}
		feed(e, flows + half, N(flows) - half, cuts[c % N(cuts)]);
		engine_end(e);
		if (c == 0)
			want = got;
		else
			assert_string_equal(buf_cstr(&got), buf_cstr(&want));
		engine_free(e);
		if (c > 0)
			buf_release(&got);
	}
	assert_true(want.len > 10000);
	buf_release(&want);
}

static void
a_reload_ends_what_is_gone(void **state)
{
	static const char before[] = "- {name: a, min_flows: 2, time_window: 10}\n"
				     "- {name: b, min_flows: 2, time_window: 11}\n"
				     "- {name: c, unique_dst_ips: 3, time_window: 10}\n";
	static const char after[] = "- {name: c, unique_dst_ips: 3, time_window: 10}\n"
				    "- {name: a, min_flows: 4, time_window: 10}\n"
				    "- {name: d, unique_dst_ports: 2, time_window: 10}\n";
	static const struct flow flows[] = {
	    {.ms = 1000000, .src = 1, .dst = 2, .dport = 1},
	    {.ms = 1001000, .src = 1, .dst = 3, .dport = 2},
	    {.ms = 1002000, .src = 1, .dst = 4, .dport = 3},
	};
	struct buf out = {0};
	struct engine *e = engine_of(before, NULL, &usual, &out);

	(void)state;
	feed(e, flows, 2, 10);
	assert_string_equal(buf_cstr(&out), "start 1001.000 a {\"src_ip\":\"10.0.0.1\"} 2 0 0\n"
					    "start 1001.000 b {\"src_ip\":\"10.0.0.1\"} 2 0 0\n");
	out.len = 0;
	struct engine_rules r = rules_of(after, NULL);
	engine_reload(e, &r);
	assert_string_equal(buf_cstr(&out), "end 1002.000 b {\"src_ip\":\"10.0.0.1\"} 2 0 0\n");
	out.len = 0;
	feed(e, flows + 2, 1, 10);
	/* c goes on counting from before; d is new and counts from now, in the groups that it shares. */
	assert_string_equal(buf_cstr(&out), "start 1002.000 c {\"src_ip\":\"10.0.0.1\"} 3 0 0 3\n");
	out.len = 0;
	engine_end(e);
	assert_string_equal(buf_cstr(&out), "end 1003.000 c {\"src_ip\":\"10.0.0.1\"} 3 0 0 3\n"
					    "end 1003.000 a {\"src_ip\":\"10.0.0.1\"} 2 0 0\n");
	engine_free(e);
	buf_release(&out);
}

static void
the_number_of_incidents_is_bounded(void **state)
{
	struct engine_options o = usual;
	struct buf out = {0};

	(void)state;
	o.incidents_max = 10;
	struct engine *e =
	    engine_of("- {name: r, min_flows: 1, time_window: 5, cooldown: 1000}", NULL, &o, &out);
	for (uint32_t i = 0; i < 30; i++) {
		struct flow f = {.ms = 1000000, .src = i, .dst = 200};
		feed(e, &f, 1, 1);
	}
	assert_int_equal(engine_counts(e)->open, 10);
	assert_int_equal(engine_counts(e)->started, 10);
	assert_int_equal(engine_counts(e)->incidents_refused, 20);
	engine_advance(e, 1020000);
	assert_int_equal(engine_counts(e)->open, 0);
	for (uint32_t i = 100; i < 105; i++) {
		struct flow f = {.ms = 1020000, .src = i, .dst = 200};
		feed(e, &f, 1, 1);
	}
	assert_int_equal(engine_counts(e)->started, 15);
	assert_int_equal(engine_counts(e)->incidents_forgotten, 5);
	engine_free(e);
	buf_release(&out);
}

/* A flood of sources beyond the cap: memory stands, and who is busy is still seen. */
static void
memory_is_bounded(void **state)
{
	enum { SPOOFED = 400000 };
	struct engine_options o = usual;
	struct buf out = {0};
	struct flow *flows = mem_zero(SPOOFED, sizeof *flows);

	(void)state;
	o.memory = 8 << 20;
	struct engine *e = engine_of("- {name: r, unique_dst_ips: 50, time_window: 60}", NULL, &o, &out);
	for (uint32_t i = 0; i < SPOOFED; i++) {
		flows[i] = (struct flow){.ms = 1000000 + i / 20, .src = 0x20000000 + i, .dst = 1};
		if (i % 4000 == 0)
			flows[i] = (struct flow){.ms = 1000000 + i / 20, .src = 7, .dst = i / 4000};
	}
	feed(e, flows, SPOOFED, 8192);
	assert_true(engine_counts(e)->memory <= o.memory);
	assert_true(engine_counts(e)->groups_evicted > 100000);
	assert_int_equal(engine_counts(e)->started, 1);
	assert_non_null(strstr(buf_cstr(&out), "\"10.0.0.7\"} 50 0 0 50"));
	engine_free(e);
	free(flows);
	buf_release(&out);
}

static void
ipv6_stands_beside_ipv4(void **state)
{
	static const char *const hosts[] = {
	    "2001:db8::1", "10.0.0.1", "2001:db8::1", "10.0.0.1", "2001:db8::2"};
	static const char rule[] =
	    "- {name: r, min_flows: 2, time_window: 5}\n"
	    "- {name: n, proto: tcp, tcp_flags: A, group_by: [src_prefix/24/64], min_flows: 3, time_window: "
	    "5,"
	    " action: blackhole, blackhole_count: 1, blackhole_next_hop: [192.0.2.1, '100::1']}\n";
	struct engine_options o = usual;
	struct buf out = {0};
	struct builder bd;
	struct arena a = {0};
	struct batch b;

	(void)state;
	struct engine *e = engine_of(rule, NULL, &o, &out);
	builder_init(&bd, 0);
	for (size_t i = 0; i < N(hosts); i++) {
		struct addr src;

		put(&bd, &(struct flow){.ms = 1000000 + (int64_t)i, .dst = 2, .proto = 6, .flags = 16});
		assert_int_equal(addr_parse(&src, str_from(hosts[i])), 0);
		builder_addr(&bd, FIELD_src_host, &src);
	}
	builder_finish(&bd, &b);
	engine_batch(e, &b, &a);
	engine_end(e);
	assert_string_equal(buf_cstr(&out),
	    "start 1000.002 r {\"src_ip\":\"2001:db8::1\"} 2 0 0\n"
	    "start 1000.003 r {\"src_ip\":\"10.0.0.1\"} 2 0 0\n"
	    "start 1000.004 n {\"src_prefix\":\"2001:db8::/64\"} 3 0 0 blackhole\n"
	    "end 1001.000 r {\"src_ip\":\"10.0.0.1\"} 2 0 0\n"
	    "end 1001.000 r {\"src_ip\":\"2001:db8::1\"} 2 0 0\n"
	    "end 1001.000 n {\"src_prefix\":\"2001:db8::/64\"} 3 0 0 blackhole\n");
	engine_free(e);
	out.len = 0;
	o.emit = emit_line;
	e = engine_of(rule, NULL, &o, &out);
	engine_batch(e, &b, &a);
	assert_non_null(
	    strstr(buf_cstr(&out), "\"blackhole\":{\"prefix\":\"2001:db8::/"
				   "64\",\"target\":\"src\",\"next_hop\":\"100::1\",\"ttl\":3600}"));
	engine_free(e);
	builder_release(&bd);
	arena_release(&a);
	buf_release(&out);
}

static void
a_line_says_it_all(void **state)
{
	static const char rule[] =
	    "- {name: 'scan \"x\"', proto: tcp, same_dst_port: true, unique_dst_ips: 2, min_flows: 2,"
	    " time_window: 10, action: [alert, blackhole], blackhole_count: 1, blackhole_next_hop: 192.0.2.1,"
	    " blackhole_communities: ['65001:666'], blackhole_time: [60, 0]}";
	static const struct flow flows[] = {
	    {.ms = 1700000000123,
		.src = 1,
		.dst = 2,
		.dport = 22,
		.proto = 6,
		.flags = 2,
		.packets = 1,
		.bytes = 40},
	    {.ms = 1700000000456,
		.src = 1,
		.dst = 3,
		.dport = 22,
		.proto = 6,
		.flags = 2,
		.packets = 2,
		.bytes = 80},
	};
	struct engine_options o = usual;
	struct buf out = {0};

	(void)state;
	o.emit = emit_line;
	struct engine *e = engine_of(rule, NULL, &o, &out);
	feed(e, flows, N(flows), 10);
	assert_string_equal(buf_cstr(&out),
	    "{\"type\":\"detection\",\"id\":\"1ae31b4b-2185-5d14-9718-f75ef4d319dc\",\"state\":\"start\","
	    "\"time\":1700000000.456,\"start\":1700000000.456,\"rule\":\"scan \\\"x\\\"\","
	    "\"key\":{\"src_ip\":\"10.0.0.1\",\"dst_port\":22},\"window\":10,\"flows\":2,\"packets\":3,"
	    "\"bytes\":120,\"pps\":0,\"bps\":96,\"unique_dst_ips\":2,"
	    "\"reasons\":[{\"threshold\":\"min_flows\",\"limit\":2,\"value\":2},"
	    "{\"threshold\":\"unique_dst_ips\",\"limit\":2,\"value\":2,\"at_least\":true}],"
	    "\"actions\":[\"alert\",\"blackhole\"],"
	    "\"blackhole\":{\"prefix\":\"10.0.0.1/32\",\"target\":\"src\",\"next_hop\":\"192.0.2.1\","
	    "\"communities\":[\"65001:666\"],\"ttl\":[60,0]},"
	    "\"samples\":[{\"time\":1700000000.456,\"src_host\":\"10.0.0.1\",\"dst_host\":\"10.0.0.3\","
	    "\"src_port\":40000,\"dst_port\":22,\"proto\":6,\"tcpflags\":2,\"packets\":2,\"bytes\":80}]}\n");
	engine_free(e);
	buf_release(&out);
}

/* The list is short, but an own address always finds its place in it; untranslated ones do not count. */
static void
translated_addresses_are_told(void **state)
{
	struct flow flows[8];
	struct engine_options o = usual;
	struct buf out = {0};

	(void)state;
	o.emit = emit_line;
	for (uint32_t i = 0; i < N(flows); i++)
		flows[i] = (struct flow){.ms = 1000000 + i, .src = 1, .dst = 2, .nat_src = 20 + i / 2};
	flows[0].nat_src = 1;
	flows[7].nat_src = 200;
	struct engine *e = engine_of("- {name: r, min_flows: 1, time_window: 5}", "10.0.0.128/25", &o, &out);
	feed(e, flows, 1, 10);
	assert_null(strstr(buf_cstr(&out), "nat_"));
	feed(e, flows + 1, N(flows) - 1, 10);
	engine_end(e);
	assert_non_null(strstr(buf_cstr(&out),
	    ",\"nat_src_hosts\":[\"10.0.0.200\",\"10.0.0.21\",\"10.0.0.22\",\"10.0.0.23\"],\"samples\""));
	engine_free(e);
	out.len = 0;
	flows[2].nat_src = 30;
	e = engine_of("- {name: r, min_flows: 1, time_window: 5}", "10.0.0.128/25", &o, &out);
	feed(e, flows, N(flows), 10);
	engine_end(e);
	assert_non_null(strstr(
	    buf_cstr(&out), "\"nat_src_hosts\":[\"10.0.0.200\",\"10.0.0.30\",\"10.0.0.21\",\"10.0.0.22\"]"));
	engine_free(e);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_incident_starts_goes_on_and_ends),
	    cmocka_unit_test(one_below_each_threshold_is_silent),
	    cmocka_unit_test(sampling_and_long_flows_are_weighed),
	    cmocka_unit_test(updates_come_while_it_goes_on),
	    cmocka_unit_test(the_blackhole_comes_after_its_seconds),
	    cmocka_unit_test(cooldown_mutes),
	    cmocka_unit_test(untrusted_flows_only_tell),
	    cmocka_unit_test(late_stale_and_jumping_clocks),
	    cmocka_unit_test(own_prefixes_and_filters_choose_flows),
	    cmocka_unit_test(detections_are_those_of_the_model),
	    cmocka_unit_test(output_does_not_depend_on_the_cut),
	    cmocka_unit_test(a_reload_ends_what_is_gone),
	    cmocka_unit_test(the_number_of_incidents_is_bounded),
	    cmocka_unit_test(memory_is_bounded),
	    cmocka_unit_test(ipv6_stands_beside_ipv4),
	    cmocka_unit_test(a_line_says_it_all),
	    cmocka_unit_test(translated_addresses_are_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
