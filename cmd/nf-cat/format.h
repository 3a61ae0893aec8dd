/* The outputs for people and spreadsheets. Both append whole lines and take nothing but flows. */
#ifndef NF_CAT_FORMAT_H
#define NF_CAT_FORMAT_H

#include "flow/batch.h"

/* The fields to show, in the order to show them. */
struct columns {
	const struct field_info *list[FIELD_IDS];
	unsigned count;
};

/* "src_host,bytes"; NULL or "": every field. -1 with words for a name that is none or stands twice. */
int columns_parse(struct columns *c, const char *list, struct err *e);

/* Takes away what is not listed. */
void columns_keep(const struct columns *c, struct batch *b);

/* RFC 4180: the line of names, then the rows. Absent values are empty, lists are joined by spaces. */
void csv_header(const struct columns *c, struct buf *out);
void csv_write(const struct columns *c, const struct batch *b, struct buf *out);

/* One aligned line a flow, times in UTC. */
void text_write(const struct batch *b, struct buf *out);

#endif
