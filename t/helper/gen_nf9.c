/*
 * gen_nf9 DATAGRAMS [EXPORTERS [TEMPLATES [SECONDS [HOSTS]]]]: a capture of
 * NetFlow v9 on stdout, 25 records of 19 fields a datagram, the exporters in turn
 * and each one's templates in turn, which it sends first. SECONDS is the time of
 * export. HOSTS says who talks: few of two networks (the default), "random"
 * addresses, "zipf" (a quarter of a million, of which few talk most), "routed"
 * (random ones of the first million networks of bgp_inject).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/num.h"

enum { RECORDS = 25, TEMPLATE = 256, TEMPLATES_MAX = 1024, DEFINITIONS = 16, PORT = 2055 };

static const uint16_t layout[][2] = {{8, 4}, {12, 4}, {15, 4}, {10, 4}, {14, 4}, {2, 4}, {1, 4}, {22, 4},
    {21, 4}, {7, 2}, {11, 2}, {6, 1}, {4, 1}, {5, 1}, {16, 4}, {17, 4}, {9, 1}, {13, 1}, {61, 1}};

enum { FIELDS = sizeof layout / sizeof layout[0] };

static uint64_t seed = 88172645463325252u;

static uint32_t
any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % below;
}

/* n of them from number `first` on, alike but for their ids. */
static void
put_templates(struct buf *dg, unsigned first, unsigned n)
{
	buf_be16(dg, 0);
	buf_be16(dg, (uint16_t)(4 + n * (4 + FIELDS * 4)));
	for (unsigned t = 0; t < n; t++) {
		buf_be16(dg, (uint16_t)(TEMPLATE + first + t));
		buf_be16(dg, FIELDS);
		for (unsigned i = 0; i < FIELDS; i++) {
			buf_be16(dg, layout[i][0]);
			buf_be16(dg, layout[i][1]);
		}
	}
}

enum { UNICAST = 0xe0000000, TALKERS = 1 << 18 };

static enum { FEW, RANDOM, ZIPF, ROUTED } hosts;

static uint32_t
host(uint32_t net)
{
	switch (hosts) {
	case RANDOM:
		return any(UNICAST);
	case ZIPF: /* by the inverse of the distribution, with exponent 1 */
		return (uint32_t)pow(TALKERS, any(UINT32_MAX) / (double)UINT32_MAX) * 0x9e3779b1 % UNICAST;
	case ROUTED:
		return 0x01000000 + any(1000000 << 8);
	default:
		return net + any(1 << 16);
	}
}

static void
put_record(struct buf *dg, uint32_t uptime)
{
	uint32_t packets = 1 + any(100), lasted = any(60000);

	buf_be32(dg, host(0x0a000000));
	buf_be32(dg, host(0xc6330000));
	buf_be32(dg, 0xc0000200 + any(4));
	buf_be32(dg, 1 + any(8));
	buf_be32(dg, 1 + any(8));
	buf_be32(dg, packets);
	buf_be32(dg, packets * (40 + any(1400)));
	buf_be32(dg, uptime - lasted - 1000);
	buf_be32(dg, uptime - 1000);
	buf_be16(dg, (uint16_t)any(65536));
	buf_be16(dg, (uint16_t)(any(2) ? 443 : any(65536)));
	buf_putc(dg, (char)any(64));
	buf_putc(dg, any(3) ? 6 : 17);
	buf_putc(dg, 0);
	buf_be32(dg, 64496 + any(16));
	buf_be32(dg, 64496 + any(16));
	buf_putc(dg, 16);
	buf_putc(dg, 24);
	buf_putc(dg, (char)any(2));
}

static uint32_t seconds = 1700000000;

static void
put_head(struct buf *dg, uint32_t uptime, uint32_t sequence, unsigned count)
{
	buf_be16(dg, 9);
	buf_be16(dg, (uint16_t)count);
	buf_be32(dg, uptime);
	buf_be32(dg, seconds);
	buf_be32(dg, sequence);
	buf_be32(dg, 0);
}

