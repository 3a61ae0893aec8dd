/*
 * Streams from bytes. The first byte picks the format. For lines the rest is
 * the input. For batches it is a script: pieces of garbage and of sealed
 * batches, cut or whole, which the reader must tell apart; every byte must end
 * up as given out, skipped or torn off.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "flow/stream.h"
#include "io/fdio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A header whose checksums hold for whatever payload. */
static void
put_sealed(struct buf *out, const uint8_t *payload, size_t len, size_t cut)
{
	struct batch_header h = {
	    .magic = {'N', 'F', 'B', '1'},
	    .version = BATCH_VERSION,
	    .kind = len % 3 == 0 ? BATCH_MARK : BATCH_FLOWS,
	    .columns = (uint16_t)(len / 64),
	    .rows = (uint32_t)(1 + len / 40),
	    .payload_len = (uint32_t)(len & ~(size_t)7),
	    .origin = len & 1,
	    .origin_first = len > 0 ? payload[0] : 0,
	    .origin_last = len > 0 ? payload[len - 1] : 0,
	};

	h.payload_hash = hash64(payload, h.payload_len);
	h.header_hash = hash64(&h, offsetof(struct batch_header, header_hash));
	size_t before = out->len;
	buf_add(out, &h, sizeof h);
	buf_add(out, payload, h.payload_len);
	if (out->len - before > cut)
		out->len = before + cut;
}

/* Pieces: kind, length, cut, and as many bytes as the length says. */
static void
put_script(struct buf *out, struct rd *r)
{
	uint8_t kind, len, cut;
	const uint8_t *p;

	while (rd_u8(r, &kind) == 0 && rd_u8(r, &len) == 0 && rd_u8(r, &cut) == 0) {
		size_t n = (size_t)len * (kind & 7);

		if (n > rd_left(r))
			n = rd_left(r);
		if (rd_bytes(r, &p, n) == -1)
			return;
		if ((kind & 8) != 0)
			put_sealed(out, p, n, (kind & 16) != 0 ? cut : SIZE_MAX);
		else
			buf_add(out, p, n);
	}
}

static void
read_all(int fd, enum stream_format format, size_t len)
{
	struct stream_in_options o = {.format = format, .numbered = true};
	struct stream_in *in = stream_in_new(fd, &o);
	const struct stream_counts *c = stream_in_counts(in);
	uint64_t given = 0;
	struct batch b;
	int filled = 1, got = 0;

	while (filled == 1 && got != -1) {
		filled = stream_in_fill(in, NULL);
		while ((got = stream_in_next(in, &b, filled == 0, NULL)) == 1)
			given += stream_in_raw(in, &b).len;
	}
	if (got == 0 && c->bytes != len)
		abort();
	if (got == 0 && format == STREAM_BINARY && given + c->skipped_bytes + c->torn_bytes != len)
		abort();
	stream_in_free(in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const enum stream_format formats[] = {STREAM_BINARY, STREAM_NDJSON, STREAM_AUTO};
	struct rd r = rd_from(data, len);
	struct buf bytes = {0};
	uint8_t pick;

	if (rd_u8(&r, &pick) == -1)
		return 0;
	enum stream_format format = formats[pick % 3];
	if (format == STREAM_BINARY)
		put_script(&bytes, &r);
	else
		buf_add(&bytes, r.p, rd_left(&r));
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd == -1 || fd_write_all(fd, bytes.p, bytes.len) == -1 || lseek(fd, 0, SEEK_SET) == -1)
		abort();
	read_all(fd, format, bytes.len);
	close(fd);
	buf_release(&bytes);
	return 0;
}
