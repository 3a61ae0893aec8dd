/*
 * Flows as the body of an insert into the users' table, in rows a second of CPU time:
 *
 *     ch_encode make ROWS     writes that many flows as batches, to insert them
 *     ch_encode plain         from batches, as they wait in the queue, to Native blocks
 *     ch_encode lz4 | zstd    and those compressed
 */
#include <stdio.h>
#include <stdlib.h>

#include "ch/compress.h"
#include "ch/native.h"
#include "ch/pack.h"
#include "clock.h"
#include "flows.h"

enum { ROWS = 262144 };

/* The flows of all benchmarks, with what else that table has a column for. */
static void
put_flow(struct builder *bd, uint64_t *rng, uint32_t row)
{
	uint32_t in = flows_random(rng) % 8, out = flows_random(rng) % 8;
	char name[16];

	flows_row(bd, rng, row);
	builder_u32(bd, FIELD_local_pref, 100);
	builder_u8(bd, FIELD_flow_direction, in % 2);
	builder_str(bd, FIELD_input_interface_name,
	    (struct str){name, (size_t)snprintf(name, sizeof name, "xe-0/0/%u", in)});
	builder_str(bd, FIELD_output_interface_name,
	    (struct str){name, (size_t)snprintf(name, sizeof name, "xe-0/0/%u", out)});
}

/* Appends the next batch, of up to so many rows; how many it has. */
static uint32_t
make_batch(struct builder *bd, uint64_t *rng, uint32_t row, uint32_t most, struct buf *out)
{
	struct batch b;

	while (!builder_full(bd) && bd->rows < most)
		put_flow(bd, rng, row + bd->rows);
	builder_finish(bd, &b);
	batch_serialize(&b, out, NULL);
	uint32_t rows = b.rows;
	builder_reset(bd);
	return rows;
}

static void
make(uint32_t rows)
{
	struct builder bd;
	struct buf out = {0};
	uint64_t rng = 1;

	builder_init(&bd, 1);
	for (uint32_t row = 0; row < rows;) {
		out.len = 0;
		row += make_batch(&bd, &rng, row, rows - row, &out);
		fwrite(out.p, 1, out.len, stdout);
	}
	builder_release(&bd);
	buf_release(&out);
}

/* The users' table as the server describes it. */
static const char table[] =
    "timestamp_start\tDateTime\t\nproto\tUInt8\t\ntcpflags\tUInt8\t\ntos\tUInt8\t\n"
    "src_host\tString\t\nsrc_port\tUInt16\t\nsrc_host_country\tString\t\n"
    "dst_host\tString\t\ndst_port\tUInt16\t\ndst_host_country\tString\t\n"
    "peer_src_as\tUInt32\t\npeer_dst_as\tUInt32\t\nas_path\tArray(String)\t\n"
    "packets\tUInt64\t\nbytes\tUInt64\t\npeer_dst_as_name\tString\tDEFAULT\n"
    "peer_src_as_name\tString\tDEFAULT\ndst_as\tUInt32\t\ningested_at\tDateTime\tDEFAULT\n"
    "local_pref\tUInt32\tDEFAULT\ninput_interface\tUInt32\t\noutput_interface\tUInt32\t\n"
    "input_interface_name\tString\t\noutput_interface_name\tString\t\n"
    "flow_direction\tUInt8\t\nip_protocol\tUInt8\t\n";

static void
encode(struct native *n, const struct buf *pack, struct buf *list, struct buf *body, struct arena *scratch)
{
	struct batch b;
	struct pack k = pack_from(pack->p, pack->len);

	list->len = body->len = 0;
	native_begin(n);
	while (pack_next(&k, &b))
		native_note(n, &b);
	native_columns(n, list);
	k = pack_from(pack->p, pack->len);
	while (pack_next(&k, &b)) {
		native_add(n, &b, scratch, body);
		arena_reset(scratch);
	}
	native_finish(n, body);
}

/* Encodes the same rows until it has run long enough; rows a CPU second. */
static double
measure(struct native *n, enum ch_method method)
{
	struct buf pack = {0}, list = {0}, body = {0}, small = {0};
	struct arena scratch = {0};
	struct builder bd;
	uint64_t rng = 1;
	unsigned rounds = 0;

	builder_init(&bd, 1);
	for (uint32_t row = 0; row < ROWS;)
		row += make_batch(&bd, &rng, row, ROWS - row, &pack);
	builder_release(&bd);
	encode(n, &pack, &list, &body, &scratch);
	double from = cpu_seconds(), used;
	do {
		encode(n, &pack, &list, &body, &scratch);
		small.len = 0;
		if (method != CH_METHOD_NONE)
			ch_compress(&small, method, body.p, body.len);
		rounds++;
		used = cpu_seconds() - from;
	} while (used < BENCH_SECONDS);
	fprintf(stderr, "ch_encode: %.0f bytes a row in a batch, %.0f in a block%s", (double)pack.len / ROWS,
	    (double)body.len / ROWS, method != CH_METHOD_NONE ? "" : "\n");
	if (method != CH_METHOD_NONE)
		fprintf(stderr, ", %.0f compressed\n", (double)small.len / ROWS);
	arena_release(&scratch);
	buf_release(&pack);
	buf_release(&list);
	buf_release(&body);
	buf_release(&small);
	return ROWS * (double)rounds / used;
}

int
main(int argc, char **argv)
{
	struct ch_table t;
	struct err e;

	if (argc == 3 && strcmp(argv[1], "make") == 0) {
		make((uint32_t)strtoul(argv[2], NULL, 10));
		return 0;
	}
	if (argc != 2 || ch_table_parse(&t, str_from(table), &e) == -1)
		return 1;
	struct native *n = native_new(&t, PEER_AS_UNSET, &e);
	if (n == NULL)
		return 1;
	printf("%.0f\n", measure(n, strcmp(argv[1], "lz4") == 0    ? CH_METHOD_LZ4
				    : strcmp(argv[1], "zstd") == 0 ? CH_METHOD_ZSTD
								   : CH_METHOD_NONE));
	native_free(n);
	ch_table_release(&t);
	return 0;
}
