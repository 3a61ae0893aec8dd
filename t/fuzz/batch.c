/*
 * The batch from bytes. The input stands for a header and a payload; what the
 * fuzzer cannot guess, magic, length and checksums, is put right first, so that
 * all else is its own to damage. A batch that is then taken must be readable
 * through every accessor, pickable, and fit to be passed on.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"
#include "flow/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static volatile uint64_t sink;

static void
read_all(const struct batch *b, struct arena *a)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < b->col_count; i++) {
		const struct col *c = &b->cols[i];

		for (uint32_t r = 0; r < b->rows; r++) {
			sum += col_has(c, r);
			if (c->width == 0) {
				struct str v = col_str(c, r);
				sum += hash64(v.p, v.len);
			} else if (c->width == 16) {
				sum += col_addr(c, r).b[15];
			} else {
				sum += col_u64(c, r);
			}
		}
	}
	for (unsigned i = 0; i < field_count; i++) {
		const uint64_t *flat = batch_flat_u64(b, (enum field)fields[i].id, a);
		sum += flat != NULL ? flat[b->rows - 1] : 0;
	}
	sink = sum;
}

static void
use(struct batch *b, size_t len)
{
	static struct arena arena;
	uint64_t keep[BATCH_ROWS_MAX / 64];
	struct buf out = {0};

	if (b->kind == BATCH_FLOWS) {
		read_all(b, &arena);
		if (batch_serialize(b, &out, NULL) == -1 || out.len > len)
			abort();
		memset(keep, 0xa7, sizeof keep);
		batch_filter(b, &arena, keep);
		if (b->rows > 0)
			read_all(b, &arena);
	}
	buf_release(&out);
	arena_reset(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct batch_header h;
	struct batch b;

	if (len < sizeof h || len > BATCH_BYTES_MAX)
		return 0;
	if (batch_measure(data, len) > BATCH_BYTES_MAX)
		abort();
	size_t payload = (len - sizeof h) & ~(size_t)7;
	uint8_t *p = mem_alloc(sizeof h + payload);
	memcpy(p, data, sizeof h + payload);
	memcpy(&h, p, sizeof h);
	memcpy(h.magic, BATCH_MAGIC, sizeof h.magic);
	h.version = BATCH_VERSION;
	h.payload_len = (uint32_t)payload;
	h.payload_hash = hash64(p + sizeof h, payload);
	h.header_hash = hash64(&h, offsetof(struct batch_header, header_hash));
	memcpy(p, &h, sizeof h);
	if (batch_parse(&b, p, sizeof h + payload, NULL) == 0)
		use(&b, sizeof h + payload);
	free(p);
	return 0;
}
