/* Any bytes as rows for a table: what is sound gives sound JSON again, in one line a row. */
#include <stdlib.h>

#include "ch/rows.h"

static const char columns[] =
    "a\tString\t\t\t\nb\tDateTime\t\t\t\nc\tArray(UInt8)\t\t\t\nd\tUInt8\tALIAS\tb\t\n";

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct str text = {(const char *)p, len}, line;
	struct buf list = {0}, out = {0};
	struct ch_table t;

	if (ch_table_parse(&t, STR(columns), NULL) == -1)
		abort();
	struct rows *r = rows_new(&t);
	rows_begin(r);
	while (row_next(&text, &line)) {
		struct err e = {""};
		size_t at = out.len;
		enum row_kind kind = row_look(line, &e);

		if ((kind == ROW_BAD) != (e.msg[0] != '\0'))
			abort();
		if (kind != ROW_SOUND)
			continue;
		rows_note(r, line);
		rows_add(r, line, &out);
		struct str row = {(const char *)out.p + at, out.len - at - 1};
		if (memchr(row.p, '\n', row.len) != NULL || row_look(row, NULL) != ROW_SOUND)
			abort();
	}
	rows_columns(r, &list);
	rows_free(r);
	ch_table_release(&t);
	buf_release(&list);
	buf_release(&out);
	return 0;
}
