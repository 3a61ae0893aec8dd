/* Names of types from a server that may say anything. */
#include "ch/type.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct arena a = {0};
	struct err e;

	ch_type_parse(&a, (struct str){(const char *)p, len}, &e);
	arena_release(&a);
	return 0;
}
