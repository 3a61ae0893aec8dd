#include "base/addr.h"

#include <arpa/inet.h>

#include "base/num.h"

static bool
in_net(const struct addr *a, uint32_t net, unsigned len)
{
	return addr_is_v4(a) && (addr_v4(a) ^ net) >> (32 - len) == 0;
}

bool
addr_is_any(const struct addr *a)
{
	static const struct addr any6;

	return addr_is_v4(a) ? addr_v4(a) == 0 : addr_eq(a, &any6);
}

bool
addr_is_private(const struct addr *a)
{
	return in_net(a, 0x0a000000, 8) || in_net(a, 0xac100000, 12) || in_net(a, 0xc0a80000, 16) ||
	       (a->b[0] & 0xfe) == 0xfc;
}

bool
addr_is_shared(const struct addr *a)
{
	return in_net(a, 0x64400000, 10);
}

bool
addr_is_link_local(const struct addr *a)
{
	return in_net(a, 0xa9fe0000, 16) || (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80);
}

bool
addr_is_loopback(const struct addr *a)
{
	static const struct addr one = {.b = {[15] = 1}};

	return in_net(a, 0x7f000000, 8) || addr_eq(a, &one);
}

bool
addr_is_multicast(const struct addr *a)
{
	return in_net(a, 0xe0000000, 4) || a->b[0] == 0xff;
}

/* The dotted quad that most text is; -1 leaves the rest to inet_pton. */
static int
v4_parse(struct addr *a, struct str s)
{
	uint32_t v = 0;
	const char *p = s.p, *end = s.p + s.len;

	for (int octet = 0; octet < 4; octet++) {
		unsigned n = 0, digits = 0;

		if (octet > 0 && (p == end || *p++ != '.'))
			return -1;
		for (; p < end && *p >= '0' && *p <= '9'; p++, digits++)
			n = n * 10 + (unsigned)(*p - '0');
		if (digits == 0 || digits > 3 || n > 255 || (digits > 1 && p[-(int)digits] == '0'))
			return -1;
		v = v << 8 | n;
	}
	if (p != end)
		return -1;
	*a = addr_from_v4(v);
	return 0;
}

int
addr_parse(struct addr *a, struct str s)
{
	char text[ADDR_TEXT_MAX];

	if (v4_parse(a, s) == 0)
		return 0;
	if (s.len >= sizeof text || memchr(s.p, ':', s.len) == NULL || memchr(s.p, '\0', s.len) != NULL)
		return -1;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	return inet_pton(AF_INET6, text, a->b) == 1 ? 0 : -1;
}

static char *
put_octet(char *p, unsigned n)
{
	if (n >= 100) {
		*p++ = (char)('0' + n / 100);
		n %= 100;
		*p++ = (char)('0' + n / 10);
	} else if (n >= 10)
		*p++ = (char)('0' + n / 10);
	*p++ = (char)('0' + n % 10);
	return p;
}

static char *
put_hextet(char *p, unsigned v)
{
	static const char hex[] = "0123456789abcdef";

	if (v > 0xfff)
		*p++ = hex[v >> 12];
	if (v > 0xff)
		*p++ = hex[v >> 8 & 15];
	if (v > 0xf)
		*p++ = hex[v >> 4 & 15];
	*p++ = hex[v & 15];
	return p;
}

/* RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
static char *
v6_put(char *p, const struct addr *a)
{
	int best = -1, best_len = 1;

	for (int i = 0, run = 0; i < 8; i++) {
		run = load_be16(a->b + 2 * i) == 0 ? run + 1 : 0;
		if (run > best_len) {
			best_len = run;
			best = i - run + 1;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			*p++ = ':';
			*p++ = ':';
			i += best_len - 1;
			continue;
		}
		if (i > 0 && p[-1] != ':')
			*p++ = ':';
		p = put_hextet(p, load_be16(a->b + 2 * i));
	}
	return p;
}

size_t
addr_format(char *p, const struct addr *a)
{
	char *start = p;

	if (!addr_is_v4(a))
		return (size_t)(v6_put(p, a) - start);
	for (int i = 12; i < 16; i++) {
		if (i > 12)
			*p++ = '.';
		p = put_octet(p, a->b[i]);
	}
	return (size_t)(p - start);
}

const char *
addr_text(char p[ADDR_TEXT_MAX], const struct addr *a)
{
	p[addr_format(p, a)] = '\0';
	return p;
}

void
addr_mask(struct addr *a, unsigned len)
{
	if (len >= 128)
		return;
	a->b[len / 8] &= (uint8_t)(0xff00 >> len % 8);
	memset(a->b + len / 8 + 1, 0, 15 - len / 8);
}

int
prefix_parse(struct prefix *p, struct str s, struct err *e)
{
	const char *slash = memchr(s.p, '/', s.len);
	struct str host = {s.p, slash != NULL ? (size_t)(slash - s.p) : s.len};

	if (addr_parse(&p->addr, host) == -1)
		return err_set(e, "'%.*s' is not an address or prefix", (int)s.len, s.p);
	unsigned base = addr_is_v4(&p->addr) && memchr(host.p, ':', host.len) == NULL ? 96 : 0;
	uint64_t len = 128 - base;
	if (slash != NULL) {
		struct str bits = {slash + 1, s.len - host.len - 1};

		if (num_parse(&len, bits, 0, 128 - base) == -1)
			return err_set(
			    e, "'%.*s' has no prefix length from 0 to %u", (int)s.len, s.p, 128 - base);
	}
	p->len = (uint8_t)(base + len);
	struct addr masked = p->addr;
	addr_mask(&masked, p->len);
	if (!addr_eq(&masked, &p->addr)) {
		char text[ADDR_TEXT_MAX];

		return err_set(e, "'%.*s' has bits set beyond its length; the prefix is %s/%u", (int)s.len,
		    s.p, addr_text(text, &masked), (unsigned)len);
	}
	return 0;
}

bool
prefix_contains(const struct prefix *p, const struct addr *a)
{
	struct addr masked = *a;

	if (p->len < 96 && addr_is_v4(a))
		return false;
	addr_mask(&masked, p->len);
	return addr_eq(&masked, &p->addr);
}

const char *
prefix_text(char s[PREFIX_TEXT_MAX], const struct prefix *p)
{
	bool v4 = addr_is_v4(&p->addr) && p->len >= 96;
	char *end = s + addr_format(s, &p->addr);

	*end++ = '/';
	end = put_octet(end, v4 ? p->len - 96u : p->len);
	*end = '\0';
	return s;
}

int
hostport_parse(struct addr *a, uint16_t *port, struct str s, struct err *e)
{
	static const struct addr any6;
	const char *colon = memrchr(s.p, ':', s.len);
	uint64_t n;

	if (colon == NULL)
		return err_set(e, "'%.*s' has no port; HOST:PORT was expected", (int)s.len, s.p);
	struct str host = {s.p, (size_t)(colon - s.p)};
	struct str digits = {colon + 1, s.len - host.len - 1};
	if (num_parse(&n, digits, 0, 65535) == -1)
		return err_set(e, "'%.*s' does not end in a port from 0 to 65535", (int)s.len, s.p);
	*port = (uint16_t)n;
	if (host.len == 0 || str_eq(host, STR("*"))) {
		*a = any6;
		return 0;
	}
	if (host.len > 2 && host.p[0] == '[' && host.p[host.len - 1] == ']')
		host = (struct str){host.p + 1, host.len - 2};
	else if (memchr(host.p, ':', host.len) != NULL)
		return err_set(
		    e, "'%.*s': an IPv6 address before a port stands in brackets", (int)s.len, s.p);
	if (addr_parse(a, host) == -1)
		return err_set(e, "'%.*s' is not a numeric address", (int)host.len, host.p);
	return 0;
}
