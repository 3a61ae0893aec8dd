#include "io/protect.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/fdio.h"
#include "io/here.h"
#include "io/lines.h"

enum { FILE_MAX = 4 << 20 };

struct protected_prefix {
	struct prefix prefix;
	char *why;
};

void
protect_add(struct protect *p, const struct prefix *prefix, const char *why)
{
	if (p->count == p->cap) {
		p->cap = p->cap == 0 ? 32 : 2 * p->cap;
		p->v = mem_resize(p->v, p->cap, sizeof *p->v);
	}
	p->v[p->count++] = (struct protected_prefix){*prefix, mem_strdup(why)};
}

static void
add_addr(struct protect *p, const struct addr *a, const char *why)
{
	if (!addr_is_any(a))
		protect_add(p, &(struct prefix){*a, 128}, why);
}

void
protect_release(struct protect *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->v[i].why);
	free(p->v);
	*p = (struct protect){0};
}

/*
 * From the configuration.
 */

struct listed {
	struct protect *p;
	const char *why;
};

static int
add_listed(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	const struct listed *l = arg;
	struct prefix prefix;

	(void)at;
	if (prefix_parse(&prefix, item, e) == -1)
		return -1;
	protect_add(l->p, &prefix, l->why);
	return 0;
}

/* The host of HOST, HOST:PORT, [HOST]:PORT or a URL with one of these. */
static struct str
host_of(const char *text)
{
	const char *at = strstr(text, "://");
	struct str s = str_from(at != NULL ? at + 3 : text);

	s.len = strcspn(s.p, "/?#");
	const char *user = memchr(s.p, '@', s.len);
	if (user != NULL)
		s = (struct str){user + 1, s.len - (size_t)(user + 1 - s.p)};
	if (s.len > 0 && s.p[0] == '[') {
		const char *end = memchr(s.p, ']', s.len);

		return (struct str){s.p + 1, end != NULL ? (size_t)(end - s.p) - 1 : s.len - 1};
	}
	const char *colon = memchr(s.p, ':', s.len);
	/* Two colons or more: an IPv6 address without brackets. */
	if (colon != NULL && memchr(colon + 1, ':', s.len - (size_t)(colon + 1 - s.p)) == NULL)
		s.len = (size_t)(colon - s.p);
	return s;
}

static void
add_host(struct protect *p, struct str host, const char *why, conf_warn_fn *warn, void *arg)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *all = NULL;
	char name[256], words[512];
	struct addr a;

	if (host.len == 0 || host.len >= sizeof name)
		return;
	if (addr_parse(&a, host) == 0) {
		add_addr(p, &a, why);
		return;
	}
	memcpy(name, host.p, host.len);
	name[host.len] = '\0';
	int r = getaddrinfo(name, NULL, &hints, &all);
	if (r != 0) {
		snprintf(words, sizeof words,
		    "%s is not protected from blackholes, since its address is not known: %s", name,
		    gai_strerror(r));
		warn(arg, words);
		return;
	}
	for (const struct addrinfo *i = all; i != NULL; i = i->ai_next)
		if (here_addr(&a, i->ai_addr))
			add_addr(p, &a, why);
	freeaddrinfo(all);
}

/* Of a list with commas, as clickhouse.host and clickhouse.url may be. */
static void
add_hosts(struct protect *p, const char *list, const char *why, conf_warn_fn *warn, void *arg)
{
	while (list[strspn(list, ", ")] != '\0') {
		list += strspn(list, ", ");
		size_t len = strcspn(list, ", ");
		char *one = mem_strndup(list, len);

		add_host(p, host_of(one), why, warn, arg);
		free(one);
		list += len;
	}
}

/*
 * From files.
 */

