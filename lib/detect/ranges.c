#include "detect/ranges.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/num.h"

void
ranges_add(struct ranges *s, uint32_t lo, uint32_t hi)
{
	s->v = mem_resize(s->v, s->n + 1, sizeof *s->v);
	s->v[s->n++] = (struct range){lo, hi};
}

static int
range_compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

void
ranges_seal(struct ranges *s)
{
	size_t kept = 0;

	if (s->n == 0)
		return;
	qsort(s->v, s->n, sizeof *s->v, range_compare);
	for (size_t i = 1; i < s->n; i++) {
		struct range *last = &s->v[kept];

		if (s->v[i].lo > last->hi && s->v[i].lo - last->hi > 1)
			s->v[++kept] = s->v[i];
		else if (s->v[i].hi > last->hi)
			last->hi = s->v[i].hi;
	}
	s->n = kept + 1;
}

bool
ranges_have(const struct ranges *s, uint32_t value)
{
	size_t from = 0, to = s->n;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (value > s->v[mid].hi)
			from = mid + 1;
		else if (value < s->v[mid].lo)
			to = mid;
		else
			return true;
	}
	return false;
}

void
ranges_release(struct ranges *s)
{
	free(s->v);
	*s = (struct ranges){0};
}

void
ranges_print(const struct ranges *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		buf_printf(out, "%s%" PRIu32, i > 0 ? ", " : "", s->v[i].lo);
		if (s->v[i].hi > s->v[i].lo)
			buf_printf(out, "-%" PRIu32, s->v[i].hi);
	}
}

int
range_parse(struct range *r, struct str s, uint32_t max)
{
	const char *dash = memchr(s.p, '-', s.len);
	uint64_t lo, hi;

	if (dash == NULL) {
		if (num_parse(&lo, s, 0, max) < 0)
			return -1;
		hi = lo;
	} else {
		struct str from = {s.p, (size_t)(dash - s.p)}, to = {dash + 1, s.len - from.len - 1};

		if (num_parse(&lo, from, 0, max) < 0 || num_parse(&hi, to, lo, max) < 0)
			return -1;
	}
	*r = (struct range){(uint32_t)lo, (uint32_t)hi};
	return 0;
}

void
nets_add(struct nets *s, const struct prefix *p)
{
	s->given = mem_resize(s->given, s->given_count + 1, sizeof *s->given);
	s->given[s->given_count++] = *p;
}

static int
prefix_compare(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;
	int c = memcmp(x->addr.b, y->addr.b, 16);

	return c != 0 ? c : (int)x->len - (int)y->len;
}

/* The last address of a prefix. */
static struct addr
prefix_last(const struct prefix *p)
{
	struct addr a = p->addr;

	for (unsigned i = p->len; i < 128; i++)
		a.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return a;
}

void
nets_seal(struct nets *s)
{
	free(s->v);
	s->v = s->given_count > 0 ? mem_zero(s->given_count, sizeof *s->v) : NULL;
	s->n = 0;
	if (s->given_count == 0)
		return;
	qsort(s->given, s->given_count, sizeof *s->given, prefix_compare);
	/* Prefixes nest or are disjoint, so one that starts within the last range is inside it. */
	for (size_t i = 0; i < s->given_count; i++) {
		const struct prefix *p = &s->given[i];

		if (s->n > 0 && memcmp(p->addr.b, s->v[s->n - 1].hi.b, 16) <= 0)
			continue;
		s->v[s->n++] = (struct net_range){p->addr, prefix_last(p)};
	}
}

bool
nets_have(const struct nets *s, const struct addr *a)
{
	size_t from = 0, to = s->n;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (memcmp(a->b, s->v[mid].hi.b, 16) > 0)
			from = mid + 1;
		else if (memcmp(a->b, s->v[mid].lo.b, 16) < 0)
			to = mid;
		else
			return true;
	}
	return false;
}

void
nets_release(struct nets *s)
{
	free(s->given);
	free(s->v);
	*s = (struct nets){0};
}

void
nets_print(const struct nets *s, struct buf *out)
{
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < s->given_count; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", prefix_text(text, &s->given[i]));
}
