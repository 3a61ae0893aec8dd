/* A file of labels of any bytes gives lists of "key=value" for every address. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "enrich/labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct err e;

	if (len > 1 << 16)
		return 0;
	struct labels *l = labels_parse("labels", (struct str){(const char *)p, len}, &e);
	if (l == NULL)
		return 0;
	if (l->lpm.value_max >= l->text_count)
		abort();
	for (uint32_t i = 1; i < l->text_count; i++) {
		struct str s = l->texts[i];

		if (s.len == 0 || s.p[s.len - 1] != '\0')
			abort();
		for (const char *t = s.p, *end = t + s.len; t < end; t += strlen(t) + 1)
			if (strchr(t, '=') == NULL || strchr(t, '=')[1] == '\0')
				abort();
	}
	labels_free(l);
	return 0;
}
