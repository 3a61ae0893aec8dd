#include <stdio.h>

#include "base/num.h"
#include "decode/run.h"
#include "decode/text.h"

/* RFC 6759 §4: one byte of engine, then the selector. */
static struct str
application(const struct job *j, const uint8_t *p, unsigned len, char room[NAME_BYTES_MAX])
{
	struct str name = exporter_named(j->exporter, NAME_APPLICATION, load_uint(p, len));

	if (name.len > 0)
		return name;
	size_t n = num_format(room, p[0]);
	room[n++] = ':';
	n += num_format(room + n, load_uint(p + 1, len - 1));
	return (struct str){room, n};
}

static struct str
vrf(const struct job *j, const uint8_t *p, unsigned len, char room[NAME_BYTES_MAX])
{
	uint64_t id = load_uint(p, len);
	struct str name = exporter_named(j->exporter, NAME_VRF, id);

	/* 0 is the table that needs no name. */
	if (name.len > 0 || id == 0)
		return name;
	return (struct str){room, num_format(room, id)};
}

void
run_text(const struct run *r, const struct op *op, const uint8_t *p, unsigned len)
{
	for (uint32_t i = 0; i < r->n; i++, p += r->stride) {
		char room[NAME_BYTES_MAX];
		struct str v;

		if (op->how == HOW_APPLICATION)
			v = application(r->job, p, len, room);
		else if (op->how == HOW_VRF)
			v = vrf(r->job, p, len, room);
		else
			v = (struct str){
			    room, text_clean(room, sizeof room, (struct str){(const char *)p, len})};
		if (v.len > 0)
			builder_span_str(r->rows, (enum field)op->field, r->row + i, 1, v);
	}
}

/* RFC 3032 §2.1: 20 bits of label, 3 of class, the bottom of the stack in the last bit of the third byte. */
void
run_mpls(const struct run *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		char list[MPLS_MAX * 9];
		size_t n = 0;

		for (unsigned k = 0; k < r->plan->mpls_count; k++) {
			const uint8_t *p;
			unsigned len;

			if (!run_source(r, &r->plan->mpls[k], &p, &len) || len < 3)
				continue;
			uint32_t entry = (uint32_t)load_uint(p + i * r->stride, 3);
			if (entry == 0)
				break;
			n += num_format(list + n, entry >> 4);
			list[n++] = '\0';
			if ((entry & 1) != 0)
				break;
		}
		if (n > 0)
			builder_span_str(r->rows, FIELD_mpls_labels, r->row + i, 1, (struct str){list, n});
	}
}

static void
name_side(const struct run *r, enum field index, enum field name, enum field alias)
{
	const struct builder_column *c = r->rows->cols[index];

	if (c == NULL || !c->used)
		return;
	const uint32_t *ids = (const uint32_t *)(const void *)c->values + r->row;
	for (uint32_t i = 0; i < r->n; i++) {
		struct str v = exporter_named(r->job->exporter, NAME_INTERFACE, ids[i]);

		if (v.len > 0)
			builder_span_str(r->rows, name, r->row + i, 1, v);
		v = exporter_named(r->job->exporter, NAME_ALIAS, ids[i]);
		if (v.len > 0)
			builder_span_str(r->rows, alias, r->row + i, 1, v);
	}
}

void
run_interface_names(const struct run *r)
{
	name_side(r, FIELD_input_interface, FIELD_input_interface_name, FIELD_input_interface_alias);
	name_side(r, FIELD_output_interface, FIELD_output_interface_name, FIELD_output_interface_alias);
}
