#include "bgp/conn.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bgp/tcp.h"
#include "io/clock.h"
#include "io/fdio.h"

static void
on_timer(void *arg)
{
	struct conn *c = arg;
	enum fsm_event due = fsm_due(&c->fsm, clock_mono_ms());

	if (due != FSM_NONE)
		c->event(c->arg, c, due);
	else
		conn_wait(c, clock_mono_ms());
}

void
conn_init(struct conn *c, struct loop *l, bool caller)
{
	c->fd = -1;
	c->loop = l;
	c->fsm.caller = caller;
	c->timer = loop_timer_add(l, on_timer, c);
}

void
conn_release(struct conn *c)
{
	conn_close(c);
	loop_timer_remove(c->timer);
	buf_release(&c->in);
	buf_release(&c->out);
}

void
conn_wait(struct conn *c, int64_t now)
{
	int64_t next = fsm_next_ms(&c->fsm);

	if (next == 0)
		loop_timer_cancel(c->timer);
	else
		loop_timer_set(c->timer, next > now ? next - now : 0);
}

/* All whole messages that were read, unless one of them ends the connection. */
static void
take_messages(struct conn *c)
{
	size_t max = c->terms.extended ? BGP_EXTENDED_MAX : BGP_MESSAGE_MAX;
	struct bgp_message m;
	ssize_t n;

	while (c->in_done < c->in.len) {
		n = bgp_message_read(&m, c->in.p + c->in_done, c->in.len - c->in_done, max, &c->error);
		if (n == 0)
			break;
		if (n == -1) {
			c->event(c->arg, c, FSM_GOT_BAD);
			return;
		}
		c->in_done += (size_t)n;
		c->received++;
		if (!c->message(c->arg, c, &m))
			return;
		max = c->terms.extended ? BGP_EXTENDED_MAX : BGP_MESSAGE_MAX;
	}
	buf_consume(&c->in, c->in_done);
	c->in_done = 0;
}

static void
on_readable(struct conn *c)
{
	uint8_t *to = buf_reserve(&c->in, CONN_AT_ONCE);
	ssize_t n = fd_read(c->fd, to, CONN_AT_ONCE);

	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) {
		err_set(&c->error.words, "%s", n == 0 ? "the peer closed the connection" : strerror(errno));
		c->event(c->arg, c, FSM_TCP_CLOSED);
		return;
	}
	c->in.len += (size_t)n;
	take_messages(c);
}

static void
on_fd(void *arg, int fd, int what)
{
	struct conn *c = arg;

	if (c->calling) {
		bool answered = tcp_answered(fd, &c->error.words) == 0;

		c->calling = false;
		loop_fd_set(c->watch, LOOP_READ);
		c->event(c->arg, c, answered ? FSM_TCP_UP : FSM_TCP_FAILED);
		return;
	}
	if ((what & LOOP_WRITE) != 0) {
		conn_flush(c);
		if (c->out.len < CONN_OUT_LOW)
			c->drained(c->arg, c);
	}
	if ((what & LOOP_READ) != 0 && c->fd == fd)
		on_readable(c);
}

void
conn_open(struct conn *c, int fd, bool calling)
{
	c->fd = fd;
	c->calling = calling;
	c->in.len = c->in_done = c->out.len = 0;
	c->terms = (struct bgp_terms){0};
	c->watch = loop_fd_add(c->loop, fd, calling ? LOOP_WRITE : LOOP_READ, on_fd, c);
}

static bool
write_some(struct conn *c)
{
	while (c->out.len > 0) {
		ssize_t n = send(c->fd, c->out.p, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN;
		buf_consume(&c->out, (size_t)n);
	}
	return true;
}

void
conn_close(struct conn *c)
{
	if (c->fd == -1)
		return;
	if (!c->calling)
		write_some(c);
	loop_fd_remove(c->watch);
	close(c->fd);
	c->fd = -1;
	c->calling = false;
}

/* An error here is seen where reading meets it. */
void
conn_flush(struct conn *c)
{
	if (c->fd == -1 || c->calling)
		return;
	write_some(c);
	loop_fd_set(c->watch, c->out.len > 0 ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}
