/* Streams: what comes out of a damaged one, what is counted, and in which order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "flow/builder.h"
#include "flow/stream.h"
#include "io/fdio.h"
#include "model.h"

static struct arena arena;
static struct err err;

/* A reader with what it has said. */
struct in {
	struct stream_in *s;
	int fd;
	char said[1000];
	unsigned complaints;
};

static void
complain(void *arg, const char *place, const char *words)
{
	struct in *in = arg;
	size_t used = strlen(in->said);

	in->complaints++;
	snprintf(in->said + used, sizeof in->said - used, "%s: %s\n", place, words);
}

static void
in_open(struct in *in, int fd, struct stream_in_options o)
{
	*in = (struct in){.fd = fd};
	o.complain = complain;
	o.arg = in;
	in->s = stream_in_new(fd, &o);
	assert_non_null(in->s);
}

static void
in_close(struct in *in)
{
	stream_in_free(in->s);
	close(in->fd);
}

static int
memory_file(const void *p, size_t len)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, p, len), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void
in_open_bytes(struct in *in, const struct buf *b, enum stream_format f)
{
	in_open(in, memory_file(b->p, b->len), (struct stream_in_options){.format = f});
}

/* The next batch, reading on as need be: 1, 0 at the end, -1. */
static int
in_next(struct in *in, struct batch *b)
{
	bool ended = false;

	for (;;) {
		int got = stream_in_next(in->s, b, ended, &err);

		if (got != 0 || ended)
			return got;
		int filled = stream_in_fill(in->s, &err);
		if (filled == -1)
			return -1;
		ended = filled == 0;
	}
}

/* All that comes, as text: row numbers (src_as), marks in angles, a bar after each batch. */
static const char *
in_all(struct in *in)
{
	static struct buf text;
	struct batch b;
	int got;

	text.len = 0;
	while ((got = in_next(in, &b)) == 1) {
		if (b.kind == BATCH_MARK)
			buf_printf(&text, "<%.*s>", (int)b.mark.len, b.mark.p);
		for (uint32_t r = 0; r < b.rows; r++)
			buf_printf(&text, "%s%u", r > 0 ? " " : "",
			    (unsigned)col_u64(batch_col(&b, FIELD_src_as), r));
		if (b.kind == BATCH_FLOWS)
			buf_putc(&text, '|');
	}
	if (got == -1)
		buf_puts(&text, "error");
	return buf_cstr(&text);
}

/* A batch of rows numbered from `first`, in src_as and as its origin tells. */
static void
put_rows(struct buf *out, uint64_t origin, uint32_t first, uint32_t rows)
{
	uint32_t *values = arena_alloc(&arena, rows * sizeof *values);
	struct batch b;

	for (uint32_t i = 0; i < rows; i++)
		values[i] = first + i;
	batch_init(&b);
	b.rows = rows;
	b.origin = origin;
	b.origin_first = first;
	b.origin_last = first + rows - 1;
	batch_add_fixed(&b, &arena, FIELD_src_as, values, NULL);
	assert_int_equal(batch_serialize(&b, out, &err), 0);
	arena_reset(&arena);
}

static void
put_mark(struct buf *out, const char *token)
{
	struct batch b;

	batch_init(&b);
	b.kind = BATCH_MARK;
	b.mark = str_from(token);
	assert_int_equal(batch_serialize(&b, out, &err), 0);
}

