/* TCP sockets as BGP wants them: non-blocking, with MD5 signatures and a TTL to hold packets against. */
#ifndef BGP_TCP_H
#define BGP_TCP_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/err.h"

struct tcp_options {
	unsigned hops; /* only packets that came over at most so many hops (RFC 5082); 0: any */
	const char *md5; /* NULL: none (RFC 2385) */
};

/* Listens; an any-address of IPv6 takes IPv4 too. The descriptor, or -1 with words. */
int tcp_listen(const struct addr *a, uint16_t port, struct err *e);

/* Signatures for those who call from the prefix, from now on. 0 or -1. */
int tcp_listen_md5(int fd, const struct prefix *from, const char *key, struct err *e);

/* A call that came in: the descriptor and who calls; -1 where there is none. */
int tcp_accept(int fd, struct addr *from);
int tcp_accepted(int fd, const struct tcp_options *o, struct err *e);

/* Has the kernel find out, in two minutes, that a silent other end is no more. */
void tcp_keepalive(int fd);

/* Begins a call, from `local` unless it is NULL: the descriptor, writable when it is answered or not. */
int tcp_call(const struct addr *local, const struct addr *remote, uint16_t port, const struct tcp_options *o,
    struct err *e);
int tcp_answered(int fd, struct err *e); /* 0, or -1 with what became of it */

/* Our end's address. */
struct addr tcp_local(int fd);

#endif
