/*
 * What a geolocation or AS database says, in memory: prefixes to entries, and
 * every text once. Texts go by number, so that whoever writes a column of them
 * needs no comparison. Filled by a loader (enrich/mmdb.h), then only read.
 */
#ifndef ENRICH_GEODB_H
#define ENRICH_GEODB_H

#include <stdint.h>

#include "base/map.h"
#include "base/mem.h"
#include "route/lpm.h"

#define GEODB_TEXT_MAX 255 /* bytes of a name; longer ones are cut */

/* What is said of a prefix. 0: nothing; texts are numbers in `texts`. */
struct geodb_entry {
	uint32_t asn;
	uint32_t as_name;
	uint32_t country; /* ISO 3166 alpha-2 */
	uint32_t city;
};

struct geodb_name {
	uint32_t asn; /* 0: an empty slot */
	uint32_t text;
};

struct geodb {
	struct lpm lpm; /* its values are numbers in `entries` */
	struct geodb_entry *entries; /* [0] is empty */
	uint32_t entry_count;
	struct str *texts; /* [0] is empty; valid UTF-8 without control characters */
	uint32_t text_count;
	size_t text_bytes;
	bool has_asn, has_country, has_city; /* some entry has one */
	uint64_t built; /* seconds since 1970, as the database says */

	/* private */
	struct arena memory;
	struct buf image;
	struct geodb_name *names; /* hashed by number, at most half full */
	unsigned names_bits;
};

void geodb_free(struct geodb *db);

/* Where to look for the name of an AS number first: to be prefetched by who will need it. */
static inline uint32_t
geodb_name_slot(const struct geodb *db, uint32_t asn)
{
	return asn * UINT32_C(0x9e3779b1) >> (32 - db->names_bits);
}

/* The name (a text) that the database has for an AS number; 0 for none. */
static inline uint32_t
geodb_as_name(const struct geodb *db, uint32_t asn)
{
	uint32_t i = geodb_name_slot(db, asn), mask = (UINT32_C(1) << db->names_bits) - 1;

	while (db->names[i].asn != asn && db->names[i].asn != 0)
		i = (i + 1) & mask;
	return db->names[i].asn == asn ? db->names[i].text : 0;
}

/* While it is filled: equal texts and equal entries get the same number. */
struct geodb_fill {
	struct geodb *db;
	struct lpm_builder prefixes;
	struct map text_numbers, entry_numbers;
	uint32_t texts_cap, entries_cap;
};

void geodb_fill_start(struct geodb_fill *f);
uint32_t geodb_fill_text(struct geodb_fill *f, struct str s); /* bytes that are no UTF-8 become '?' */
uint32_t geodb_fill_entry(struct geodb_fill *f, const struct geodb_entry *e);
void geodb_fill_prefix(struct geodb_fill *f, const struct prefix *p, uint32_t entry);
struct geodb *geodb_fill_finish(struct geodb_fill *f); /* the caller's, with everything compiled */
void geodb_fill_drop(struct geodb_fill *f);

#endif
