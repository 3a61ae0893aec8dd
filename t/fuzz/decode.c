/*
 * The decoder on a sequence of datagrams: for each, a byte of exporter, two of
 * length (big-endian), the datagram. Everything decoded must be a sound batch.
 */
#include "decode/decode.h"
#include "decode/explain.h"
#include "decode/keep.h"
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

/* What was learned can be told, and be taken up by another. */
static void
hand_over(const struct decoder *d, int64_t now)
{
	struct buf text = {0}, file = {0}, again = {0};
	struct builder rows;
	struct err e;

	decoder_explain(d, &text);
	decoder_save(d, &file);
	builder_init(&rows, 1);
	struct decoder *heir = decoder_new(&(struct decoder_options){.rows = &rows, .full = rows_full});
	if (decoder_restore(heir, file.p, file.len, now, 0, &e) != 0)
		abort();
	decoder_save(heir, &again);
	if (again.len != file.len)
		abort();
	decoder_free(heir);
	builder_release(&rows);
	buf_release(&text);
	buf_release(&file);
	buf_release(&again);
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
	struct decoder *d = decoder_new(&(struct decoder_options){.rows = &rows,
	    .full = rows_full,
	    .live = size % 2,
	    .notes = true,
	    .template_lifetime_ms = size % 3 == 0 ? 50 : 0});
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
	hand_over(d, now);
	decoder_free(d);
	builder_release(&rows);
	return 0;
}
