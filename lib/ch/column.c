#include "ch/column.h"

#include "flow/json.h"

/* Of the flags of LowCardinality: the keys come with the block, and it needs no others. */
#define LOW_OWN_KEYS (UINT64_C(1) << 9 | UINT64_C(1) << 10)
#define LOW_VERSION UINT64_C(1)

static const struct ch_type *
unwrap(const struct ch_type *t, enum ch_kind kind, bool *found)
{
	*found = t->kind == kind;
	return *found ? t->inner : t;
}

/* The keys or the values of a Map. */
static int
half_init(struct column *c, const struct column *map, const struct field_info *info, const struct ch_type *t,
    struct err *e)
{
	*c = (struct column){.name = map->name, .type = map->type, .field = map->field};
	t = unwrap(t, CH_LOW_CARDINALITY, &c->low);
	if (t->kind != CH_STRING)
		return err_set(
		    e, "the field %.*s fills a Map of String to String", (int)info->name.len, info->name.p);
	return convert_init(&c->conv, info, true, t, e);
}

static int
map_init(struct column *c, struct arena *types, const struct field_info *info, const struct ch_type *t,
    struct err *e)
{
	if (info->type != TYPE_JSON && info->type != TYPE_LIST)
		return err_set(e, "the field %.*s cannot fill it", (int)info->name.len, info->name.p);
	c->labels = info->type == TYPE_LIST;
	c->pair = arena_zero(types, 2 * sizeof *c->pair);
	if (half_init(&c->pair[0], c, info, t->inner, e) == -1)
		return -1;
	return half_init(&c->pair[1], c, info, t->value, e);
}

int
column_init(struct column *c, struct arena *types, const struct ch_column *in, enum field f, struct err *e)
{
	const struct ch_type *t = ch_type_parse(types, in->type, e);
	const struct field_info *info = field_by_id(f);

	*c = (struct column){.name = in->name, .type = in->type, .field = f};
	if (t == NULL)
		return err_wrap(e, "column %.*s", (int)in->name.len, in->name.p);
	if (t->kind == CH_MAP) {
		if (map_init(c, types, info, t, e) == 0)
			return 0;
		return err_wrap(e, "column %.*s of type %.*s", (int)in->name.len, in->name.p,
		    (int)in->type.len, in->type.p);
	}
	t = unwrap(t, CH_ARRAY, &c->array);
	t = unwrap(t, CH_LOW_CARDINALITY, &c->low);
	t = unwrap(t, CH_NULLABLE, &c->nullable);
	if (t->inner != NULL || (c->array && info->type != TYPE_LIST))
		err_set(e, "the field %.*s cannot fill it", (int)info->name.len, info->name.p);
	else if (convert_init(&c->conv, info, c->array, t, e) == 0)
		return 0;
	return err_wrap(
	    e, "column %.*s of type %.*s", (int)in->name.len, in->name.p, (int)in->type.len, in->type.p);
}

void
column_release(struct column *c)
{
	buf_release(&c->offsets);
	buf_release(&c->nulls);
	buf_release(&c->values);
	dict_release(&c->keys);
	for (int i = 0; c->pair != NULL && i < 2; i++)
		column_release(&c->pair[i]);
}

size_t
column_size(const struct column *c)
{
	size_t pair = c->pair != NULL ? column_size(&c->pair[0]) + column_size(&c->pair[1]) : 0;

	return c->offsets.len + c->nulls.len + c->values.len + c->keys.keys.len + pair;
}

/* Bytes of a value in c->values: of T, or of an index. */
static uint32_t
cell_width(const struct column *c)
{
	return c->low ? 4 : c->conv.to->width;
}

/* The index of the default value, or of NULL. */
static uint32_t
low_none(struct column *c)
{
	uint8_t none[CH_FIXED_MAX];
	size_t len = convert_none(&c->conv, none);

	if (!c->nullable)
		return dict_index(&c->keys, none, len);
	if (c->keys.count == 0)
		dict_hide(&c->keys, none, len);
	return 0;
}

