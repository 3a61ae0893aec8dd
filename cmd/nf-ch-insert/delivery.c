#include "delivery.h"

#include <inttypes.h>
#include <string.h>

enum {
	INSERTS_MAX = 256, /* to find the bad rows of a group; what is refused then goes aside as it is */
	PIECES_MAX =
	    INSERTS_MAX + 2, /* each that waits is an insert to come, and what is refused leaves three */
};

struct pieces {
	struct str stack[PIECES_MAX];
	unsigned count;
};

void
delivery_release(struct delivery *d)
{
	buf_release(&d->bad);
	buf_release(&d->words);
}

static uint64_t
count_lines(struct str text)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] == '\n';
	return n + (text.len > 0 && text.p[text.len - 1] != '\n');
}

/* The first n lines; *text begins behind them then. */
static struct str
cut_lines(struct str *text, uint64_t n)
{
	const char *p = text->p, *end = p + text->len;

	for (; n > 0 && p < end; n--) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		p = newline != NULL ? newline + 1 : end;
	}
	struct str head = {text->p, (size_t)(p - text->p)};
	*text = (struct str){p, (size_t)(end - p)};
	return head;
}

static void
push(struct pieces *p, struct str text)
{
	if (text.len > 0)
		p->stack[p->count++] = text;
}

/* The lines in two, or in three where the server names the bad one; first lines on top. */
static void
divide(struct pieces *p, struct str text, uint64_t lines, uint64_t bad)
{
	bool named = bad > 0 && bad <= lines;
	struct str before = cut_lines(&text, named ? bad - 1 : lines / 2);
	struct str named_one = cut_lines(&text, named ? 1 : 0);

	push(p, text);
	push(p, named_one);
	push(p, before);
}

static void
add_bad(struct delivery *d, struct group_end *end, struct str text, uint64_t rows, const struct err *e)
{
	buf_add(&d->bad, text.p, text.len);
	if (text.p[text.len - 1] != '\n')
		buf_putc(&d->bad, '\n');
	if (d->words.len > 0)
		buf_putc(&d->words, '\n');
	buf_printf(&d->words, "%" PRIu64 " row%s: %s", rows, rows == 1 ? "" : "s", e->msg);
	end->bad_rows += rows;
}

/* The group was refused as a whole, with these words. */
static enum ch_verdict
cut_down(struct delivery *d, struct courier *c, const struct group *g, struct carried r,
    struct group_end *end, struct err *e)
{
	struct pieces p = {.count = 0};
	struct str text = {g->p, g->len};
	struct err first = *e;
	unsigned inserts = 0;

	divide(&p, text, count_lines(text), r.bad_row);
	while (p.count > 0) {
		struct str piece = p.stack[--p.count];
		struct group part = {.number = g->number, .p = piece.p, .len = piece.len};
		enum ch_verdict v = courier_insert(c, &part, &r, e);

		inserts++;
		if (v == CH_OK)
			end->stored += r.rows;
		else if (v != CH_POISON) {
			d->ambiguous += end->stored > 0;
			return v;
		} else if (r.rows > 1 && !r.unsent && inserts + p.count + 3 <= INSERTS_MAX)
			divide(&p, piece, count_lines(piece), r.bad_row);
		else
			add_bad(d, end, piece, r.rows, e);
	}
	if (end->bad_rows == 0) /* it is the whole that the server did not like */
		return CH_OK;
	*e = first;
	end->bad = (struct str){(const char *)d->bad.p, d->bad.len};
	end->words = buf_cstr(&d->words);
	return CH_POISON;
}

enum ch_verdict
delivery_run(struct delivery *d, struct courier *c, const struct group *g, bool lines, struct group_end *end,
    struct err *e)
{
	struct carried r;

	*end = (struct group_end){0};
	d->bad.len = d->words.len = 0;
	enum ch_verdict v = courier_insert(c, g, &r, e);
	d->ambiguous = 0;
	d->damaged = r.damaged;
	if (v == CH_OK)
		end->stored = r.rows;
	else if (v == CH_POISON && lines && r.rows > 1 && !r.unsent)
		v = cut_down(d, c, g, r, end, e);
	else if (v == CH_POISON) {
		buf_puts(&d->words, e->msg);
		*end = (struct group_end){
		    .bad = {g->p, g->len}, .bad_rows = r.rows, .words = buf_cstr(&d->words)};
	}
	if (v != CH_OK && v != CH_POISON)
		*end = (struct group_end){.away = true};
	return v;
}
