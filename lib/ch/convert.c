#include "ch/convert.h"

#include <math.h>
#include <stdio.h>

#include "base/civil.h"
#include "base/num.h"

enum { SHORT_TEXT_MAX = 64 }; /* of a number, time, address or MAC */

static bool
is_integer(enum field_type t)
{
	return t == TYPE_BOOL || t == TYPE_U8 || t == TYPE_U16 || t == TYPE_U32 || t == TYPE_U64;
}

static bool
can_fill(enum field_type from, bool element, const struct ch_type *to)
{
	switch (to->kind) {
	case CH_UINT:
	case CH_INT:
		return is_integer(from) || from == TYPE_REAL || from == TYPE_TIME ||
		       (from == TYPE_MAC && to->width == 8) ||
		       (from == TYPE_ADDR && to->kind == CH_UINT && to->width == 4) ||
		       (from == TYPE_STR && element);
	case CH_FLOAT:
		return is_integer(from) || from == TYPE_REAL || from == TYPE_TIME;
	case CH_BOOL:
		return is_integer(from);
	case CH_STRING:
		return true;
	case CH_FIXED:
		return from == TYPE_STR || (from == TYPE_ADDR && to->width == 16) ||
		       (from == TYPE_MAC && (to->width == 6 || to->width == 17));
	case CH_DATE:
	case CH_DATE32:
	case CH_DATETIME:
	case CH_DATETIME64:
		return from == TYPE_TIME;
	case CH_IPV4:
	case CH_IPV6:
		return from == TYPE_ADDR;
	case CH_ENUM:
		return is_integer(from) || from == TYPE_STR;
	default:
		return false;
	}
}

int
convert_init(
    struct convert *c, const struct field_info *f, bool element, const struct ch_type *to, struct err *e)
{
	*c = (struct convert){
	    .from = element ? TYPE_STR : (enum field_type)f->type, .to = to, .mask = f->id == FIELD_tcpflags};
	if (!can_fill(c->from, element, to))
		return err_set(e, "the field %.*s cannot fill it", (int)f->name.len, f->name.p);
	if (to->kind == CH_UINT)
		c->max = UINT64_MAX >> (64 - 8 * to->width);
	else if (to->kind == CH_INT)
		c->max = UINT64_MAX >> (65 - 8 * to->width);
	else if (to->kind == CH_ENUM)
		memcpy(c->none, &to->values[0].value, to->width);
	return 0;
}

size_t
varuint_put(uint8_t *p, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	return n;
}

size_t
convert_none(const struct convert *c, uint8_t *out)
{
	size_t width = c->to->width != 0 ? c->to->width : 1;

	memset(out, 0, width);
	memcpy(out, c->none, width < sizeof c->none ? width : sizeof c->none);
	return width;
}

static float
entry_real(const struct col *col, uint32_t entry)
{
	float v;

	memcpy(&v, col->values + (size_t)entry * sizeof v, sizeof v);
	return v;
}

static void
integer_put(struct convert *c, uint64_t n, uint8_t *out)
{
	if (n > c->max) {
		c->unfit += !c->mask;
		n = c->mask ? n & c->max : c->max;
	}
	memcpy(out, &n, c->to->width);
}

/* A number: of an integer, real, time, MAC or IPv4 address. */
static uint64_t
entry_number(struct convert *c, const struct col *col, uint32_t entry)
{
	switch (c->from) {
	case TYPE_TIME:
		return col_entry_u64(col, entry) / 1000;
	case TYPE_REAL: {
		float v = entry_real(col, entry);

		if (v >= 0 && v < 0x1p63F)
			return (uint64_t)llrintf(v);
		c->unfit++;
		return v > 0 ? UINT64_MAX : 0;
	}
	case TYPE_ADDR: {
		struct addr a = col_entry_addr(col, entry);

		if (addr_is_v4(&a))
			return addr_v4(&a);
		c->unfit += !addr_is_any(&a);
		return 0;
	}
	default:
		return col_entry_u64(col, entry);
	}
}

static void
float_put(const struct convert *c, const struct col *col, uint32_t entry, uint8_t *out)
{
	double v = c->from == TYPE_REAL   ? (double)entry_real(col, entry)
		   : c->from == TYPE_TIME ? (double)col_entry_u64(col, entry) / 1000
					  : (double)col_entry_u64(col, entry);
	float narrow = (float)v;

	if (c->to->width == 4)
		memcpy(out, &narrow, 4);
	else
		memcpy(out, &v, 8);
}

