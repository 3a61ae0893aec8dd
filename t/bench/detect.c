/*
 * The rule engine on batches made here: a million sources in the window, Zipf
 * with a tenth of the flows from sources seen once. Only the engine's own CPU
 * time counts. Prints a row of the bench table a set of rules.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "detect/engine.h"
#include "flow/builder.h"

enum { FLOWS_PER_SECOND = 100000, SOURCES = 1000000, DESTINATIONS = 20000 };

static const char one_rule[] =
    "- {name: scan, proto: tcp, same_dst_port: true, unique_dst_ips: 500, min_flows: 700}\n";

/* What operators ask for, over five keys: source; source and port; both addresses; destination; its network. */
static const char twenty_rules[] =
    "- {name: horizontal, proto: tcp, same_dst_port: true, unique_dst_ips: 500, min_flows: 700}\n"
    "- {name: horizontal_fast, proto: tcp, same_dst_port: true, unique_dst_ips: 900, min_flows: 900}\n"
    "- {name: sweep, tcp_flags: S/SA, unique_dst_ips: 900}\n"
    "- {name: sweep_udp, proto: udp, unique_dst_ips: 900}\n"
    "- {name: vertical, tcp_flags: S/SA, same_dst_ip: true, unique_dst_ports: 100}\n"
    "- {name: vertical_slow, tcp_flags: S/SA, same_dst_ip: true, unique_dst_ports: 300, min_flows: 400}\n"
    "- {name: ssh_brute, proto: tcp, dst_port: 22, same_dst_ip: true, min_flows: 5000}\n"
    "- {name: rdp_brute, proto: tcp, dst_port: 3389, same_dst_ip: true, min_flows: 5000}\n"
    "- {name: smtp_burst, proto: tcp, dst_port: 25, unique_dst_ips: 900}\n"
    "- {name: syn_flood, tcp_flags: S/SA, min_unique_src_ips: 9000, min_avg_pps: 90000}\n"
    "- {name: udp_flood, proto: udp, group_by: [dst_ip], min_avg_bps: 9000000000}\n"
    "- {name: icmp_flood, proto: icmp, min_unique_src_ips: 9000, min_avg_pps: 90000}\n"
    "- {name: dns_amp, proto: udp, src_port: 53, min_unique_src_ips: 900, min_avg_bps: 900000000}\n"
    "- {name: ntp_amp, proto: udp, src_port: 123, min_unique_src_ips: 900, min_avg_bps: 900000000}\n"
    "- {name: memcached_amp, proto: udp, src_port: 11211, min_unique_src_ips: 90, min_avg_bps: 90000000}\n"
    "- {name: ssdp_amp, proto: udp, src_port: 1900, min_unique_src_ips: 900, min_avg_bps: 900000000}\n"
    "- {name: cldap_amp, proto: udp, src_port: 389, min_unique_src_ips: 900, min_avg_bps: 900000000}\n"
    "- {name: crowd, proto: tcp, dst_port: [80, 443], min_unique_src_ips: 90000}\n"
    "- {name: carpet, group_by: [dst_prefix/24], min_avg_bps: 90000000000}\n"
    "- {name: carpet_pps, group_by: [dst_prefix/24], min_avg_pps: 90000000}\n";

static uint64_t
random_next(uint64_t *s)
{
	uint64_t x = *s;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *s = x;
}

/* About Zipf with exponent 1 over n: the inverse of its distribution function. */
static uint32_t
zipf(uint64_t *s, double n)
{
	double u = (double)(random_next(s) >> 11) / 9007199254740992.0;

	return (uint32_t)exp(u * log(n));
}

