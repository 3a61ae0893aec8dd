#include "enrich/resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "enrich/dns.h"
#include "io/clock.h"

enum {
	SILENT_MAX = 32, /* questions in a row without an answer, before a server is left in peace */
	REST_FIRST_MS = 1000,
	REST_MAX_MS = 30000,
	TICK_MS = 20, /* for c-ares to look at its timeouts */
	WATCHES_MAX = 8, /* sockets of a channel: one UDP, one TCP, and those on their way out */
};

struct server {
	struct resolver *resolver;
	struct resolver_server at;
	ares_channel channel;
	unsigned in_flight, silent;
	int64_t rest_ms, rest_until;
	struct {
		struct loop_fd *fd;
		int number;
	} watches[WATCHES_MAX];
};

struct query {
	struct server *server;
	uint32_t token;
	struct query *next; /* free */
};

struct resolver {
	struct resolver_options o;
	struct loop *loop;
	struct loop_timer *timer;
	struct server servers[RESOLVER_SERVERS_MAX];
	unsigned server_count, in_flight;
	struct query *queries, *free;
};

static void
on_socket(void *arg, int fd, int what)
{
	struct server *s = arg;
	struct resolver *r = s->resolver;

	ares_process_fd(s->channel, (what & LOOP_READ) != 0 ? fd : ARES_SOCKET_BAD,
	    (what & LOOP_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
	r->o.settled(r->o.arg, clock_mono_ms());
}

static void
on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct server *s = arg;
	int what = (readable ? LOOP_READ : 0) | (writable ? LOOP_WRITE : 0);
	unsigned i = 0, unused = WATCHES_MAX;

	while (i < WATCHES_MAX && (s->watches[i].fd == NULL || s->watches[i].number != fd)) {
		if (s->watches[i].fd == NULL)
			unused = i;
		i++;
	}
	if (i < WATCHES_MAX && what != 0) {
		loop_fd_set(s->watches[i].fd, what);
	} else if (i < WATCHES_MAX) {
		loop_fd_remove(s->watches[i].fd);
		s->watches[i].fd = NULL;
	} else if (what != 0 && unused < WATCHES_MAX) {
		s->watches[unused].number = fd;
		s->watches[unused].fd = loop_fd_add(s->resolver->loop, fd, what, on_socket, s);
	}
}

static void
on_tick(void *arg)
{
	struct resolver *r = arg;

	for (unsigned i = 0; i < r->server_count; i++)
		ares_process_fd(r->servers[i].channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	r->o.settled(r->o.arg, clock_mono_ms());
	if (r->in_flight > 0)
		loop_timer_set(r->timer, TICK_MS);
}

static bool
is_resting(const struct server *s)
{
	return s->silent >= SILENT_MAX;
}

/* It was tried again after a rest, and in vain. */
static bool
is_lost(const struct server *s)
{
	return s->rest_ms > REST_FIRST_MS;
}

/* One that rests is tried with a single question when its rest is over. */
static bool
server_takes(const struct server *s, int64_t now)
{
	return !is_resting(s) || (now >= s->rest_until && s->in_flight == 0);
}

static void
server_spoke(struct server *s)
{
	char text[ADDR_TEXT_MAX];

	if (is_resting(s))
		log_notice("name server %s answers again", addr_text(text, &s->at.addr));
	s->silent = 0;
	s->rest_ms = 0;
}

static void
server_silent(struct server *s, int64_t now)
{
	char text[ADDR_TEXT_MAX];

	if (is_resting(s) && now < s->rest_until)
		return; /* a question from before */
	s->silent++;
	if (!is_resting(s))
		return;
	if (s->rest_ms == 0)
		log_warnx("name server %s does not answer; flows go without names until it does",
		    addr_text(text, &s->at.addr));
	s->rest_ms = s->rest_ms == 0 ? REST_FIRST_MS : s->rest_ms * 2;
	if (s->rest_ms > REST_MAX_MS)
		s->rest_ms = REST_MAX_MS;
	s->rest_until = now + s->rest_ms;
}

static void
on_answer(void *arg, int status, int timeouts, unsigned char *p, int len)
{
	struct query *q = arg;
	struct server *s = q->server;
	struct resolver *r = s->resolver;
	int64_t now = clock_mono_ms();
	enum resolver_outcome o;

	(void)timeouts;
	if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED)
		o = RESOLVER_CANCELLED;
	else if (p != NULL && len > 0)
		o = RESOLVER_ANSWER;
	else
		o = status == ARES_ETIMEOUT ? RESOLVER_TIMEOUT : RESOLVER_UNREACHABLE;
	if (o == RESOLVER_ANSWER)
		server_spoke(s);
	else if (o != RESOLVER_CANCELLED)
		server_silent(s, now);
	s->in_flight--;
	r->in_flight--;
	q->next = r->free;
	r->free = q;
	r->o.answer(r->o.arg, q->token, o, p, o == RESOLVER_ANSWER ? (size_t)len : 0, now);
}

static void
servers_of_system(struct resolver *r, ares_channel channel)
{
	struct ares_addr_port_node *list = NULL;

	if (ares_get_servers_ports(channel, &list) != ARES_SUCCESS)
		return;
	for (struct ares_addr_port_node *n = list; n != NULL && r->server_count < RESOLVER_SERVERS_MAX;
	     n = n->next)
		r->servers[r->server_count++].at = (struct resolver_server){
		    .addr = addr_from_bytes(&n->addr, n->family == AF_INET6),
		    .port = n->udp_port != 0 ? (uint16_t)n->udp_port : 53,
		};
	ares_free_data(list);
}

static int
channel_open(struct server *s, ares_channel *channel, struct err *e)
{
	struct ares_options o = {
	    /* Any answer is an answer: to ask another server because of SERVFAIL is not for c-ares. */
	    .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP,
	    .timeout = (int)s->resolver->o.timeout_ms,
	    .tries = 1,
	    .sock_state_cb = on_socket_state,
	    .sock_state_cb_data = s,
	};
	int status = ares_init_options(
	    channel, &o, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);

	return status == ARES_SUCCESS ? 0 : err_set(e, "c-ares: %s", ares_strerror(status));
}

static int
server_open(struct server *s, struct err *e)
{
	bool v4 = addr_is_v4(&s->at.addr);
	struct ares_addr_port_node node = {
	    .family = v4 ? AF_INET : AF_INET6, .udp_port = s->at.port, .tcp_port = s->at.port};

	memcpy(&node.addr, s->at.addr.b + (v4 ? 12 : 0), v4 ? 4 : 16);
	if (channel_open(s, &s->channel, e) == -1)
		return -1;
	int status = ares_set_servers_ports(s->channel, &node);
	return status == ARES_SUCCESS ? 0 : err_set(e, "c-ares: %s", ares_strerror(status));
}

static int
servers_open(struct resolver *r, struct err *e)
{
	ares_channel system;

	for (unsigned i = 0; i < RESOLVER_SERVERS_MAX; i++)
		r->servers[i].resolver = r;
	for (unsigned i = 0; i < r->o.server_count; i++)
		r->servers[r->server_count++].at = r->o.servers[i];
	if (r->server_count == 0) {
		if (channel_open(&r->servers[0], &system, e) == -1)
			return -1;
		servers_of_system(r, system);
		ares_destroy(system);
	}
	for (unsigned i = 0; i < r->server_count; i++)
		if (server_open(&r->servers[i], e) == -1)
			return -1;
	return 0;
}

struct resolver *
resolver_new(struct loop *l, const struct resolver_options *o, struct err *e)
{
	struct resolver *r = mem_zero(1, sizeof *r);

	ares_library_init(ARES_LIB_INIT_ALL);
	*r = (struct resolver){.o = *o, .loop = l};
	r->timer = loop_timer_add(l, on_tick, r);
	r->queries = mem_zero(o->in_flight_max, sizeof *r->queries);
	for (unsigned i = 0; i < o->in_flight_max; i++) {
		r->queries[i].next = r->free;
		r->free = &r->queries[i];
	}
	if (servers_open(r, e) == 0)
		return r;
	resolver_free(r);
	return NULL;
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < r->server_count; i++)
		if (r->servers[i].channel != NULL)
			ares_destroy(r->servers[i].channel);
	ares_library_cleanup();
	loop_timer_remove(r->timer);
	free(r->queries);
	free(r);
}

