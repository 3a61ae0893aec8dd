/*
 * Writes a day of flows, as binary batches, of a border router of a made-up network, 198.18.0.0/20: some thousand
 * clients, web and mail servers, a resolver, a name server. gen_day [-a TRUTH] [-n ATTACKS] [-s SEED] [SECONDS]
 *
 * With -a, attacks are laid over it, ATTACKS (10) of each kind of attacks.def, their sizes spread evenly on a
 * logarithmic scale; TRUTH gets a line for each with tabs between: kind, first and last second, size, and the address
 * or prefix to find, which is the source of scans and guessing and the victim of floods.
 *
 * The same arguments give the same bytes. Nothing here knows thresholds of rules.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "flow/builder.h"
#include "io/fdio.h"

enum { TCP = 6, UDP = 17, ICMP = 1, SYN = 2, WHOLE = 0x1b, BEGIN = 1700000000 };
enum {
	OWN = 0xc6120000,
	OWN_SIZE = 4096,
	RESOLVER = OWN + 10,
	NAMES = OWN + 11,
	MAIL = OWN + 12,
	WEB = OWN + 100
};
enum { WEB_SERVERS = 80, CLIENTS = OWN + 512, CLIENT_COUNT = 3000, FLOWS_A_SECOND = 2000 };

static struct builder builder;
static uint64_t state;
static uint32_t second;

struct flow {
	uint32_t src, dst;
	unsigned sport, dport, proto, flags;
	uint64_t packets, size; /* bytes of a packet */
	uint32_t ms; /* how long it lasted */
};

