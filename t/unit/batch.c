/* The batch: every encoding there and back, every row picked as a naive table picks it, no flipped bit believed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/hash.h"
#include "model.h"

static struct arena arena;
static struct err err;

/* A copy of a serialized batch in memory of exactly its size, so that a sanitizer sees a read beyond it. */
static uint8_t *
exact(const struct buf *b)
{
	uint8_t *p = mem_alloc(b->len);

	memcpy(p, b->p, b->len);
	return p;
}

/* Puts both checksums right again after a change. */
static void
reseal(uint8_t *p, size_t len)
{
	struct batch_header *h = (struct batch_header *)(void *)p;

	h->payload_hash = hash64(p + sizeof *h, len - sizeof *h);
	h->header_hash = hash64(h, offsetof(struct batch_header, header_hash));
}

static void
test_round_trip(void **state)
{
	static const uint32_t sizes[] = {1, 2, 63, 64, 65, 127, 128, 1000, BATCH_ROWS_MAX};
	uint64_t seed = 1;
	unsigned seen[3][2] = {{0}};

	(void)state;
	for (unsigned round = 0; round < 90; round++) {
		struct model m;
		struct batch made, read;
		struct buf out = {0};

		model_random(&m, &arena, sizes[round % 9], &seed);
		model_batch(&m, &made, &arena, &seed);
		assert_model(&made, &m);
		made.origin = 7;
		made.origin_first = 100;
		made.origin_last = 100 + m.rows;
		assert_int_equal(batch_serialize(&made, &out, &err), 0);
		assert_int_equal(batch_measure(out.p, out.len), out.len);
		uint8_t *p = exact(&out);
		if (batch_parse(&read, p, out.len, &err) == -1)
			fail_msg("%s", err.msg);
		assert_int_equal(read.kind, BATCH_FLOWS);
		assert_int_equal(read.origin, 7);
		assert_int_equal(read.origin_first, 100);
		assert_int_equal(read.origin_last, 100 + m.rows);
		assert_int_equal(read.col_count, made.col_count);
		assert_model(&read, &m);
		for (unsigned i = 0; i < read.col_count; i++)
			seen[read.cols[i].encoding][read.cols[i].present != NULL]++;

		/* Untouched it goes on as the same bytes. */
		struct buf again = {0};
		assert_int_equal(batch_serialize(&read, &again, &err), 0);
		assert_int_equal(again.len, out.len);
		assert_memory_equal(again.p, p, out.len);
		buf_release(&again);
		buf_release(&out);
		free(p);
		arena_reset(&arena);
	}
	for (unsigned e = 0; e < 3; e++)
		for (unsigned p = 0; p < 2; p++)
			assert_true(seen[e][p] > 0);
}

/* The layout that batch.h tells, to the byte. */
static void
test_layout(void **state)
{
	static const uint16_t ports[] = {80, 0, 53};
	static const uint64_t present[] = {5};
	/* clang-format off */
	static const uint8_t payload[] = {
	    22, 0, 2, COL_PLAIN, PRESENCE_BITMAP, 0, 0, 0, 48, 0, 0, 0, 16, 0, 0, 0,
	    24, 0, 1, COL_CONST, PRESENCE_ALL, 0, 0, 0, 64, 0, 0, 0, 8, 0, 0, 0,
	    12, 0, 0, COL_DICT, PRESENCE_ALL, 1, 2, 0, 72, 0, 0, 0, 24, 0, 0, 0,
	    5, 0, 0, 0, 0, 0, 0, 0, /* src_port: presence */
	    80, 0, 0, 0, 53, 0, 0, 0, /* values */
	    17, 0, 0, 0, 0, 0, 0, 0, /* proto: value */
	    1, 0, 1, 0, 0, 0, 0, 0, /* flow_type: codes */
	    3, 0, 0, 0, 8, 0, 0, 0, /* ends */
	    'o', 'n', 'e', 't', 'h', 'r', 'e', 'e', /* values */
	};
	/* clang-format on */
	struct buf out = {0};
	struct batch b;
	struct batch_header h;

	(void)state;
	batch_init(&b);
	b.rows = 3;
	batch_add_fixed(&b, &arena, FIELD_src_port, ports, present);
	batch_add_fixed(&b, &arena, FIELD_proto, (uint8_t[]){17, 17, 17}, NULL);
	batch_add_strs(&b, &arena, FIELD_flow_type, (uint16_t[]){1, 0, 1},
	    (struct str[]){STR("one"), STR("three")}, 2, NULL);
	assert_int_equal(batch_serialize(&b, &out, &err), 0);
	memcpy(&h, out.p, sizeof h);
	assert_memory_equal(h.magic, "NFB1", 4);
	assert_int_equal(h.version, 2);
	assert_int_equal(h.kind, BATCH_FLOWS);
	assert_int_equal(h.columns, 3);
	assert_int_equal(h.rows, 3);
	assert_int_equal(h.payload_len, sizeof payload);
	assert_int_equal(out.len, sizeof h + sizeof payload);
	assert_memory_equal(out.p + sizeof h, payload, sizeof payload);
	buf_release(&out);
	arena_reset(&arena);
}

