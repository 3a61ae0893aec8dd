/* Files of queries: a head and braces of any kind give a statement or words. The value is what follows a NUL. */
#include "ch/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ch_server server = {18, 16, "18.16.1"};
	const uint8_t *end = memchr(data, '\0', size);
	struct str text = {(const char *)data, end != NULL ? (size_t)(end - data) : size};
	struct str value = end != NULL ? (struct str){(const char *)end + 1, size - text.len - 1} : STR("1");
	struct ch_table columns;
	struct buf out = {0};
	struct query q;
	struct err e;

	if (query_parse(&q, text, &e) == -1)
		return 0;
	ch_table_parse(&columns, STR("src_host\tString\t\ndst_host\tIPv6\t\nbytes\tUInt64\t\n"), &e);
	for (unsigned i = 0; i < q.count; i++)
		q.params[i].value = value;
	struct query_frame f = {
	    .database = "d", .flows = "t", .columns = &columns, .server = &server, .from = 1, .to = 2};
	query_expand(&out, &q, &f, &e);
	ch_table_release(&columns);
	buf_release(&out);
	return 0;
}
