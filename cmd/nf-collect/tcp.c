#include "tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "conns.h"
#include "io/clock.h"

enum {
	SOCKETS_MAX = 64,
	EVENTS = 64, /* a turn */
	ACCEPTS = 16, /* of one socket a turn */
	BACKLOG = 128,
	RETRY_MS = 5000,
	EXPIRE_MS = 500,
	ACCEPT_PAUSE_MS = 20,
	OTHER_FILES = 256, /* that this process may have open beside its connections */
};

/* What an event is about: a connection's number, or one of these. */
enum { LISTENERS = CONNS_MAX, WAKE = LISTENERS + SOCKETS_MAX };

struct tcp_socket {
	int fd; /* -1: not to be had yet */
	struct endpoint where;
};

struct tcp {
	struct source *source;
	struct conns *conns;
	int epoll_fd, wake_fd;
	bool started;
	pthread_t thread;
	unsigned count;
	struct tcp_socket sockets[SOCKETS_MAX];

	/* of the thread */
	int64_t retry_at, expire_at;
	struct log_limit limit;
};

/* 0, or -1 with errno: the kernel has no memory for it. */
static int
watch(struct tcp *t, int fd, unsigned what)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = what};

	return epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

struct tcp *
tcp_new(void)
{
	struct tcp *t = mem_zero(1, sizeof *t);

	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	t->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return t;
}

void
tcp_feed(struct tcp *t, struct source *s, uint64_t idle_ms)
{
	t->source = s;
	t->conns = conns_new(s, idle_ms);
}

void
tcp_free(struct tcp *t)
{
	if (t == NULL)
		return;
	if (t->started)
		pthread_join(t->thread, NULL);
	for (unsigned i = 0; i < t->count; i++)
		if (t->sockets[i].fd != -1)
			close(t->sockets[i].fd);
	conns_free(t->conns);
	close(t->wake_fd);
	close(t->epoll_fd);
	free(t);
}

int
tcp_add(struct tcp *t, const struct endpoint *where, struct err *e)
{
	if (t->count == SOCKETS_MAX)
		return err_set(e, "more than %d addresses to listen on", SOCKETS_MAX);
	t->sockets[t->count++] = (struct tcp_socket){-1, *where};
	return 0;
}

