#include "ch/query.h"

#include <inttypes.h>

#include "base/num.h"
#include "ch/query_parts.h"

const char *const query_type_names[] = {"NUMBER", "ADDRESS", "TEXT", "PREFIXES"};
static const char *const type_words[] = {"number", "address", "text", "prefixes"};

static struct str
trim(struct str s)
{
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = (struct str){s.p + 1, s.len - 1};
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t' || s.p[s.len - 1] == '\r'))
		s.len--;
	return s;
}

struct str
query_word(struct str *s)
{
	*s = trim(*s);
	size_t n = 0;
	while (n < s->len && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	struct str word = {s->p, n};
	*s = trim((struct str){s->p + n, s->len - n});
	return word;
}

/* Whether it begins with the words, which are then cut off. */
static bool
skip(struct str *s, const char *words)
{
	size_t n = strlen(words);

	if (s->len < n || memcmp(s->p, words, n) != 0)
		return false;
	*s = trim((struct str){s->p + n, s->len - n});
	return true;
}

/* "NAME TYPE [DEFAULT]: what it is" */
static int
parse_param(struct query *q, struct str line, struct err *e)
{
	const char *colon = memchr(line.p, ':', line.len);
	struct query_param *p = &q->params[q->count];

	if (q->count == QUERY_PARAMS_MAX)
		return err_set(e, "more than %d parameters", QUERY_PARAMS_MAX);
	if (colon == NULL)
		return err_set(e, "a parameter is NAME TYPE [DEFAULT]: WORDS");
	struct str head = {line.p, (size_t)(colon - line.p)};
	*p = (struct query_param){.doc = trim((struct str){colon + 1, line.len - head.len - 1})};
	p->name = query_word(&head);
	struct str type = query_word(&head);
	for (int t = 0; t < (int)(sizeof type_words / sizeof type_words[0]); t++)
		if (str_eq(type, str_from(type_words[t]))) {
			p->type = (enum query_type)t;
			p->def = head.len > 0 ? head : (struct str){NULL, 0};
			q->count++;
			return 0;
		}
	return err_set(e, "'%.*s' is no type: number, address, text or prefixes", (int)type.len, type.p);
}

static int
parse_comment(struct query *q, struct str line, struct err *e)
{
	if (skip(&line, "needs:"))
		q->needs = line;
	else if (skip(&line, "table:"))
		q->table = line;
	else if (skip(&line, "param "))
		return parse_param(q, line, e);
	else if (skip(&line, "since:")) {
		if (num_parse_duration(&q->since_ms, line, 1000) == -1 || q->since_ms == 0)
			return err_set(e, "'%.*s' is no period such as 1d", (int)line.len, line.p);
	} else if (q->title.len == 0)
		q->title = line;
	return 0;
}

int
query_parse(struct query *q, struct str text, struct err *e)
{
	*q = (struct query){.title = STR(""), .needs = STR(""), .table = STR("")};
	if (text.len > QUERY_MAX)
		return err_set(e, "it is longer than %d bytes", QUERY_MAX);
	for (unsigned number = 1; text.len >= 2 && memcmp(text.p, "--", 2) == 0; number++) {
		const char *end = memchr(text.p, '\n', text.len);
		size_t n = end != NULL ? (size_t)(end - text.p) : text.len;

		if (parse_comment(q, trim((struct str){text.p + 2, n - 2}), e) == -1)
			return err_wrap(e, "line %u", number);
		n += end != NULL;
		text = (struct str){text.p + n, text.len - n};
	}
	q->sql = text;
	while (q->sql.len > 0 && strchr(" \t\r\n;", q->sql.p[q->sql.len - 1]) != NULL)
		q->sql.len--;
	if (q->title.len == 0)
		return err_set(e, "line 1: a comment must say what it answers");
	return q->sql.len > 0 ? 0 : err_set(e, "there is no statement");
}

static const struct query_param *
find(const struct query *q, struct str name)
{
	for (unsigned i = 0; i < q->count; i++)
		if (str_eq(q->params[i].name, name))
			return &q->params[i];
	return NULL;
}

struct query_param *
query_param(struct query *q, struct str name)
{
	const struct query_param *p = find(q, name);

	return p != NULL ? &q->params[p - q->params] : NULL;
}

void
query_table(struct buf *out, const struct query *q, const char *flows)
{
	const char *star = memchr(q->table.p, '*', q->table.len);
	size_t before = star != NULL ? (size_t)(star - q->table.p) : q->table.len;

	if (q->table.len == 0) {
		buf_puts(out, flows);
		return;
	}
	buf_add(out, q->table.p, before);
	if (star == NULL)
		return;
	buf_puts(out, flows);
	buf_add(out, star + 1, q->table.len - before - 1);
}

void
query_quote(struct buf *out, struct str s)
{
	buf_putc(out, '\'');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\'' || s.p[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, s.p[i]);
	}
	buf_putc(out, '\'');
}

static int
put_value(struct buf *out, const struct query_param *p, struct err *e)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;
	uint64_t n;

	switch (p->type) {
	case QUERY_NUMBER:
		if (num_parse(&n, p->value, 0, INT64_MAX) == -1)
			break;
		buf_printf(out, "%" PRIu64, n);
		return 0;
	case QUERY_ADDRESS:
		if (addr_parse(&a, p->value) == -1)
			break;
		query_quote(out, str_from(addr_text(text, &a)));
		return 0;
	case QUERY_TEXT:
		query_quote(out, p->value);
		return 0;
	case QUERY_PREFIXES:
		return err_set(
		    e, "{%.*s}: prefixes stand behind 'in' or 'which'", (int)p->name.len, p->name.p);
	}
	return err_set(e, "%.*s=%.*s: expected %s %s", (int)p->name.len, p->name.p, (int)p->value.len,
	    p->value.p, p->type == QUERY_ADDRESS ? "an" : "a", type_words[p->type]);
}

