/*
 * Binary batches: checks each, checksum and all, and reads five columns of each
 * row. Prints records per CPU second.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "flows.h"

/* Few, since batches that came through a pipe are in the cache. */
enum { BATCHES = 2 };

static uint64_t
read_batch(const struct batch *b, struct arena *a)
{
	const struct addr *src = batch_flat(b, FIELD_src_host, a), *dst = batch_flat(b, FIELD_dst_host, a);
	const uint16_t *port = batch_flat(b, FIELD_dst_port, a);
	const uint64_t *bytes = batch_flat(b, FIELD_bytes, a);
	const struct col *name = batch_col(b, FIELD_src_as_name);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < b->rows; i++)
		sum += load_le64(src[i].b + 8) + load_le64(dst[i].b + 8) + port[i] + bytes[i] +
		       col_slot(name, i);
	return sum;
}

int
main(void)
{
	struct builder bd;
	struct batch b;
	struct arena arena = {0};
	struct buf wire = {0};
	struct err e;
	uint64_t rng = 7, rows = 0, sum = 0;
	uint32_t made = 0;

	builder_init(&bd, 1);
	for (int i = 0; i < BATCHES; i++) {
		while (!builder_full(&bd))
			flows_row(&bd, &rng, made++);
		builder_finish(&bd, &b);
		if (batch_serialize(&b, &wire, &e) == -1)
			return 1;
		builder_reset(&bd);
	}
	double begun = cpu_seconds(), took;
	do {
		for (size_t at = 0; at < wire.len;) {
			size_t len = (size_t)batch_measure(wire.p + at, wire.len - at);

			if (batch_parse(&b, wire.p + at, len, &e) == -1) {
				fprintf(stderr, "%s\n", e.msg);
				return 1;
			}
			sum += read_batch(&b, &arena);
			rows += b.rows;
			at += len;
			arena_reset(&arena);
		}
		took = cpu_seconds() - begun;
	} while (took < BENCH_SECONDS);
	printf("%.0f\n", (double)rows / took);
	return sum == 0;
}
