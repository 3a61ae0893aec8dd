#include "udp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

static void
grow_buffer(int fd, int size)
{
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) == -1)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

/* As root the kernel's limit does not bind; otherwise it does, and who runs us should know. */
static void
say_buffer(int fd, const char *name, int size)
{
	/* The kernel counts its own overhead in: it grants twice what it was asked for. */
	int got = (int)(udp_buffer(fd) / 2);

	if (got < size)
		log_notice("%s: receive buffer of %d KiB, %d KiB were asked for; "
			   "raise sysctl net.core.rmem_max or run as root",
		    name, got / 1024, size / 1024);
	else
		log_info("%s: receive buffer of %d KiB", name, got / 1024);
}

/*
 * Chooses among n sockets by the sender's address alone: templates may come
 * from one port of an exporter and data from another. IPv4 as well where it
 * comes in through a socket of IPv6.
 */
static int
divide_senders(int fd, unsigned n)
{
	enum { NET = SKF_NET_OFF, IP4_SOURCE = 12, IP6_SOURCE = 8, MIX = 0x9e3779b1 };
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)NET),
	    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 2),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)NET + IP4_SOURCE),
	    BPF_JUMP(BPF_JMP | BPF_JA, 10, 0, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)NET + IP6_SOURCE),
	    BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)NET + IP6_SOURCE + 4),
	    BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
	    BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)NET + IP6_SOURCE + 8),
	    BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
	    BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)NET + IP6_SOURCE + 12),
	    BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
	    /* Neighbouring addresses are spread; only the upper bits are well mixed. */
	    BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, MIX),
	    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
	    BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, n),
	    BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog prog = {sizeof code / sizeof code[0], code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog, sizeof prog);
}

static void
close_keeping_errno(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

/* Makes the socket the i-th of a group of n; what divides senders is the first one's, and the group's. */
static int
join_group(int fd, unsigned i, unsigned n)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == -1)
		return -1;
	return i == 0 ? divide_senders(fd, n) : 0;
}

static int
open_one(const struct endpoint *where, unsigned i, unsigned n)
{
	int fd = endpoint_socket(where, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;

	if (fd == -1)
		return -1;
	/* A run of datagrams in one piece, where the network card's driver gathers them. */
	setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on);
	if ((n > 1 && join_group(fd, i, n) == -1) || endpoint_bind(fd, where) == -1) {
		close_keeping_errno(fd);
		return -1;
	}
	return fd;
}

int
udp_open(int fds[], unsigned n, const struct endpoint *where, uint64_t buffer)
{
	/* Into a group the kernel lets any program of the same user; so first see that nobody is there. */
	if (n > 1) {
		int alone = open_one(where, 0, 1);

		if (alone == -1)
			return -1;
		close(alone);
	}
	for (unsigned i = 0; i < n; i++) {
		fds[i] = open_one(where, i, n);
		if (fds[i] != -1)
			continue;
		while (i-- > 0)
			close_keeping_errno(fds[i]);
		return -1;
	}
	int size = buffer > INT32_MAX / 2 ? INT32_MAX / 2 : (int)buffer;
	for (unsigned i = 0; i < n; i++)
		grow_buffer(fds[i], size);
	say_buffer(fds[0], where->name, size);
	log_info("listening on %s", where->name);
	return 0;
}

uint64_t
udp_buffer(int fd)
{
	int got = 0;
	socklen_t len = sizeof got;

	getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &len);
	return (uint64_t)got;
}

uint32_t
udp_drops(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof info;

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len);
	return info[SK_MEMINFO_DROPS];
}