static void
test_round_trip(void **state)
{
	uint64_t seed = 1;
	struct model m[20];
	struct batch b;
	struct in in;
	struct arena models = {0};
	uint64_t rows = 0;
	int fd = memory_file("", 0);

	(void)state;
	struct stream_out *out = stream_out_new(fd, STREAM_BINARY);
	for (unsigned i = 0; i < 20; i++) {
		model_random(&m[i], &models, 1 + random_u32(&seed) % 2000, &seed);
		model_batch(&m[i], &b, &arena, &seed);
		rows += m[i].rows;
		assert_int_equal(stream_out_batch(out, &b, NULL, &err), 0);
		arena_reset(&arena);
	}
	assert_int_equal(stream_out_flush(out, NULL, &err), 0);
	assert_false(stream_out_pending(out));
	assert_int_equal(stream_out_counts(out)->rows, rows);
	assert_int_equal(stream_out_counts(out)->batches, 20);
	off_t size = lseek(fd, 0, SEEK_CUR);
	assert_int_equal(stream_out_counts(out)->bytes, size);
	stream_out_free(out);

	lseek(fd, 0, SEEK_SET);
	in_open(&in, fd, (struct stream_in_options){0});
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(in_next(&in, &b), 1);
		assert_model(&b, &m[i]);
	}
	assert_int_equal(in_next(&in, &b), 0);
	const struct stream_counts *c = stream_in_counts(in.s);
	assert_int_equal(c->bytes, size);
	assert_int_equal(c->rows, rows);
	assert_int_equal(c->batches, 20);
	assert_int_equal(c->bad_batches + c->skipped_bytes + c->torn_bytes + c->gap_rows, 0);
	assert_int_equal(in.complaints, 0);
	in_close(&in);
	arena_release(&models);
}

/* Bytes that come a few at a time make the same batches. */
static void
test_dribble(void **state)
{
	uint64_t seed = 2;
	struct buf all = {0};
	struct in in;
	struct batch b;
	int fds[2];
	uint32_t next = 1;

	(void)state;
	for (uint32_t i = 0; i < 30; i++)
		put_rows(&all, 5, i * 40 + 1, 40);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fd_nonblock(fds[0]), 0);
	in_open(&in, fds[0], (struct stream_in_options){0});
	assert_int_equal(stream_in_fill(in.s, &err), 2);
	for (size_t at = 0; at < all.len;) {
		size_t n = 1 + random_u32(&seed) % 300;

		if (n > all.len - at)
			n = all.len - at;
		assert_int_equal(fd_write_all(fds[1], all.p + at, n), 0);
		at += n;
		assert_int_equal(stream_in_fill(in.s, &err), 1);
		while (stream_in_next(in.s, &b, false, &err) == 1) {
			assert_int_equal(col_u64(batch_col(&b, FIELD_src_as), 0), next);
			next += b.rows;
		}
		assert_int_equal((next - 1) / 40, at / (all.len / 30)); /* none is held back */
	}
	assert_int_equal(next, 1201);
	close(fds[1]);
	assert_int_equal(stream_in_fill(in.s, &err), 0);
	assert_int_equal(stream_in_next(in.s, &b, true, &err), 0);
	assert_int_equal(stream_in_counts(in.s)->bytes, all.len);
	in_close(&in);
	buf_release(&all);
}

static void
test_garbage_between(void **state)
{
	static const char garbage[] = "NFB1 is no header, nor is NFNFB1NFB1";
	struct buf all = {0};
	struct in in;

	(void)state;
	for (size_t shift = 0; shift < 9; shift++) {
		all.len = 0;
		buf_add(&all, garbage, sizeof garbage - shift);
		put_rows(&all, 1, 1, 2);
		buf_add(&all, garbage, sizeof garbage);
		put_rows(&all, 1, 3, 2);
		put_rows(&all, 1, 5, 1);
		buf_add(&all, garbage, 7);
		put_rows(&all, 1, 6, 1);
		in_open_bytes(&in, &all, STREAM_BINARY);
		assert_string_equal(in_all(&in), "1 2|3 4|5|6|");
		const struct stream_counts *c = stream_in_counts(in.s);
		assert_int_equal(c->skipped_bytes, 2 * sizeof garbage - shift + 7);
		assert_int_equal(c->batches, 4);
		assert_int_equal(c->gap_rows, 0);
		assert_int_equal(c->torn_bytes, 0);
		assert_non_null(strstr(in.said, "offset 0"));
		assert_true(in.complaints >= 1);
		in_close(&in);
	}
	buf_release(&all);
}

