#include "bgp/tcp.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64, TTL_MAX = 255 };

union sock {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t
sock_fill(union sock *s, const struct addr *a, uint16_t port, bool v6)
{
	memset(s, 0, sizeof *s);
	if (v6) {
		s->in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
		memcpy(&s->in6.sin6_addr, a->b, sizeof a->b);
		return sizeof s->in6;
	}
	s->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	s->in.sin_addr.s_addr = htonl(addr_v4(a));
	return sizeof s->in;
}

static struct addr
sock_addr(const union sock *s)
{
	return s->sa.sa_family == AF_INET ? addr_from_bytes(&s->in.sin_addr, false)
					  : addr_from_bytes(&s->in6.sin6_addr, true);
}

static int
close_keeping_errno(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

int
tcp_listen(const struct addr *a, uint16_t port, struct err *e)
{
	bool v6 = !addr_is_v4(a);
	union sock s;
	socklen_t len = sock_fill(&s, a, port, v6);
	int on = 1, off = 0, fd = socket(s.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char text[ADDR_TEXT_MAX];

	if (fd == -1)
		return err_sys(e, "no socket to listen with");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, &s.sa, len) == -1 || listen(fd, BACKLOG) == -1) {
		close_keeping_errno(fd);
		return err_sys(e, "cannot listen on %s port %u", addr_text(text, a), port);
	}
	return fd;
}

/* The kernel wants the address in the family of the socket. */
static int
set_md5(int fd, bool v6, const struct prefix *from, const char *key, struct err *e)
{
	struct tcp_md5sig sig = {.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX};
	size_t len = strlen(key);
	union sock s;

	if (len > sizeof sig.tcpm_key)
		return err_set(e, "an MD5 key of more than %zu bytes", sizeof sig.tcpm_key);
	sock_fill(&s, &from->addr, 0, v6);
	memcpy(&sig.tcpm_addr, &s, v6 ? sizeof s.in6 : sizeof s.in);
	sig.tcpm_prefixlen = (uint8_t)(v6 ? from->len : from->len - 96);
	sig.tcpm_keylen = (uint16_t)len;
	memcpy(sig.tcpm_key, key, len);
	int r = setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &sig, sizeof sig);
	explicit_bzero(&sig, sizeof sig);
	return r == 0 ? 0 : err_sys(e, "no TCP MD5 signatures");
}

static bool
is_v6(int fd)
{
	union sock s;
	socklen_t len = sizeof s;

	return getsockname(fd, &s.sa, &len) == 0 && s.sa.sa_family == AF_INET6;
}

int
tcp_listen_md5(int fd, const struct prefix *from, const char *key, struct err *e)
{
	return set_md5(fd, is_v6(fd), from, key, e);
}

/* We send the highest there is, so that the other side may count hops, and do so ourselves where we are told to. */
static int
set_ttl(int fd, bool v6, unsigned hops, struct err *e)
{
	int ttl = TTL_MAX, least = TTL_MAX + 1 - (int)hops;

	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof ttl);
	/* An IPv6 socket speaks IPv4 too, with its own counter. */
	setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
	if (hops == 0)
		return 0;
	bool set4 = setsockopt(fd, IPPROTO_IP, IP_MINTTL, &least, sizeof least) == 0;
	bool set6 = v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &least, sizeof least) == 0;
	return (v6 ? set6 : set4) ? 0 : err_sys(e, "no limit of hops");
}

int
tcp_accept(int fd, struct addr *from)
{
	union sock s;
	socklen_t len = sizeof s;
	int got = accept4(fd, &s.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (got != -1)
		*from = sock_addr(&s);
	return got;
}

int
tcp_accepted(int fd, const struct tcp_options *o, struct err *e)
{
	return set_ttl(fd, is_v6(fd), o->hops, e);
}

void
tcp_keepalive(int fd)
{
	const int on = 1, idle_s = 60, again_s = 20, probes = 3;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &again_s, sizeof again_s);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

int
tcp_call(const struct addr *local, const struct addr *remote, uint16_t port, const struct tcp_options *o,
    struct err *e)
{
	bool v6 = !addr_is_v4(remote);
	struct prefix host = {*remote, 128};
	char text[ADDR_TEXT_MAX];
	union sock s;
	socklen_t len;
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return err_sys(e, "no socket to call with");
	if (o->md5 != NULL && set_md5(fd, v6, &host, o->md5, e) == -1)
		return close_keeping_errno(fd);
	if (set_ttl(fd, v6, o->hops, e) == -1)
		return close_keeping_errno(fd);
	if (local != NULL) {
		len = sock_fill(&s, local, 0, v6);
		if (bind(fd, &s.sa, len) == -1) {
			close_keeping_errno(fd);
			return err_sys(e, "cannot call from %s", addr_text(text, local));
		}
	}
	len = sock_fill(&s, remote, port, v6);
	if (connect(fd, &s.sa, len) == -1 && errno != EINPROGRESS) {
		close_keeping_errno(fd);
		return err_sys(e, "cannot call %s", addr_text(text, remote));
	}
	return fd;
}

int
tcp_answered(int fd, struct err *e)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0)
		return 0;
	errno = error;
	return err_sys(e, "no answer");
}

struct addr
tcp_local(int fd)
{
	union sock s = {.in = {.sin_family = AF_INET}};
	socklen_t len = sizeof s;

	getsockname(fd, &s.sa, &len);
	return sock_addr(&s);
}
