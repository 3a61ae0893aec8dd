#include "bgp/segments.h"

#include "flow/put.h"

/* A segment with its numbers, and the next one after it. */
struct segment {
	uint8_t type, count;
	const uint8_t *numbers;
};

static int
segment_next(struct rd *r, struct segment *s, unsigned width)
{
	if (rd_u8(r, &s->type) == -1 || rd_u8(r, &s->count) == -1)
		return -1;
	return rd_bytes(r, &s->numbers, (size_t)s->count * width);
}

static uint32_t
number(const struct segment *s, unsigned i, unsigned width)
{
	return width == 2 ? load_be16(s->numbers + 2 * (size_t)i) : load_be32(s->numbers + 4 * (size_t)i);
}

static struct rd
path_rd(struct str path)
{
	return rd_from(path.len > 0 ? path.p : "", path.len);
}

int
segments_check(struct str path, unsigned width, struct err *e)
{
	struct rd r = path_rd(path);
	struct segment s;

	while (rd_left(&r) > 0) {
		if (segment_next(&r, &s, width) == -1)
			return err_set(e, "a segment that is cut short");
		if (s.type != SEGMENT_SET && s.type != SEGMENT_SEQUENCE)
			return err_set(e, "a segment of type %u", s.type);
		if (s.count == 0)
			return err_set(e, "an empty segment");
		for (unsigned i = 0; i < s.count; i++)
			if (number(&s, i, width) == 0)
				return err_set(e, "AS 0");
	}
	return 0;
}

void
segments_widen(struct buf *out, struct str path)
{
	struct rd r = path_rd(path);
	struct segment s;

	while (segment_next(&r, &s, 2) == 0) {
		buf_putc(out, (char)s.type);
		buf_putc(out, (char)s.count);
		for (unsigned i = 0; i < s.count; i++)
			buf_be32(out, number(&s, i, 2));
	}
}

void
segments_merge(struct buf *out, struct str path, struct str path4)
{
	unsigned len = segments_length(path), len4 = segments_length(path4);
	struct rd r = path_rd(path);
	struct segment s;

	if (len < len4) {
		buf_add(out, path.p, path.len);
		return;
	}
	/* What stands before the part that both tell. */
	for (unsigned lead = len - len4; lead > 0 && segment_next(&r, &s, 4) == 0;) {
		unsigned take = s.type == SEGMENT_SET || s.count <= lead ? s.count : lead;

		buf_putc(out, (char)s.type);
		buf_putc(out, (char)take);
		buf_add(out, s.numbers, take * 4UL);
		lead -= s.type == SEGMENT_SET ? 1 : take;
	}
	buf_add(out, path4.p, path4.len);
}

unsigned
segments_length(struct str path)
{
	struct rd r = path_rd(path);
	struct segment s;
	unsigned n = 0;

	while (segment_next(&r, &s, 4) == 0)
		n += s.type == SEGMENT_SET ? 1 : s.count;
	return n;
}

uint32_t
segments_first(struct str path)
{
	struct rd r = path_rd(path);
	struct segment s;

	return segment_next(&r, &s, 4) == 0 && s.type == SEGMENT_SEQUENCE ? number(&s, 0, 4) : 0;
}

uint32_t
segments_origin(struct str path)
{
	struct rd r = path_rd(path);
	struct segment s;
	uint32_t last = 0;

	while (segment_next(&r, &s, 4) == 0)
		last = s.type == SEGMENT_SEQUENCE ? number(&s, s.count - 1U, 4) : 0;
	return last;
}

void
segments_behind(struct buf *out, struct str path)
{
	struct rd r = path_rd(path);
	struct segment s;

	if (segment_next(&r, &s, 4) == -1)
		return;
	if (s.count > 1) {
		buf_putc(out, (char)s.type);
		buf_putc(out, (char)(s.count - 1));
		buf_add(out, s.numbers + 4, (s.count - 1UL) * 4);
	}
	buf_add(out, r.p, rd_left(&r));
}

bool
segments_has(struct str path, uint32_t asn)
{
	struct rd r = path_rd(path);
	struct segment s;

	while (segment_next(&r, &s, 4) == 0)
		for (unsigned i = 0; i < s.count; i++)
			if (number(&s, i, 4) == asn)
				return true;
	return false;
}

void
segments_list(struct buf *out, struct str path)
{
	struct rd r = path_rd(path);
	struct segment s;

	while (segment_next(&r, &s, 4) == 0) {
		bool set = s.type == SEGMENT_SET;

		if (set)
			buf_putc(out, '{');
		for (unsigned i = 0; i < s.count; i++) {
			if (set && i > 0)
				buf_putc(out, ',');
			put_number(out, number(&s, i, 4));
			if (!set)
				buf_putc(out, '\0');
		}
		if (set) {
			buf_putc(out, '}');
			buf_putc(out, '\0');
		}
	}
}
