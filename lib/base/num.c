#include "base/num.h"

#include <math.h>
#include <stdlib.h>

/* Leading digits of s; the count of bytes used, 0 if none or too large. */
static size_t
digits_parse(uint64_t *v, struct str s)
{
	uint64_t n = 0;
	size_t i = 0;

	for (; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
		uint64_t d = (uint64_t)(s.p[i] - '0');

		if (n > (UINT64_MAX - d) / 10)
			return 0;
		n = n * 10 + d;
	}
	*v = n;
	return i;
}

int
num_parse(uint64_t *v, struct str s, uint64_t min, uint64_t max)
{
	uint64_t n;

	if (s.len == 0 || digits_parse(&n, s) != s.len || n < min || n > max)
		return -1;
	*v = n;
	return 0;
}

/* n times factor into *v, unless it overflows. */
static int
scale(uint64_t *v, uint64_t n, uint64_t factor)
{
	uint64_t product;

	if (__builtin_mul_overflow(n, factor, &product))
		return -1;
	*v = product;
	return 0;
}

int
num_parse_size(uint64_t *bytes, struct str s)
{
	static const char letters[] = "KMGT";
	uint64_t n;
	size_t used = digits_parse(&n, s);

	if (used == 0)
		return -1;
	struct str unit = {s.p + used, s.len - used};
	uint64_t factor = 1;
	if (unit.len > 0) {
		const char *l = memchr(letters, unit.p[0] & ~0x20, 4);

		if (l != NULL) {
			factor = (uint64_t)1 << (10 * (l - letters + 1));
			unit = (struct str){unit.p + 1, unit.len - 1};
		}
		if (unit.len > 0 && !str_eq(unit, STR("B")) && !(factor > 1 && str_eq(unit, STR("iB"))))
			return -1;
	}
	return scale(bytes, n, factor);
}

int
num_parse_duration(uint64_t *ms, struct str s, uint64_t unit_ms)
{
	static const struct {
		struct str name;
		uint64_t ms;
	} units[] = {
	    {{"ms", 2}, 1},
	    {{"s", 1}, 1000},
	    {{"m", 1}, 60000},
	    {{"h", 1}, 3600000},
	    {{"d", 1}, 86400000},
	    {{"w", 1}, 604800000},
	};
	uint64_t n;
	size_t used = digits_parse(&n, s);

	if (used == 0)
		return -1;
	struct str unit = {s.p + used, s.len - used};
	if (unit.len == 0)
		return scale(ms, n, unit_ms);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (str_eq(unit, units[i].name))
			return scale(ms, n, units[i].ms);
	return -1;
}

int
num_parse_real(double *v, struct str s)
{
	static const struct str alphabet = {"0123456789+-.eE", 15};
	char text[64], *end;

	if (s.len == 0 || s.len >= sizeof text)
		return -1;
	for (size_t i = 0; i < s.len; i++)
		if (memchr(alphabet.p, s.p[i], alphabet.len) == NULL)
			return -1;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	double real = strtod(text, &end);
	if (end != text + s.len || !isfinite(real))
		return -1;
	*v = real;
	return 0;
}

size_t
num_format(char *p, uint64_t v)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	char tmp[20];
	size_t i = sizeof tmp;

	while (v >= 100) {
		memcpy(tmp + (i -= 2), pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10)
		memcpy(tmp + (i -= 2), pairs + v * 2, 2);
	else
		tmp[--i] = (char)('0' + v);
	memcpy(p, tmp + i, sizeof tmp - i);
	return sizeof tmp - i;
}