/* Random megabytes of garbage cost neither the batches around them nor, in a sane time, the reader. */
static void
test_garbage_long(void **state)
{
	uint64_t seed = 3;
	struct buf all = {0};
	struct in in;

	(void)state;
	put_rows(&all, 1, 1, 1);
	size_t before = all.len;
	for (uint32_t i = 0; i < 1u << 21; i++) {
		uint32_t v = i % 50 == 0 ? 0x3142464e : random_u32(&seed);
		buf_add(&all, &v, 4);
	}
	buf_add(&all, "odd", 3);
	size_t garbage = all.len - before;
	put_rows(&all, 1, 2, 1);
	in_open_bytes(&in, &all, STREAM_AUTO);
	assert_string_equal(in_all(&in), "1|2|");
	assert_int_equal(stream_in_counts(in.s)->skipped_bytes, garbage);
	in_close(&in);
	buf_release(&all);
}

/* A batch cut off anywhere, and a whole stream behind it: as after a crash of the writer, or `cat torn good`. */
static void
test_cut_and_joined(void **state)
{
	struct buf whole = {0}, all = {0};
	struct in in;

	(void)state;
	put_rows(&whole, 1, 1, 5);
	for (size_t cut = 1; cut < whole.len; cut++) {
		all.len = 0;
		buf_add(&all, whole.p, cut);
		put_rows(&all, 2, 7, 1);
		put_rows(&all, 2, 8, 1);
		in_open_bytes(&in, &all, STREAM_BINARY);
		assert_string_equal(in_all(&in), "7|8|");
		const struct stream_counts *c = stream_in_counts(in.s);
		assert_int_equal(c->skipped_bytes, cut);
		assert_int_equal(c->rows, 2);
		assert_int_equal(c->torn_bytes, 0);
		assert_true(in.complaints >= 1);
		in_close(&in);
	}
	buf_release(&whole);
	buf_release(&all);
}

static void
test_torn_end(void **state)
{
	struct buf all = {0};
	struct in in;

	(void)state;
	put_rows(&all, 1, 1, 5);
	size_t first = all.len;
	put_rows(&all, 1, 6, 5);
	for (size_t len = first; len <= all.len; len++) {
		struct buf part = {.p = all.p, .len = len};

		in_open_bytes(&in, &part, STREAM_AUTO);
		assert_string_equal(in_all(&in), len == all.len ? "1 2 3 4 5|6 7 8 9 10|" : "1 2 3 4 5|");
		assert_int_equal(stream_in_counts(in.s)->torn_bytes, len == all.len ? 0 : len - first);
		assert_int_equal(stream_in_counts(in.s)->skipped_bytes, 0);
		in_close(&in);
	}
	buf_release(&all);
}

