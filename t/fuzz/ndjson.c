/*
 * Lines in any dialect, in pieces: what is accepted must survive the batch, come
 * out as lines that are accepted again, and come out the same then.
 */
#include <stdio.h>
#include <stdlib.h>

#include "flow/ndjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
require(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* Takes the text in two pieces, as a stream would; the lines that come out are appended. Bad lines are counted. */
static unsigned
convert(const char *dialect, struct str text, size_t cut, struct buf *out)
{
	struct ndjson_options o = {.dialect = dialect};
	struct ndjson_reader *r = ndjson_reader_new(&o, NULL);
	struct builder bd;
	struct batch b;
	struct buf wire = {0};
	struct arena arena = {0};
	size_t at = 0;
	unsigned bad = 0;

	builder_init(&bd, 0);
	for (size_t have = cut; have <= text.len; have = have < text.len ? text.len : text.len + 1) {
		enum ndjson_result last;
		struct str mark;
		struct err e;
		size_t used;

		do {
			char *piece =
			    mem_alloc(have - at + 1); /* alone in memory, so that overruns are seen */

			memcpy(piece, text.p + at, have - at);
			used = ndjson_read_many(r, (struct str){piece, have - at}, &bd, &last, &mark, &e);
			free(piece);
			require(used <= have - at, "more used than there was");
			require(last != NDJSON_BAD || strlen(e.msg) > 0, "bad without words");
			bad += last == NDJSON_BAD;
			at += used;
		} while ((used > 0 || last == NDJSON_BAD) && !builder_full(&bd));
	}
	if (bd.rows > 0) {
		builder_finish(&bd, &b);
		require(batch_serialize(&b, &wire, NULL) == 0, "batch too large");
		require(batch_parse(&b, wire.p, wire.len, NULL) == 0, "batch unsound");
		ndjson_write(&b, out, &arena);
	}
	builder_release(&bd);
	ndjson_reader_free(r);
	arena_release(&arena);
	buf_release(&wire);
	return bad;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const dialects[] = {NULL, "native", "pmacct", "goflow2", "nfdump"};
	struct buf once = {0}, twice = {0};

	if (len < 2)
		return 0;
	struct str text = {(const char *)data + 2, len - 2};
	convert(dialects[data[0] % 5], text, data[1] * text.len / 255, &once);
	struct str lines = {once.len > 0 ? (const char *)once.p : "", once.len};
	require(convert("native", lines, 0, &twice) == 0, "our own line was refused");
	require(once.len == twice.len && (once.len == 0 || memcmp(once.p, twice.p, once.len) == 0),
	    "lines changed on the way");
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