static void
put_records(struct buf *dg, unsigned template, uint32_t uptime)
{
	size_t set = dg->len;

	buf_be16(dg, (uint16_t)(TEMPLATE + template));
	buf_be16(dg, 0);
	for (unsigned i = 0; i < RECORDS; i++)
		put_record(dg, uptime);
	while (dg->len % 4 != 0)
		buf_putc(dg, 0);
	dg->p[set + 2] = (uint8_t)((dg->len - set) >> 8);
	dg->p[set + 3] = (uint8_t)(dg->len - set);
}

/* Ethernet, IPv4 and UDP around it; checksums are nobody's business here. */
static void
write_packet(const struct buf *dg, uint32_t n, uint32_t exporter)
{
	struct buf p = {0};
	uint32_t len = (uint32_t)dg->len + 8 + 20;

	buf_le32(&p, seconds);
	buf_le32(&p, n % 1000000);
	buf_le32(&p, len + 14);
	buf_le32(&p, len + 14);
	buf_add(&p, "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0", 14);
	buf_be32(&p, 0x45000000 | len);
	buf_be32(&p, 0x00004000);
	buf_be32(&p, 0x40110000);
	buf_be32(&p, 0x0a640000 + exporter);
	buf_be32(&p, 0x7f000001);
	buf_be16(&p, 50000);
	buf_be16(&p, PORT);
	buf_be16(&p, (uint16_t)(dg->len + 8));
	buf_be16(&p, 0);
	buf_add(&p, dg->p, dg->len);
	if (fwrite(p.p, p.len, 1, stdout) != 1)
		exit(1);
	buf_release(&p);
}

/* The n-th datagram of all, which is the exporter's own `sequence`-th. */
static void
write_export(uint32_t n, uint32_t exporter, uint32_t sequence, unsigned templates)
{
	uint32_t uptime = 100000000 + n, first = sequence * DEFINITIONS;
	struct buf dg = {0};

	if (first < templates) {
		unsigned count = templates - first < DEFINITIONS ? templates - first : DEFINITIONS;

		put_head(&dg, uptime, sequence, count);
		put_templates(&dg, first, count);
	} else {
		put_head(&dg, uptime, sequence, RECORDS);
		put_records(&dg, sequence % templates, uptime);
	}
	write_packet(&dg, n, exporter);
	buf_release(&dg);
}

static int
hosts_choose(const char *name)
{
	hosts = strcmp(name, "random") == 0   ? RANDOM
		: strcmp(name, "zipf") == 0   ? ZIPF
		: strcmp(name, "routed") == 0 ? ROUTED
					      : FEW;
	return hosts == FEW ? -1 : 0;
}

static int
number(uint64_t *n, int argc, char **argv, int i, uint64_t most)
{
	return i < argc ? num_parse(n, str_from(argv[i]), 1, most) : 0;
}

int
main(int argc, char **argv)
{
	static const uint8_t head[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, [16] = 0xff, 0xff, [20] = 1};
	uint64_t datagrams, exporters = 1, templates = 1, when = seconds;

	if (argc < 2 || number(&datagrams, argc, argv, 1, 1u << 30) == -1 ||
	    number(&exporters, argc, argv, 2, 65536) == -1 ||
	    number(&templates, argc, argv, 3, TEMPLATES_MAX) == -1 ||
	    number(&when, argc, argv, 4, UINT32_MAX) == -1 || (argc > 5 && hosts_choose(argv[5]) == -1)) {
		fputs("usage: gen_nf9 DATAGRAMS [EXPORTERS [TEMPLATES [SECONDS [random|zipf|routed]]]]\n",
		    stderr);
		return 2;
	}
	seconds = (uint32_t)when;
	uint64_t defining = (templates + DEFINITIONS - 1) / DEFINITIONS * exporters;
	fwrite(head, sizeof head, 1, stdout);
	for (uint32_t n = 0; n < datagrams + defining; n++)
		write_export(n, n % (uint32_t)exporters, n / (uint32_t)exporters, (unsigned)templates);
	return fflush(stdout) == 0 ? 0 : 1;
}
