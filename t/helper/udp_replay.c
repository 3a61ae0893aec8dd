/*
 * udp_replay HOST:PORT FILE.pcap [PER_SECOND [FROM]]: sends the UDP payloads of
 * a capture of Ethernet, as fast as they go or so many datagrams a second. FROM
 * is an IPv4 address of this machine (127.1.0.0): to it the lower 16 bits of a
 * packet's own source are added, so that exporters stay apart. Port and packets
 * sent are one socket's, whatever the address. Prints how many went.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "decode/packet.h"
#include "io/fdio.h"

enum { FILE_HEAD = 24, PACKET_HEAD = 16, BURST = 64 };

static int
open_socket(const char *where)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	struct sockaddr_in to4 = {.sin_family = AF_INET};
	struct addr a;
	uint16_t port;

	if (hostport_parse(&a, &port, str_from(where), NULL) == -1)
		return -1;
	int fd = socket(addr_is_v4(&a) ? AF_INET : AF_INET6, SOCK_DGRAM, 0), r;
	if (addr_is_v4(&a)) {
		to4.sin_addr.s_addr = htonl(addr_v4(&a));
		to4.sin_port = htons(port);
		r = connect(fd, (const struct sockaddr *)&to4, sizeof to4);
	} else {
		memcpy(&to.sin6_addr, a.b, sizeof a.b);
		to.sin6_port = htons(port);
		r = connect(fd, (const struct sockaddr *)&to, sizeof to);
	}
	return r == 0 ? fd : -1;
}

/* Sleeps until the n-th datagram's time has come. */
static void
pace(const struct timespec *start, uint64_t n, uint64_t per_second)
{
	uint64_t ns = n * 1000000000 / per_second + (uint64_t)start->tv_nsec;
	struct timespec at = {start->tv_sec + (time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Sends it; from that address if it is not 0. */
static bool
send_from(int fd, struct str payload, uint32_t from)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))] = {0};
	struct iovec iov = {(void *)(uintptr_t)payload.p, payload.len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(from)};

	if (from != 0) {
		m.msg_control = control;
		m.msg_controllen = sizeof control;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof info);
		memcpy(CMSG_DATA(c), &info, sizeof info);
	}
	return sendmsg(fd, &m, 0) >= 0;
}

static uint64_t
replay(int fd, const struct buf *file, uint64_t per_second, uint32_t from)
{
	struct timespec start;
	uint64_t n = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (size_t at = FILE_HEAD; at + PACKET_HEAD <= file->len;) {
		uint32_t len = load_le32(file->p + at + 8);
		struct packet p;

		if (file->len - at - PACKET_HEAD < len)
			break;
		packet_parse(&p, PACKET_ETHERNET, file->p + at + PACKET_HEAD, len);
		at += PACKET_HEAD + len;
		if (p.payload.len == 0)
			continue;
		if (per_second > 0 && n % BURST == 0)
			pace(&start, n, per_second);
		n += send_from(fd, p.payload, from != 0 ? from + (addr_v4(&p.src) & 0xffff) : 0);
	}
	return n;
}

int
main(int argc, char **argv)
{
	struct buf file = {0};
	struct addr from = {0};
	struct err e;
	uint64_t per_second = 0;
	int fd = argc > 2 ? open_socket(argv[1]) : -1;

	if (fd == -1 || (argc > 3 && num_parse(&per_second, str_from(argv[3]), 0, 100000000) == -1) ||
	    (argc > 4 && (addr_parse(&from, str_from(argv[4])) == -1 || !addr_is_v4(&from)))) {
		fputs("usage: udp_replay HOST:PORT FILE.pcap [PER_SECOND [FROM]]\n", stderr);
		return 2;
	}
	if (file_read(&file, argv[2], (size_t)4 << 30, &e) == -1) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	uint64_t n = replay(fd, &file, per_second, argc > 4 ? addr_v4(&from) : 0);
	printf("%llu\n", (unsigned long long)n);
	buf_release(&file);
	return 0;
}