/* An exporter whose host died says nothing any more: the kernel asks after a minute, and four times more. */
static void
keep_alive(int fd)
{
	int on = 1, idle = 60, interval = 15, count = 4;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

/* 0, or -1 with errno. */
static int
socket_open(struct tcp *t, unsigned i)
{
	struct tcp_socket *s = &t->sockets[i];
	int on = 1, fd = endpoint_socket(&s->where, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd == -1)
		return -1;
	/* Connections of the process before us may linger at the port. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	keep_alive(fd); /* connections inherit it */
	if (endpoint_bind(fd, &s->where) == -1 || listen(fd, BACKLOG) == -1 ||
	    watch(t, fd, LISTENERS + i) == -1) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	s->fd = fd;
	log_info("listening on %s", s->where.name);
	return 0;
}

/* True while an address is missing. */
static bool
retry(struct tcp *t, int64_t now)
{
	bool missing = false;

	for (unsigned i = 0; i < t->count; i++) {
		struct tcp_socket *s = &t->sockets[i];

		if (s->fd == -1 && now >= t->retry_at && socket_open(t, i) == 0)
			log_notice("%s: now listening", s->where.name);
		missing |= s->fd == -1;
	}
	if (now >= t->retry_at)
		t->retry_at = now + RETRY_MS;
	return missing;
}

static void
accept_some(struct tcp *t, const struct tcp_socket *s)
{
	for (unsigned n = 0; n < ACCEPTS; n++) {
		int fd, i = conns_accept(t->conns, s->fd, s->where.transport == TRANSPORT_PROXY, &fd);

		if (i >= 0) {
			if (watch(t, fd, (unsigned)i) == -1)
				conns_drop(t->conns, (unsigned)i);
		} else if (i == -1 && errno == EAGAIN) {
			return;
		} else if (i == -1 &&
			   (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
			/* It would come up again at once. */
			log_limited(&t->limit, clock_mono_ms(), "%s: cannot accept connections: %s",
			    s->where.name, strerror(errno));
			poll(NULL, 0, ACCEPT_PAUSE_MS);
			return;
		}
	}
}

/* Serves what is ready; the number of events. */
static int
turn(struct tcp *t, int wait_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(t->epoll_fd, events, EVENTS, wait_ms);

	for (int i = 0; i < n; i++) {
		uint32_t what = events[i].data.u32;

		if (what < LISTENERS)
			conns_read(t->conns, what);
		else if (what < WAKE)
			accept_some(t, &t->sockets[what - LISTENERS]);
	}
	return n;
}

static int
wait_time(struct tcp *t)
{
	int64_t now = clock_mono_ms();
	bool missing = retry(t, now);

	if (now >= t->expire_at) {
		conns_expire(t->conns);
		t->expire_at = now + EXPIRE_MS;
	}
	return missing || conns_count(t->conns) > 0 ? EXPIRE_MS : -1;
}

static void *
run(void *arg)
{
	struct tcp *t = arg;

	while (!atomic_load(&t->source->stop))
		turn(t, wait_time(t));
	/* What has come already when the end is asked for still counts. */
	epoll_ctl(t->epoll_fd, EPOLL_CTL_DEL, t->wake_fd, NULL);
	int64_t until = clock_mono_ms() + CONNS_DRAIN_MS;
	while (turn(t, 0) > 0 && clock_mono_ms() < until)
		continue;
	conns_close_all(t->conns);
	atomic_store(&t->source->done, true);
	ring_wake(t->source->ring);
	return NULL;
}

/* The usual limit of 1,024 files is for programs that use select(2). */
static void
allow_files(void)
{
	struct rlimit r;
	rlim_t want = CONNS_MAX + OTHER_FILES;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_cur >= want)
		return;
	r.rlim_cur = r.rlim_max < want ? r.rlim_max : want;
	setrlimit(RLIMIT_NOFILE, &r);
	if (r.rlim_cur < want)
		log_notice("with %llu open files there can be less than %d TCP connections; "
			   "raise the limit (LimitNOFILE=%llu)",
		    (unsigned long long)r.rlim_cur, CONNS_MAX, (unsigned long long)want);
}

int
tcp_open(struct tcp *t, bool must, struct err *e)
{
	allow_files();
	for (unsigned i = 0; i < t->count; i++) {
		const char *name = t->sockets[i].where.name;

		if (socket_open(t, i) == 0)
			continue;
		if (must)
			return err_sys(e, "cannot listen on %s (%s)", name, endpoint_remedy(errno));
		log_warn("cannot listen on %s, trying again every %d s (%s)", name, RETRY_MS / 1000,
		    endpoint_remedy(errno));
	}
	t->retry_at = clock_mono_ms() + RETRY_MS;
	return 0;
}

bool
tcp_wants_low_port(const struct tcp *t)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->sockets[i].fd == -1 && t->sockets[i].where.port < ENDPOINT_LOW_PORTS)
			return true;
	return false;
}

int
tcp_start(struct tcp *t, struct err *e)
{
	if (watch(t, t->wake_fd, WAKE) == -1)
		return err_sys(e, "epoll");
	int error = pthread_create(&t->thread, NULL, run, t);
	if (error != 0)
		return err_set(e, "no thread: %s", strerror(error));
	t->started = true;
	return 0;
}

void
tcp_stop(struct tcp *t)
{
	uint64_t one = 1;

	atomic_store(&t->source->stop, true);
	if (t->started) {
		(void)!write(t->wake_fd, &one, sizeof one);
	} else {
		atomic_store(&t->source->done, true);
		ring_wake(t->source->ring);
	}
}

void
tcp_metrics(const struct tcp *t, struct buf *out)
{
	conns_metrics(t->conns, out);
}
