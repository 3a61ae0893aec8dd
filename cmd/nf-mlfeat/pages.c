#include "pages.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "flow/put.h"
#include "io/clock.h"
#include "io/fdio.h"

struct pages {
	struct pages_options o;
	struct pages_counts n;
	struct scorer *scorers[SCORERS_MAX];
	unsigned scorer_count;
	int64_t timeout_ms;
	bool patient;
	int wake[2];
	struct loop_fd *woken;
	struct page *open; /* being filled, or NULL */
	struct page *first, **last; /* sent, in order */
	struct page *spare;
	struct buf out, row;
	struct log_limit complaints;
};

struct pages *
pages_new(const struct pages_options *o)
{
	struct pages *ps = mem_zero(1, sizeof *ps);

	ps->o = *o;
	ps->last = &ps->first;
	ps->patient = true;
	if (pipe2(ps->wake, O_NONBLOCK | O_CLOEXEC) < 0)
		fatal("pipe");
	return ps;
}

static void
chain_free(struct page *p)
{
	while (p != NULL) {
		struct page *next = p->next;

		for (unsigned i = 0; i < SCORERS_MAX; i++)
			buf_release(&p->verdicts[i].text);
		buf_release(&p->after);
		free(p);
		p = next;
	}
}

void
pages_free(struct pages *ps)
{
	for (unsigned i = 0; i < ps->scorer_count; i++)
		scorer_free(ps->scorers[i]);
	loop_fd_remove(ps->woken);
	close(ps->wake[0]);
	close(ps->wake[1]);
	chain_free(ps->open);
	chain_free(ps->first);
	chain_free(ps->spare);
	buf_release(&ps->out);
	buf_release(&ps->row);
	free(ps);
}

const struct pages_counts *
pages_counts(const struct pages *ps)
{
	return &ps->n;
}

/*
 * Lines.
 */

static void
put_stamp(struct buf *out, const char *before, int64_t ms)
{
	char number[PUT_MAX];

	buf_puts(out, before);
	buf_add(out, number, (size_t)(put_time(number, (uint64_t)ms) - number));
}

/* A list of a scorer's own making may have line breaks, between its values only. */
static void
put_list(struct buf *out, struct str list)
{
	uint8_t *to = buf_reserve(out, list.len);

	for (size_t i = 0; i < list.len; i++)
		to[i] = list.p[i] == '\n' || list.p[i] == '\r' ? ' ' : (uint8_t)list.p[i];
	out->len += list.len;
}

static void
put_scores(struct buf *out, const struct page *p, uint32_t i, bool reasons)
{
	static const char *const names[SCORERS_MAX] = {"ml_score", "ml_score_b"};

	for (unsigned k = 0; k < SCORERS_MAX; k++)
		if (p->verdicts[k].scored)
			buf_printf(out, ",\"%s\":%.6f", names[k], (double)p->verdicts[k].answers[i].score);
	if (!reasons || !p->verdicts[0].scored || p->verdicts[0].answers[i].reasons.p == NULL)
		return;
	buf_puts(out, ",\"reasons\":");
	put_list(out, p->verdicts[0].answers[i].reasons);
}

static void
vector_put(struct pages *ps, const struct page *p, uint32_t i)
{
	struct buf *out = &ps->out;
	char *to;

	buf_puts(out, "{\"type\":\"features\",\"version\":1,\"key\":\"");
	to = (char *)buf_reserve(out, ADDR_TEXT_MAX);
	out->len += addr_format(to, &p->keys[i]);
	put_stamp(out, "\",\"window_start\":", p->starts[i]);
	put_stamp(out, ",\"window_end\":", p->ends[i]);
	put_stamp(out, ",\"step\":", (int64_t)ps->o.step_ms);
	if (ps->o.by_dst)
		buf_puts(out, ",\"by\":\"dst\"");
	buf_puts(out, ",\"features\":{");
	for (unsigned k = 0; k < FEATURES; k++) {
		buf_puts(out, k > 0 ? ",\"" : "\"");
		buf_puts(out, feature_names[k]);
		buf_puts(out, "\":");
		to = (char *)buf_reserve(out, PUT_MAX);
		out->len += (size_t)(put_real(to, p->values[(size_t)i * FEATURES + k]) - to);
	}
	buf_putc(out, '}');
	put_scores(out, p, i, true);
	buf_puts(out, "}\n");
}

/* A row for each window that does not overlap the one before: the others tell little more. */
static void
row_put(struct pages *ps, const struct page *p, uint32_t i)
{
	const struct verdict *v = &p->verdicts[0];
	char text[ADDR_TEXT_MAX];

	if (!v->scored || p->ends[i] % (int64_t)ps->o.window_ms != 0)
		return;
	ps->row.len = 0;
	buf_printf(&ps->row,
	    "{\"time\":%" PRId64 ",\"key\":\"%s\",\"side\":\"%s\",\"window\":%" PRIu64 ",\"flows\":%.0f",
	    p->ends[i] / 1000, addr_text(text, &p->keys[i]), ps->o.by_dst ? "dst" : "src",
	    ps->o.window_ms / 1000, (double)p->values[(size_t)i * FEATURES + FEATURE_flows]);
	put_scores(&ps->row, p, i, false);
	if (v->answers[i].reasons.p != NULL) {
		struct str r = v->answers[i].reasons;

		buf_puts(&ps->row, ",\"reasons\":\"");
		char *to = (char *)buf_reserve(&ps->row, 6 * r.len + 16);
		ps->row.len += (size_t)(put_escaped(to, r) - to);
		buf_putc(&ps->row, '"');
	}
	buf_puts(&ps->row, "}\n");
	row_out_put(ps->o.rows, (struct str){(const char *)ps->row.p, ps->row.len});
}

