/* Rows of the table ptr_cache read back: NDJSON as ClickHouse prints it (FORMAT JSONEachRow), or as ptr_out.h writes it. */
#ifndef ENRICH_PTR_WARM_H
#define ENRICH_PTR_WARM_H

#include <stdint.h>

#include "base/addr.h"

#define PTR_WARM_LINE_MAX 4096 /* bytes; a longer line is no row */

struct ptr_warm_row {
	struct addr addr;
	const char *name; /* in `text` */
	size_t name_len;
	int64_t updated_at; /* seconds since 1970 */
	char text[PTR_WARM_LINE_MAX];
};

/*
 * One line without its end. Needs ip, ptr and updated_at (a number, or
 * "YYYY-MM-DD hh:mm:ss" in UTC); other members are left alone. -1 for anything
 * else, and for a name that is none: empty, longer than 253 bytes, or with
 * bytes that are not visible ASCII.
 */
int ptr_warm_line(struct ptr_warm_row *row, struct str line);

/*
 * Calls fn for each row of the file; *bad counts the other lines. 0, or -1 with
 * words if it cannot be read.
 */
int ptr_warm_read(const char *path, void (*fn)(void *arg, const struct ptr_warm_row *row), void *arg,
    uint64_t *bad, struct err *e);

#endif