bool
resolver_takes(const struct resolver *r, int64_t now_ms)
{
	for (unsigned i = 0; i < r->server_count && r->free != NULL; i++)
		if (server_takes(&r->servers[i], now_ms))
			return true;
	return false;
}

bool
resolver_up(const struct resolver *r, int64_t now_ms)
{
	for (unsigned i = 0; i < r->server_count; i++)
		if (!is_lost(&r->servers[i]) || server_takes(&r->servers[i], now_ms))
			return true;
	return false;
}

void
resolver_ask(struct resolver *r, const struct addr *a, uint32_t token, unsigned attempt, int64_t now_ms)
{
	struct query *q = r->free;
	struct server *s;
	char name[DNS_REVERSE_MAX];

	do
		s = &r->servers[attempt++ % r->server_count];
	while (!server_takes(s, now_ms));
	r->free = q->next;
	*q = (struct query){.server = s, .token = token};
	s->in_flight++;
	r->in_flight++;
	if (!loop_timer_pending(r->timer))
		loop_timer_set(r->timer, TICK_MS);
	ares_query(s->channel, dns_reverse_name(name, a), ns_c_in, ns_t_ptr, on_answer, q);
}

unsigned
resolver_in_flight(const struct resolver *r)
{
	return r->in_flight;
}

unsigned
resolver_servers(const struct resolver *r, unsigned *silent)
{
	*silent = 0;
	for (unsigned i = 0; i < r->server_count; i++)
		*silent += is_resting(&r->servers[i]);
	return r->server_count;
}
