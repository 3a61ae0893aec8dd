/* Lines out of a stream, as batches. */
#include <inttypes.h>
#include <stdio.h>

#include "flow/stream_in.h"

/* The words for the line read last, as an error under `strict`. */
static int
complain(struct stream_in *s, const struct err *why, struct err *e)
{
	char place[40];

	snprintf(place, sizeof place, "line %" PRIu64, ndjson_reader_counts(s->reader)->lines);
	if (s->o.strict)
		return err_set(e, "%s: %s: %s", s->o.name, place, why->msg);
	if (s->o.complain != NULL)
		s->o.complain(s->o.arg, place, why->msg);
	return 0;
}

static int
give_rows(struct stream_in *s, struct batch *b)
{
	builder_finish(&s->builder, b);
	s->finished = true;
	s->counts.batches++;
	s->counts.rows += b->rows;
	return 1;
}

static int
give_mark(struct stream_in *s, struct batch *b)
{
	batch_init(b);
	b->kind = BATCH_MARK;
	b->mark = (struct str){s->mark, s->mark_len};
	s->mark_waits = false;
	s->counts.marks++;
	return 1;
}

/* The rows before a mark come before it. */
static int
take_mark(struct stream_in *s, struct batch *b, struct str mark)
{
	s->mark_len = mark.len < sizeof s->mark ? mark.len : sizeof s->mark;
	memcpy(s->mark, mark.p, s->mark_len);
	if (s->builder.rows == 0)
		return give_mark(s, b);
	s->mark_waits = true;
	return give_rows(s, b);
}

int
stream_in_ndjson(struct stream_in *s, struct batch *b, bool flush, struct err *e)
{
	struct ndjson_options o = {.dialect = s->o.dialect, .zone = s->o.zone};
	enum ndjson_result last;
	struct str mark;
	struct err why;
	size_t used;

	if (s->reader == NULL && (s->reader = ndjson_reader_new(&o, e)) == NULL)
		return -1;
	if (s->finished)
		builder_reset(&s->builder);
	s->finished = false;
	if (s->mark_waits)
		return give_mark(s, b);
	do {
		struct str text = {(const char *)s->buf + s->start, s->end - s->start};

		used = ndjson_read_many(s->reader, text, &s->builder, &last, &mark, &why);
		s->start += used;
		if (last == NDJSON_BAD) {
			s->counts.bad_lines++;
		} else if (used == 0 && s->ended) {
			used = ndjson_read_last(s->reader, text, &s->builder, &last, &mark, &why);
			s->start += used;
			s->counts.torn_bytes += last == NDJSON_BAD ? used : 0;
		}
		if (last == NDJSON_BAD && complain(s, &why, e) == -1)
			return -1;
		if (last == NDJSON_MARK)
			return take_mark(s, b, mark);
		if (builder_full(&s->builder))
			return give_rows(s, b);
	} while (used > 0 || last == NDJSON_BAD);
	return flush && s->builder.rows > 0 ? give_rows(s, b) : 0;
}
