/* The stream reader: its buffer, and which format it is. */
#include "flow/stream_in.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "io/fdio.h"

enum {
	READ_BYTES = 128 << 10, /* asked for at a time */
	USED_UP = 1 << 20, /* bytes at the front of the buffer that are worth a move of what is behind them */
};

int
stream_format_parse(enum stream_format *f, const char *name, struct err *e)
{
	if (name == NULL)
		*f = STREAM_AUTO;
	else if (strcmp(name, "bin") == 0)
		*f = STREAM_BINARY;
	else if (strcmp(name, "ndjson") == 0)
		*f = STREAM_NDJSON;
	else
		return err_set(e, "'%s' is no format, expected bin or ndjson", name);
	return 0;
}

struct stream_in *
stream_in_new(int fd, const struct stream_in_options *o)
{
	struct stream_in *s = mem_zero(1, sizeof *s);
	uint64_t origin = 0;

	s->fd = fd;
	s->o = *o;
	if (s->o.name == NULL)
		s->o.name = "input";
	s->format = o->format;
	s->buf = mem_alloc(STREAM_ROOM);
	while (o->numbered && origin == 0)
		if (getrandom(&origin, sizeof origin, 0) != sizeof origin)
			origin = (uintptr_t)s ^ (uint64_t)fd
						    << 48; /* no randomness early at boot: still not 0 */
	builder_init(&s->builder, origin);
	return s;
}

void
stream_in_free(struct stream_in *s)
{
	if (s == NULL)
		return;
	if (s->reader != NULL)
		ndjson_reader_free(s->reader);
	builder_release(&s->builder);
	free(s->buf);
	free(s);
}

void
stream_in_switch(struct stream_in *s, int fd, const char *name)
{
	s->fd = fd;
	s->ended = false;
	s->o.format = s->format;
	s->o.name = name;
	s->bytes_before = s->counts.bytes;
	/* A new file has its own lines, and may be of another dialect. */
	ndjson_reader_free(s->reader);
	s->reader = NULL;
}

const struct stream_counts *
stream_in_counts(const struct stream_in *s)
{
	return &s->counts;
}

struct str
stream_in_raw(const struct stream_in *s, const struct batch *b)
{
	const char *p = (const char *)s->buf + s->start;

	return s->given > 0 && batch_untouched(b, p) ? (struct str){p, s->given} : (struct str){NULL, 0};
}

/* What the batch given out last lay in is free again. */
static void
stream_in_release(struct stream_in *s)
{
	s->start += s->given;
	s->given = 0;
	if (s->start == s->end)
		s->start = s->end = 0;
}

/* Bytes that what has begun still lacks, as far as can be told. */
static size_t
lacking(const struct stream_in *s)
{
	const uint8_t *p = s->buf + s->start + s->given, *end = s->buf + s->end;
	ssize_t n = 0;

	if (p == end)
		return 0;
	if (s->o.format != STREAM_BINARY)
		return end[-1] == '\n' ? 0 : 1;
	while (p < end && (n = batch_measure(p, (size_t)(end - p))) > 0 && n <= end - p)
		p += n;
	if (p == end || n == -1)
		return 0;
	return (n > 0 ? (size_t)n : sizeof(struct batch_header)) - (size_t)(end - p);
}

bool
stream_in_end_here(struct stream_in *s)
{
	s->end_here = true;
	return lacking(s) == 0;
}

int
stream_in_fill(struct stream_in *s, struct err *e)
{
	stream_in_release(s);
	/* Early, so that a fast stream stays in the processor's cache instead of walking through the buffer. */
	if (s->start > 0 && (s->start >= USED_UP || STREAM_ROOM - s->end < READ_BYTES)) {
		memmove(s->buf, s->buf + s->start, s->end - s->start);
		s->end -= s->start;
		s->start = 0;
	}
	size_t most = STREAM_ROOM - s->end, lacks = s->end_here ? lacking(s) : READ_BYTES;
	if (lacks == 0)
		return 2;
	if (most == 0)
		return 1; /* what is there must be taken first */
	if (most > READ_BYTES)
		most = READ_BYTES;
	ssize_t n = fd_read(s->fd, s->buf + s->end, most < lacks ? most : lacks);
	if (n == -1 && errno == EAGAIN)
		return 2;
	if (n == -1)
		return err_sys(e, "%s", s->o.name);
	s->ended = n == 0;
	s->end += (size_t)n;
	s->counts.bytes += (uint64_t)n;
	return n > 0;
}

/* By the first byte that is no white space. 0: none has come yet. */
static int
format_detect(struct stream_in *s, struct err *e)
{
	const char *p = (const char *)s->buf + s->start;
	size_t left = s->end - s->start, blank = 0;

	while (blank < left && strchr(" \t\r\n", p[blank]) != NULL && p[blank] != '\0')
		blank++;
	p += blank;
	left -= blank;
	if (left == 0)
		return 0;
	if (p[0] == '{' || p[0] == '[') {
		s->o.format = STREAM_NDJSON;
		return 1;
	}
	if (left < 4 && !s->ended && memcmp(p, BATCH_MAGIC, left) == 0)
		return 0;
	if (left < 4 || memcmp(p, BATCH_MAGIC, 4) != 0)
		return err_set(e,
		    "%s: neither batches nor NDJSON (it begins with neither NFB1 nor '{' nor '[')",
		    s->o.name);
	s->o.format = STREAM_BINARY;
	return 1;
}

int
stream_in_next(struct stream_in *s, struct batch *b, bool flush, struct err *e)
{
	int known = 1;

	stream_in_release(s);
	if (s->o.format == STREAM_AUTO)
		known = format_detect(s, e);
	if (known != 1)
		return known;
	return s->o.format == STREAM_BINARY ? stream_in_binary(s, b, e) : stream_in_ndjson(s, b, flush, e);
}
