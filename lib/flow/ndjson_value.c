/* A value in any form that is allowed. The usual forms never come here, see ndjson_row.c. */
#include <math.h>
#include <stdio.h>

#include "base/civil.h"
#include "base/num.h"
#include "flow/ndjson_in.h"
#include "io/clock.h"

#define TIME_MS_MAX UINT64_C(253402300799999) /* the end of year 9999 */

enum { EXTRA_MAX = 16 << 10 };

int
value_refuse(const struct reading *rd, const char *expected)
{
	bool quoted = rd->v->kind == JSON_STRING;
	struct str shown = rd->v->text;
	int len = shown.len < 60 ? (int)shown.len : 60;

	return json_err(&rd->j, rd->at, rd->e, "%.*s is %s%.*s%s%s, %s was expected", (int)rd->k->name.len,
	    rd->k->name.p, quoted ? "\"" : "", len, shown.p, len < (int)shown.len ? "..." : "",
	    quoted ? "\"" : "", expected);
}

int
value_refuse_number(const struct reading *rd, uint64_t max)
{
	char words[64];

	snprintf(words, sizeof words, "a number from 0 to %llu", (unsigned long long)max);
	return value_refuse(rd, words);
}

/* The row loses the field: null, or "" where text makes no sense. */
static void
field_clear(struct builder *bd, enum field f)
{
	if (f != 0 && builder_has(bd, f))
		builder_clear(bd, f, bd->rows - 1);
}

int
value_integer(const struct reading *rd, uint64_t *n, uint64_t max)
{
	double real;

	if (rd->v->kind != JSON_NUMBER && rd->v->kind != JSON_STRING)
		return -1;
	if (num_parse(n, rd->text, 0, max) == 0)
		return 0;
	if (num_parse_real(&real, rd->text) == -1 || real < 0 || real > 9007199254740992.0 ||
	    real != (double)(uint64_t)real || (uint64_t)real > max)
		return -1;
	*n = (uint64_t)real;
	return 0;
}

static int
read_uint(const struct reading *rd)
{
	uint64_t n;

	if (value_integer(rd, &n, rd->k->max) == -1)
		return value_refuse_number(rd, rd->k->max);
	builder_uint(rd->bd, rd->k->field, n);
	return 0;
}

static int
read_bool(const struct reading *rd)
{
	uint64_t n = rd->v->kind == JSON_TRUE;

	if (rd->v->kind != JSON_TRUE && rd->v->kind != JSON_FALSE && value_integer(rd, &n, 1) == -1)
		return value_refuse(rd, "true or false");
	builder_u8(rd->bd, rd->k->field, (uint8_t)n);
	return 0;
}

static int
read_real(const struct reading *rd)
{
	double v;

	if ((rd->v->kind != JSON_NUMBER && rd->v->kind != JSON_STRING) ||
	    num_parse_real(&v, rd->text) == -1 || !isfinite((float)v))
		return value_refuse(rd, "a number");
	builder_real(rd->bd, rd->k->field, (float)v);
	return 0;
}

/* Local time to UTC. Zones change only at quarters of an hour. */
static int64_t
zone_to_utc(struct ndjson_reader *r, int64_t local)
{
	int64_t slot = local / 900000;

	if (r->zone == NULL)
		return local;
	if (slot != r->zone_slot) {
		int64_t guess = clock_zone_offset(r->zone, local) * INT64_C(60000);

		r->zone_slot = slot;
		r->zone_ms = clock_zone_offset(r->zone, local - guess) * INT64_C(60000);
	}
	return local - r->zone_ms;
}

/* Seconds in decimal with a fraction of any length, to milliseconds. */
static int
seconds(struct str s, uint64_t *ms)
{
	const char *dot = memchr(s.p, '.', s.len);
	size_t whole = dot != NULL ? (size_t)(dot - s.p) : s.len;
	uint64_t n, unit = 100;

	if (num_parse(&n, (struct str){s.p, whole}, 0, TIME_MS_MAX / 1000) == -1)
		return -1;
	*ms = n * 1000;
	for (size_t i = whole + 1; i < s.len; i++, unit /= 10) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		*ms += unit * (uint64_t)(s.p[i] - '0');
	}
	return dot == NULL || whole + 1 < s.len ? 0 : -1;
}

