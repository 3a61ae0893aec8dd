/*
 * The decoder on a sequence of datagrams: for each, a byte of exporter, two of
 * length (big-endian), the datagram. Everything decoded must be a sound batch.
 */
#include "decode/decode.h"
#include "decode/packet.h"
#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
any_packet(const uint8_t *p, size_t len)
{
	struct packet packet;

	for (enum packet_link link = PACKET_ETHERNET; link <= PACKET_SLL2; link++) {
		packet_parse(&packet, link, p, len);
		if (packet.payload.len > len)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_from(data, size);
	struct builder rows;
	uint8_t exporter;
	uint16_t len;
	int64_t now = 1700000000000;

	builder_init(&rows, 1);
	struct decoder *d =
	    decoder_new(&(struct decoder_options){.rows = &rows, .full = rows_full, .live = size % 2});
	while (rd_u8(&r, &exporter) == 0 && rd_be16(&r, &len) == 0) {
		size_t n = len < rd_left(&r) ? len : rd_left(&r);
		/* In its own memory, so that reading beyond it is seen. */
		uint8_t *copy = mem_alloc(n);

		memcpy(copy, r.p, n);
		rd_skip(&r, n);
		any_packet(copy, n);
		struct datagram dg = {addr_from_v4(0xc0000200u + exporter), now += 10, copy, n};
		decoder_datagram(d, &dg);
		free(copy);
	}
	rows_check(&rows);
	decoder_free(d);
	builder_release(&rows);
	return 0;
}