/* An absent row reads as zero whatever the writer left there, and a column without any value is none. */
static void
test_presence(void **state)
{
	uint32_t values[130];
	uint64_t present[3] = {0};
	struct batch b;

	(void)state;
	for (uint32_t i = 0; i < 130; i++)
		values[i] = i + 1;
	batch_init(&b);
	b.rows = 130;
	batch_add_fixed(&b, &arena, FIELD_src_as, values, present);
	assert_null(batch_col(&b, FIELD_src_as));

	present[0] = UINT64_C(1) << 63;
	present[2] = 2 | UINT64_C(1) << 60; /* bits beyond the last row mean nothing */
	batch_add_fixed(&b, &arena, FIELD_src_as, values, present);
	const uint32_t *flat = batch_flat(&b, FIELD_src_as, &arena);
	const uint64_t *wide = batch_flat_u64(&b, FIELD_src_as, &arena);
	for (uint32_t i = 0; i < 130; i++) {
		bool has = i == 63 || i == 129;
		assert_int_equal(col_has(batch_col(&b, FIELD_src_as), i), has);
		assert_int_equal(flat[i], has ? values[i] : 0);
		assert_int_equal(wide[i], has ? values[i] : 0);
	}

	memset(present, 0xff, sizeof present);
	batch_add_fixed(&b, &arena, FIELD_src_as, values, present);
	assert_null(batch_col(&b, FIELD_src_as)->present);
	assert_null(batch_flat(&b, FIELD_dst_as, &arena));
	assert_null(batch_flat_u64(&b, FIELD_dst_as, &arena));
	assert_null(batch_flat_u64(&b, FIELD_src_host, &arena));

	/* An empty string that is there is not an absent one. */
	present[0] = 1;
	present[1] = present[2] = 0;
	batch_add_strs(&b, &arena, FIELD_vrf, arena_zero(&arena, 260), (struct str[]){STR("")}, 1, present);
	assert_true(col_has(batch_col(&b, FIELD_vrf), 0));
	assert_false(col_has(batch_col(&b, FIELD_vrf), 1));
	assert_int_equal(col_str(batch_col(&b, FIELD_vrf), 0).len, 0);
	arena_reset(&arena);
}

static void
test_flat(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct model m;
		struct batch b;

		model_random(&m, &arena, 1 + random_u32(&seed) % 300, &seed);
		model_batch(&m, &b, &arena, &seed);
		for (unsigned c = 0; c < MODEL_COLUMNS; c++) {
			enum field f = model_fields[c];
			size_t w = field_by_id(f)->width;
			const uint8_t *flat = batch_flat(&b, f, &arena);
			const uint64_t *wide = batch_flat_u64(&b, f, &arena);

			assert_int_equal(flat != NULL, w != 0 && batch_col(&b, f) != NULL);
			assert_int_equal(wide != NULL, flat != NULL && w <= 8);
			for (uint32_t r = 0; r < m.rows && flat != NULL; r++) {
				uint8_t want[16] = {0};

				if (m.cells[c][r].p != NULL)
					memcpy(want, m.cells[c][r].p, w);
				assert_memory_equal(flat + r * w, want, w);
				if (wide != NULL)
					assert_true(wide[r] == load_le64(want));
			}
		}
		arena_reset(&arena);
	}
}

