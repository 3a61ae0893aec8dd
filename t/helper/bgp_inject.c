/*
 * A BGP neighbour that has a full table to tell:
 *
 *     bgp_inject HOST:PORT AS PREFIXES4 PREFIXES6 [SEED [LOCAL]]
 *
 * It calls, from 127.0.0.2 or LOCAL, sends its routes as fast as they are taken
 * and then the end of the RIB, says when it began and when all was sent, in
 * seconds since 1970, and stays until it is killed. What it sends comes from the
 * seed: some five prefixes an UPDATE, half of them /24 and /48, paths of two to
 * six ASes, up to eight communities, and the UPDATEs in no order of addresses, as
 * routers send the tables of the Internet. Next hops are 192.0.2.N and
 * 2001:db8::N, with the last byte of LOCAL.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/mem.h"
#include "base/num.h"
#include "bgp/announce.h"
#include "bgp/attr.h"
#include "bgp/segments.h"
#include "bgp/tcp.h"
#include "io/clock.h"
#include "io/fdio.h"

static uint64_t seed;

static uint32_t
draw(uint32_t below)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)((seed >> 33) % below);
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
put_attrs(struct buf *out, uint32_t asn)
{
	uint8_t origin = draw(10) == 0 ? BGP_ORIGIN_INCOMPLETE : BGP_ORIGIN_IGP, path[2 + 4 * 7];
	uint8_t n = (uint8_t)(2 + draw(5));
	struct buf communities = {0};

	attr_write(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_ORIGIN, &origin, 1);
	path[0] = SEGMENT_SEQUENCE;
	path[1] = n;
	for (unsigned i = 0; i < n; i++) {
		uint32_t as = i == 0 ? asn : 1 + draw(i == 1 ? 300 : 64000);

		for (unsigned k = 0; k < 4; k++)
			path[2 + 4 * i + k] = (uint8_t)(as >> 8 * (3 - k));
	}
	attr_write(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_AS_PATH, path, 2 + 4UL * n);
	for (uint32_t i = draw(9); i > 0; i--)
		buf_be32(&communities, asn << 16 | draw(300));
	if (communities.len > 0)
		attr_write(out, BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE, BGP_ATTR_COMMUNITIES, communities.p,
		    communities.len);
	buf_release(&communities);
}

/* Each once: addresses 256 of IPv4 apart, 2^80 of IPv6, and as long a prefix as that leaves room for. */
static struct prefix
prefix_at(bool v6, uint32_t i)
{
	unsigned zeros = (unsigned)__builtin_ctz(i | 1 << 8);

	if (!v6)
		return (struct prefix){addr_from_v4(0x01000000 + (i << 8)), (uint8_t)(96 + 24 - zeros)};
	struct prefix p = {.addr.b = {0x24}, .len = (uint8_t)(48 - zeros)};
	for (int k = 0; k < 4; k++)
		p.addr.b[2 + k] = (uint8_t)(i >> 8 * (3 - k));
	return p;
}

static void
put_update(struct buf *out, const struct addr *local, uint32_t asn, bool v6, uint32_t first, uint32_t end)
{
	size_t at = bgp_message_begin(out, BGP_UPDATE);
	struct buf routes = {0}, attrs = {0};
	const uint8_t next_hop[] = {192, 0, 2, local->b[15]};

	for (uint32_t i = first; i < end; i++) {
		struct prefix p = prefix_at(v6, i);

		nlri_write(&routes, &p);
	}
	put_attrs(&attrs, asn);
	if (v6) {
		struct buf reach = {0};

		buf_add(&reach, "\0\2\1\20\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 19);
		buf_putc(&reach, (char)next_hop[3]);
		buf_putc(&reach, 0);
		buf_add(&reach, routes.p, routes.len);
		attr_write(&attrs, BGP_FLAG_OPTIONAL, BGP_ATTR_REACH, reach.p, reach.len);
		buf_release(&reach);
	} else {
		attr_write(&attrs, BGP_FLAG_TRANSITIVE, BGP_ATTR_NEXT_HOP, next_hop, sizeof next_hop);
	}
	buf_be16(out, 0);
	buf_be16(out, (uint16_t)attrs.len);
	buf_add(out, attrs.p, attrs.len);
	if (!v6)
		buf_add(out, routes.p, routes.len);
	bgp_message_end(out, at);
	buf_release(&routes);
	buf_release(&attrs);
}

/* The routes of some neighbouring prefixes, which an UPDATE has together. */
struct run {
	uint32_t first, end;
};

static void
put_table(struct buf *out, const struct addr *local, uint32_t asn, bool v6, uint32_t count)
{
	struct run *runs = mem_zero(count, sizeof *runs), swap;
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; n++) {
		runs[n].first = i;
		i += 1 + draw(9);
		runs[n].end = i < count ? i : count;
		i = runs[n].end;
	}
	for (uint32_t i = n; i > 1; i--) {
		uint32_t with = draw(i);

		swap = runs[i - 1];
		runs[i - 1] = runs[with];
		runs[with] = swap;
	}
	for (uint32_t i = 0; i < n; i++)
		put_update(out, local, asn, v6, runs[i].first, runs[i].end);
	free(runs);
}

