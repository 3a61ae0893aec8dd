#include "listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/clock.h"
#include "io/metrics.h"

enum {
	SOCKETS_MAX = 64,
	AT_ONCE = 64, /* datagrams a system call */
	ROUNDS = 16, /* of those, before the next socket has its turn */
	DATAGRAM_MAX = 65536,
	RETRY_MS = 5000,
	DRAIN_MS = 2000,
	GATHER_MS = 1,
	GATHER_ROOM = 4 << 20,
};

struct udp_socket {
	int fd; /* -1: not to be had yet */
	struct addr addr;
	uint16_t port;
	char name[64];
	uint32_t overflow; /* the kernel's counter */
	_Atomic uint64_t kernel_drops;
};

struct listener {
	struct source *source;
	uint64_t buffer;
	int wake_fd;
	bool started;
	pthread_t thread;
	unsigned count;
	struct udp_socket sockets[SOCKETS_MAX];
	_Atomic uint64_t datagrams, queue_full, cut;

	/* of the thread */
	int64_t retry_at;
	struct mmsghdr msgs[AT_ONCE];
	struct iovec iov[AT_ONCE];
	struct sockaddr_in6 from[AT_ONCE];
	_Alignas(struct cmsghdr) uint8_t control[AT_ONCE][64];
	uint8_t *bytes;
	bool gathers; /* every socket has room for what comes in GATHER_MS */
};

struct listener *
listener_new(struct source *s, uint64_t buffer)
{
	struct listener *l = mem_zero(1, sizeof *l);

	l->source = s;
	l->buffer = buffer;
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->gathers = true;
	l->bytes = mem_alloc((size_t)AT_ONCE * DATAGRAM_MAX);
	for (size_t i = 0; i < AT_ONCE; i++) {
		l->iov[i] = (struct iovec){l->bytes + i * DATAGRAM_MAX, DATAGRAM_MAX};
		l->msgs[i].msg_hdr.msg_iov = &l->iov[i];
		l->msgs[i].msg_hdr.msg_iovlen = 1;
		l->msgs[i].msg_hdr.msg_name = &l->from[i];
		l->msgs[i].msg_hdr.msg_control = l->control[i];
	}
	return l;
}

void
listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	if (l->started)
		pthread_join(l->thread, NULL);
	for (unsigned i = 0; i < l->count; i++)
		if (l->sockets[i].fd != -1)
			close(l->sockets[i].fd);
	close(l->wake_fd);
	free(l->bytes);
	free(l);
}

int
listener_add(struct listener *l, struct str where, struct err *e)
{
	struct udp_socket *s = &l->sockets[l->count];

	if (l->count == SOCKETS_MAX)
		return err_set(e, "more than %d addresses to listen on", SOCKETS_MAX);
	if (where.len >= sizeof s->name)
		return err_set(e, "'%.*s' is too long for HOST:PORT", (int)where.len, where.p);
	if (hostport_parse(&s->addr, &s->port, where, e) == -1)
		return -1;
	memcpy(s->name, where.p, where.len);
	s->fd = -1;
	l->count++;
	return 0;
}

/* As root the kernel's limit does not bind; otherwise it does, and who runs us should know. */
static void
grow_buffer(struct listener *l, const struct udp_socket *s)
{
	uint64_t want = l->buffer;

	int size = want > INT32_MAX / 2 ? INT32_MAX / 2 : (int)want, got = 0;
	socklen_t len = sizeof got;

	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) == -1)
		setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	getsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &got, &len);
	/* The kernel counts its own overhead in: it grants twice what it was asked for. */
	if (got / 2 < size)
		log_notice("%s: receive buffer of %d KiB, %d KiB were asked for; "
			   "raise sysctl net.core.rmem_max or run as root",
		    s->name, got / 2048, size / 1024);
	else
		log_info("%s: receive buffer of %d KiB", s->name, got / 2048);
	if (got < GATHER_ROOM)
		l->gathers = false;
}

