/*
 * Text to lines and lines to objects, which row_read() reads. Every line ends in
 * a newline with LINE_SLACK readable bytes behind it, where need be in a copy of
 * ours; that is what makes reading by words safe: no token goes on over a newline.
 */
#include <stdlib.h>

#include "flow/ndjson_in.h"
#include "io/clock.h"

struct ndjson_reader *
ndjson_reader_new(const struct ndjson_options *o, struct err *e)
{
	enum dialect d = DIALECT_NATIVE;

	if (o->dialect != NULL && dialect_parse(&d, o->dialect, e) == -1)
		return NULL;
	if (o->zone != NULL && !clock_zone_known(o->zone)) {
		err_set(e, "'%s' is not a time zone of the tz database", o->zone);
		return NULL;
	}
	struct ndjson_reader *r = mem_zero(1, sizeof *r);
	for (int i = 0; i < DIALECTS; i++)
		keys_init(&r->keys[i], (enum dialect)i);
	r->forced = o->dialect != NULL;
	r->dialect = d;
	r->zone = o->zone;
	r->zone_slot = INT64_MIN;
	return r;
}

void
ndjson_reader_free(struct ndjson_reader *r)
{
	if (r == NULL)
		return;
	for (int i = 0; i < DIALECTS; i++)
		keys_release(&r->keys[i]);
	buf_release(&r->object);
	buf_release(&r->copy);
	buf_release(&r->text);
	buf_release(&r->element);
	buf_release(&r->list);
	buf_release(&r->extra);
	buf_release(&r->token);
	free(r);
}

const struct ndjson_counts *
ndjson_reader_counts(const struct ndjson_reader *r)
{
	return &r->counts;
}

struct json
line_json(struct ndjson_reader *r, const char *p)
{
	if (r->end == NULL)
		r->end = rawmemchr(p, '\n');
	return (struct json){p, r->end, r->line};
}

/*
 * What may stand after an object: space, and in an array what joins its elements.
 * An object over several lines is taken for such an element anyway, for nfdump -q
 * leaves out the brackets and not the commas.
 */
static int
line_end_check(struct ndjson_reader *r, const char *p, struct err *e)
{
	struct json j = line_json(r, p);

	if (r->in_array || r->object.len > 0) {
		json_take(&j, ',');
		r->in_array = !json_take(&j, ']') && r->in_array;
	}
	json_space(&j);
	if (j.p != j.end)
		return json_unexpected(&j, "the end of the line", e);
	return 0;
}

/* The object that begins after the brace before p. */
static enum ndjson_result
object_line(struct ndjson_reader *r, const char *p, struct builder *bd, struct str *mark, struct err *e)
{
	p = row_read(r, p, bd, e);
	if (p == NULL)
		return NDJSON_BAD;
	if (*p == '\n') {
		r->end = p;
	} else if (line_end_check(r, p, e) == -1) {
		if (!r->marked)
			builder_undo(bd);
		return NDJSON_BAD;
	}
	if (!r->marked)
		return NDJSON_ROW;
	*mark = (struct str){(const char *)r->token.p, r->token.len};
	return NDJSON_MARK;
}

/* How deep the line ends, begun at `depth`; strings do not go on over lines. */
static unsigned
depth_after(const char *p, const char *end, unsigned depth)
{
	bool inside = false;

	for (; p < end && depth > 0; p++) {
		if (inside && *p == '\\')
			p++;
		else if (*p == '"')
			inside = !inside;
		else if (!inside && (*p == '{' || *p == '['))
			depth++;
		else if (!inside && (*p == '}' || *p == ']'))
			depth--;
	}
	return depth;
}

/* One more line of an object over several; with the last one it is read as one line. */
static enum ndjson_result
partial_line(struct ndjson_reader *r, const char *p, struct builder *bd, struct str *mark, struct err *e)
{
	const char *end = line_json(r, p).end;

	r->object_depth = depth_after(p, end, r->object_depth);
	if (r->object.len + (size_t)(end - p) > NDJSON_LINE_MAX) {
		r->object.len = 0;
		err_set(e, "the object that began in line %llu is longer than %d bytes",
		    (unsigned long long)r->object_line, NDJSON_LINE_MAX);
		return NDJSON_BAD;
	}
	buf_add(&r->object, p, (size_t)(end - p));
	if (r->object_depth > 0) {
		buf_putc(&r->object, '\r'); /* space, and still an error in a string */
		return NDJSON_PARTIAL;
	}
	memset(buf_reserve(&r->object, LINE_SLACK + 1), '\n', LINE_SLACK + 1);
	r->line = (const char *)r->object.p;
	r->end = r->line + r->object.len;
	enum ndjson_result result = object_line(r, r->line + 1, bd, mark, e);
	r->object.len = 0;
	return result;
}

/* Begins an object over several lines if nothing follows its brace at p. */
static bool
partial_begins(struct ndjson_reader *r, const char *p)
{
	struct json j = line_json(r, p + 1);

	json_space(&j);
	if (j.p != j.end)
		return false;
	buf_add(&r->object, "{ ", 2);
	r->object_line = r->counts.lines;
	r->object_column = p - r->line;
	r->object_depth = 1;
	return true;
}

/*
 * One line; *p moves over it and its newline. An object that a new one, indented
 * no deeper, cuts off is a bad line of its own: then *p stays.
 */
