/* Any line is a row with a name that is fit, or none. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "enrich/ptr_warm.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static struct ptr_warm_row r;

	if (ptr_warm_line(&r, (struct str){(const char *)p, len}) == -1)
		return 0;
	if (r.name_len == 0 || r.name_len > 253 || r.updated_at < 0)
		abort();
	for (size_t i = 0; i < r.name_len; i++)
		if (r.name[i] <= ' ' || r.name[i] > '~')
			abort();
	return 0;
}
