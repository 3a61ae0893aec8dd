/* A setting from its option, or else from the configuration. */
#ifndef NF_ENRICH_READ_H
#define NF_ENRICH_READ_H

#include "io/opt.h"

typedef int item_fn(void *arg, struct str item, const struct cnode *at, struct err *e);

const char *opt_text(const struct opt *o, const struct conf *c);

/* A file's path; an empty one is none. */
const char *opt_path(const struct opt *o, const struct conf *c);
bool opt_flag(const struct opt *o, const struct conf *c);

/* A number, or the milliseconds of a duration. 0 or -1 with words. */
int opt_num(
    uint32_t *v, const struct opt *o, const struct conf *c, uint64_t min, uint64_t max, struct err *e);

/* Calls fn for each item of a list, until -1. `at` is where it stands in the file, or NULL. */
int opt_each(const struct opt *o, const struct conf *c, item_fn *fn, void *arg, struct err *e);

/* The words so far, with the place in the file if they come from there. Always -1. */
int at_place(const struct cnode *at, struct err *e);

#endif
