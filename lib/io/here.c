#include "io/here.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "io/fdio.h"
#include "io/lines.h"

enum { ROUTES_MAX = 16 << 20 };

bool
here_addr(struct addr *a, const struct sockaddr *sa)
{
	if (sa == NULL || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return false;
	*a = sa->sa_family == AF_INET
		 ? addr_from_bytes(&((const struct sockaddr_in *)(const void *)sa)->sin_addr, false)
		 : addr_from_bytes(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, true);
	return true;
}

bool
here_owns(const struct prefix *which)
{
	struct ifaddrs *all;
	struct addr a;
	bool found = false;

	/* Not to know is no reason to let it pass. */
	if (getifaddrs(&all) == -1)
		return true;
	for (const struct ifaddrs *i = all; i != NULL && !found; i = i->ifa_next)
		found = here_addr(&a, i->ifa_addr) && prefix_contains(which, &a);
	freeifaddrs(all);
	return found;
}

static bool
hex_bytes(uint8_t *out, struct str hex)
{
	for (size_t i = 0; i < hex.len; i++) {
		const char *digits = "0123456789abcdef", *d = strchr(digits, hex.p[i] | 0x20);

		if (d == NULL)
			return false;
		out[i / 2] = (uint8_t)(out[i / 2] << 4 | (d - digits));
	}
	return true;
}

/* The n-th word of a line of the kernel's tables of routes, counted from 0. */
static struct str
word(struct str line, unsigned n)
{
	struct str w = {0};

	for (unsigned i = 0; i <= n; i++) {
		while (line.len > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
			line.p++, line.len--;
		w = (struct str){line.p, 0};
		while (w.len < line.len && w.p[w.len] != ' ' && w.p[w.len] != '\t')
			w.len++;
		line.p += w.len;
		line.len -= w.len;
	}
	return w;
}

/*
 * /proc/net/route has the gateway as its third word, in the byte order of the
 * machine; ipv6_route as its fifth, in that of the network. proc(5).
 */
bool
here_routes_by(const struct prefix *which)
{
	bool v4 = which->len >= 96 && addr_is_v4(&which->addr), found = false;
	struct buf all = {0};
	struct str line;

	if (file_read(&all, v4 ? "/proc/net/route" : "/proc/net/ipv6_route", ROUTES_MAX, NULL) == 0)
		for (struct str rest = {(char *)all.p, all.len}; !found && line_next(&rest, &line);) {
			struct str hex = word(line, v4 ? 2 : 4);
			uint8_t bytes[16] = {0};

			if (hex.len != (v4 ? 8 : 32) || !hex_bytes(bytes, hex))
				continue;
			struct addr a = v4 ? addr_from_v4(load_le32(bytes)) : addr_from_bytes(bytes, true);
			found = !addr_is_any(&a) && prefix_contains(which, &a);
		}
	buf_release(&all);
	return found;
}