/* Every bit of the middle one of three batches: only that one is lost, and it is missed. */
static void
test_damaged(void **state)
{
	struct buf all = {0};
	struct in in;

	(void)state;
	put_rows(&all, 9, 1, 2);
	size_t from = all.len;
	put_rows(&all, 9, 3, 2);
	size_t to = all.len;
	put_rows(&all, 9, 5, 2);
	for (size_t bit = from * 8; bit < to * 8; bit++) {
		all.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		in_open_bytes(&in, &all, STREAM_AUTO);
		assert_string_equal(in_all(&in), "1 2|5 6|");
		const struct stream_counts *c = stream_in_counts(in.s);
		assert_int_equal(c->gap_rows, 2);
		assert_int_equal(c->bad_batches, bit / 8 >= from + 56 ? 1 : 0);
		assert_int_equal(c->bad_batches > 0 ? to - from : c->skipped_bytes, to - from);
		assert_true(in.complaints >= 1);
		in_close(&in);
		all.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	buf_release(&all);
}

static void
test_strict(void **state)
{
	struct buf all = {0};
	struct in in;

	(void)state;
	put_rows(&all, 9, 1, 2);
	all.p[all.len - 1] ^= 1;
	put_rows(&all, 9, 5, 2);
	in_open(&in, memory_file(all.p, all.len), (struct stream_in_options){.strict = true});
	assert_string_equal(in_all(&in), "error");
	assert_non_null(strstr(err.msg, "offset 0"));
	in_close(&in);

	all.len = 0;
	buf_puts(&all, "{\"src_as\":1}\nno flow\n{\"src_as\":2}\n");
	in_open(&in, memory_file(all.p, all.len), (struct stream_in_options){.strict = true});
	in_all(&in);
	assert_non_null(strstr(err.msg, "line 2"));
	in_close(&in);
	buf_release(&all);
}

static void
test_gaps(void **state)
{
	/* Ranges of row numbers of an origin; what is missing between them is a gap, what comes again is none. */
	static const struct {
		struct {
			uint64_t origin;
			uint32_t first, rows;
		} came[5];
		uint64_t gaps;
	} cases[] = {
	    {{{1, 1, 10}, {1, 11, 10}, {1, 21, 1}}, 0}, {{{1, 1, 10}, {1, 12, 10}, {1, 32, 1}}, 11},
	    {{{1, 500, 10}, {1, 510, 10}}, 0}, /* who joins late missed nothing */
	    {{{1, 1, 10}, {2, 1, 10}, {2, 12, 1}}, 1}, /* the source began anew */
	    {{{1, 1, 10}, {2, 1, 10}, {1, 11, 5}, {2, 13, 1}, {1, 17, 1}}, 3}, /* two sources in one stream */
	    {{{1, 1, 10}, {1, 1, 10}, {1, 11, 1}}, 0}, /* sent again */
	    {{{1, 1, 10}, {1, 21, 10}, {1, 11, 10}, {1, 31, 1}}, 10}, /* late is a gap when it was missed */
	    {{{0, 1, 10}, {0, 100, 10}}, 0}, /* not numbered */
	};
	struct buf all = {0};
	struct in in;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		all.len = 0;
		for (unsigned k = 0; k < 5 && cases[i].came[k].rows > 0; k++)
			put_rows(
			    &all, cases[i].came[k].origin, cases[i].came[k].first, cases[i].came[k].rows);
		in_open_bytes(&in, &all, STREAM_AUTO);
		in_all(&in);
		if (stream_in_counts(in.s)->gap_rows != cases[i].gaps)
			fail_msg(
			    "case %zu: gaps %llu", i, (unsigned long long)stream_in_counts(in.s)->gap_rows);
		in_close(&in);
	}

	/* A filter that left most rows out kept the numbers of what became the batch. Numbers at odds mean nothing. */
	struct batch_header h;
	all.len = 0;
	put_rows(&all, 1, 1, 2);
	memcpy(&h, all.p, sizeof h);
	h.origin_last = 1000;
	h.header_hash = hash64(&h, offsetof(struct batch_header, header_hash));
	memcpy(all.p, &h, sizeof h);
	put_rows(&all, 1, 1001, 2);
	size_t at = all.len;
	put_rows(&all, 1, 1003, 2);
	memcpy(&h, all.p + at, sizeof h);
	h.origin_first = UINT64_MAX;
	h.origin_last = 3;
	h.header_hash = hash64(&h, offsetof(struct batch_header, header_hash));
	memcpy(all.p + at, &h, sizeof h);
	in_open_bytes(&in, &all, STREAM_AUTO);
	assert_string_equal(in_all(&in), "1 2|1001 1002|1003 1004|");
	assert_int_equal(stream_in_counts(in.s)->gap_rows, 0);
	in_close(&in);
	buf_release(&all);
}

static void
put_false_headers(struct buf *out, size_t n)
{
	struct batch_header h = {.magic = BATCH_MAGIC,
	    .version = BATCH_VERSION,
	    .kind = BATCH_FLOWS,
	    .rows = 1,
	    .payload_len = BATCH_BYTES_MAX - sizeof h};

	h.header_hash = hash64(&h, offsetof(struct batch_header, header_hash));
	for (size_t i = 0; i < n; i++)
		buf_add(out, &h, sizeof h);
}

/* Headers that hold before payloads that do not: each claims as much as a batch may be. */
static void
test_false_headers(void **state)
{
	enum { FULL = BATCH_BYTES_MAX / sizeof(struct batch_header) };
	static const uint8_t zeros[BATCH_BYTES_MAX];
	struct buf all = {0};
	struct in in;

	(void)state;
	put_false_headers(&all, 60);
	put_rows(&all, 1, 1, 2);
	buf_add(&all, zeros, sizeof zeros);
	in_open_bytes(&in, &all, STREAM_BINARY);
	assert_string_equal(in_all(&in), "1 2|");
	assert_int_equal(stream_in_counts(in.s)->bad_batches, 60);
	in_close(&in);

	/* To look at every one would be to hash 900 GB. */
	all.len = 0;
	put_false_headers(&all, 3 * FULL);
	buf_add(&all, zeros, sizeof zeros);
	put_rows(&all, 1, 1, 2);
	in_open_bytes(&in, &all, STREAM_BINARY);
	assert_string_equal(in_all(&in), "1 2|");
	assert_in_range(stream_in_counts(in.s)->bad_batches, 3 * 65, 4 * 65);
	in_close(&in);
	buf_release(&all);
}

