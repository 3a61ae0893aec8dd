/* An answer of any bytes gives a name that is fit, or none. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "enrich/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct dns_answer a;

	if (len > 65535)
		return 0;
	dns_answer_read(&a, p, len);
	if ((a.result == DNS_NAME && (a.name_len == 0 || a.name_len > 253)) || a.ttl > INT32_MAX)
		abort();
	for (size_t i = 0; a.result == DNS_NAME && i < a.name_len; i++)
		if (a.name[i] <= ' ' || a.name[i] > '~')
			abort();
	return 0;
}
