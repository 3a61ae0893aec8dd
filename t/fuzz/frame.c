/*
 * What comes over TCP: a byte of choices, a stream of messages, perhaps after a
 * proxy's line. In whatever pieces it comes, the messages found are the same.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "decode/frame.h"
#include "io/proxy_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct found {
	struct addr client;
	enum frame end;
	bool refused; /* the proxy's line was none */
	uint64_t messages, bytes, hash;
};

/* A step as a connection makes it with what has come. False: nothing more will be found. */
static bool
step(struct found *f, struct rd *r, bool *proxied)
{
	struct str m;

	if (*proxied) {
		int got = proxy_head_read(r, &f->client);

		f->refused = got == -1;
		if (got != 1)
			return got == 0;
		*proxied = false;
	}
	while ((f->end = frame_next(r, &m)) == FRAME_WHOLE) {
		if (m.len < 16 || m.len > FRAME_MAX)
			abort();
		f->messages++;
		f->bytes += m.len;
		f->hash = f->hash * 31 + hash64(m.p, m.len);
	}
	return f->end == FRAME_PARTIAL;
}

/* The stream in pieces of that many bytes; each lies in its own memory, so that reading beyond it is seen. */
static struct found
feed(const uint8_t *data, size_t size, bool proxied, size_t piece)
{
	struct found f = {.end = FRAME_PARTIAL};
	size_t from = 0, to = 0;
	bool more = true;

	while (more && to < size) {
		to = size - to < piece ? size : to + piece;
		uint8_t *copy = mem_alloc(to - from);

		memcpy(copy, data + from, to - from);
		struct rd r = rd_from(copy, to - from);
		more = step(&f, &r, &proxied);
		from += rd_offset(&r);
		free(copy);
	}
	return f;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	bool proxied = data[0] & 1;
	size_t piece = (data[0] >> 1) + 1u;
	data++;
	size--;
	/* Small pieces of much are slow to copy, and show nothing new. */
	if (size / piece > 4096)
		piece = size / 4096;
	struct found whole = feed(data, size, proxied, size), parts = feed(data, size, proxied, piece);
	if (whole.end != parts.end || whole.refused != parts.refused || whole.messages != parts.messages ||
	    whole.bytes != parts.bytes || whole.hash != parts.hash || !addr_eq(&whole.client, &parts.client))
		abort();
	return 0;
}