/* Indexes of the first n entries of the column. */
static void
low_fill(struct column *c, const struct col *src, uint32_t n, uint8_t *out, struct arena *scratch)
{
	uint32_t width = c->conv.to->width;
	uint8_t *keys = width != 0 ? arena_alloc(scratch, (size_t)n * width) : NULL;
	struct buf text = {0};

	low_none(c);
	if (width != 0)
		convert_fixed(&c->conv, src, n, keys);
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *key;
		size_t len = width;

		if (width != 0)
			key = keys + (size_t)i * width;
		else {
			key = buf_reserve(&text, convert_room(&c->conv, src, i));
			len = convert_string(&c->conv, src, i, text.p);
		}
		uint32_t index = dict_index(&c->keys, key, len);
		memcpy(out + (size_t)i * 4, &index, 4);
	}
	buf_release(&text);
}

static void
cells_fill(struct column *c, const struct col *src, uint32_t n, uint8_t *out, struct arena *scratch)
{
	if (c->low)
		low_fill(c, src, n, out, scratch);
	else
		convert_fixed(&c->conv, src, n, out);
}

/* out[row] = cells[the row's slot], for each width that a compiler can make a plain move of. */
static void
gather(uint8_t *out, const uint8_t *cells, const struct col *src, uint32_t rows, uint32_t width)
{
#define GATHER(n)                                                                                   \
	case n:                                                                                     \
		for (uint32_t i = 0; i < rows; i++)                                                 \
			memcpy(out + (size_t)i * (n), cells + (size_t)col_slot(src, i) * (n), (n)); \
		break
	switch (width) {
		GATHER(1);
		GATHER(2);
		GATHER(4);
		GATHER(8);
		GATHER(16);
	default:
		for (uint32_t i = 0; i < rows; i++)
			memcpy(out + (size_t)i * width, cells + (size_t)col_slot(src, i) * width, width);
	}
#undef GATHER
}

static void
cell_none(struct column *c, uint8_t *out)
{
	if (c->low) {
		uint32_t index = low_none(c);
		memcpy(out, &index, 4);
	} else
		convert_none(&c->conv, out);
}

/* Overwrites the rows that have no value. */
static void
cells_blank(struct column *c, const struct col *src, uint32_t rows, uint8_t *out, uint32_t width)
{
	uint8_t none[CH_FIXED_MAX];

	cell_none(c, none);
	for (uint32_t i = 0; i < rows; i++)
		if (!col_has(src, i))
			memcpy(out + (size_t)i * width, none, width);
}

static void
add_fixed(struct column *c, const struct col *src, uint32_t rows, struct arena *scratch)
{
	uint32_t width = cell_width(c);
	uint8_t *out = buf_reserve(&c->values, (size_t)rows * width);

	if (src->encoding == COL_PLAIN)
		cells_fill(c, src, rows, out, scratch);
	else {
		uint8_t *cells = arena_alloc(scratch, (size_t)src->entries * width);

		cells_fill(c, src, src->entries, cells, scratch);
		gather(out, cells, src, rows, width);
	}
	if (src->present != NULL)
		cells_blank(c, src, rows, out, width);
	c->values.len += (size_t)rows * width;
}

/* One element of a list to out; nothing is known of its length before. */
static void
element_put(struct column *c, struct str v, struct buf *out)
{
	uint32_t width = c->conv.to->width;
	size_t room = width != 0 ? width : convert_element_room(v);
	uint8_t *p = buf_reserve(out, room + 4);
	size_t len = width;

	if (width != 0)
		convert_element_fixed(&c->conv, v, p);
	else
		len = convert_element_string(v, p);
	if (c->low) {
		uint32_t index = dict_index(&c->keys, p, len);
		memcpy(p, &index, 4);
		len = 4;
	}
	out->len += len;
}

/* An entry's bytes, appended to out; the count of elements of a list. */
static uint32_t
entry_put(struct column *c, const struct col *src, uint32_t entry, struct buf *out)
{
	uint32_t elements = 0;

	if (!c->array) {
		uint8_t *p = buf_reserve(out, convert_room(&c->conv, src, entry));
		out->len += convert_string(&c->conv, src, entry, p);
		return 0;
	}
	struct str list = col_entry_str(src, entry);
	for (const char *p = list.p, *end = p + list.len; p < end; elements++) {
		size_t len = strnlen(p, (size_t)(end - p));

		element_put(c, (struct str){p, len}, out);
		p += len + 1;
	}
	return elements;
}

