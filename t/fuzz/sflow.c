/*
 * Datagrams of sFlow: a byte of options, then for each two bytes of length
 * (big-endian) and the datagram behind its version. Rows must be a sound batch,
 * and each line of counters an object of JSON.
 */
#include "decode/decode.h"
#include "flow/json.h"
#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
line(void *arg, struct str text)
{
	struct json j = {text.p, text.p + text.len, text.p};
	struct json_value v;
	struct err e;

	(void)arg;
	if (json_value(&j, &v, &e) == -1 || v.kind != JSON_OBJECT || j.end - j.p != 1 || *j.p != '\n')
		abort();
}

static void
feed(struct decoder *d, const uint8_t *p, size_t len, int64_t now)
{
	/* In its own memory, so that reading beyond it is seen. */
	uint8_t *copy = mem_zero(1, len + 4);

	copy[3] = 5;
	memcpy(copy + 4, p, len);
	struct datagram dg = {addr_from_v4(0xc0000201), now, copy, len + 4};
	decoder_datagram(d, &dg);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_from(data, size);
	static struct builder rows; /* once for all: its columns are large */
	uint8_t options;
	uint16_t len;
	int64_t now = 1700000000000;

	if (rd_u8(&r, &options) == -1)
		return 0;
	if (rows.origin == 0)
		builder_init(&rows, 1);
	struct decoder *d = decoder_new(&(struct decoder_options){.rows = &rows,
	    .full = rows_full,
	    .inner = options & 1,
	    .counters = (options & 2) != 0 ? line : NULL});
	while (rd_be16(&r, &len) == 0) {
		size_t n = len < rd_left(&r) ? len : rd_left(&r);

		feed(d, r.p, n, now += 10);
		rd_skip(&r, n);
	}
	rows_check(&rows);
	decoder_free(d);
	return 0;
}
