/* A decoder under test, and datagrams written by hand. */
#ifndef DECODE_RIG_H
#define DECODE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/decode.h"

#define NOW_MS INT64_C(1700000000000)

struct rig {
	struct builder rows;
	struct decoder *d;
	struct batch b; /* of the last look */
	uint64_t given; /* rows taken because the builder was full */
	int64_t now_ms;
};

static inline void
rig_full(void *arg, struct builder *rows)
{
	struct rig *rig = arg;

	rig->given += rows->rows;
	builder_reset(rows);
}

static inline void
rig_open(struct rig *rig, bool live)
{
	*rig = (struct rig){.now_ms = NOW_MS};
	builder_init(&rig->rows, 0);
	rig->d = decoder_new(
	    &(struct decoder_options){.rows = &rig->rows, .full = rig_full, .arg = rig, .live = live});
}

static inline void
rig_close(struct rig *rig)
{
	decoder_free(rig->d);
	builder_release(&rig->rows);
}

/* Takes the datagram and empties the buffer. */
static inline void
rig_feed_from(struct rig *rig, const char *exporter, struct buf *dg)
{
	struct datagram in = {.received_ms = rig->now_ms, .p = dg->p, .len = dg->len};

	assert_int_equal(addr_parse(&in.exporter, str_from(exporter)), 0);
	decoder_datagram(rig->d, &in);
	buf_release(dg);
	*dg = (struct buf){0};
}

static inline void
rig_feed(struct rig *rig, struct buf *dg)
{
	rig_feed_from(rig, "192.0.2.1", dg);
}

static inline uint64_t
rig_count(struct rig *rig, enum decode_count c)
{
	uint64_t counts[DECODE_COUNTS];

	decoder_totals(rig->d, counts);
	return counts[c];
}

/* The rows since the last look. */
static inline uint32_t
rig_look(struct rig *rig)
{
	static struct buf wire;
	static struct batch whole;
	struct err e;

	if (rig->rows.rows == 0)
		return 0;
	builder_finish(&rig->rows, &whole);
	buf_release(&wire);
	wire = (struct buf){0};
	assert_int_equal(batch_serialize(&whole, &wire, &e), 0);
	if (batch_parse(&rig->b, wire.p, wire.len, &e) < 0)
		fail_msg("%s", e.msg);
	builder_reset(&rig->rows);
	return rig->b.rows;
}

static inline uint64_t
rig_u64(struct rig *rig, enum field f, uint32_t row)
{
	const struct col *c = batch_col(&rig->b, f);

	assert_non_null(c);
	assert_true(col_has(c, row));
	return col_u64(c, row);
}

static inline bool
rig_has(struct rig *rig, enum field f, uint32_t row)
{
	const struct col *c = batch_col(&rig->b, f);

	return c != NULL && col_has(c, row);
}

#define assert_field(rig, f, row, want) assert_int_equal(rig_u64(rig, FIELD_##f, row), want)
#define assert_absent(rig, f, row) assert_false(rig_has(rig, FIELD_##f, row))

#define assert_addr(rig, f, row, want)                                  \
	do {                                                            \
		char text_[ADDR_TEXT_MAX];                              \
		const struct col *c_ = batch_col(&(rig)->b, FIELD_##f); \
		assert_true(c_ != NULL && col_has(c_, row));            \
		struct addr a_ = col_addr(c_, row);                     \
		assert_string_equal(addr_text(text_, &a_), want);       \
	} while (0)

#define assert_str(rig, f, row, want)                                   \
	do {                                                            \
		const struct col *c_ = batch_col(&(rig)->b, FIELD_##f); \
		assert_true(c_ != NULL && col_has(c_, row));            \
		struct str s_ = col_str(c_, row);                       \
		assert_int_equal(s_.len, sizeof(want) - 1);             \
		assert_memory_equal(s_.p, want, sizeof(want) - 1);      \
	} while (0)

/* Writing. Every element of the list is one be16. */
#define put16(dg, ...)                                                   \
	do {                                                             \
		const uint16_t v_[] = {__VA_ARGS__};                     \
		for (size_t i_ = 0; i_ < sizeof v_ / sizeof v_[0]; i_++) \
			buf_be16(dg, v_[i_]);                            \
	} while (0)

#define EXPORT_S (NOW_MS / 1000 - 1)
#define UPTIME_MS 1000000

static inline void
put_v9(struct buf *dg, uint32_t sequence, uint32_t source)
{
	put16(dg, 9, 1);
	buf_be32(dg, UPTIME_MS);
	buf_be32(dg, EXPORT_S);
	buf_be32(dg, sequence);
	buf_be32(dg, source);
}

/* The length is set by end_ipfix. */
static inline void
put_ipfix(struct buf *dg, uint32_t sequence, uint32_t domain)
{
	put16(dg, 10, 0);
	buf_be32(dg, EXPORT_S);
	buf_be32(dg, sequence);
	buf_be32(dg, domain);
}

static inline void
set_be16(struct buf *dg, size_t at, size_t v)
{
	dg->p[at] = (uint8_t)(v >> 8);
	dg->p[at + 1] = (uint8_t)v;
}

static inline void
end_ipfix(struct buf *dg)
{
	set_be16(dg, 2, dg->len);
}

/* Begins a set; its length is set by end_set. */
static inline size_t
put_set(struct buf *dg, uint16_t id)
{
	put16(dg, id, 0);
	return dg->len - 4;
}

static inline void
end_set(struct buf *dg, size_t set)
{
	set_be16(dg, set + 2, dg->len - set);
}

/* A set with one template; the rest is id, length, id, length... */
#define put_template(dg, set_id, id, ...)            \
	do {                                         \
		const uint16_t f_[] = {__VA_ARGS__}; \
		size_t set_ = put_set(dg, set_id);   \
		put16(dg, id, sizeof f_ / 4);        \
		put16(dg, __VA_ARGS__);              \
		end_set(dg, set_);                   \
	} while (0)

#endif
