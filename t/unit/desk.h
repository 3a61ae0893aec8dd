/* For the tests of the NDJSON codec and the dialects. */
#ifndef UNIT_DESK_H
#define UNIT_DESK_H

#include <stdlib.h>

#include "flow/ndjson.h"

/* What a test works with: a reader, a builder, a batch, and the lines that come out. */
struct desk {
	struct ndjson_reader *r;
	struct builder bd;
	struct batch b;
	struct arena arena;
	struct buf out;
	struct err e;
	struct str mark;
};

static inline struct desk *
desk_new(const char *dialect, const char *zone)
{
	struct desk *d = mem_zero(1, sizeof *d);
	struct ndjson_options o = {.dialect = dialect, .zone = zone};

	d->r = ndjson_reader_new(&o, &d->e);
	assert_non_null(d->r);
	builder_init(&d->bd, 0);
	return d;
}

static inline void
desk_free(struct desk *d)
{
	ndjson_reader_free(d->r);
	builder_release(&d->bd);
	arena_release(&d->arena);
	buf_release(&d->out);
	free(d);
}

/* The rows so far as text, through a serialized batch, so that what is written went over the pipe. */
static inline const char *
desk_text(struct desk *d)
{
	static uint64_t pipe[BATCH_BYTES_MAX / 8];
	struct buf wire = {0};

	d->out.len = 0;
	if (d->bd.rows > 0) {
		builder_finish(&d->bd, &d->b);
		assert_int_equal(batch_serialize(&d->b, &wire, &d->e), 0);
		memcpy(pipe, wire.p, wire.len);
		assert_int_equal(batch_parse(&d->b, pipe, wire.len, &d->e), 0);
		ndjson_write(&d->b, &d->out, &d->arena);
	}
	builder_reset(&d->bd);
	arena_reset(&d->arena);
	buf_release(&wire);
	return buf_cstr(&d->out);
}

/* One object in, one line out (without its newline), or "! words". */
static inline const char *
convert(struct desk *d, const char *in)
{
	char *line;
	enum ndjson_result result = ndjson_read(d->r, str_from(in), &d->bd, &d->mark, &d->e);

	switch (result) {
	case NDJSON_ROW:
		assert_int_equal(d->bd.rows, 1);
		desk_text(d);
		line = (char *)d->out.p;
		assert_int_equal(line[d->out.len - 1], '\n');
		line[d->out.len - 1] = '\0';
		return line;
	case NDJSON_BAD:
		assert_int_equal(d->bd.rows, 0);
		d->out.len = 0;
		buf_printf(&d->out, "! %s", d->e.msg);
		return buf_cstr(&d->out);
	case NDJSON_MARK:
		d->out.len = 0;
		buf_printf(&d->out, "mark %.*s", (int)d->mark.len, d->mark.p);
		return buf_cstr(&d->out);
	default:
		return "nothing";
	}
}

struct pair {
	const char *in, *out;
};

static inline void
check_pairs(struct desk *d, const struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_string_equal(convert(d, pairs[i].in), pairs[i].out);
	desk_free(d);
}

#define CHECK(d, pairs) check_pairs((d), (pairs), sizeof(pairs) / sizeof(pairs)[0])

#endif