/* Columns replaced and taken away in any order: each field leads to its own column. */
static void
test_add_and_drop(void **state)
{
	uint64_t seed = 3;
	bool there[FIELD_IDS] = {false};
	uint8_t value[FIELD_IDS][16] = {{0}};
	struct batch b;

	(void)state;
	batch_init(&b);
	b.rows = 1;
	for (unsigned round = 0; round < 5000; round++) {
		const struct field_info *f = &fields[random_u32(&seed) % field_count];

		if (f->width == 0)
			continue;
		if (random_u32(&seed) % 2 == 0) {
			batch_drop(&b, (enum field)f->id);
			there[f->id] = false;
		} else {
			uint32_t n = random_u32(&seed);
			memcpy(value[f->id], &n, 4);
			batch_add_fixed(&b, &arena, (enum field)f->id, value[f->id], NULL);
			there[f->id] = true;
		}
		unsigned count = 0;
		for (unsigned i = 0; i < field_count; i++) {
			const struct col *c = batch_col(&b, (enum field)fields[i].id);

			assert_int_equal(c != NULL, there[fields[i].id]);
			if (c == NULL)
				continue;
			count++;
			assert_int_equal(c->field, fields[i].id);
			assert_memory_equal(c->values, value[c->field], c->width);
		}
		assert_int_equal(b.col_count, count);
		if (round % 500 == 499)
			arena_reset(&arena), batch_init(&b), b.rows = 1, memset(there, 0, sizeof there);
	}
	arena_reset(&arena);
}

static void
test_filter(void **state)
{
	static const uint32_t sizes[] = {1, 64, 65, 500, 3000};
	uint64_t seed = 4;

	(void)state;
	for (unsigned round = 0; round < 150; round++) {
		struct model m;
		struct batch b;
		uint64_t keep[BATCH_ROWS_MAX / 64] = {0};
		uint32_t picked[BATCH_ROWS_MAX], n = 0, one_in = (uint32_t[]){1, 2, 30, 100000}[round % 4];

		model_random(&m, &arena, sizes[round % 5], &seed);
		model_batch(&m, &b, &arena, &seed);
		b.origin_first = 9;
		for (uint32_t r = 0; r < m.rows; r++)
			if (random_u32(&seed) % one_in == 0) {
				keep[r / 64] |= UINT64_C(1) << r % 64;
				picked[n++] = r;
			}
		batch_filter(&b, &arena, keep);
		model_pick(&m, picked, n);
		assert_model(&b, &m);
		assert_int_equal(b.origin_first, 9);
		arena_reset(&arena);
	}
}

static void
test_slice(void **state)
{
	static const uint32_t cuts[][2] = {{0, 100}, {0, 0}, {0, 1}, {99, 1}, {99, 50}, {100, 1}, {500, 1},
	    {17, 66}, {1, UINT32_MAX}, {UINT32_MAX, UINT32_MAX}};
	uint64_t seed = 5;

	(void)state;
	for (unsigned i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		struct model m;
		struct batch b;
		uint32_t picked[100], n = 0;

		model_random(&m, &arena, 100, &seed);
		model_batch(&m, &b, &arena, &seed);
		for (uint32_t r = 0; r < 100; r++)
			if (r >= cuts[i][0] && r - cuts[i][0] < cuts[i][1])
				picked[n++] = r;
		batch_slice(&b, &arena, cuts[i][0], cuts[i][1]);
		model_pick(&m, picked, n);
		assert_model(&b, &m);
		arena_reset(&arena);
	}
}