static int
socket_bind(int fd, const struct udp_socket *s, bool v4)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(s->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(s->port)};

	if (v4) {
		in.sin_addr.s_addr = htonl(addr_is_v4(&s->addr) ? addr_v4(&s->addr) : INADDR_ANY);
		return bind(fd, (const struct sockaddr *)&in, sizeof in);
	}
	memcpy(&in6.sin6_addr, s->addr.b, sizeof in6.sin6_addr);
	return bind(fd, (const struct sockaddr *)&in6, sizeof in6);
}

/* 0, or -1 with errno. */
static int
socket_open(struct listener *l, struct udp_socket *s)
{
	bool v4 = addr_is_v4(&s->addr);
	int on = 1, off = 0, type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

	s->fd = socket(v4 ? AF_INET : AF_INET6, type, 0);
	/* Where the system has no IPv6, every address is every address of IPv4. */
	if (s->fd == -1 && errno == EAFNOSUPPORT && addr_is_any(&s->addr)) {
		v4 = true;
		s->fd = socket(AF_INET, type, 0);
	}
	if (s->fd == -1)
		return -1;
	setsockopt(s->fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
	if (!v4)
		setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (socket_bind(s->fd, s, v4) == -1) {
		int saved = errno;

		close(s->fd);
		s->fd = -1;
		errno = saved;
		return -1;
	}
	grow_buffer(l, s);
	log_info("listening on %s", s->name);
	return 0;
}

static const char *
bind_remedy(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "another program listens there: stop it, or choose another port";
	case EADDRNOTAVAIL:
		return "no interface has this address yet";
	case EACCES:
		return "ports below 1024 want root or CAP_NET_BIND_SERVICE";
	default:
		return "see ip(8) for this machine's addresses";
	}
}

/* The kernel's count of what this socket lost, 32 bits that wrap. */
static void
note_overflow(struct udp_socket *s, struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		uint32_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&n, CMSG_DATA(c), sizeof n);
		atomic_fetch_add_explicit(&s->kernel_drops, n - s->overflow, memory_order_relaxed);
		s->overflow = n;
	}
}

static struct addr
sender(const struct sockaddr_in6 *from)
{
	struct sockaddr_in in;

	if (from->sin6_family != AF_INET)
		return addr_from_bytes(&from->sin6_addr, true);
	memcpy(&in, from, sizeof in);
	return addr_from_bytes(&in.sin_addr, false);
}

static void
pass_on(struct listener *l, unsigned i, int64_t now)
{
	const struct msghdr *h = &l->msgs[i].msg_hdr;
	size_t len = l->msgs[i].msg_len;
	struct message *m = ring_reserve(l->source->ring, sizeof *m + len);

	if (m == NULL) {
		atomic_fetch_add_explicit(&l->queue_full, 1, memory_order_relaxed);
		return;
	}
	if ((h->msg_flags & MSG_TRUNC) != 0)
		atomic_fetch_add_explicit(&l->cut, 1, memory_order_relaxed);
	m->exporter = sender(&l->from[i]);
	m->received_ms = now;
	memcpy(m->bytes, l->iov[i].iov_base, len);
	ring_put(l->source->ring, sizeof *m + len);
}

/* One system call's worth. How many datagrams came. */
static unsigned
receive(struct listener *l, struct udp_socket *s)
{
	for (unsigned i = 0; i < AT_ONCE; i++) {
		l->msgs[i].msg_hdr.msg_namelen = sizeof l->from[i];
		l->msgs[i].msg_hdr.msg_controllen = sizeof l->control[i];
	}
	int n = recvmmsg(s->fd, l->msgs, AT_ONCE, MSG_DONTWAIT, NULL);
	if (n <= 0)
		return 0;
	int64_t now = clock_wall_ms();
	for (unsigned i = 0; i < (unsigned)n; i++)
		pass_on(l, i, now);
	note_overflow(s, &l->msgs[n - 1].msg_hdr);
	atomic_fetch_add_explicit(&l->datagrams, (unsigned)n, memory_order_relaxed);
	ring_wake(l->source->ring);
	return (unsigned)n;
}

