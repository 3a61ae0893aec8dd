/*
 * One object to one row. Collectors write the same keys in the same order line
 * after line, so each key remembers which one followed it, and the next key is
 * compared with that before it is looked up. Values go from their usual form
 * (ndjson_fast.h) straight into the builder's columns. Whatever is not as
 * expected takes the slow and complete way, member by member: key_read() and
 * value_read().
 */
#include "flow/ndjson_fast.h"
#include "flow/ndjson_in.h"

enum { LIST_ROOM = 4096 }; /* for lists of the usual length */

#define likely(condition) __builtin_expect(!!(condition), 1)

static inline bool
key_matches(const struct key *k, const char *p)
{
	uint64_t diff = 0;

	for (unsigned i = 0; i < KEY_WORDS; i++)
		diff |= (load_le64(p + 8 * i) ^ k->words[i]) & k->mask[i];
	return diff == 0;
}

/* A key that did not come as expected. The place after it, or NULL with words. */
static const char *
key_read(struct ndjson_reader *r, const char *p, struct key **k, struct err *e)
{
	struct json j = line_json(r, p);
	struct json_value v;
	struct str name;

	json_space(&j);
	if (j.p == j.end || *j.p != '"') {
		json_unexpected(&j, "a key", e);
		return NULL;
	}
	const char *after = fast_str(j.p, &name);
	if (after == NULL) {
		if (json_value(&j, &v, e) == -1)
			return NULL;
		name = json_text(&v, (char *)buf_reserve(&r->text, v.text.len));
		after = j.p;
	}
	*k = keys_find(&r->keys[r->dialect], name);
	return after;
}

/* The place after a colon or comma with space around it. */
static const char *
punctuation_read(struct ndjson_reader *r, const char *p, char c, const char *expected, struct err *e)
{
	struct json j = line_json(r, p);

	if (!json_take(&j, c)) {
		json_unexpected(&j, expected, e);
		return NULL;
	}
	json_space(&j);
	return j.p;
}

/* A loop, so that the usual case is a branch foretold and not a load that the next one waits for. */
static inline const char *
space_skip(const char *p)
{
	while (!likely(*p != ' '))
		p++;
	return p;
}

static inline const char *
list_fast(struct ndjson_reader *r, struct builder *bd, enum field f, const char *p)
{
	size_t len;

	r->list.len = 0;
	char *to = (char *)buf_reserve(&r->list, LIST_ROOM);
	if ((p = fast_list(p, to, LIST_ROOM, &len)) != NULL)
		builder_str(bd, f, (struct str){to, len});
	return p;
}

static inline const char *
value_fast(struct ndjson_reader *r, struct builder *bd, const struct key *k, const char *p)
{
	struct addr a;
	struct str s;
	uint64_t n;

	switch (k->fast) {
	case FAST_UINT:
		if ((p = fast_uint(p, &n)) == NULL || n > k->max)
			return NULL;
		switch (k->width) {
		case 1:
			builder_u8(bd, k->field, (uint8_t)n);
			break;
		case 2:
			builder_u16(bd, k->field, (uint16_t)n);
			break;
		case 4:
			builder_u32(bd, k->field, (uint32_t)n);
			break;
		default:
			builder_u64(bd, k->field, n);
		}
		return p;
	case FAST_TIME:
		if ((p = fast_time(p, &n)) != NULL)
			builder_u64(bd, k->field, n);
		return p;
	case FAST_ADDR:
		if ((p = fast_addr(p, &a)) != NULL)
			builder_addr(bd, k->field, &a);
		return p;
	case FAST_STR:
		if ((p = fast_str(p, &s)) != NULL)
			builder_str(bd, k->field, s);
		return p;
	case FAST_LIST:
		return list_fast(r, bd, k->field, p);
	case FAST_BOOL:
		if (memcmp(p, "true", 4) != 0)
			return NULL;
		builder_u8(bd, k->field, 1);
		return p + 4;
	default:
		return NULL;
	}
}

/* The members of an object whose brace was read. The place after its end, or NULL: restart, or words. */
static const char *
object_read(struct ndjson_reader *r, const char *p, struct builder *bd, struct err *e)
{
	struct key *last = &r->keys[r->dialect].head;

	if (*p != '"') {
		struct json empty = line_json(r, p);

		if (json_take(&empty, '}'))
			return empty.p;
	}
	for (;;) {
		struct key *k = last->next;
		const char *key_at = p, *value;

		if (likely(key_matches(k, p))) {
			p += k->len;
		} else {
			if ((p = key_read(r, p, &k, e)) == NULL)
				return NULL;
			last->next = k;
			key_at = rawmemchr(key_at, '"');
		}
		last = k;
		if (k->tells >= 0 && !r->told) {
			r->told = true;
			r->restart = k->tells != (int8_t)r->dialect;
			if (r->restart) {
				r->dialect = (enum dialect)k->tells;
				return NULL;
			}
		}
		if (likely(*p == ':'))
			p = space_skip(p + 1);
		else if ((p = punctuation_read(r, p, ':', "':'", e)) == NULL)
			return NULL;
		value = value_fast(r, bd, k, p);
		if (value == NULL && (value = value_read(r, bd, k, key_at, p, e)) == NULL)
			return NULL;
		p = value;
		if (likely(*p == ',')) {
			p = space_skip(p + 1);
			continue;
		}
		if (*p == '}')
			return p + 1;
		struct json j = line_json(r, p);
		if (json_take(&j, '}'))
			return j.p;
		if ((p = punctuation_read(r, p, ',', "',' or '}'", e)) == NULL)
			return NULL;
	}
}

/* The dialect may turn out to be another than was thought. */
const char *
row_read(struct ndjson_reader *r, const char *p, struct builder *bd, struct err *e)
{
	const char *after;

	r->told = r->forced;
	for (;;) {
		r->restart = r->marked = r->spare_start = r->spare_end = false;
		r->extra.len = 0;
		builder_row(bd);
		after = object_read(r, p, bd, e);
		if (after != NULL && !r->told && r->dialect != DIALECT_NATIVE) {
			/* Nothing told that the guess was right. */
			r->dialect = DIALECT_NATIVE;
			r->told = r->restart = true;
		}
		if (after != NULL && !r->restart && !r->marked) {
			row_complete(r, bd);
			return after;
		}
		builder_undo(bd);
		if (!r->restart)
			return after;
	}
}
