#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/fdio.h"
#include "score.h"

enum { READ_BYTES = 1 << 16 };

static const uint8_t *
line_end(const struct lines *l, size_t from)
{
	return l->buf.len > from ? memchr(l->buf.p + from, '\n', l->buf.len - from) : NULL;
}

bool
lines_ready(const struct lines *l)
{
	return l->end || line_end(l, l->at) != NULL;
}

/* Reads more behind what is there; `seen` bytes of it have no newline. */
static int
lines_fill(struct lines *l, struct err *e)
{
	buf_consume(&l->buf, l->at);
	l->at = 0;
	if (l->buf.len > LINE_MAX_BYTES)
		return err_set(e, "line %" PRIu64 " is longer than %d bytes", l->number + 1, LINE_MAX_BYTES);
	ssize_t n = fd_read(STDIN_FILENO, buf_reserve(&l->buf, READ_BYTES), READ_BYTES);
	if (n < 0)
		return err_sys(e, "input");
	l->buf.len += (size_t)n;
	l->end = n == 0;
	return 0;
}

int
lines_next(struct lines *l, struct str *line, struct err *e)
{
	const uint8_t *end;

	while ((end = line_end(l, l->at)) == NULL) {
		if (l->end && l->at == l->buf.len)
			return 0;
		if (l->end)
			return err_set(e, "line %" PRIu64 " is cut off", l->number + 1);
		if (lines_fill(l, e) < 0)
			return -1;
	}
	*line = (struct str){(const char *)l->buf.p + l->at, (size_t)(end - l->buf.p) - l->at};
	l->at += line->len + 1;
	l->number++;
	return 1;
}

void
lines_release(struct lines *l)
{
	buf_release(&l->buf);
}

void
score_complain(struct score *s, const struct lines *l, const struct err *e)
{
	s->bad++;
	log_limited(&s->complaints, clock_mono_ms(), "line %" PRIu64 ": %s", l->number, e->msg);
}
