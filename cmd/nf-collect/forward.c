#include "forward.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/clock.h"
#include "io/endpoint.h"
#include "io/metrics.h"
#include "io/ring.h"
#include "io/udp_head.h"

enum { TARGETS_MAX = 16, RING = 16 << 20, SEND_BUFFER = 4 << 20, DRAIN_MS = 2000, WAKE_EVERY = 64 };

/* Why a datagram was not sent to a target. */
enum drop { QUEUE_FULL, BUSY, TOO_BIG, FAMILY, FAILED, DROPS };

static const char *const drop_labels[DROPS] = {
    [QUEUE_FULL] = "queue_full",
    [BUSY] = "busy",
    [TOO_BIG] = "too_big",
    [FAMILY] = "family",
    [FAILED] = "failed",
};

struct target {
	struct endpoint where;
	int fd;
	_Atomic uint64_t sent, dropped[DROPS];
};

/* What the ring holds: a datagram and whose it is. */
struct copy {
	struct addr src;
	uint16_t port;
	uint8_t bytes[];
};

struct forward {
	bool patient, started;
	struct ring *ring;
	pthread_mutex_t putters;
	pthread_t thread;
	atomic_bool stop;
	struct log_limit limits[DROPS];
	unsigned count;
	struct target targets[TARGETS_MAX];
};

struct forward *
forward_new(bool patient)
{
	struct forward *f = mem_zero(1, sizeof *f);

	f->patient = patient;
	f->ring = ring_new(RING);
	pthread_mutex_init(&f->putters, NULL);
	return f;
}

void
forward_stop(struct forward *f)
{
	if (!f->started)
		return;
	atomic_store(&f->stop, true);
	ring_wake(f->ring);
	pthread_join(f->thread, NULL);
	f->started = false;
}

void
forward_free(struct forward *f)
{
	if (f == NULL)
		return;
	forward_stop(f);
	for (unsigned i = 0; i < f->count; i++)
		if (f->targets[i].fd != -1)
			close(f->targets[i].fd);
	pthread_mutex_destroy(&f->putters);
	ring_free(f->ring);
	free(f);
}

int
forward_add(struct forward *f, struct str where, struct err *e)
{
	struct target *t = &f->targets[f->count];

	if (f->count == TARGETS_MAX)
		return err_set(e, "more than %d addresses to forward to", TARGETS_MAX);
	if (endpoint_parse(&t->where, where, e) == -1)
		return -1;
	if (t->where.transport != TRANSPORT_UDP || t->where.port == 0 || addr_is_any(&t->where.addr))
		return err_set(
		    e, "cannot forward to '%s': a host and its UDP port were expected", t->where.name);
	t->fd = -1;
	f->count++;
	return 0;
}

/* Nobody can bind to an address of another machine. */
static bool
is_ours(const struct addr *a)
{
	struct endpoint any_port = {.addr = *a};
	int fd = endpoint_socket(&any_port, SOCK_DGRAM | SOCK_CLOEXEC);
	bool ours = fd != -1 && endpoint_bind(fd, &any_port) == 0;

	if (fd != -1)
		close(fd);
	return ours;
}

bool
forward_returns(const struct forward *f, const struct addr *addr, uint16_t port)
{
	for (unsigned i = 0; i < f->count; i++) {
		const struct endpoint *to = &f->targets[i].where;

		if (to->port == port &&
		    (addr_eq(&to->addr, addr) || (addr_is_any(addr) && is_ours(&to->addr))))
			return true;
	}
	return false;
}