static void
test_marks(void **state)
{
	struct buf all = {0};
	struct in in;

	(void)state;
	put_mark(&all, "a");
	put_rows(&all, 1, 1, 1);
	put_mark(&all, "b");
	put_mark(&all, "c");
	put_rows(&all, 1, 2, 2);
	put_mark(&all, "d");
	in_open_bytes(&in, &all, STREAM_AUTO);
	assert_string_equal(in_all(&in), "<a>1|<b><c>2 3|<d>");
	assert_int_equal(stream_in_counts(in.s)->marks, 4);
	assert_int_equal(stream_in_counts(in.s)->gap_rows, 0);
	in_close(&in);

	/* A mark line ends the batch before it: it stands for the rows that came first. */
	all.len = 0;
	buf_puts(&all,
	    "{\"_mark\":\"a\"}\n{\"src_as\":1}\n{\"src_as\":2}\n{\"_mark\":\"b\"}\n{\"src_as\":3}\n"
	    "{\"_mark\":\"c\"}\n{\"_mark\":\"d\"}\n");
	in_open_bytes(&in, &all, STREAM_AUTO);
	assert_string_equal(in_all(&in), "<a>1 2|<b>3|<c><d>");
	assert_int_equal(stream_in_counts(in.s)->marks, 4);
	in_close(&in);
	buf_release(&all);
}

#define BYTES(text)                      \
	{                                \
		(text), sizeof(text) - 1 \
	}

/* The first bytes tell which it is; what is neither is refused in words. */
static void
test_formats(void **state)
{
	static const struct {
		struct str bytes;
		enum stream_format format;
		const char *comes;
	} cases[] = {
	    {BYTES(""), STREAM_AUTO, ""},
	    {BYTES("{\"src_as\":1}\n"), STREAM_AUTO, "1|"},
	    {BYTES("{\"src_as\":1}"), STREAM_AUTO, "1|"},
	    {BYTES("\n\n {\"src_as\":1}\n"), STREAM_AUTO, "1|"},
	    {BYTES("[\n{\"src_as\":1},\n{\"src_as\":2}\n]\n"), STREAM_AUTO, "1 2|"},
	    {BYTES("{\"src_as\":1}\r\n{\"src_as\":2}\r\n"), STREAM_AUTO, "1 2|"},
	    {BYTES("hello"), STREAM_AUTO, "error"},
	    {BYTES("\0\0\0\0\0\0\0\0"), STREAM_AUTO, "error"},
	    {BYTES("\xd4\xc3\xb2\xa1\2\0\4\0"), STREAM_AUTO, "error"},
	    {BYTES("hello"), STREAM_BINARY, ""},
	    {BYTES("hello"), STREAM_NDJSON, ""},
	};
	struct in in;
	enum stream_format f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = {.p = (uint8_t *)(uintptr_t)cases[i].bytes.p, .len = cases[i].bytes.len};

		in_open_bytes(&in, &b, cases[i].format);
		const char *got = in_all(&in);
		if (strcmp(got, cases[i].comes) != 0)
			fail_msg("case %zu: '%s'", i, got);
		in_close(&in);
	}
	assert_int_equal(stream_format_parse(&f, "bin", &err), 0);
	assert_int_equal(f, STREAM_BINARY);
	assert_int_equal(stream_format_parse(&f, "ndjson", &err), 0);
	assert_int_equal(f, STREAM_NDJSON);
	assert_int_equal(stream_format_parse(&f, NULL, &err), 0);
	assert_int_equal(f, STREAM_AUTO);
	assert_int_equal(stream_format_parse(&f, "json", &err), -1);
	assert_non_null(strstr(err.msg, "json"));
}

