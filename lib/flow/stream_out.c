/* The stream writer. */
#include <errno.h>
#include <stdlib.h>

#include "flow/ndjson.h"
#include "flow/stream.h"
#include "io/fdio.h"

enum { WRITE_BYTES = 64 << 10 }; /* gathered before a write */

struct stream_out {
	int fd;
	enum stream_format format;
	struct stream_counts counts;
	struct buf buf;
	struct arena arena;
};

struct stream_out *
stream_out_new(int fd, enum stream_format format)
{
	struct stream_out *s = mem_zero(1, sizeof *s);

	s->fd = fd;
	s->format = format;
	return s;
}

void
stream_out_free(struct stream_out *s)
{
	if (s == NULL)
		return;
	buf_release(&s->buf);
	arena_release(&s->arena);
	free(s);
}

const struct stream_counts *
stream_out_counts(const struct stream_out *s)
{
	return &s->counts;
}

bool
stream_out_pending(const struct stream_out *s)
{
	return s->buf.len > 0;
}

static int
write_out(struct stream_out *s, struct iovec *parts, unsigned n, size_t bytes, bool *closed, struct err *e)
{
	if (fd_writev_all(s->fd, parts, (int)n) == 0) {
		s->counts.bytes += bytes;
		return 0;
	}
	if (closed != NULL && errno == EPIPE) {
		*closed = true;
		return 0;
	}
	return err_sys(e, "output");
}

int
stream_out_flush(struct stream_out *s, bool *closed, struct err *e)
{
	struct iovec all = {s->buf.p, s->buf.len};

	if (all.iov_len == 0)
		return 0;
	s->buf.len = 0;
	return write_out(s, &all, 1, all.iov_len, closed, e);
}

int
stream_put(
    struct buf *out, const struct batch *b, enum stream_format format, struct arena *scratch, struct err *e)
{
	if (format == STREAM_NDJSON) {
		ndjson_write(b, out, scratch);
		return 0;
	}
	if (batch_serialize(b, out, e) == 0)
		return 0;
	if (b->kind != BATCH_FLOWS || b->rows < 2)
		return -1;
	for (unsigned half = 0; half < 2; half++) {
		struct batch part = *b;

		batch_slice(&part, scratch, half * (b->rows / 2), half == 0 ? b->rows / 2 : b->rows);
		if (stream_put(out, &part, format, scratch, e) == -1)
			return -1;
	}
	return 0;
}

static void
count(struct stream_out *s, const struct batch *b)
{
	if (b->kind == BATCH_MARK) {
		s->counts.marks++;
		return;
	}
	s->counts.batches++;
	s->counts.rows += b->rows;
}

/* What is long is written from where it lies. */
static int
add(struct stream_out *s, struct iovec *parts, unsigned n, size_t bytes, bool *closed, struct err *e)
{
	bool gone = false;

	if (s->buf.len + bytes < WRITE_BYTES) {
		for (unsigned i = 0; i < n; i++)
			buf_add(&s->buf, parts[i].iov_base, parts[i].iov_len);
		return 0;
	}
	if (stream_out_flush(s, closed != NULL ? &gone : NULL, e) == -1)
		return -1;
	if (!gone)
		return write_out(s, parts, n, bytes, closed, e);
	*closed = true;
	return 0;
}

int
stream_out_bytes(struct stream_out *s, const struct batch *b, struct str bytes, bool *closed, struct err *e)
{
	struct iovec all = {(void *)(uintptr_t)bytes.p, bytes.len};

	count(s, b);
	return add(s, &all, 1, bytes.len, closed, e);
}

int
stream_out_parts(
    struct stream_out *s, const struct batch *b, struct batch_parts *p, bool *closed, struct err *e)
{
	count(s, b);
	return add(s, p->part, p->count, p->bytes, closed, e);
}

int
stream_out_batch(struct stream_out *s, const struct batch *b, bool *closed, struct err *e)
{
	struct batch_parts parts;

	if (b->kind == BATCH_FLOWS && b->rows == 0)
		return 0;
	if (s->format == STREAM_BINARY && batch_gather(b, &parts, e) == 0)
		return stream_out_parts(s, b, &parts, closed, e);
	if (stream_put(&s->buf, b, s->format, &s->arena, e) == -1)
		return -1;
	arena_reset(&s->arena);
	count(s, b);
	return s->buf.len >= WRITE_BYTES ? stream_out_flush(s, closed, e) : 0;
}