static void
time_put(struct convert *c, uint64_t ms, uint8_t *out)
{
	uint64_t v, max;

	switch (c->to->kind) {
	case CH_DATE:
		v = ms / 86400000;
		max = UINT16_MAX;
		break;
	case CH_DATE32:
		v = ms / 86400000;
		max = INT32_MAX;
		break;
	case CH_DATETIME:
		v = ms / 1000;
		max = UINT32_MAX;
		break;
	default: {
		uint64_t unit = 1;

		for (uint32_t p = c->to->precision; p < 3; p++)
			unit *= 10;
		v = ms / unit;
		for (uint32_t p = 3; p < c->to->precision; p++)
			if (__builtin_mul_overflow(v, 10, &v))
				v = UINT64_MAX;
		max = INT64_MAX;
	}
	}
	if (v > max) {
		c->unfit++;
		v = max;
	}
	memcpy(out, &v, c->to->width);
}

static void
enum_put(struct convert *c, const struct ch_enum_value *found, uint8_t *out)
{
	if (found == NULL) {
		c->unfit++;
		convert_none(c, out);
	} else
		memcpy(out, &found->value, c->to->width);
}

static const struct ch_enum_value *
enum_by_name(const struct ch_type *t, struct str name)
{
	for (uint32_t i = 0; i < t->value_count; i++)
		if (str_eq(t->values[i].name, name))
			return &t->values[i];
	return NULL;
}

static const struct ch_enum_value *
enum_by_number(const struct ch_type *t, uint64_t n)
{
	for (uint32_t i = 0; i < t->value_count; i++)
		if (t->values[i].value >= 0 && (uint64_t)t->values[i].value == n)
			return &t->values[i];
	return NULL;
}

/* Text into a FixedString or an Enum. */
static void
text_put_fixed(struct convert *c, struct str v, uint8_t *out)
{
	size_t width = c->to->width;

	if (c->to->kind == CH_ENUM) {
		enum_put(c, enum_by_name(c->to, v), out);
		return;
	}
	c->unfit += v.len > width;
	size_t n = v.len < width ? v.len : width;
	memcpy(out, v.p, n);
	memset(out + n, 0, width - n);
}

static size_t
mac_text(char *p, uint64_t mac)
{
	static const char hex[] = "0123456789abcdef";

	for (int i = 0; i < 6; i++) {
		unsigned octet = (unsigned)(mac >> (40 - 8 * i)) & 0xff;

		p[3 * i] = hex[octet >> 4];
		p[3 * i + 1] = hex[octet & 15];
		if (i < 5)
			p[3 * i + 2] = ':';
	}
	return 17;
}

static void
mac_put_fixed(const struct convert *c, uint64_t mac, uint8_t *out)
{
	if (c->to->width == 17)
		mac_text((char *)out, mac);
	else
		for (int i = 0; i < 6; i++)
			out[i] = (uint8_t)(mac >> (40 - 8 * i));
}

static void
addr_put(const struct col *col, uint32_t entry, uint8_t *out)
{
	struct addr a = col_entry_addr(col, entry);

	memcpy(out, a.b, sizeof a.b);
}

static void
fixed_put(struct convert *c, const struct col *col, uint32_t entry, uint8_t *out)
{
	switch (c->to->kind) {
	case CH_FLOAT:
		float_put(c, col, entry, out);
		break;
	case CH_BOOL:
		*out = col_entry_u64(col, entry) != 0;
		break;
	case CH_DATE:
	case CH_DATE32:
	case CH_DATETIME:
	case CH_DATETIME64:
		time_put(c, col_entry_u64(col, entry), out);
		break;
	case CH_IPV4: {
		uint32_t v4 = (uint32_t)entry_number(c, col, entry);

		memcpy(out, &v4, sizeof v4);
		break;
	}
	case CH_IPV6:
		addr_put(col, entry, out);
		break;
	case CH_ENUM:
		if (c->from == TYPE_STR)
			text_put_fixed(c, col_entry_str(col, entry), out);
		else
			enum_put(c, enum_by_number(c->to, col_entry_u64(col, entry)), out);
		break;
	case CH_FIXED:
		if (c->from == TYPE_ADDR)
			addr_put(col, entry, out);
		else if (c->from == TYPE_MAC)
			mac_put_fixed(c, col_entry_u64(col, entry), out);
		else
			text_put_fixed(c, col_entry_str(col, entry), out);
		break;
	default:
		integer_put(c, entry_number(c, col, entry), out);
	}
}

/* The one conversion of times that every table has. */
static void
seconds_fill(struct convert *c, const uint8_t *ms, uint32_t n, uint8_t *out)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t s = load_le64(ms + (size_t)i * 8) / 1000;
		uint32_t fits = s > UINT32_MAX ? UINT32_MAX : (uint32_t)s;

		c->unfit += s > UINT32_MAX;
		memcpy(out + (size_t)i * 4, &fits, 4);
	}
}

