#include "flow/put.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "flow/utf8.h"

/* clang-format off */
#define DIGIT(n, tens) (char)('0' + (n) / (tens) % 10)
#define OCTET(n)                                                              \
	{                                                                     \
		DIGIT(n, (n) >= 100 ? 100 : (n) >= 10 ? 10 : 1),              \
		(n) >= 100 ? DIGIT(n, 10) : (n) >= 10 ? DIGIT(n, 1) : '.',    \
		(n) >= 100 ? DIGIT(n, 1) : '.', '.'                           \
	}
#define FOUR(n) OCTET(n), OCTET((n) + 1), OCTET((n) + 2), OCTET((n) + 3)
#define SIXTEEN(n) FOUR(n), FOUR((n) + 4), FOUR((n) + 8), FOUR((n) + 12)
#define SIXTY_FOUR(n) SIXTEEN(n), SIXTEEN((n) + 16), SIXTEEN((n) + 32), SIXTEEN((n) + 48)
/* clang-format on */

const char put_octets[256][4] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(128), SIXTY_FOUR(192)};

char *
put_real(char *p, float v)
{
	if (!isfinite(v)) {
		memcpy(p, "null", 4);
		return p + 4;
	}
	for (int precision = 6;; precision++) {
		int n = snprintf(p, PUT_MAX, "%.*g", precision, (double)v);

		if (precision == 9 || strtof(p, NULL) == v)
			return p + n;
	}
}

static char *
put_escape(char *p, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[32] = {
	    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

	*p++ = '\\';
	if (c >= 0x20 || letters[c] != 0) {
		*p++ = c >= 0x20 ? (char)c : letters[c];
		return p;
	}
	memcpy(p, "u00", 3);
	p[3] = hex[c >> 4];
	p[4] = hex[c & 15];
	return p + 5;
}

/* Whether none of eight bytes is a control byte, a quote, a backslash or beyond ASCII. */
static int
plain8(uint64_t w)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';

	return (((w - ones * 0x20) | (quote - ones) | (slash - ones) | w) & high) == 0;
}

char *
put_escaped(char *p, struct str s)
{
	const char *from = s.p, *end = s.p + s.len;

	while (from < end) {
		while (end - from >= 8 && plain8(load_le64(from))) {
			memcpy(p, from, 8);
			p += 8;
			from += 8;
		}
		if (from == end)
			break;
		uint8_t c = (uint8_t)*from;

		if (c >= 0x80) {
			unsigned n = utf8_sequence(from, (size_t)(end - from));

			memcpy(p, n > 0 ? from : "\xef\xbf\xbd", n > 0 ? n : 3);
			p += n > 0 ? n : 3;
			from += n > 0 ? n : 1;
			continue;
		}
		from++;
		if (c < 0x20 || c == '"' || c == '\\')
			p = put_escape(p, c);
		else
			*p++ = (char)c;
	}
	return p;
}
