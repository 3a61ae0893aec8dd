/* The folder of queries, and what lies there. */
#ifndef NF_QUERY_FILES_H
#define NF_QUERY_FILES_H

#include "ch/query.h"

/* The folder that belongs to this program where it is installed; the caller frees it. */
char *queries_folder(void);

/* Reads and takes apart NAME.sql of the folder, or a file, where the name has a slash. `text` holds what q shows. */
int query_load(struct query *q, struct buf *text, const char *folder, const char *name, struct err *e);

/* Prints a line for each query of the folder, in the order of their names. -1 with words if there is no such folder. */
int queries_list(const char *folder, struct err *e);

#endif