static void
test_lines(void **state)
{
	static const char text[] = "{\"src_as\":1}\n"
				   "nonsense\n"
				   "{\"src_as\":2}\n"
				   "\n"
				   "{\"src_as\":\"x\"}\n"
				   "{\"src_as\":3}\n"
				   "{\"src_as\":4";
	struct buf all = {0};
	struct in in;

	(void)state;
	buf_puts(&all, text);
	in_open_bytes(&in, &all, STREAM_AUTO);
	assert_string_equal(in_all(&in), "1 2 3|");
	const struct stream_counts *c = stream_in_counts(in.s);
	assert_int_equal(c->rows, 3);
	assert_int_equal(c->bad_lines, 2);
	assert_int_equal(c->torn_bytes, 11);
	assert_int_equal(c->bytes, all.len);
	assert_non_null(strstr(in.said, "line 2: "));
	assert_non_null(strstr(in.said, "line 5: "));
	in_close(&in);
	buf_release(&all);
}

static int
write_text(int fd, const char *text)
{
	return fd_write_all(fd, text, strlen(text));
}

/* Rows wait for a full batch, unless one is asked for. Numbers are given where the program is the source. */
static void
test_flush(void **state)
{
	struct batch b;
	struct in in;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	in_open(&in, fds[0], (struct stream_in_options){.numbered = true});
	assert_int_equal(write_text(fds[1], "{\"src_as\":1}\n{\"src_as\":2}\n{\"sr"), 0);
	assert_int_equal(stream_in_fill(in.s, &err), 1);
	assert_int_equal(stream_in_next(in.s, &b, false, &err), 0);
	assert_int_equal(stream_in_next(in.s, &b, true, &err), 1);
	assert_int_equal(b.rows, 2);
	assert_int_not_equal(b.origin, 0);
	uint64_t last = b.origin_last;
	assert_int_equal(last - b.origin_first, 1);
	assert_int_equal(stream_in_next(in.s, &b, true, &err), 0);
	assert_int_equal(write_text(fds[1], "c_as\":3}\n"), 0);
	assert_int_equal(stream_in_fill(in.s, &err), 1);
	assert_int_equal(stream_in_next(in.s, &b, true, &err), 1);
	assert_int_equal(b.rows, 1);
	assert_int_equal(col_u64(batch_col(&b, FIELD_src_as), 0), 3);
	assert_int_equal(b.origin_first, last + 1);
	close(fds[1]);
	in_close(&in);

	/* A full batch comes unasked. */
	struct buf many = {0};
	for (unsigned i = 0; i < BATCH_ROWS_MAX + 5; i++)
		buf_printf(&many, "{\"src_as\":%u}\n", i);
	in_open_bytes(&in, &many, STREAM_AUTO);
	assert_int_equal(in_next(&in, &b), 1);
	assert_int_equal(b.rows, BATCH_ROWS_MAX);
	assert_int_equal(b.origin, 0);
	assert_int_equal(in_next(&in, &b), 1);
	assert_int_equal(b.rows, 5);
	in_close(&in);
	buf_release(&many);
}

/* Who stops in the middle of a pipe leaves whole batches, or lines, to the next reader. */
static void
test_end_here(void **state)
{
	struct buf batches = {0}, lines = {0};
	struct batch b;

	(void)state;
	for (uint32_t i = 0; i < 8; i++)
		put_rows(&batches, 1, i * 10 + 1, 10);
	for (unsigned i = 0; i < 8; i++)
		buf_printf(&lines, "{\"src_as\":1000%u}\n", i);
	for (unsigned text = 0; text < 2; text++) {
		const struct buf *all = text != 0 ? &lines : &batches;
		size_t one = all->len / 8;

		for (size_t first = 1; first < 3 * one; first++) {
			struct in in;
			int fds[2];
			size_t begun = (first + one - 1) / one * one; /* to the end of the one it lies in */
			char rest[8192];

			assert_int_equal(pipe(fds), 0);
			in_open(&in, fds[0], (struct stream_in_options){0});
			assert_int_equal(fd_write_all(fds[1], all->p, first), 0);
			assert_int_equal(stream_in_fill(in.s, &err), 1);
			while (stream_in_next(in.s, &b, true, &err) == 1)
				;
			assert_int_equal(fd_write_all(fds[1], all->p + first, all->len - first), 0);
			while (!stream_in_end_here(in.s)) {
				assert_int_equal(stream_in_fill(in.s, &err), 1);
				while (stream_in_next(in.s, &b, true, &err) == 1)
					;
			}
			assert_int_equal(stream_in_fill(in.s, &err), 2);
			assert_int_equal(stream_in_counts(in.s)->bytes, begun);
			assert_int_equal(stream_in_counts(in.s)->rows, begun / one * (text != 0 ? 1 : 10));
			assert_int_equal(fd_read(fds[0], rest, sizeof rest), all->len - begun);
			assert_memory_equal(rest, all->p + begun, all->len - begun);
			close(fds[1]);
			in_close(&in);
		}
	}
	buf_release(&batches);
	buf_release(&lines);
}