static int
read_exclude(struct protect *p, const char *path, struct err *e)
{
	struct buf all = {0};
	struct str line;
	int r = file_read(&all, path, FILE_MAX, e);
	struct str rest = {(char *)all.p, all.len};

	for (unsigned number = 1; r == 0 && line_next(&rest, &line); number++) {
		struct prefix prefix;

		if (line.len == 0)
			continue;
		r = prefix_parse(&prefix, line, e);
		if (r == -1)
			err_wrap(e, "%s:%u", path, number);
		else
			protect_add(p, &prefix, "detection.exclude_file lists it");
	}
	buf_release(&all);
	return r;
}

/* The system's name servers, where the configuration names none. */
static void
read_resolvers(struct protect *p)
{
	struct buf all = {0};
	struct str line;
	struct addr a;

	if (file_read(&all, "/etc/resolv.conf", FILE_MAX, NULL) == 0)
		for (struct str rest = {(char *)all.p, all.len}; line_next(&rest, &line);)
			if (line.len > 11 && memcmp(line.p, "nameserver ", 11) == 0 &&
			    addr_parse(&a, (struct str){line.p + 11, line.len - 11}) == 0)
				add_addr(p, &a, "it is a name server");
	buf_release(&all);
}

static int
read_all(struct protect *p, const struct conf *c, conf_warn_fn *warn, void *arg, struct err *e)
{
	struct listed exporters = {p, "it is a trusted exporter"}, targets = {p, "it is an SNMP target"},
		      servers = {p, "it is a name server"};
	const char *url = conf_str(c, "clickhouse.url"), *exclude = conf_str(c, "detection.exclude_file");

	if (conf_each(c, "collectors.netflow.config.allow", add_listed, &exporters, e) == -1 ||
	    conf_each(c, "snmp.target", add_listed, &targets, e) == -1 ||
	    conf_each(c, "dns.nameserver", add_listed, &servers, e) == -1)
		return -1;
	if (!conf_has(c, "dns.nameserver"))
		read_resolvers(p);
	add_hosts(p, url != NULL ? url : conf_str(c, "clickhouse.host"), "it is the database", warn, arg);
	return exclude != NULL && exclude[0] != '\0' ? read_exclude(p, exclude, e) : 0;
}

int
protect_read(struct protect *p, const struct conf *c, conf_warn_fn *warn, void *arg, struct err *e)
{
	struct protect fresh = {0};

	if (read_all(&fresh, c, warn, arg, e) == -1) {
		protect_release(&fresh);
		return -1;
	}
	protect_release(p);
	*p = fresh;
	return 0;
}

/*
 * Of this moment.
 */

static bool
overlap(const struct prefix *a, const struct prefix *b)
{
	return a->len <= b->len ? prefix_contains(a, &b->addr) : prefix_contains(b, &a->addr);
}

static const char *
names_no_host(const struct prefix *which)
{
	static const struct {
		const char *prefix, *why;
	} fixed[] = {
	    {"224.0.0.0/4", "it is multicast"},
	    {"ff00::/8", "it is multicast"},
	    {"127.0.0.0/8", "it is a loopback address"},
	    {"::1/128", "it is a loopback address"},
	    {"169.254.0.0/16", "it is a link-local address"},
	    {"fe80::/10", "it is a link-local address"},
	    {"0.0.0.0/8", "it is an unspecified address"},
	    {"::/128", "it is an unspecified address"},
	    {"255.255.255.255/32", "it is the broadcast address"},
	};

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		struct prefix p;

		if (prefix_parse(&p, str_from(fixed[i].prefix), NULL) == 0 && overlap(&p, which))
			return fixed[i].why;
	}
	return NULL;
}

const char *
protect_why(const struct protect *p, const struct prefix *which)
{
	const char *words = names_no_host(which);

	for (size_t i = 0; words == NULL && i < p->count; i++)
		if (overlap(&p->v[i].prefix, which))
			words = p->v[i].why;
	if (words == NULL && here_owns(which))
		words = "it is an address of this machine";
	if (words == NULL && here_routes_by(which))
		words = "it is a gateway of this machine";
	return words;
}
