/* Any text as a filter; one that compiles runs over a batch, and its negation keeps what it does not. */
#include <stdio.h>
#include <stdlib.h>

#include "flow/builder.h"
#include "flow/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
rows_make(struct builder *bd)
{
	for (uint32_t i = 0; i < 100; i++) {
		struct addr a = addr_from_v4(0x0a000000 + i);

		builder_row(bd);
		builder_addr(bd, FIELD_src_host, &a);
		builder_u16(bd, FIELD_src_port, (uint16_t)(i * 7));
		builder_u8(bd, FIELD_proto, i % 3 == 0 ? 6 : 17);
		builder_str(bd, FIELD_src_as_name, i % 2 == 0 ? STR("A") : STR("B"));
		builder_str(bd, FIELD_as_path, STR("1\0002\000"));
		builder_real(bd, FIELD_ml_score, (float)i / 100);
		if (i % 4 == 0)
			builder_u64(bd, FIELD_bytes, i);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = mem_strndup((const char *)data, len);
	struct err e;
	struct filter *f = filter_compile(text, &e);

	if (f == NULL) {
		if (strncmp(e.msg, "column ", 7) != 0)
			abort();
	} else {
		struct builder bd;
		struct batch b;
		struct arena arena = {0};
		uint64_t keep[2], others[2];
		struct buf negated = {0};

		builder_init(&bd, 0);
		rows_make(&bd);
		builder_finish(&bd, &b);
		filter_eval(f, &b, &arena, keep);
		buf_printf(&negated, "not (%s)", text);
		struct filter *not_f = filter_compile(buf_cstr(&negated), &e);
		if (not_f != NULL) { /* or the brackets are one level too many */
			filter_eval(not_f, &b, &arena, others);
			if ((keep[0] ^ others[0]) != UINT64_MAX ||
			    (keep[1] ^ others[1]) != (UINT64_C(1) << 36) - 1)
				abort();
		}
		filter_free(not_f);
		buf_release(&negated);
		arena_release(&arena);
		builder_release(&bd);
	}
	filter_free(f);
	free(text);
	return 0;
}
