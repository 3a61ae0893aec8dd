#include "ch/query_parts.h"

/* How a column's addresses compare: as what, and how a bound is written. */
struct shape {
	const char *before, *after; /* around the column */
	const char *bound; /* around the bound: toIPv6('…') or unhex('…') */
};

static struct str
type_of(const struct query_frame *f, struct str column)
{
	for (unsigned i = 0; i < f->columns->count; i++)
		if (str_eq(f->columns->columns[i].name, column))
			return f->columns->columns[i].type;
	return STR("");
}

void
query_put_address(struct buf *out, const struct query_frame *f, struct str column)
{
	bool ipv6 = str_eq(type_of(f, column), STR("IPv6"));

	if (ipv6 || str_eq(type_of(f, column), STR("FixedString(16)")))
		buf_printf(out, "replaceRegexpOne(%s(%.*s), '^::ffff:(.*[.])', '\\\\1')",
		    ipv6 ? "toString" : "IPv6NumToString", (int)column.len, column.p);
	else
		buf_add(out, column.p, column.len);
}

/* Sixteen bytes compare as addresses do; text becomes them first. */
static struct shape
shape_of(const struct query_frame *f, struct str column)
{
	static const struct shape ipv6 = {"", "", "toIPv6"}, bytes = {"", "", "unhex"},
				  text = {"toIPv6OrDefault(toString(", "))", "toIPv6"},
				  old_text = {"IPv6StringToNum(if(position(",
				      ", ':') > 0, %s, concat('::ffff:', %s)))", "unhex"};

	if (str_eq(type_of(f, column), STR("IPv6")))
		return ipv6;
	if (str_eq(type_of(f, column), STR("FixedString(16)")))
		return bytes;
	/* toIPv6OrDefault came with 22.3. */
	return ch_server_since(f->server, 22, 3) ? text : old_text;
}

static void
put_bound(struct buf *out, const struct shape *s, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	buf_printf(out, "%s('", s->bound);
	if (strcmp(s->bound, "unhex") == 0)
		for (size_t i = 0; i < sizeof a->b; i++)
			buf_printf(out, "%02X", a->b[i]);
	else
		buf_printf(out, "%s%s", addr_is_v4(a) ? "::ffff:" : "", addr_text(text, a));
	buf_puts(out, "')");
}

static void
put_address(struct buf *out, const struct shape *s, struct str column)
{
	buf_printf(out, "%s%.*s", s->before, (int)column.len, column.p);
	for (const char *p = s->after; *p != '\0'; p++)
		if (p[0] == '%' && p[1] == 's') {
			buf_add(out, column.p, column.len);
			p++;
		} else
			buf_putc(out, *p);
}

static void
put_within(struct buf *out, const struct shape *s, struct str column, const struct prefix *p)
{
	struct addr last = p->addr;

	for (unsigned bit = p->len; bit < 128; bit++)
		last.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	put_address(out, s, column);
	buf_puts(out, " BETWEEN ");
	put_bound(out, s, &p->addr);
	buf_puts(out, " AND ");
	put_bound(out, s, &last);
}

/* The next prefix of "192.0.2.0/24, 2001:db8::/32": 1, 0 at the end, -1 with words. */
static int
next_prefix(struct str *list, struct prefix *p, struct err *e)
{
	while (list->len > 0 && strchr(", \t", list->p[0]) != NULL)
		*list = (struct str){list->p + 1, list->len - 1};
	size_t n = 0;
	while (n < list->len && strchr(", \t", list->p[n]) == NULL)
		n++;
	struct str item = {list->p, n};
	*list = (struct str){list->p + n, list->len - n};
	return n == 0 ? 0 : prefix_parse(p, item, e) == -1 ? -1 : 1;
}

int
query_put_prefixes(struct buf *out, const struct query_param *q, const struct query_frame *f,
    struct str column, bool which, struct err *e)
{
	struct shape s = shape_of(f, column);
	struct str list = q->value;
	char text[PREFIX_TEXT_MAX];
	struct prefix p;
	unsigned count = 0;
	int status;

	buf_puts(out, which ? "multiIf(" : "(");
	while ((status = next_prefix(&list, &p, e)) == 1) {
		if (count++ == QUERY_PREFIXES_MAX)
			return err_set(e, "%.*s: more than %d prefixes", (int)q->name.len, q->name.p,
			    QUERY_PREFIXES_MAX);
		if (count > 1 && !which)
			buf_puts(out, " OR ");
		put_within(out, &s, column, &p);
		if (which)
			buf_printf(out, ", '%s', ", prefix_text(text, &p));
	}
	if (status == -1)
		return err_wrap(e, "%.*s", (int)q->name.len, q->name.p);
	if (count == 0)
		return err_set(e, "%.*s: no prefix", (int)q->name.len, q->name.p);
	buf_puts(out, which ? "'')" : ")");
	return 0;
}