/* The addresses that were not to be had: now? Returns how long to wait until the next try, -1: none is missing. */
static int
retry(struct listener *l)
{
	int64_t now = clock_mono_ms();
	int wait = -1;

	for (unsigned i = 0; i < l->count; i++) {
		struct udp_socket *s = &l->sockets[i];

		if (s->fd == -1 && now >= l->retry_at && socket_open(l, s) == 0)
			log_notice("%s: now listening", s->name);
		if (s->fd == -1)
			wait = RETRY_MS;
	}
	if (now >= l->retry_at)
		l->retry_at = now + RETRY_MS;
	return wait;
}

/* What is in the sockets when the end is asked for still counts. */
static void
drain(struct listener *l)
{
	int64_t until = clock_mono_ms() + DRAIN_MS;

	for (unsigned i = 0; i < l->count; i++)
		while (l->sockets[i].fd != -1 && receive(l, &l->sockets[i]) > 0 && clock_mono_ms() < until)
			continue;
}

static void *
run(void *arg)
{
	struct listener *l = arg;
	struct pollfd p[SOCKETS_MAX + 1];

	while (!atomic_load(&l->source->stop)) {
		int wait = retry(l);

		for (unsigned i = 0; i < l->count; i++)
			p[i] = (struct pollfd){.fd = l->sockets[i].fd, .events = POLLIN};
		p[l->count] = (struct pollfd){.fd = l->wake_fd, .events = POLLIN};
		if (poll(p, l->count + 1, wait) <= 0)
			continue;
		for (unsigned i = 0; i < l->count; i++)
			for (unsigned k = 0; k < ROUNDS && p[i].revents != 0; k++)
				if (receive(l, &l->sockets[i]) < AT_ONCE)
					break;
		/* To be woken for each datagram would cost more than to decode it. */
		if (l->gathers)
			poll(&p[l->count], 1, GATHER_MS);
	}
	drain(l);
	atomic_store(&l->source->done, true);
	ring_wake(l->source->ring);
	return NULL;
}

int
listener_start(struct listener *l, bool must, struct err *e)
{
	for (unsigned i = 0; i < l->count; i++) {
		struct udp_socket *s = &l->sockets[i];

		if (socket_open(l, s) == 0)
			continue;
		if (must)
			return err_sys(e, "cannot listen on %s (%s)", s->name, bind_remedy(errno));
		log_warn("cannot listen on %s, trying again every %d s (%s)", s->name, RETRY_MS / 1000,
		    bind_remedy(errno));
	}
	l->retry_at = clock_mono_ms() + RETRY_MS;
	int error = pthread_create(&l->thread, NULL, run, l);
	if (error != 0)
		return err_set(e, "no thread: %s", strerror(error));
	l->started = true;
	return 0;
}

void
listener_stop(struct listener *l)
{
	uint64_t one = 1;

	(void)!write(l->wake_fd, &one, sizeof one);
}

void
listener_metrics(const struct listener *l, struct buf *out)
{
	metrics_head(out, "nf_collect_socket_drops_total", "datagrams that the kernel had no room for",
	    METRIC_COUNTER);
	for (unsigned i = 0; i < l->count; i++) {
		struct buf label = {0};

		metrics_label(&label, "socket", l->sockets[i].name);
		metrics_sample(out, "nf_collect_socket_drops_total", buf_cstr(&label),
		    atomic_load(&l->sockets[i].kernel_drops));
		buf_release(&label);
	}
	metrics_head(out, "nf_collect_received_total", "datagrams received", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_received_total", NULL, atomic_load(&l->datagrams));
	metrics_head(out, "nf_collect_dropped_total", "datagrams received and not decoded", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_dropped_total", "reason=\"queue_full\"", atomic_load(&l->queue_full));
	metrics_head(out, "nf_collect_cut_total", "datagrams longer than can be received", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_cut_total", NULL, atomic_load(&l->cut));
}
