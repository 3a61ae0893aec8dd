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
write_out(struct stream_out *s, struct str bytes, bool *closed, struct err *e)
{
	if (fd_write_all(s->fd, bytes.p, bytes.len) == 0) {
		s->counts.bytes += bytes.len;
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
	struct str bytes = {(const char *)s->buf.p, s->buf.len};

	if (bytes.len == 0)
		return 0;
	s->buf.len = 0;
	return write_out(s, bytes, closed, e);
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

int
stream_out_bytes(struct stream_out *s, const struct batch *b, struct str bytes, bool *closed, struct err *e)
{
	bool gone = false;

	count(s, b);
	if (s->buf.len + bytes.len < WRITE_BYTES) {
		buf_add(&s->buf, bytes.p, bytes.len);
		return 0;
	}
	if (stream_out_flush(s, closed != NULL ? &gone : NULL, e) == -1)
		return -1;
	if (!gone)
		return write_out(s, bytes, closed, e);
	*closed = true;
	return 0;
}

int
stream_out_batch(struct stream_out *s, const struct batch *b, bool *closed, struct err *e)
{
	if (b->kind == BATCH_FLOWS && b->rows == 0)
		return 0;
	if (stream_put(&s->buf, b, s->format, &s->arena, e) == -1)
		return -1;
	arena_reset(&s->arena);
	count(s, b);
	return s->buf.len >= WRITE_BYTES ? stream_out_flush(s, closed, e) : 0;
}
