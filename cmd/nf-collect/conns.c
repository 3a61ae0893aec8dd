#include "conns.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "decode/frame.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/metrics.h"
#include "io/proxy_head.h"

/* Why a connection was closed, or refused. */
enum reason {
	END,
	CUT,
	RESET,
	BAD_VERSION,
	BAD_LENGTH,
	BAD_PROXY,
	SLOW,
	IDLE,
	DISPLACED,
	STOP,
	FULL,
	FULL_ADDR,
	NOT_LOCAL,
	REASONS,
	REFUSALS = FULL,
};

static const struct {
	const char *label, *words; /* words: NULL where nothing is wrong */
} reasons[REASONS] = {
    [END] = {"end", NULL},
    [CUT] = {"cut", "ended within a message"},
    [RESET] = {"reset", "broken off"},
    [BAD_VERSION] = {"version", "what came is no IPFIX message: closed"},
    [BAD_LENGTH] = {"length", "a message shorter than its header: closed"},
    [BAD_PROXY] = {"proxy", "no line of the PROXY protocol, version 1, came first: closed"},
    [SLOW] = {"slow", "an incomplete message took too long: closed"},
    [IDLE] = {"idle", "silent for too long: closed"},
    [DISPLACED] = {"displaced", "silent for longest when a new connection needed room: closed"},
    [STOP] = {"stop", NULL},
    [FULL] = {"full", "refused, too many connections"},
    [FULL_ADDR] = {"address_full", "refused, too many connections of this address"},
    [NOT_LOCAL] = {"proxy_peer", "refused, a proxy must be on this machine"},
};

struct conn {
	int fd; /* -1: free */
	bool proxied; /* the proxy's line is yet to come */
	struct addr peer; /* the exporter, as far as known */
	int64_t heard_ms; /* when the last whole message came, or the connection */
	int64_t partial_ms; /* since when what is in the buffer is incomplete */
	size_t have;
	uint8_t *bytes; /* FRAME_MAX of them */
};

struct conns {
	struct source *source;
	int64_t idle_ms; /* 0: for ever */
	int64_t give_up_ms; /* when to wait for the ring no longer, 0: not yet to end */
	struct conn list[CONNS_MAX];
	uint8_t *bytes;
	struct log_limit limits[REASONS];
	_Atomic unsigned count;
	_Atomic uint64_t accepted, messages, waits, ended[REASONS];
};

struct conns *
conns_new(struct source *s, uint64_t idle_ms)
{
	struct conns *c = mem_zero(1, sizeof *c);

	c->source = s;
	c->idle_ms = (int64_t)idle_ms;
	c->bytes = mem_zero(CONNS_MAX, FRAME_MAX);
	for (unsigned i = 0; i < CONNS_MAX; i++) {
		c->list[i].fd = -1;
		c->list[i].bytes = c->bytes + (size_t)i * FRAME_MAX;
	}
	return c;
}

static void
add(_Atomic uint64_t *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

static void
note(struct conns *c, const struct addr *peer, enum reason why)
{
	char text[ADDR_TEXT_MAX];

	add(&c->ended[why]);
	if (reasons[why].words != NULL)
		log_limited(&c->limits[why], clock_mono_ms(), "TCP connection of %s: %s",
		    addr_text(text, peer), reasons[why].words);
}

static void
conn_close(struct conns *c, struct conn *conn, enum reason why)
{
	note(c, &conn->peer, why);
	close(conn->fd);
	conn->fd = -1;
	atomic_fetch_sub(&c->count, 1);
}

void
conns_drop(struct conns *c, unsigned i)
{
	conn_close(c, &c->list[i], FULL);
}

void
conns_close_all(struct conns *c)
{
	for (unsigned i = 0; i < CONNS_MAX; i++)
		if (c->list[i].fd != -1)
			conn_close(c, &c->list[i], STOP);
}

void
conns_free(struct conns *c)
{
	if (c == NULL)
		return;
	free(c->bytes);
	free(c);
}

/* How many there are of the address, whose proxy's line has come. */
static unsigned
count_of(const struct conns *c, const struct addr *a)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CONNS_MAX; i++)
		n += c->list[i].fd != -1 && !c->list[i].proxied && addr_eq(&c->list[i].peer, a);
	return n;
}

