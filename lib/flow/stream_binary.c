/* Batches out of a stream that may be cut, joined and damaged anywhere. */
#include <inttypes.h>
#include <stdio.h>

#include "flow/stream_in.h"

/* How many of the len bytes at p, but one at least, cannot be the beginning of a header. */
static size_t
hopeless(const uint8_t *p, size_t len)
{
	const uint8_t *found = memmem(p + 1, len - 1, BATCH_MAGIC, 4);
	size_t tail = len - 1 < 3 ? len - 1 : 3;

	if (found != NULL)
		return (size_t)(found - p);
	while (tail > 0 && memcmp(p + len - tail, BATCH_MAGIC, tail) != 0)
		tail--;
	return len - tail;
}

/* Places and words of a complaint, and the error under `strict`. */
static int
complain(struct stream_in *s, uint64_t offset, const char *words, struct err *e)
{
	char place[40];

	snprintf(place, sizeof place, "offset %" PRIu64, offset);
	if (s->o.strict)
		return err_set(e, "%s: %s: %s", s->o.name, place, words);
	if (s->o.complain != NULL)
		s->o.complain(s->o.arg, place, words);
	return 0;
}

/*
 * How many headers within the length of a batch whose payload proved false are
 * worth a look: the next sound batch may begin there, but a stream of nothing
 * but false headers would have each byte hashed for every one of them.
 */
enum { RESYNC_TRIES = 64 };

/* Says what was skipped, once it is over. */
static void
skip_report(struct stream_in *s)
{
	char words[64];

	if (s->skipped == 0)
		return;
	snprintf(words, sizeof words, "skipped %" PRIu64 " bytes that are no sound batch", s->skipped);
	complain(s, stream_in_offset(s, 0) - s->skipped, words, NULL);
	s->skipped = 0;
}

static void
skip(struct stream_in *s, size_t n)
{
	s->start += n;
	s->skipped += n;
	s->counts.skipped_bytes += n;
}

/* Beyond a header of n bytes with a false payload: how far the next that is worth a look may be. */
static size_t
false_header(struct stream_in *s, size_t n)
{
	uint64_t at = stream_in_offset(s, 0);

	s->counts.bad_batches++;
	if (at >= s->false_until) {
		s->false_until = at + n;
		s->false_tries = 0;
	}
	return ++s->false_tries > RESYNC_TRIES ? s->false_until - at : 0;
}

/* A batch that the end of input cuts off may be an earlier cut, with whole batches behind it: where, or 0. */
static size_t
whole_batch_within(const uint8_t *p, size_t len)
{
	for (size_t at = hopeless(p, len); at < len; at += hopeless(p + at, len - at)) {
		ssize_t n = batch_measure(p + at, len - at);

		if (n > 0 && (size_t)n <= len - at)
			return at;
	}
	return 0;
}

/* Nothing more will come: what is left is garbage, or torn off. */
static void
end_of_input(struct stream_in *s)
{
	size_t left = s->end - s->start;
	const uint8_t *p = s->buf + s->start;

	if (memcmp(p, BATCH_MAGIC, left < 4 ? left : 4) != 0) {
		skip(s, hopeless(p, left));
		return;
	}
	size_t within = whole_batch_within(p, left);
	if (within > 0) {
		skip(s, within);
		return;
	}
	skip_report(s);
	s->counts.torn_bytes += left;
	complain(s, stream_in_offset(s, 0), "the end of input cuts a batch off", NULL);
	s->start = s->end;
}

/* Counts what an origin's numbers say is missing before the batch. */
static void
count_gap(struct stream_in *s, const struct batch *b)
{
	unsigned i = 0;

	if (b->origin == 0 || b->origin_last < b->origin_first)
		return;
	while (i < STREAM_ORIGINS - 1 && s->origins[i].id != b->origin && s->origins[i].id != 0)
		i++;
	uint64_t last = s->origins[i].id == b->origin ? s->origins[i].last : b->origin_first - 1;
	if (b->origin_first > last)
		s->counts.gap_rows += b->origin_first - last - 1;
	memmove(s->origins + 1, s->origins, i * sizeof s->origins[0]);
	s->origins[0].id = b->origin;
	s->origins[0].last = b->origin_last > last ? b->origin_last : last;
}

static void
count_batch(struct stream_in *s, const struct batch *b)
{
	skip_report(s);
	if (b->kind == BATCH_MARK) {
		s->counts.marks++;
		return;
	}
	s->counts.batches++;
	s->counts.rows += b->rows;
	count_gap(s, b);
}

int
stream_in_binary(struct stream_in *s, struct batch *b, struct err *e)
{
	struct err why;

	while (s->start < s->end) {
		size_t left = s->end - s->start, far = 0;
		ssize_t n = batch_measure(s->buf + s->start, left);

		if (n == 0 || n > (ssize_t)left) {
			if (!s->ended)
				return 0;
			end_of_input(s);
			continue;
		}
		if (n > 0 && s->start % 8 != 0) {
			memmove(s->buf, s->buf + s->start, left);
			s->start = 0;
			s->end = left;
		}
		if (n > 0 && batch_parse(b, s->buf + s->start, (size_t)n, &why) == 0) {
			s->given = (size_t)n;
			count_batch(s, b);
			return 1;
		}
		if (n == -1)
			err_set(&why, "no batch header");
		else
			far = false_header(s, (size_t)n);
		if ((n != -1 || s->o.strict) && complain(s, stream_in_offset(s, 0), why.msg, e) == -1)
			return -1;
		skip(s, far > 0 ? far : hopeless(s->buf + s->start, left));
	}
	if (s->ended)
		skip_report(s);
	return 0;
}