static int
lacks(const struct query_frame *f, const struct query *q, struct str column, struct err *e)
{
	struct buf table = {0};

	query_table(&table, q, f->flows);
	err_set(e, "it needs the column %.*s, which the table %s.%s lacks%s", (int)column.len, column.p,
	    f->database, buf_cstr(&table),
	    q->table.len == 0 ? "; nf-ch-insert --migrate --schema wide adds it" : "");
	buf_release(&table);
	return -1;
}

/* Columns that tables of several shapes have in several ways; 1 if it is none of them. */
static int
put_column(
    struct buf *out, const struct query *q, const struct query_frame *f, struct str name, struct err *e)
{
	static const char *const origins[][2] = {{"src_as", "peer_src_as"}, {"dst_as", "peer_dst_as"},
	    {"src_as_name", "peer_src_as_name"}, {"dst_as_name", "peer_dst_as_name"}};
	bool has = ch_table_has(f->columns, name);

	if (str_eq(name, STR("bytes")) || str_eq(name, STR("packets"))) {
		bool sampled = ch_table_has(f->columns, STR("sampling_rate"));

		if (!has)
			return lacks(f, q, name, e);
		buf_printf(
		    out, sampled ? "(%.*s * greatest(sampling_rate, 1))" : "%.*s", (int)name.len, name.p);
		return 0;
	}
	for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
		const char *instead = origins[i][1];

		if (!str_eq(name, str_from(origins[i][0])))
			continue;
		if (!has &&
		    (ch_table_has(f->columns, STR("src_as")) || !ch_table_has(f->columns, str_from(instead))))
			return lacks(f, q, name, e);
		buf_printf(out, "%.*s", has ? (int)name.len : (int)strlen(instead), has ? name.p : instead);
		return 0;
	}
	return 1;
}

static void
put_table(struct buf *out, const struct query *q, const struct query_frame *f)
{
	struct buf table = {0};

	query_table(&table, q, f->flows);
	schema_name(out, f->database, buf_cstr(&table), "");
	buf_release(&table);
}

static int
put_brace(struct buf *out, const struct query *q, const struct query_frame *f, struct str what, struct err *e)
{
	struct str rest = what, other = what, first = query_word(&rest), second = query_word(&rest);
	int status;

	if (str_eq(what, STR("table"))) {
		put_table(out, q, f);
		return 0;
	}
	if (skip(&other, "table:")) {
		ch_quote(out, str_from(f->database));
		buf_putc(out, '.');
		ch_quote(out, other);
		return 0;
	}
	if (str_eq(what, STR("from")) || str_eq(what, STR("to"))) {
		buf_printf(out, "toDateTime(%" PRId64 ")", what.p[0] == 'f' ? f->from : f->to);
		return 0;
	}
	if ((status = put_column(out, q, f, what, e)) <= 0)
		return status;
	if (str_eq(first, STR("address")) && rest.len == 0) {
		query_put_address(out, f, second);
		return ch_table_has(f->columns, second) ? 0 : lacks(f, q, second, e);
	}
	bool within = str_eq(first, STR("in")) || str_eq(first, STR("which"));
	const struct query_param *p = find(q, within ? second : what);
	if (p == NULL)
		return err_set(e, "{%.*s} is nothing that a query may ask for", (int)what.len, what.p);
	if (p->value.p == NULL)
		return err_set(e, "it needs a value: -p %.*s=%s (%.*s)", (int)p->name.len, p->name.p,
		    query_type_names[p->type], (int)p->doc.len, p->doc.p);
	if (!within)
		return put_value(out, p, e);
	if (p->type != QUERY_PREFIXES)
		return err_set(
		    e, "{%.*s}: %.*s is no prefixes", (int)what.len, what.p, (int)p->name.len, p->name.p);
	if (!ch_table_has(f->columns, rest))
		return lacks(f, q, rest, e);
	return query_put_prefixes(out, p, f, rest, str_eq(first, STR("which")), e);
}

static int
check_columns(const struct query *q, const struct query_frame *f, struct err *e)
{
	struct str rest = q->needs;

	while (rest.len > 0) {
		struct str name = query_word(&rest);

		if (!ch_table_has(f->columns, name))
			return lacks(f, q, name, e);
	}
	return 0;
}

int
query_expand(struct buf *out, const struct query *q, const struct query_frame *f, struct err *e)
{
	struct str s = q->sql;

	if (check_columns(q, f, e) == -1)
		return -1;
	while (s.len > 0) {
		const char *open = memchr(s.p, '{', s.len);
		size_t plain = open != NULL ? (size_t)(open - s.p) : s.len;

		buf_add(out, s.p, plain);
		if (open == NULL)
			return 0;
		const char *close = memchr(open, '}', s.len - plain);
		if (close == NULL)
			return err_set(e, "a brace is not closed");
		if (put_brace(out, q, f, (struct str){open + 1, (size_t)(close - open) - 1}, e) == -1)
			return -1;
		s = (struct str){close + 1, s.len - (size_t)(close + 1 - s.p)};
	}
	return 0;
}