static void
test_text_out(void **state)
{
	struct buf all = {0}, text = {0};
	struct batch b;
	struct in in;
	int fd = memory_file("", 0);

	(void)state;
	put_rows(&all, 1, 1, 2);
	put_mark(&all, "m");
	put_rows(&all, 1, 3, 1);
	in_open_bytes(&in, &all, STREAM_AUTO);
	struct stream_out *out = stream_out_new(fd, STREAM_NDJSON);
	while (in_next(&in, &b) == 1)
		assert_int_equal(stream_out_batch(out, &b, NULL, &err), 0);
	assert_int_equal(stream_out_flush(out, NULL, &err), 0);
	assert_int_equal(stream_out_counts(out)->rows, 3);
	assert_int_equal(stream_out_counts(out)->marks, 1);
	stream_out_free(out);
	buf_reserve(&text, 1000);
	text.len = (size_t)pread(fd, text.p, 1000, 0);
	assert_string_equal(
	    buf_cstr(&text), "{\"src_as\":1}\n{\"src_as\":2}\n{\"_mark\":\"m\"}\n{\"src_as\":3}\n");
	close(fd);
	in_close(&in);
	buf_release(&all);
	buf_release(&text);
}

/* Bytes passed on as they came and batches written anew, small and large, keep their order. */
static void
test_bytes_out(void **state)
{
	struct buf all = {0};
	struct batch b;
	struct in in;
	unsigned raws = 0;
	int fd = memory_file("", 0);

	(void)state;
	for (uint32_t i = 0, first = 1; i < 40; i++) {
		uint32_t rows = i % 3 == 0 ? 8192 : 3;

		put_rows(&all, 1, first, rows);
		put_mark(&all, "m");
		first += rows;
	}
	for (int turn = 0; turn < 2; turn++) { /* well aligned, and not */
		in_open_bytes(&in, &all, STREAM_BINARY);
		lseek(fd, 0, SEEK_SET);
		struct stream_out *out = stream_out_new(fd, STREAM_BINARY);
		for (unsigned i = 0; in_next(&in, &b) == 1; i++) {
			struct str raw = stream_in_raw(in.s, &b);

			assert_non_null(raw.p);
			assert_int_equal(batch_measure(raw.p, raw.len), raw.len);
			raws++;
			if (i % 5 == 0)
				assert_int_equal(stream_out_batch(out, &b, NULL, &err), 0);
			else
				assert_int_equal(stream_out_bytes(out, &b, raw, NULL, &err), 0);
		}
		assert_int_equal(stream_out_flush(out, NULL, &err), 0);
		assert_int_equal(stream_out_counts(out)->batches, 40);
		assert_int_equal(stream_out_counts(out)->marks, 40);
		assert_int_equal(stream_out_counts(out)->bytes, turn == 0 ? all.len : all.len - 5);
		stream_out_free(out);
		in_close(&in);

		uint8_t *copy = mem_alloc(all.len);
		size_t len = turn == 0 ? all.len : all.len - 5;
		assert_int_equal(pread(fd, copy, len, 0), len);
		assert_memory_equal(copy, turn == 0 ? all.p : all.p + 5, len);
		free(copy);
		if (turn == 0) { /* the same behind a few bytes of garbage */
			struct buf shifted = {0};
			buf_add(&shifted, "12345", 5);
			buf_add(&shifted, all.p, all.len);
			buf_release(&all);
			all = shifted;
		}
	}
	assert_int_equal(raws, 160);
	close(fd);
	buf_release(&all);

	/* Lines have no bytes to pass on. */
	buf_puts(&all, "{\"src_as\":1}\n");
	in_open_bytes(&in, &all, STREAM_NDJSON);
	assert_int_equal(in_next(&in, &b), 1);
	assert_null(stream_in_raw(in.s, &b).p);
	in_close(&in);
	buf_release(&all);
}

