#include "io/httpd.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/fdio.h"

enum { READ_ROOM = 16 << 10, LINGER_MS = 2000, ACCEPT_AGAIN_MS = 1000 };

struct client {
	struct httpd *server;
	struct client *next, **link;
	int fd;
	struct loop_fd *watch;
	struct loop_timer *timer;
	struct buf in, out;
	bool local;
	struct addr from;
	bool told_to_go_on; /* "100 Continue" was sent for this request */
	enum { READING, LAST, LINGERING } state; /* LAST: what is in `out` is all */
};

struct httpd {
	struct loop *loop;
	int fd;
	struct loop_fd *watch;
	struct loop_timer *again;
	struct httpd_limits limits;
	httpd_fn *fn;
	void *arg;
	struct client *clients;
	unsigned count;
};

static void
client_free(struct client *c)
{
	struct httpd *h = c->server;

	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	loop_fd_remove(c->watch);
	loop_timer_remove(c->timer);
	close(c->fd);
	buf_release(&c->in);
	buf_release(&c->out);
	free(c);
	h->count--;
	loop_fd_set(h->watch, LOOP_READ);
}

static void
put_answer(struct client *c, struct httpd_answer *a, bool stays)
{
	buf_printf(&c->out,
	    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: %s\r\n"
	    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
	    a->status, http_reason(a->status), a->type != NULL ? a->type : "application/json", a->body.len,
	    stays ? "keep-alive" : "close");
	if (a->field != NULL)
		buf_printf(&c->out, "%s\r\n", a->field);
	buf_puts(&c->out, "\r\n");
	buf_add(&c->out, a->body.p, a->body.len);
	if (!stays)
		c->state = LAST;
	buf_release(&a->body);
}

/* Words of our own: nothing in them needs to be escaped. */
static void
put_error(struct client *c, int status, const char *words)
{
	struct httpd_answer a = {.status = status};

	buf_printf(&a.body, "{\"error\": \"%s\"}\n", words);
	put_answer(c, &a, false);
}

static void
serve(struct client *c, const struct http_head *head, struct str body)
{
	struct httpd_request r = {head, body, c->local, c->from};
	struct httpd_answer a = {.status = 500};

	c->server->fn(c->server->arg, &r, &a);
	put_answer(c, &a, head->stays);
}

/* Answers the next request if all of it is there. */
static void
take_request(struct client *c)
{
	const struct httpd_limits *limits = &c->server->limits;
	const char *p = (const char *)c->in.p;
	struct http_head head;
	struct err e;
	int status = 400;
	ssize_t n = c->in.len > 0 ? http_head_read(&head, p, c->in.len, &status, &e) : 0;

	if (n == -1)
		put_error(c, status, e.msg);
	else if ((size_t)n > limits->head || (n == 0 && c->in.len > limits->head))
		put_error(c, 431, "the header is too large");
	else if (n > 0 && head.length > limits->body)
		put_error(c, 413, "the body is too large");
	else if (n > 0 && c->in.len - (size_t)n >= head.length) {
		serve(c, &head, (struct str){p + n, (size_t)head.length});
		buf_consume(&c->in, (size_t)n + (size_t)head.length);
		c->told_to_go_on = false;
	} else if (n > 0 && head.waits && !c->told_to_go_on) {
		buf_puts(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
		c->told_to_go_on = true;
	}
}

static bool
write_some(struct client *c)
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

/*
 * Answers what it can and waits for what comes next. While an answer is not
 * taken nothing more is read. Closing with bytes unread would take the last
 * answer from the client, so those are read for a while.
 */
static void
go_on(struct client *c)
{
	for (;;) {
		if (c->state == READING && c->out.len == 0)
			take_request(c);
		if (c->out.len == 0)
			break;
		loop_timer_set(c->timer, c->server->limits.timeout_ms);
		if (!write_some(c)) {
			client_free(c);
			return;
		}
		if (c->out.len > 0)
			break;
	}
	if (c->state == LAST && c->out.len == 0) {
		c->state = LINGERING;
		shutdown(c->fd, SHUT_WR);
		loop_timer_set(c->timer, LINGER_MS);
	}
	loop_fd_set(c->watch, c->out.len > 0 ? LOOP_WRITE : LOOP_READ);
}

static void
on_client(void *arg, int fd, int what)
{
	struct client *c = arg;

	if ((what & LOOP_READ) != 0) {
		ssize_t n = fd_read(fd, buf_reserve(&c->in, READ_ROOM), READ_ROOM);

		if (n == 0 || (n == -1 && errno != EAGAIN)) {
			client_free(c);
			return;
		}
		if (n > 0 && c->state == READING)
			c->in.len += (size_t)n;
	}
	if (c->state != LINGERING)
		go_on(c);
}

/* No time more for the request, the answer, or a pause between two. */
static void
on_late(void *arg)
{
	struct client *c = arg;

	if (c->state == READING && c->in.len > 0 && c->out.len == 0) {
		put_error(c, 408, "the request has not come in time");
		go_on(c);
	} else {
		client_free(c);
	}
}

static struct addr
address_of(const struct sockaddr_storage *s, bool *local)
{
	*local = s->ss_family == AF_UNIX;
	if (s->ss_family == AF_INET)
		return addr_from_bytes(&((const struct sockaddr_in *)(const void *)s)->sin_addr, false);
	if (s->ss_family == AF_INET6)
		return addr_from_bytes(&((const struct sockaddr_in6 *)(const void *)s)->sin6_addr, true);
	return (struct addr){.b = {0}};
}

static void
on_call(void *arg, int fd, int what)
{
	struct httpd *h = arg;
	struct sockaddr_storage s = {.ss_family = AF_UNIX};
	socklen_t len = sizeof s;

	(void)what;
	if (h->count == h->limits.connections) {
		loop_fd_set(h->watch, 0);
		return;
	}
	int got = accept4(fd, (struct sockaddr *)&s, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (got == -1) {
		/* No descriptors or memory: it would be asked again at once. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			loop_fd_set(h->watch, 0);
			loop_timer_set(h->again, ACCEPT_AGAIN_MS);
		}
		return;
	}
	struct client *c = mem_zero(1, sizeof *c);
	c->server = h;
	c->fd = got;
	c->from = address_of(&s, &c->local);
	c->link = &h->clients;
	c->next = h->clients;
	if (c->next != NULL)
		c->next->link = &c->next;
	h->clients = c;
	h->count++;
	c->watch = loop_fd_add(h->loop, got, LOOP_READ, on_client, c);
	c->timer = loop_timer_add(h->loop, on_late, c);
	loop_timer_set(c->timer, h->limits.timeout_ms);
}

static void
on_again(void *arg)
{
	struct httpd *h = arg;

	loop_fd_set(h->watch, LOOP_READ);
}

struct httpd *
httpd_new(struct loop *l, int fd, const struct httpd_limits *limits, httpd_fn *fn, void *arg)
{
	struct httpd *h = mem_zero(1, sizeof *h);

	*h = (struct httpd){.loop = l, .fd = fd, .limits = *limits, .fn = fn, .arg = arg};
	h->watch = loop_fd_add(l, fd, LOOP_READ, on_call, h);
	h->again = loop_timer_add(l, on_again, h);
	return h;
}

void
httpd_free(struct httpd *h)
{
	if (h == NULL)
		return;
	while (h->clients != NULL)
		client_free(h->clients);
	loop_fd_remove(h->watch);
	loop_timer_remove(h->again);
	close(h->fd);
	free(h);
}