/* What is left after a filter is no larger on the pipe than it needs to be: no dictionary of rows that are gone. */
static void
test_filter_sheds(void **state)
{
	uint16_t codes[BATCH_ROWS_MAX];
	struct str *entries = arena_alloc(&arena, BATCH_ROWS_MAX * sizeof *entries);
	uint64_t keep[BATCH_ROWS_MAX / 64] = {[100] = 1};
	struct buf out = {0};
	struct batch b;

	(void)state;
	batch_init(&b);
	b.rows = BATCH_ROWS_MAX;
	for (unsigned i = 0; i < BATCH_ROWS_MAX; i++) {
		codes[i] = (uint16_t)i;
		entries[i] = str_from(arena_printf(&arena, "host%u.example.org", i));
	}
	batch_add_strs(&b, &arena, FIELD_src_ptr, codes, entries, BATCH_ROWS_MAX, NULL);
	batch_filter(&b, &arena, keep);
	assert_int_equal(b.rows, 1);
	assert_true(str_eq(col_str(batch_col(&b, FIELD_src_ptr), 0), STR("host6400.example.org")));
	assert_int_equal(batch_serialize(&b, &out, &err), 0);
	assert_true(out.len < 200);
	buf_release(&out);
	arena_reset(&arena);
}

/* A small batch of every encoding, for those who damage it. */
static void
sample(struct buf *out, uint32_t rows, uint64_t seed)
{
	struct model m;
	struct batch b;

	model_random(&m, &arena, rows, &seed);
	model_batch(&m, &b, &arena, &seed);
	assert_int_equal(batch_serialize(&b, out, &err), 0);
	arena_reset(&arena);
}

/* Reads every cell through every accessor; a sum, so that nothing is optimised away. */
static uint64_t
walk(const struct batch *b)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < b->col_count; i++) {
		const struct col *c = &b->cols[i];

		for (uint32_t r = 0; r < b->rows; r++) {
			uint32_t slot = col_slot(c, r);

			assert_true(slot < c->entries);
			sum += col_has(c, r);
			if (c->width == 16) {
				sum += col_addr(c, r).b[15];
			} else if (c->width != 0) {
				sum += col_u64(c, r);
			} else {
				struct str v = col_str(c, r);
				for (size_t k = 0; k < v.len; k++)
					sum += (uint8_t)v.p[k];
			}
		}
	}
	for (unsigned i = 0; i < field_count; i++) {
		const uint64_t *flat = batch_flat_u64(b, (enum field)fields[i].id, &arena);
		sum += flat != NULL ? flat[b->rows - 1] : 0;
	}
	return sum;
}

/* If the damaged batch is taken, it must hold together: read, picked from, and passed on, no larger than it came. */
static bool
survives(const uint8_t *p, size_t len)
{
	struct batch b;
	struct buf out = {0};
	uint64_t keep[BATCH_ROWS_MAX / 64];

	if (batch_parse(&b, p, len, &err) == -1) {
		assert_true(err.msg[0] != '\0');
		return false;
	}
	if (b.kind == BATCH_FLOWS) {
		walk(&b);
		if (batch_serialize(&b, &out, &err) == -1)
			fail_msg("taken, but not passed on: %s", err.msg);
		assert_true(out.len <= len);
		memset(keep, 0x5a, sizeof keep);
		batch_filter(&b, &arena, keep);
		if (b.rows > 0)
			walk(&b);
		buf_release(&out);
	}
	arena_reset(&arena);
	return true;
}

static void
test_flipped_bits(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct buf good = {0};

		sample(&good, 70, seed);
		uint8_t *p = exact(&good);
		for (size_t bit = 0; bit < good.len * 8; bit++) {
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(survives(p, good.len));
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_true(survives(p, good.len));
		free(p);
		buf_release(&good);
	}
}

/* The same by a hand that knows the checksums: what is refused now is refused for its structure. */
static void
test_forged_bits(void **state)
{
	unsigned taken = 0, refused = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct buf good = {0};

		sample(&good, 70, seed);
		for (size_t bit = 0; bit < good.len * 8; bit++) {
			uint8_t *p = exact(&good);
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			reseal(p, good.len);
			*(survives(p, good.len) ? &taken : &refused) += 1;
			free(p);
		}
		buf_release(&good);
	}
	assert_true(taken > 1000);
	assert_true(refused > 1000);
}