/* Reads until a KEEPALIVE has come, which is the second message. */
static void
await_session(int fd)
{
	uint8_t in[BGP_MESSAGE_MAX * 2];
	size_t have = 0;

	for (;;) {
		struct bgp_message m;
		struct bgp_error e;
		ssize_t n = read(fd, in + have, sizeof in - have);

		if (n <= 0)
			die("no session");
		have += (size_t)n;
		for (size_t at = 0; (n = bgp_message_read(&m, in + at, have - at, BGP_MESSAGE_MAX, &e)) > 0;
		     at += (size_t)n)
			if (m.type == BGP_KEEPALIVE)
				return;
	}
}

int
main(int argc, char **argv)
{
	struct addr remote, local = addr_from_v4(0x7f000002);
	uint16_t port;
	uint64_t asn, v4, v6;
	struct err e;
	struct buf out = {0}, table = {0};
	struct tcp_options none = {0};

	if (argc < 5 || hostport_parse(&remote, &port, str_from(argv[1]), &e) == -1 ||
	    num_parse(&asn, str_from(argv[2]), 1, UINT32_MAX) == -1 ||
	    num_parse(&v4, str_from(argv[3]), 0, 14000000) == -1 ||
	    num_parse(&v6, str_from(argv[4]), 0, 10000000) == -1 ||
	    (argc > 5 && num_parse(&seed, str_from(argv[5]), 0, UINT64_MAX) == -1) ||
	    (argc > 6 && addr_parse(&local, str_from(argv[6])) == -1)) {
		fprintf(stderr, "usage: bgp_inject HOST:PORT AS PREFIXES4 PREFIXES6 [SEED [LOCAL]]\n");
		return 2;
	}
	put_table(&table, &local, (uint32_t)asn, false, (uint32_t)v4);
	put_table(&table, &local, (uint32_t)asn, true, (uint32_t)v6);
	end_of_rib_write(&table, BGP_IPV4);
	end_of_rib_write(&table, BGP_IPV6);

	int fd = tcp_call(&local, &remote, port, &none, &e);
	if (fd == -1)
		die(e.msg);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	poll(&p, 1, -1);
	if (tcp_answered(fd, &e) == -1)
		die(e.msg);
	if (fcntl(fd, F_SETFL, 0) == -1)
		die("fcntl");
	struct bgp_open open = {.asn = (uint32_t)asn,
	    .id = 0x0a000000 | local.b[15],
	    .hold = 0,
	    .caps = {.multiprotocol = true, .families = 3, .as4 = true}};
	bgp_open_write(&out, &open);
	bgp_keepalive_write(&out);
	if (fd_write_all(fd, out.p, out.len) == -1)
		die("write");
	await_session(fd);
	int64_t began = clock_wall_ms();
	if (fd_write_all(fd, table.p, table.len) == -1)
		die("write");
	printf("%.3f %.3f\n", (double)began / 1000, (double)clock_wall_ms() / 1000);
	fflush(stdout);
	for (uint8_t bytes[4096]; read(fd, bytes, sizeof bytes) > 0;)
		continue;
	return 0;
}
