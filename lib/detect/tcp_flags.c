/* TCP flags as rules write them. */
#include <string.h>
#include <strings.h>

#include "detect/rule_keys.h"

/* Bit n of the flags octet (RFC 9293 §3.1), lowest first. */
static const char letters[] = "FSRPAUEC";
static const char *const names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};

static uint16_t
name_flag(struct str s)
{
	for (unsigned i = 0; i < 8; i++)
		if (s.len == 3 && strncasecmp(s.p, names[i], 3) == 0)
			return (uint16_t)(1U << i);
	return 0;
}

/* A run of letters such as "SA", or 0. */
static uint16_t
letters_flags(struct str s)
{
	uint16_t flags = 0;

	for (size_t i = 0; i < s.len; i++) {
		const char *l = s.p[i] != '\0' ? strchr(letters, s.p[i] & ~0x20) : NULL;

		if (l == NULL || *l == '\0')
			return 0;
		flags |= (uint16_t)(1U << (l - letters));
	}
	return flags;
}

/* A name, names joined by '-' or '+', or letters; 0 if it is none of these. */
static uint16_t
group_flags(struct str s)
{
	uint16_t flags = 0;
	size_t from = 0;

	for (size_t i = 0; i <= s.len; i++) {
		if (i < s.len && s.p[i] != '-' && s.p[i] != '+')
			continue;
		uint16_t one = name_flag((struct str){s.p + from, i - from});
		if (one == 0)
			return letters_flags(s);
		flags |= one;
		from = i + 1;
	}
	return flags;
}

int
tcp_flags_parse(struct str s, uint16_t *set, uint16_t *clear, struct err *e)
{
	const char *slash = memchr(s.p, '/', s.len);
	uint16_t on = 0, off = 0;

	if (slash != NULL) {
		struct str left = {s.p, (size_t)(slash - s.p)}, right = {slash + 1, s.len - left.len - 1};
		uint16_t mask = group_flags(right);

		on = group_flags(left);
		if (mask == 0 || (on == 0 && left.len > 0))
			goto bad;
		if ((on & ~mask) != 0)
			return err_set(e,
			    "'%.*s' asks for flags outside its mask: left of the slash stand "
			    "some of those right of it",
			    (int)s.len, s.p);
		off = mask & (uint16_t)~on;
	} else if (s.len > 0 && s.p[0] == '!') {
		off = group_flags((struct str){s.p + 1, s.len - 1});
	} else {
		on = group_flags(s);
	}
	if ((on | off) == 0)
		goto bad;
	*set |= on;
	*clear |= off;
	if ((*set & *clear) != 0)
		return err_set(e, "'%.*s' asks for a flag to be both set and clear", (int)s.len, s.p);
	return 0;
bad:
	return err_set(e,
	    "'%.*s' is no TCP flags; expected letters of FSRPAUEC (S, S/SA) or names (syn, !ack, SYN-ACK)",
	    (int)s.len, s.p);
}

void
tcp_flags_print(uint16_t mask, uint16_t value, struct buf *out)
{
	const char *sep = "";

	for (unsigned i = 0; i < 8; i++) {
		if ((mask >> i & 1) == 0)
			continue;
		buf_printf(out, "%s%s%s", sep, (value >> i & 1) != 0 ? "" : "!", names[i]);
		sep = ", ";
	}
}
