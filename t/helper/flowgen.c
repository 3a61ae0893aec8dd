/*
 * Writes made-up flows as binary batches: flowgen [-o ORIGIN] [-r ROWS_A_BATCH] [-m BATCHES_A_MARK] [-f FIRST] ROWS
 *
 * Row number n (from FIRST, 1) has n in `bytes`; the rest looks like a router's
 * export after enrichment: 25 fields, about 600 bytes as JSON. The same
 * arguments give the same bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "flow/builder.h"
#include "io/fdio.h"

static const char *const countries[] = {"DE", "GR", "US", "NL", "FR", "BR", "JP", "SE"};
static const char *const names[] = {"Example Networks GmbH", "Hellenic Example S.A.", "Example Cloud LLC",
    "Voorbeeld Hosting B.V.", "Exemple Telecom", "Exemplo Internet Ltda", "Example KK", "Exempel AB"};

static uint64_t
mix(uint64_t n)
{
	n = (n ^ n >> 31) * UINT64_C(0x9e3779b97f4a7c15);
	return n ^ n >> 29;
}

static void
put_row(struct builder *bd, uint64_t n)
{
	uint64_t r = mix(n), at = UINT64_C(1760000000000) + n / 5;
	struct addr src = addr_from_v4(0xc6336400 | (r & 0xff)),
		    dst = addr_from_v4((uint32_t)(r >> 8) | 1 << 30);
	struct addr exporter = addr_from_v4(0xc0000201), hop = addr_from_v4(0xc00002fe);
	unsigned s = r >> 40 & 7, d = r >> 44 & 7;

	builder_u64(bd, FIELD_timestamp_start, at - (r >> 50));
	builder_u64(bd, FIELD_timestamp_end, at);
	builder_u64(bd, FIELD_timestamp_received, at + 20);
	builder_addr(bd, FIELD_exporter_ip, &exporter);
	builder_str(bd, FIELD_flow_type, STR("netflow9"));
	builder_u32(bd, FIELD_sampling_rate, 100);
	builder_addr(bd, FIELD_src_host, &src);
	builder_addr(bd, FIELD_dst_host, &dst);
	builder_u16(bd, FIELD_src_port, (uint16_t)(1024 + (r >> 20) % 60000));
	builder_u16(bd, FIELD_dst_port, (uint16_t)(r >> 60 < 12 ? 443 : r >> 30));
	builder_u8(bd, FIELD_proto, r >> 60 < 14 ? 6 : 17);
	builder_u8(bd, FIELD_ip_protocol, 4);
	builder_u16(bd, FIELD_tcpflags, r >> 36 & 0x1f);
	builder_u8(bd, FIELD_tos, 0);
	builder_u32(bd, FIELD_input_interface, r >> 33 & 3);
	builder_u32(bd, FIELD_output_interface, 4 + (r >> 35 & 3));
	builder_u64(bd, FIELD_packets, 1 + (r >> 48 & 0xff));
	builder_u64(bd, FIELD_bytes, n);
	builder_addr(bd, FIELD_next_hop, &hop);
	builder_u32(bd, FIELD_src_as, 64496 + s);
	builder_u32(bd, FIELD_dst_as, 64504 + d);
	builder_str(bd, FIELD_src_as_name, str_from(names[s]));
	builder_str(bd, FIELD_dst_as_name, str_from(names[d]));
	builder_str(bd, FIELD_src_host_country, str_from(countries[s]));
	builder_str(bd, FIELD_dst_host_country, str_from(countries[d]));
}

static void
put_batch(const struct batch *b)
{
	static struct buf out;
	struct err e;

	out.len = 0;
	if (batch_serialize(b, &out, &e) == -1)
		fatalx("%s", e.msg);
	if (fd_write_all(STDOUT_FILENO, out.p, out.len) == -1)
		fatal("stdout");
}

static void
put_mark(unsigned number)
{
	char token[32];
	struct batch b;

	batch_init(&b);
	b.kind = BATCH_MARK;
	b.mark = (struct str){token, (size_t)snprintf(token, sizeof token, "mark %u", number)};
	put_batch(&b);
}

static uint64_t
number(const char *text, uint64_t min, uint64_t max)
{
	uint64_t v = 0;

	if (text == NULL || num_parse(&v, str_from(text), min, max) == -1)
		fatal_config(
		    "usage: flowgen [-o ORIGIN] [-r ROWS_A_BATCH] [-m BATCHES_A_MARK] [-f FIRST] ROWS");
	return v;
}

int
main(int argc, char **argv)
{
	uint64_t origin = 1, rows_a_batch = BATCH_ROWS_MAX, first = 1, batches_a_mark = 0, batches = 0;
	struct builder bd;
	struct batch b;
	int c;

	log_init("flowgen");
	while ((c = getopt(argc, argv, "f:m:o:r:")) != -1) {
		switch (c) {
		case 'f':
			first = number(optarg, 1, UINT64_MAX);
			break;
		case 'm':
			batches_a_mark = number(optarg, 1, UINT64_MAX);
			break;
		case 'o':
			origin = number(optarg, 0, UINT64_MAX);
			break;
		default:
			rows_a_batch = number(c == 'r' ? optarg : NULL, 1, BATCH_ROWS_MAX);
		}
	}
	uint64_t last = first + number(argv[optind], 0, UINT64_MAX / 2) - 1;
	fd_grow_pipe(STDOUT_FILENO);
	builder_init(&bd, origin);
	bd.origin_next = first;
	for (uint64_t n = first; n <= last; n++) {
		builder_row(&bd);
		put_row(&bd, n);
		if (bd.rows < rows_a_batch && n < last && !builder_full(&bd))
			continue;
		builder_finish(&bd, &b);
		put_batch(&b);
		builder_reset(&bd);
		batches++;
		if (batches_a_mark != 0 && batches % batches_a_mark == 0)
			put_mark((unsigned)(batches / batches_a_mark));
	}
	builder_release(&bd);
	return 0;
}