static uint64_t
rnd(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static double
uniform(void)
{
	return (double)(rnd() >> 11) / 9007199254740992.0;
}

static unsigned
below(unsigned n)
{
	return (unsigned)(rnd() % n);
}

/* How often something happens within a second that happens so often on average. */
static unsigned
times(double mean)
{
	unsigned n = (unsigned)mean;

	return n + (uniform() < mean - n);
}

/* Of a distribution with a long tail, from least. */
static uint64_t
pareto(double least, double shape)
{
	double v = least / pow(1 - uniform(), 1 / shape);

	return (uint64_t)(v < 2e6 ? v : 2e6);
}

static uint32_t
remote(void)
{
	for (;;) {
		uint32_t a = (uint32_t)rnd();

		if (a >> 24 >= 11 && a >> 24 < 224 && a >> 24 != 127 && a >> 16 != OWN >> 16)
			return a;
	}
}

/* One of the n best known remote addresses of a kind. */
static uint32_t
known(unsigned kind, unsigned n)
{
	uint64_t z = (uint64_t)kind << 32 | below(n);

	z = (z + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return 0x50000000 | (uint32_t)(z >> 33 & 0x0fffffff);
}

static uint32_t
client(void)
{
	return CLIENTS + below(CLIENT_COUNT);
}

static unsigned
high_port(void)
{
	return 32768 + below(28000);
}

static void
put_batch(void)
{
	static struct buf out;
	struct batch b;
	struct err e;

	if (builder.rows == 0)
		return;
	builder_finish(&builder, &b);
	out.len = 0;
	if (batch_serialize(&b, &out, &e) == -1)
		fatalx("%s", e.msg);
	if (fd_write_all(STDOUT_FILENO, out.p, out.len) == -1)
		fatal("stdout");
	builder_reset(&builder);
}

static void
put(struct flow f)
{
	struct addr src = addr_from_v4(f.src), dst = addr_from_v4(f.dst);
	uint64_t end = (uint64_t)second * 1000 + 999;

	if (builder_full(&builder))
		put_batch();
	builder_row(&builder);
	builder_u64(&builder, FIELD_timestamp_start, end - f.ms);
	builder_u64(&builder, FIELD_timestamp_end, end);
	builder_u64(&builder, FIELD_timestamp_received, end);
	builder_addr(&builder, FIELD_src_host, &src);
	builder_addr(&builder, FIELD_dst_host, &dst);
	builder_u16(&builder, FIELD_src_port, (uint16_t)f.sport);
	builder_u16(&builder, FIELD_dst_port, (uint16_t)f.dport);
	builder_u8(&builder, FIELD_proto, (uint8_t)f.proto);
	builder_u16(&builder, FIELD_tcpflags, (uint16_t)f.flags);
	builder_u64(&builder, FIELD_packets, f.packets);
	builder_u64(&builder, FIELD_bytes, f.packets * f.size);
}

/* A flow, and the answer to it, of so many packets of that size. */
static void
talk(struct flow f, uint64_t packets, uint64_t size)
{
	struct flow back = f;

	put(f);
	back.src = f.dst, back.dst = f.src, back.sport = f.dport, back.dport = f.sport;
	back.packets = packets, back.size = size;
	put(back);
}

/*
 * A clean day.
 */

static void
fetch(uint32_t from, uint32_t to, unsigned port, unsigned proto)
{
	uint64_t n = pareto(4, 1.1);

	talk((struct flow){from, to, high_port(), port, proto, proto == TCP ? WHOLE : 0, n / 2 + 3, 90,
		 n > 2000 ? 10000 : 800},
	    n + 3, 1200);
}

static void
clients(double load)
{
	for (unsigned i = times(12 * load); i > 0; i--)
		fetch(client(), known(0, 20000), 443, TCP);
	for (unsigned i = times(6 * load); i > 0; i--)
		fetch(client(), known(1, 2000), 443, UDP);
	for (unsigned i = times(8 * load); i > 0; i--)
		talk((struct flow){RESOLVER, known(2, 3000), high_port(), 53, UDP, 0, 1, 75, 0}, 1,
		    90 + below(1300));
	for (unsigned i = times(3 * load); i > 0; i--) /* a few servers for all */
		talk((struct flow){client(), known(3, 8), 123, 123, UDP, 0, 1, 76, 0}, 1, 76);
	for (unsigned i = times(4 * load); i > 0; i--) { /* P2P: peers that are gone, and others */
		uint32_t peer = CLIENTS + below(20);

		put((struct flow){peer, remote(), high_port(), 1024 + below(60000), TCP, SYN, 3, 60, 7000});
		talk((struct flow){peer, remote(), 6881, 1024 + below(60000), UDP, 0, 1, 130, 0}, 1, 300);
		put((struct flow){remote(), peer, 1024 + below(60000), 6881, UDP, 0, 1, 130, 0});
	}
	for (unsigned i = times(0.2 * load); i > 0;
	     i--) /* calls, games, downloads by QUIC, as cut by a timeout */
		talk((struct flow){client(), known(4, 100), high_port(), 3478, UDP, 0, 3000, 200, 60000},
		    50 * pareto(60, 1.2), 1100);
	for (unsigned i = times(0.002 * load); i > 0; i--) /* speed tests */
		for (unsigned k = 0; k < 8; k++)
			talk((struct flow){client(), known(5, 5), high_port(), 8080, TCP, WHOLE, 40000, 60,
				 10000},
			    80000, 1400);
	for (unsigned i = times(0.01 * load); i > 0; i--) /* large packets through tunnels, in fragments */
		put((struct flow){known(6, 10), client(), 0, 0, UDP, 0, pareto(20, 1.2), 700, 1000});
	for (unsigned i = times(0.3 * load); i > 0; i--)
		talk((struct flow){client(), known(7, 200), 0, 2048, ICMP, 0, 4, 84, 3000}, 4, 84);
}

static void
servers(double load, unsigned of_day)
{
	bool crowd = of_day >= 72000 && of_day < 72600; /* ten minutes of fame */

	for (unsigned i = times(15 * load * (crowd ? 20 : 1)); i > 0; i--)
		fetch(remote(), WEB + (crowd ? 7 : below(WEB_SERVERS)), 443, TCP);
	for (unsigned i = times(0.4 * load * (crowd ? 20 : 1)); i > 0; i--) /* who gives up */
		put((struct flow){remote(), WEB + (crowd ? 7 : below(WEB_SERVERS)), high_port(), 443, TCP,
		    SYN, 3, 60, 7000});
	for (unsigned i = times(5 * load); i > 0; i--)
		talk((struct flow){known(8, 5000), NAMES, high_port(), 53, UDP, 0, 1, 70, 0}, 1, 300);
	for (unsigned i = times(0.5 * load); i > 0; i--)
		talk((struct flow){known(9, 3000), MAIL, high_port(), 25, TCP, WHOLE, pareto(12, 1.3), 800,
			 2000},
		    14, 90);
	/* Mail goes out steadily, and at nine a letter goes to all customers. */
	for (unsigned i = times(of_day >= 32400 && of_day < 33000 ? 2 : 0.1 * load); i > 0; i--)
		talk((struct flow){MAIL, known(10, 3000), high_port(), 25, TCP, WHOLE, pareto(12, 1.3), 800,
			 2000},
		    14, 90);
	for (unsigned i = times(of_day % 7200 < 600 ? 1.5 : 0.3); i > 0;
	     i--) /* crawlers, busier every two hours */
		fetch(known(11, 3), WEB + below(WEB_SERVERS), 443, TCP);
	if (of_day % 60 < 40) { /* a monitor of ours elsewhere: each minute 40 servers, and a ping to each */
		fetch(known(12, 1), WEB + of_day % 60, 443, TCP);
		talk((struct flow){known(12, 1), WEB + of_day % 60, 0, 2048, ICMP, 0, 3, 84, 2000}, 3, 84);
	}
	if (of_day % 3600 < 60) /* a robot clones from our repository, now more often, now less */
		for (unsigned i = times((of_day / 3600 % 5 + 1) * 0.08); i > 0; i--)
			talk((struct flow){known(13, 1), WEB + 1, high_port(), 22, TCP, WHOLE,
				 pareto(30, 1.2), 150, 900},
			    60, 1000);
	for (unsigned i = times(0.01); i > 0; i--) /* people log in, and forget their passwords */
		for (unsigned k = below(4); k < 4; k++)
			talk(
			    (struct flow){known(14, 30), WEB + 2, high_port(), 22, TCP, WHOLE, 20, 150, 3000},
			    18, 180);
}

/*
 * Attacks. In their table least and most are sizes, of which each kind says what they count.
 */

enum direction { IN, OUT };
enum shape { SCAN_ADDRESSES, SCAN_PORTS, GUESS, SPAM, FLOOD, REFLECT, CARPET };

static const struct kind {
	const char *name;
	enum shape shape;
	enum direction direction;
	unsigned proto, sport, dport, flags;
	unsigned sources; /* of a flood */
	unsigned size; /* bytes of a packet */
	double least, most; /* flows or packets a second, or bits where they are reflected */
	unsigned seconds; /* how long at most; half of that at least */
} kinds[] = {
#define ATTACK(...) {__VA_ARGS__},
#include "attacks.def"
#undef ATTACK
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct attack {
	const struct kind *kind;
	uint32_t begin, end; /* seconds, end not inside */
	double rate;
	uint32_t attacker, victim, port;
	uint64_t bots; /* what its sources are made from */
};

/* One of its sources. */
static uint32_t
bot(const struct attack *a)
{
	uint64_t z = (a->bots + below(a->kind->sources)) * UINT64_C(0xbf58476d1ce4e5b9);

	return a->kind->sources == 1 ? a->attacker : 0x60000000 | (uint32_t)(z >> 33 & 0x0fffffff);
}

static void
flood(const struct attack *a, double packets, uint32_t victims)
{
	const struct kind *k = a->kind;
	unsigned total = times(packets), flows = total < FLOWS_A_SECOND ? total : FLOWS_A_SECOND;

	for (unsigned i = 0; i < flows; i++) {
		bool fixed = k->dport != 65535;

		put((struct flow){bot(a), a->victim + below(victims),
		    k->sport == 65535 ? high_port() : k->sport, fixed ? k->dport : 1024 + below(60000),
		    k->proto, k->flags, total / flows + (i < total % flows), k->size, 0});
	}
}

static void
attack_second(const struct attack *a)
{
	const struct kind *k = a->kind;
	uint32_t own = OWN + below(OWN_SIZE), other = remote();

	switch (k->shape) {
	case SCAN_ADDRESSES:
		for (unsigned i = times(a->rate); i > 0; i--, own = OWN + below(OWN_SIZE), other = remote())
			put((struct flow){a->attacker, k->direction == IN ? own : other, high_port(), a->port,
			    k->proto, k->flags, 1, k->size, 0});
		break;
	case SCAN_PORTS:
		for (unsigned i = times(a->rate); i > 0; i--)
			put((struct flow){a->attacker, a->victim, high_port(), 1 + below(10000), k->proto,
			    k->flags, 1, k->size, 0});
		break;
	case GUESS:
		for (unsigned i = times(a->rate); i > 0; i--)
			talk((struct flow){a->attacker, a->victim, high_port(), k->dport, k->proto, k->flags,
				 12 + below(8), k->size, 2000},
			    14, 180);
		break;
	case SPAM:
		for (unsigned i = times(a->rate); i > 0; i--, other = remote())
			talk((struct flow){a->attacker, other, high_port(), k->dport, k->proto, k->flags,
				 12 + below(20), k->size, 2000},
			    14, 90);
		break;
	case FLOOD:
		flood(a, a->rate, 1);
		break;
	case REFLECT:
		flood(a, a->rate / 8 / k->size, 1);
		break;
	case CARPET:
		flood(a, k->proto == UDP ? a->rate / 8 / k->size : a->rate, 256);
		break;
	}
}

static struct attack
attack_new(const struct kind *k, unsigned i, unsigned n, uint32_t begin)
{
	static const unsigned ports[] = {22, 23, 80, 443, 445, 3389, 5900, 8080};
	struct attack a = {.kind = k, .begin = begin, .bots = rnd() >> 8};

	a.end = begin + k->seconds / 2 + below(k->seconds / 2);
	a.rate = k->least * pow(k->most / k->least, n > 1 ? (double)i / (n - 1) : 0.5);
	a.attacker = k->direction == IN ? remote() : OWN + 3600 + below(400);
	a.victim = OWN + below(OWN_SIZE);
	if (k->shape == CARPET)
		a.victim &= 0xffffff00;
	a.port = k->dport == 65535 ? ports[below(8)] : k->dport;
	return a;
}

static void
truth_put(FILE *f, const struct attack *a)
{
	bool by_source = a->kind->shape <= SPAM;
	struct addr at = addr_from_v4(by_source ? a->attacker : a->victim);
	char text[ADDR_TEXT_MAX];

	addr_text(text, &at);
	fprintf(f, "%s\t%" PRIu32 "\t%" PRIu32 "\t%g\t%s%s\n", a->kind->name, a->begin, a->end - 1, a->rate,
	    text, a->kind->shape == CARPET ? "/24" : "");
}

/* Of every kind n, spread over the time; those that last long begin early enough. */
static struct attack *
attacks_plan(unsigned n, uint32_t seconds, const char *path)
{
	struct attack *v = calloc(KINDS * n, sizeof *v);
	FILE *f = fopen(path, "w");

	if (v == NULL || f == NULL)
		fatal("%s", path);
	for (unsigned k = 0; k < KINDS; k++) {
		for (unsigned i = 0; i < n; i++) {
			uint32_t room = seconds > kinds[k].seconds ? seconds - kinds[k].seconds : 1;

			v[k * n + i] = attack_new(&kinds[k], i, n, BEGIN + below(room));
			truth_put(f, &v[k * n + i]);
		}
	}
	if (fclose(f) != 0)
		fatal("%s", path);
	return v;
}

static unsigned
number(const char *text, uint64_t max)
{
	uint64_t v = 0;

	if (text == NULL || num_parse(&v, str_from(text), 1, max) == -1)
		fatal_config("usage: gen_day [-a TRUTH] [-n ATTACKS] [-s SEED] [SECONDS]");
	return (unsigned)v;
}

int
main(int argc, char **argv)
{
	const char *truth = NULL;
	unsigned n = 10, seconds = 86400;
	struct attack *attacks = NULL;
	int c;

	log_init("gen_day");
	while ((c = getopt(argc, argv, "a:n:s:")) != -1) {
		if (c == 'a')
			truth = optarg;
		else if (c == 'n')
			n = number(optarg, 1000);
		else
			state = number(c == 's' ? optarg : NULL, UINT32_MAX);
	}
	if (optind < argc)
		seconds = number(argv[optind], 7 * 86400);
	fd_grow_pipe(STDOUT_FILENO);
	builder_init(&builder, 1);
	if (truth != NULL)
		attacks = attacks_plan(n, seconds, truth);
	for (second = BEGIN; second < BEGIN + seconds; second++) {
		unsigned of_day = (second - BEGIN) % 86400;
		double load = 0.65 - 0.35 * cos((of_day - 10800.0) / 86400 * 6.283185307);

		clients(load);
		servers(load, of_day);
		for (unsigned i = 0; attacks != NULL && i < KINDS * n; i++)
			if (second >= attacks[i].begin && second < attacks[i].end)
				attack_second(&attacks[i]);
	}
	put_batch();
	builder_release(&builder);
	free(attacks);
	return 0;
}
