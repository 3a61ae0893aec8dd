#include "decode/text.h"

#include <stdbool.h>
#include <stdint.h>

#include "flow/utf8.h"

size_t
text_clean(char *to, size_t max, struct str text)
{
	const uint8_t *p = (const uint8_t *)text.p;
	size_t out = 0;

	for (size_t i = 0; i < text.len && p[i] != 0;) {
		size_t n = utf8_sequence(text.p + i, text.len - i);
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