static int
time_of(const struct reading *rd, uint64_t *ms)
{
	uint64_t divisor = rd->k->how == HOW_TIME_NS ? 1000000 : rd->k->how == HOW_TIME_MS ? 1 : 0;
	int64_t when;
	double real;
	int zoned;

	if (rd->v->kind == JSON_STRING && civil_parse(&when, &zoned, rd->text) == 0) {
		if (!zoned)
			when = zone_to_utc(rd->r, when);
		if (when < 0)
			return -1;
		*ms = (uint64_t)when;
		return 0;
	}
	if (divisor != 0) {
		if (value_integer(rd, ms, UINT64_MAX) == -1)
			return -1;
		*ms /= divisor;
		return *ms <= TIME_MS_MAX ? 0 : -1;
	}
	if (rd->v->kind != JSON_NUMBER && rd->v->kind != JSON_STRING)
		return -1;
	if (seconds(rd->text, ms) == 0)
		return 0;
	if (num_parse_real(&real, rd->text) == -1 || real < 0 || real * 1000 > (double)TIME_MS_MAX)
		return -1;
	*ms = (uint64_t)(real * 1000);
	return 0;
}

static int
read_time(const struct reading *rd)
{
	uint64_t ms;

	if (time_of(rd, &ms) == -1)
		return value_refuse(rd, "a time");
	if (rd->k->how != HOW_TIME_SPARE) {
		builder_u64(rd->bd, rd->k->field, ms);
	} else if (rd->k->field == FIELD_timestamp_start) {
		rd->r->spare_start = true;
		rd->r->spare_start_ms = ms;
	} else {
		rd->r->spare_end = true;
		rd->r->spare_end_ms = ms;
	}
	return 0;
}

static int
read_addr(const struct reading *rd)
{
	struct addr a;

	if (rd->v->kind != JSON_STRING || addr_parse(&a, rd->text) == -1)
		return value_refuse(rd, "an address");
	builder_addr(rd->bd, rd->k->field, &a);
	return 0;
}

/* Twelve hex digits, ':', '-' or '.' between them. */
static int
read_mac(const struct reading *rd)
{
	uint64_t mac = 0;
	unsigned digits = 0;

	for (size_t i = 0; rd->v->kind == JSON_STRING && i < rd->text.len; i++) {
		char c = rd->text.p[i], l = (char)(c | 0x20);
		bool hex = (c >= '0' && c <= '9') || (l >= 'a' && l <= 'f');

		if (hex)
			mac = mac << 4 | (uint64_t)(c <= '9' ? c - '0' : l - 'a' + 10);
		else if (c != ':' && c != '-' && c != '.')
			return value_refuse(rd, "a MAC address");
		digits += hex;
	}
	if (digits != 12)
		return value_refuse(rd, "a MAC address");
	builder_u64(rd->bd, rd->k->field, mac);
	return 0;
}

int
value_text(const struct reading *rd)
{
	if (rd->v->kind != JSON_STRING && rd->v->kind != JSON_NUMBER)
		return value_refuse(rd, "text");
	builder_str(rd->bd, rd->k->field, rd->text);
	return 0;
}

int
value_each(const struct reading *rd, int (*fn)(const struct reading *element, void *arg), void *arg)
{
	struct json j = {rd->v->text.p + 1, rd->v->text.p + rd->v->text.len, rd->j.start};
	struct buf *decoded = &rd->r->element;
	int status = 0;

	while (status == 0 && !json_take(&j, ']')) {
		struct json_value v;
		struct reading element = *rd;

		json_take(&j, ',');
		json_space(&j);
		element.at = j.p;
		element.v = &v;
		json_value(&j, &v, NULL); /* it was walked before, and was sound */
		element.text = v.kind == JSON_STRING
				   ? json_text(&v, (char *)buf_reserve(decoded, v.text.len + 1))
				   : v.text;
		status = fn(&element, arg);
	}
	return status;
}

static int
list_add(const struct reading *element, void *arg)
{
	struct buf *list = arg;

	if ((element->v->kind != JSON_STRING && element->v->kind != JSON_NUMBER) ||
	    memchr(element->text.p, '\0', element->text.len) != NULL)
		return value_refuse(element, "a list of texts or numbers");
	buf_add(list, element->text.p, element->text.len);
	buf_putc(list, '\0');
	return 0;
}

int
value_list(const struct reading *rd)
{
	struct buf *list = &rd->r->list;

	if (rd->v->kind != JSON_ARRAY)
		return value_refuse(rd, "a list");
	list->len = 0;
	if (value_each(rd, list_add, list) == -1)
		return -1;
	builder_str(
	    rd->bd, rd->k->field, (struct str){list->len > 0 ? (const char *)list->p : "", list->len});
	return 0;
}

