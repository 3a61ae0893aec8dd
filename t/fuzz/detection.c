/* Lines of nf-detect as nf-act reads them, and the alert made of them. */
#include <stddef.h>
#include <stdint.h>

#include "act/alert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct detection_line d;
	struct arena a = {0};
	struct buf out = {0};
	struct err e;

	if (detection_read(&d, &a, (struct str){(const char *)data, size}, &e) == DETECTION_READ) {
		alert_format(&d, 60, &out);
		/* One line, whatever is in it. */
		for (size_t i = 0; i < out.len; i++)
			if ((out.p[i] < 0x20 || out.p[i] == 0x7f) != (i + 1 == out.len))
				__builtin_trap();
	}
	buf_release(&out);
	arena_release(&a);
	return 0;
}
