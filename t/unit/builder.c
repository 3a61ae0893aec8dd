/* The builder: what was set row by row stands in the batch, and nothing else. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "flow/builder.h"
#include "model.h"

static struct arena arena;
static struct err err;

static void
set_cell(struct builder *bd, enum field f, struct str v)
{
	uint64_t n = 0;
	float real;
	struct addr addr;

	switch ((enum field_type)field_by_id(f)->type) {
	case TYPE_STR:
	case TYPE_LIST:
	case TYPE_JSON:
		builder_str(bd, f, v);
		break;
	case TYPE_ADDR:
		memcpy(&addr, v.p, sizeof addr);
		builder_addr(bd, f, &addr);
		break;
	case TYPE_REAL:
		memcpy(&real, v.p, sizeof real);
		builder_real(bd, f, real);
		break;
	default:
		memcpy(&n, v.p, v.len);
		builder_uint(bd, f, n);
	}
}

static void
set_row(struct builder *bd, const struct model *m, uint32_t row, uint64_t *seed)
{
	unsigned first = random_u32(seed) % MODEL_COLUMNS;

	for (unsigned i = 0; i < MODEL_COLUMNS; i++) {
		unsigned c = (first + i) % MODEL_COLUMNS;
		if (m->cells[c][row].p != NULL)
			set_cell(bd, model_fields[c], m->cells[c][row]);
	}
}

/* Serializes and parses: what the next program sees. */
static void
through_pipe(const struct batch *b, struct batch *read, struct buf *pipe)
{
	pipe->len = 0;
	if (batch_serialize(b, pipe, &err) == -1 || batch_parse(read, pipe->p, pipe->len, &err) == -1)
		fail_msg("%s", err.msg);
}

/* What a builder leaves in the rows that have no value. */
static void
assert_absent_zero(const struct batch *b)
{
	static const uint8_t zeros[16];

	for (unsigned i = 0; i < b->col_count; i++) {
		const struct col *c = &b->cols[i];

		for (uint32_t r = 0; r < b->rows && c->encoding == COL_PLAIN && c->width != 0; r++)
			if (!col_has(c, r))
				assert_memory_equal(c->values + r * (size_t)c->width, zeros, c->width);
	}
}

/* One builder all along: no batch may show what an earlier one held. Some rows are begun and thought better of. */
static void
test_against_model(void **state)
{
	static const uint32_t sizes[] = {1, 64, 65, 1000, BATCH_ROWS_MAX, 3};
	struct builder bd;
	struct buf pipe = {0};
	uint64_t seed = 1, number = 1;

	(void)state;
	builder_init(&bd, 77);
	for (unsigned round = 0; round < 60; round++) {
		struct model m, other;
		struct batch b, read;

		model_random(&m, &arena, sizes[round % 6], &seed);
		model_random(&other, &arena, 20, &seed);
		uint32_t rows = 0;
		while (rows < m.rows && !builder_full(&bd)) {
			builder_row(&bd);
			if (random_u32(&seed) % 4 == 0) {
				set_row(&bd, &other, random_u32(&seed) % 20, &seed);
				builder_undo(&bd);
				continue;
			}
			set_row(&bd, &m, rows++, &seed);
		}
		assert_true(
		    rows > m.rows / 10 * 9); /* what was undone may leave values behind, which take room */
		m.rows = rows;
		builder_finish(&bd, &b);
		assert_model(&b, &m);
		assert_absent_zero(&b);
		assert_int_equal(b.origin, 77);
		assert_int_equal(b.origin_first, number);
		assert_int_equal(b.origin_last, number + m.rows - 1);
		number += m.rows;
		through_pipe(&b, &read, &pipe);
		assert_model(&read, &m);
		for (unsigned i = 0; i < b.col_count; i++) /* no column without a value */
			for (uint32_t r = 0; !col_has(&b.cols[i], r); r++)
				assert_true(r < b.rows);
		builder_reset(&bd);
		arena_reset(&arena);
	}
	buf_release(&pipe);
	builder_release(&bd);
}