void
convert_fixed(struct convert *c, const struct col *col, uint32_t n, uint8_t *out)
{
	enum ch_kind to = c->to->kind;
	size_t width = c->to->width;
	bool as_is = (is_integer(c->from) && to == CH_UINT && width == col->width) ||
		     (c->from == TYPE_ADDR && col->width == width && (to == CH_IPV6 || to == CH_FIXED)) ||
		     (c->from == TYPE_REAL && to == CH_FLOAT && width == 4);

	if (as_is)
		memcpy(out, col->values, n * width);
	else if (to == CH_DATETIME)
		seconds_fill(c, col->values, n, out);
	else
		for (uint32_t i = 0; i < n; i++)
			fixed_put(c, col, i, out + i * width);
}

size_t
convert_room(const struct convert *c, const struct col *col, uint32_t entry)
{
	bool text = c->from == TYPE_STR || c->from == TYPE_LIST || c->from == TYPE_JSON;

	return text ? col_entry_str(col, entry).len + 12 : SHORT_TEXT_MAX;
}

/* Text of at most SHORT_TEXT_MAX - 1 bytes, so its length is one byte. */
static size_t
short_text(const struct convert *c, const struct col *col, uint32_t entry, char *p)
{
	uint64_t n = col->width <= 8 ? col_entry_u64(col, entry) : 0;
	struct addr addr;

	switch (c->from) {
	case TYPE_ADDR:
		addr = col_entry_addr(col, entry);
		return addr_format(p, &addr);
	case TYPE_MAC:
		return mac_text(p, n);
	case TYPE_REAL:
		return (size_t)snprintf(p, SHORT_TEXT_MAX - 1, "%.9g", (double)entry_real(col, entry));
	case TYPE_TIME:
		civil_put(p, (int64_t)n);
		p[19] = '.';
		p[20] = (char)('0' + n % 1000 / 100);
		p[21] = (char)('0' + n % 100 / 10);
		p[22] = (char)('0' + n % 10);
		return 23;
	default:
		return num_format(p, n);
	}
}

/* A list's strings, each of which ends with a NUL, with spaces between. */
static size_t
list_string(struct str v, uint8_t *out)
{
	size_t len = v.len > 0 ? v.len - 1 : 0;
	size_t n = varuint_put(out, len);

	for (size_t i = 0; i < len; i++)
		out[n + i] = v.p[i] != '\0' ? (uint8_t)v.p[i] : ' ';
	return n + len;
}

static size_t
object_string(struct str v, uint8_t *out)
{
	size_t n = varuint_put(out, v.len + 2);

	out[n++] = '{';
	memcpy(out + n, v.p, v.len);
	n += v.len;
	out[n++] = '}';
	return n;
}

size_t
convert_string(const struct convert *c, const struct col *col, uint32_t entry, uint8_t *out)
{
	switch (c->from) {
	case TYPE_STR:
		return convert_element_string(col_entry_str(col, entry), out);
	case TYPE_LIST:
		return list_string(col_entry_str(col, entry), out);
	case TYPE_JSON:
		return object_string(col_entry_str(col, entry), out);
	default:
		*out = (uint8_t)short_text(c, col, entry, (char *)out + 1);
		return 1 + (size_t)*out;
	}
}

size_t
convert_element_room(struct str v)
{
	return v.len + 10;
}

size_t
convert_element_string(struct str v, uint8_t *out)
{
	size_t n = varuint_put(out, v.len);

	memcpy(out + n, v.p, v.len);
	return n + v.len;
}

/* "64496", or "64500:1" as its 32 bits. */
static int
element_number(struct str v, uint64_t *n)
{
	const char *colon = memchr(v.p, ':', v.len);
	uint64_t high, low;

	if (colon == NULL)
		return num_parse(n, v, 0, UINT64_MAX);
	size_t before = (size_t)(colon - v.p);
	if (num_parse(&high, (struct str){v.p, before}, 0, UINT16_MAX) == -1 ||
	    num_parse(&low, (struct str){colon + 1, v.len - before - 1}, 0, UINT16_MAX) == -1)
		return -1;
	*n = high << 16 | low;
	return 0;
}

void
convert_element_fixed(struct convert *c, struct str v, uint8_t *out)
{
	uint64_t n;

	if (c->to->kind != CH_UINT && c->to->kind != CH_INT) {
		text_put_fixed(c, v, out);
		return;
	}
	if (element_number(v, &n) == -1) {
		c->unfit++;
		n = 0;
	}
	integer_put(c, n, out);
}
