#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "io/fdio.h"
#include "io/prog.h"
#include "rib.h"
#include "route/route_text.h"

#define OUT_FULL 65536

/* Text on its way to stdout. */
struct out {
	struct buf b;
	bool closed; /* nobody reads any more, which is a normal end */
	int failed; /* errno of a write, or 0 */
};

static void
out_flush(struct out *o)
{
	if (o->b.len != 0 && !o->closed && o->failed == 0 &&
	    fd_write_all(STDOUT_FILENO, o->b.p, o->b.len) == -1) {
		o->closed = errno == EPIPE;
		o->failed = errno == EPIPE ? 0 : errno;
	}
	o->b.len = 0;
}

/* Whether to go on. */
static bool
out_line(struct out *o)
{
	buf_putc(&o->b, '\n');
	if (o->b.len >= OUT_FULL)
		out_flush(o);
	return !o->closed && o->failed == 0;
}

static int
out_end(struct out *o)
{
	out_flush(o);
	buf_release(&o->b);
	if (o->failed == 0)
		return EXIT_OK;
	errno = o->failed;
	log_warn("stdout");
	return EXIT_FAILED;
}

static int
open_or_say(struct table *t, const char *path)
{
	struct err e;

	if (table_open(t, path, &e) == 0)
		return 0;
	log_warnx("%s", e.msg);
	return -1;
}

static void
route_put(struct buf *out, const struct table *t, const struct prefix *p, uint32_t n)
{
	struct route r;

	table_route(t, n, &r);
	route_put_json(out, p, &r);
	buf_putc(out, '}');
}

/* A line of prefix number n. Whether to go on. */
static bool
prefix_put(struct out *o, const char *start, const struct table *t, uint32_t n)
{
	struct prefix p;
	uint32_t route = table_prefix(t, n, &p);

	buf_puts(&o->b, start);
	route_put(&o->b, t, &p, route);
	return out_line(o);
}

int
rib_dump(const char *table)
{
	struct out o = {0};
	struct table t;

	if (open_or_say(&t, table) == -1)
		return EXIT_FAILED;
	for (uint32_t n = 0; n < t.prefix_count && prefix_put(&o, "{", &t, n); n++)
		;
	table_close(&t);
	return out_end(&o);
}

static int
address_lookup(struct out *o, const struct table *t, struct str text)
{
	char shown[ADDR_TEXT_MAX];
	struct prefix p;
	struct addr a;
	uint32_t n;

	if (addr_parse(&a, text) == -1) {
		log_warnx("'%.*s' is no address", (int)(text.len < 100 ? text.len : 100), text.p);
		return -1;
	}
	buf_printf(&o->b, "{\"address\":\"%s\"", addr_text(shown, &a));
	if (table_find(t, &a, &p, &n)) {
		buf_putc(&o->b, ',');
		route_put(&o->b, t, &p, n);
	} else {
		buf_putc(&o->b, '}');
	}
	return 0;
}

static int
lines_lookup(struct out *o, const struct table *t)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int status = EXIT_OK;

	while ((len = getline(&line, &cap, stdin)) != -1) {
		while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			len--;
		if (address_lookup(o, t, (struct str){line, (size_t)len}) == -1)
			status = EXIT_FAILED;
		else if (!out_line(o))
			break;
	}
	free(line);
	return status;
}

int
rib_lookup(const char *table, char **addresses)
{
	int status = EXIT_OK;
	struct out o = {0};
	struct table t;

	if (open_or_say(&t, table) == -1)
		return EXIT_FAILED;
	if (*addresses == NULL)
		status = lines_lookup(&o, &t);
	for (; *addresses != NULL; addresses++) {
		if (address_lookup(&o, &t, str_from(*addresses)) == -1)
			status = EXIT_FAILED;
		else if (!out_line(&o))
			break;
	}
	table_close(&t);
	int end = out_end(&o);
	return end != EXIT_OK ? end : status;
}

/* Below 0: prefix i of a comes before prefix k of b. */
static int
prefix_order(const struct prefix *a, const struct prefix *b)
{
	bool a_v4 = addr_is_v4(&a->addr) && a->len >= 96, b_v4 = addr_is_v4(&b->addr) && b->len >= 96;

	if (a_v4 != b_v4)
		return a_v4 ? -1 : 1;
	int order = memcmp(&a->addr, &b->addr, sizeof a->addr);
	return order != 0 ? order : a->len - b->len;
}

static bool
route_same(const struct table *a, uint32_t n, const struct table *b, uint32_t k)
{
	struct route r, s;

	table_route(a, n, &r);
	table_route(b, k, &s);
	return r.present == s.present && addr_eq(&r.next_hop, &s.next_hop) && addr_eq(&r.peer, &s.peer) &&
	       r.local_pref == s.local_pref && r.med == s.med && str_eq(r.as_path, s.as_path) &&
	       str_eq(r.communities, s.communities) && str_eq(r.large_communities, s.large_communities);
}

/* Both in step, since both are sorted; whether they differ. */
static bool
tables_diff(struct out *o, const struct table *a, const struct table *b)
{
	uint32_t i = 0, k = 0;
	bool differ = false, go_on = true;

	while (go_on && (i < a->prefix_count || k < b->prefix_count)) {
		struct prefix p, q;
		uint32_t n = i < a->prefix_count ? table_prefix(a, i, &p) : 0;
		uint32_t m = k < b->prefix_count ? table_prefix(b, k, &q) : 0;
		int order = i == a->prefix_count ? 1 : k == b->prefix_count ? -1 : prefix_order(&p, &q);

		if (order == 0 && route_same(a, n, b, m)) {
			i++;
			k++;
			continue;
		}
		differ = true;
		if (order <= 0)
			go_on = prefix_put(o, "-{", a, i++);
		if (order >= 0 && go_on)
			go_on = prefix_put(o, "+{", b, k++);
	}
	return differ;
}

int
rib_diff(const char *old_table, const char *new_table)
{
	struct out o = {0};
	struct table a, b;

	if (open_or_say(&a, old_table) == -1)
		return DIFF_TROUBLE;
	if (open_or_say(&b, new_table) == -1) {
		table_close(&a);
		return DIFF_TROUBLE;
	}
	bool differ = tables_diff(&o, &a, &b);
	table_close(&a);
	table_close(&b);
	if (out_end(&o) != EXIT_OK)
		return DIFF_TROUBLE;
	return differ ? DIFF_DIFFERENT : DIFF_SAME;
}
