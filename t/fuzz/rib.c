/*
 * A table as text: in pieces it is read as it is whole, and a route that was
 * read is read again from what is written of it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "route/rib_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void
on_complaint(void *arg, uint64_t line, const char *words)
{
	(void)arg;
	if (line == 0 || words[0] == '\0')
		abort();
}

struct result {
	uint64_t routes, bad;
	size_t v4, v6, distinct;
	int rc;
};

static struct result
read_in_pieces(const uint8_t *p, size_t len, size_t piece)
{
	struct table_builder b;
	struct rib_in in;
	struct err e;
	int rc = 0;

	table_builder_init(&b);
	rib_in_init(&in, &b, on_complaint, NULL);
	for (size_t at = 0; at < len && rc == 0; at += piece)
		rc = rib_in_add(&in, p + at, len - at < piece ? len - at : piece, &e);
	if (rc == 0)
		rc = rib_in_end(&in, &e);
	lpm_builder_settle(&b.prefixes);
	struct result r = {in.routes, in.bad, b.prefixes.list[LPM_V4].count, b.prefixes.list[LPM_V6].count,
	    b.routes.len, rc};
	rib_in_release(&in);
	table_builder_release(&b);
	return r;
}

static void
line_again(struct str line)
{
	struct route_text first = {0}, second = {0};
	struct buf once = {0}, twice = {0};
	struct prefix p, q;
	struct route r, s;
	struct err e;
	int rc = line.len > 0 && line.p[0] == '{'
		     ? route_read_json(&first, line, (struct str){NULL, 0}, &p, &r, &e)
		     : route_read_bgpdump(&first, line, &p, &r, &e);

	if (rc == 0) {
		buf_putc(&once, '{');
		route_put_json(&once, &p, &r);
		buf_putc(&once, '}');
		struct str text = {(const char *)once.p, once.len};
		if (route_read_json(&second, text, (struct str){NULL, 0}, &q, &s, &e) == -1)
			abort();
		buf_putc(&twice, '{');
		route_put_json(&twice, &q, &s);
		buf_putc(&twice, '}');
		if (once.len != twice.len || memcmp(once.p, twice.p, once.len) != 0)
			abort();
	}
	route_text_release(&first);
	route_text_release(&second);
	buf_release(&once);
	buf_release(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	if (len == 0 || len > 1 << 16)
		return 0;
	struct result whole = read_in_pieces(p, len, len), parts = read_in_pieces(p, len, 1 + p[0] % 64);
	if (whole.routes != parts.routes || whole.bad != parts.bad || whole.v4 != parts.v4 ||
	    whole.v6 != parts.v6 || whole.distinct != parts.distinct || whole.rc != parts.rc)
		abort();
	const char *eol = memchr(p, '\n', len);
	line_again((struct str){(const char *)p, eol != NULL ? (size_t)(eol - (const char *)p) : len});
	return 0;
}