/* A free one, which the one silent for longest may have to make; NULL if there is none. */
static struct conn *
conn_free(struct conns *c, int64_t now)
{
	struct conn *oldest = &c->list[0];

	for (unsigned i = 0; i < CONNS_MAX; i++) {
		if (c->list[i].fd == -1)
			return &c->list[i];
		if (c->list[i].heard_ms < oldest->heard_ms)
			oldest = &c->list[i];
	}
	if (now - oldest->heard_ms < CONNS_IDLE_MS)
		return NULL;
	conn_close(c, oldest, DISPLACED);
	return oldest;
}

static int
refuse(struct conns *c, int fd, const struct addr *peer, enum reason why)
{
	note(c, peer, why);
	close(fd);
	return CONNS_REFUSED;
}

static struct addr
peer_of(const struct sockaddr_in6 *from)
{
	struct sockaddr_in in;

	if (from->sin6_family != AF_INET)
		return addr_from_bytes(&from->sin6_addr, true);
	memcpy(&in, from, sizeof in);
	return addr_from_bytes(&in.sin_addr, false);
}

int
conns_accept(struct conns *c, int listen_fd, bool proxied, int *fd)
{
	struct sockaddr_in6 from = {0};
	socklen_t len = sizeof from;
	int64_t now = clock_mono_ms();

	*fd = accept4(listen_fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (*fd == -1)
		return -1;
	struct addr peer = peer_of(&from);
	if (proxied && !addr_is_loopback(&peer))
		return refuse(c, *fd, &peer, NOT_LOCAL);
	if (!proxied && count_of(c, &peer) >= CONNS_PER_ADDR)
		return refuse(c, *fd, &peer, FULL_ADDR);
	struct conn *conn = conn_free(c, now);
	if (conn == NULL)
		return refuse(c, *fd, &peer, FULL);
	*conn = (struct conn){
	    .fd = *fd,
	    .proxied = proxied,
	    .peer = peer,
	    .heard_ms = now,
	    .partial_ms = now,
	    .bytes = conn->bytes,
	};
	add(&c->accepted);
	atomic_fetch_add(&c->count, 1);
	return (int)(conn - c->list);
}

/* Waits for room in the ring. False: none came although the end is asked for. */
static bool
pass_on(struct conns *c, const struct addr *exporter, struct str bytes)
{
	struct source *s = c->source;
	struct message *m;

	while ((m = ring_reserve(s->ring, sizeof *m + bytes.len)) == NULL) {
		if (atomic_load(&s->stop)) {
			int64_t now = clock_mono_ms();

			if (c->give_up_ms == 0)
				c->give_up_ms = now + CONNS_DRAIN_MS;
			if (now >= c->give_up_ms)
				return false;
		}
		add(&c->waits);
		ring_wake(s->ring);
		ring_wait(s->ring);
	}
	m->exporter = *exporter;
	m->received_ms = clock_wall_ms();
	memcpy(m->bytes, bytes.p, bytes.len);
	ring_put(s->ring, sizeof *m + bytes.len);
	add(&c->messages);
	return true;
}

/* The proxy's line: END for nothing wrong, then or while it is incomplete. */
static enum reason
take_proxy(struct conns *c, struct conn *conn, struct rd *r)
{
	struct addr client = conn->peer;

	switch (proxy_head_read(r, &client)) {
	case 0:
		return END;
	case 1:
		if (count_of(c, &client) >= CONNS_PER_ADDR)
			return FULL_ADDR;
		conn->peer = client;
		conn->proxied = false;
		return END;
	default:
		return BAD_PROXY;
	}
}

/* Takes whole messages out of the bytes. END for nothing wrong: what is left is the beginning of the next one. */
static enum reason
take_messages(struct conns *c, struct conn *conn, struct rd *r)
{
	struct str message;

	for (;;)
		switch (frame_next(r, &message)) {
		case FRAME_WHOLE:
			if (!pass_on(c, &conn->peer, message))
				return STOP;
			conn->heard_ms = conn->partial_ms = clock_mono_ms();
			break;
		case FRAME_PARTIAL:
			return END;
		case FRAME_BAD_VERSION:
			return BAD_VERSION;
		case FRAME_BAD_LENGTH:
			return BAD_LENGTH;
		}
}

static enum reason
take(struct conns *c, struct conn *conn)
{
	struct rd r = rd_from(conn->bytes, conn->have);
	enum reason why = END;

	if (conn->proxied)
		why = take_proxy(c, conn, &r);
	if (why == END && !conn->proxied)
		why = take_messages(c, conn, &r);
	ring_wake(c->source->ring);
	conn->have = rd_left(&r);
	memmove(conn->bytes, r.p, conn->have);
	return why;
}

void
conns_read(struct conns *c, unsigned i)
{
	struct conn *conn = &c->list[i];

	if (conn->fd == -1)
		return;
	ssize_t n = fd_read(conn->fd, conn->bytes + conn->have, FRAME_MAX - conn->have);
	if (n > 0) {
		if (conn->have == 0 && !conn->proxied)
			conn->partial_ms = clock_mono_ms();
		conn->have += (size_t)n;
		enum reason why = take(c, conn);
		if (why != END)
			conn_close(c, conn, why);
	} else if (n == 0) {
		conn_close(c, conn, conn->have > 0 ? CUT : END);
	} else if (errno != EAGAIN) {
		conn_close(c, conn, RESET);
	}
}

void
conns_expire(struct conns *c)
{
	int64_t now = clock_mono_ms();

	for (unsigned i = 0; i < CONNS_MAX; i++) {
		struct conn *conn = &c->list[i];
		bool partial = conn->have > 0 || conn->proxied;

		if (conn->fd == -1)
			continue;
		if (partial && now - conn->partial_ms > CONNS_MESSAGE_MS)
			conn_close(c, conn, SLOW);
		else if (c->idle_ms > 0 && now - conn->heard_ms > c->idle_ms)
			conn_close(c, conn, partial ? SLOW : IDLE);
	}
}

unsigned
conns_count(const struct conns *c)
{
	return atomic_load(&c->count);
}

static void
by_reason(const struct conns *c, const char *metric, enum reason from, enum reason to, struct buf *out)
{
	for (enum reason why = from; why < to; why++) {
		struct buf label = {0};

		metrics_label(&label, "reason", reasons[why].label);
		metrics_sample(out, metric, buf_cstr(&label), atomic_load(&c->ended[why]));
		buf_release(&label);
	}
}

void
conns_metrics(const struct conns *c, struct buf *out)
{
	metrics_head(out, "nf_collect_tcp_connections", "TCP connections now", METRIC_GAUGE);
	metrics_sample(out, "nf_collect_tcp_connections", NULL, conns_count(c));
	metrics_head(out, "nf_collect_tcp_accepted_total", "TCP connections taken", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_tcp_accepted_total", NULL, atomic_load(&c->accepted));
	metrics_head(out, "nf_collect_tcp_refused_total", "TCP connections refused", METRIC_COUNTER);
	by_reason(c, "nf_collect_tcp_refused_total", REFUSALS, REASONS, out);
	metrics_head(out, "nf_collect_tcp_closed_total", "TCP connections closed", METRIC_COUNTER);
	by_reason(c, "nf_collect_tcp_closed_total", END, REFUSALS, out);
	metrics_head(out, "nf_collect_tcp_messages_total", "IPFIX messages over TCP", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_tcp_messages_total", NULL, atomic_load(&c->messages));
	metrics_head(
	    out, "nf_collect_tcp_waits_total", "times that the full queue made TCP wait", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_tcp_waits_total", NULL, atomic_load(&c->waits));
}