/* One column filled by spans, single values and takings back, at random; beside it a plain array of what must be there. */
static void
test_spans(void **state)
{
	struct builder bd;
	uint64_t seed = 5;

	(void)state;
	builder_init(&bd, 0);
	for (unsigned round = 0; round < 300; round++) {
		int want[BATCH_ROWS_MAX]; /* -1: absent */
		unsigned gaps = round % 4; /* a quarter of the batches is whole */
		struct batch b;

		while (bd.rows < BATCH_ROWS_MAX && random_u32(&seed) % 50 != 0) {
			uint32_t n = 1 + random_u32(&seed) % BUILDER_ROWS_AT_ONCE, at;

			n = n < BATCH_ROWS_MAX - bd.rows ? n : BATCH_ROWS_MAX - bd.rows;
			at = builder_rows(&bd, n);
			for (uint32_t i = at; i < at + n; i++)
				want[i] = -1;
			if (gaps > 0 && random_u32(&seed) % 3 == 0)
				continue;
			for (unsigned twice = 0; twice <= random_u32(&seed) % 2; twice++) {
				bool whole = random_u32(&seed) % 2 == 0;
				uint16_t *to = whole ? builder_fill(&bd, FIELD_src_port, at, n)
						     : builder_span(&bd, FIELD_src_port, at, n);

				for (uint32_t i = 0; i < n && !whole; i++)
					assert_int_equal(to[i], want[at + i] == -1 ? 0 : want[at + i]);
				for (uint32_t i = 0; i < n; i++)
					want[at + i] = to[i] = (uint16_t)random_u32(&seed);
			}
			for (unsigned k = 0; k < gaps; k++) {
				uint32_t row = at + random_u32(&seed) % n;

				if (random_u32(&seed) % 2 == 0) {
					builder_clear(&bd, FIELD_src_port, row);
					want[row] = -1;
				} else {
					*(uint16_t *)builder_span(&bd, FIELD_src_port, row, 1) = 7;
					want[row] = 7;
				}
			}
			if (gaps > 1 && random_u32(&seed) % 2 == 0)
				builder_undo(&bd);
			if (bd.rows > 0)
				assert_int_equal(builder_has(&bd, FIELD_src_port), want[bd.rows - 1] != -1);
		}
		builder_finish(&bd, &b);
		const struct col *c = batch_col(&b, FIELD_src_port);
		for (uint32_t i = 0; i < b.rows; i++) {
			assert_int_equal(c != NULL && col_has(c, i), want[i] != -1);
			if (want[i] != -1)
				assert_int_equal(col_u64(c, i), want[i]);
		}
		builder_reset(&bd);
	}
	builder_release(&bd);
}

static void
test_undone_column(void **state)
{
	struct builder bd;
	struct batch b;

	(void)state;
	builder_init(&bd, 0);
	builder_row(&bd);
	builder_u8(&bd, FIELD_proto, 6);
	builder_row(&bd);
	builder_u16(&bd, FIELD_src_port, 80);
	builder_str(&bd, FIELD_vrf, STR("red"));
	builder_undo(&bd);
	builder_finish(&bd, &b);
	assert_int_equal(b.rows, 1);
	assert_int_equal(b.col_count, 1);
	assert_non_null(batch_col(&b, FIELD_proto));
	assert_int_equal(b.origin, 0);
	assert_int_equal(b.origin_last, 0);
	builder_reset(&bd);
	builder_finish(&bd, &b);
	assert_int_equal(b.rows, 0);
	assert_int_equal(b.col_count, 0);
	builder_release(&bd);
}

