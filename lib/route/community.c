#include "route/community.h"

#include "base/num.h"

/* The names that RFCs and bgpdump have for them. */
static const struct {
	struct str name, numbers;
} known[] = {
    {{"no-export", 9}, {"65535:65281", 11}},
    {{"no-advertise", 12}, {"65535:65282", 11}},
    {{"local-AS", 8}, {"65535:65283", 11}},
    {{"no-export-subconfed", 19}, {"65535:65283", 11}},
    {{"nopeer", 6}, {"65535:65284", 11}},
    {{"blackhole", 9}, {"65535:666", 9}},
    {{"graceful-shutdown", 17}, {"65535:0", 7}},
    {{"internet", 8}, {"0:0", 3}},
};

/* Numbers between colons, at most three; how many, 0 if it is something else. */
static unsigned
numbers_read(uint64_t n[3], struct str word)
{
	const char *p = word.p, *end = p + word.len;

	for (unsigned i = 0; i < 3; i++) {
		const char *colon = memchr(p, ':', (size_t)(end - p));
		struct str s = {p, (size_t)((colon != NULL ? colon : end) - p)};

		if (num_parse(&n[i], s, 0, UINT32_MAX) == -1)
			return 0;
		if (colon == NULL)
			return i + 1;
		p = colon + 1;
	}
	return 0;
}

static void
numbers_put(struct buf *list, const uint64_t *n, unsigned count)
{
	char digits[20];

	for (unsigned i = 0; i < count; i++) {
		buf_add(list, digits, num_format(digits, n[i]));
		buf_putc(list, i + 1 < count ? ':' : '\0');
	}
}

int
community_parse(struct buf *communities, struct buf *large, struct str word, struct err *e)
{
	uint64_t n[3];
	unsigned count = numbers_read(n, word);

	if (count == 2 && n[0] <= UINT16_MAX && n[1] <= UINT16_MAX) {
		numbers_put(communities, n, 2);
		return 0;
	}
	if (count == 3) {
		numbers_put(large, n, 3);
		return 0;
	}
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (!str_eq(word, known[i].name))
			continue;
		buf_add(communities, known[i].numbers.p, known[i].numbers.len + 1);
		return 0;
	}
	return err_set(e, "'%.*s' is no community", (int)(word.len < 100 ? word.len : 100), word.p);
}

int
communities_parse(struct buf *communities, struct buf *large, struct str text, struct err *e)
{
	const char *p = text.p, *end = p + text.len;

	while (p < end) {
		const char *from = p;

		while (p < end && *p != ' ' && *p != ',')
			p++;
		if (p > from &&
		    community_parse(communities, large, (struct str){from, (size_t)(p - from)}, e) == -1)
			return -1;
		if (p < end)
			p++;
	}
	return 0;
}
