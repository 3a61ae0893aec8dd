/*
 * How fast flows become the body of an insert into the users' table: rows a second of CPU time, from
 * serialized batches (as they wait in the queue) to Native blocks, plain and as compressed blocks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ch/compress.h"
#include "ch/native.h"
#include "ch/pack.h"
#include "ch/schema.h"
#include "flow/builder.h"

enum { ROWS = 262144 };

static double
cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
text(struct builder *bd, enum field f, const char *fmt, unsigned n)
{
	char s[64];

	builder_str(bd, f, (struct str){s, (size_t)snprintf(s, sizeof s, fmt, n)});
}

/* An enriched flow: few countries, some thousand networks, many addresses, one in eight IPv6. */
static void
put_flow(struct builder *bd, unsigned *seed)
{
	uint32_t a = (uint32_t)rand_r(seed), b = (uint32_t)rand_r(seed);
	struct addr src = addr_from_v4(a * 2654435761U), dst = addr_from_v4(b * 2246822519U);
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34};

	if (a % 8 == 0) {
		memcpy(src.b, v6, 10);
		memcpy(dst.b, v6, 10);
	}
	builder_row(bd);
	builder_u64(bd, FIELD_timestamp_start, UINT64_C(1700000000000) + a % 60000);
	builder_u8(bd, FIELD_proto, a % 4 ? 6 : 17);
	builder_u16(bd, FIELD_tcpflags, a % 64);
	builder_u8(bd, FIELD_tos, 0);
	builder_addr(bd, FIELD_src_host, &src);
	builder_addr(bd, FIELD_dst_host, &dst);
	builder_u16(bd, FIELD_src_port, (uint16_t)a);
	builder_u16(bd, FIELD_dst_port, b % 3 ? 443 : (uint16_t)b);
	builder_u64(bd, FIELD_packets, 1 + a % 100);
	builder_u64(bd, FIELD_bytes, 40 + b % 100000);
	builder_u32(bd, FIELD_src_as, 64496 + a % 2000);
	builder_u32(bd, FIELD_dst_as, 64496 + b % 2000);
	text(bd, FIELD_src_as_name, "NETWORK-%u Example Networks", a % 2000);
	text(bd, FIELD_dst_as_name, "NETWORK-%u Example Networks", b % 2000);
	text(bd, FIELD_src_host_country, a % 3 ? "GR" : "D%c", 'A' + a % 26);
	text(bd, FIELD_dst_host_country, b % 3 ? "GR" : "D%c", 'A' + b % 26);
	char path[32];
	int n = snprintf(path, sizeof path, "64500%c64510%c%u", 0, 0, 64496 + b % 2000);
	builder_str(bd, FIELD_as_path, (struct str){path, (size_t)n + 1});
	builder_u32(bd, FIELD_local_pref, 100);
	builder_u32(bd, FIELD_input_interface, a % 8);
	builder_u32(bd, FIELD_output_interface, b % 8);
	text(bd, FIELD_input_interface_name, "xe-0/0/%u", a % 8);
	text(bd, FIELD_output_interface_name, "xe-0/0/%u", b % 8);
	builder_u8(bd, FIELD_flow_direction, a % 2);
	builder_u8(bd, FIELD_ip_protocol, a % 8 ? 4 : 6);
}

static void
make_pack(struct buf *pack)
{
	struct builder bd;
	struct batch b;
	unsigned seed = 1;

	builder_init(&bd, 0);
	for (unsigned rows = 0; rows < ROWS;) {
		while (!builder_full(&bd) && rows + bd.rows < ROWS)
			put_flow(&bd, &seed);
		rows += bd.rows;
		builder_finish(&bd, &b);
		batch_serialize(&b, pack, NULL);
		builder_reset(&bd);
	}
	builder_release(&bd);
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

int
main(void)
{
	struct buf pack = {0}, list = {0}, body = {0}, small = {0};
	struct arena scratch = {0};
	struct ch_table t;
	struct err e;

	make_pack(&pack);
	if (ch_table_parse(&t, str_from(table), &e) == -1)
		return 1;
	struct native *n = native_new(&t, PEER_AS_UNSET, &e);
	if (n == NULL)
		return 1;
	encode(n, &pack, &list, &body, &scratch);
	double from = cpu_seconds();
	for (int i = 0; i < 8; i++)
		encode(n, &pack, &list, &body, &scratch);
	double plain = (cpu_seconds() - from) / 8;
	from = cpu_seconds();
	for (int i = 0; i < 4; i++) {
		small.len = 0;
		ch_compress(&small, body.p, body.len);
	}
	double compress = (cpu_seconds() - from) / 4;
	printf("encode\t%.0f\nencode_lz4\t%.0f\n", ROWS / plain, ROWS / (plain + compress));
	fprintf(stderr, "%.1f bytes a row in a batch, %.1f in a block, %.1f compressed\n",
	    (double)pack.len / ROWS, (double)body.len / ROWS, (double)small.len / ROWS);
	native_free(n);
	ch_table_release(&t);
	arena_release(&scratch);
	buf_release(&pack);
	buf_release(&list);
	buf_release(&body);
	buf_release(&small);
	return 0;
}