static void
test_setters(void **state)
{
	struct addr addr = addr_from_v4(0xc0000201);
	struct builder bd;
	struct batch b;

	(void)state;
	builder_init(&bd, 0);
	builder_row(&bd);
	builder_u64(&bd, FIELD_bytes, 1);
	builder_row(&bd);
	assert_false(builder_has(&bd, FIELD_src_port));
	assert_int_equal(builder_get(&bd, FIELD_src_port), 0);
	assert_false(builder_has(&bd, FIELD_bytes));
	assert_int_equal(builder_get(&bd, FIELD_bytes), 0);
	builder_u8(&bd, FIELD_proto, 17);
	builder_u16(&bd, FIELD_src_port, 65535);
	builder_u32(&bd, FIELD_src_as, UINT32_MAX);
	builder_u64(&bd, FIELD_bytes, UINT64_MAX);
	builder_addr(&bd, FIELD_src_host, &addr);
	builder_real(&bd, FIELD_ml_score, 0.5f);
	builder_uint(&bd, FIELD_tos, 0x1ff); /* cut to its width */
	builder_uint(&bd, FIELD_dst_port, 1);
	builder_uint(&bd, FIELD_dst_port, 2); /* the last one counts */
	builder_str(&bd, FIELD_vrf, STR("one"));
	builder_str(&bd, FIELD_vrf, STR("two"));
	builder_str(&bd, FIELD_application, (struct str){NULL, 0});
	assert_true(builder_has(&bd, FIELD_src_port));
	assert_true(builder_has(&bd, FIELD_vrf));
	assert_true(builder_has(&bd, FIELD_src_host));
	assert_int_equal(builder_get(&bd, FIELD_src_port), 65535);
	assert_true(builder_get(&bd, FIELD_bytes) == UINT64_MAX);
	assert_int_equal(builder_get(&bd, FIELD_src_host), 0);

	builder_finish(&bd, &b);
	assert_int_equal(col_u64(batch_col(&b, FIELD_proto), 1), 17);
	assert_int_equal(col_u64(batch_col(&b, FIELD_src_port), 1), 65535);
	assert_int_equal(col_u64(batch_col(&b, FIELD_src_as), 1), UINT32_MAX);
	assert_true(col_u64(batch_col(&b, FIELD_bytes), 1) == UINT64_MAX);
	struct addr got = col_addr(batch_col(&b, FIELD_src_host), 1);
	assert_true(addr_eq(&got, &addr));
	assert_int_equal(col_u64(batch_col(&b, FIELD_ml_score), 1), 0x3f000000);
	assert_int_equal(col_u64(batch_col(&b, FIELD_tos), 1), 0xff);
	assert_int_equal(col_u64(batch_col(&b, FIELD_dst_port), 1), 2);
	assert_true(str_eq(col_str(batch_col(&b, FIELD_vrf), 1), STR("two")));
	assert_true(col_has(batch_col(&b, FIELD_application), 1));
	assert_int_equal(col_str(batch_col(&b, FIELD_application), 1).len, 0);
	assert_false(col_has(batch_col(&b, FIELD_vrf), 0));
	builder_release(&bd);
}

static struct str
built_value(struct builder *bd, struct batch *b, enum field f, struct str v)
{
	builder_reset(bd);
	builder_row(bd);
	builder_str(bd, f, v);
	builder_finish(bd, b);
	return batch_col(b, f) != NULL ? col_str(batch_col(b, f), 0) : (struct str){NULL, 0};
}

/* Values too long are cut where they may be: text between characters, lists between strings, JSON nowhere. */
static void
test_long_values(void **state)
{
	size_t most = BUILDER_VALUE_MAX;
	char *text = mem_alloc(most + 10);
	struct builder bd;
	struct batch b;

	(void)state;
	builder_init(&bd, 0);
	memset(text, 'a', most + 10);
	assert_int_equal(built_value(&bd, &b, FIELD_vrf, (struct str){text, most}).len, most);
	assert_int_equal(built_value(&bd, &b, FIELD_vrf, (struct str){text, most + 1}).len, most);
	for (size_t before = 1; before <= 4; before++) {
		memset(text, 'a', most + 10);
		memcpy(text + most - before, "\xf0\x9f\x90\xb3", 4); /* four bytes, one character */
		assert_int_equal(built_value(&bd, &b, FIELD_vrf, (struct str){text, most + 10}).len,
		    before == 4 ? most : most - before);
	}
	memset(text, 'a', most + 10);
	text[99] = text[most + 9] = '\0';
	assert_int_equal(built_value(&bd, &b, FIELD_as_path, (struct str){text, most + 10}).len, 100);
	text[99] = 'a';
	text[most + 9] = '\0';
	struct str v = built_value(&bd, &b, FIELD_as_path, (struct str){text, most + 10});
	assert_int_equal(v.len, 0);
	assert_null(built_value(&bd, &b, FIELD_extra, (struct str){text, most + 1}).p);
	builder_release(&bd);
	free(text);
}

/* Full in time: whatever the rows hold, a full batch goes out whole. */
static void
test_full_by_bytes(void **state)
{
	size_t most = BUILDER_VALUE_MAX;
	char *text = mem_alloc(most);
	struct builder bd;
	struct buf pipe = {0};
	uint64_t seed = 9;

	(void)state;
	builder_init(&bd, 0);
	for (unsigned round = 0; round < 20; round++) {
		unsigned every = (unsigned[]){1, 10, 1000, 8191}[round % 4];
		struct batch b, read;

		memset(text, 'x', most);
		text[most - 1] = '\0'; /* for lists */
		while (!builder_full(&bd)) {
			builder_row(&bd);
			for (unsigned i = 0; i < field_count; i++)
				if (fields[i].width != 0)
					builder_slot(&bd, (enum field)fields[i].id);
			if (random_u32(&seed) % every != 0)
				continue;
			for (unsigned i = 0; i < field_count; i++) {
				uint32_t n = random_u32(&seed);
				memcpy(text, &n, 4);
				if (fields[i].width == 0)
					builder_str(&bd, (enum field)fields[i].id, (struct str){text, most});
			}
		}
		builder_finish(&bd, &b);
		assert_true(b.rows > 1);
		through_pipe(&b, &read, &pipe);
		assert_int_equal(read.rows, b.rows);
		builder_reset(&bd);
	}
	builder_release(&bd);
	buf_release(&pipe);
	free(text);
}

