#include "flow/tcpflags.h"

#include <strings.h>

#include "base/num.h"

static const char letters[] = "FSRPAUEC"; /* from bit 0 on */
static const char names[8][4] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};

static int
number_parse(uint16_t *flags, struct str s)
{
	uint64_t n = 0;

	if (s.len > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x') {
		for (size_t i = 2; i < s.len; i++) {
			char c = (char)(s.p[i] | 0x20);

			if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) || n > 0xfff)
				return -1;
			n = n << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
		}
	} else if (num_parse(&n, s, 0, UINT16_MAX) == -1) {
		return -1;
	}
	*flags = (uint16_t)n;
	return 0;
}

static int
letters_parse(uint16_t *flags, struct str s)
{
	uint16_t f = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 0x20) : s.p[i];
		const char *at = memchr(letters, c, 8);

		if (at != NULL)
			f |= (uint16_t)(1u << (at - letters));
		else if (c != '.')
			return -1;
	}
	*flags = f;
	return 0;
}

static int
names_parse(uint16_t *flags, struct str s)
{
	uint16_t f = 0;

	/* Three letters, then a separator or the end. */
	for (size_t at = 0; at < s.len; at += 4) {
		unsigned i = 0;

		if (s.len - at < 3 || s.len - at == 4 ||
		    (s.len - at > 3 && memchr(",|-", s.p[at + 3], 3) == NULL))
			return -1;
		while (i < 8 && strncasecmp(names[i], s.p + at, 3) != 0)
			i++;
		if (i == 8)
			return -1;
		f |= (uint16_t)(1u << i);
	}
	*flags = f;
	return 0;
}

int
tcpflags_parse(uint16_t *flags, struct str s)
{
	if (s.len == 0)
		return -1;
	/* Names before letters, since "ece" would pass for both. */
	if (names_parse(flags, s) == 0 || number_parse(flags, s) == 0)
		return 0;
	return letters_parse(flags, s);
}

void
tcpflags_put(char p[8], uint16_t flags)
{
	for (int i = 0; i < 8; i++)
		p[i] = (flags >> (7 - i) & 1) != 0 ? letters[7 - i] : '.';
}
