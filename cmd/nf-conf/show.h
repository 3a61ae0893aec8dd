/* Values of the configuration as words, for people and for scripts. */
#ifndef NF_CONF_SHOW_H
#define NF_CONF_SHOW_H

#include "base/bytes.h"
#include "io/conf.h"

/* A line "path: value" for each key that is set or whose default matters; secrets are hidden. */
void show_all(const struct conf *c, struct buf *out);

/* The value alone, as scripts take it: durations in seconds, sizes in bytes, a list one item a line. */
int show_value(const struct conf *c, const struct conf_key *k, struct buf *out, struct err *e);

#endif
