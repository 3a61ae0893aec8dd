/* An MMDB file of any bytes is refused or gives a database whose every answer is within it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "enrich/mmdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct err e;

	if (len > 1 << 16)
		return 0;
	struct geodb *db = mmdb_load_bytes(p, len, "de", &e);
	if (db == NULL)
		return 0;
	if (db->lpm.value_max >= db->entry_count)
		abort();
	for (size_t i = 0; i + 16 <= len && i < 256; i += 16) {
		struct addr a = addr_from_bytes(p + i, i % 32 != 0);
		const struct geodb_entry *entry = &db->entries[lpm_lookup(&db->lpm, &a)];

		if (entry->as_name >= db->text_count || entry->country >= db->text_count ||
		    entry->city >= db->text_count)
			abort();
	}
	geodb_free(db);
	return 0;
}
