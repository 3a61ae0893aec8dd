/* The hint behind "did you mean": edit distance, two swapped letters counting as one edit. */
#include "io/conf.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_LEN 48 /* nothing longer is a name of ours */

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

/* Optimal string alignment over three rows; case does not count. Both within NAME_MAX_LEN. */
static unsigned
edit_distance(struct str a, struct str b)
{
	unsigned rows[3][NAME_MAX_LEN + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];

	for (unsigned j = 0; j <= b.len; j++)
		last[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		now[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			int x = tolower((unsigned char)a.p[i - 1]), y = tolower((unsigned char)b.p[j - 1]);

			now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == tolower((unsigned char)b.p[j - 2]) &&
			    y == tolower((unsigned char)a.p[i - 2]) && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		unsigned *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b.len];
}

const char *
nearest_name(struct str name, const char *const *names, size_t n)
{
	const char *best = NULL;
	unsigned best_distance = NAME_MAX_LEN;

	if (name.len > NAME_MAX_LEN)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct str candidate = str_from(names[i]);

		if (candidate.len > NAME_MAX_LEN)
			continue;
		unsigned d = edit_distance(name, candidate);
		size_t longer = name.len > candidate.len ? name.len : candidate.len;
		if (d * 3 <= longer && d < best_distance) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}
