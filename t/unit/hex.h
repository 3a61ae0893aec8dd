/* Messages in tests are written as hex digits. */
#ifndef UNIT_HEX_H
#define UNIT_HEX_H

#include "base/bytes.h"

/* Bytes from hex digits; spaces are skipped. */
static inline struct str
hex(struct buf *b, const char *digits)
{
	unsigned v, n = 0;

	b->len = 0;
	for (v = 0; *digits != '\0'; digits++) {
		if (*digits == ' ')
			continue;
		v = v << 4 | (unsigned)(*digits <= '9' ? *digits - '0' : *digits - 'a' + 10);
		if (++n % 2 == 0)
			buf_putc(b, (char)v);
	}
	return (struct str){(const char *)b->p, b->len};
}

#endif
