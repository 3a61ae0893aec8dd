#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"
#include "ch/compress.h"

enum { WINDOW_BITS = 15 + 16 /* gzip, not zlib */, MEM_LEVEL = 8 };

static voidpf
give(voidpf arg, uInt items, uInt size)
{
	(void)arg;
	return mem_zero(items, size);
}

static void
take(voidpf arg, voidpf p)
{
	(void)arg;
	free(p);
}

/* Its one cause of failure is memory, which mem_zero() sees to; with the bound's room one call does it all. */
void
ch_gzip(struct buf *out, const void *p, size_t len)
{
	z_stream z = {.zalloc = give, .zfree = take};

	deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, WINDOW_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY);
	size_t room = deflateBound(&z, (uLong)len);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)len;
	z.next_out = buf_reserve(out, room);
	z.avail_out = (uInt)room;
	deflate(&z, Z_FINISH);
	out->len += z.total_out;
	deflateEnd(&z);
}
