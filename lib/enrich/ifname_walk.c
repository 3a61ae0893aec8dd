#include "enrich/ifname_walk.h"

#include <string.h>

/* In the order in which they are asked for; ifDescr and ifSpeed serve where the others say nothing. */
enum { COL_NAME, COL_ALIAS, COL_HIGH_SPEED, COL_DESCR, COL_SPEED, COLUMNS };

#define PREFIX_MAX 11

static const struct {
	size_t len;
	uint32_t oid[PREFIX_MAX];
} columns[COLUMNS] = {
    [COL_NAME] = {11, {1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1}}, /* ifName */
    [COL_ALIAS] = {11, {1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18}}, /* ifAlias */
    [COL_HIGH_SPEED] = {11, {1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15}}, /* ifHighSpeed, in 1,000,000 bits/s */
    [COL_DESCR] = {10, {1, 3, 6, 1, 2, 1, 2, 2, 1, 2}}, /* ifDescr */
    [COL_SPEED] = {10,
	{1, 3, 6, 1, 2, 1, 2, 2, 1, 5}}, /* ifSpeed; 4294967295 stands for all that is faster */
};

struct row {
	struct str name, alias, descr;
	uint64_t high_speed, speed;
};

void
ifwalk_start(struct ifwalk *w)
{
	*w = (struct ifwalk){0};
	map_init(&w->rows, sizeof(uint32_t), sizeof(struct row));
}

void
ifwalk_release(struct ifwalk *w)
{
	map_release(&w->rows);
	arena_release(&w->memory);
}

size_t
ifwalk_next(const struct ifwalk *w, uint32_t oid[IFWALK_OID_MAX])
{
	if (w->column == COLUMNS)
		return 0;
	size_t len = columns[w->column].len;
	memcpy(oid, columns[w->column].oid, len * sizeof *oid);
	if (w->last != 0)
		oid[len++] = w->last;
	return len;
}

static int
column_ends(struct ifwalk *w)
{
	w->column++;
	w->last = 0;
	return 1;
}

/* Many routers close a text with a NUL byte, and call what has no alias "". */
static void
text_take(struct ifwalk *w, struct str *to, const struct ifvalue *v)
{
	struct str s = v->text;

	while (v->kind == IFVALUE_TEXT && s.len > 0 && s.p[s.len - 1] == '\0')
		s.len--;
	if (v->kind == IFVALUE_TEXT && s.len == 0)
		return;
	if (v->kind != IFVALUE_TEXT || !ifname_text_ok(s)) {
		w->refused++;
		return;
	}
	*to = (struct str){arena_dup(&w->memory, s.p, s.len), s.len};
}

static void
number_take(struct ifwalk *w, uint64_t *to, const struct ifvalue *v)
{
	if (v->kind != IFVALUE_NUMBER || v->number > UINT32_MAX)
		w->refused++;
	else
		*to = v->number;
}

int
ifwalk_take(struct ifwalk *w, const struct ifvalue *v, struct err *e)
{
	size_t len = columns[w->column].len;
	const uint32_t *prefix = columns[w->column].oid;
	uint32_t index;

	if (v->kind == IFVALUE_END || v->oid_len < len || memcmp(v->oid, prefix, len * sizeof *prefix) != 0)
		return column_ends(w);
	if (v->oid_len != len + 1)
		return err_set(e, "it tells of an interface whose number is not one number");
	index = v->oid[len];
	if (index <= w->last)
		return err_set(e, "its table does not go up: %u after %u", index, w->last);
	if (w->rows.count == IFNAME_ROUTER_MAX && map_get(&w->rows, &index) == NULL)
		return err_set(e, "it tells of over %d interfaces", IFNAME_ROUTER_MAX);
	struct row *r = map_put(&w->rows, &index, NULL);
	w->last = index;
	switch (w->column) {
	case COL_NAME:
		text_take(w, &r->name, v);
		break;
	case COL_ALIAS:
		text_take(w, &r->alias, v);
		break;
	case COL_DESCR:
		text_take(w, &r->descr, v);
		break;
	case COL_HIGH_SPEED:
		number_take(w, &r->high_speed, v);
		break;
	default:
		number_take(w, &r->speed, v);
	}
	return index == UINT32_MAX ? column_ends(w) : 0;
}

struct router *
ifwalk_finish(const struct ifwalk *w, const struct addr *a, int64_t now_ms)
{
	struct router *r = router_new(a, now_ms);
	const void *index;
	void *val;

	r->ifaces = arena_alloc(&r->memory, w->rows.count * sizeof *r->ifaces);
	for (size_t it = 0; map_next(&w->rows, &it, &index, &val);) {
		const struct row *row = val;
		struct iface f = {.name = row->name.len > 0 ? row->name : row->descr, .alias = row->alias};

		memcpy(&f.index, index, sizeof f.index);
		f.name = router_text(r, f.name);
		f.alias = router_text(r, f.alias);
		f.speed = row->high_speed > 0       ? row->high_speed * 1000000
			  : row->speed < UINT32_MAX ? row->speed
						    : 0;
		if (f.name.len + f.alias.len + (f.speed > 0) > 0)
			r->ifaces[r->count++] = f;
	}
	return r;
}
