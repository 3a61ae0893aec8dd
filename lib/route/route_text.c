#include "route/route_text.h"

#include "base/num.h"
#include "flow/json.h"
#include "flow/put.h"
#include "route/aspath.h"
#include "route/community.h"

void
route_text_release(struct route_text *t)
{
	buf_release(&t->as_path);
	buf_release(&t->communities);
	buf_release(&t->large_communities);
	buf_release(&t->scratch);
}

static void
lists_clear(struct route_text *t)
{
	t->as_path.len = t->communities.len = t->large_communities.len = 0;
}

static struct str
list_of(const struct buf *b)
{
	return (struct str){(const char *)b->p, b->len};
}

/* After all has been read: the lists have stopped moving. */
static void
lists_take(const struct route_text *t, struct route *r)
{
	if ((r->present & ROUTE_AS_PATH) != 0)
		r->as_path = list_of(&t->as_path);
	if (t->communities.len != 0)
		r->present |= ROUTE_COMMUNITIES;
	if ((r->present & ROUTE_COMMUNITIES) != 0)
		r->communities = list_of(&t->communities);
	if (t->large_communities.len != 0)
		r->present |= ROUTE_LARGE_COMMUNITIES;
	if ((r->present & ROUTE_LARGE_COMMUNITIES) != 0)
		r->large_communities = list_of(&t->large_communities);
}

static int
addr_take(struct route *r, unsigned has, struct str text, struct err *e)
{
	struct addr *a = has == ROUTE_PEER ? &r->peer : &r->next_hop;

	if (text.len == 0)
		return 0;
	if (addr_parse(a, text) == -1)
		return err_set(e, "'%.*s' is no address", (int)(text.len < 100 ? text.len : 100), text.p);
	if (!addr_is_any(a))
		r->present |= has;
	return 0;
}

static int
number_take(struct route *r, unsigned has, struct str text, struct err *e)
{
	uint64_t v;

	if (num_parse(&v, text, 0, UINT32_MAX) == -1)
		return err_set(e, "%s '%.*s' is no number up to %u", has == ROUTE_MED ? "med" : "local_pref",
		    (int)(text.len < 100 ? text.len : 100), text.p, UINT32_MAX);
	*(has == ROUTE_MED ? &r->med : &r->local_pref) = (uint32_t)v;
	r->present |= has;
	return 0;
}

/* The fields of a line of bgpdump, after its first and without the path identifier. */
enum {
	F_TIME,
	F_WHAT,
	F_PEER,
	F_PEER_AS,
	F_PREFIX,
	F_AS_PATH,
	F_ORIGIN,
	F_NEXT_HOP,
	F_LOCAL_PREF,
	F_MED,
	F_COMMUNITIES,
	FIELDS
};

static struct str
field_next(const char **p, const char *end)
{
	const char *bar = memchr(*p, '|', (size_t)(end - *p));
	struct str s = {*p, (size_t)((bar != NULL ? bar : end) - *p)};

	*p = bar != NULL ? bar + 1 : end;
	return s;
}

static int
bgpdump_split(struct str line, struct str f[FIELDS], struct err *e)
{
	const char *p = line.p, *end = p + line.len;
	struct str type = field_next(&p, end);
	bool path_id = str_eq(type, STR("TABLE_DUMP2_AP"));
	unsigned n = 0;

	if (type.len >= 6 && memcmp(type.p, "BGP4MP", 6) == 0)
		return err_set(e, "an update; a dump of a table was expected");
	if (!path_id && !str_eq(type, STR("TABLE_DUMP2")) && !str_eq(type, STR("TABLE_DUMP")))
		return err_set(e, "neither JSON nor a line of bgpdump -m");
	for (; n < FIELDS && p < end; n++) {
		f[n] = field_next(&p, end);
		if (n == F_PREFIX && path_id)
			field_next(&p, end);
	}
	if (n <= F_AS_PATH)
		return err_set(e, "the line is cut short");
	while (n < FIELDS)
		f[n++] = (struct str){"", 0};
	return 0;
}

