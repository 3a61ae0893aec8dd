#include "io/endpoint.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

int
endpoint_parse(struct endpoint *ep, struct str s, struct err *e)
{
	static const struct {
		struct str prefix;
		enum transport transport;
	} transports[] = {
	    {{"udp:", 4}, TRANSPORT_UDP},
	    {{"tcp:", 4}, TRANSPORT_TCP},
	    {{"proxy:", 6}, TRANSPORT_PROXY},
	};

	*ep = (struct endpoint){.transport = TRANSPORT_UDP};
	if (s.len >= sizeof ep->name)
		return err_set(e, "'%.*s' is too long for HOST:PORT", (int)s.len, s.p);
	memcpy(ep->name, s.p, s.len);
	for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
		struct str prefix = transports[i].prefix;

		if (s.len < prefix.len || memcmp(s.p, prefix.p, prefix.len) != 0)
			continue;
		ep->transport = transports[i].transport;
		s = (struct str){s.p + prefix.len, s.len - prefix.len};
		break;
	}
	return hostport_parse(&ep->addr, &ep->port, s, e);
}

int
endpoint_socket(const struct endpoint *ep, int type)
{
	bool v4 = addr_is_v4(&ep->addr);
	int fd = socket(v4 ? AF_INET : AF_INET6, type, 0), off = 0;

	/* Where the system has no IPv6, every address is every address of IPv4. */
	if (fd == -1 && errno == EAFNOSUPPORT && addr_is_any(&ep->addr))
		return socket(AF_INET, type, 0);
	if (fd != -1 && !v4)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	return fd;
}

int
endpoint_bind(int fd, const struct endpoint *ep)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(ep->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(ep->port)};
	int family = AF_UNSPEC;
	socklen_t len = sizeof family;

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	if (family == AF_INET) {
		in.sin_addr.s_addr = htonl(addr_is_v4(&ep->addr) ? addr_v4(&ep->addr) : INADDR_ANY);
		return bind(fd, (const struct sockaddr *)&in, sizeof in);
	}
	memcpy(&in6.sin6_addr, ep->addr.b, sizeof in6.sin6_addr);
	return bind(fd, (const struct sockaddr *)&in6, sizeof in6);
}

const char *
endpoint_remedy(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "another program listens there: stop it, or choose another port";
	case EADDRNOTAVAIL:
		return "no interface has this address yet";
	case EACCES:
		return "ports below 1024 want root or CAP_NET_BIND_SERVICE";
	default:
		return "see ip(8) for this machine's addresses";
	}
}