static void
page_count(struct pages *ps, const struct page *p)
{
	for (unsigned k = 0; k < ps->scorer_count; k++) {
		const struct verdict *v = &p->verdicts[k];

		*(v->scored ? &ps->n.scored[k] : &ps->n.absent[k]) += p->count;
		if (!v->scored && v->words.msg[0] != '\0')
			log_limited(&ps->complaints, clock_mono_ms(), "scorer %u: %s", k + 1, v->words.msg);
	}
}

/* Writes the pages at the front that are answered. */
static void
pages_write(struct pages *ps)
{
	struct page *p;

	while ((p = ps->first) != NULL && atomic_load(&p->waiting) == 0) {
		page_count(ps, p);
		ps->out.len = 0;
		for (uint32_t i = 0; i < p->count; i++) {
			vector_put(ps, p, i);
			if (ps->o.rows->path != NULL)
				row_put(ps, p, i);
		}
		buf_add(&ps->out, p->after.p, p->after.len);
		ps->first = p->next;
		ps->last = ps->first != NULL ? ps->last : &ps->first;
		for (unsigned k = 0; k < ps->scorer_count; k++)
			buf_release(&p->verdicts[k].text);
		p->next = ps->spare;
		ps->spare = p;
		ps->n.waiting--;
		ps->o.write(ps->o.arg, (struct str){(const char *)ps->out.p, ps->out.len});
	}
}

static void
wake_read(struct pages *ps)
{
	char bytes[256];

	(void)fd_read(ps->wake[0], bytes, sizeof bytes);
}

static void
on_woken(void *arg, int fd, int what)
{
	struct pages *ps = arg;

	(void)fd;
	(void)what;
	wake_read(ps);
	pages_write(ps);
}

void
pages_watch(struct pages *ps, struct loop *l)
{
	ps->woken = loop_fd_add(l, ps->wake[0], LOOP_READ, on_woken, ps);
}

/*
 * Pages.
 */

static struct page *
page_open(struct pages *ps)
{
	struct page *p = ps->open;

	if (p != NULL)
		return p;
	p = ps->spare;
	if (p != NULL)
		ps->spare = p->next;
	else
		p = mem_zero(1, sizeof *p);
	p->next = NULL;
	p->count = 0;
	p->after.len = 0;
	for (unsigned i = 0; i < SCORERS_MAX; i++) {
		p->verdicts[i].scored = false;
		p->verdicts[i].words.msg[0] = '\0';
	}
	return ps->open = p;
}

/* Waits until the first page is answered. */
static void
pages_wait(struct pages *ps)
{
	struct pollfd fd = {.fd = ps->wake[0], .events = POLLIN};

	if (atomic_load(&ps->first->waiting) > 0 && poll(&fd, 1, -1) == 1)
		wake_read(ps);
	pages_write(ps);
}

static void
page_send(struct pages *ps)
{
	struct page *p = ps->open;

	if (p == NULL)
		return;
	ps->open = NULL;
	while (ps->patient && ps->n.waiting >= PAGES_MAX)
		pages_wait(ps);
	bool asked = p->count > 0 && ps->n.waiting < PAGES_MAX;
	*ps->last = p;
	ps->last = &p->next;
	ps->n.waiting++;
	p->until_ms = ps->patient ? INT64_MAX : clock_mono_ms() + ps->timeout_ms;
	atomic_store(&p->waiting, asked ? ps->scorer_count : 0);
	for (unsigned i = 0; asked && i < ps->scorer_count; i++)
		scorer_give(ps->scorers[i], p);
}

void
pages_send(struct pages *ps)
{
	page_send(ps);
	pages_write(ps);
}

void
pages_patient(struct pages *ps, bool patient)
{
	ps->patient = patient;
}

void
pages_add(struct pages *ps, const struct addr *key, int64_t start, int64_t end, const float *values)
{
	struct page *p = page_open(ps);

	p->keys[p->count] = *key;
	p->starts[p->count] = start;
	p->ends[p->count] = end;
	memcpy(p->values + (size_t)p->count * FEATURES, values, FEATURES * sizeof *values);
	if (++p->count == PAGE_VECTORS)
		pages_send(ps);
}

void
pages_text(struct pages *ps, struct str text)
{
	struct page *p = page_open(ps);

	buf_add(&p->after, text.p, text.len);
}

void
pages_drain(struct pages *ps)
{
	page_send(ps);
	while (ps->first != NULL)
		pages_wait(ps);
}

int
pages_set(
    struct pages *ps, const char *const *texts, unsigned n, const struct scorer_options *o, struct err *e)
{
	struct scorer_options with = *o;
	struct scorer *new[SCORERS_MAX] = {NULL};

	with.wake_fd = ps->wake[1];
	for (unsigned i = 0; i < n; i++) {
		new[i] = scorer_new(texts[i], i, &with, e);
		if (new[i] != NULL)
			continue;
		while (i > 0)
			scorer_free(new[--i]);
		return -1;
	}
	pages_drain(ps);
	for (unsigned i = 0; i < ps->scorer_count; i++)
		scorer_free(ps->scorers[i]);
	memcpy(ps->scorers, new, n * sizeof *new);
	ps->scorer_count = n;
	ps->timeout_ms = o->timeout_ms;
	return 0;
}