/* A batch that grew beyond the limit on its way goes out as several: no row is lost, nor its number. */
static void
test_too_large(void **state)
{
	size_t len = 2000;
	char *text = mem_zero(1, len * BATCH_ROWS_MAX);
	struct str *entries = mem_zero(BATCH_ROWS_MAX, sizeof *entries);
	uint16_t codes[BATCH_ROWS_MAX];
	uint32_t numbers[BATCH_ROWS_MAX], next = 0;
	struct batch b;
	struct in in;
	int fd = memory_file("", 0);

	(void)state;
	for (uint32_t i = 0; i < BATCH_ROWS_MAX; i++) {
		entries[i] = (struct str){text + i * len, len};
		codes[i] = (uint16_t)i;
		numbers[i] = i;
	}
	batch_init(&b);
	b.rows = BATCH_ROWS_MAX;
	b.origin = 1;
	b.origin_first = 1;
	b.origin_last = BATCH_ROWS_MAX;
	batch_add_fixed(&b, &arena, FIELD_src_as, numbers, NULL);
	batch_add_strs(&b, &arena, FIELD_vrf, codes, entries, BATCH_ROWS_MAX, NULL);
	struct stream_out *out = stream_out_new(fd, STREAM_BINARY);
	if (stream_out_batch(out, &b, NULL, &err) == -1 || stream_out_flush(out, NULL, &err) == -1)
		fail_msg("%s", err.msg);
	assert_int_equal(stream_out_counts(out)->rows, BATCH_ROWS_MAX);
	stream_out_free(out);

	lseek(fd, 0, SEEK_SET);
	in_open(&in, fd, (struct stream_in_options){0});
	while (in_next(&in, &b) == 1)
		for (uint32_t r = 0; r < b.rows; r++) {
			assert_int_equal(col_u64(batch_col(&b, FIELD_src_as), r), next++);
			assert_int_equal(col_str(batch_col(&b, FIELD_vrf), r).len, len);
		}
	assert_int_equal(next, BATCH_ROWS_MAX);
	assert_int_equal(stream_in_counts(in.s)->gap_rows, 0);
	in_close(&in);
	arena_reset(&arena);
	free(text);
	free(entries);
}

static void
test_closed_output(void **state)
{
	struct buf all = {0};
	struct batch b;
	struct in in;
	int fds[2];
	bool closed = false;

	(void)state;
	put_rows(&all, 1, 1, 8000);
	in_open_bytes(&in, &all, STREAM_AUTO);
	assert_int_equal(in_next(&in, &b), 1);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	struct stream_out *out = stream_out_new(fds[1], STREAM_BINARY);
	for (unsigned i = 0; i < 100 && !closed; i++)
		assert_int_equal(stream_out_batch(out, &b, &closed, &err), 0);
	if (!closed)
		assert_int_equal(stream_out_flush(out, &closed, &err), 0);
	assert_true(closed);
	stream_out_free(out);
	close(fds[1]);
	in_close(&in);
	buf_release(&all);
}

static int
release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_dribble),
	    cmocka_unit_test(test_garbage_between),
	    cmocka_unit_test(test_garbage_long),
	    cmocka_unit_test(test_cut_and_joined),
	    cmocka_unit_test(test_torn_end),
	    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_strict),
	    cmocka_unit_test(test_gaps),
	    cmocka_unit_test(test_false_headers),
	    cmocka_unit_test(test_marks),
	    cmocka_unit_test(test_formats),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_flush),
	    cmocka_unit_test(test_end_here),
	    cmocka_unit_test(test_text_out),
	    cmocka_unit_test(test_bytes_out),
	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_closed_output),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, release);
}