/* Whole bytes and words at random, sealed. */
static void
test_forged_words(void **state)
{
	static const uint32_t odd[] = {0, 1, 7, 8, 255, 256, 8191, 8192, 8193, 65535, 65536, 0x7fffffff,
	    0x80000000, 0xfffffff8, 0xffffffff};
	uint64_t seed = 6;
	struct buf good = {0};

	(void)state;
	sample(&good, 70, 1);
	size_t descriptors =
	    ((const struct batch_header *)(const void *)good.p)->columns * sizeof(struct batch_column);
	for (unsigned round = 0; round < 30000; round++) {
		uint8_t *p = exact(&good);

		for (unsigned n = 1 + random_u32(&seed) % 3; n > 0; n--) {
			size_t within = round % 2 == 0 ? 56 + descriptors : good.len;
			size_t at = random_u32(&seed) % (within - 4);
			uint32_t v =
			    random_u32(&seed) % 2 == 0 ? odd[random_u32(&seed) % 15] : random_u32(&seed);
			memcpy(p + at, &v, 1u << random_u32(&seed) % 3);
		}
		reseal(p, good.len);
		survives(p, good.len);
		free(p);
	}
	buf_release(&good);
}

static void
test_cut(void **state)
{
	struct buf good = {0};
	struct batch b;

	(void)state;
	sample(&good, 70, 2);
	for (size_t len = 0; len < good.len; len++) {
		uint8_t *p = mem_alloc(len + 1);

		memcpy(p, good.p, len);
		assert_int_equal(batch_measure(p, len), len < 56 ? 0 : (ssize_t)good.len);
		assert_int_equal(batch_parse(&b, p, len, &err), -1);
		free(p);
	}
	buf_putc(&good, 0);
	assert_int_equal(batch_parse(&b, good.p, good.len, &err), -1);
	buf_release(&good);
}

/* Two columns over the same bytes would let a small batch grow into a large one on its way. */
static void
test_overlap(void **state)
{
	struct buf out = {0};
	struct batch b;

	(void)state;
	batch_init(&b);
	b.rows = 2;
	batch_add_fixed(&b, &arena, FIELD_src_as, (uint32_t[]){1, 2}, NULL);
	batch_add_fixed(&b, &arena, FIELD_dst_as, (uint32_t[]){3, 4}, NULL);
	assert_int_equal(batch_serialize(&b, &out, &err), 0);
	uint8_t *p = exact(&out);
	struct batch_column *d = (struct batch_column *)(void *)(p + 56);
	d[1].offset = d[0].offset;
	reseal(p, out.len);
	assert_int_equal(batch_parse(&b, p, out.len, &err), -1);
	free(p);
	buf_release(&out);
	arena_reset(&arena);
}

static void
test_limits(void **state)
{
	struct buf out = {0};
	struct batch b;
	struct batch_header *h;

	(void)state;
	sample(&out, BATCH_ROWS_MAX, 7);
	assert_true(out.len < BATCH_BYTES_MAX);
	assert_true(survives(out.p, out.len));
	h = (struct batch_header *)(void *)out.p;
	h->rows = BATCH_ROWS_MAX + 1;
	reseal(out.p, out.len);
	assert_false(survives(out.p, out.len));
	h->rows = 0;
	reseal(out.p, out.len);
	assert_false(survives(out.p, out.len));
	h->rows = BATCH_ROWS_MAX;
	h->payload_len = BATCH_BYTES_MAX - sizeof *h + 8;
	reseal(out.p, out.len);
	assert_int_equal(batch_measure(out.p, out.len), -1);
	h->payload_len = UINT32_MAX - 7;
	reseal(out.p, out.len);
	assert_int_equal(batch_measure(out.p, out.len), -1);
	out.len = 0;

	/* Exactly 4 MiB goes; 8 bytes more do not. */
	size_t values = BATCH_BYTES_MAX - sizeof *h - sizeof(struct batch_column) - 8;
	char *text = mem_zero(1, values + 8);
	batch_init(&b);
	b.rows = 1;
	batch_add_strs(&b, &arena, FIELD_vrf, (uint16_t[]){0}, &(struct str){text, values}, 1, NULL);
	assert_int_equal(batch_serialize(&b, &out, &err), 0);
	assert_int_equal(out.len, BATCH_BYTES_MAX);
	assert_int_equal(batch_measure(out.p, out.len), out.len);
	assert_int_equal(batch_parse(&b, out.p, out.len, &err), 0);
	assert_int_equal(col_str(batch_col(&b, FIELD_vrf), 0).len, values);
	batch_init(&b);
	b.rows = 1;
	batch_add_strs(&b, &arena, FIELD_vrf, (uint16_t[]){0}, &(struct str){text, values + 8}, 1, NULL);
	assert_int_equal(batch_serialize(&b, &out, &err), -1);
	assert_int_equal(out.len, BATCH_BYTES_MAX); /* nothing was appended */
	free(text);
	buf_release(&out);
	arena_reset(&arena);
}