int
route_read_bgpdump(struct route_text *t, struct str line, struct prefix *p, struct route *r, struct err *e)
{
	struct str f[FIELDS];

	lists_clear(t);
	*r = (struct route){.present = ROUTE_AS_PATH};
	if (bgpdump_split(line, f, e) == -1 || prefix_parse(p, f[F_PREFIX], e) == -1 ||
	    aspath_parse(&t->as_path, f[F_AS_PATH], e) == -1 ||
	    addr_take(r, ROUTE_PEER, f[F_PEER], e) == -1 ||
	    addr_take(r, ROUTE_NEXT_HOP, f[F_NEXT_HOP], e) == -1 ||
	    communities_parse(&t->communities, &t->large_communities, f[F_COMMUNITIES], e) == -1)
		return -1;
	if (f[F_LOCAL_PREF].len != 0 && !str_eq(f[F_LOCAL_PREF], STR("0")) &&
	    number_take(r, ROUTE_LOCAL_PREF, f[F_LOCAL_PREF], e) == -1)
		return -1;
	if (f[F_MED].len != 0 && !str_eq(f[F_MED], STR("0")) && number_take(r, ROUTE_MED, f[F_MED], e) == -1)
		return -1;
	lists_take(t, r);
	return 0;
}

static const struct {
	struct str name;
	unsigned has; /* 0: the prefix */
} keys[] = {
    {{"prefix", 6}, 0},
    {{"as_path", 7}, ROUTE_AS_PATH},
    {{"next_hop", 8}, ROUTE_NEXT_HOP},
    {{"local_pref", 10}, ROUTE_LOCAL_PREF},
    {{"med", 3}, ROUTE_MED},
    {{"communities", 11}, ROUTE_COMMUNITIES},
    {{"large_communities", 17}, ROUTE_LARGE_COMMUNITIES},
    {{"peer", 4}, ROUTE_PEER},
};

/* The text of a string or number; anything else is refused. */
static int
text_take(struct route_text *t, const struct json_value *v, struct str name, struct str *text, struct err *e)
{
	if (v->kind != JSON_STRING && v->kind != JSON_NUMBER)
		return err_set(e, "%.*s is neither text nor a number", (int)name.len, name.p);
	*text = v->text;
	if (v->kind == JSON_STRING && v->escaped) {
		t->scratch.len = 0;
		*text = json_text(v, (char *)buf_reserve(&t->scratch, v->text.len));
	}
	return 0;
}

static int
element_take(struct route_text *t, unsigned has, struct str name, const struct json_value *v, struct err *e)
{
	struct str text;

	/* An array in a path is an AS_SET: the same but for its brackets. */
	if (v->kind == JSON_ARRAY && has == ROUTE_AS_PATH) {
		t->scratch.len = 0;
		buf_add(&t->scratch, v->text.p, v->text.len);
		t->scratch.p[0] = '{';
		t->scratch.p[t->scratch.len - 1] = '}';
		return aspath_parse(&t->as_path, list_of(&t->scratch), e);
	}
	if (text_take(t, v, name, &text, e) == -1)
		return -1;
	if (has == ROUTE_AS_PATH)
		return aspath_parse(&t->as_path, text, e);
	return communities_parse(&t->communities, &t->large_communities, text, e);
}

/* An array of elements, or all of them in one text. */
static int
list_take(struct route_text *t, unsigned has, struct str name, struct json *j, struct err *e)
{
	struct json_value v;

	if (has == ROUTE_AS_PATH)
		t->as_path.len = 0;
	if (!json_take(j, '[')) {
		if (json_value(j, &v, e) == -1)
			return -1;
		return v.kind == JSON_NULL ? 1 : element_take(t, has, name, &v, e);
	}
	for (bool first = true; !json_take(j, ']'); first = false) {
		if (!first && !json_take(j, ','))
			return json_unexpected(j, "',' or ']'", e);
		if (json_value(j, &v, e) == -1 || element_take(t, has, name, &v, e) == -1)
			return -1;
	}
	return 0;
}

/* A member's value, from behind its colon. */
static int
member_take(struct route_text *t, size_t key, struct json *j, struct prefix *p, bool *has_prefix,
    struct route *r, struct err *e)
{
	unsigned has = keys[key].has;
	struct json_value v;
	struct str text;

