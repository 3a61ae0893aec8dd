/* A table as the server describes it. */
#ifndef CH_TABLE_H
#define CH_TABLE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

struct ch_column {
	struct str name, type; /* as the server writes them */
	bool computed; /* MATERIALIZED or ALIAS: nobody may insert into it */
};

struct ch_table {
	struct arena arena; /* of all the texts */
	struct ch_column *columns;
	unsigned count;
};

/* From the rows of DESCRIBE TABLE … FORMAT TabSeparatedRaw; -1 with words for anything else. */
int ch_table_parse(struct ch_table *t, struct str rows, struct err *e);
void ch_table_release(struct ch_table *t);

bool ch_table_has(const struct ch_table *t, struct str name);
bool ch_table_eq(const struct ch_table *a, const struct ch_table *b);

/* Appends `name` in the server's quotes. */
void ch_quote(struct buf *out, struct str name);

#endif
