#include "enrich/ptr_out.h"

#include <inttypes.h>

#include "flow/put.h"

static void
text_put(struct buf *b, const char *key, struct str s)
{
	if (s.len == 0)
		return;
	buf_printf(b, ",\"%s\":\"", key);
	char *p = (char *)buf_reserve(b, 6 * s.len + 16);
	b->len += (size_t)(put_escaped(p, s) - p);
	buf_putc(b, '"');
}

void
ptr_out_put(struct row_out *o, const struct ptr_row *row)
{
	char addr[ADDR_TEXT_MAX];
	struct buf b = {0};

	buf_printf(&b, "{\"ip\":\"%s\"", addr_text(addr, &row->addr));
	text_put(&b, "ptr", row->name);
	buf_printf(&b, ",\"updated_at\":%" PRId64, row->updated_at);
	if (row->asn != 0)
		buf_printf(&b, ",\"asn\":%" PRIu32, row->asn);
	text_put(&b, "asn_name", row->as_name);
	text_put(&b, "country", row->country);
	buf_puts(&b, "}\n");
	row_out_put(o, (struct str){(const char *)b.p, b.len});
	buf_release(&b);
}