	if ((has & (ROUTE_AS_PATH | ROUTE_COMMUNITIES | ROUTE_LARGE_COMMUNITIES)) != 0) {
		int rc = list_take(t, has, keys[key].name, j, e);

		r->present |= rc == 0 ? has : 0;
		return rc == -1 ? -1 : 0;
	}
	if (json_value(j, &v, e) == -1)
		return -1;
	if (v.kind == JSON_NULL)
		return 0;
	if (text_take(t, &v, keys[key].name, &text, e) == -1)
		return -1;
	if (has == 0) {
		*has_prefix = true;
		return prefix_parse(p, text, e);
	}
	if (has == ROUTE_NEXT_HOP || has == ROUTE_PEER)
		return addr_take(r, has, text, e);
	return number_take(r, has, text, e);
}

static int
members_read(
    struct route_text *t, struct json *j, struct prefix *p, bool *has_prefix, struct route *r, struct err *e)
{
	const size_t count = sizeof keys / sizeof keys[0];
	struct json_value v;

	if (!json_take(j, '{'))
		return json_unexpected(j, "'{'", e);
	for (bool first = true; !json_take(j, '}'); first = false) {
		size_t k = 0;

		if (!first && !json_take(j, ','))
			return json_unexpected(j, "',' or '}'", e);
		json_space(j);
		if (j->p == j->end || *j->p != '"')
			return json_unexpected(j, "a key", e);
		if (json_value(j, &v, e) == -1)
			return -1;
		if (!json_take(j, ':'))
			return json_unexpected(j, "':'", e);
		while (k < count && !str_eq(v.text, keys[k].name))
			k++;
		if (k < count ? member_take(t, k, j, p, has_prefix, r, e) == -1 : json_value(j, &v, e) == -1)
			return -1;
	}
	json_space(j);
	return j->p == j->end ? 0 : json_unexpected(j, "the end of the line", e);
}

int
route_read_json(
    struct route_text *t, struct str object, struct str key, struct prefix *p, struct route *r, struct err *e)
{
	struct json j = {object.p, object.p + object.len, object.p};
	bool has_prefix = false;

	lists_clear(t);
	*r = (struct route){0};
	if (members_read(t, &j, p, &has_prefix, r, e) == -1)
		return -1;
	if (key.p != NULL && prefix_parse(p, key, e) == -1)
		return -1;
	if (key.p == NULL && !has_prefix)
		return err_set(e, "no \"prefix\"");
	lists_take(t, r);
	return 0;
}

/* The numbers of a path are numbers, all else is text. */
static void
list_put(struct buf *out, const char *name, struct str list, bool numbers)
{
	uint64_t n;

	buf_puts(out, ",\"");
	buf_puts(out, name);
	buf_puts(out, "\":[");
	for (size_t at = 0; at < list.len; at += strlen(list.p + at) + 1) {
		struct str s = str_from(list.p + at);

		if (at > 0)
			buf_putc(out, ',');
		if (numbers && num_parse(&n, s, 0, UINT32_MAX) == 0) {
			buf_add(out, s.p, s.len);
			continue;
		}
		char *to = (char *)buf_reserve(out, 6 * s.len + 18);
		*to = '"';
		char *stop = put_escaped(to + 1, s);
		*stop++ = '"';
		out->len += (size_t)(stop - to);
	}
	buf_putc(out, ']');
}

static void
text_put(struct buf *out, const char *name, const char *text)
{
	buf_puts(out, name);
	buf_puts(out, text);
	buf_putc(out, '"');
}

void
route_put_json(struct buf *out, const struct prefix *p, const struct route *r)
{
	char text[PREFIX_TEXT_MAX];

	text_put(out, "\"prefix\":\"", prefix_text(text, p));
	if ((r->present & ROUTE_AS_PATH) != 0)
		list_put(out, "as_path", r->as_path, true);
	if ((r->present & ROUTE_NEXT_HOP) != 0)
		text_put(out, ",\"next_hop\":\"", addr_text(text, &r->next_hop));
	if ((r->present & ROUTE_LOCAL_PREF) != 0)
		buf_printf(out, ",\"local_pref\":%u", r->local_pref);
	if ((r->present & ROUTE_MED) != 0)
		buf_printf(out, ",\"med\":%u", r->med);
	if ((r->present & ROUTE_COMMUNITIES) != 0)
		list_put(out, "communities", r->communities, false);
	if ((r->present & ROUTE_LARGE_COMMUNITIES) != 0)
		list_put(out, "large_communities", r->large_communities, false);
	if ((r->present & ROUTE_PEER) != 0)
		text_put(out, ",\"peer\":\"", addr_text(text, &r->peer));
}
