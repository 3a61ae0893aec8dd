/* TCP flags as rules write them. */
#include <string.h>

#include "detect/rule_keys.h"
#include "flow/tcpflags.h"

/* Flags in one of the forms of flow/tcpflags.h, or 0 for none. */
static uint16_t
some_flags(struct str s)
{
	uint16_t flags;

	return tcpflags_parse(&flags, s) == 0 ? flags & 0xff : 0;
}

int
tcp_flags_parse(struct str s, uint16_t *set, uint16_t *clear, struct err *e)
{
	const char *slash = memchr(s.p, '/', s.len);
	uint16_t on = 0, off = 0;

	if (slash != NULL) {
		struct str left = {s.p, (size_t)(slash - s.p)}, right = {slash + 1, s.len - left.len - 1};
		uint16_t mask = some_flags(right);

		on = some_flags(left);
		if (mask == 0 || (on == 0 && left.len > 0))
			goto bad;
		if ((on & ~mask) != 0)
			return err_set(e,
			    "'%.*s' asks for flags outside its mask: left of the slash stand "
			    "some of those right of it",
			    (int)s.len, s.p);
		off = mask & (uint16_t)~on;
	} else if (s.len > 0 && s.p[0] == '!') {
		off = some_flags((struct str){s.p + 1, s.len - 1});
	} else {
		on = some_flags(s);
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
	static const char *const names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};
	const char *sep = "";

	for (unsigned i = 0; i < 8; i++) {
		if ((mask >> i & 1) == 0)
			continue;
		buf_printf(out, "%s%s%s", sep, (value >> i & 1) != 0 ? "" : "!", names[i]);
		sep = ", ";
	}
}
