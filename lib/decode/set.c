#include "decode/set.h"

#include "decode/fill.h"
#include "decode/held.h"
#include "decode/options.h"

enum {
	SET_TEMPLATES_V9 = 0,
	SET_OPTIONS_V9 = 1,
	SET_TEMPLATES = 2,
	SET_OPTIONS = 3,
	SET_DATA_MIN = 256,
	PEN_BIT = 0x8000,
};

static bool
all_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Some pad a set with more zeros than a record has bytes (NX-OS 8.0.1); no flow is all zeros. */
static uint32_t
records_fixed(struct job *j, const struct template *t, struct rd *set)
{
	uint32_t n = (uint32_t)(rd_left(set) / t->rec_len);

	while (n > 0 && all_zero(set->p + (n - 1) * t->rec_len, t->rec_len))
		n--;
	if (t->kind == TEMPLATE_DATA) {
		fill_records(j, t, set->p, n);
		return n;
	}
	struct layout l;
	for (uint32_t i = 0; i < n && layout_measure(&l, t, set) == 0; i++)
		options_record(j, t, set->p - t->rec_len, &l);
	return n;
}

/* What is shorter than the shortest record, or nothing but zeros, is padding. */
static uint32_t
records_variable(struct job *j, const struct template *t, struct rd *set)
{
	struct layout l;
	uint32_t n = 0;

	while (rd_left(set) >= t->rec_len && !all_zero(set->p, rd_left(set))) {
		const uint8_t *rec = set->p;

		if (layout_measure(&l, t, set) < 0) {
			job_count(j, COUNT_BAD_RECORD, 1);
			break;
		}
		if (t->kind == TEMPLATE_DATA)
			fill_record(j, t, rec, &l);
		else
			options_record(j, t, rec, &l);
		n++;
	}
	return n;
}

uint32_t
set_records(struct job *j, struct template *t, struct rd *set)
{
	struct exporter *x = j->exporter;

	/* A definition may push others out of the table: so since the last one its place must be exact. */
	if (t->used_before != x->definitions || order_is_old(&t->used_ms, j->received_ms)) {
		t->used_before = x->definitions;
		TAILQ_REMOVE(&x->templates, t, used);
		TAILQ_INSERT_TAIL(&x->templates, t, used);
	}
	uint32_t n = t->variable ? records_variable(j, t, set) : records_fixed(j, t, set);
	t->records += n;
	return n;
}

/*
 * Reads the fields of a definition into the decoder's room for them; those
 * before `scopes` are scopes of v9, whose types are no elements. -1: cut short.
 */
static int
read_fields(struct job *j, struct rd *r, bool v9, unsigned count, unsigned scopes)
{
	for (unsigned i = 0; i < count; i++) {
		struct template_field f = {0};

		if (rd_be16(r, &f.id) < 0 || rd_be16(r, &f.len) < 0)
			return -1;
		if (v9) {
			f.pen = i < scopes ? PEN_SCOPE : 0;
		} else if ((f.id & PEN_BIT) != 0) {
			f.id &= (uint16_t)~PEN_BIT;
			if (rd_be32(r, &f.pen) < 0)
				return -1;
		}
		if (i < TEMPLATE_FIELDS_MAX)
			j->d->fields[i] = f;
	}
	return 0;
}

/* The header of one definition: RFC 3954 §5.2 and §6.1, RFC 7011 §3.4.1 and §3.4.2.2. */
struct definition {
	enum template_kind kind;
	uint16_t id, count, scopes;
};

static int
read_definition(struct definition *def, struct rd *r, bool v9)
{
	uint16_t bytes;

	def->scopes = 0;
	if (rd_be16(r, &def->id) < 0 || rd_be16(r, &def->count) < 0)
		return -1;
	if (def->kind == TEMPLATE_DATA || (!v9 && def->count == 0))
		return 0;
	if (!v9)
		return rd_be16(r, &def->scopes);
	if (rd_be16(r, &bytes) < 0)
		return -1;
	def->scopes = def->count / 4;
	def->count = (uint16_t)((def->count + bytes) / 4);
	return 0;
}

static void
read_templates(struct job *j, struct rd *r, enum template_kind kind, bool v9)
{
	struct definition def = {.kind = kind};

	while (rd_left(r) >= 4 && load_be32(r->p) != 0) {
		if (read_definition(&def, r, v9) < 0)
			break;
		if (!v9 && def.count == 0) {
			bool all = def.id == SET_TEMPLATES || def.id == SET_OPTIONS;

			domain_withdraw(j, kind, all ? 0 : def.id);
			continue;
		}
		if (def.id < SET_DATA_MIN || def.scopes > def.count ||
		    read_fields(j, r, v9, def.count, def.scopes) < 0) {
			job_count(j, COUNT_BAD_TEMPLATE, 1);
			return;
		}
		if (def.count > TEMPLATE_FIELDS_MAX)
			job_count(j, COUNT_CAP_TEMPLATES, 1);
		else
			domain_define(j, kind, def.id, j->d->fields, def.count, def.scopes);
	}
}

/* One set; cut: it is not all there. The number of its data records, or -1. */
static int64_t
read_set(struct job *j, uint16_t id, struct rd *set, bool cut)
{
	bool v9 = j->domain->key.version == 9;

	if (id >= SET_DATA_MIN) {
		struct template *t = domain_template_live(j, id);

		if (t != NULL)
			return set_records(j, t, set);
		job_count(j, COUNT_NO_TEMPLATE, 1);
		held_add(j, id, set);
		return -1;
	}
	/*
	 * Some send v9's sets of templates in IPFIX, where their ids have no meaning (RFC 7011 §3.3.2); but what
	 * begins with 0 there and has no proper length is a spoilt header (nfprobe).
	 */
	if (id <= SET_OPTIONS_V9 && (v9 || !cut))
		read_templates(j, set, id == SET_OPTIONS_V9 ? TEMPLATE_OPTIONS : TEMPLATE_DATA, true);
	else if (!v9 && (id == SET_TEMPLATES || id == SET_OPTIONS))
		read_templates(j, set, id == SET_OPTIONS ? TEMPLATE_OPTIONS : TEMPLATE_DATA, false);
	else
		job_count(j, COUNT_BAD_SET, 1);
	return 0;
}

int64_t
sets_walk(struct job *j, struct rd *r)
{
	int64_t records = 0;

	while (rd_left(r) > 0) {
		struct rd rest = *r, set;
		uint16_t id, len;
		bool cut = false;

		/* Some fill the datagram with zeros (Palo Alto, QFX). */
		if (rd_be16(r, &id) < 0 || rd_be16(r, &len) < 0 || len < 4) {
			if (!all_zero(rest.p, rd_left(&rest)))
				job_count(j, COUNT_BAD_SET, 1);
			break;
		}
		if (rd_left(r) < (size_t)len - 4) {
			job_count(j, COUNT_TRUNCATED, 1);
			len = (uint16_t)(rd_left(r) + 4);
			records = -1;
			cut = true;
		}
		if (rd_sub(r, &set, (size_t)len - 4) < 0)
			break;
		int64_t n = read_set(j, id, &set, cut);
		records = n < 0 || records < 0 ? -1 : records + n;
	}
	return records;
}