static int
target_open(struct target *t, struct err *e)
{
	int size = SEND_BUFFER;

	/* Of this protocol both families take packets with their headers. */
	t->fd = socket(addr_is_v4(&t->where.addr) ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (t->fd == -1 && errno == EPERM)
		return err_set(e,
		    "cannot forward to %s: to keep the exporters' addresses takes CAP_NET_RAW, which root "
		    "has; "
		    "under systemd AmbientCapabilities=CAP_NET_RAW gives it",
		    t->where.name);
	if (t->fd == -1)
		return err_sys(e, "cannot forward to %s", t->where.name);
	if (setsockopt(t->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) == -1)
		setsockopt(t->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	return 0;
}

/* 0, or -1 with errno. */
static int
target_send(const struct target *t, uint8_t *head, size_t head_len, struct str payload, int flags)
{
	const struct addr *a = &t->where.addr;
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6}; /* no port: here that would be a protocol */
	struct iovec iov[2] = {{head, head_len}, {(void *)(uintptr_t)payload.p, payload.len}};
	struct msghdr h = {.msg_iov = iov, .msg_iovlen = 2};

	if (addr_is_v4(a)) {
		in.sin_addr.s_addr = htonl(addr_v4(a));
		h.msg_name = &in;
		h.msg_namelen = sizeof in;
	} else {
		memcpy(&in6.sin6_addr, a->b, sizeof a->b);
		h.msg_name = &in6;
		h.msg_namelen = sizeof in6;
	}
	return sendmsg(t->fd, &h, flags) == -1 ? -1 : 0;
}

static void
drop(struct forward *f, struct target *t, enum drop why, const struct addr *src, const char *words)
{
	char text[ADDR_TEXT_MAX];

	atomic_fetch_add_explicit(&t->dropped[why], 1, memory_order_relaxed);
	if (words != NULL)
		log_limited(&f->limits[why], clock_mono_ms(), "a datagram of %s was not forwarded to %s: %s",
		    addr_text(text, src), t->where.name, words);
}

static void
copy_send(struct forward *f, struct target *t, const struct copy *c, size_t len)
{
	struct str payload = {(const char *)c->bytes, len};
	uint8_t head[UDP_HEAD_MAX];

	if (addr_is_v4(&c->src) != addr_is_v4(&t->where.addr)) {
		drop(f, t, FAMILY, &c->src, "one has IPv4, the other IPv6");
		return;
	}
	size_t head_len =
	    udp_head_write(head, &c->src, c->port, &t->where.addr, t->where.port, payload.p, payload.len);
	if (head_len != 0 && target_send(t, head, head_len, payload, f->patient ? 0 : MSG_DONTWAIT) == 0)
		atomic_fetch_add_explicit(&t->sent, 1, memory_order_relaxed);
	else if (head_len == 0 || errno == EMSGSIZE)
		drop(f, t, TOO_BIG, &c->src, "it is longer than what the path takes in one piece");
	else if (errno == EAGAIN || errno == ENOBUFS)
		drop(f, t, BUSY, &c->src, NULL);
	else
		drop(f, t, FAILED, &c->src, strerror(errno));
}

/* One datagram of the ring to all targets. False: the ring is empty. */
static bool
send_next(struct forward *f)
{
	size_t len;
	const struct copy *c = ring_get(f->ring, &len);

	if (c == NULL)
		return false;
	for (unsigned i = 0; i < f->count; i++)
		copy_send(f, &f->targets[i], c, len - sizeof *c);
	ring_drop(f->ring);
	return true;
}

static void *
run(void *arg)
{
	struct forward *f = arg;
	struct pollfd p = {.fd = ring_fd(f->ring), .events = POLLIN};
	int64_t until = 0;

	for (unsigned n = 0;; n++) {
		bool stop = atomic_load(&f->stop);

		if (stop && until == 0)
			until = clock_mono_ms() + DRAIN_MS;
		if (stop && clock_mono_ms() >= until)
			return NULL;
		if (send_next(f)) {
			if (n % WAKE_EVERY == 0)
				ring_wake_putter(f->ring);
			continue;
		}
		if (stop)
			return NULL;
		ring_wake_putter(f->ring);
		if (ring_sleep(f->ring) && !atomic_load(&f->stop))
			poll(&p, 1, -1);
	}
}

int
forward_open(struct forward *f, struct err *e)
{
	for (unsigned i = 0; i < f->count; i++)
		if (target_open(&f->targets[i], e) == -1)
			return -1;
	return 0;
}

int
forward_start(struct forward *f, struct err *e)
{
	int error = pthread_create(&f->thread, NULL, run, f);
	if (error != 0)
		return err_set(e, "no thread: %s", strerror(error));
	f->started = true;
	return 0;
}

void
forward_put(struct forward *f, const struct addr *src, uint16_t port, const void *p, size_t len)
{
	struct copy *c;

	pthread_mutex_lock(&f->putters);
	while ((c = ring_reserve(f->ring, sizeof *c + len)) == NULL && f->patient) {
		ring_wake(f->ring);
		ring_wait(f->ring);
	}
	if (c != NULL) {
		c->src = *src;
		c->port = port;
		memcpy(c->bytes, p, len);
		ring_put(f->ring, sizeof *c + len);
	}
	pthread_mutex_unlock(&f->putters);
	for (unsigned i = 0; c == NULL && i < f->count; i++)
		atomic_fetch_add_explicit(&f->targets[i].dropped[QUEUE_FULL], 1, memory_order_relaxed);
}

void
forward_wake(struct forward *f)
{
	ring_wake(f->ring);
}

void
forward_metrics(const struct forward *f, struct buf *out)
{
	struct buf label = {0};

	metrics_head(out, "nf_collect_forwarded_total", "datagrams copied on", METRIC_COUNTER);
	for (unsigned i = 0; i < f->count; i++) {
		label.len = 0;
		metrics_label(&label, "target", f->targets[i].where.name);
		metrics_sample(
		    out, "nf_collect_forwarded_total", buf_cstr(&label), atomic_load(&f->targets[i].sent));
	}
	metrics_head(
	    out, "nf_collect_forward_dropped_total", "datagrams not copied on, by reason", METRIC_COUNTER);
	for (unsigned i = 0; i < f->count; i++)
		for (enum drop why = 0; why < DROPS; why++) {
			label.len = 0;
			metrics_label(&label, "target", f->targets[i].where.name);
			metrics_label(&label, "reason", drop_labels[why]);
			metrics_sample(out, "nf_collect_forward_dropped_total", buf_cstr(&label),
			    atomic_load(&f->targets[i].dropped[why]));
		}
	buf_release(&label);
}
