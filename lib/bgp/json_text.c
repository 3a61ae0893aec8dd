#include "bgp/json_text.h"

#include "base/civil.h"
#include "flow/put.h"
#include "io/clock.h"

void
json_put_string(struct buf *out, struct str s)
{
	buf_putc(out, '"');
	char *p = (char *)buf_reserve(out, 6 * s.len + 16);
	out->len += (size_t)(put_escaped(p, s) - p);
	buf_putc(out, '"');
}

void
json_put_list(
    struct buf *out, void (*list)(struct buf *out, struct str wire), struct str wire, const char **comma)
{
	struct buf texts = {0};

	list(&texts, wire);
	for (size_t at = 0; at < texts.len;) {
		struct str s = str_from((char *)texts.p + at);

		buf_puts(out, *comma);
		json_put_string(out, s);
		*comma = ",";
		at += s.len + 1;
	}
	buf_release(&texts);
}

void
json_put_time(struct buf *out, int64_t ms, const char *zone)
{
	char text[40];

	buf_printf(out, "\"%s\"", civil_rfc3339(text, ms, clock_zone_offset(zone, ms)));
}
