/*
 * A BGP neighbour that has a full table to tell: bgp_inject HOST:PORT AS PREFIXES4 PREFIXES6 [SEED]
 *
 * It calls, sends its routes as fast as they are taken, ends them with the end
 * of the RIB, says "sent SECONDS", and stays until it is killed. Prefixes and
 * attributes come from the seed: some five prefixes an UPDATE, paths of two to
 * six ASes, up to eight communities, as in the tables of the Internet.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/addr.h"
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
		uint32_t as = i == 0 ? asn : 1 + draw(i == 1 ? 300 : 75000);

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

/* Prefixes in ascending order, so that none comes twice: 1.0.0.0/24 and on, 2001::/48 and on. */
static struct prefix
prefix_at(bool v6, uint32_t i)
{
	if (!v6)
		return (struct prefix){addr_from_v4(0x01000000 + (i << 8)), 96 + 24};
	struct prefix p = {.len = 48};
	p.addr.b[0] = 0x20;
	p.addr.b[1] = 0x01;
	for (int k = 0; k < 4; k++)
		p.addr.b[2 + k] = (uint8_t)(i >> 8 * (3 - k));
	return p;
}

static void
put_update(struct buf *out, uint32_t asn, bool v6, uint32_t *next, uint32_t count)
{
	size_t at = bgp_message_begin(out, BGP_UPDATE);
	struct buf routes = {0}, attrs = {0};
	struct prefix p;

	for (uint32_t n = 1 + draw(9); n > 0 && *next < count; n--) {
		p = prefix_at(v6, (*next)++);
		nlri_write(&routes, &p);
	}
	put_attrs(&attrs, asn);
	if (v6) {
		struct buf reach = {0};
		struct addr next_hop = prefix_at(true, 1).addr;

		buf_add(&reach, "\0\2\1\20", 4);
		buf_add(&reach, next_hop.b, 16);
		buf_putc(&reach, 0);
		buf_add(&reach, routes.p, routes.len);
		attr_write(&attrs, BGP_FLAG_OPTIONAL, BGP_ATTR_REACH, reach.p, reach.len);
		buf_release(&reach);
	} else {
		attr_write(&attrs, BGP_FLAG_TRANSITIVE, BGP_ATTR_NEXT_HOP, "\x7f\0\0\2", 4);
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
	    (argc > 5 && num_parse(&seed, str_from(argv[5]), 0, UINT64_MAX) == -1)) {
		fprintf(stderr, "usage: bgp_inject HOST:PORT AS PREFIXES4 PREFIXES6 [SEED]\n");
		return 2;
	}
	for (uint32_t i = 0; i < v4;)
		put_update(&table, (uint32_t)asn, false, &i, (uint32_t)v4);
	for (uint32_t i = 0; i < v6;)
		put_update(&table, (uint32_t)asn, true, &i, (uint32_t)v6);
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
	    .id = 0x0a000002,
	    .hold = 0,
	    .caps = {.multiprotocol = true, .families = 3, .as4 = true}};
	bgp_open_write(&out, &open);
	bgp_keepalive_write(&out);
	if (fd_write_all(fd, out.p, out.len) == -1)
		die("write");
	await_session(fd);
	int64_t began = clock_mono_ms();
	if (fd_write_all(fd, table.p, table.len) == -1)
		die("write");
	printf("sent %zu bytes in %.3f s\n", table.len, (double)(clock_mono_ms() - began) / 1000);
	fflush(stdout);
	for (uint8_t bytes[4096]; read(fd, bytes, sizeof bytes) > 0;)
		continue;
	return 0;
}