static void
test_full_by_rows(void **state)
{
	struct builder bd;
	struct batch b;

	(void)state;
	builder_init(&bd, 0);
	for (uint32_t r = 0; r < BATCH_ROWS_MAX; r++) {
		assert_false(builder_full(&bd));
		builder_row(&bd);
		builder_u32(&bd, FIELD_src_as, r);
		builder_str(&bd, FIELD_vrf, str_from(arena_printf(&arena, "%u", r)));
	}
	assert_true(builder_full(&bd));
	builder_finish(&bd, &b);
	for (uint32_t r = 0; r < BATCH_ROWS_MAX; r++) {
		assert_int_equal(col_u64(batch_col(&b, FIELD_src_as), r), r);
		assert_true(
		    str_eq(col_str(batch_col(&b, FIELD_vrf), r), str_from(arena_printf(&arena, "%u", r))));
	}
	builder_release(&bd);
	arena_reset(&arena);
}

/* A row set again and again with ever new values takes no more than a dictionary's room. */
/* Few bytes as columns may be very many as text: neither made nor believed. */
static void
test_full_by_text(void **state)
{
	static char value[BUILDER_VALUE_MAX];
	struct builder bd;
	struct batch b, read;
	struct buf pipe = {0};

	(void)state;
	memset(value, 'x', sizeof value);
	builder_init(&bd, 1);
	while (!builder_full(&bd)) {
		builder_row(&bd);
		builder_str(&bd, FIELD_vrf, (struct str){value, sizeof value});
	}
	assert_in_range(bd.rows, 1024, 1025);
	builder_finish(&bd, &b);
	through_pipe(&b, &read, &pipe);

	static uint16_t codes[BATCH_ROWS_MAX];
	struct str entries[2] = {{value, sizeof value}, {"y", 1}};
	batch_init(&b);
	b.rows = BATCH_ROWS_MAX;
	batch_add_strs(&b, &arena, FIELD_vrf, codes, entries, 2, NULL);
	pipe.len = 0;
	assert_int_equal(batch_serialize(&b, &pipe, &err), 0);
	assert_int_equal(batch_parse(&read, pipe.p, pipe.len, &err), -1);
	assert_non_null(strstr(err.msg, "as text"));
	codes[0] = 1;
	for (uint32_t i = 0; i < BATCH_ROWS_MAX; i++)
		codes[i] = i % 8 != 0;
	batch_add_strs(&b, &arena, FIELD_vrf, codes, entries, 2, NULL);
	pipe.len = 0;
	through_pipe(&b, &read, &pipe);
	assert_int_equal(col_str(batch_col(&read, FIELD_vrf), 8).len, sizeof value);
	buf_release(&pipe);
	builder_release(&bd);
}

static void
test_set_without_end(void **state)
{
	struct builder bd;
	struct batch b, read;
	struct buf pipe = {0};

	(void)state;
	builder_init(&bd, 0);
	builder_row(&bd);
	for (uint32_t i = 0; i < 3 * BATCH_ROWS_MAX; i++) {
		char text[16];
		builder_str(&bd, FIELD_vrf, (struct str){text, (size_t)snprintf(text, sizeof text, "%u", i)});
	}
	builder_finish(&bd, &b);
	through_pipe(&b, &read, &pipe);
	assert_true(col_has(batch_col(&read, FIELD_vrf), 0));
	buf_release(&pipe);
	builder_release(&bd);
}

static int
release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_against_model),
	    cmocka_unit_test(test_spans),
	    cmocka_unit_test(test_undone_column),
	    cmocka_unit_test(test_setters),
	    cmocka_unit_test(test_long_values),
	    cmocka_unit_test(test_full_by_bytes),
	    cmocka_unit_test(test_full_by_rows),
	    cmocka_unit_test(test_full_by_text),
	    cmocka_unit_test(test_set_without_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, release);
}
