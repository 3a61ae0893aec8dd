/* Evaluation of filters: column by column, 64 rows a word. filter_parse.c makes them. */
#include "flow/filter.h"

#include "flow/filter_test.h"

/* IPv4 lies within ::/0 as addresses are held, but nobody means that. */
static bool
net_has(const struct prefix *net, const struct addr *a)
{
	return prefix_contains(net, a) && (net->len >= 96 || !addr_is_v4(a));
}

static bool
list_has(struct str list, struct str s)
{
	const char *end = list.p + list.len;

	for (const char *p = list.p; p < end;) {
		size_t len = strnlen(p, (size_t)(end - p));

		if (str_eq((struct str){p, len}, s))
			return true;
		p += len + 1;
	}
	return false;
}

/* Whether each entry of the column fits; one byte an entry. */
static void
entries_test(const struct test *t, const struct col *c, uint8_t *fits)
{
	struct addr addr;
	float real;

	for (uint32_t i = 0; i < c->entries; i++) {
		switch (t->kind) {
		case TEST_RANGE:
			fits[i] = col_entry_u64(c, i) - t->lo <= t->hi - t->lo;
			break;
		case TEST_BITS:
			fits[i] = (col_entry_u64(c, i) & t->mask) == t->lo;
			break;
		case TEST_REAL:
			memcpy(&real, c->values + i * sizeof real, sizeof real);
			fits[i] = (double)real >= t->real_lo && (double)real <= t->real_hi;
			break;
		case TEST_NET:
			addr = col_entry_addr(c, i);
			fits[i] = net_has(&t->net, &addr);
			break;
		case TEST_MEMBER:
			fits[i] = list_has(col_entry_str(c, i), t->text);
			break;
		default:
			fits[i] = str_eq(col_entry_str(c, i), t->text) != 0;
		}
	}
	for (uint32_t i = 0; t->outside && i < c->entries; i++)
		fits[i] = !fits[i];
}

static void
column_test(const struct test *t, const struct batch *b, struct arena *a, uint64_t *out)
{
	const struct col *c = batch_col(b, (enum field)t->field);

	if (c == NULL)
		return;
	uint8_t *fits = arena_alloc(a, c->entries);
	entries_test(t, c, fits);
	for (uint32_t row = 0; row < b->rows; row++)
		out[row >> 6] |= (uint64_t)fits[col_slot(c, row)] << (row & 63);
	for (uint32_t i = 0; c->present != NULL && i < (b->rows + 63) / 64; i++)
		out[i] &= c->present[i];
}

static void
duration_test(const struct test *t, const struct batch *b, uint64_t *out)
{
	const struct col *start = batch_col(b, FIELD_timestamp_start),
			 *end = batch_col(b, FIELD_timestamp_end);

	for (uint32_t row = 0; start != NULL && end != NULL && row < b->rows; row++) {
		if (!col_has(start, row) || !col_has(end, row))
			continue;
		uint64_t from = col_u64(start, row), to = col_u64(end, row);
		uint64_t ms = to > from ? to - from : 0;
		out[row >> 6] |= (uint64_t)((ms - t->lo <= t->hi - t->lo) != t->outside) << (row & 63);
	}
}

void
filter_eval(const struct filter *f, const struct batch *b, struct arena *a, uint64_t *keep)
{
	size_t words = (b->rows + 63) / 64;
	uint64_t *stack = arena_alloc(a, f->stack * words * sizeof *stack);
	uint64_t *top = stack; /* where the next result goes */

	for (size_t i = 0; i < f->count; i++) {
		const struct test *t = &f->tests[i];

		if (t->kind < TEST_NOT) {
			memset(top, 0, words * sizeof *top);
			if (t->kind == TEST_DURATION)
				duration_test(t, b, top);
			else
				column_test(t, b, a, top);
			top += words;
			continue;
		}
		if (t->kind != TEST_NOT)
			top -= words;
		uint64_t *left = top - words;
		for (size_t w = 0; w < words; w++)
			left[w] = t->kind == TEST_NOT   ? ~left[w]
				  : t->kind == TEST_AND ? left[w] & top[w]
							: left[w] | top[w];
	}
	memcpy(keep, stack, words * sizeof *keep);
	if (b->rows % 64 != 0)
		keep[words - 1] &= (UINT64_C(1) << b->rows % 64) - 1;
}

uint32_t
filter_apply(const struct filter *f, struct batch *b, struct arena *a)
{
	size_t words = (b->rows + 63) / 64;
	uint64_t *keep = arena_alloc(a, words * sizeof *keep);
	uint32_t kept = 0;

	filter_eval(f, b, a, keep);
	for (size_t i = 0; i < words; i++)
		kept += (uint32_t)__builtin_popcountll(keep[i]);
	if (kept < b->rows)
		batch_filter(b, a, keep);
	return kept;
}
