/*
 * The file of templates. The input stands behind a header that holds for it, so
 * that the reader gets past the checksum: a byte of how many exporters, then
 * what follows the header. What was taken is saved and taken again, in two parts.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "decode/keep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW_MS = 1 << 30 };

static void
full(void *arg, struct builder *rows)
{
	(void)arg;
	builder_reset(rows);
}

static struct buf
with_header(const uint8_t *data, size_t size)
{
	struct buf file = {0};

	buf_puts(&file, "NFTS");
	buf_be32(&file, 1);
	buf_be32(&file, data[0]);
	buf_be64(&file, size - 1);
	buf_be64(&file, hash64(data + 1, size - 1));
	buf_add(&file, data + 1, size - 1);
	return file;
}

/* Takes the bytes and gives what it then knows; the length, 0 where they were refused. */
static size_t
taken(struct buf *file)
{
	struct builder rows;
	struct err e;
	struct buf out = {0};

	builder_init(&rows, 1);
	struct decoder *d = decoder_new(&(struct decoder_options){.rows = &rows, .full = full});
	if (decoder_restore(d, file->p, file->len, NOW_MS, 0, &e) == 0)
		decoder_save(d, &out);
	decoder_free(d);
	builder_release(&rows);
	buf_release(file);
	*file = out;
	return out.len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf file = {0};

	buf_add(&file, data, size);
	taken(&file);
	buf_release(&file);
	if (size == 0)
		return 0;
	file = with_header(data, size);
	size_t once = taken(&file);
	/* Twice the same is no more than once. */
	if (once > 0) {
		buf_reserve(&file, once);
		buf_add(&file, file.p, once);
		if (taken(&file) != once)
			abort();
	}
	buf_release(&file);
	return 0;
}
