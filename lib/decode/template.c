#include "decode/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decode/plan.h"

struct template *
template_new(enum template_kind kind, uint16_t id, const struct template_field *defs, unsigned count,
    unsigned scope_count)
{
	uint32_t len = 0;
	bool variable = false;

	for (unsigned i = 0; i < count; i++) {
		bool var = defs[i].len == LEN_VARIABLE;

		variable |= var;
		len += var ? 1 : defs[i].len;
	}
	if (len == 0 || len > UINT16_MAX)
		return NULL;
	struct template *t = mem_zero(1, sizeof *t + count * sizeof *defs);
	t->id = id;
	t->kind = (uint8_t)kind;
	t->variable = variable;
	t->field_count = (uint16_t)count;
	t->scope_count = (uint16_t)scope_count;
	t->rec_len = (uint16_t)len;
	memcpy(t->fields, defs, count * sizeof *defs);
	if (kind == TEMPLATE_DATA) {
		t->plan = plan_new(t, false);
		t->reverse = plan_new(t, true);
	}
	return t;
}

void
template_free(struct template *t)
{
	if (t == NULL)
		return;
	free(t->plan);
	free(t->reverse);
	free(t);
}

bool
template_same(const struct template *t, enum template_kind kind, const struct template_field *defs,
    unsigned count, unsigned scope_count)
{
	return t->kind == kind && t->field_count == count && t->scope_count == scope_count &&
	       memcmp(t->fields, defs, count * sizeof *defs) == 0;
}

/* RFC 7011 §7: one byte of length, or 255 and two bytes. */
static int
variable_len(struct rd *r, uint16_t *len)
{
	uint8_t one;

	if (rd_u8(r, &one) < 0)
		return -1;
	if (one == 255)
		return rd_be16(r, len);
	*len = one;
	return 0;
}

int
layout_measure(struct layout *l, const struct template *t, struct rd *r)
{
	struct rd at = *r;

	for (unsigned i = 0; i < t->field_count; i++) {
		uint16_t len = t->fields[i].len;

		if (len == LEN_VARIABLE && variable_len(&at, &len) < 0)
			return -1;
		l->off[i] = (uint16_t)(at.p - r->p);
		l->len[i] = len;
		if (rd_skip(&at, len) < 0)
			return -1;
	}
	*r = at;
	return 0;
}
