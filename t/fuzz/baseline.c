/* The file of baselines: what is taken must be read back once written. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "detect/baseline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf bytes = {0}, again = {0};
	struct baselines b;
	struct err e;

	if (size < 32)
		return 0;
	memcpy(buf_reserve(&bytes, size), data, size);
	bytes.len = size;
	/* The checksum would keep everything else out. */
	uint64_t hash = hash64(bytes.p + 32, size - 32);
	memcpy(bytes.p + 24, &hash, sizeof hash);
	baselines_init(&b);
	if (baselines_read(&b, (struct str){(const char *)bytes.p, size}, &e) == 0) {
		baselines_write(&b, &again);
		if (again.len > size ||
		    baselines_read(&b, (struct str){(const char *)again.p, again.len}, &e) < 0)
			__builtin_trap();
	}
	baselines_release(&b);
	buf_release(&bytes);
	buf_release(&again);
	return 0;
}
