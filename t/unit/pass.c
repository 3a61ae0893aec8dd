/* Lookups by way of what was seen lately say what the table says, whichever table that is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "enrich/pass.h"

static struct arena arena;
static uint64_t seed = 1;

static uint32_t
draw(uint32_t below)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)((seed >> 33) % below);
}

/* 300 prefixes of each family; the values begin at `base`. */
static void
table_make(struct lpm *t, struct buf *image, uint32_t base)
{
	struct lpm_builder b = {0};
	struct err e;

	for (uint32_t i = 0; i < 600; i++) {
		struct prefix p = {addr_from_v4(draw(64) << 8), 96 + 24};

		if (i % 2 != 0)
			p = (struct prefix){.addr.b = {0x20, 1, (uint8_t)draw(64)}, .len = 24};
		if (i % 7 == 0)
			p.len = (uint8_t)(p.len + 4);
		lpm_builder_add(&b, &p, base + i);
	}
	lpm_builder_build(&b, image);
	assert_int_equal(lpm_open(t, image->p, image->len, &e), 0);
	lpm_builder_release(&b);
}

/* Few hosts, so that most come again, of one family or both; as a plain column or a dictionary, with gaps or none. */
static void
batch_make(struct batch *b)
{
	static struct addr hosts[2000];
	uint64_t present[2000 / 64 + 1];
	unsigned families = 1 + draw(2), gaps = draw(2);
	uint16_t codes[2000];

	arena_reset(&arena);
	batch_init(b);
	b->rows = 1 + draw(1999);
	memset(present, 0xff, sizeof present);
	for (uint32_t i = 0; i < b->rows; i++) {
		hosts[i] = addr_from_v4(draw(96) << 8 | draw(8));
		if (draw(families) != 0)
			hosts[i] = (struct addr){.b = {0x20, 1, (uint8_t)draw(96), (uint8_t)draw(256)}};
		if (gaps != 0 && draw(5) == 0)
			present[i / 64] &= ~(UINT64_C(1) << i % 64);
		codes[i] = (uint16_t)draw(b->rows);
	}
	if (draw(2) == 0)
		batch_add_fixed(b, &arena, FIELD_src_host, hosts, present);
	else
		batch_add_dict(b, &arena, FIELD_src_host, codes, hosts, b->rows, present);
}

static void
says_what_the_table_says(void **state)
{
	struct pass_seen *seen = mem_zero(1, sizeof *seen);
	struct buf images[2] = {{0}};
	struct lpm tables[2];
	uint64_t loads = 1, known = 0;

	(void)state;
	table_make(&tables[0], &images[0], 1);
	table_make(&tables[1], &images[1], 1000);
	for (unsigned round = 0; round < 400; round++) {
		const struct lpm *t = &tables[draw(20) == 0];
		struct batch b;
		struct pass p;

		if (draw(50) == 0) { /* another table in the place of the first */
			images[0].len = 0;
			table_make(&tables[0], &images[0], 2000 + round * 1000);
			loads++;
		}
		batch_make(&b);
		pass_start(&p, &b, &arena);
		const uint32_t *want = pass_lookup(&p, SRC, t),
			       *got = pass_lookup_seen(&p, SRC, t, seen, loads);
		if (want == NULL) {
			assert_null(got);
			continue;
		}
		assert_memory_equal(got, want, b.rows * sizeof *got);
		for (uint32_t i = 0; i < b.rows; i++)
			known += want[i] != 0;
		assert_null(pass_lookup_seen(&p, DST, t, seen, loads));
	}
	assert_true(known > 10000);
	buf_release(&images[0]);
	buf_release(&images[1]);
	free(seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_the_table_says)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	int failed = cmocka_run_group_tests_name("pass", tests, NULL, NULL);
	arena_release(&arena);
	return failed;
}
