/* Where to listen: a transport, an address, a port, as people write them; and binding to it. */
#ifndef IO_ENDPOINT_H
#define IO_ENDPOINT_H

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"

enum transport {
	TRANSPORT_UDP, /* "HOST:PORT" or "udp:HOST:PORT" */
	TRANSPORT_TCP, /* "tcp:HOST:PORT" */
	TRANSPORT_PROXY, /* "proxy:HOST:PORT": TCP from a proxy that names its client, see proxy_head.h */
};

enum { ENDPOINT_LOW_PORTS = 1024 }; /* ports below it are bound by root or CAP_NET_BIND_SERVICE alone */

struct endpoint {
	enum transport transport;
	struct addr addr;
	uint16_t port;
	char name[72]; /* as written */
};

/* HOST:PORT is as hostport_parse() has it. */
int endpoint_parse(struct endpoint *ep, struct str s, struct err *e);

/*
 * A socket of that type (SOCK_DGRAM or SOCK_STREAM with flags) for an address
 * of that family, not yet bound; -1 with errno. Every address is every address
 * of both families, where the system has both.
 */
int endpoint_socket(const struct endpoint *ep, int type);

/* Binds that socket: 0, or -1 with errno. */
int endpoint_bind(int fd, const struct endpoint *ep);

/* What helps against the errno of endpoint_bind(). */
const char *endpoint_remedy(int error);

#endif
