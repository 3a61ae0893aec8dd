/* A model file of any bytes, with a checksum that holds, is refused or scores within 0..1. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ml/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void
checksum_mend(char *file, size_t len)
{
	static const char word[] = "checksum ";
	char hex[17], *at = memmem(file, len, word, sizeof word - 1);
	size_t head = at != NULL ? (size_t)(at - file) : len, rest = head + sizeof word - 1 + 16 + 2;

	if (rest > len)
		return;
	const struct iovec parts[] = {{file, head}, {file + rest, len - rest}};
	snprintf(hex, sizeof hex, "%016llx", (unsigned long long)hash64_parts(parts, 2));
	memcpy(at + sizeof word - 1, hex, 16);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	float row[FOREST_FEATURES_MAX] = {1, -1, 1000}, why[FOREST_FEATURES_MAX], score;
	char *file = malloc(len + 1);
	struct model m;
	struct err e;

	memcpy(file, p, len);
	checksum_mend(file, len);
	if (model_read(&m, file, len, &e) == 0) {
		if (forest_score(&m.forest, row, 1, &score, &e) < 0 || !(score >= 0 && score <= 1))
			abort();
		forest_explain(&m.forest, row, why);
		model_release(&m);
	}
	free(file);
	return 0;
}