/* A newer program's columns: carried on byte for byte, past columns that come and go, and picked from. */
static void
test_unknown_fields(void **state)
{
	static const uint32_t codes_of_rows[] = {1, 0, 2};
	struct batch b, read;
	struct buf out = {0}, again = {0};

	(void)state;
	batch_init(&b);
	b.rows = 3;
	batch_add_fixed(&b, &arena, FIELD_src_as, (uint32_t[]){7, 8, 9}, NULL);
	batch_add_fixed(&b, &arena, FIELD_src_host, (uint8_t[48]){1, [47] = 2}, (uint64_t[]){6});
	batch_add_strs(&b, &arena, FIELD_vrf, (uint16_t[]){1, 0, 2},
	    (struct str[]){STR("zero"), STR("one"), STR("two")}, 3, NULL);
	batch_add_fixed(&b, &arena, FIELD_dst_as, (uint32_t[]){1, 1, 1}, NULL);
	b.cols[0].field = 150; /* below FIELD_IDS, named by nobody */
	b.cols[1].field = 60000;
	b.cols[2].field = 65535;
	assert_int_equal(batch_serialize(&b, &out, &err), 0);
	assert_int_equal(batch_parse(&read, out.p, out.len, &err), 0);
	assert_int_equal(read.col_count, 4);
	assert_int_equal(batch_serialize(&read, &again, &err), 0);
	assert_int_equal(again.len, out.len);
	assert_memory_equal(again.p, out.p, out.len);

	batch_drop(&read, FIELD_dst_as);
	batch_drop(&read, FIELD_dst_port);
	batch_add_fixed(&read, &arena, FIELD_proto, (uint8_t[]){6, 6, 17}, NULL);
	batch_filter(&read, &arena, (uint64_t[]){5});
	again.len = 0;
	assert_int_equal(batch_serialize(&read, &again, &err), 0);
	assert_int_equal(batch_parse(&b, again.p, again.len, &err), 0);
	assert_int_equal(b.rows, 2);
	assert_int_equal(b.col_count, 4);
	assert_null(batch_col(&b, FIELD_dst_as));
	for (unsigned i = 0; i < 3; i++) {
		const struct col *c = &b.cols[i];

		for (uint32_t r = 0; r < 2; r++) {
			uint32_t was = r * 2;
			if (c->field == 150)
				assert_int_equal(col_u64(c, r), 7 + was);
			else if (c->field == 60000)
				assert_int_equal(col_has(c, r), was == 2);
			else if (c->field == 65535)
				assert_true(str_eq(col_str(c, r),
				    (struct str[]){STR("zero"), STR("one"), STR("two")}[codes_of_rows[was]]));
			else
				fail_msg("field %u", c->field);
		}
	}
	buf_release(&out);
	buf_release(&again);
	arena_reset(&arena);
}

