#include "listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/clock.h"
#include "io/metrics.h"
#include "udp.h"
#include "worker.h"

enum {
	PLACES_MAX = 64,
	AT_ONCE = 64, /* datagrams a system call */
	ROUNDS = 16, /* of those, before the next socket has its turn */
	DATAGRAM_MAX = 65536,
	/* No power of two: datagrams at the same place of their pages would share few lines of the cache. */
	STRIDE = DATAGRAM_MAX + 33 * 64,
	RETRY_MS = 5000,
	DRAIN_MS = 2000,
	NICE = -10,
	GATHER_MAX_MS = 4,
	GATHER_ROOM = 1 << 20, /* what may come in a millisecond, as the kernel counts its buffer */
};

/* Of one place and one lane. */
struct udp_socket {
	atomic_int fd; /* -1: not to be had yet */
	uint32_t drops_seen;
	_Atomic uint64_t drops;
};

/* A thread, and what it receives. */
struct lane {
	struct listener *listener;
	struct source *source;
	int wake_fd;
	bool started;
	pthread_t thread;
	struct udp_socket sockets[PLACES_MAX];
	_Atomic uint64_t datagrams, queue_full, cut;

	/* of the thread */
	struct mmsghdr msgs[AT_ONCE];
	struct iovec iov[AT_ONCE];
	struct sockaddr_in6 from[AT_ONCE];
	_Alignas(struct cmsghdr) uint8_t control[AT_ONCE][64];
	uint8_t *bytes;
};

struct listener {
	uint64_t buffer;
	struct forward *forward; /* NULL: nowhere */
	unsigned place_count, lane_count;
	struct endpoint places[PLACES_MAX];
	struct lane *lanes[WORKERS_MAX];
	atomic_int gather_ms; /* in which every socket has room for what comes */
	int nice; /* of who opened it */
	int64_t retry_at; /* of the first lane's thread, which opens for all */
};

struct listener *
listener_new(uint64_t buffer)
{
	struct listener *l = mem_zero(1, sizeof *l);

	l->buffer = buffer;
	l->gather_ms = GATHER_MAX_MS;
	return l;
}

void
listener_feed(struct listener *l, struct source *s)
{
	struct lane *a = mem_zero(1, sizeof *a);

	a->listener = l;
	a->source = s;
	a->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	a->bytes = mem_alloc((size_t)AT_ONCE * STRIDE);
	for (size_t i = 0; i < PLACES_MAX; i++)
		a->sockets[i].fd = -1;
	for (size_t i = 0; i < AT_ONCE; i++) {
		a->iov[i] = (struct iovec){a->bytes + i * STRIDE, DATAGRAM_MAX};
		a->msgs[i].msg_hdr.msg_iov = &a->iov[i];
		a->msgs[i].msg_hdr.msg_iovlen = 1;
		a->msgs[i].msg_hdr.msg_name = &a->from[i];
		a->msgs[i].msg_hdr.msg_control = a->control[i];
	}
	l->lanes[l->lane_count++] = a;
}

static void
lane_free(struct lane *a, unsigned places)
{
	for (unsigned i = 0; i < places; i++)
		if (a->sockets[i].fd != -1)
			close(a->sockets[i].fd);
	close(a->wake_fd);
	free(a->bytes);
	free(a);
}

void
listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	/* No socket goes before all threads have ended: those left would get the datagrams of others. */
	for (unsigned i = 0; i < l->lane_count; i++)
		if (l->lanes[i]->started)
			pthread_join(l->lanes[i]->thread, NULL);
	for (unsigned i = 0; i < l->lane_count; i++)
		lane_free(l->lanes[i], l->place_count);
	free(l);
}

int
listener_add(struct listener *l, const struct endpoint *where, struct err *e)
{
	if (l->place_count == PLACES_MAX)
		return err_set(e, "more than %d addresses to listen on", PLACES_MAX);
	l->places[l->place_count++] = *where;
	return 0;
}

void
listener_forward(struct listener *l, struct forward *f)
{
	l->forward = f;
}

static void
wake(const struct lane *a)
{
	uint64_t one = 1;

	(void)!write(a->wake_fd, &one, sizeof one);
}

/* A place for all lanes, whose threads may be at work already. 0, or -1 with errno. */
static int
open_place(struct listener *l, unsigned place)
{
	int fds[WORKERS_MAX];

	if (udp_open(fds, l->lane_count, &l->places[place], l->buffer) == -1)
		return -1;
	int gather = (int)(udp_buffer(fds[0]) / GATHER_ROOM);
	if (gather < atomic_load(&l->gather_ms))
		atomic_store(&l->gather_ms, gather);
	for (unsigned i = 0; i < l->lane_count; i++) {
		atomic_store(&l->lanes[i]->sockets[place].fd, fds[i]);
		wake(l->lanes[i]);
	}
	return 0;
}

