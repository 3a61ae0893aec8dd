/* What can be read, yet deserves a word before it runs. */
#ifndef NF_CONF_ADVISE_H
#define NF_CONF_ADVISE_H

#include "io/conf.h"

/* Calls say for each; path is the file's name, for its mode; rules: whether those of the configuration are used. */
void advise(const struct conf *c, const char *path, bool rules, conf_warn_fn *say, void *arg);

#endif