/* Whatever a filter may do to a batch shows; doing nothing does not. */
static void
test_untouched(void **state)
{
	struct buf out = {0};
	struct batch b, was;
	uint64_t all[2] = {UINT64_MAX, UINT64_MAX}, some[2] = {UINT64_MAX, 0};

	(void)state;
	sample(&out, 70, 1);
	assert_int_equal(batch_parse(&was, out.p, out.len, &err), 0);
	assert_true(batch_untouched(&was, out.p));
	b = was;
	batch_filter(&b, &arena, all);
	batch_slice(&b, &arena, 0, 70);
	batch_drop(&b, FIELD_vrf);
	assert_true(batch_untouched(&b, out.p));
	batch_filter(&b, &arena, some);
	assert_false(batch_untouched(&b, out.p));
	for (unsigned i = 0; i < was.col_count; i++) {
		b = was;
		batch_drop(&b, (enum field)was.cols[i].field);
		assert_false(batch_untouched(&b, out.p));
		batch_add_fixed(
		    &b, &arena, FIELD_dst_mask, (uint8_t[70]){1}, NULL); /* as many columns again */
		assert_false(batch_untouched(&b, out.p));
	}
	b = was;
	batch_add_fixed(&b, &arena, FIELD_dst_mask, (uint8_t[70]){1}, NULL);
	assert_false(batch_untouched(&b, out.p));
	b = was;
	b.origin_last++;
	assert_false(batch_untouched(&b, out.p));
	b = was;
	b.cols[0].field = 60000;
	assert_false(batch_untouched(&b, out.p));

	out.len = 0;
	batch_init(&b);
	b.kind = BATCH_MARK;
	b.mark = STR("token");
	assert_int_equal(batch_serialize(&b, &out, &err), 0);
	assert_false(batch_untouched(&b, out.p)); /* not made of these bytes */
	assert_int_equal(batch_parse(&b, out.p, out.len, &err), 0);
	assert_true(batch_untouched(&b, out.p));
	b.mark = STR("other");
	assert_false(batch_untouched(&b, out.p));
	buf_release(&out);
	arena_reset(&arena);
}

static void
test_versions(void **state)
{
	struct buf out = {0};
	struct batch b;

	(void)state;
	sample(&out, 3, 1);
	struct batch_header *h = (struct batch_header *)(void *)out.p;
	h->version = 3;
	reseal(out.p, out.len);
	assert_int_equal(batch_measure(out.p, out.len), out.len); /* it can be skipped as a whole */
	assert_int_equal(batch_parse(&b, out.p, out.len, &err), -1);
	assert_non_null(strstr(err.msg, "version 3"));
	h->version = 1; /* knew less, but nothing that does not hold today */
	reseal(out.p, out.len);
	assert_int_equal(batch_parse(&b, out.p, out.len, &err), 0);
	h->version = 2;
	h->kind = 9;
	reseal(out.p, out.len);
	assert_int_equal(batch_parse(&b, out.p, out.len, &err), -1);
	assert_non_null(strstr(err.msg, "kind"));
	buf_release(&out);
}

static void
test_marks(void **state)
{
	static const size_t lengths[] = {0, 1, 7, 8, 9, BATCH_MARK_MAX};
	char token[BATCH_MARK_MAX + 8];
	struct buf out = {0};
	struct batch b, read;

	(void)state;
	memset(token, 'x', sizeof token);
	batch_init(&b);
	b.kind = BATCH_MARK;
	b.origin = 3;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		out.len = 0;
		b.mark = (struct str){token, lengths[i]};
		assert_int_equal(batch_serialize(&b, &out, &err), 0);
		uint8_t *p = exact(&out);
		assert_int_equal(batch_parse(&read, p, out.len, &err), 0);
		assert_int_equal(read.kind, BATCH_MARK);
		assert_int_equal(read.rows, 0);
		assert_int_equal(read.col_count, 0);
		assert_int_equal(read.origin, 3);
		assert_true(str_eq(read.mark, b.mark));
		for (size_t bit = 0; bit < out.len * 8; bit++) {
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(survives(p, out.len));
			reseal(p, out.len);
			survives(p, out.len);
			memcpy(p, out.p, out.len);
		}
		free(p);
	}
	out.len = 0;
	b.mark = (struct str){token, BATCH_MARK_MAX + 1};
	assert_int_equal(batch_serialize(&b, &out, &err), -1);
	buf_release(&out);
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
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_layout),
	    cmocka_unit_test(test_presence),
	    cmocka_unit_test(test_flat),
	    cmocka_unit_test(test_add_and_drop),
	    cmocka_unit_test(test_filter),
	    cmocka_unit_test(test_slice),
	    cmocka_unit_test(test_filter_sheds),
	    cmocka_unit_test(test_flipped_bits),
	    cmocka_unit_test(test_forged_bits),
	    cmocka_unit_test(test_forged_words),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_overlap),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_unknown_fields),
	    cmocka_unit_test(test_untouched),
	    cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_marks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, release);
}
