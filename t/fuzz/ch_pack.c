/*
 * A segment of the spool after anything has happened to its bytes: whatever batches can be read out of it
 * must become a block. The table takes each kind of field in an awkward type. Each input is taken as it is,
 * and again as one batch whose checksums hold, since no mutation would ever get past those.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "ch/native.h"
#include "ch/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static const char table[] =
    "timestamp_start\tDateTime\t\nsrc_host\tString\t\ndst_host\tNullable(IPv4)\t\n"
    "src_port\tLowCardinality(UInt16)\t\nproto\tEnum8('a' = 6, 'b' = 17)\t\n"
    "as_path\tArray(LowCardinality(Nullable(String)))\t\ncommunities\tArray(UInt32)\t\n"
    "src_host_country\tFixedString(2)\t\nsrc_as_name\tLowCardinality(Nullable(String))\t\n"
    "extra\tString\t\nml_score\tUInt8\t\nsrc_mac\tString\t\n";

static void
insert(struct native *n, const uint8_t *p, size_t len, struct arena *scratch)
{
	struct buf list = {0}, body = {0};
	struct batch b;
	struct pack k = pack_from(p, len);

	native_begin(n);
	while (pack_next(&k, &b))
		native_note(n, &b);
	native_columns(n, &list);
	k = pack_from(p, len);
	while (pack_next(&k, &b))
		native_add(n, &b, scratch, &body);
	native_finish(n, &body);
	buf_release(&list);
	buf_release(&body);
}

static void
make_sound(uint8_t *p, size_t len)
{
	struct batch_header h;

	memcpy(&h, p, sizeof h);
	memcpy(h.magic, BATCH_MAGIC, sizeof h.magic);
	h.version = BATCH_VERSION;
	h.kind = BATCH_FLOWS;
	h.payload_len = (uint32_t)(len - sizeof h);
	h.payload_hash = hash64(p + sizeof h, len - sizeof h);
	h.header_hash = hash64(&h, offsetof(struct batch_header, header_hash));
	memcpy(p, &h, sizeof h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct arena scratch = {0};
	struct ch_table t;
	struct err e;
	uint8_t *aligned = arena_dup(&scratch, p, len);

	if (ch_table_parse(&t, (struct str){table, sizeof table - 1}, &e) == -1)
		abort();
	struct native *n = native_new(&t, PEER_AS_UNSET, &e);
	if (n == NULL)
		abort();
	insert(n, aligned, len, &scratch);
	if (len >= sizeof(struct batch_header)) {
		make_sound(aligned, len & ~(size_t)7);
		insert(n, aligned, len & ~(size_t)7, &scratch);
	}
	native_free(n);
	ch_table_release(&t);
	arena_release(&scratch);
	return 0;
}