/* The members of an object without its braces, which our reader has checked: each name, and its value as text. */
static uint32_t
members_put(struct column *c, struct str members, struct buf *text)
{
	struct json j = {members.p, members.p + members.len, members.p};
	struct json_value key, value;
	uint32_t n = 0;

	while (json_value(&j, &key, NULL) == 0 && json_take(&j, ':') && json_value(&j, &value, NULL) == 0) {
		struct json_value *both[] = {&key, &value};

		for (int i = 0; i < 2; i++) {
			char *room = (char *)buf_reserve(text, both[i]->text.len + 1);
			struct str v =
			    both[i]->kind == JSON_STRING ? json_text(both[i], room) : both[i]->text;

			element_put(&c->pair[i], v, &c->pair[i].values);
		}
		json_take(&j, ',');
		n++;
	}
	return n;
}

/* A list's strings, "name=value" or a name alone. */
static uint32_t
labels_put(struct column *c, struct str list)
{
	uint32_t n = 0;

	for (const char *p = list.p, *end = p + list.len; p < end; n++) {
		size_t len = strnlen(p, (size_t)(end - p));
		const char *equals = memchr(p, '=', len);
		size_t name = equals != NULL ? (size_t)(equals - p) : len;
		size_t skip = name + (equals != NULL);

		element_put(&c->pair[0], (struct str){p, name}, &c->pair[0].values);
		element_put(&c->pair[1], (struct str){p + skip, len - skip}, &c->pair[1].values);
		p += len + 1;
	}
	return n;
}

static void
add_members(struct column *c, const struct col *src, uint32_t rows)
{
	struct buf text = {0};

	for (int i = 0; i < 2; i++)
		if (c->pair[i].low)
			low_none(&c->pair[i]);
	for (uint32_t i = 0; i < rows; i++) {
		if (src != NULL && col_has(src, i)) {
			struct str v = col_entry_str(src, col_slot(src, i));

			c->elements += c->labels ? labels_put(c, v) : members_put(c, v, &text);
		}
		buf_le64(&c->offsets, c->elements);
	}
	buf_release(&text);
}

/* An entry that was turned into bytes once, for all the rows that have it. */
struct piece {
	uint32_t from, len, elements;
};

static void
add_shared(struct column *c, const struct col *src, uint32_t rows, uint32_t *elements, struct arena *scratch)
{
	/* The last piece is for rows without a value: an empty String, or an Array of nothing. */
	struct piece *pieces = arena_alloc(scratch, ((size_t)src->entries + 1) * sizeof *pieces);
	struct buf bytes = {0};
	size_t total = 0;

	for (uint32_t i = 0; i < src->entries; i++) {
		uint32_t from = (uint32_t)bytes.len, count = entry_put(c, src, i, &bytes);
		pieces[i] = (struct piece){from, (uint32_t)bytes.len - from, count};
	}
	pieces[src->entries] = (struct piece){(uint32_t)bytes.len, c->array ? 0 : 1, 0};
	buf_putc(&bytes, '\0');
	for (uint32_t i = 0; i < rows; i++)
		total += pieces[col_has(src, i) ? col_slot(src, i) : src->entries].len;
	uint8_t *out = buf_reserve(&c->values, total);
	for (uint32_t i = 0; i < rows; i++) {
		const struct piece *p = &pieces[col_has(src, i) ? col_slot(src, i) : src->entries];

		memcpy(out, bytes.p + p->from, p->len);
		out += p->len;
		elements[i] = p->elements;
	}
	c->values.len += total;
	buf_release(&bytes);
}

