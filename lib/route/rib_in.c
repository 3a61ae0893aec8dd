#include "route/rib_in.h"

#include "base/hash.h"
#include "flow/json.h"

/* Texts of attributes that are remembered; beyond it all are forgotten. */
#define KNOWN_MAX 2000000

/* Instead of a number: another peer's route. */
#define NOT_WANTED UINT32_MAX

/* Two hashes with different seeds: that both agree by chance is not to be expected. */
struct known_key {
	uint64_t hash[2];
};

void
rib_in_init(struct rib_in *s, struct table_builder *table, rib_complain_fn *complain, void *arg)
{
	*s = (struct rib_in){.table = table, .complain = complain, .arg = arg, .line = 1};
	map_init(&s->known, sizeof(struct known_key), sizeof(uint32_t));
}

void
rib_in_release(struct rib_in *s)
{
	route_text_release(&s->text);
	map_release(&s->known);
	buf_release(&s->buf);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct str
trimmed(struct str s)
{
	while (s.len > 0 && is_space(s.p[0]))
		s = (struct str){s.p + 1, s.len - 1};
	while (s.len > 0 && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

static uint64_t
lines_in(const char *p, size_t len)
{
	uint64_t n = 0;

	for (const char *end = p + len; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		n++;
	return n;
}

static void
bad(struct rib_in *s, uint64_t line, const char *words)
{
	s->bad++;
	s->complain(s->arg, line, words);
}

/*
 * The prefix and all else that makes the route of a line in the common form, so
 * that attributes which were read before need not be read again. False: it has
 * another form.
 */
static bool
bgpdump_split(struct str line, struct str *prefix, struct known_key *attributes)
{
	static const char type[] = "TABLE_DUMP2|";
	const char *field[7] = {line.p},
		   *end = line.p + line.len; /* TYPE|TIME|B|PEER|PEER_AS|PREFIX|the rest */

	if (line.len < sizeof type || memcmp(line.p, type, sizeof type - 1) != 0)
		return false;
	for (unsigned i = 1; i < 7; i++) {
		const char *bar = memchr(field[i - 1], '|', (size_t)(end - field[i - 1]));

		if (bar == NULL)
			return false;
		field[i] = bar + 1;
	}
	uint64_t peer = hash64(field[3], (size_t)(field[4] - field[3]));
	size_t rest = (size_t)(end - field[6]);
	*prefix = (struct str){field[5], (size_t)(field[6] - field[5]) - 1};
	*attributes = (struct known_key){{hash64(field[6], rest), hash64_seed(field[6], rest, peer)}};
	return true;
}

static bool
json_split(struct str object, struct str *prefix, struct known_key *attributes)
{
	static const char start[] = "{\"prefix\":\"";
	const char *p = object.p, *end = p + object.len, *quote;

	if (prefix->p == NULL) {
		if (object.len < sizeof start || memcmp(p, start, sizeof start - 1) != 0)
			return false;
		p += sizeof start - 1;
		if ((quote = memchr(p, '"', (size_t)(end - p))) == NULL ||
		    memchr(p, '\\', (size_t)(quote - p)) != NULL)
			return false;
		*prefix = (struct str){p, (size_t)(quote - p)};
		p = quote;
	}
	*attributes =
	    (struct known_key){{hash64(p, (size_t)(end - p)), hash64_seed(p, (size_t)(end - p), 1)}};
	return true;
}

static bool
is_wanted(const struct rib_in *s, const struct route *r)
{
	return s->peer == NULL || ((r->present & ROUTE_PEER) != 0 && addr_eq(&r->peer, s->peer));
}

/* Attributes that have not been read yet. */
static int
route_read(
    struct rib_in *s, struct str text, struct str key, struct prefix *p, uint32_t *number, struct err *e)
{
	struct route r;
	int rc = text.p[0] == '{' ? route_read_json(&s->text, text, key, p, &r, e)
				  : route_read_bgpdump(&s->text, text, p, &r, e);

	*number = NOT_WANTED;
	if (rc == 0 && is_wanted(s, &r))
		rc = table_builder_route(s->table, &r, number, e);
	return rc;
}

/* A route as text; its prefix, if that is not in it, is the key. */
static int
route_add(struct rib_in *s, struct str text, struct str key, struct err *e)
{
	struct known_key attributes;
	bool split =
	    text.p[0] == '{' ? json_split(text, &key, &attributes) : bgpdump_split(text, &key, &attributes);
	const uint32_t *known;
	struct prefix p;
	uint32_t number;

	if (s->settled != s->table->settled || s->known.count >= KNOWN_MAX) {
		map_clear(&s->known);
		s->settled = s->table->settled;
	}
	if (split && (known = map_get(&s->known, &attributes)) != NULL) {
		if (prefix_parse(&p, key, e) == -1)
			return -1;
		number = *known;
	} else {
		if (route_read(s, text, key, &p, &number, e) == -1)
			return -1;
		if (split)
			*(uint32_t *)map_put(&s->known, &attributes, NULL) = number;
	}
	if (number != NOT_WANTED)
		table_builder_prefix(s->table, &p, number);
	return 0;
}

static void
route_take(struct rib_in *s, struct str text, struct str key, uint64_t line)
{
	struct err e;

	if (route_add(s, text, key, &e) == -1)
		bad(s, line, e.msg);
	else
		s->routes++;
}

/* Whole lines from the front of buf; how many bytes they were. */
static size_t
lines_take(struct rib_in *s)
{
	const char *p = (const char *)s->buf.p, *end = p + s->buf.len, *eol;

	for (; p < end && (eol = memchr(p, '\n', (size_t)(end - p))) != NULL; p = eol + 1, s->line++) {
		struct str line = trimmed((struct str){p, (size_t)(eol - p)});

		if (!s->skipping && line.len != 0 && line.p[0] != '#')
			route_take(s, line, (struct str){NULL, 0}, s->line);
		s->skipping = false;
	}
	size_t left = (size_t)(end - p), used = s->buf.len - left;
	if (left > RIB_ITEM_MAX && !s->skipping) {
		bad(s, s->line, "a line of over a mebibyte");
		s->skipping = true;
	}
	return s->skipping ? s->buf.len : used;
}

/* The value of a prefix: a route, or an array of routes. */
static int
routes_take(struct rib_in *s, struct json *j, struct str key, uint64_t line, struct err *e)
{
	struct json_value v;

	json_space(j);
	if (j->p < j->end && *j->p == '{') {
		route_take(s, (struct str){j->p, (size_t)(j->end - j->p)}, key, line);
		return 0;
	}
	if (!json_take(j, '['))
		return json_unexpected(j, "a route or an array of routes", e);
	for (bool first = true; !json_take(j, ']'); first = false) {
		if (!first && !json_take(j, ','))
			return json_unexpected(j, "',' or ']'", e);
		if (json_value(j, &v, e) == -1)
			return -1;
		if (v.kind != JSON_OBJECT)
			return err_set(e, "something in the array is no route");
		route_take(s, v.text, key, line);
	}
	json_space(j);
	return j->p == j->end ? 0 : json_unexpected(j, "',' or '}'", e);
}

/* `"PREFIX": VALUE`, without what separates it from the next. */
static void
member_take(struct rib_in *s, struct str member)
{
	struct str text = trimmed(member);
	struct json j = {text.p, text.p + text.len, text.p};
	uint64_t line = s->line + lines_in(member.p, (size_t)(text.p - member.p));
	struct json_value key = {0};
	char decoded[128];
	struct err e;

	if (text.len == 0)
		return;
	if (*text.p != '"' || json_value(&j, &key, &e) == -1 || key.text.len > sizeof decoded) {
		bad(s, line, "a prefix in quotes was expected");
		return;
	}
	if (!json_take(&j, ':'))
		json_unexpected(&j, "':'", &e);
	else if (routes_take(s, &j, json_text(&key, decoded), line, &e) == 0)
		return;
	bad(s, line, e.msg);
}

/* Whether the member that begins at buf's front ends in it: at `seen` then. */
static bool
member_end(struct rib_in *s)
{
	const char *from = (const char *)s->buf.p, *p = from + s->seen, *end = from + s->buf.len;
	bool in_string = s->in_string, escaped = s->escaped;
	unsigned depth = s->depth;

	for (; p < end; p++) {
		if (in_string) {
			in_string = escaped || *p != '"';
			escaped = !escaped && *p == '\\';
		} else if (depth == 0 && (*p == ',' || *p == '}')) {
			break;
		} else if (*p == '"') {
			in_string = true;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if ((*p == '}' || *p == ']') && depth > 0) {
			depth--;
		}
	}
	s->seen = (size_t)(p - from);
	s->in_string = in_string;
	s->escaped = escaped;
	s->depth = depth;
	return p < end;
}

static void
consume(struct rib_in *s, size_t n)
{
	s->line += lines_in((const char *)s->buf.p, n);
	buf_consume(&s->buf, n);
}

/* Members from the front of buf, which stands behind the opening brace or a comma. */
static int
object_take(struct rib_in *s, struct err *e)
{
	size_t used = 0;

	while (member_end(s)) {
		const char *p = (const char *)s->buf.p + used;
		struct str member = {p, s->seen - used};
		bool last = s->buf.p[s->seen] == '}';

		member_take(s, member);
		s->line += lines_in(p, member.len);
		used = ++s->seen;
		if (last) {
			s->form = RIB_FRESH;
			break;
		}
	}
	buf_consume(&s->buf, used);
	s->seen -= used;
	if (s->form == RIB_OBJECT && s->buf.len > RIB_ITEM_MAX)
		return err_set(
		    e, "line %llu: a prefix with over a mebibyte of routes", (unsigned long long)s->line);
	return 0;
}

/* No key of a route has one of these, and every prefix does. */
static bool
is_prefix_key(const char *p, size_t len)
{
	return memchr(p, '.', len) != NULL || memchr(p, ':', len) != NULL;
}

/* Finds out what begins here. False: it takes more bytes to tell. */
static bool
form_tell(struct rib_in *s, bool end)
{
	const char *start = (const char *)s->buf.p, *stop = start + s->buf.len, *p = start;

	while (p < stop && is_space(*p))
		p++;
	consume(s, (size_t)(p - start));
	struct json j = {(const char *)s->buf.p, (const char *)s->buf.p + s->buf.len, NULL};
	if (j.p == j.end)
		return false;
	s->form = RIB_LINES;
	if (!json_take(&j, '{'))
		return true;
	json_space(&j);
	if (j.p < j.end && *j.p == '}') {
		s->form = RIB_OBJECT;
	} else if (j.p < j.end && *j.p == '"') {
		const char *quote = memchr(j.p + 1, '"', (size_t)(j.end - j.p - 1));

		if (quote != NULL && is_prefix_key(j.p + 1, (size_t)(quote - j.p - 1)))
			s->form = RIB_OBJECT;
		else if (quote == NULL && !end && s->buf.len < RIB_ITEM_MAX)
			s->form = RIB_FRESH;
	} else if (j.p == j.end && !end && s->buf.len < RIB_ITEM_MAX) {
		s->form = RIB_FRESH;
	}
	if (s->form == RIB_OBJECT) {
		buf_consume(&s->buf, 1);
		s->seen = 0;
		s->depth = 0;
		s->in_string = s->escaped = false;
	}
	return s->form != RIB_FRESH;
}

/* All that is whole in buf. */
static int
take(struct rib_in *s, bool end, struct err *e)
{
	while (s->form != RIB_FRESH || form_tell(s, end)) {
		if (s->form == RIB_LINES) {
			buf_consume(&s->buf, lines_take(s));
			return 0;
		}
		if (object_take(s, e) == -1)
			return -1;
		if (s->form == RIB_OBJECT)
			return 0;
	}
	return 0;
}

int
rib_in_add(struct rib_in *s, const void *p, size_t len, struct err *e)
{
	if (len == 0)
		return 0;
	buf_add(&s->buf, p, len);
	return take(s, false, e);
}

int
rib_in_end(struct rib_in *s, struct err *e)
{
	int rc;

	buf_putc(&s->buf, '\n'); /* the last line may lack it */
	rc = take(s, true, e);
	if (rc == 0 && s->form == RIB_OBJECT)
		rc = err_set(e, "line %llu: the object of prefixes has no end",
		    (unsigned long long)(s->line + lines_in((char *)s->buf.p, s->buf.len) - 1));
	s->buf.len = 0;
	s->form = RIB_FRESH;
	s->skipping = false;
	s->line = 1;
	return rc;
}