static void
batch_fill(struct builder *bd, uint64_t *seed, uint64_t *serial)
{
	static const uint16_t ports[] = {443, 443, 443, 443, 80, 80, 53, 53, 22, 25, 3389, 123, 8080, 8443};

	while (!builder_full(bd)) {
		uint64_t n = (*serial)++, r = random_next(seed);
		bool once = r % 10 == 0, udp = r / 16 % 10 < 3, icmp = r / 16 % 10 == 9;
		struct addr src =
		    addr_from_v4(once ? 0x80000000 + (uint32_t)n : 0x10000000 + zipf(seed, SOURCES) * 3);
		struct addr dst = addr_from_v4(0xc6336400 + zipf(seed, DESTINATIONS));
		uint64_t ms = 1700000000000 + n * 1000 / FLOWS_PER_SECOND, packets = 1 + r / 1024 % 20;

		builder_row(bd);
		builder_u64(bd, FIELD_timestamp_start, ms - 5000);
		builder_u64(bd, FIELD_timestamp_end, ms - 1000);
		builder_u64(bd, FIELD_timestamp_received, ms);
		builder_addr(bd, FIELD_src_host, &src);
		builder_addr(bd, FIELD_dst_host, &dst);
		builder_u16(bd, FIELD_src_port, (uint16_t)(1024 + r / 65536 % 60000));
		builder_u16(bd, FIELD_dst_port, ports[r / 1048576 % (sizeof ports / sizeof ports[0])]);
		builder_u8(bd, FIELD_proto, icmp ? 1 : udp ? 17 : 6);
		builder_u16(bd, FIELD_tcpflags, udp || icmp ? 0 : r / 256 % 4 == 0 ? 2 : 27);
		builder_u64(bd, FIELD_packets, packets);
		builder_u64(bd, FIELD_bytes, packets * 700);
		builder_u32(bd, FIELD_sampling_rate, 1);
		builder_u8(bd, FIELD_trusted, 1);
	}
}

static void
count(void *arg, const struct detection *d)
{
	(void)d;
	(*(uint64_t *)arg)++;
}

static double
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
measure(const char *what, const char *yaml, uint64_t flows, double goal)
{
	uint64_t detections = 0, seed = 88172645463325252, serial = 0, timed = 0;
	struct engine_rules r = {0};
	struct engine_options o = {.tolerance = 60,
	    .update_every = 60,
	    .memory = (size_t)768 << 20,
	    .incidents_max = 10000,
	    .emit = count,
	    .arg = &detections};
	struct builder bd;
	struct arena a = {0};
	struct batch b;
	struct err e;
	double spent = 0;

	if (rules_parse(&r.rules, "bench", str_from(yaml), NULL, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		exit(1);
	}
	struct engine *en = engine_new(&r, &o);
	builder_init(&bd, 1);
	while (serial < flows) {
		batch_fill(&bd, &seed, &serial);
		builder_finish(&bd, &b);
		/* The window is full after sixty seconds; after another thirty, as many groups leave as come. */
		double before = cpu_now();
		engine_batch(en, &b, &a);
		if (serial > (uint64_t)FLOWS_PER_SECOND * 90) {
			spent += cpu_now() - before;
			timed += b.rows;
		}
		builder_reset(&bd);
		arena_reset(&a);
	}
	const struct engine_counts *c = engine_counts(en);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	fprintf(stderr,
	    "%s: %" PRIu64 " groups, %" PRIu64 " evicted, %" PRIu64 " MB of windows, %ld MB resident, "
	    "%" PRIu64 " detections\n",
	    what, c->groups, c->groups_evicted, c->memory >> 20, usage.ru_maxrss >> 10, detections);
	printf("%s\t%.2f M flows/s\t-\tgoal %.1f\n", what, (double)timed / spent / 1e6, goal);
	engine_free(en);
	builder_release(&bd);
	arena_release(&a);
}

int
main(int argc, char **argv)
{
	uint64_t flows = argc > 1 ? strtoull(argv[1], NULL, 10) : 12000000;

	measure("nf-detect: 1 rule, 1 M sources", one_rule, flows, 5);
	measure("nf-detect: 20 rules over 5 keys, 1 M sources", twenty_rules, flows, 1.5);
	return 0;
}