static void
add_variable(struct column *c, const struct col *src, uint32_t rows, struct arena *scratch)
{
	uint32_t *elements = arena_alloc(scratch, (size_t)rows * sizeof *elements), total = 0;

	if (c->low)
		low_none(c);
	if (src->encoding != COL_PLAIN)
		add_shared(c, src, rows, elements, scratch);
	else
		for (uint32_t i = 0; i < rows; i++) {
			elements[i] = 0;
			if (col_has(src, i))
				elements[i] = entry_put(c, src, i, &c->values);
			else if (!c->array)
				buf_putc(&c->values, '\0');
		}
	if (!c->array)
		return;
	for (uint32_t i = 0; i < rows; i++) {
		total += elements[i];
		buf_le64(&c->offsets, c->elements + total);
	}
	c->elements += total;
	if (c->nullable && !c->low) {
		memset(buf_reserve(&c->nulls, total), 0, total);
		c->nulls.len += total;
	}
}

/* Rows of a batch that lacks the field. */
static void
add_absent(struct column *c, uint32_t rows)
{
	uint8_t none[CH_FIXED_MAX];
	size_t width = cell_width(c) != 0 ? cell_width(c) : 1;

	if (c->array) {
		for (uint32_t i = 0; i < rows; i++)
			buf_le64(&c->offsets, c->elements);
		return;
	}
	cell_none(c, none);
	for (uint32_t i = 0; i < rows; i++)
		buf_add(&c->values, none, width);
}

static void
add_nulls(struct column *c, const struct col *src, uint32_t rows)
{
	uint8_t *out = buf_reserve(&c->nulls, rows);

	memset(out, src == NULL, rows);
	if (src != NULL && src->present != NULL)
		for (uint32_t i = 0; i < rows; i++)
			out[i] = !col_has(src, i);
	c->nulls.len += rows;
}

void
column_add(struct column *c, const struct batch *b, struct arena *scratch)
{
	const struct col *src = batch_col(b, c->field);

	if (c->nullable && !c->low && !c->array)
		add_nulls(c, src, b->rows);
	if (c->pair != NULL)
		add_members(c, src, b->rows);
	else if (src == NULL)
		add_absent(c, b->rows);
	else if (c->array || cell_width(c) == 0)
		add_variable(c, src, b->rows, scratch);
	else
		add_fixed(c, src, b->rows, scratch);
}

static void
put_text(struct buf *out, struct str s)
{
	out->len += varuint_put(buf_reserve(out, 10), s.len);
	buf_add(out, s.p, s.len);
}

/* Keys and indexes, in the narrowest width that holds the highest index. */
static void
low_write(struct column *c, struct buf *out)
{
	uint32_t n = (uint32_t)(c->values.len / 4);
	const uint8_t *index = c->values.p;
	unsigned log2 = c->keys.count <= 0x100 ? 0 : c->keys.count <= 0x10000 ? 1 : 2;

	if (n == 0)
		return;
	buf_le64(out, LOW_OWN_KEYS | log2);
	buf_le64(out, c->keys.count);
	buf_add(out, c->keys.keys.p, c->keys.keys.len);
	buf_le64(out, n);
	uint8_t *p = buf_reserve(out, (size_t)n << log2);
	for (uint32_t i = 0; i < n; i++)
		memcpy(p + ((size_t)i << log2), index + (size_t)i * 4, (size_t)1 << log2);
	out->len += (size_t)n << log2;
}

static void
write_version(const struct column *c, struct buf *out)
{
	for (int i = 0; c->pair != NULL && i < 2; i++)
		write_version(&c->pair[i], out);
	if (c->low)
		buf_le64(out, LOW_VERSION);
}

static void
write_data(struct column *c, struct buf *out)
{
	buf_add(out, c->offsets.p, c->offsets.len);
	buf_add(out, c->nulls.p, c->nulls.len);
	if (c->low)
		low_write(c, out);
	else
		buf_add(out, c->values.p, c->values.len);
	for (int i = 0; c->pair != NULL && i < 2; i++)
		write_data(&c->pair[i], out);
	c->offsets.len = c->nulls.len = c->values.len = 0;
	c->elements = 0;
	dict_clear(&c->keys);
}

void
column_write(struct column *c, struct buf *out)
{
	put_text(out, c->name);
	put_text(out, c->type);
	write_version(c, out);
	write_data(c, out);
}
