/*
 * Templates as exporters define them (RFC 3954 §5.2, §6.1; RFC 7011 §3.4), and
 * the fixed records of NetFlow v1, v5 and v7 put as templates too, so that one
 * engine decodes all.
 */
#ifndef DECODE_TEMPLATE_H
#define DECODE_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/bytes.h"
#include "decode/decode.h"

#define LEN_VARIABLE 0xffff

enum {
	PEN_REVERSE = 29305, /* RFC 5103 §6.1 */
	PEN_CERT = 6871, /* YAF */
	PEN_SCOPE = 0xffff0009, /* not a number of IANA: scope types of v9, RFC 3954 §6.1 */
};

struct template_field {
	uint32_t pen; /* 0: IANA, or NetFlow v9 */
	uint16_t id;
	uint16_t len; /* LEN_VARIABLE: stands in the record, RFC 7011 §7 */
};

enum template_kind { TEMPLATE_DATA, TEMPLATE_OPTIONS };

struct plan;

struct template
{
	uint16_t id;
	uint8_t kind;
	bool variable; /* some field is of variable length */
	bool expired; /* not to be used until it is defined again */
	uint16_t field_count, scope_count;
	uint16_t rec_len; /* of a record; with `variable`, the least that it takes */
	struct plan *plan; /* of TEMPLATE_DATA */
	struct plan *reverse; /* of records that carry a second flow, the other way; or NULL */
	struct domain *domain;
	int64_t used_ms; /* when its place among those used was last found, */
	uint64_t used_before; /* and how many definitions its exporter had sent then */
	int64_t defined_ms; /* when the exporter last sent the definition */
	uint64_t records;
	uint32_t redefined, waited; /* times that it was; sets that came before it */
	TAILQ_ENTRY(template) used; /* of the exporter's, the least recently used first */
	struct template_field fields[];
};

/* Makes a template, its plans compiled; NULL if its records would have no bytes or more than fit a datagram. */
struct template *template_new(enum template_kind kind, uint16_t id, const struct template_field *defs,
    unsigned count, unsigned scope_count);
void template_free(struct template *t);

bool template_same(const struct template *t, enum template_kind kind, const struct template_field *defs,
    unsigned count, unsigned scope_count);

/* Where the fields of one record lie: for templates of variable length, filled for each record. */
struct layout {
	uint16_t off[TEMPLATE_FIELDS_MAX], len[TEMPLATE_FIELDS_MAX];
};

/* Measures the record at r->p and steps over it. -1: it does not fit. */
int layout_measure(struct layout *l, const struct template *t, struct rd *r);

#endif