static int
read_mark(const struct reading *rd, const char *key_at)
{
	struct json before = {rd->r->line, key_at, rd->r->line}, after = rd->j;

	if (!json_take(&before, '{') || (json_space(&before), before.p != key_at) || !json_take(&after, '}'))
		return json_err(&rd->j, key_at, rd->e, "a mark stands alone in its object");
	if (rd->v->kind != JSON_STRING || rd->text.len > BATCH_MARK_MAX)
		return value_refuse(rd, "a token of at most 256 bytes");
	rd->r->marked = true;
	rd->r->token.len = 0;
	buf_add(&rd->r->token, rd->text.p, rd->text.len);
	return 0;
}

/* A member as it came. */
static int
read_extra(const struct reading *rd, const char *key_at)
{
	struct buf *extra = &rd->r->extra;
	size_t len = (size_t)(rd->j.p - key_at);

	if (extra->len + len + 1 > EXTRA_MAX) {
		rd->r->counts.extra_dropped++;
		return 0;
	}
	if (extra->len > 0)
		buf_putc(extra, ',');
	buf_add(extra, key_at, len);
	return 0;
}

static int
read_plain(const struct reading *rd)
{
	switch (rd->k->type) {
	case TYPE_BOOL:
		return read_bool(rd);
	case TYPE_REAL:
		return read_real(rd);
	case TYPE_TIME:
		return read_time(rd);
	case TYPE_ADDR:
		return read_addr(rd);
	case TYPE_MAC:
		return read_mac(rd);
	case TYPE_STR:
		return value_text(rd);
	case TYPE_LIST:
		return value_list(rd);
	default:
		return read_uint(rd);
	}
}

static int
read_any(const struct reading *rd, const char *key_at)
{
	bool text = rd->k->how == HOW_PLAIN && rd->k->type == TYPE_STR;

	if (rd->k->how == HOW_EXTRA)
		return read_extra(rd, key_at);
	if (rd->v->kind == JSON_NULL || (rd->v->kind == JSON_STRING && rd->text.len == 0 && !text)) {
		field_clear(rd->bd, rd->k->field);
		return 0;
	}
	switch (rd->k->how) {
	case HOW_PLAIN:
		return read_plain(rd);
	case HOW_TIME_MS:
	case HOW_TIME_NS:
	case HOW_TIME_SPARE:
		return read_time(rd);
	case HOW_MARK:
		return read_mark(rd, key_at);
	default:
		return value_foreign(rd);
	}
}

const char *
value_read(struct ndjson_reader *r, struct builder *bd, const struct key *k, const char *key_at,
    const char *p, struct err *e)
{
	struct json_value v;
	struct reading rd = {.r = r, .bd = bd, .k = k, .v = &v, .j = line_json(r, p), .e = e};

	json_space(&rd.j);
	rd.at = rd.j.p;
	if (json_value(&rd.j, &v, e) == -1)
		return NULL;
	rd.text = v.text;
	if (v.kind == JSON_STRING && v.escaped) {
		r->text.len = 0;
		rd.text = json_text(&v, (char *)buf_reserve(&r->text, v.text.len));
	}
	return read_any(&rd, key_at) == 0 ? rd.j.p : NULL;
}

void
row_complete(struct ndjson_reader *r, struct builder *bd)
{
	if (r->extra.len > 0)
		builder_str(bd, FIELD_extra, (struct str){(const char *)r->extra.p, r->extra.len});
	if (r->spare_start && !builder_has(bd, FIELD_timestamp_start))
		builder_u64(bd, FIELD_timestamp_start, r->spare_start_ms);
	if (r->spare_end && !builder_has(bd, FIELD_timestamp_end))
		builder_u64(bd, FIELD_timestamp_end, r->spare_end_ms);
	if (r->dialect == DIALECT_NATIVE)
		return;
	if (!builder_has(bd, FIELD_flow_type))
		builder_str(bd, FIELD_flow_type, STR("json"));
	if (!builder_has(bd, FIELD_ip_protocol) && builder_has(bd, FIELD_src_host)) {
		struct addr a = builder_get_addr(bd, FIELD_src_host);

		builder_u8(bd, FIELD_ip_protocol, addr_is_v4(&a) ? 4 : 6);
	}
}
