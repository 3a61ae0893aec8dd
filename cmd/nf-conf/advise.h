/* What can be read, yet deserves a word before it runs. */
#ifndef NF_CONF_ADVISE_H
#define NF_CONF_ADVISE_H

#include "io/conf.h"

/* Calls say for each; path is the file's name, for its mode. */
void advise(const struct conf *c, const char *path, conf_warn_fn *say, void *arg);

#endif
