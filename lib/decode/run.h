/* A run of rows being filled: what the files that fill columns share. */
#ifndef DECODE_RUN_H
#define DECODE_RUN_H

#include "decode/plan.h"
#include "decode/state.h"

struct run {
	struct job *job;
	struct builder *rows;
	const struct plan *plan;
	const uint8_t *rec; /* the first record; others follow at `stride` */
	const struct layout *layout; /* NULL: of fixed length. With it, n is 1 */
	size_t stride;
	uint32_t row, n;
};

/* Where the first record has this, and its length; false if it has it not. */
static inline bool
run_source(const struct run *r, const struct source *s, const uint8_t **p, unsigned *len)
{
	if (s->len == 0)
		return false;
	if (r->layout == NULL) {
		*p = r->rec + s->off;
		*len = s->len;
		return true;
	}
	*p = r->rec + r->layout->off[s->field];
	*len = r->layout->len[s->field];
	return *len > 0;
}

/* A big-endian unsigned of 1 to 8 bytes. */
static inline uint64_t
load_uint(const uint8_t *p, unsigned len)
{
	switch (len) {
	case 1:
		return *p;
	case 2:
		return load_be16(p);
	case 4:
		return load_be32(p);
	case 8:
		return load_be64(p);
	default:
		break;
	}
	uint64_t v = 0;
	for (unsigned i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

/* The same of a source of one record; `none` where it is missing or no integer. */
static inline uint64_t
run_uint(const struct run *r, const struct source *s, uint32_t i, uint64_t none)
{
	const uint8_t *p;
	unsigned len;

	return run_source(r, s, &p, &len) && len <= 8 ? load_uint(p + i * r->stride, len) : none;
}

/* One op over all rows of the run: times into ms since 1970, 0 where there is none. */
void run_time(const struct run *r, const struct op *op, const uint8_t *p, unsigned len);

/* One op of text into a column of strings. */
void run_text(const struct run *r, const struct op *op, const uint8_t *p, unsigned len);
void run_mpls(const struct run *r);
void run_interface_names(const struct run *r);

void run_sampling(const struct run *r);

/* What the packet tells of which the record has a section. */
void run_section(const struct run *r);

#endif
