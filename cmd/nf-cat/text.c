#include "format.h"

#include "base/civil.h"
#include "flow/proto.h"
#include "flow/put.h"
#include "flow/tcpflags.h"

/* The columns that a line shows, NULL where the batch has none. */
struct shown {
	const struct col *start, *end, *received, *proto, *flags, *packets, *bytes;
	struct side {
		const struct col *host, *port, *as, *country;
	} src, dst;
};

enum { TEXT_MAX = 512, COUNTRY_MAX = 16 };

static bool
get(const struct col *c, uint32_t row, uint64_t *v)
{
	if (c == NULL || !col_has(c, row))
		return false;
	*v = col_u64(c, row);
	return true;
}

/* Spaces up to `width` bytes after `from`, at least one. */
static char *
pad(char *p, const char *from, int width)
{
	do
		*p++ = ' ';
	while (p - from < width);
	return p;
}

/* A number at the right of `width` bytes, "-" if there is none. */
static char *
put_right(char *p, const struct col *c, uint32_t row, int width)
{
	char text[PUT_MAX] = "-", *end = text + 1;
	uint64_t v;

	if (get(c, row, &v))
		end = put_u64(text, v);
	for (ptrdiff_t i = end - text; i < width; i++)
		*p++ = ' ';
	memcpy(p, text, (size_t)(end - text));
	return p + (end - text);
}

static char *
put_when(char *p, const struct shown *s, uint32_t row)
{
	uint64_t start, end;
	bool has_start = get(s->start, row, &start), has_end = get(s->end, row, &end);

	if (!has_start && !(has_start = get(s->received, row, &start)))
		start = 0;
	civil_put(p, (int64_t)start);
	p[19] = '.';
	for (int i = 0, unit = 100; i < 3; i++, unit /= 10)
		p[20 + i] = (char)('0' + start / (uint64_t)unit % 10);
	if (!has_start)
		memcpy(p, "-                      ", 23);
	char *from = p + 23;
	p = from;
	*p++ = ' ';
	if (has_start && has_end && end >= start)
		p = put_time(p, end - start);
	else
		*p++ = '-';
	return pad(p, from, 12);
}

static char *
put_proto(char *p, const struct shown *s, uint32_t row)
{
	char *from = p;
	uint64_t v;

	if (!get(s->proto, row, &v)) {
		*p++ = '-';
		return pad(p, from, 10);
	}
	struct str name = proto_name((uint8_t)v);
	if (name.len == 0)
		return pad(put_u64(p, v), from, 10);
	memcpy(p, name.p, name.len);
	return pad(p + name.len, from, 10);
}

/* "192.0.2.1:443", "[2001:db8::1]:443" */
static char *
put_end(char *p, const struct side *s, uint32_t row)
{
	uint64_t port;

	if (s->host == NULL || !col_has(s->host, row)) {
		*p++ = '-';
		return p;
	}
	struct addr a = col_addr(s->host, row);
	bool has_port = get(s->port, row, &port), brackets = has_port && !addr_is_v4(&a);
	if (brackets)
		*p++ = '[';
	p = put_addr(p, &a);
	if (brackets)
		*p++ = ']';
	if (has_port) {
		*p++ = ':';
		p = put_u64(p, port);
	}
	return p;
}

/* "AS64500/GR", as much of it as is known. */
static char *
put_place(char *p, const struct side *s, uint32_t row)
{
	char *from = p;
	uint64_t as;

	if (get(s->as, row, &as) && as != 0) {
		*p++ = 'A';
		*p++ = 'S';
		p = put_u64(p, as);
	}
	if (s->country != NULL && col_has(s->country, row)) {
		struct str c = col_str(s->country, row);

		if (p > from)
			*p++ = '/';
		for (size_t i = 0; i < c.len && i < COUNTRY_MAX; i++)
			*p++ = (uint8_t)c.p[i] < 0x20 || c.p[i] == 0x7f ? '?' : c.p[i];
	}
	if (p == from)
		*p++ = '-';
	return p;
}

static char *
put_flags(char *p, const struct shown *s, uint32_t row)
{
	uint64_t v;

	if (get(s->flags, row, &v))
		tcpflags_put(p, (uint16_t)v);
	else
		memcpy(p, "-       ", 8);
	return p + 8;
}

static char *
put_line(char *p, const struct shown *s, uint32_t row)
{
	p = put_when(p, s, row);
	p = put_proto(p, s, row);
	char *from = p;
	p = pad(put_end(p, &s->src, row), from, 22);
	memcpy(p, "> ", 2);
	from = p += 2;
	p = pad(put_end(p, &s->dst, row), from, 22);
	p = put_flags(p, s, row);
	*p++ = ' ';
	p = put_right(p, s->packets, row, 8);
	*p++ = ' ';
	p = put_right(p, s->bytes, row, 10);
	if (s->src.as != NULL || s->dst.as != NULL || s->src.country != NULL || s->dst.country != NULL) {
		memcpy(p, "  ", 2);
		p = put_place(p + 2, &s->src, row);
		memcpy(p, " > ", 3);
		p = put_place(p + 3, &s->dst, row);
	}
	*p++ = '\n';
	return p;
}

void
text_write(const struct batch *b, struct buf *out)
{
	const struct shown s = {
	    .start = batch_col(b, FIELD_timestamp_start),
	    .end = batch_col(b, FIELD_timestamp_end),
	    .received = batch_col(b, FIELD_timestamp_received),
	    .proto = batch_col(b, FIELD_proto),
	    .flags = batch_col(b, FIELD_tcpflags),
	    .packets = batch_col(b, FIELD_packets),
	    .bytes = batch_col(b, FIELD_bytes),
	    .src = {batch_col(b, FIELD_src_host), batch_col(b, FIELD_src_port), batch_col(b, FIELD_src_as),
		batch_col(b, FIELD_src_host_country)},
	    .dst = {batch_col(b, FIELD_dst_host), batch_col(b, FIELD_dst_port), batch_col(b, FIELD_dst_as),
		batch_col(b, FIELD_dst_host_country)},
	};

	for (uint32_t row = 0; row < b->rows; row++) {
		char *p = (char *)buf_reserve(out, TEXT_MAX);

		out->len += (size_t)(put_line(p, &s, row) - p);
	}
}