static enum ndjson_result
line_read(struct ndjson_reader *r, const char **p, struct builder *bd, struct str *mark, struct err *e)
{
	enum ndjson_result result;
	const char *at = *p;

	r->line = at;
	r->end = NULL;
	if (r->object.len > 0) {
		struct json j = line_json(r, at);

		json_space(&j);
		if (*j.p == '{' && j.p - at <= r->object_column) {
			r->object.len = 0;
			err_set(e, "the object that began in line %llu is cut off",
			    (unsigned long long)r->object_line);
			return NDJSON_BAD;
		}
		r->counts.lines++;
		const char *end = j.end;
		result = partial_line(r, at, bd, mark, e);
		*p = end + 1;
		return result;
	}
	r->counts.lines++;
	if (*at != '{') {
		struct json j = line_json(r, at);

		if (json_take(&j, '['))
			r->in_array = true;
		while (r->in_array && json_take(&j, ','))
			;
		if (r->in_array && json_take(&j, ']'))
			r->in_array = false;
		json_space(&j);
		at = j.p;
	}
	if (*at == '\n')
		result = NDJSON_NOTHING;
	else if (*at != '{') {
		struct json j = line_json(r, at);

		json_unexpected(&j, "an object", e);
		result = NDJSON_BAD;
	} else if ((uint8_t)at[1] <= ' ' && partial_begins(r, at)) {
		result = NDJSON_PARTIAL;
	} else {
		result = object_line(r, at + 1, bd, mark, e);
	}
	const char *end = line_json(r, at).end;
	*p = end + 1;
	if (end - r->line <= NDJSON_LINE_MAX)
		return result;
	if (result == NDJSON_ROW)
		builder_undo(bd);
	err_set(e, "longer than %d bytes", NDJSON_LINE_MAX);
	return NDJSON_BAD;
}

/* The line in our own memory, where it has its newline and slack. */
static const char *
line_copy(struct ndjson_reader *r, const char *p, size_t len)
{
	r->copy.len = 0;
	buf_add(&r->copy, p, len);
	memset(buf_reserve(&r->copy, LINE_SLACK + 1), '\n', LINE_SLACK + 1);
	return (const char *)r->copy.p;
}

enum ndjson_result
ndjson_read(struct ndjson_reader *r, struct str line, struct builder *bd, struct str *mark, struct err *e)
{
	if (line.len > 0 && line.p[line.len - 1] == '\n')
		line.len--;
	const char *p = line_copy(r, line.p, line.len);
	for (char *at = (char *)r->copy.p; (at = memchr(at, '\n', (size_t)(p + line.len - at))) != NULL;)
		*at = '\r'; /* space between tokens, and still an error in a string */
	r->in_array = false;
	r->object.len = 0;
	enum ndjson_result result = line_read(r, &p, bd, mark, e);
	if (result == NDJSON_PARTIAL) {
		err_set(e, "an object without an end");
		result = NDJSON_BAD;
	}
	r->object.len = 0;
	return result;
}

/* Text without a newline that is too long to wait for one. */
static size_t
long_line_skip(struct ndjson_reader *r, size_t len, enum ndjson_result *last, struct err *e)
{
	if (len <= NDJSON_LINE_MAX)
		return 0;
	r->skipping = true;
	r->counts.lines++;
	err_set(e, "longer than %d bytes", NDJSON_LINE_MAX);
	*last = NDJSON_BAD;
	return len;
}

size_t
ndjson_read_many(struct ndjson_reader *r, struct str text, struct builder *bd, enum ndjson_result *last,
    struct str *mark, struct err *e)
{
	const char *p = text.p, *newline = memrchr(text.p, '\n', text.len), *in_place = NULL;

	*last = NDJSON_NOTHING;
	if (newline == NULL)
		return r->skipping ? text.len : long_line_skip(r, text.len, last, e);
	if (r->skipping) {
		r->skipping = false;
		p = (const char *)memchr(p, '\n', text.len) + 1;
	}
	/* The last line that has its slack where it stands; those after it are copied. */
	if (text.len > LINE_SLACK)
		in_place = memrchr(text.p, '\n', text.len - LINE_SLACK);
	while (p <= newline && !builder_full(bd) && *last != NDJSON_MARK && *last != NDJSON_BAD) {
		if (in_place != NULL && p <= in_place) {
			*last = line_read(r, &p, bd, mark, e);
			continue;
		}
		size_t len = (size_t)((const char *)rawmemchr(p, '\n') - p);
		const char *copy = line_copy(r, p, len), *at = copy;
		*last = line_read(r, &at, bd, mark, e);
		if (at != copy)
			p += len + 1;
	}
	return (size_t)(p - text.p);
}

size_t
ndjson_read_last(struct ndjson_reader *r, struct str text, struct builder *bd, enum ndjson_result *last,
    struct str *mark, struct err *e)
{
	*last = NDJSON_NOTHING;
	if (builder_full(bd) || (text.len == 0 && r->object.len == 0) || r->skipping)
		return r->skipping ? text.len : 0;
	const char *copy = line_copy(r, text.p, text.len), *at = copy;
	*last = line_read(r, &at, bd, mark, e);
	if (*last == NDJSON_PARTIAL) {
		err_set(
		    e, "the object that began in line %llu has no end", (unsigned long long)r->object_line);
		r->object.len = 0;
		*last = NDJSON_BAD;
	}
	return at != copy ? text.len : 0;
}