static void
note_drops(struct udp_socket *s, int fd)
{
	uint32_t n = udp_drops(fd);

	atomic_fetch_add_explicit(&s->drops, n - s->drops_seen, memory_order_relaxed);
	s->drops_seen = n;
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

/* The sender is put together in place: a copy made before would be waited for. */
static void
pass_on(struct lane *a, const struct sockaddr_in6 *from, int64_t now, const uint8_t *p, size_t len)
{
	struct message *m = ring_reserve(a->source->ring, sizeof *m + len);

	if (m == NULL) {
		atomic_fetch_add_explicit(&a->queue_full, 1, memory_order_relaxed);
		return;
	}
	m->exporter = sender(from);
	m->received_ms = now;
	memcpy(m->bytes, p, len);
	ring_put(a->source->ring, sizeof *m + len);
}

static void
copy_to(struct forward *f, const struct sockaddr_in6 *from, const uint8_t *p, size_t len)
{
	struct addr src = sender(from);

	forward_put(
	    f, &src, ntohs(from->sin6_port), p, len); /* the port is at the same place for both families */
}

/* The size of each in a run of datagrams that came in one piece (udp(7), UDP_GRO); 0: it is but one. */
static size_t
run_size(struct msghdr *h)
{
	int size = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			memcpy(&size, CMSG_DATA(c), sizeof size);
	return size > 0 ? (size_t)size : 0;
}

/* What one message has; only the last datagram of a run may be shorter. How many there were. */
static unsigned
unpack(struct lane *a, unsigned i, int64_t now)
{
	struct msghdr *h = &a->msgs[i].msg_hdr;
	const uint8_t *p = a->iov[i].iov_base;
	size_t left = a->msgs[i].msg_len, size = run_size(h), len;
	struct forward *forward = a->listener->forward;
	unsigned n = 0;

	if ((h->msg_flags & MSG_TRUNC) != 0)
		atomic_fetch_add_explicit(&a->cut, 1, memory_order_relaxed);
	do {
		len = size != 0 && size < left ? size : left;
		if (forward != NULL)
			copy_to(forward, &a->from[i], p, len);
		pass_on(a, &a->from[i], now, p, len);
		p += len;
		left -= len;
		n++;
	} while (left > 0);
	return n;
}

/* One system call's worth. False: that was all. */
static bool
receive(struct lane *a, int fd)
{
	unsigned datagrams = 0;

	for (unsigned i = 0; i < AT_ONCE; i++) {
		a->msgs[i].msg_hdr.msg_namelen = sizeof a->from[i];
		a->msgs[i].msg_hdr.msg_controllen = sizeof a->control[i];
	}
	int n = recvmmsg(fd, a->msgs, AT_ONCE, MSG_DONTWAIT, NULL);
	if (n <= 0)
		return false;
	int64_t now = clock_wall_ms();
	for (unsigned i = 0; i < (unsigned)n; i++)
		datagrams += unpack(a, i, now);
	atomic_fetch_add_explicit(&a->datagrams, datagrams, memory_order_relaxed);
	if (a->listener->forward != NULL)
		forward_wake(a->listener->forward);
	ring_wake(a->source->ring);
	return n == AT_ONCE;
}

/* The addresses that were not to be had: now? Returns how long to wait until the next try, -1: none is missing. */
static int
retry(struct listener *l)
{
	int64_t now = clock_mono_ms();
	int wait = -1;

	for (unsigned i = 0; i < l->place_count; i++) {
		const struct udp_socket *s = &l->lanes[0]->sockets[i];

		if (s->fd == -1 && now >= l->retry_at && open_place(l, i) == 0)
			log_notice("%s: now listening", l->places[i].name);
		if (s->fd == -1)
			wait = RETRY_MS;
	}
	if (now >= l->retry_at)
		l->retry_at = now + RETRY_MS;
	return wait;
}

/* What is in the sockets when the end is asked for still counts. */
static void
drain(struct lane *a)
{
	int64_t until = clock_mono_ms() + DRAIN_MS;

	for (unsigned i = 0; i < a->listener->place_count; i++) {
		int fd = a->sockets[i].fd;

		while (fd != -1 && receive(a, fd) && clock_mono_ms() < until)
			continue;
		if (fd != -1)
			note_drops(&a->sockets[i], fd);
	}
}

static void *
run(void *arg)
{
	struct lane *a = arg;
	struct listener *l = a->listener;
	struct pollfd p[PLACES_MAX + 1];
	unsigned n = l->place_count;
	uint64_t woken;

	while (!atomic_load(&a->source->stop)) {
		int wait = a == l->lanes[0] ? retry(l) : -1, gather = atomic_load(&l->gather_ms);

		for (unsigned i = 0; i < n; i++)
			p[i] = (struct pollfd){.fd = a->sockets[i].fd, .events = POLLIN};
		p[n] = (struct pollfd){.fd = a->wake_fd, .events = POLLIN};
		if (poll(p, n + 1, wait) <= 0)
			continue;
		for (unsigned i = 0; i < n; i++) {
			for (unsigned k = 0; k < ROUNDS && p[i].revents != 0 && receive(a, p[i].fd); k++)
				continue;
			if (p[i].revents != 0)
				note_drops(&a->sockets[i], p[i].fd);
		}
		if (p[n].revents != 0)
			(void)!read(a->wake_fd, &woken, sizeof woken);
		/* To be woken for each datagram would cost more than to decode it. */
		else if (gather > 0)
			poll(&p[n], 1, gather);
	}
	drain(a);
	atomic_store(&a->source->done, true);
	ring_wake(a->source->ring);
	return NULL;
}

static int
start_lane(struct lane *a, struct err *e)
{
	int error = pthread_create(&a->thread, NULL, run, a);

	if (error != 0)
		return err_set(e, "no thread: %s", strerror(error));
	a->started = true;
	return 0;
}

int
listener_open(struct listener *l, bool must, struct err *e)
{
	for (unsigned i = 0; i < l->place_count; i++) {
		const char *name = l->places[i].name;

		if (open_place(l, i) == 0)
			continue;
		if (must)
			return err_sys(e, "cannot listen on %s (%s)", name, endpoint_remedy(errno));
		log_warn("cannot listen on %s, trying again every %d s (%s)", name, RETRY_MS / 1000,
		    endpoint_remedy(errno));
	}
	l->retry_at = clock_mono_ms() + RETRY_MS;
	/* If we may: what is not received in time is lost for good, and it is little work. Threads inherit it. */
	l->nice = getpriority(PRIO_PROCESS, 0);
	(void)!setpriority(PRIO_PROCESS, 0, NICE);
	return 0;
}

bool
listener_wants_low_port(const struct listener *l)
{
	for (unsigned i = 0; i < l->place_count; i++)
		if (l->lanes[0]->sockets[i].fd == -1 && l->places[i].port < ENDPOINT_LOW_PORTS)
			return true;
	return false;
}

int
listener_start(struct listener *l, struct err *e)
{
	int r = 0;

	for (unsigned i = 0; i < l->lane_count && r == 0; i++)
		r = start_lane(l->lanes[i], e);
	(void)!setpriority(PRIO_PROCESS, 0, l->nice);
	return r;
}

void
listener_stop(struct listener *l)
{
	for (unsigned i = 0; i < l->lane_count; i++) {
		struct source *s = l->lanes[i]->source;

		atomic_store(&s->stop, true);
		if (l->lanes[i]->started) {
			wake(l->lanes[i]);
		} else {
			atomic_store(&s->done, true);
			ring_wake(s->ring);
		}
	}
}

static void
metric(struct buf *out, const char *name, const char *labels, const char *help, uint64_t n)
{
	metrics_head(out, name, help, METRIC_COUNTER);
	metrics_sample(out, name, labels, n);
}

void
listener_metrics(const struct listener *l, struct buf *out)
{
	uint64_t queue_full = 0, cut = 0;

	metrics_head(out, "nf_collect_socket_drops_total", "datagrams that the kernel had no room for",
	    METRIC_COUNTER);
	for (unsigned i = 0; i < l->place_count; i++) {
		struct buf label = {0};
		uint64_t drops = 0;

		for (unsigned k = 0; k < l->lane_count; k++)
			drops += atomic_load(&l->lanes[k]->sockets[i].drops);
		metrics_label(&label, "socket", l->places[i].name);
		metrics_sample(out, "nf_collect_socket_drops_total", buf_cstr(&label), drops);
		buf_release(&label);
	}
	metrics_head(out, "nf_collect_received_total", "datagrams received", METRIC_COUNTER);
	for (unsigned k = 0; k < l->lane_count; k++) {
		char label[32];

		snprintf(label, sizeof label, "worker=\"%u\"", k);
		metrics_sample(out, "nf_collect_received_total", label, atomic_load(&l->lanes[k]->datagrams));
		queue_full += atomic_load(&l->lanes[k]->queue_full);
		cut += atomic_load(&l->lanes[k]->cut);
	}
	metric(out, "nf_collect_dropped_total", "reason=\"queue_full\"", "datagrams received and not decoded",
	    queue_full);
	metric(out, "nf_collect_cut_total", NULL, "datagrams longer than can be received", cut);
}
