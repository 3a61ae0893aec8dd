#include "route/aspath.h"

#include "base/num.h"

bool
as_is_public(uint32_t asn)
{
	if (asn == 0 || asn == 23456 || (asn >= 64512 && asn <= 65535))
		return false;
	return asn < 4200000000;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Appends the number at p as its digits; what follows it, or NULL. */
static const char *
number_take(struct buf *list, const char *p, const char *end)
{
	const char *from = p;
	uint64_t asn;
	char digits[20];

	while (p < end && is_digit(*p))
		p++;
	if (num_parse(&asn, (struct str){from, (size_t)(p - from)}, 0, UINT32_MAX) == -1)
		return NULL;
	buf_add(list, digits, num_format(digits, asn));
	return p;
}

/* A segment from its opening bracket on, with one separator between numbers whatever was there. */
static const char *
segment_take(struct buf *list, const char *p, const char *end)
{
	char close = *p == '{' ? '}' : *p == '(' ? ')' : ']';
	char separator = *p == '(' ? ' ' : ',';

	buf_putc(list, *p++);
	for (bool first = true;; first = false) {
		while (p < end && (is_gap(*p) || *p == ','))
			p++;
		if (p < end && *p == close)
			break;
		if (!first)
			buf_putc(list, separator);
		if (p == end || (p = number_take(list, p, end)) == NULL)
			return NULL;
	}
	buf_putc(list, close);
	return p + 1;
}

int
aspath_parse(struct buf *list, struct str text, struct err *e)
{
	const char *p = text.p, *end = p + text.len;
	size_t before = list->len;

	for (;;) {
		while (p < end && is_gap(*p))
			p++;
		if (p == end)
			return 0;
		p = is_digit(*p)                          ? number_take(list, p, end)
		    : *p == '{' || *p == '(' || *p == '[' ? segment_take(list, p, end)
							  : NULL;
		if (p == NULL || (p < end && !is_gap(*p))) {
			list->len = before;
			return err_set(
			    e, "'%.*s' is no AS path", (int)(text.len < 200 ? text.len : 200), text.p);
		}
		buf_putc(list, '\0');
	}
}

unsigned
aspath_length(struct str list)
{
	unsigned n = 0;

	for (size_t at = 0; at < list.len; at += strlen(list.p + at) + 1)
		n += list.p[at] != '(' && list.p[at] != '[';
	return n;
}

/* The number that an element is, or the only one of a set; 0 for anything else. */
static uint32_t
element_number(const char *p)
{
	size_t len = strlen(p);
	uint64_t asn;

	if (len > 2 && p[0] == '{') {
		p++;
		len -= 2;
	}
	return num_parse(&asn, (struct str){p, len}, 0, UINT32_MAX) == 0 ? (uint32_t)asn : 0;
}

uint32_t
aspath_origin(struct str list)
{
	const char *last = NULL;

	for (size_t at = 0; at < list.len; at += strlen(list.p + at) + 1)
		last = list.p + at;
	return last != NULL ? element_number(last) : 0;
}

static bool
is_local(uint32_t asn, const uint32_t *local, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (local[i] == asn)
			return true;
	return false;
}

uint32_t
aspath_neighbour(struct str list, const uint32_t *local, size_t n)
{
	for (size_t at = 0; at < list.len; at += strlen(list.p + at) + 1) {
		const char *p = list.p + at;
		uint32_t asn = element_number(p);

		if (*p == '(' || *p == '[')
			continue;
		if (asn == 0 && *p == '{')
			return 0;
		if (as_is_public(asn) && !is_local(asn, local, n))
			return asn;
	}
	return 0;
}
