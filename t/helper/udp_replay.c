/*
 * udp_replay HOST:PORT FILE.pcap [PER_SECOND]: sends the UDP payloads of a
 * capture of Ethernet, as fast as they go or so many datagrams a second.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
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
	struct addr a;
	uint16_t port;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), off = 0;

	if (hostport_parse(&a, &port, str_from(where), NULL) == -1 || fd == -1)
		return -1;
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	memcpy(&to.sin6_addr, a.b, sizeof a.b);
	to.sin6_port = htons(port);
	return connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

/* Sleeps until the n-th datagram's time has come. */
static void
pace(const struct timespec *start, uint64_t n, uint64_t per_second)
{
	uint64_t ns = n * 1000000000 / per_second + (uint64_t)start->tv_nsec;
	struct timespec at = {start->tv_sec + (time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

int
main(int argc, char **argv)
{
	struct buf file = {0};
	struct timespec start;
	struct err e;
	uint64_t n = 0, per_second = 0;
	int fd = argc > 2 ? open_socket(argv[1]) : -1;

	if (fd == -1 || (argc > 3 && num_parse(&per_second, str_from(argv[3]), 1, 100000000) == -1)) {
		fputs("usage: udp_replay HOST:PORT FILE.pcap [PER_SECOND]\n", stderr);
		return 2;
	}
	if (file_read(&file, argv[2], (size_t)4 << 30, &e) == -1) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (size_t at = FILE_HEAD; at + PACKET_HEAD <= file.len;) {
		uint32_t len = load_le32(file.p + at + 8);
		struct packet p;

		if (file.len - at - PACKET_HEAD < len)
			break;
		packet_parse(&p, PACKET_ETHERNET, file.p + at + PACKET_HEAD, len);
		at += PACKET_HEAD + len;
		if (p.payload.len == 0)
			continue;
		if (per_second > 0 && n % BURST == 0)
			pace(&start, n, per_second);
		n += send(fd, p.payload.p, p.payload.len, 0) >= 0;
	}
	printf("%llu\n", (unsigned long long)n);
	buf_release(&file);
	return 0;
}
