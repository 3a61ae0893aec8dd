#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "output.h"

enum {
	IOV_MAX_CHUNKS = 16,
	WRITE_BYTES = 64 << 10, /* at a time: meanwhile a pipe's reader can take nothing out */
	TURN_BYTES = 4 << 20, /* written before others have their turn */
	SETTLE_MS = 10,
	PAUSE_MAX_MS = 1000,
	RETRY_MS = 1000,
};

size_t
reader_waiting(const struct reader *r)
{
	return r->queue.bytes - r->sent_bytes;
}

static bool
fd_gone(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP)) != 0;
}

/*
 * Forgets what is surely read. What a connection's reader had not read when it
 * went away is lost with the socket, so what is written is held until the kernel
 * says that no more than so many bytes are unread (an upper bound: it counts
 * its own overhead). The reader must be there after the question: it takes its
 * unread bytes with it.
 */
static void
reader_settle(struct reader *r)
{
	int unread = 0;

	if (r->out->kind == OUTPUT_UNIX && r->out->block &&
	    (ioctl(r->fd, SIOCOUTQ, &unread) == -1 || fd_gone(r->fd)))
		return;
	while (r->sent > 0) {
		size_t len = queue_at(&r->queue, 0)->len;

		if (r->sent_bytes - len + r->offset < (size_t)unread)
			return;
		r->sent_bytes -= len;
		r->sent--;
		queue_pop(&r->queue);
	}
}

static void
reader_advance(struct reader *r, size_t n)
{
	r->out->bytes += n;
	r->offset += n;
	while (r->sent < r->queue.count) {
		struct chunk *c = queue_at(&r->queue, r->sent);

		if (r->offset < c->len)
			return;
		r->offset -= c->len;
		r->sent_bytes += c->len;
		r->sent++;
		r->out->rows += c->rows;
	}
}

static ssize_t
reader_write(struct reader *r)
{
	struct iovec iov[IOV_MAX_CHUNKS];
	size_t room = WRITE_BYTES;
	int n = 0;

	for (size_t i = r->sent; i < r->queue.count && n < IOV_MAX_CHUNKS && room > 0; i++, n++) {
		struct chunk *c = queue_at(&r->queue, i);
		size_t from = n == 0 ? r->offset : 0, len = c->len - from < room ? c->len - from : room;

		iov[n] = (struct iovec){c->bytes + from, len};
		room -= len;
	}
	return writev(r->fd, iov, n);
}

/* A write failed. A file is tried again later, since its disk may have room then. -1: the reader is gone. */
static int
reader_failed(struct reader *r)
{
	static struct log_limit limit;

	if (errno == EINTR || errno == EAGAIN)
		return 0;
	if (errno == EPIPE || r->out->kind == OUTPUT_UNIX)
		return -1;
	log_limited(&limit, clock_mono_ms(), "%s: %s; trying on", r->out->text, strerror(errno));
	loop_timer_set(r->timer, RETRY_MS);
	return 0;
}

int
reader_send(struct reader *r)
{
	ssize_t n = 0;

	for (size_t turn = 0; n >= 0 && r->sent < r->queue.count && turn < TURN_BYTES; turn += (size_t)n) {
		n = reader_write(r);
		if (n >= 0)
			reader_advance(r, (size_t)n);
		else if (reader_failed(r) == -1)
			return -1;
	}
	reader_settle(r);
	bool pending = loop_timer_pending(r->timer);
	if (r->sent > 0 && !pending)
		loop_timer_set(r->timer, r->pause_ms = SETTLE_MS);
	r->stuck = r->sent < r->queue.count;
	bool later = r->out->kind != OUTPUT_UNIX && pending;
	loop_fd_set(r->watch, (r->watched ? LOOP_READ : 0) | (r->stuck && !later ? LOOP_WRITE : 0));
	return 0;
}

/* Readers have nothing to say; it is their going that we listen for. */
static int
reader_hear(struct reader *r)
{
	char discarded[4096];

	if (fd_gone(r->fd))
		return -1;
	/* One that only closed its own sending side goes on reading. */
	if (r->socket && fd_read(r->fd, discarded, sizeof discarded) == 0)
		r->watched = false;
	return 0;
}

static void
on_ready(void *arg, int fd, int what)
{
	struct reader *r = arg;
	struct outputs *all = r->out->all;

	(void)fd;
	if (((what & LOOP_READ) != 0 && reader_hear(r) == -1) || reader_send(r) == -1)
		output_left(r->out, r);
	all->changed(all->arg);
}

/* A file may take something again, or a connection have been read. */
static void
on_time(void *arg)
{
	struct reader *r = arg;
	struct outputs *all = r->out->all;

	if (r->out->kind != OUTPUT_UNIX) {
		if (reader_send(r) == -1)
			output_left(r->out, r);
	} else {
		reader_settle(r);
		r->pause_ms = r->pause_ms * 2 < PAUSE_MAX_MS ? r->pause_ms * 2 : PAUSE_MAX_MS;
		if (r->sent > 0)
			loop_timer_set(r->timer, r->pause_ms);
	}
	all->changed(all->arg);
}

static void
reader_watch(struct reader *r, int fd)
{
	struct stat st = {0};

	fstat(fd, &st);
	r->fd = fd;
	r->socket = S_ISSOCK(st.st_mode);
	r->watched = r->socket || S_ISFIFO(st.st_mode);
	r->watch = loop_fd_add(r->out->all->loop, fd, r->watched ? LOOP_READ : 0, on_ready, r);
	fd_grow_pipe(fd);
}

struct reader *
reader_new(struct output *o, int fd)
{
	struct reader *r = mem_zero(1, sizeof *r);

	r->out = o;
	r->timer = loop_timer_add(o->all->loop, on_time, r);
	reader_watch(r, fd);
	return r;
}

void
reader_redirect(struct reader *r, int fd)
{
	loop_fd_remove(r->watch);
	close(r->fd);
	r->offset = 0;
	reader_watch(r, fd);
}

void
reader_free(struct reader *r)
{
	loop_fd_remove(r->watch);
	loop_timer_remove(r->timer);
	queue_release(&r->queue);
	close(r->fd);
	free(r);
}
