#include "decode/text.h"

#include <stdbool.h>
#include <stdint.h>

/* The length of the UTF-8 sequence at p (RFC 3629), 0 if there is none. */
static size_t
utf8_len(const uint8_t *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : 4;

	if (n == 1)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || left < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

size_t
text_clean(char *to, size_t max, struct str text)
{
	const uint8_t *p = (const uint8_t *)text.p;
	size_t out = 0;

	for (size_t i = 0; i < text.len && p[i] != 0;) {
		size_t n = utf8_len(p + i, text.len - i);
		bool ok = n > 1 || (n == 1 && p[i] >= 0x20 && p[i] != 0x7f);

		n = n > 0 ? n : 1;
		if (out + (ok ? n : 1) > max)
			break;
		if (ok)
			memcpy(to + out, p + i, n);
		else
			to[out] = '?';
		out += ok ? n : 1;
		i += n;
	}
	while (out > 0 && to[out - 1] == ' ')
		out--;
	return out;
}
